"""Leases of an owner that is known to be gone: they need not run out first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, and_, exists, or_, select, update

from flows.ledger.opening import reading
from flows.ledger.tables import INBOX, PUBLICATIONS
from flows.ledger.transactions import transact


def work_waits(engine: Engine, now: datetime) -> bool:
    """Whether there is a row of the inbox that ``claim`` would give."""
    waiting = INBOX.c.state == "waiting"
    run_out = and_(INBOX.c.state == "claimed", INBOX.c.lease_until <= now)
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
        acts = connection.execute(
            update(PUBLICATIONS)
            .where(PUBLICATIONS.c.state == "owed", PUBLICATIONS.c.owner == owner)
            .values(owner=None, lease_until=None)
        ).rowcount
        return rows + acts

    return transact(engine, work)
