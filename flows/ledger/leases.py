"""Leases: when one has run out, and those of an owner that is known to be gone, which need not run out first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, and_, exists, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from flows.ledger.opening import reading
from flows.ledger.tables import INBOX, PUBLICATIONS
from flows.ledger.transactions import transact

LONGEST_LEASE = timedelta(days=1)
"""What reaches further was given while the clock was ahead, and is over now that it was set back."""


def has_run_out(
    lease_until: ColumnElement[datetime],
    now: datetime | ColumnElement[datetime],
    longest: datetime | ColumnElement[datetime] | None = None,
) -> ColumnElement[bool]:
    """Whether the lease in this column is over; none is not. ``longest`` is ``now + LONGEST_LEASE``, for a ``now`` that is a parameter."""
    if isinstance(now, datetime):
        longest = now + LONGEST_LEASE
    return or_(lease_until <= now, lease_until > longest)


def work_waits(engine: Engine, now: datetime) -> bool:
    """Whether there is a row of the inbox that ``claim`` would give."""
    with reading(engine) as connection:
        return bool(connection.scalar(select(exists().where(_is_free(now)))))


def _is_free(now: datetime) -> ColumnElement[bool]:
    run_out = and_(INBOX.c.state == "claimed", has_run_out(INBOX.c.lease_until, now))
    return or_(INBOX.c.state == "waiting", run_out)


@dataclass(frozen=True, slots=True)
class Undrained:
    """Stories of the inbox that nobody cleans, and when the oldest of them came."""

    stories: int
    since: datetime


def undrained(engine: Engine, now: datetime, after: timedelta) -> Undrained | None:
    """What waits in the inbox though nobody has cleaned anything there for longer than ``after``; nothing where somebody does.

    A long queue takes its time: its rows are claimed in their order, so whoever is at work has, or has just done, the row before the
    oldest that waits. (What any run did last would not tell: a run that cleans only what it brought itself drains nothing.)
    """
    waiting = select(func.count(), func.min(INBOX.c.id), func.min(INBOX.c.arrived_at)).where(_is_free(now))
    with reading(engine) as connection:
        stories, first, since = connection.execute(waiting).one()
        if not stories or now - since <= after:
            return None
        before = connection.execute(
            select(INBOX.c.state, INBOX.c.finished_at)
            .where(INBOX.c.id < first)
            .order_by(INBOX.c.id.desc())
            .limit(1)
        ).first()
    at_work = before is not None and (before.finished_at is None or now - before.finished_at <= after)
    return None if at_work else Undrained(stories, since)


def release_owner(engine: Engine, owner: str) -> int:
    """Give back whatever ``owner`` holds, in inbox and outbox; how much it was.

    The attempt counts, as it does when a lease runs out: a story that ends the whole run each time fails in the end.
    """

    def work(connection: Connection) -> int:
        rows = connection.execute(
            update(INBOX)
            .where(INBOX.c.state == "claimed", INBOX.c.owner == owner)
            .values(state="waiting", owner=None, lease_until=None)
        ).rowcount
        return rows + _free_acts(connection, owner)

    return transact(engine, work)


def release_acts(engine: Engine, owner: str) -> int:
    """Give back what ``owner`` holds in the outbox alone; how much it was. Of a publisher that has come to its end that is nothing,
    unless it was stopped between claiming and doing."""
    return transact(engine, lambda connection: _free_acts(connection, owner))


def _free_acts(connection: Connection, owner: str) -> int:
    return connection.execute(
        update(PUBLICATIONS)
        .where(PUBLICATIONS.c.state == "owed", PUBLICATIONS.c.owner == owner)
        .values(owner=None, lease_until=None)
    ).rowcount
