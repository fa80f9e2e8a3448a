"""The outbox: what is owed to which destination, claimed by lease, tried until it is made.

Pattern: transactional outbox. The rows are written in the transaction that writes the copy; whoever publishes claims
them, does the act, and only then marks them made. An act may so be done twice, and never not at all: destinations know
an act by its idempotency key and edition.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from flows.ledger.clock import MACHINE, Witness, certain_now, glance
from flows.ledger.embargo import released
from flows.ledger.leases import LONGEST_LEASE, has_run_out
from flows.ledger.opening import id_of, reading
from flows.ledger.tables import COPIES, PUBLICATIONS, REVISIONS, STORIES, AnyRow
from flows.ledger.transactions import transact
from flows.ledger.upsert import insert_into

MOST_ATTEMPTS = 12
"""Of a publish that the destination refuses: about two and a half hours. An unpublish is tried for good: a kill that is given up
leaves its story in public."""
MOST_OUTAGE_ATTEMPTS = 100
"""Of a publish where it is the destination that fails (no answer, 5xx, 429, a disk that is full), and not the story: about a day,
for LONGEST_OUTAGE_DELAY_SECONDS is the longest wait then. A CMS that is down overnight loses nothing."""
FIRST_DELAY_SECONDS = 5.0
LONGEST_DELAY_SECONDS = 3600.0
LONGEST_OUTAGE_DELAY_SECONDS = 900.0
LONGEST_KILL_DELAY_SECONDS = 300.0
"""Of an unpublish that nobody asked to wait: as long as a story that was killed is in public, somebody waits for its end."""
LONGEST_RETRY_AFTER_SECONDS = 86_400.0
"""A destination that wants to be left alone for longer is asked once a day all the same."""
STATES = ("owed", "made", "overtaken", "failed")

Act = Literal["publish", "unpublish", "hold"]
"""``hold`` tells a destination that wants to hear of it that a story is held. It takes nothing down, and nothing waits for it."""

# A newer edition of such a verdict keeps older ones back: what of them is not public yet stays so.
KEEPS_BACK = ("hold", "embargo", "drop")
_UNKNOWN_END = "It was tried before; how that ended is not known."
_NO_END = f"Tried {MOST_ATTEMPTS} times; each time the run ended before it was made."
# A person who cleans a story again after a destination was given up wants it tried again.
# That it was tried before is to be known all the same: what a try left behind may be public (see _was_tried).
TRIED_AGAIN: dict[str, Any] = {
    "state": "owed",
    "attempts": 0,
    "error": case(
        (
            PUBLICATIONS.c.attempts > 0,
            func.coalesce(PUBLICATIONS.c.error, _UNKNOWN_END),
        ),
        else_=PUBLICATIONS.c.error,
    ),
}
# As words in the statement, not as a parameter: SQLite takes a partial index only where it can read that it fits.
_OWED = PUBLICATIONS.c.state == literal_column("'owed'")
# A waiting time beyond these was measured while the clock was ahead, and is over now that it was set back.
_LONGEST_WAIT = timedelta(seconds=max(LONGEST_RETRY_AFTER_SECONDS, 1.5 * LONGEST_DELAY_SECONDS))


@dataclass(frozen=True, slots=True)
class Owed:
    """One act that is owed to one destination: publish this edition, take the story down, or hear that it is held.

    ``story`` is the story's key in the ledger (``source:id``). Of two editions of one ``ledger`` the higher is the newer. ``made_at`` is when
    this edition was made, or when the embargo ended that kept it back, ``previous`` the edition that this destination published before.
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


class Failure(NamedTuple):
    """An attempt that failed. ``retry_after``: the seconds that the destination asked to be left alone, if it did; ``final``: it said
    that it never will (a subscriber's 410). ``tried``: it was asked at all; what was not is no attempt. ``outage``: it is the
    destination that fails, and not the story."""

    error: str
    retry_after: float = 0.0
    final: bool = False
    tried: bool = True
    outage: bool = False


class Edition(NamedTuple):
    """What is owed: an edition of a story in the ledger. ``key`` is ``source:id``, ``digest`` the hash of what a reader gets."""

    key: str
    story_id: int
    copy_id: int
    number: int
    digest: str


