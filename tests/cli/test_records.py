"""A JSON record as a raw story; what the command line's own tests do not reach."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.sources.records import BrokenRecord, parse_record, raw_from_record


@pytest.mark.parametrize(
    ("record", "form", "content"),
    [
        ({"id": "a", "html": "<p>x</p>"}, "page", "<p>x</p>"),
        ({"id": "a", "body": "<p>x</p>"}, "body", "<p>x</p>"),
        ({"id": "a", "text": "x"}, "text", "x"),
        ({"id": "a", "lines": ["x", ""]}, "lines", ("x", "")),
        ({"id": "a", "lines": [], "text": "x"}, "lines", ()),
        ({"id": "a", "html": None, "text": "x", "url": None}, "text", "x"),
        ({"id": "a", "html": "<p>x</p>", "text": "x", "removed": [], "ruleset": "1"}, "body", "<p>x</p>"),
    ],
)
def test_content_decides_the_form(record: dict[str, Any], form: str, content: object) -> None:
    raw = raw_from_record(record)
    assert (raw.form, raw.content) == (form, content)


def test_what_stands_beside_the_content_is_kept() -> None:
    raw = raw_from_record(
        {
            "id": "a",
            "text": "x",
            "url": "u",
            "publisher": "p",
            "lang": "hi",
            "headline": "h",
            "published": "2026-03-01",
        }
    )
    assert (raw.url, raw.publisher, raw.language, raw.headline, raw.published) == (
        "u",
        "p",
        "hi",
        "h",
        "2026-03-01",
    )
    assert raw_from_record({"id": "a", "text": "x", "language": "de"}).language == "de"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "not null"),
        ("text", "not a string"),
        ({"id": True, "text": "x"}, 'no "id"'),
        ({"id": " ", "text": "x"}, 'no "id"'),
        ({"id": "a", "text": ["x"]}, '"text" must be a string, not a list'),
        ({"id": "a", "lines": "x"}, '"lines" must be a list'),
        ({"id": "a", "text": "x", "url": 7}, '"url" must be a string, not a number'),
        ({"id": "a\ud800", "text": "x"}, "half a character"),
        ({"id": "a", "lines": ["x", "\udc00"]}, "half a character"),
    ],
)
def test_what_is_wrong_is_said(record: object, said: str) -> None:
    with pytest.raises(BrokenRecord, match=said):
        raw_from_record(record)


def test_two_unknown_keys_of_one_name_do_no_harm() -> None:
    assert parse_record('{"id": "a", "text": "x", "meta": {"k": 1, "k": 2}}').content == "x"
    assert parse_record(json.dumps({"id": "a", "text": "\u2028x"})).content == "\u2028x"
