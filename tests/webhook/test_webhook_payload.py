"""From a payload to a raw story, by the source's map."""

from __future__ import annotations

from typing import Any

import pytest

from cleaners.model import Raw
from flows.webhook.payload import read_payload
from flows.webhook.refusal import Refused

PAGE = "<!doctype html><title>Ferry</title><p>The ferry is back.</p>"


def test_a_payload_in_our_own_words_needs_no_map() -> None:
    payload = {
        "id": "harbour-1",
        "url": "https://post.example/ferry",
        "headline": " The ferry is back ",
        "body": "<p>It sails at ten.</p>",
        "language": "en",
        "published": "2026-03-03T06:10:00Z",
        "publisher": "harbour-post",
        "author": {"name": "not asked for"},
    }
    assert read_payload(payload, {}) == Raw(
        id="harbour-1",
        form="body",
        content="<p>It sails at ten.</p>",
        url="https://post.example/ferry",
        publisher="harbour-post",
        language="en",
        headline="The ferry is back",
        published="2026-03-03T06:10:00Z",
    )


def test_a_map_steps_into_objects_and_lists() -> None:
    payload = {
        "event": "saved",
        "posts": [{"id": 7, "current": {"html": "<p>x</p>", "title": "T"}}],
        "a.b": "2026",
    }
    paths = {
        "id": "posts.0.id",
        "html": "posts.0.current.html",
        "headline": "posts.0.current.title",
        "published": "a.b",
    }
    raw = read_payload(payload, paths)
    assert (raw.id, raw.form, raw.content, raw.headline, raw.published) == (
        "7",
        "body",
        "<p>x</p>",
        "T",
        "2026",
    )


@pytest.mark.parametrize(
    ("payload", "form"),
    [
        ({"html": PAGE}, "page"),
        ({"html": "<!-- cms --> <html><p>x</p></html>"}, "page"),
        ({"html": "<p>x</p>"}, "body"),
        ({"page": "<p>x</p>"}, "page"),
        ({"text": "x"}, "text"),
        ({"lines": ["x", ""]}, "lines"),
        ({"html": "<p>x</p>", "text": "x"}, "body"),
        ({"body": "<p>x</p>", "html": PAGE, "text": "x"}, "body"),
        ({"body": None, "text": "x"}, "text"),
    ],
)
def test_which_key_is_which_form(payload: dict[str, Any], form: str) -> None:
    assert read_payload({"id": "1", **payload}, {}).form == form


def test_where_the_map_names_the_copy_no_other_key_is_taken_for_it() -> None:
    with pytest.raises(Refused, match="bad-story"):
        read_payload({"id": "1", "text": "an alt text"}, {"body": "post.html"})


@pytest.mark.parametrize(
    ("said", "updated"),
    [
        (" 2026-03-03T06:10:00+0200 ", "2026-03-03T06:10:00+0200"),
        (1772518200, "2026-03-03T06:10:00+00:00"),
        (1772518200123, "2026-03-03T06:10:00.123000+00:00"),
        ("0000-00-00 00:00:00", None),
        ("", None),
        (None, None),
    ],
)
def test_when_a_version_was_saved(said: object, updated: str | None) -> None:
    for payload, paths in (
        ({"saved": {"at": said}}, {"updated": "saved.at"}),
        ({"updated": said}, {}),
    ):
        raw = read_payload({"id": "1", "text": "x", **payload}, paths)
        assert (raw.given and raw.given.updated) == updated


def test_what_only_is_called_so_is_no_time() -> None:
    assert read_payload({"id": "1", "text": "x", "updated": True}, {}).given is None
    for said in (True, [2026], {"at": "2026"}):
        with pytest.raises(Refused, match="bad-story"):
            read_payload({"id": "1", "text": "x", "saved": said}, {"updated": "saved"})


def test_the_url_names_a_story_without_id() -> None:
    assert read_payload({"url": "https://post.example/a", "text": "x"}, {}).id == "https://post.example/a"


def test_the_source_knows_what_the_payload_does_not_say() -> None:
    payload = {"id": "1", "text": "x"}
    raw = read_payload(payload, {}, publisher="harbour-post", language="de")
    assert (raw.publisher, raw.language) == ("harbour-post", "de")
    assert (
        read_payload({**payload, "publisher": "other", "language": ""}, {}, "harbour-post", "de").publisher
        == "other"
    )


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "no content"),
        ({"id": "1"}, "no content"),
        ({"id": "1", "text": None}, "no content"),
        ({"text": "x"}, '"id"'),
        ({"id": "  ", "text": "x"}, '"id"'),
        ({"id": True, "text": "x"}, '"id"'),
        ({"id": ["1"], "text": "x"}, '"id"'),
        ({"id": "1", "text": 7}, '"text" must be a string'),
        ({"id": "1", "body": {"html": "<p>x</p>"}}, '"body" must be a string'),
        ({"id": "1", "html": ["<p>x</p>"]}, '"html" must be a string'),
        ({"id": "1", "lines": ["x", 7]}, "number 1"),
        ({"id": "1", "text": " \n "}, "its copy is empty"),
        ({"id": "1", "lines": []}, "its copy is empty"),
        ({"id": "1", "text": "x", "headline": {"rendered": "x"}}, '"headline" must be a string'),
        ({"id": "1", "text": "x", "published": 1700000000}, '"published" must be a string'),
        ({"id": "1", "text": "x", "url": "javascript:alert(1)"}, "http or https"),
        ({"id": "1", "text": "x", "url": "/ferry"}, "http or https"),
        ({"id": "x" * 2001, "text": "x"}, "more than 2000 characters"),
    ],
)
def test_no_story(payload: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused) as caught:
        read_payload(payload, {})
    assert caught.value.status == 400
    assert words in caught.value.error


def test_the_map_stands_in_the_sentence() -> None:
    with pytest.raises(Refused) as caught:
        read_payload({"id": "1"}, {"body": "post.html"})
    assert 'body from "post.html"' in caught.value.error
