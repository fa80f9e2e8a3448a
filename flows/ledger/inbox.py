"""The inbox: whatever arrives becomes a row here, durably, and is claimed by lease until it is done or has failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, Table, and_, bindparam, func, or_, select, text, update
from sqlalchemy.sql import ColumnElement

from cleaners.model import Raw
from flows.ledger.leases import LONGEST_LEASE, has_run_out
from flows.ledger.opening import ADVISORY_LOCK, reading
from flows.ledger.raws import KeptRaw, keep, restore
from flows.ledger.tables import INBOX, RAWS, REVISIONS, STORIES, as_key
from flows.ledger.transactions import transact

MOST_ATTEMPTS = 5
MANY = 500
_AGAIN = "again:"
T = TypeVar("T")
STATES = ("waiting", "claimed", "done", "failed")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A story as a source hands it over.

    ``external_id`` is the story's name at its source (the name it keeps in a correction); where it is given, the story
    is called so instead of ``raw.id``. ``event_id`` names the sending: the same event of the same source is taken in
    once, and an event is cleaned even if its content is known. Without one, content that is the source's newest already
    is a duplicate. ``destinations`` are this arrival's own, in place of its source's.
    """

    raw: Raw
    source: str
    external_id: str = ""
    event_id: str | None = None
    note: str | None = None
    destinations: tuple[str, ...] | None = None

    @property
    def story_id(self) -> str:
        return as_key(self.external_id or self.raw.id)

    @property
    def named_raw(self) -> Raw:
        """The raw story under the name that it has in the ledger."""
        return replace(self.raw, id=self.story_id)


class Received(NamedTuple):
    """``ids`` are the new rows, in order; ``duplicates`` the rows in which the other arrivals had come before."""

    ids: tuple[int, ...]
    duplicates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """Work: one revision of one story to clean. Picklable; it goes to a worker as it is."""

    id: int
    source: str
    attempts: int
    raw: Raw
    revision: int = 1
    destinations: tuple[str, ...] | None = None
    note: str | None = None


def receive(
    engine: Engine,
    arrivals: Iterable[Arrival],
    now: datetime,
    *,
    owner: str | None = None,
    lease_seconds: float = 600,
) -> Received:
    """Take arrivals in, in one transaction. When this returns they are on disk, and their revisions are numbered.

    Revisions are numbered here and not when they are cleaned: then it cannot matter which worker is done first. With ``owner`` the new
    rows are that one's from the beginning, until its lease runs out: a run cleans itself what it brought, and no other is quicker.
    """
    lease = None if owner is None else _Lease(owner, now + timedelta(seconds=lease_seconds))
    rows = receive_each(engine, arrivals, now, lease)
    return Received(
        tuple(row for row, is_new in rows if is_new), tuple(row for row, is_new in rows if not is_new)
    )


def receive_each(
    engine: Engine, arrivals: Iterable[Arrival], now: datetime, lease: _Lease | None = None
) -> list[tuple[int, bool]]:
    """``receive``, told for each arrival: its row, and whether that is new."""
    every = [(arrival, keep(arrival.raw)) for arrival in arrivals]
    if not every:
        return []

    def work(connection: Connection) -> list[tuple[int, bool]]:
        _wait_in_line(connection, every)
        return _receive(connection, every, now, lease)

    return transact(engine, work)


def again(arrivals: Iterable[Arrival], run: str) -> list[Arrival]:
    """Arrivals of known stories made to be cleaned once more by the run of this name; sent twice by it, they count once."""
    return [replace(arrival, event_id=f"{_AGAIN}{run}:{arrival.story_id}") for arrival in arrivals]


def is_sent(event_id: str | None) -> bool:
    """Whether a row of the inbox with this event id is an event that its source sent, and no cleaning once more."""
    return event_id is not None and not event_id.startswith(_AGAIN)


