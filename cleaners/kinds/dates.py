"""What of a line of dates says when the story came out, and what says when it was last changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

_SEPARATOR = r"[|/–—•·,;(\[-]"
_EDGES = " \u00a0|/–—•·,;([-"


class Dated(NamedTuple):
    start: int
    end: int
    field: str


def dates_in(text: str, published: Sequence[str], updated: Sequence[str]) -> list[Dated]:
    """The parts of ``text``, each with its field, by the words that a language has for either.

    A word for a change counts wherever it stands, one for publication only at the beginning or behind a stroke: "Last updated on".

    >>> dates_in("3 March 2026 | Updated: 4 March 2026", ["Published", "Updated"], ["Updated"])
    [Dated(start=0, end=12, field='published'), Dated(start=15, end=36, field='updated')]
    >>> dates_in("Published: 3 March 2026", ["Published", "Updated"], ["Updated"])
    [Dated(start=0, end=23, field='published')]
    """
    labels = _labels(tuple(published), tuple(updated))
    starts = {found.start(found.lastgroup or 0): found.lastgroup or "" for found in labels.finditer(text)}
    first = min(starts, default=len(text))
    if any(character.isalnum() for character in text[:first]):
        starts[0] = "published"
    else:
        starts = {0 if at == first else at: field for at, field in starts.items()}
    edges = [*sorted(starts), len(text)]
    parts: list[Dated] = []
    for at, end in pairwise(edges):
        if parts and parts[-1].field == starts[at]:
            parts[-1] = parts[-1]._replace(end=end)
        else:
            parts.append(Dated(at, end, starts[at]))
    return [part._replace(end=len(_whole(text[part.start : part.end])) + part.start) for part in parts]


def _whole(part: str) -> str:
    """Without the stroke or bracket that parts it from the next."""
    part = part.rstrip(_EDGES)
    return part if "(" in part else part.rstrip(")")


@lru_cache(maxsize=256)
def _labels(published: tuple[str, ...], updated: tuple[str, ...]) -> re.Pattern[str]:
    of_change = _any(updated)
    of_birth = _any(tuple(word for word in published if word not in updated))
    return re.compile(
        rf"(?:(?<![^\W\d_])(?P<updated>{of_change})|(?:^|{_SEPARATOR})\W*?(?P<published>{of_birth}))(?![^\W\d_])",
        re.IGNORECASE,
    )


def _any(words: tuple[str, ...]) -> str:
    """The longest first; where a language has none, nothing is found."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)"
