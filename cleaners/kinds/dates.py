"""Lines of dates: which are, and what of one says when the story came out, and what says when it was last changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from cleaners.kinds.shapes import ends_sentence, reach

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


def name_before_dates(text: str, published: Sequence[str], updated: Sequence[str]) -> tuple[int, int]:
    """Where a name ends and the first labelled date begins, on one line; 0 and 0 where no label stands behind a name.

    >>> name_before_dates("By Ilse Brandvik | Published: 3 March 2026", ["Published"], [])
    (16, 19)
    """
    found = _labels(tuple(published), tuple(updated)).search(text)
    begin = found.start(found.lastgroup or 0) if found else 0
    return len(text[:begin].rstrip(_EDGES)), begin


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


# "3 March 2026", "March 3rd, 2026", "3.3.2026", "2026-03-03", "2026年3月3日", whatever the month is called
_DAY = re.compile(
    r"\b\d{1,2}(?:\.|st|nd|rd|th)?[\s-]+(?:de\s+)?[^\W\d_]{3,12}\.?,?[\s-]+(?:de\s+)?(?:19|20)\d\d\b"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d\b"
    r"|\b\d{1,2}\.? ?[./-] ?\d{1,2}\.? ?[./-] ?(?:(?:19|20)\d\d|\d\d)\b"
    r"|\b(?:19|20)\d\d ?[./年-] ?\d{1,2} ?[./月-] ?\d{1,2}"
)
_CLOCK = re.compile(r"\b\d{1,2} ?[:.h] ?\d\d\b|\b\d{1,2} ?[ap]\.?m\b", re.IGNORECASE)
_PARTED = re.compile(r"\s*[|•·/–—]\s*|\s-\s")
_MOST_WORDS_BESIDE = 8


def says_when(text: str) -> bool:
    """A line with a day in it, an hour or a stroke beside it, and few words more.

    Example: "Harbour Post • Tue 3rd March 2026 at 10:45". "Horoscope for 3 March 2026" is a title.
    """
    if len(text) > 120 or ends_sentence(text):
        return False
    day = _DAY.search(text)
    if not day:
        return False
    rest = _CLOCK.sub(" ", text[: day.start()] + " " + text[day.end() :])
    return (
        sum(any(map(str.isalpha, word)) for word in rest.split()) <= _MOST_WORDS_BESIDE
        and reach(rest) <= 80
        and bool(
            _CLOCK.search(text[: day.start()] + " " + text[day.end() :])
            or _PARTED.match(text, day.end())
            or _PARTED.search(text[max(0, day.start() - 3) : day.start()])
        )
    )


_NOON = re.compile(r"\b[ap]\. ?m\.\W*$", re.IGNORECASE)


def holds_day(text: str) -> bool:
    return _DAY.search(text) is not None


def without_noon(text: str) -> str:
    """A line of dates without the full stop of "11:30 p.m.", which ends no sentence."""
    return _NOON.sub("", text) if len(text) <= 160 else text