def claim(
    engine: Engine,
    owner: str,
    *,
    now: datetime,
    limit: int = 500,
    lease_seconds: float = 600,
    ids: Collection[int] | None = None,
) -> list[InboxRow]:
    """Claim up to ``limit`` rows for ``owner``, the oldest first: those that wait, and those whose lease has run out.

    ``ids`` narrows to these rows, among which are those that ``owner`` has held since they were received. A row that was tried
    MOST_ATTEMPTS times is not claimed again; it becomes ``failed``.
    """

    spend, take = _claim(ids is not None)
    free: dict[str, Any] = {"now": now, "longest": now + LONGEST_LEASE}
    if ids is not None:
        free |= {"me": owner, "ids": list(ids)}
    taken = {**free, "me": owner, "until": now + timedelta(seconds=lease_seconds), "most": limit}

    def work(connection: Connection) -> list[InboxRow]:
        connection.execute(spend, free)
        claimed = list(connection.execute(take, taken).scalars())
        return _rows(connection, claimed) if claimed else []

    return transact(engine, work)


def extend(
    engine: Engine, owner: str, ids: Sequence[int], *, now: datetime, lease_seconds: float = 600
) -> int:
    """Lengthen the lease of rows that ``owner`` still holds; how many these are."""
    with engine.begin() as connection:
        return connection.execute(
            update(INBOX)
            .where(INBOX.c.id.in_(ids), _held_by(owner))
            .values(lease_until=now + timedelta(seconds=lease_seconds))
        ).rowcount


def release(engine: Engine, owner: str, ids: Sequence[int], error: str | None) -> int:
    """Give rows back undone, with the reason if there is one, so that they are tried again; how many there were.

    For faults of the world (a rule file that does not load, a disk that is full): the attempt does not count, or an
    hour of such a fault would fail every story that came in it.
    """
    with engine.begin() as connection:
        return connection.execute(
            update(INBOX)
            .where(INBOX.c.id.in_(ids), _held_by(owner))
            .values(state="waiting", owner=None, lease_until=None, error=error, attempts=INBOX.c.attempts - 1)
        ).rowcount


def fail(engine: Engine, owner: str, id: int, error: str, now: datetime) -> bool:
    """Mark a row as failed for good; False where ``owner`` does not hold it any more."""
    with engine.begin() as connection:
        return finish(connection, owner, id, now, error)


def finish(connection: Connection, owner: str, row: int, now: datetime, error: str | None = None) -> bool:
    """Inside a transaction: the row is done (or failed, with ``error``). False where ``owner`` lost its lease to another."""
    changed = connection.execute(
        update(INBOX)
        .where(INBOX.c.id == row, _held_by(owner))
        .values(
            state="failed" if error else "done", error=error, finished_at=now, owner=None, lease_until=None
        )
    )
    return changed.rowcount == 1


def finish_all(connection: Connection, owner: str, rows: Sequence[int], now: datetime) -> set[int]:
    """Inside a transaction: the rows are done; those that ``owner`` still held, the others are left."""
    return set(connection.execute(_FINISH, {"rows": list(rows), "me": owner, "at": now}).scalars())


def queue_counts(engine: Engine) -> dict[str, int]:
    """How many rows are waiting, claimed, done and failed."""
    with reading(engine) as connection:
        counts = {
            row[0]: row[1]
            for row in connection.execute(select(INBOX.c.state, func.count()).group_by(INBOX.c.state))
        }
    return {state: counts.get(state, 0) for state in STATES}


def _wait_in_line(connection: Connection, every: Sequence[tuple[Arrival, KeptRaw]]) -> None:
    """PostgreSQL lets senders in at once. Those with a story, a content or an event in common come one after the other:
    two batches with the same stories in other orders would wait for each other until the database ends one."""
    if connection.dialect.name != "postgresql":
        return
    names = {f"{arrival.source}:{arrival.story_id}" for arrival, _ in every}
    names |= {kept.hash for _, kept in every}
    names |= {f"{arrival.source}#{as_key(arrival.event_id)}" for arrival, _ in every if arrival.event_id}
    # A byte of the hash: a batch of any size takes no more than 256 locks, and always in the same order.
    line = sorted({sha256(name.encode()).digest()[0] for name in names})
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:us, place) FROM unnest(CAST(:line AS int[])) AS place"),
        {"us": ADVISORY_LOCK, "line": line},
    )


class _Lease(NamedTuple):
    owner: str
    until: datetime


