"""A story cleaned by hand, with something of everything that a writer must get right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cleaners.apply import apply
from cleaners.model import Block, Cleaned, Cut, Fields, Mark, Picture, Removal, Repair, Signal, Story

Cutting = tuple[int, int, int, str, str | None, str, str]
"""block, start, end, action, field, rule, why"""


def cleaned_by_hand(story: Story, cuts: list[Cutting], **more: object) -> Cleaned:
    """What cleaning with exactly these cuts gives, through the module that really cuts."""
    decided = [Cut(b, s, e, a, f, (rule,), why, False) for b, s, e, a, f, rule, why in cuts]  # type: ignore[arg-type]
    texts = {block.number: block.text for block in story.blocks}
    removals = tuple(
        Removal(
            c.block,
            c.start,
            c.end,
            texts[c.block][c.start : c.end],
            c.action,
            c.field,
            c.rules,
            c.why,
            number=number,
        )
        for number, c in enumerate(decided, start=1)
    )
    plain = Cleaned(story, apply(story, decided), removals, "publish", (), "r-1a2b3c", 1)
    return replace(plain, **more)  # type: ignore[arg-type]


def blocks_of(*lines: str) -> tuple[Block, ...]:
    return tuple(Block(number, line, line=number) for number, line in enumerate(lines))


@pytest.fixture
def by_hand() -> Callable[..., Cleaned]:
    return cleaned_by_hand


@pytest.fixture
def harbour() -> Cleaned:
    """A held text story: kicker, headline, caption with credit, five paragraphs, junk whole and in part."""
    caption = "Dredgers off the north mole (Ana Duarte/Harbour Press)"
    half = "The port said work would resume on Monday. Share this story"
    texts = [
        "Coast",
        "Dredging stops at <Port & Sons> after “unsafe” survey",
        caption,
        'The port\'s owner, <script>alert("1")</script> Ltd, said *nothing* & left [a note](https://example.org/x).',
        half,
        "Published: undefined",
        "تأجل العمل في الميناء حتى يوم الاثنين، بحسب الإدارة.",
        "1. Read _every_ page of the report, the harbour master asked.",
        "Correction: an earlier version misnamed the survey vessel.",
        "Join our channel @harbourpress",
    ]
    story = Story(
        id="harbour/1",
        form="text",
        raw="\n".join(texts),
        blocks=tuple(
            replace(
                block,
                zone="head" if block.number < 3 else "tail" if block.number == 9 else "body",
            )
            for block in blocks_of(*texts)
        ),
        fields=Fields(byline="Ana Duarte", published="2026-03-03", sources=(("byline", "given"),)),
        url="https://news.example.org/harbour/1",
        publisher="example.org",
        language="en",
        signals=(Signal("hold", "HOLD HOLD HOLD"),),
        repairs=(Repair(3, "soft hyphen", "own\u00ader", "owner"),),
    )
    split = caption.index(" (")
    why_channel = "A call to join a channel is no news."
    return cleaned_by_hand(
        story,
        [
            (0, 0, 5, "lift", "section", "head/kicker", "One short line above the headline."),
            (1, 0, len(texts[1]), "lift", "headline", "head/headline", "The line after the kicker."),
            (2, 0, split, "lift", "caption", "captions/credited", "It ends in a credit."),
            (2, split, len(caption), "lift", "credit", "captions/credited", "It ends in a credit."),
            (4, half.index(" Share"), len(half), "remove", None, "english/share-end", "A share label."),
            (5, 0, len(texts[5]), "remove", None, "english/published-undefined", "A label without a date."),
            (9, 0, len(texts[9]), "remove", None, "social/channel", why_channel),
        ],
        verdict="hold",
        reasons=("hold: the raw copy says “HOLD HOLD HOLD”; a person decides",),
        protected=(Mark(8, 0, len(texts[8]), "protect", "english/correction", "Corrections are on record."),),
        overruled=(Mark(8, 0, 11, "remove", "english/label", "A bare label."),),
        suspects=(Mark(7, 0, len(texts[7]), "suspect", "lists/numbered", "Looks like a teaser."),),
    )


@pytest.fixture
def page() -> Cleaned:
    """A page with every kind of block, inline markup good and bad, and pictures with and without a place."""
    blocks = (
        Block(0, "The mole, seen from the east", "caption", "head", picture=0),
        Block(1, "What we know", "heading", level=3),
        Block(
            2,
            "The harbour reopened.",
            markup='The <em onclick="x()">harbour</em> <script>bad()</script>reopened.',
        ),
        Block(3, "Other words.", markup="<b>Not these words</b>."),
        Block(4, "Salt", "item"),
        Block(5, "Rope & tar", "item"),
        Block(6, "Related: ten piers", "paragraph"),
        Block(7, "Tide tables", "item"),
        Block(8, "“We wait,” she said.", "quote"),
        Block(9, "Day | Tide", "row", level=1),
        Block(10, "Mon | 2 < 3 m", "row"),
        Block(11, "https://video.example.org/v?a=1&b=2", "embed"),
    )
    story = Story(
        id="p1",
        form="page",
        raw="<html>",
        blocks=blocks,
        fields=Fields(
            headline="Harbour reopens",
            pictures=(
                Picture("/mole.jpg", "The mole, seen from the east", "Harbour Press", 'a "mole"'),
                Picture("javascript:alert(1)", "A boat", None),
            ),
        ),
        url="https://news.example.org/a/b",
    )
    whole = (6, 0, len(blocks[6].text), "remove", None, "english/related", "A link to another story.")
    return cleaned_by_hand(story, [whole])


def _all_pieces_join(cleaned: Cleaned) -> bool:
    from cleaners.write import changes

    return all("".join(p.text for p in line.pieces) == line.block.text for line in changes(cleaned))


@pytest.fixture
def pieces_join() -> Callable[[Cleaned], bool]:
    return _all_pieces_join