def claim_owed(
    engine: Engine,
    owner: str,
    *,
    now: datetime,
    limit: int = 50,
    lease_seconds: float = 600,
    destinations: Collection[str] | None = None,
    acts: Collection[Act] | None = None,
    witness: Witness = MACHINE,
) -> list[Owed]:
    """Claim acts that are due: withdrawals first, then the oldest. ``destinations`` and ``acts`` narrow to these.

    An act is not claimed while an older one of the same story is under way at the same destination, and never once a
    newer one is owed or made there, nor is a publish once a newer edition is held: it is then ``overtaken``. A withdrawal is
    not: no copy overtakes it, and none is claimed before it is made (see ``_older_first``). A publish under embargo is not
    claimed before the embargo is over beyond doubt (see ``flows.ledger.clock``). Raises ValueError for a lease longer than
    LONGEST_LEASE.
    """
    if timedelta(seconds=lease_seconds) > LONGEST_LEASE:
        raise ValueError(f"a lease of {lease_seconds:.0f} s is longer than {LONGEST_LEASE}")
    statement = _claim(destinations is not None, acts is not None)
    given: dict[str, Any] = {"me": owner, "until": now + timedelta(seconds=lease_seconds)}
    if destinations is not None:
        given["destinations"] = list(destinations)
    if acts is not None:
        given["acts"] = list(acts)

    def work(connection: Connection) -> list[int]:
        given.update(_when(now, _embargoes_end(connection, now, witness))._asdict())
        claimed: list[int] = []
        while len(claimed) < limit:
            wanted = limit - len(claimed)
            seen = connection.execute(statement, {**given, "most": wanted}).all()
            claimed += [row.id for row in seen if row.state == "owed"]
            if len(seen) < wanted:
                break
        return claimed

    claimed = transact(engine, work)
    if not claimed:
        return []
    # Read when the claim is written: on SQLite a sender would wait for it, and what an edition says never changes.
    with reading(engine) as connection:
        ledger = id_of(connection)
        return [_owed(row, ledger) for row in connection.execute(_DETAILS, {"ids": claimed})]


def due_acts(engine: Engine, now: datetime) -> set[tuple[str, Act]]:
    """Destinations and what is due there, as far as a look can tell: what is not among it need not be claimed.

    It keeps no sender waiting, as a claim does. What is due at the end of an embargo is told by the wall clock; the claim knows better.
    """
    with reading(engine) as connection:
        rows = connection.execute(_DUE, _when(now, now)._asdict())
        return {(row.destination, row.act) for row in rows}


def end_holds(engine: Engine, destinations: Collection[str], now: datetime) -> int:
    """News of holds that wait for these destinations, which do not want to hear of holds any more: they are overtaken; how many.

    Else they would be due for good, and looked for by every publisher.
    """
    unheard = and_(
        PUBLICATIONS.c.destination.in_(destinations), PUBLICATIONS.c.act == "hold", _free(_when(now, now))
    )
    statement = update(PUBLICATIONS).where(unheard).values(state="overtaken", owner=None, lease_until=None)
    return transact(engine, lambda connection: connection.execute(statement).rowcount)


def made(engine: Engine, owner: str, receipts: Mapping[int, Mapping[str, Any]], now: datetime) -> int:
    """Mark acts as made, in one transaction; how many of them ``owner`` still held.

    ``receipts``: for each act's id what its destination says that it did, as JSON values.
    """
    if not receipts:
        return 0
    statement = (
        update(PUBLICATIONS)
        .where(PUBLICATIONS.c.id == bindparam("act_id"), _held_by(owner))
        .values(
            state="made",
            # After somebody had it tried again attempts are counted anew; that there were others is not to be forgotten.
            attempts=case(
                (and_(PUBLICATIONS.c.attempts == 1, PUBLICATIONS.c.error.is_not(None)), 2),
                else_=PUBLICATIONS.c.attempts,
            ),
            made_at=now,
            receipt=bindparam("said", type_=PUBLICATIONS.c.receipt.type),
            owner=None,
            lease_until=None,
            error=None,
        )
    )
    # In order, as everyone locks them.
    rows = [{"act_id": id, "said": dict(receipt)} for id, receipt in sorted(receipts.items())]
    return transact(engine, lambda connection: connection.execute(statement, rows).rowcount)


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
    """As ``failed_each``, for one act: when the next attempt is due, or None."""
    return failed_each(engine, owner, {id: Failure(error, retry_after)}, now, jitter=jitter).get(id)