# Built once: building a statement costs as much as running it.
_EVENTS = select(INBOX.c.event_id, INBOX.c.id).where(
    INBOX.c.source == bindparam("source"), INBOX.c.event_id.in_(bindparam("names", expanding=True))
)
_STORIES = (
    select(STORIES.c.id, STORIES.c.external_id)
    .where(
        STORIES.c.source == bindparam("source"), STORIES.c.external_id.in_(bindparam("names", expanding=True))
    )
    .order_by(STORIES.c.id)
    .with_for_update()
)
_LAST = (
    select(REVISIONS.c.story_id, func.max(REVISIONS.c.number).label("number"))
    .where(REVISIONS.c.story_id.in_(bindparam("stories", expanding=True)))
    .group_by(REVISIONS.c.story_id)
    .subquery()
)
_NEWEST = select(REVISIONS.c.story_id, REVISIONS.c.id, REVISIONS.c.number, REVISIONS.c.raw_hash).join(
    _LAST, and_(_LAST.c.story_id == REVISIONS.c.story_id, _LAST.c.number == REVISIONS.c.number)
)
_ROWS_OF = (
    select(INBOX.c.revision_id, func.max(INBOX.c.id))
    .where(INBOX.c.revision_id.in_(bindparam("revisions", expanding=True)))
    .group_by(INBOX.c.revision_id)
)
_KNOWN_RAWS = select(RAWS.c.hash).where(RAWS.c.hash.in_(bindparam("hashes", expanding=True)))
_NEW_RAWS = RAWS.insert()
_FINISH = (
    update(INBOX)
    .where(
        INBOX.c.id.in_(bindparam("rows", expanding=True)),
        INBOX.c.state == "claimed",
        INBOX.c.owner == bindparam("me"),
    )
    .values(
        state="done",
        error=None,
        finished_at=bindparam("at", type_=INBOX.c.finished_at.type),
        owner=None,
        lease_until=None,
    )
    .returning(INBOX.c.id)
)
_NEW = {
    table: table.insert().returning(table.c.id, sort_by_parameter_order=True)
    for table in (STORIES, REVISIONS, INBOX)
}
_NUMBERED = {table: table.insert() for table in _NEW}
_HIGHEST = {table: select(func.max(table.c.id)) for table in _NEW}


@dataclass(slots=True)
class _Version:
    """A revision of a story: one of the ledger, or one of this batch, which has no id before it is inserted."""

    number: int
    raw_hash: str
    id: int | None = None
    row: _Row | None = None
    """The newest row of the inbox that is about it."""


@dataclass(slots=True)
class _Row:
    """A row of the inbox: one of the ledger, or one of this batch."""

    id: int = 0
    version: _Version | None = None


def _receive(
    connection: Connection, every: Sequence[tuple[Arrival, KeptRaw]], now: datetime, lease: _Lease | None
) -> list[tuple[int, bool]]:
    """Some arrivals, all looked up together and all written together: of a burst each costs a tenth of what it costs alone."""
    events = _known_events(connection, [arrival for arrival, _ in every])
    # What came before leaves no trace: it does not even count as seen.
    first = {event: _Row(id) for event, id in events.items()}
    fresh = [one for one in every if _event(one[0]) not in events]
    stories, known = _stories(connection, [arrival for arrival, _ in fresh], now)
    newest = _newest(connection, known, fresh)
    versions: list[tuple[int, _Version]] = []
    rows: list[tuple[Arrival, _Row]] = []
    results: list[tuple[_Row, bool]] = []
    for arrival, kept in every:
        event = _event(arrival)
        if event is not None and event in first:
            results.append((first[event], False))
            continue
        story = stories[arrival.source, arrival.story_id]
        version = newest.get(story)
        if version is None or version.raw_hash != kept.hash:
            version = _Version(1 if version is None else version.number + 1, kept.hash)
            newest[story] = version
            versions.append((story, version))
        elif event is None and version.row is not None:
            results.append((version.row, False))
            continue
        row = _Row(version=version)
        version.row = row
        if event is not None:
            first[event] = row
        rows.append((arrival, row))
        results.append((row, True))
    _insert(connection, {kept.hash: kept for _, kept in fresh}, versions, rows, now, lease)
    return [(row.id, is_new) for row, is_new in results]


