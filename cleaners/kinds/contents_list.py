"""A story's table of contents: each of its lines stands again below, as the subhead that it leads to. Nothing is lost with it.

Example: "In this article" / "What the dredger found" / "Who pays for it", and below the same two lines as subheads. Without a label three
lines in a row are enough, if all come again in their order and apart from one another.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import Field

from cleaners.kinds.facts import Facts
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, key, reach
from cleaners.model import Mark, Story

_LABEL = "contents-label"
# "1. What the dredger found", "2.1 Who pays", "• Tides"
_NUMBER = re.compile(r"^(?:\d[\d.):]*|[-–—•·*►▶→]|[IVX]{1,4}\.)\s+")


class ContentsList(Settings):
    least: int = Field(
        default=3, ge=2, description="How many lines in a row must come again where no label stands above."
    )
    least_labelled: int = Field(default=2, ge=1, description="How many under a label.")
    longest: int = Field(default=140, description="Longest line of a table of contents, in characters.")


@cleaner(ContentsList)
def contents_list(story: Story, context: Context, settings: ContentsList) -> Iterator[Mark]:
    """Mark the lines of a table of contents, and its label."""
    for contents in _contents(context, settings):
        if contents.labelled:
            label, why = story.blocks[contents.lines[0] - 1], "It stands above a table of contents."
            yield whole(label, "remove", "contents_list/label", why)
        for at in contents.lines:
            why = "A table of contents: the line stands again below, where it leads to."
            yield whole(story.blocks[at], "remove", "contents_list/line", why)


def subheads_of_contents(context: Context) -> frozenset[int]:
    """The positions of the lines that a table of contents leads to: they are the story's, though they come twice."""
    return frozenset(at for contents in _contents(context, ContentsList()) for at in contents.subheads)


class _Contents(NamedTuple):
    """Where the lines of a table of contents stand, and where they lead to; ``labelled``: the line above is its label."""

    lines: list[int]
    subheads: list[int]
    labelled: bool


def _contents(context: Context, settings: ContentsList) -> Iterator[_Contents]:
    if len(context.lines) < 2 * settings.least:
        return
    keys = [_key(line) if len(line.text) <= settings.longest else "" for line in context.lines]
    places: dict[str, list[int]] = {}
    for position, own in enumerate(keys):
        if own:
            places.setdefault(own, []).append(position)
    if all(len(found) < 2 for found in places.values()):
        return
    position = 0
    while position < len(keys):
        lines, subheads = _run(position, keys, places, context)
        labelled = position > 0 and _LABEL in context.kinds_at(position - 1)
        # "The order before the swim-off:" is over a list of the story's own.
        introduced = not labelled and position > 0 and context.lines[position - 1].text[-1] in ":："
        if not introduced and len(lines) >= (settings.least_labelled if labelled else settings.least):
            yield _Contents(lines, subheads, labelled)
        position += max(1, len(lines))


def _run(
    first: int, keys: Sequence[str], places: dict[str, list[int]], context: Context
) -> tuple[list[int], list[int]]:
    """The lines from ``first`` on that come again below all of them, in the same order, with something in between; and where."""
    run: list[int] = []
    below: list[int] = []
    for at in range(first, len(keys)):
        block = context.story.blocks[at]
        found = places.get(keys[at], [])
        # Looked up, not walked: a list may say one line thousands of times.
        again = bisect_right(found, below[-1] + 1 if below else at + 1)
        if again == len(found) or (below and at >= below[0]) or block.kind in ("row", "quote"):
            break
        if context.lines[at].protected or (ends_sentence(block.text) and block.text[-1] in ".。"):
            break
        run.append(at)
        below.append(found[again])
    return (run, below) if not below or below[0] > run[-1] else ([], [])


def _key(line: Facts) -> str:
    known: str | None = line.noted.get(_key)
    if known is None:
        bare = _NUMBER.sub("", line.text)
        known = line.noted[_key] = key(bare) if reach(bare) >= 4 else ""
    return known