def failed_each(
    engine: Engine,
    owner: str,
    failures: Mapping[int, Failure],
    now: datetime,
    *,
    jitter: Callable[[], float] = random.random,
) -> dict[int, datetime | None]:
    """Attempts failed: for each act's id when the next is due, or None where it was given up. An act that ``owner`` does not hold any
    more is not among them: it is another's.

    The wait doubles from FIRST_DELAY_SECONDS up to LONGEST_DELAY_SECONDS (of an outage LONGEST_OUTAGE_DELAY_SECONDS) and is spread
    by half to one and a half, so that a destination that comes back is not met by everyone at once; ``retry_after`` is its own wish.
    A publish is given up after MOST_ATTEMPTS, and where it is the destination that fails after MOST_OUTAGE_ATTEMPTS. An unpublish is
    never given up, and waits no longer than LONGEST_KILL_DELAY_SECONDS, or LONGEST_DELAY_SECONDS where it was asked to. What was not
    tried gets its attempt back, and waits as for the first time.
    """
    spread = {id: 0.5 + jitter() for id in sorted(failures)}

    def work(connection: Connection) -> dict[int, datetime | None]:
        due: dict[int, datetime | None] = {}
        mine = connection.execute(
            select(PUBLICATIONS.c.id, PUBLICATIONS.c.act, PUBLICATIONS.c.attempts, PUBLICATIONS.c.error)
            .where(PUBLICATIONS.c.id.in_(failures), _held_by(owner))
            .order_by(PUBLICATIONS.c.id)
            .with_for_update()
        ).all()
        rows = []
        for row in mine:
            failure = failures[row.id]
            gives_up = _is_given_up(row, failure)
            moment = now + timedelta(seconds=_wait(row, failure, spread[row.id]))
            due[row.id] = None if gives_up else moment
            rows.append(
                {
                    "act_id": row.id,
                    "to": "failed" if gives_up else "owed",
                    "due": moment,
                    # Whether an act was ever tried is told by its error, too (see _was_tried).
                    "said": failure.error if failure.tried else row.error,
                    "tries": row.attempts if failure.tried else max(0, row.attempts - 1),
                }
            )
        if rows:
            connection.execute(
                update(PUBLICATIONS)
                .where(PUBLICATIONS.c.id == bindparam("act_id"))
                .values(
                    state=bindparam("to"),
                    attempts=bindparam("tries"),
                    next_attempt_at=bindparam("due", type_=PUBLICATIONS.c.next_attempt_at.type),
                    error=bindparam("said", type_=PUBLICATIONS.c.error.type),
                    owner=None,
                    lease_until=None,
                ),
                rows,
            )
        return due

    return transact(engine, work)


def _is_given_up(row: AnyRow, failure: Failure) -> bool:
    if row.act == "unpublish" or not failure.tried:
        return False
    most = max(MOST_ATTEMPTS, MOST_OUTAGE_ATTEMPTS) if failure.outage else MOST_ATTEMPTS
    return failure.final or row.attempts >= most


def _wait(row: AnyRow, failure: Failure, spread: float) -> float:
    """The seconds until the next attempt."""
    is_kill = row.act == "unpublish"
    longest = LONGEST_DELAY_SECONDS if is_kill else LONGEST_RETRY_AFTER_SECONDS
    asked = min(failure.retry_after, longest) if math.isfinite(failure.retry_after) else 0.0
    if not failure.tried:
        # Whether the destination is left alone is told by its standing; that does not keep a kill back.
        return max(asked if is_kill else 0.0, FIRST_DELAY_SECONDS * spread)
    delay = delay_seconds(row.attempts)
    if is_kill:
        delay = min(delay, LONGEST_KILL_DELAY_SECONDS)
    elif failure.outage:
        delay = min(delay, LONGEST_OUTAGE_DELAY_SECONDS)
    return min(_LONGEST_WAIT.total_seconds(), max(asked, delay * spread))


