"""One record of an archive, and how far an archive was read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from cleaners.model import Raw


class Position(NamedTuple):
    """Where the next record begins: ``records`` were read so far, the next one stands ``at`` this byte.

    Of a packed WARC ``at`` is the byte of the packed file at which a gzip member begins, and ``inside`` how many of its
    records were read. Of packed JSON lines it is the byte of the lines once they are unpacked.
    """

    records: int = 0
    at: int = 0
    inside: int = 0


class Record(NamedTuple):
    """One record (or line): its stories, or what is wrong with it, or why it is passed over (``skipped``).

    ``place`` names it for a person. ``day`` is when it was captured; a line has none, its stories have. ``then`` is where the
    next one begins; where a record is cut off at the end of the file, it is this one once more, as the file may grow.
    """

    number: int
    at: int
    place: str
    then: Position
    raws: tuple[Raw, ...] = ()
    problems: tuple[str, ...] = ()
    skipped: str | None = None
    day: date | None = None


def day_of(published: str | None) -> date | None:
    """The day (UTC) that a date names, as records and wire items write it; None: it names none that can be read.

    >>> day_of("2026-03-03T23:30:00-05:00"), day_of("Tue, 03 Mar 2026 06:00:00 GMT"), day_of("yesterday")
    (datetime.date(2026, 3, 4), datetime.date(2026, 3, 3), None)
    """
    if not published:
        return None
    try:
        moment = datetime.fromisoformat(published.strip())
    except ValueError:
        try:
            moment = parsedate_to_datetime(published)
        except (ValueError, IndexError, TypeError):
            return None
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
