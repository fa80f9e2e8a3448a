"""The inbox: whatever arrives becomes a row here, durably, and is claimed by lease until it is done or has failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, func, or_, select, text, update
from sqlalchemy.sql import ColumnElement

from cleaners.model import Raw
from flows.ledger.leases import has_run_out
from flows.ledger.opening import ADVISORY_LOCK, reading
from flows.ledger.raws import KeptRaw, keep, restore
from flows.ledger.tables import INBOX, RAWS, REVISIONS, STORIES, as_key
from flows.ledger.transactions import transact

MOST_ATTEMPTS = 5
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


def receive(engine: Engine, arrivals: Iterable[Arrival], now: datetime) -> Received:
    """Take arrivals in, in one transaction. When this returns they are on disk, and their revisions are numbered.

    Revisions are numbered here and not when they are cleaned: then it cannot matter which worker is done first.
    """
    rows = receive_each(engine, arrivals, now)
    return Received(
        tuple(row for row, is_new in rows if is_new), tuple(row for row, is_new in rows if not is_new)
    )


def receive_each(engine: Engine, arrivals: Iterable[Arrival], now: datetime) -> list[tuple[int, bool]]:
    """``receive``, told for each arrival: its row, and whether that is new."""
    every = [(arrival, keep(arrival.raw)) for arrival in arrivals]
    if not every:
        return []

    def work(connection: Connection) -> list[tuple[int, bool]]:
        _wait_in_line(connection, every)
        return [_receive(connection, arrival, kept, now) for arrival, kept in every]

    return transact(engine, work)


def again(arrivals: Iterable[Arrival], run: str) -> list[Arrival]:
    """Arrivals of known stories made to be cleaned once more by the run of this name; sent twice by it, they count once."""
    return [replace(arrival, event_id=f"again:{run}:{arrival.story_id}") for arrival in arrivals]


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

    A row that was tried MOST_ATTEMPTS times is not claimed again; it becomes ``failed``.
    """

    def work(connection: Connection) -> list[InboxRow]:
        free = _free(now, ids)
        connection.execute(
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
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("oldest")
        )
        claimed = connection.execute(
            update(INBOX)
            .where(INBOX.c.id.in_(select(oldest.c.id)), free)
            .values(
                state="claimed",
                owner=owner,
                lease_until=now + timedelta(seconds=lease_seconds),
                attempts=INBOX.c.attempts + 1,
            )
            .returning(INBOX.c.id)
        ).scalars()
        return _rows(connection, list(claimed))

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


def release(engine: Engine, owner: str, ids: Sequence[int], error: str) -> int:
    """Give rows back undone, with the reason, so that they are tried again; how many there were.

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


def _receive(connection: Connection, arrival: Arrival, kept: KeptRaw, now: datetime) -> tuple[int, bool]:
    if arrival.event_id is not None:
        known = connection.execute(
            select(INBOX.c.id).where(INBOX.c.source == arrival.source, INBOX.c.event_id == arrival.event_id)
        ).scalar()
        if known is not None:
            return known, False
    story = _story(connection, arrival, now)
    newest = connection.execute(
        select(REVISIONS.c.id, REVISIONS.c.number, REVISIONS.c.raw_hash)
        .where(REVISIONS.c.story_id == story)
        .order_by(REVISIONS.c.number.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.raw_hash == kept.hash:
        revision = newest.id
        if arrival.event_id is None:
            known = connection.execute(
                select(func.max(INBOX.c.id)).where(INBOX.c.revision_id == revision)
            ).scalar()
            if known is not None:
                return known, False
    else:
        if connection.execute(select(RAWS.c.hash).where(RAWS.c.hash == kept.hash)).scalar() is None:
            connection.execute(RAWS.insert(), kept._asdict())
        revision = connection.execute(
            REVISIONS.insert().returning(REVISIONS.c.id),
            {
                "story_id": story,
                "number": 1 if newest is None else newest.number + 1,
                "raw_hash": kept.hash,
                "arrived_at": now,
            },
        ).scalar_one()
    row = connection.execute(
        INBOX.insert().returning(INBOX.c.id),
        {
            "source": arrival.source,
            "event_id": arrival.event_id,
            "revision_id": revision,
            "destinations": None if arrival.destinations is None else list(arrival.destinations),
            "note": arrival.note,
            "state": "waiting",
            "attempts": 0,
            "arrived_at": now,
        },
    ).scalar_one()
    return row, True


def _story(connection: Connection, arrival: Arrival, now: datetime) -> int:
    """The story's row, made or touched; from here to the end of the transaction it is locked."""
    # Looked for and then made, not ON CONFLICT: that SQLAlchemy compiles anew each time, which took half of an event's time.
    # Two senders of one story come one after the other (see _wait_in_line).
    known = {"publisher": arrival.raw.publisher, "url": arrival.raw.url, "headline": arrival.raw.headline}
    news: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    found: int | None = connection.execute(
        select(STORIES.c.id)
        .where(STORIES.c.source == arrival.source, STORIES.c.external_id == arrival.story_id)
        .with_for_update()
    ).scalar()
    if found is not None:
        connection.execute(update(STORIES).where(STORIES.c.id == found).values(last_seen_at=now, **news))
        return found
    story: int = connection.execute(
        STORIES.insert().returning(STORIES.c.id),
        {
            "source": arrival.source,
            "external_id": arrival.story_id,
            "first_seen_at": now,
            "last_seen_at": now,
            **known,
        },
    ).scalar_one()
    return story


def _free(now: datetime, ids: Collection[int] | None) -> ColumnElement[bool]:
    free = or_(
        INBOX.c.state == "waiting",
        and_(INBOX.c.state == "claimed", has_run_out(INBOX.c.lease_until, now)),
    )
    return free if ids is None else and_(free, INBOX.c.id.in_(ids))


def _held_by(owner: str) -> ColumnElement[bool]:
    return and_(INBOX.c.state == "claimed", INBOX.c.owner == owner)


def _rows(connection: Connection, ids: Sequence[int]) -> list[InboxRow]:
    found = connection.execute(
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
        .where(INBOX.c.id.in_(ids))
        .order_by(INBOX.c.id)
    )
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
        for row in found
    ]