def delay_seconds(attempts: int) -> float:
    """The wait after so many attempts, before it is spread.

    >>> [delay_seconds(attempts) for attempts in (1, 2, 3, 12, 5000)]
    [5.0, 10.0, 20.0, 3600.0, 3600.0]
    """
    # No further than the powers of two of a float go: a kill is tried for weeks.
    return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (min(attempts, 64) - 1))


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
    edition: Edition,
    destinations: Sequence[str],
    now: datetime,
    *,
    first: bool,
    not_before: datetime | None = None,
    witness: Witness = MACHINE,
    in_place: Collection[str] = (),
    saved: bool = False,
) -> tuple[str, ...]:
    """Inside the recording transaction: owe this edition to those destinations that do not have its content.

    Of a ``first`` edition, as most are, nothing is owed yet that would have to be looked at. ``not_before`` is the end of an
    embargo: until then nothing older goes out either, and what is public stays. At destinations ``in_place`` stands what an
    editor saved last, whatever we do there. Where this edition was ``saved`` so just now it is owed once more even if they
    have its content: it was written over there.
    """
    if not_before is not None:
        certain_now(connection, now, witness)  # the clock is watched from here on
        _overtake(connection, edition, None, now, act="publish")
    if first and destinations:
        rows = [_publication(edition, name, "publish", now, not_before) for name in destinations]
        connection.execute(PUBLICATIONS.insert(), rows)
        return tuple(destinations)
    return tuple(
        name
        for name in destinations
        if _owe_one(
            connection,
            edition,
            name,
            now,
            not_before,
            in_place=name in in_place,
            anew=saved and name in in_place,
        )
    )


def owe_first(
    connection: Connection, editions: Iterable[tuple[Edition, Sequence[str]]], now: datetime
) -> None:
    """Inside the recording transaction: owe first editions of stories, each to its destinations. ``owe_copy`` for many at once."""
    rows = [
        _publication(edition, name, "publish", now, None) for edition, names in editions for name in names
    ]
    if rows:
        connection.execute(_NEW_PUBLICATION, rows)


_NEW_PUBLICATION = PUBLICATIONS.insert()


def owe_withdrawal(connection: Connection, edition: Edition, now: datetime) -> tuple[str, ...]:
    """Inside the recording transaction: owe an unpublish wherever the story is, or may be, in public, and wherever somebody
    has heard that it is held."""
    history = _history(connection, edition.story_id)
    _overtake(connection, edition, tuple(history), now)
    return tuple(
        destination
        for destination, rows in history.items()
        if (_may_be_public(rows) or _knows_of_hold(rows))
        and _insert(connection, edition, destination, "unpublish", now)
    )


def owe_silence(
    connection: Connection, edition: Edition, now: datetime, tell: Sequence[str] = ()
) -> tuple[str, ...]:
    """Inside the recording transaction: the story is held, so no older edition goes out any more.

    What is public stays, except where a kill came before and has not taken it down: there an unpublish is owed, still or again.
    ``tell`` are the destinations that want to hear that the story is held.
    """
    _overtake(connection, edition, None, now, act="publish")
    history = _history(connection, edition.story_id)
    down = tuple(
        destination
        for destination, rows in history.items()
        if _kill_is_open(rows)
        and not any(row.act == "unpublish" and row.state == "owed" for row in rows)
        and _may_be_public(rows)
        and _insert(connection, edition, destination, "unpublish", now)
    )
    return down + tuple(
        name
        for name in tell
        # One row for an edition and a destination: where it takes the story down, that is what is to be heard.
        if not _kill_is_open(history.get(name, ()))
        and not _heard_of_hold(history.get(name, ()), edition)
        and _insert(connection, edition, name, "hold", now)
    )


def open_kills_of(connection: Connection, story_id: int) -> tuple[str, ...]:
    """Inside the recording transaction: the destinations where a story was killed and may be public still."""
    return tuple(
        destination
        for destination, rows in _history(connection, story_id).items()
        if _kill_is_open(rows) and _may_be_public(rows)
    )


