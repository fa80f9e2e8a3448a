"""Letters that were lost or mistaken on the way, and that nobody can put right but a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ftfy.badness import BADNESS_RE

from cleaners.model import Repair, Story
from cleaners.read.repair import lines_may_need_repair, may_need_repair, repair_field

_FIELDS = ("headline", "standfirst", "section", "byline")
LOST = "\ufffd"
_MOST_NAMED = 3
_AROUND = 20


def garbled(story: Story) -> tuple[str, ...]:
    """A problem for each block and field with a lost character or with mojibake that was not repaired; three are named.

    A lost character in a script, a comment or a menu of a page is none of the story's.
    """
    found = list(_places(story))
    named = found[:_MOST_NAMED]
    if len(found) > len(named):
        named.append(f"so do {len(found) - len(named)} more places")
    return tuple(named)


def fields_mended(story: Story) -> Story:
    """Fields come from other places of a page than its text, and break in the same ways; what is mended is recorded."""
    mended: dict[str, Any] = {}
    repairs = []
    for name in _FIELDS:
        before = getattr(story.fields, name)
        if before and may_need_repair(before) and (after := repair_field(name, before)) and after != before:
            mended[name] = after
            repairs.append(Repair(-1, name, before, after))
    if not mended:
        return story
    fields = replace(story.fields, **mended)
    return replace(story, fields=fields, repairs=(*story.repairs, *repairs))


def _places(story: Story) -> Iterator[str]:
    fields = story.fields
    for name in _FIELDS:
        text = getattr(fields, name)
        if text:
            yield from _fault(f"the {name}", text)
    whole = "\n".join(block.text for block in story.blocks)
    # One search for all blocks; nearly every story is done with it. What is searched for holds U+FFFD, too.
    if whole.isascii() or not lines_may_need_repair(whole):
        return
    for block in story.blocks:
        yield from _fault(f"block {block.number}", block.text)


def _fault(place: str, text: str) -> Iterator[str]:
    if text.isascii():
        return
    at = text.find(LOST)
    if at >= 0:
        yield f"{place} holds a character that was lost before it came here (U+FFFD): “{_around(text, at)}”; mend it by hand"
    elif may_need_repair(text) and (bad := BADNESS_RE.search(text)) is not None:
        # Example: "Ïàðîì ñíîâà" is Russian that somebody took for Latin-1.
        yield f"{place} looks garbled and could not be repaired: “{_around(text, bad.start())}”; mend it by hand"


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _AROUND), at + _AROUND
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
