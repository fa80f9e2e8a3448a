"""The outbox: what is owed to which destination, claimed by lease, tried until it is made.

Pattern: transactional outbox. The rows are written in the transaction that writes the copy; whoever publishes claims
them, does the act, and only then marks them made. An act may so be done twice, and never not at all: destinations know
an act by its idempotency key and edition.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Select, and_, case, exists, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from flows.ledger.opening import ledger_id, reading
from flows.ledger.tables import COPIES, PUBLICATIONS, REVISIONS, STORIES, AnyRow
from flows.ledger.transactions import transact
from flows.ledger.upsert import insert_into

MOST_ATTEMPTS = 12
FIRST_DELAY_SECONDS = 5.0
LONGEST_DELAY_SECONDS = 3600.0
STATES = ("owed", "made", "overtaken", "failed")

Act = Literal["publish", "unpublish"]

# A person who cleans a story again after a destination was given up wants it tried again.
_TRIED_AGAIN = {"state": "owed", "attempts": 0}


@dataclass(frozen=True, slots=True)
class Owed:
    """One act that is owed to one destination: publish this edition, or take the story down.

    ``story`` is the story's key in the ledger (``source:id``). Of two editions of one ``ledger`` the higher is the newer. ``made_at`` is when
    this edition was made, ``previous`` the edition that this destination published before.
    """

    id: int
    story: str
    destination: str
    act: Act
    edition: int
    revision: int
    ledger: str
    idempotency_key: str
    attempts: int
    record: Mapping[str, Any]
    rendered: Mapping[str, str]
    made_at: datetime
    previous: int | None = None


def claim_owed(
    engine: Engine,
    owner: str,
    *,
    now: datetime,
    limit: int = 50,
    lease_seconds: float = 600,
    destinations: Collection[str] | None = None,
) -> list[Owed]:
    """Claim acts that are due: withdrawals first, then the oldest. ``destinations`` narrows to these.

    An act is not claimed while an older one of the same story is under way at the same destination, and never once a
    newer one is owed or made there, nor is a publish once a newer edition is held: it is then ``overtaken``.
    """
    ledger = ledger_id(engine)

    def work(connection: Connection) -> list[Owed]:
        free = _free(now)
        if destinations is not None:
            free = and_(free, PUBLICATIONS.c.destination.in_(destinations))
        connection.execute(
            update(PUBLICATIONS)
            .where(free, or_(_newer_exists(), _held_since()))
            .values(state="overtaken", owner=None, lease_until=None)
        )
        connection.execute(
            update(PUBLICATIONS)
            .where(free, PUBLICATIONS.c.attempts >= MOST_ATTEMPTS)
            .values(
                state="failed",
                owner=None,
                lease_until=None,
                error=func.coalesce(
                    PUBLICATIONS.c.error,
                    f"Tried {MOST_ATTEMPTS} times; each time the run ended before it was made.",
                ),
            )
        )
        due = and_(
            free,
            PUBLICATIONS.c.next_attempt_at <= now,
            ~_older_under_way(now),
            ~_newer_exists(),
            ~_held_since(),
        )
        first = (
            select(PUBLICATIONS.c.id)
            .where(due)
            .order_by(case((PUBLICATIONS.c.act == "unpublish", 0), else_=1), PUBLICATIONS.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("first_due")
        )
        claimed = connection.execute(
            update(PUBLICATIONS)
            .where(PUBLICATIONS.c.id.in_(select(first.c.id)), free)
            .values(
                owner=owner,
                lease_until=now + timedelta(seconds=lease_seconds),
                attempts=PUBLICATIONS.c.attempts + 1,
            )
            .returning(PUBLICATIONS.c.id)
        ).scalars()
        return [_owed(row, ledger) for row in connection.execute(_details(list(claimed)))]

    return transact(engine, work)


def made(engine: Engine, owner: str, receipts: Mapping[int, Mapping[str, Any]], now: datetime) -> int:
    """Mark acts as made, in one transaction; how many of them ``owner`` still held.

    ``receipts``: for each act's id what its destination says that it did, as JSON values.
    """
    with engine.begin() as connection:
        return sum(
            connection.execute(
                update(PUBLICATIONS)
                .where(PUBLICATIONS.c.id == publication, _held_by(owner))
                .values(
                    state="made",
                    made_at=now,
                    receipt=dict(receipt),
                    owner=None,
                    lease_until=None,
                    error=None,
                )
            ).rowcount
            for publication, receipt in receipts.items()
        )


def failed(
    engine: Engine,
    owner: str,
    id: int,
    error: str,
    now: datetime,
    *,
    retry_after: float = 0.0,
    jitter: Callable[[], float] = random.random,
) -> datetime | None:
    """An attempt failed: when the next is due, or None where there is none (given up, or ``owner`` lost its lease).

    The wait doubles from FIRST_DELAY_SECONDS up to LONGEST_DELAY_SECONDS and is spread by half to one and a half, so that
    a destination that comes back is not met by everyone at once; ``retry_after`` (seconds) is its own wish.
    """
    with engine.begin() as connection:
        mine = and_(PUBLICATIONS.c.id == id, _held_by(owner))
        attempts = connection.execute(select(PUBLICATIONS.c.attempts).where(mine).with_for_update()).scalar()
        if attempts is None:
            return None
        gives_up = attempts >= MOST_ATTEMPTS
        due = now + timedelta(seconds=max(retry_after, delay_seconds(attempts) * (0.5 + jitter())))
        connection.execute(
            update(PUBLICATIONS)
            .where(mine)
            .values(
                state="failed" if gives_up else "owed",
                next_attempt_at=due,
                error=error,
                owner=None,
                lease_until=None,
            )
        )
        return None if gives_up else due


def delay_seconds(attempts: int) -> float:
    """The wait after so many attempts, before it is spread.

    >>> [delay_seconds(attempts) for attempts in (1, 2, 3, 12)]
    [5.0, 10.0, 20.0, 3600.0]
    """
    return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (attempts - 1))


def outbox_counts(engine: Engine) -> dict[str, int]:
    """How many publications are owed, made, overtaken and failed."""
    with reading(engine) as connection:
        counts = {
            row[0]: row[1]
            for row in connection.execute(
                select(PUBLICATIONS.c.state, func.count()).group_by(PUBLICATIONS.c.state)
            )
        }
    return {state: counts.get(state, 0) for state in STATES}


def owe_copy(
    connection: Connection,
    story: str,
    story_id: int,
    copy_id: int,
    edition: int,
    digest: str,
    destinations: Sequence[str],
    now: datetime,
    *,
    first: bool,
) -> tuple[str, ...]:
    """Inside the recording transaction: owe this edition to those destinations that do not have its content.

    Of a ``first`` edition, as most are, nothing is owed yet that would have to be looked at.
    """
    if first and destinations:
        rows = [
            _publication(story, story_id, copy_id, edition, digest, destination, "publish", now)
            for destination in destinations
        ]
        connection.execute(PUBLICATIONS.insert(), rows)
        return tuple(destinations)
    return tuple(
        destination
        for destination in destinations
        if _owe_one(connection, story, story_id, copy_id, edition, digest, destination, now)
    )


def owe_withdrawal(
    connection: Connection, story: str, story_id: int, copy_id: int, edition: int, digest: str, now: datetime
) -> tuple[str, ...]:
    """Inside the recording transaction: owe an unpublish wherever the story is, or may be, in public."""
    history = _history(connection, story_id)
    _overtake(connection, story_id, edition, tuple(history), now)
    return tuple(
        destination
        for destination, rows in history.items()
        if _may_be_public(rows)
        and _insert(connection, story, story_id, copy_id, edition, digest, destination, "unpublish", now)
    )


def owe_silence(
    connection: Connection, story: str, story_id: int, copy_id: int, edition: int, digest: str, now: datetime
) -> tuple[str, ...]:
    """Inside the recording transaction: the story is held, so no older edition goes out any more (an embargo!).

    What is public stays, except where a kill came before and has not taken it down: there an unpublish is owed.
    """
    _overtake(connection, story_id, edition, None, now, act="publish")
    return tuple(
        destination
        for destination, rows in _history(connection, story_id).items()
        if _kill_is_open(rows)
        and _may_be_public(rows)
        and _insert(connection, story, story_id, copy_id, edition, digest, destination, "unpublish", now)
    )


def _owe_one(
    connection: Connection,
    story: str,
    story_id: int,
    copy_id: int,
    edition: int,
    digest: str,
    destination: str,
    now: datetime,
) -> bool:
    last = connection.execute(
        select(PUBLICATIONS)
        .where(
            PUBLICATIONS.c.story_id == story_id,
            PUBLICATIONS.c.destination == destination,
            # An overtaken act that was tried may have been done: what it left is what lies there.
            or_(PUBLICATIONS.c.state != "overtaken", PUBLICATIONS.c.attempts > 0),
        )
        .order_by(PUBLICATIONS.c.edition.desc())
        .limit(1)
    ).first()
    if (
        last is not None
        and last.act == "publish"
        and last.content_hash == digest
        and (last.state == "made" or (last.state != "overtaken" and not _was_held_after(connection, last)))
    ):
        if last.state != "failed":
            return False
        connection.execute(
            update(PUBLICATIONS)
            .where(PUBLICATIONS.c.id == last.id)
            .values({**_TRIED_AGAIN, "next_attempt_at": now})
        )
        return True
    _overtake(connection, story_id, edition, (destination,), now)
    return _insert(connection, story, story_id, copy_id, edition, digest, destination, "publish", now)


def _insert(
    connection: Connection,
    story: str,
    story_id: int,
    copy_id: int,
    edition: int,
    digest: str,
    destination: str,
    act: Act,
    now: datetime,
) -> bool:
    inserted = connection.execute(
        insert_into(connection, PUBLICATIONS)
        .values(_publication(story, story_id, copy_id, edition, digest, destination, act, now))
        .on_conflict_do_update(
            index_elements=["story_id", "edition", "destination"],
            set_={**_TRIED_AGAIN, "next_attempt_at": now},
            where=PUBLICATIONS.c.state == "failed",
        )
        .returning(PUBLICATIONS.c.id)
    )
    return inserted.first() is not None


def _publication(
    story: str,
    story_id: int,
    copy_id: int,
    edition: int,
    digest: str,
    destination: str,
    act: Act,
    now: datetime,
) -> dict[str, Any]:
    return {
        "story_id": story_id,
        "copy_id": copy_id,
        "edition": edition,
        "destination": destination,
        "act": act,
        "content_hash": digest,
        "idempotency_key": sha256(
            "\n".join((story, str(edition), digest, destination, act)).encode()
        ).hexdigest(),
        "state": "owed",
        "attempts": 0,
        "next_attempt_at": now,
        "owed_at": now,
    }


def _overtake(
    connection: Connection,
    story_id: int,
    edition: int,
    destinations: Sequence[str] | None,
    now: datetime,
    act: Act | None = None,
) -> None:
    """Older acts that nobody is at are pointless now; one that is under way is waited for by ``claim_owed``.

    At these destinations, or all; ``act`` narrows to acts of this kind.
    """
    older = and_(PUBLICATIONS.c.story_id == story_id, PUBLICATIONS.c.edition < edition, _free(now))
    if destinations is not None:
        older = and_(older, PUBLICATIONS.c.destination.in_(destinations))
    if act is not None:
        older = and_(older, PUBLICATIONS.c.act == act)
    connection.execute(
        update(PUBLICATIONS).where(older).values(state="overtaken", owner=None, lease_until=None)
    )


def _history(connection: Connection, story_id: int) -> dict[str, list[AnyRow]]:
    """For each destination that ever had to do with the story: its acts, the oldest first.

    They are locked: a publisher may claim the copy at this moment, and a kill that read "never tried" would let it stay.
    """
    history: dict[str, list[AnyRow]] = {}
    for row in connection.execute(
        select(PUBLICATIONS)
        .where(PUBLICATIONS.c.story_id == story_id)
        .order_by(PUBLICATIONS.c.edition)
        .with_for_update()
    ):
        history.setdefault(row.destination, []).append(row)
    return history


def _may_be_public(rows: Sequence[AnyRow]) -> bool:
    """Whether a destination's history, the oldest first, may have left the story there.

    A publish that was only tried counts: its answer may have been lost on the way. An unpublish counts once it is made:
    one that is only owed may be overtaken yet.
    """
    public = False
    for row in rows:
        if row.act == "publish" and (row.state == "made" or row.attempts > 0):
            public = True
        elif row.act == "unpublish" and row.state == "made":
            public = False
    return public


def _kill_is_open(rows: Sequence[AnyRow]) -> bool:
    """Whether a kill in this history was neither done nor followed by a copy that went out; the oldest act first."""
    is_open = False
    for row in rows:
        if row.act == "unpublish":
            is_open = row.state != "made"
        elif row.state == "made":
            is_open = False
    return is_open


def _was_held_after(connection: Connection, row: AnyRow) -> bool:
    return bool(
        connection.scalar(
            select(
                exists().where(
                    COPIES.c.story_id == row.story_id,
                    COPIES.c.edition > row.edition,
                    COPIES.c.verdict == "hold",
                )
            )
        )
    )


def _free(now: datetime) -> ColumnElement[bool]:
    return and_(
        PUBLICATIONS.c.state == "owed",
        or_(PUBLICATIONS.c.lease_until.is_(None), PUBLICATIONS.c.lease_until <= now),
    )


def _held_by(owner: str) -> ColumnElement[bool]:
    return and_(PUBLICATIONS.c.state == "owed", PUBLICATIONS.c.owner == owner)


def _newer_exists() -> ColumnElement[bool]:
    newer = PUBLICATIONS.alias("newer")
    return exists().where(
        newer.c.story_id == PUBLICATIONS.c.story_id,
        newer.c.destination == PUBLICATIONS.c.destination,
        newer.c.edition > PUBLICATIONS.c.edition,
        newer.c.state.in_(("owed", "made")),
    )


def _held_since() -> ColumnElement[bool]:
    """A publish that was under way when a newer edition was held, and failed: it must not be tried again."""
    return and_(
        PUBLICATIONS.c.act == "publish",
        exists().where(
            COPIES.c.story_id == PUBLICATIONS.c.story_id,
            COPIES.c.edition > PUBLICATIONS.c.edition,
            COPIES.c.verdict == "hold",
        ),
    )


def _older_under_way(now: datetime) -> ColumnElement[bool]:
    older = PUBLICATIONS.alias("older")
    return exists().where(
        older.c.story_id == PUBLICATIONS.c.story_id,
        older.c.destination == PUBLICATIONS.c.destination,
        older.c.edition < PUBLICATIONS.c.edition,
        older.c.state == "owed",
        older.c.lease_until > now,
    )


def _details(ids: Sequence[int]) -> Select[Any]:
    before = PUBLICATIONS.alias("before")
    previous = (
        select(func.max(before.c.edition))
        .where(
            before.c.story_id == PUBLICATIONS.c.story_id,
            before.c.destination == PUBLICATIONS.c.destination,
            before.c.edition < PUBLICATIONS.c.edition,
            before.c.act == "publish",
            before.c.state == "made",
        )
        .scalar_subquery()
    )
    return (
        select(
            PUBLICATIONS,
            COPIES.c.record,
            COPIES.c.rendered,
            COPIES.c.cleaned_at,
            previous.label("previous"),
            REVISIONS.c.number,
            STORIES.c.source,
            STORIES.c.external_id,
        )
        .join(COPIES, PUBLICATIONS.c.copy_id == COPIES.c.id)
        .join(REVISIONS, COPIES.c.revision_id == REVISIONS.c.id)
        .join(STORIES, PUBLICATIONS.c.story_id == STORIES.c.id)
        .where(PUBLICATIONS.c.id.in_(ids))
        .order_by(case((PUBLICATIONS.c.act == "unpublish", 0), else_=1), PUBLICATIONS.c.id)
    )


def _owed(row: AnyRow, ledger: str) -> Owed:
    return Owed(
        id=row.id,
        story=f"{row.source}:{row.external_id}",
        destination=row.destination,
        act=row.act,
        edition=row.edition,
        revision=row.number,
        ledger=ledger,
        idempotency_key=row.idempotency_key,
        attempts=row.attempts,
        record=row.record,
        rendered=row.rendered,
        made_at=row.cleaned_at,
        previous=row.previous,
    )