def _owe_one(
    connection: Connection,
    edition: Edition,
    destination: str,
    now: datetime,
    not_before: datetime | None,
    *,
    in_place: bool,
    anew: bool,
) -> bool:
    last = connection.execute(
        select(PUBLICATIONS)
        .where(
            PUBLICATIONS.c.story_id == edition.story_id,
            PUBLICATIONS.c.destination == destination,
            # An overtaken act that was tried may have been done: what it left is what lies there. That a story is held was
            # heard once it was tried.
            or_(and_(PUBLICATIONS.c.state != "overtaken", PUBLICATIONS.c.act != "hold"), tried_before()),
        )
        .order_by(PUBLICATIONS.c.edition.desc())
        .limit(1)
    ).first()
    _overtake(connection, edition, (destination,), now, act="hold")
    if (
        last is not None
        and last.act == "publish"
        and last.content_hash == edition.digest
        and (
            last.state == "made"
            or (
                last.state != "overtaken"
                and last.not_before == not_before
                and not _was_kept_back_after(connection, last)
            )
        )
    ):
        if last.state != "failed" and not (anew and last.state == "made"):
            return False
        if last.state == "failed" or last.edition == edition.number:
            connection.execute(
                update(PUBLICATIONS)
                .where(PUBLICATIONS.c.id == last.id)
                .values({**TRIED_AGAIN, "next_attempt_at": now})
            )
            return True
    # A kill is not overtaken by a copy that may be refused: what it takes down would stay in public, and nobody would know. Where a
    # story is cleaned in place it is not there any more: an editor has saved another version over it, which is not to be taken down.
    _overtake(connection, edition, (destination,), now, act=None if in_place else "publish")
    return _insert(connection, edition, destination, "publish", now, not_before)


def _insert(
    connection: Connection,
    edition: Edition,
    destination: str,
    act: Act,
    now: datetime,
    not_before: datetime | None = None,
) -> bool:
    inserted = connection.execute(
        insert_into(connection, PUBLICATIONS)
        .values(_publication(edition, destination, act, now, not_before))
        .on_conflict_do_update(
            index_elements=["story_id", "edition", "destination"],
            set_={**TRIED_AGAIN, "next_attempt_at": now},
            where=or_(
                PUBLICATIONS.c.state == "failed",
                # A kill that is sent again does not wait for the end of an hour.
                and_(
                    PUBLICATIONS.c.state == "owed",
                    PUBLICATIONS.c.act == "unpublish",
                    PUBLICATIONS.c.attempts > 0,
                    PUBLICATIONS.c.lease_until.is_(None),
                ),
            ),
        )
        .returning(PUBLICATIONS.c.id)
    )
    return inserted.first() is not None


def _publication(
    edition: Edition, destination: str, act: Act, now: datetime, not_before: datetime | None
) -> dict[str, Any]:
    return {
        "story_id": edition.story_id,
        "copy_id": edition.copy_id,
        "edition": edition.number,
        "destination": destination,
        "act": act,
        "content_hash": edition.digest,
        "idempotency_key": sha256(
            "\n".join((edition.key, str(edition.number), edition.digest, destination, act)).encode()
        ).hexdigest(),
        "state": "owed",
        "attempts": 0,
        "next_attempt_at": now,
        "not_before": not_before,
        "owed_at": now,
    }


def _overtake(
    connection: Connection,
    edition: Edition,
    destinations: Sequence[str] | None,
    now: datetime,
    act: Act | None = None,
) -> None:
    """Older acts that nobody is at are pointless now; one that is under way is waited for by ``claim_owed``.

    At these destinations, or all; ``act`` narrows to acts of this kind.
    """
    older = and_(
        PUBLICATIONS.c.story_id == edition.story_id,
        PUBLICATIONS.c.edition < edition.number,
        _free(_when(now, now)),
    )
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


def _was_tried(row: AnyRow) -> bool:
    """Whether an act was ever tried, also before somebody had it tried again: then its attempts are counted anew."""
    return row.attempts > 0 or row.made_at is not None or row.error is not None


def tried_before(acts: FromClause = PUBLICATIONS) -> ColumnElement[bool]:
    """The same, for the database."""
    return or_(acts.c.attempts > 0, acts.c.made_at.is_not(None), acts.c.error.is_not(None))