def _event(arrival: Arrival) -> tuple[str, str] | None:
    return None if arrival.event_id is None else (arrival.source, as_key(arrival.event_id))


def _known_events(connection: Connection, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], int]:
    """The rows of events that came before."""
    wanted: dict[str, list[str]] = {}
    for event in filter(None, map(_event, arrivals)):
        wanted.setdefault(event[0], []).append(event[1])
    found: dict[tuple[str, str], int] = {}
    for source, names in wanted.items():
        for some in batched(names):
            rows = connection.execute(_EVENTS, {"source": source, "names": some})
            found |= {(source, row.event_id): row.id for row in rows}
    return found


def _stories(
    connection: Connection, arrivals: Sequence[Arrival], now: datetime
) -> tuple[dict[tuple[str, str], int], list[int]]:
    """The stories' rows, made or touched, and which of them were there; from here to the end of the transaction they are locked."""
    # Looked for and then made, not ON CONFLICT: that SQLAlchemy compiles anew each time, which took half of an event's time.
    # Two senders of one story come one after the other (see _wait_in_line).
    wanted: dict[str, list[str]] = {}
    for arrival in arrivals:
        wanted.setdefault(arrival.source, []).append(arrival.story_id)
    found: dict[tuple[str, str], int] = {}
    for source, names in wanted.items():
        for some in batched(dict.fromkeys(names)):
            rows = connection.execute(_STORIES, {"source": source, "names": some})
            found |= {(source, row.external_id): row.id for row in rows}
    new: dict[tuple[str, str], dict[str, Any]] = {}
    for arrival in arrivals:
        story = (arrival.source, arrival.story_id)
        known = {"publisher": arrival.raw.publisher, "url": arrival.raw.url, "headline": arrival.raw.headline}
        news: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
        if story in found:
            connection.execute(
                update(STORIES).where(STORIES.c.id == found[story]).values(last_seen_at=now, **news)
            )
        elif story in new:
            new[story] |= news
        else:
            named = {"source": arrival.source, "external_id": arrival.story_id}
            new[story] = named | known | {"first_seen_at": now, "last_seen_at": now}
    ids = _inserted(connection, STORIES, list(new.values()))
    return found | dict(zip(new, ids, strict=True)), list(found.values())


def _newest(
    connection: Connection, stories: Collection[int], arrivals: Sequence[tuple[Arrival, KeptRaw]]
) -> dict[int, _Version]:
    """The newest revision of each story that has one; with its newest row, where it may be asked for."""
    newest: dict[int, _Version] = {}
    for some in batched(stories):
        for row in connection.execute(_NEWEST, {"stories": some}):
            newest[row.story_id] = _Version(row.number, row.raw_hash, row.id)
    contents = {kept.hash for arrival, kept in arrivals if arrival.event_id is None}
    same = {version.id: version for version in newest.values() if version.raw_hash in contents}
    for some_ids in batched(same):
        for revision, id in connection.execute(_ROWS_OF, {"revisions": some_ids}):
            same[revision].row = _Row(id)
    return newest


def _insert(
    connection: Connection,
    contents: Mapping[str, KeptRaw],
    versions: Sequence[tuple[int, _Version]],
    rows: Sequence[tuple[Arrival, _Row]],
    now: datetime,
    lease: _Lease | None,
) -> None:
    """Write what is new, and give it its ids."""
    raws = {version.raw_hash for _, version in versions}
    for some in batched(sorted(raws)):
        raws -= set(connection.execute(_KNOWN_RAWS, {"hashes": some}).scalars())
    if raws:
        connection.execute(_NEW_RAWS, [contents[raw]._asdict() for raw in sorted(raws)])
    ids = _inserted(
        connection,
        REVISIONS,
        [
            {"story_id": story, "number": one.number, "raw_hash": one.raw_hash, "arrived_at": now}
            for story, one in versions
        ],
    )
    for (_, version), id in zip(versions, ids, strict=True):
        version.id = id
    ids = _inserted(
        connection,
        INBOX,
        [
            {
                "source": arrival.source,
                "event_id": arrival.event_id,
                "revision_id": row.version and row.version.id,
                "destinations": None if arrival.destinations is None else list(arrival.destinations),
                "note": arrival.note,
                "state": "waiting" if lease is None else "claimed",
                "owner": None if lease is None else lease.owner,
                "lease_until": None if lease is None else lease.until,
                "attempts": 0,
                "arrived_at": now,
            }
            for arrival, row in rows
        ],
    )
    for (_, row), id in zip(rows, ids, strict=True):
        row.id = id


