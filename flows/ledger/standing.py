"""How destinations stand: since when one does not answer, and until when it is left alone.

A destination that is down is asked again by one act now and then, and the others keep their attempts and their order. What it is
owed meanwhile waits with them. It is written down for all publishers, beside the cursors of sources; one that answers has no row.
Pattern: circuit breaker (M. Nygard, Release It!).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from flows.ledger.opening import reading
from flows.ledger.outbox import LONGEST_RETRY_AFTER_SECONDS
from flows.ledger.tables import CURSORS, PUBLICATIONS
from flows.ledger.transactions import transact
from flows.ledger.upsert import insert_into

FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 5.0, 30.0
"""For how long a destination that does not answer is left alone, before it is spread by half to one and a half."""
OUTAGE_SECONDS = 60.0
"""Nothing was done there for longer than this: an outage. After a shorter one all waits are short anyway, and a single story at
which the destination stumbles does not have the others tried again each time."""

_PREFIX = "destination "


@dataclass(frozen=True, slots=True)
class Standing:
    """A destination that fails ``since`` then, ``tries`` times in a row, and is left alone ``until`` then; ``said`` is its last error.

    ``asked``: it asked for that itself (Retry-After).
    """

    since: datetime
    until: datetime
    tries: int
    asked: bool
    said: str

    def rests(self, now: datetime) -> bool:
        # A rest that is longer was measured while the clock was ahead.
        return now < self.until <= now + timedelta(seconds=LONGEST_RETRY_AFTER_SECONDS)


def standings(engine: Engine) -> dict[str, Standing]:
    """The destinations that fail, by name."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(CURSORS.c.name, CURSORS.c.position).where(CURSORS.c.name.startswith(_PREFIX))
        )
        return {row.name.removeprefix(_PREFIX): _standing(row.position) for row in rows}


def let_rest(
    engine: Engine,
    destination: str,
    now: datetime,
    said: str,
    *,
    retry_after: float = 0.0,
    jitter: Callable[[], float] = random.random,
) -> Standing:
    """It fails: leave it alone for a while, or for as long as it asked to be (at most a day)."""
    spread = 0.5 + jitter()

    def work(connection: Connection) -> Standing:
        before = _read(connection, destination)
        tries = 1 + (before.tries if before else 0)
        wait = min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2.0 ** min(tries - 1, 16)) * spread
        asked = min(retry_after, LONGEST_RETRY_AFTER_SECONDS) if math.isfinite(retry_after) else 0.0
        now_stands = Standing(
            since=min(before.since, now) if before else now,
            until=now + timedelta(seconds=max(wait, asked)),
            tries=tries,
            asked=asked > 0,
            said=said,
        )
        if before and before.asked and before.rests(now) and before.until > now_stands.until:
            now_stands = Standing(now_stands.since, before.until, tries, True, said)
        _write(connection, destination, now_stands, now)
        return now_stands

    return transact(engine, work)


def came_back(engine: Engine, destination: str, now: datetime) -> int:
    """It has done something: it is asked as always. After an outage all that waits there because it failed is due, in its order; how
    much that was.

    A rest that it asked for itself goes on: what was done was a withdrawal, which does not wait for its end.
    """

    def work(connection: Connection) -> int:
        before = _read(connection, destination)
        if before is None or (before.asked and before.rests(now)):
            return 0
        connection.execute(delete(CURSORS).where(CURSORS.c.name == _PREFIX + destination))
        if abs(now - before.since) < timedelta(seconds=OUTAGE_SECONDS):
            return 0
        return connection.execute(
            update(PUBLICATIONS)
            .where(
                PUBLICATIONS.c.destination == destination,
                PUBLICATIONS.c.state == "owed",
                PUBLICATIONS.c.lease_until.is_(None),
                PUBLICATIONS.c.next_attempt_at > now,
            )
            .values(next_attempt_at=now)
        ).rowcount

    return transact(engine, work)


def forget(connection: Connection, destinations: Collection[str]) -> None:
    """Inside a transaction: a person wants these asked at once, whatever they answered before."""
    connection.execute(delete(CURSORS).where(CURSORS.c.name.in_([_PREFIX + name for name in destinations])))


def _read(connection: Connection, destination: str) -> Standing | None:
    found = connection.execute(
        select(CURSORS.c.position).where(CURSORS.c.name == _PREFIX + destination).with_for_update()
    ).scalar()
    return None if found is None else _standing(found)


def _write(connection: Connection, destination: str, standing: Standing, now: datetime) -> None:
    position = {
        "since": standing.since.isoformat(),
        "until": standing.until.isoformat(),
        "tries": standing.tries,
        "asked": standing.asked,
        "said": standing.said[:1000],
    }
    insert = insert_into(connection, CURSORS).values(
        name=_PREFIX + destination, position=position, moved_at=now
    )
    connection.execute(
        insert.on_conflict_do_update(index_elements=["name"], set_={"position": position, "moved_at": now})
    )


def _standing(position: dict[str, Any]) -> Standing:
    return Standing(
        datetime.fromisoformat(position["since"]),
        datetime.fromisoformat(position["until"]),
        int(position["tries"]),
        bool(position["asked"]),
        str(position["said"]),
    )