def _may_be_public(rows: Sequence[AnyRow]) -> bool:
    """Whether a destination's history, the oldest first, may have left the story there.

    A publish that was only tried counts: its answer may have been lost on the way. An unpublish counts once it is made:
    one that is only owed may be overtaken yet.
    """
    public = False
    for row in rows:
        if row.act == "publish" and (row.state == "made" or _was_tried(row)):
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
        elif row.act == "publish" and row.state == "made":
            is_open = False
    return is_open


def _knows_of_hold(rows: Sequence[AnyRow]) -> bool:
    """Whether the last that a destination heard of a story, or may have, is that it is held; the oldest act first."""
    tried = [row for row in rows if row.state == "made" or _was_tried(row)]
    return bool(tried) and tried[-1].act == "hold"


def _heard_of_hold(rows: Sequence[AnyRow], edition: Edition) -> bool:
    """Whether the last that a destination heard, or will hear, of a story is that just this copy of it is held."""
    heard = [row for row in rows if row.state != "overtaken" or _was_tried(row)]
    return (
        bool(heard)
        and heard[-1].act == "hold"
        and heard[-1].state in ("owed", "made")
        and heard[-1].content_hash == edition.digest
    )


def _was_kept_back_after(connection: Connection, row: AnyRow) -> bool:
    return bool(
        connection.scalar(
            select(
                exists().where(
                    COPIES.c.story_id == row.story_id,
                    COPIES.c.edition > row.edition,
                    COPIES.c.verdict.in_(KEEPS_BACK),
                )
            )
        )
    )


class _When(NamedTuple):
    """The times that a claim asks for: values, or the parameters of a statement that is built once.

    ``certain`` is up to when embargoes are over. A lease beyond ``longest_lease`` was given, and a wait beyond ``longest_wait`` was
    measured, while the clock was ahead.
    """

    now: Any
    certain: Any
    longest_lease: Any
    longest_wait: Any


_WHEN = _When(*(bindparam(name, type_=PUBLICATIONS.c.lease_until.type) for name in _When._fields))


def _when(now: datetime, certain: datetime) -> _When:
    return _When(now, certain, now + LONGEST_LEASE, now + _LONGEST_WAIT)


