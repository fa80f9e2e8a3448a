"""What comes out: the clean copy, its source, and a report of everything between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cleaners.model.marks import Mark
from cleaners.model.story import Story

Verdict = Literal["publish", "hold", "kill"]


@dataclass(frozen=True, slots=True)
class Removal:
    """A span that is not in the clean copy, with every rule that asked for it.

    ``start`` and ``end`` are offsets into the source block's text; ``text`` is what stood there. No two removals of a
    story overlap. ``round`` is the round of cleaning that found it, counted from 1. ``number`` is the removal's name
    in its story, counted from 1 in reading order; it stays when others are undone. What a removal takes from the raw
    document is worked out by ``cleaners.apply.cut_raw``.
    """

    block: int
    start: int
    end: int
    text: str
    action: Literal["remove", "lift"]
    field: str | None
    rules: tuple[str, ...]
    why: str
    round: int = 1
    may_exceed: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Source + copy + report. ``copy`` keeps the source's block numbers and zones.

    ``reasons`` say why a story is held or killed (empty: publish). ``ruleset`` is the version of the rules and
    settings that decided. ``protected``, ``overruled`` and ``suspects`` are for the
    report; their offsets belong to the source.
    """

    source: Story
    copy: Story
    removals: tuple[Removal, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    ruleset: str
    rounds: int
    protected: tuple[Mark, ...] = ()
    overruled: tuple[Mark, ...] = ()
    suspects: tuple[Mark, ...] = ()
