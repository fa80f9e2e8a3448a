"""Going through archives in chunks: what was read is put into the inbox, and only then is the place remembered.

A run that is killed goes on behind the last chunk that is in the inbox. What it had put there is claimed by the next run, or by
the next sweep, when the dead one's lease has run out; read twice, a record is known again by its place in its archive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Engine

from cleaners.model import Raw
from flows.ledger import Arrival, read_cursor, receive, write_cursor
from flows.sources.archive import Mark, mark_of, name_of, read_archive, size_of
from flows.sources.archive_record import Position, Record, day_of
from flows.sources.records import filled

MOST_RECORDS = 50
"""Records that are read for each story of a chunk before the place is remembered: archives hold pictures and scripts, too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an archive is taken, and as whose. Records and days are inclusive; None: no limit.

    Days are those of publication, or of capture for a web archive.
    """

    source: str
    publisher: str | None = None
    language: str | None = None
    destinations: tuple[str, ...] | None = None
    first: int | None = None
    last: int | None = None
    since: date | None = None
    until: date | None = None
    story_bytes: int = 3_000_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records: their stories, with the record that each stands in, and where the next chunk begins."""

    stories: tuple[tuple[int, Raw], ...]
    then: Position
    problems: tuple[str, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    records: int = 0


class Place(NamedTuple):
    """An archive as it is gone through for a purpose: its mark, where to begin, and whether there is nothing new."""

    address: str
    cursor: str
    mark: Mark
    start: Position
    is_done: bool

    def events(self, wanted: Wanted) -> str:
        """What the events of its records begin with: the same archive, for the same source and destinations."""
        about = (wanted.source, wanted.publisher, wanted.destinations, self.mark.hash)
        return f"archive:{_digest(about)[:24]}:"


def place_in(engine: Engine, address: str, wanted: Wanted) -> Place:
    """Where to go on in an archive. An archive that was replaced by another is begun anew. Raises OSError."""
    about = (address, wanted.source, wanted.publisher, wanted.destinations)
    limits = (wanted.first, wanted.last, str(wanted.since), str(wanted.until))
    cursor = f"archive:{_digest((about, limits))}"
    position = read_cursor(engine, cursor)
    if position:
        known_mark = Mark(*position["mark"])
        if mark_of(address, known_mark) == known_mark:
            start = Position(*position["at"])
            return Place(address, cursor, known_mark, start, position.get("done") == size_of(address))
    return Place(address, cursor, mark_of(address), Position(), False)


def chunks(address: str, start: Position, wanted: Wanted, size: int) -> Iterator[Chunk]:
    """The archive from ``start`` on, ``size`` stories at a time. Raises OSError and ValueError where it does not open."""
    stories: list[tuple[int, Raw]] = []
    problems: list[str] = []
    skipped: Counter[str] = Counter()
    records = 0
    then = start
    for record in read_archive(address, start, wanted.story_bytes):
        if wanted.last is not None and record.number > wanted.last:
            break
        records += 1
        then = record.then
        if wanted.first is None or record.number >= wanted.first:
            problems += record.problems
            if record.skipped:
                skipped[record.skipped] += 1
            for raw in record.raws:
                if (reason := _left_out(record, raw, wanted)) is not None:
                    skipped[reason] += 1
                else:
                    stories.append((record.number, filled(raw, wanted.publisher, wanted.language)))
        if len(stories) >= size or records >= size * MOST_RECORDS:
            yield Chunk(tuple(stories), then, tuple(problems), dict(skipped), records)
            stories, problems, skipped, records = [], [], Counter(), 0
    if records:
        yield Chunk(tuple(stories), then, tuple(problems), dict(skipped), records)


def take_chunk(
    engine: Engine,
    place: Place,
    chunk: Chunk,
    wanted: Wanted,
    owner: str | None = None,
    lease_seconds: float = 600,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Put a chunk into the inbox for ``owner``, then remember the place. The new rows, and those that were there before."""
    events = place.events(wanted)
    arrivals = []
    nth: Counter[int] = Counter()
    for number, raw in chunk.stories:
        nth[number] += 1
        arrivals.append(
            Arrival(
                raw,
                wanted.source,
                event_id=f"{events}{number}.{nth[number]}",
                note=f"{name_of(place.address)}, record {number}",
                destinations=wanted.destinations,
            )
        )
    received = receive(engine, arrivals, datetime.now(UTC), owner=owner, lease_seconds=lease_seconds)
    _remember(engine, place, chunk.then)
    return received.ids, received.duplicates


def finish_archive(engine: Engine, place: Place, then: Position) -> None:
    """Remember that the archive was read to its end as it is now: it is looked into again when it has grown."""
    _remember(engine, place, then, size_of(place.address))


def _remember(engine: Engine, place: Place, then: Position, done: int | None = None) -> None:
    position: dict[str, Any] = {"at": list(then), "mark": list(place.mark), "done": done}
    write_cursor(engine, place.cursor, position, datetime.now(UTC))


def _left_out(record: Record, raw: Raw, wanted: Wanted) -> str | None:
    """Why a story is not wanted, by its day."""
    if wanted.since is None and wanted.until is None:
        return None
    day = record.day or day_of(raw.published)
    if day is None:
        return "without a date that can be read"
    if (wanted.since and day < wanted.since) or (wanted.until and day > wanted.until):
        return "of another date"
    return None


def _digest(about: object) -> str:
    return sha256(repr(about).encode("utf-8", "backslashreplace")).hexdigest()
