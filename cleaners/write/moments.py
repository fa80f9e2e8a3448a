"""Dates as news formats want them. What a story says is never made more exact than it is: a day gets no hour, an hour no zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TRUNCATED = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}.*)?)?)?", re.ASCII | re.DOTALL)


def moment(said: str | None) -> datetime | None:
    """A date with time and zone; None: it says less, or is none.

    >>> moment("2026-03-05T12:00:00+01:00").isoformat(), moment("2026-03-05"), moment("2026-03-05T12:00"), moment("Thursday")
    ('2026-03-05T12:00:00+01:00', None, None, None)
    """
    when = _parsed(said)
    if when is None or when.utcoffset() is None:
        return None
    try:
        when.astimezone(UTC)
    except OverflowError:  # the year 1, east of Greenwich
        return None
    return when


def rfc3339(when: datetime) -> str:
    """As JSON's ``date-time`` and XML's ``dateTime`` have it: offsets are whole minutes, UTC is Z.

    >>> rfc3339(datetime(2026, 3, 5, 12, tzinfo=UTC))
    '2026-03-05T12:00:00Z'
    """
    offset = when.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        when = when.astimezone(UTC)
    return when.isoformat().replace("+00:00", "Z")


def truncated(said: str | None) -> str | None:
    """A date as exact as it is said: a moment, a time without a zone, a day, a month or a year. None: it is no date.

    >>> truncated("2026-03-05"), truncated("2026-03-05T12:00+01:00"), truncated("2026-03"), truncated("5 March")
    ('2026-03-05', '2026-03-05T12:00:00+01:00', '2026-03', None)
    """
    said = (said or "").strip()
    if _TRUNCATED.fullmatch(said) is None:
        return None
    if len(said) <= 7:
        return said if _parsed(f"{said}-01-01"[:10]) is not None else None
    if len(said) <= 10:
        return said if _parsed(said) is not None else None
    when = moment(said)
    if when is not None:
        return rfc3339(when)
    naive = _parsed(said)
    return naive.isoformat() if naive is not None and naive.utcoffset() is None else None


def norm(said: str | None) -> str | None:
    """As NITF's ``norm`` has it: 20260305T120000+0100, or as much of it as is said.

    >>> norm("2026-03-05T12:00:00Z"), norm("2026-03-05"), norm("2026-03-05T12:00")
    ('20260305T120000+0000', '20260305', '20260305T120000')
    """
    exact = truncated(said)
    if exact is None or len(exact) <= 10:
        return exact.replace("-", "") if exact else None
    when = datetime.fromisoformat(exact)
    return f"{when.year:04}{when:%m%dT%H%M%S%z}"


def _parsed(said: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(said.strip()) if said else None
    except ValueError:
        return None
