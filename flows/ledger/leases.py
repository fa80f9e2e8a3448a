"""Leases: when one has run out, and those of an owner that is known to be gone, which need not run out first."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, and_, exists, or_, select, update
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
    waiting = INBOX.c.state == "waiting"
    run_out = and_(INBOX.c.state == "claimed", has_run_out(INBOX.c.lease_until, now))
    with reading(engine) as connection:
        return bool(connection.scalar(select(exists().where(or_(waiting, run_out)))))


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