def _inserted(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows; their ids, in order."""
    if not rows:
        return []
    if connection.dialect.name == "sqlite":
        # Numbered as SQLite would do it (we alone write): with RETURNING each row is a statement of its own, at three times the cost.
        first = (connection.scalar(_HIGHEST[table]) or 0) + 1
        ids = list(range(first, first + len(rows)))
        connection.execute(_NUMBERED[table], [row | {"id": id} for row, id in zip(rows, ids, strict=True)])
        return ids
    return list(connection.execute(_NEW[table], rows).scalars())


def batched(values: Iterable[T]) -> Iterator[list[T]]:
    """Values in portions that an IN (…) takes: SQLite 32,766, older ones 999."""
    every = list(values)
    for first in range(0, len(every), MANY):
        yield every[first : first + MANY]


@cache
def _claim(of_ids: bool) -> tuple[Any, Any]:
    """Two statements, built once: rows that were tried too often have failed; the oldest of the others get owner and lease."""
    moment = INBOX.c.lease_until.type
    now, longest = (bindparam(name, type_=moment) for name in ("now", "longest"))
    free = or_(
        INBOX.c.state == "waiting",
        and_(INBOX.c.state == "claimed", has_run_out(INBOX.c.lease_until, now, longest)),
    )
    me = bindparam("me", type_=INBOX.c.owner.type)
    if of_ids:
        held = and_(INBOX.c.state == "claimed", INBOX.c.owner == me)
        free = and_(or_(free, held), INBOX.c.id.in_(bindparam("ids", expanding=True)))
    spend = (
        update(INBOX)
        .where(free, INBOX.c.attempts >= MOST_ATTEMPTS)
        .values(
            state="failed",
            finished_at=now,
            owner=None,
            lease_until=None,
            error=func.coalesce(
                INBOX.c.error,
                f"Tried {MOST_ATTEMPTS} times; each time the run ended before the story was done.",
            ),
        )
    )
    # A named query (CTE), because PostgreSQL may run a subquery with a LIMIT more than once.
    oldest = (
        select(INBOX.c.id)
        .where(free)
        .order_by(INBOX.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("oldest")
    )
    take = (
        update(INBOX)
        .where(INBOX.c.id.in_(select(oldest.c.id)), free)
        .values(
            state="claimed",
            owner=me,
            lease_until=bindparam("until", type_=moment),
            attempts=INBOX.c.attempts + 1,
        )
        .returning(INBOX.c.id)
    )
    return spend, take


def _held_by(owner: str) -> ColumnElement[bool]:
    return and_(INBOX.c.state == "claimed", INBOX.c.owner == owner)


_ROWS = (
    select(
        INBOX.c.id,
        INBOX.c.source,
        INBOX.c.attempts,
        INBOX.c.destinations,
        INBOX.c.note,
        REVISIONS.c.number,
        STORIES.c.external_id,
        RAWS.c.form,
        RAWS.c.kept_as,
        RAWS.c.content,
        RAWS.c.given,
    )
    .join(REVISIONS, INBOX.c.revision_id == REVISIONS.c.id)
    .join(STORIES, REVISIONS.c.story_id == STORIES.c.id)
    .join(RAWS, REVISIONS.c.raw_hash == RAWS.c.hash)
    .where(INBOX.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(INBOX.c.id)
)


def _rows(connection: Connection, ids: Sequence[int]) -> list[InboxRow]:
    return [
        InboxRow(
            id=row.id,
            source=row.source,
            attempts=row.attempts,
            raw=restore(row.external_id, row.form, row.kept_as, row.content, row.given),
            revision=row.number,
            destinations=None if row.destinations is None else tuple(row.destinations),
            note=row.note,
        )
        for row in connection.execute(_ROWS, {"ids": ids})
    ]
