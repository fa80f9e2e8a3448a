"""The golden stories hold every form of input, every kind of block, every field, and every place that a field can come from.

Counted is what a story has and its expectation names: the one without the other would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields as fields_of
from email.parser import BytesParser
from typing import Any, get_args

import pytest
from golden_stories import FILES, Told, ending  # type: ignore[import-not-found]

from cleaners.model import Fields, Form, Kind, Picture, Verdict, Zone
from cleaners.model.story import SignalKind
from cleaners.read.wire import Format, guess_wire

Tell = Callable[[str], list[Told]]
SOURCES = ("given", "selector", "json-ld", "meta", "microdata", "page", "searched", "words", "line")
"""As the docstring of ``Fields`` has them."""


@pytest.fixture(scope="module")
def all_told(tell: Tell) -> list[tuple[str, Told]]:
    return [(name, told) for name in FILES for told in tell(name)]


def stories(all_told: Iterable[tuple[str, Told]]) -> Iterator[Told]:
    return (told for _, told in all_told if told.cleaned is not None)


def blocks_named(told: Told) -> Iterator[dict[str, Any]]:
    """The lines of the story, and of its copy, that the expectation tells the kind or the zone of."""
    for key in ("blocks", "all_blocks", "copy"):
        yield from (one for one in told.wanted.get(key, ()) if isinstance(one, dict))


def lines_named(told: Told) -> bool:
    return any(told.wanted.get(key) for key in ("blocks", "all_blocks", "copy"))


def fields_named(told: Told) -> Iterator[tuple[dict[str, Any], Fields]]:
    assert told.cleaned is not None
    yield told.wanted, told.cleaned.source.fields
    yield told.wanted.get("copied", {}), told.cleaned.copy.fields


def test_every_form_of_a_story(all_told: list[tuple[str, Told]]) -> None:
    found = {told.raw.form for told in stories(all_told) if told.raw is not None and lines_named(told)}
    assert found == set(get_args(Form))


def test_every_form_of_the_wire_and_mail(all_told: list[tuple[str, Told]]) -> None:
    named = {name for name, told in all_told if told.cleaned is not None and lines_named(told)}
    found = {guess_wire(FILES[name].read_bytes()) for name in named}
    assert found - {None} == set(get_args(Format))
    assert {"rss", "atom"} <= {ending(name).split(".")[1] for name in named}
    mails = [BytesParser().parsebytes(FILES[name].read_bytes()) for name in named if ending(name) == ".eml"]
    assert {mail.get_content_type() for mail in mails} >= {"multipart/mixed", "text/html"}


def test_every_version_of_ninjs(all_told: list[tuple[str, Told]]) -> None:
    """The first has ``body_html`` and associations by name, the second and the third say which they are."""
    texts = [FILES[name].read_text() for name, _ in all_told if ending(name) == ".ninjs.json"]
    for sign in ('"body_html":', '"version": "2.', '"version": "3.'):
        assert any(sign in text for text in texts), sign


def test_every_kind_of_block_and_every_zone(all_told: list[tuple[str, Told]]) -> None:
    kinds: set[str] = set()
    zones: set[str] = set()
    for told in stories(all_told):
        assert told.cleaned is not None
        blocks = told.cleaned.source.blocks
        for one in blocks_named(told):
            kinds |= {one.get("kind", "")} & {block.kind for block in blocks}
            zones |= {one.get("zone", "")} & {block.zone for block in blocks}
    assert kinds == set(get_args(Kind))
    assert zones == set(get_args(Zone))


def test_every_field(all_told: list[tuple[str, Told]]) -> None:
    found: set[str] = set()
    for told in stories(all_told):
        for wanted, fields in fields_named(told):
            named = [key for key, value in wanted.get("fields", {}).items() if value not in (None, [])]
            named += [key for key in ("pictures", "sources") if wanted.get(key)]
            found |= {key for key in named if getattr(fields, key) not in (None, ())}
    assert found == {field.name for field in fields_of(Fields)}


def test_every_part_of_a_picture(all_told: list[tuple[str, Told]]) -> None:
    found: set[str] = set()
    for told in stories(all_told):
        for wanted, fields in fields_named(told):
            for one, picture in zip(wanted.get("pictures", ()), fields.pictures, strict=False):
                found |= {key for key, value in one.items() if value and getattr(picture, key) == value}
    assert found == {field.name for field in fields_of(Picture)}


def test_every_place_that_a_field_comes_from(all_told: list[tuple[str, Told]]) -> None:
    found = {
        source
        for told in stories(all_told)
        for wanted, fields in fields_named(told)
        for name, source in wanted.get("sources", {}).items()
        if dict(fields.sources).get(name) == source is not None
    }
    assert found == set(SOURCES)
    said = (Fields.__doc__ or "").rpartition("came from:")[2]
    assert all(f"``{source}``" in said for source in SOURCES)
    assert said.count("``") == 2 * len(SOURCES)


def test_every_signal_and_every_verdict(all_told: list[tuple[str, Told]]) -> None:
    signals: set[str] = set()
    verdicts: set[str] = set()
    for told in stories(all_told):
        assert told.cleaned is not None
        there = {signal.kind for signal in told.cleaned.source.signals}
        signals |= {one["kind"] for one in told.wanted.get("signals", ())} & there
        verdicts |= {told.wanted.get("verdict", "")} & {told.cleaned.verdict}
    assert signals == set(get_args(SignalKind))
    assert verdicts == set(get_args(Verdict))