@cache
def _claim(at_destinations: bool, of_acts: bool) -> Any:
    """The claim, one statement: of the first acts that are due those that still have a point get owner and lease; the others
    their end. Built once for each shape: that takes longer than to run it.

    What is pointless is looked for among the first alone: to look through ten thousand for each fifty took longer than to publish them.
    """
    when = _WHEN
    here: list[ColumnElement[bool]] = []
    if at_destinations:
        here.append(PUBLICATIONS.c.destination.in_(bindparam("destinations", expanding=True)))
    if of_acts:
        here.append(PUBLICATIONS.c.act.in_(bindparam("acts", expanding=True)))
    first = (
        select(
            PUBLICATIONS.c.id,
            pointless(when.certain).label("pointless"),
            and_(
                # Each time whoever tried it ended; where it failed, whoever wrote that down has judged it.
                or_(
                    and_(
                        PUBLICATIONS.c.attempts >= MOST_ATTEMPTS,
                        or_(
                            PUBLICATIONS.c.error.is_(None),
                            PUBLICATIONS.c.error.in_((_NO_END, _UNKNOWN_END)),
                        ),
                    ),
                    PUBLICATIONS.c.attempts >= max(MOST_ATTEMPTS, MOST_OUTAGE_ATTEMPTS),
                ),
                PUBLICATIONS.c.act != "unpublish",
            ).label("spent"),
        )
        .where(*here, _free(when), _due(when), ~_older_first(when))
        .order_by(PUBLICATIONS.c.act.desc(), PUBLICATIONS.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("first_due")
    )
    ends = or_(first.c.pointless, first.c.spent)
    return (
        update(PUBLICATIONS)
        .where(PUBLICATIONS.c.id == first.c.id, _free(when))
        .values(
            state=case((first.c.pointless, "overtaken"), (first.c.spent, "failed"), else_="owed"),
            owner=case((ends, null()), else_=bindparam("me", type_=PUBLICATIONS.c.owner.type)),
            lease_until=case((ends, null()), else_=bindparam("until", type_=PUBLICATIONS.c.lease_until.type)),
            attempts=PUBLICATIONS.c.attempts + case((ends, 0), else_=1),
            error=case(
                (
                    and_(first.c.spent, ~first.c.pointless),
                    func.coalesce(PUBLICATIONS.c.error, _NO_END),
                ),
                else_=PUBLICATIONS.c.error,
            ),
        )
        .returning(PUBLICATIONS.c.id, PUBLICATIONS.c.state)
    )


def _embargoes_end(connection: Connection, now: datetime, witness: Witness) -> datetime:
    """Up to when embargoes are over beyond doubt."""
    certain = certain_now(connection, now, witness)
    if not connection.scalar(select(exists().where(_OWED, PUBLICATIONS.c.not_before <= certain))):
        return certain
    says = witness.server(connection)
    return certain if says is None else min(certain, says)


def _due(when: _When) -> ColumnElement[bool]:
    return and_(
        or_(PUBLICATIONS.c.next_attempt_at <= when.now, PUBLICATIONS.c.next_attempt_at > when.longest_wait),
        or_(PUBLICATIONS.c.not_before.is_(None), PUBLICATIONS.c.not_before <= when.certain),
    )


def _free(when: _When) -> ColumnElement[bool]:
    lease = PUBLICATIONS.c.lease_until
    return and_(_OWED, or_(lease.is_(None), has_run_out(lease, when.now, when.longest_lease)))


def _held_by(owner: str) -> ColumnElement[bool]:
    return and_(_OWED, PUBLICATIONS.c.owner == owner)


def pointless(certain: datetime) -> ColumnElement[bool]:
    """Whether an act has been overtaken. ``certain``: up to when embargoes are over."""
    return or_(_newer_exists(certain), _kept_back_since())


def _newer_exists(certain: datetime) -> ColumnElement[bool]:
    """A newer act is owed or made. Neither an embargo that is not over nor the news of a hold makes an older act pointless, nor a
    copy that is not made a kill."""
    newer = PUBLICATIONS.alias("newer")
    return exists().where(
        newer.c.story_id == PUBLICATIONS.c.story_id,
        newer.c.destination == PUBLICATIONS.c.destination,
        newer.c.edition > PUBLICATIONS.c.edition,
        newer.c.state.in_(("owed", "made")),
        or_(newer.c.act != "hold", PUBLICATIONS.c.act == "hold"),
        or_(PUBLICATIONS.c.act != "unpublish", newer.c.act == "unpublish", newer.c.state == "made"),
        or_(newer.c.not_before.is_(None), newer.c.not_before <= certain, newer.c.state == "made"),
    )


def _kept_back_since() -> ColumnElement[bool]:
    """A publish that was under way when a newer edition was held, and failed: it must not be tried again."""
    return and_(
        PUBLICATIONS.c.act == "publish",
        exists().where(
            COPIES.c.story_id == PUBLICATIONS.c.story_id,
            COPIES.c.edition > PUBLICATIONS.c.edition,
            COPIES.c.verdict.in_(KEEPS_BACK),
        ),
    )


def _older_first(when: _When) -> ColumnElement[bool]:
    """An older act there is under way; or it is a kill that is not done, and this is a copy.

    A kill first, and then the copy that came after it: the copy may be refused for good, and what was killed would stay in public. If
    the kill were tried after the copy instead, it might take the copy down: older after newer.
    """
    older = PUBLICATIONS.alias("older")
    # A lease is there only while an act is owed; to say so would lead PostgreSQL to the queue's index, and through all of it for each
    # row (3,000 µs an act at 10,000 owed). OFFSET 0 keeps it from making a join of this: it is to look up one story at a time.
    return exists(
        select(literal(1))
        .where(
            older.c.story_id == PUBLICATIONS.c.story_id,
            older.c.destination == PUBLICATIONS.c.destination,
            older.c.edition < PUBLICATIONS.c.edition,
            or_(
                and_(
                    older.c.lease_until.is_not(None),
                    ~has_run_out(older.c.lease_until, when.now, when.longest_lease),
                    # Nothing waits for the news of a hold.
                    older.c.act != "hold",
                ),
                and_(PUBLICATIONS.c.act == "publish", older.c.act == "unpublish", older.c.state == "owed"),
            ),
        )
        .correlate(PUBLICATIONS)
        .limit(literal_column("1"))
        .offset(literal_column("0"))
    )


def _details() -> Select[Any]:
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
        .where(PUBLICATIONS.c.id.in_(bindparam("ids", expanding=True)))
        .order_by(PUBLICATIONS.c.act.desc(), PUBLICATIONS.c.id)
    )


