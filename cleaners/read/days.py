"""Dates as pages write them, as ISO 8601. No zone is invented, no day is guessed: 03/04/2026 is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SPACE_BEFORE_ZONE = re.compile(r"(?<=\d) (?=[+-]\d{2}:?\d{2}\Z)")
_ZULU = re.compile(r" ?(?:UTC|GMT)\Z")
_FRACTION = re.compile(r"([.,]\d{1,6})\d*")
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?=\D|\Z)")
_SHORT_HOUR = re.compile(r"(?<=[T ])(\d):")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_WRITTEN = re.compile(r"[A-Za-z]{3,9},? ")


def iso(value: str) -> str | None:
    """``value`` as an ISO 8601 string, with its zone if it has one; None when it is no date.

    >>> iso("2026-03-03T10:15:00Z"), iso("2026-03-03"), iso("Tuesday")
    ('2026-03-03T10:15:00+00:00', '2026-03-03', None)
    >>> iso("2026/3/3 9:05"), iso("Tue, 03 Mar 2026 10:15:00 +0100"), iso("1772529300")
    ('2026-03-03T09:05:00', '2026-03-03T10:15:00+01:00', '2026-03-03T09:15:00+00:00')
    """
    value = value.strip()
    if not value or not any(character.isdigit() for character in value):
        return None
    parsed = _parsed(value)
    if parsed is None or not 1800 <= parsed.year <= 2200:
        return None
    has_clock = ":" in value or _EPOCH.match(value) is not None or "T" in value[8:]
    return parsed.isoformat() if has_clock else parsed.date().isoformat()


def _parsed(value: str) -> datetime | None:
    if _EPOCH.match(value):
        return datetime.fromtimestamp(int(value[:10]), UTC)
    value = _SPACE_BEFORE_ZONE.sub("", value)  # "2026-03-03 10:15:00 +0100"
    value = _ZULU.sub("+00:00", value) if value[:1].isdigit() else value
    value = _COMPACT.sub(r"\1-\2-\3", value)
    value = _SLASHED.sub(lambda found: f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}", value)
    value = _SHORT_HOUR.sub(r"0\1:", _FRACTION.sub(r"\1", value))
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    if _WRITTEN.match(value):
        try:
            return parsedate_to_datetime(value)
        except ValueError:
            return None
    return None


def most_telling(dates: Sequence[str]) -> int:
    """Which of several dates to take: the first, or one after it that says the same with more.

    A moment of the same day says more than a day; and the same moment in the newsroom's own zone more than in UTC.

    >>> most_telling(["2026-03-03T23:30:00+00:00", "2026-03-04", "2026-03-04T00:30:00+01:00"])
    2
    """
    best = 0
    for at, date in enumerate(dates):
        if at and _says_more(date, dates[best]):
            best = at
    return best


def _says_more(date: str, than: str) -> bool:
    if len(than) == 10:
        return len(date) > 10 and date[:10] == than
    if len(date) == 10:
        return False
    one, other = datetime.fromisoformat(date), datetime.fromisoformat(than)
    if other.tzinfo is None or one.tzinfo is None:
        return other.tzinfo is None and one.tzinfo is not None and one.replace(tzinfo=None) == other
    here, there = one.utcoffset() or timedelta(), other.utcoffset() or timedelta()
    return not there and bool(here) and abs(one - other) < timedelta(minutes=1)
