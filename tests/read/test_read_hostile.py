"""No input takes longer than its size explains (law 9). Each of these once took seconds to minutes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cleaners.model import Raw
from cleaners.read import UnreadableStory, read
from cleaners.read.align import align

PROSE = "<p>The harbour master said that the ferry would sail again on Monday, weather allowing.</p>" * 3
MANGLED = "GrÃ¶ÃŸe der FÃ¤hre "
HOSTILE = {
    "spaces after a soft hyphen": "a\xad" + " " * 400_000 + "b",
    "spaces without a break": "\x85" + " \t" * 200_000 + "b\r",
    "a long mangled paragraph": MANGLED * 5_000,
    "mangled without spaces": "Ã¶ÃŸÃ¤Ã¼" * 20_000,
    "mangled both ways": "â€™Ã\xa0 " * 20_000,
    "open divs": "<div>" * 8_000 + "</section>" * 8_000,
    "divs with text": "<div>a" * 4_000,
    "articles and terms": "<article>" * 4_000 + "<dt>" * 4_000 + "word",
    "lists in lists": "<ul><li>a" * 4_000,
    "bold never closed": "<b>a" * 20_000,
    "paragraphs in bold": "<b><p>a" * 10_000,
    "breaks": "a<br>" * 30_000,
    "images": "<div>" * 150 + "<img src=a>" * 20_000 + "word",
    "buttons": "<button>a<p>b" * 10_000,
    "scripts": "<script>" * 50_000 + "word",
    "unfinished tags": "word <a " * 20_000,
    "bars": "kill|" * 100_000,
    "cells": "<table><tr>" + "<td>kill" * 20_000,
    "brackets": "[a " * 100_000 + "]",
    "attributes": '[a b="' * 50_000 + "]",
    "entities": "&amp;amp;amp;" * 20_000,
    "capitals": "KILL " * 100_000,
    "lines": "word\n" * 150_000,
    "nearly too large": "word " * 590_000,
    "nearly too large and mangled": "GrÃ¶ÃŸe " * 300_000,
    "too large": "word " * 700_000,
}


@pytest.mark.timeout(40)
@pytest.mark.parametrize("form", ["body", "text"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_and_texts_end(form: str, name: str) -> None:
    story = read(Raw("h", form, PROSE + HOSTILE[name] + PROSE))  # type: ignore[arg-type]
    assert bool(story.blocks) != bool(story.problems)


@pytest.mark.timeout(40)
@pytest.mark.parametrize(
    "middle",
    ["<p>Read more</p>" * 3_000, "<div>" * 3_000, "<b>a" * 3_000, "<td>kill" * 3_000, "\xad" + " " * 50_000],
)
def test_hostile_pages_end(middle: str) -> None:
    page = f"<!doctype html><html><body><article>{PROSE}{middle}{PROSE}</article></body></html>"
    try:
        story = read(Raw("h", "page", page))
    except UnreadableStory:
        return
    assert bool(story.blocks) != bool(story.problems)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("story", "page"),
    [
        (["same"] * 5_000, ["same"] * 10_000),
        (
            [f"{n // 2 if n % 2 else -n}" for n in range(20_000)],
            [f"{n // 2 if n % 2 else n}" for n in range(20_000)],
        ),
        ([str(n) for n in range(20_000)], [str(n) for n in range(20_000, 0, -1)]),
    ],
)
def test_hostile_lines_align(story: list[str], page: list[str]) -> None:
    places = [(at, place) for at, place in enumerate(align(story, page)) if place is not None]
    assert places
    assert all(story[at] == page[place] for at, place in places)
    assert all(one[1] < two[1] for one, two in pairwise(places))


def test_a_large_page_aligns_around_its_own_lines() -> None:
    story = ["Read more", *(f"line {n}" for n in range(1_500)), "Read more"]
    page = ["menu"] * 400 + story + ["Read more"] * 40
    assert align(story, page) == list(range(400, 400 + len(story)))


@pytest.mark.parametrize("form", ["text", "lines", "body"])
def test_what_is_too_large_is_held_with_its_signals(form: str) -> None:
    many = ["KILL KILL KILL", *["word"] * 800_000]
    content = tuple(many) if form == "lines" else "\n".join(many)
    story = read(Raw("h", form, content))  # type: ignore[arg-type]
    assert story.blocks == ()
    assert len(story.problems) == 1
    assert [signal.kind for signal in story.signals] == ["kill"]


@pytest.mark.parametrize("html", ["<div>" * 201 + "Ferries sail.", "<p>a" * 100_001])
def test_a_body_too_deep_or_of_too_many_elements_is_held(html: str) -> None:
    story = read(Raw("h", "body", html))
    assert story.blocks == ()
    assert "clean it by hand" in story.problems[0]
