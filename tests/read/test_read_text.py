"""Text and lines: one block a line, nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleaners.model import Raw, Segment, Span
from cleaners.read import UnreadableStory, guess_form, read
from cleaners.read.repair import _INVISIBLE


def test_blocks_are_lines_with_their_place() -> None:
    story = read(Raw("t", "text", "World\r\n\r\n  Ferries sail \n"))
    assert [(b.text, b.line, b.element, b.segments) for b in story.blocks] == [
        ("World", 0, Span(0, 7), (Segment(0, 5, 0, 5),)),
        ("Ferries sail", 2, Span(9, 25), (Segment(0, 12, 11, 23),)),
    ]
    assert story.repairs == ()


def test_lines_keep_the_index_of_the_tuple() -> None:
    story = read(Raw("t", "lines", ("Ferries", "", "sail\nagain")))
    assert [(b.text, b.line) for b in story.blocks] == [("Ferries", 0), ("sail again", 2)]
    assert story.raw == "Ferries\n\nsail\nagain"
    assert story.form == "lines"


def test_what_the_sender_knows_is_given() -> None:
    story = read(Raw("t", "text", "Ferries sail.", headline="R&amp;D at sea", published="2026-03-03"))
    assert (story.fields.headline, story.fields.published) == ("R&D at sea", "2026-03-03")
    assert story.fields.sources == (("headline", "given"), ("published", "given"))


@pytest.mark.parametrize("content", ["", " \n\u200b\n", "\x00"])
def test_nothing_is_no_story(content: str) -> None:
    with pytest.raises(UnreadableStory):
        read(Raw("t", "text", content))


def test_nul_and_half_characters_are_mended_and_recorded() -> None:
    story = read(Raw("t", "text", "Ra\x00tes \ud83d\ude00 rise \ud800"))
    assert story.blocks[0].text == "Rates 😀 rise \ufffd"
    assert {repair.what for repair in story.repairs} == {"nul", "surrogate"}
    assert story.raw.encode()


@given(st.text())
@example("¬\x86")
@example("a&nbsp;")
@example("\x1b\n0")
def test_every_visible_character_is_kept(content: str) -> None:
    allowed = {"\u200c", "\u200d"}
    try:
        story = read(Raw("t", "text", content))
    except UnreadableStory:
        bare = re.sub(r"&\w+;", "", content)  # a text of nothing but "&nbsp;" has nothing to read
        assert not any(c.isprintable() and not c.isspace() for c in bare)
        return
    kept = "".join(block.text for block in story.blocks)
    if not story.repairs:
        # A line of nothing but invisible characters is no block, and so has no repair.
        assert "".join(kept.split()) == "".join(_INVISIBLE.sub("", content).split())
    for block in story.blocks:
        assert block.segments[0].start == 0
        assert block.segments[-1].end == len(block.text)
        assert all(one.end == two.start for one, two in zip(block.segments, block.segments[1:], strict=False))
        assert not set(block.text) & {"\x00", "\u200b", "\u202e", "\u00ad"} - allowed
    assert read(Raw("t", "text", content)) == story


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("<html><body>Hi", "page"),
        ("\n<!doctype html>\n", "page"),
        ("<p>Hi", "body"),
        ("Hi<br/>there", "body"),
        ("<!-- wp:paragraph -->", "body"),
        ("Rates < 2 % and > 1 %", "text"),
        ("Write to <ana@example.org>", "text"),
    ],
)
def test_guess_form(content: str, form: str) -> None:
    assert guess_form(content) == form