# Built once, as the claim is.
_DETAILS = _details()
_DUE = select(PUBLICATIONS.c.destination, PUBLICATIONS.c.act).where(_free(_WHEN), _due(_WHEN)).distinct()


def _owed(row: AnyRow, ledger: str) -> Owed:
    # What an embargo kept back is as new as its end: a feed's newest are those that came out last.
    kept_back = row.not_before if row.act == "publish" else None
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
        record=released(row.record) if row.act == "publish" else row.record,
        rendered=row.rendered,
        made_at=row.cleaned_at if kept_back is None else max(row.cleaned_at, kept_back),
        previous=row.previous,
    )


KILL_IS_LEFT_SECONDS, ACT_IS_LEFT_SECONDS = 5.0, 60.0
"""What was owed for the first time is published by whoever cleaned it, in a moment; if it is there after this, it was left lying."""


def acts_wait(
    engine: Engine,
    now: datetime,
    kills_at: Collection[str],
    others_at: Collection[str],
    witness: Witness = MACHINE,
) -> bool:
    """Whether an act is due that nobody is at: tried before and due again, requeued by a person, left lying by a run that ended, or
    kept back by an embargo that is over now.

    Withdrawals are looked for at the destinations ``kills_at``, other acts at ``others_at``. It reads along indexes, and may be asked
    several times a second.
    """
    when = _when(now, now)._asdict() | {
        "kills_at": list(kills_at),
        "others_at": list(others_at),
        "kill_left": now - timedelta(seconds=KILL_IS_LEFT_SECONDS),
        "act_left": now - timedelta(seconds=ACT_IS_LEFT_SECONDS),
    }
    with reading(engine) as connection:
        return (
            connection.execute(_KILL_WAITS, when).first() is not None
            or connection.execute(_ACT_WAITS, when).first() is not None
            or _embargo_is_over(connection, now, others_at, witness)
        )


def _embargo_is_over(connection: Connection, now: datetime, at: Collection[str], witness: Witness) -> bool:
    """Whether one of these destinations is owed what an embargo kept back until now, and nobody has tried it yet."""
    over = and_(
        _OWED,
        PUBLICATIONS.c.not_before <= now,
        PUBLICATIONS.c.attempts == 0,
        PUBLICATIONS.c.destination.in_(at),
    )
    if not connection.scalar(select(exists().where(over))):
        return False
    when = _when(now, glance(connection, now, witness))
    return bool(connection.scalar(select(exists().where(over, _free(when), _due(when), ~_older_first(when)))))


def _waits_for_somebody(names: str, acts: tuple[Act, ...], left: str) -> Any:
    return (
        select(PUBLICATIONS.c.id)
        .where(
            PUBLICATIONS.c.destination.in_(bindparam(names, expanding=True)),
            PUBLICATIONS.c.act.in_(acts),
            or_(
                PUBLICATIONS.c.attempts > 0,
                and_(
                    PUBLICATIONS.c.not_before.is_(None),
                    or_(
                        PUBLICATIONS.c.next_attempt_at > PUBLICATIONS.c.owed_at,
                        PUBLICATIONS.c.owed_at <= bindparam(left, type_=PUBLICATIONS.c.owed_at.type),
                    ),
                ),
            ),
            _free(_WHEN),
            _due(_WHEN),
            ~_older_first(_WHEN),
        )
        .limit(1)
    )


_KILL_WAITS = _waits_for_somebody("kills_at", ("unpublish",), "kill_left")
_ACT_WAITS = _waits_for_somebody("others_at", ("publish", "hold"), "act_left")
