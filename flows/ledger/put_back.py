"""A ledger that was put back from a backup: destinations have newer editions of its stories than it knows of, and take none of its own.

Its editions are raised above all that were ever given, so that what it makes from now on is newer everywhere. Its name stays: under
another one receivers would know its stories as others, and have them twice.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, bindparam, delete, exists, func, or_, select, update

from flows.ledger.opening import reading
from flows.ledger.outbox import tried_before
from flows.ledger.tables import COPIES, DECISIONS, META, PUBLICATIONS
from flows.ledger.transactions import transact

GIVEN_BEFORE = "editions_given_before"
"""In META: the highest number that an edition may have got before the ledger was put back."""
_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
"""Editions are raised to the seconds since then: no story gets one every second, so that is more than any ledger has given before, also
one that was put back already."""
LOOK_FIRST = (
    "It was owed when the ledger was put back from a backup. The destination may have a newer edition of the story: look there, and have "
    "this one published with cleancopy outbox --again"
)


class Raised(NamedTuple):
    """``above``: every edition is higher than this now. ``kept_back``: so many publications wait for a person (see LOOK_FIRST)."""

    above: int
    kept_back: int


def first_edition(connection: Connection) -> int:
    """Inside a transaction: the number of a story's first edition. 1, unless the ledger was put back."""
    before = connection.execute(select(META.c.value).where(META.c.key == GIVEN_BEFORE)).scalar()
    return int(before or 0) + 1


def newest_known(engine: Engine, acts: Collection[int]) -> set[int]:
    """Those of these acts after which this ledger has tried none of its story at its destination.

    A destination that has a newer edition than theirs has it from another life of the ledger.
    """
    newer = PUBLICATIONS.alias("newer")
    query = select(PUBLICATIONS.c.id).where(
        PUBLICATIONS.c.id.in_(acts),
        ~exists().where(
            newer.c.story_id == PUBLICATIONS.c.story_id,
            newer.c.destination == PUBLICATIONS.c.destination,
            newer.c.edition > PUBLICATIONS.c.edition,
            tried_before(newer),
        ),
    )
    with reading(engine) as connection:
        return set(connection.execute(query).scalars())


def raise_editions(engine: Engine, now: datetime) -> Raised:
    """Make all editions of a ledger that was put back newer than those that destinations have, in one transaction.

    What was to be unpublished is unpublished. What was to be published waits for a person: a newer edition may be public, which this
    ledger does not know. What is under an embargo stays so.
    """

    def work(connection: Connection) -> Raised:
        lowest, highest = connection.execute(
            select(func.min(COPIES.c.edition), func.max(COPIES.c.edition))
        ).one()
        above = max(int((now - _SINCE).total_seconds()), first_edition(connection), highest or 0)
        if lowest is not None:
            # Each gets a number that none has: no two of a story meet while they are written.
            step = above - lowest + 1
            for column in (
                COPIES.c.edition,
                PUBLICATIONS.c.edition,
                DECISIONS.c.edition,
                DECISIONS.c.seen_edition,
            ):
                connection.execute(update(column.table).values({column: column + step}))
        # To whoever knows acts by their keys these are others than those of the same numbers before.
        open_acts = connection.execute(
            select(PUBLICATIONS.c.id, PUBLICATIONS.c.idempotency_key).where(
                PUBLICATIONS.c.state.in_(("owed", "failed"))
            )
        ).all()
        if open_acts:
            connection.execute(
                update(PUBLICATIONS)
                .where(PUBLICATIONS.c.id == bindparam("act_id"))
                .values(idempotency_key=bindparam("new")),
                [
                    {"act_id": one.id, "new": sha256(f"{one.idempotency_key}\n{above}".encode()).hexdigest()}
                    for one in open_acts
                ],
            )
        kept_back = connection.execute(
            update(PUBLICATIONS)
            .where(
                PUBLICATIONS.c.state == "owed",
                PUBLICATIONS.c.act == "publish",
                or_(PUBLICATIONS.c.not_before.is_(None), PUBLICATIONS.c.not_before <= now),
            )
            .values(state="failed", owner=None, lease_until=None, error=LOOK_FIRST)
        ).rowcount
        connection.execute(
            update(PUBLICATIONS)
            .where(and_(PUBLICATIONS.c.state == "owed", PUBLICATIONS.c.act == "unpublish"))
            .values(next_attempt_at=now, owner=None, lease_until=None)
        )
        connection.execute(delete(META).where(META.c.key == GIVEN_BEFORE))
        connection.execute(META.insert().values(key=GIVEN_BEFORE, value=str(above)))
        return Raised(above, kept_back)

    return transact(engine, work)
