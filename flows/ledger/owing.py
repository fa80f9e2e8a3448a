"""The outbox as a person sees it: what is owed and why it waits, what was given up, which kills are not done; and once more, please."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, Select, and_, case, exists, or_, select, update
from sqlalchemy.sql import ColumnElement

from flows.ledger.leases import LONGEST_LEASE
from flows.ledger.opening import reading
from flows.ledger.outbox import TRIED_AGAIN, Act, pointless, tried_before
from flows.ledger.standing import forget
from flows.ledger.tables import PUBLICATIONS, STORIES, AnyRow
from flows.ledger.transactions import transact

Waits = Literal["due", "under way", "later", "embargo", "kill", "given up"]
"""To be done now; being done; tried, and due again later; due when its embargo is over; due when the kill before it is done there;
given up, for a person."""


@dataclass(frozen=True, slots=True)
class Owing:
    """One act that is owed to a destination, or was given up. ``story`` is its key (``source:id``).

    ``waits`` says what for; ``due_at`` is when it is tried next, None where it was given up, or comes after a kill. ``is_kill``: a
    story that was killed is not down here. ``error`` is what was said when it was tried last.
    """

    id: int
    story: str
    headline: str | None
    destination: str
    act: Act
    edition: int
    waits: Waits
    due_at: datetime | None
    owed_at: datetime
    attempts: int
    error: str | None = None

    @property
    def is_kill(self) -> bool:
        return self.act == "unpublish"


@dataclass(frozen=True, slots=True)
class Embargoed:
    """A story that goes out by itself at ``until``, to these destinations."""

    story: str
    headline: str | None
    until: datetime
    destinations: tuple[str, ...]


class HalfOut(NamedTuple):
    """A story of which an edition may be half out at a destination, beside the edition before it. ``error`` is what its last try said."""

    story: str
    headline: str | None
    destination: str
    edition: int
    error: str | None


class TriedAgain(NamedTuple):
    """Acts that are due again (their ids), and for others why not, in sentences."""

    ids: tuple[int, ...]
    refused: tuple[str, ...] = ()


def owing(
    engine: Engine,
    now: datetime,
    *,
    ids: Collection[int] | None = None,
    destination: str | None = None,
    story: str | None = None,
    act: Act | None = None,
    limit: int | None = None,
) -> list[Owing]:
    """What is owed or given up, open kills first, then what was given up, then in the order in which it is worked off.

    ``story`` is a key (``source:id``), a source's id or a URL.
    """
    query = (
        _lines()
        .where(PUBLICATIONS.c.state.in_(("owed", "failed")))
        .order_by(
            case((PUBLICATIONS.c.act == "unpublish", 0), (PUBLICATIONS.c.state == "failed", 1), else_=2),
            PUBLICATIONS.c.id,
        )
        .limit(limit)
    )
    if ids is not None:
        query = query.where(PUBLICATIONS.c.id.in_(ids))
    if destination is not None:
        query = query.where(PUBLICATIONS.c.destination == destination)
    if act is not None:
        query = query.where(PUBLICATIONS.c.act == act)
    if story is not None:
        query = query.where(_is_story(story))
    with reading(engine) as connection:
        return [_owing(row, now) for row in connection.execute(query)]


def open_kills(engine: Engine, now: datetime) -> list[Owing]:
    """Where a story that was killed is not down yet: a kill is complete when each destination has confirmed it."""
    return owing(engine, now, act="unpublish")


def embargoes(engine: Engine, now: datetime) -> list[Embargoed]:
    """The stories whose embargo is not over, the next to end first."""
    query = (
        select(
            STORIES.c.source,
            STORIES.c.external_id,
            STORIES.c.headline,
            PUBLICATIONS.c.not_before,
            PUBLICATIONS.c.destination,
        )
        .join(STORIES, STORIES.c.id == PUBLICATIONS.c.story_id)
        .where(PUBLICATIONS.c.state == "owed", PUBLICATIONS.c.not_before > now)
        .order_by(PUBLICATIONS.c.not_before, PUBLICATIONS.c.id)
    )
    found: dict[tuple[str, datetime], Embargoed] = {}
    with reading(engine) as connection:
        for row in connection.execute(query):
            key = f"{row.source}:{row.external_id}"
            before = found.get((key, row.not_before))
            names = (*(before.destinations if before else ()), row.destination)
            found[key, row.not_before] = Embargoed(key, row.headline, row.not_before, names)
    return list(found.values())


def half_out(engine: Engine, *, destination: str | None = None, story: str | None = None) -> list[HalfOut]:
    """Where an edition was tried, and was held before it was made, over one that is public: what the try left stays as it is.

    It must not be finished: nobody here knows whether any of it is public, and finishing would make it so. The next edition tidies up,
    or a kill. ``story`` is as in ``owing``.
    """
    older, newer = PUBLICATIONS.alias("older"), PUBLICATIONS.alias("newer")

    def of_the_same(acts: Any) -> Any:
        return and_(
            acts.c.story_id == PUBLICATIONS.c.story_id, acts.c.destination == PUBLICATIONS.c.destination
        )

    query = (
        _lines()
        .where(
            PUBLICATIONS.c.state == "overtaken",
            PUBLICATIONS.c.act == "publish",
            tried_before(),
            exists().where(
                of_the_same(older),
                older.c.edition < PUBLICATIONS.c.edition,
                older.c.act == "publish",
                older.c.state == "made",
            ),
            ~exists().where(
                of_the_same(newer),
                newer.c.edition > PUBLICATIONS.c.edition,
                newer.c.act != "hold",
                newer.c.state != "overtaken",
            ),
        )
        .order_by(PUBLICATIONS.c.id)
    )
    if destination is not None:
        query = query.where(PUBLICATIONS.c.destination == destination)
    if story is not None:
        query = query.where(_is_story(story))
    with reading(engine) as connection:
        return [
            HalfOut(f"{row.source}:{row.external_id}", row.headline, row.destination, row.edition, row.error)
            for row in connection.execute(query)
        ]


def _is_story(name: str) -> ColumnElement[bool]:
    key = STORIES.c.source + ":" + STORIES.c.external_id
    return or_(key == name, STORIES.c.external_id == name, STORIES.c.url == name)


def try_again(
    engine: Engine, now: datetime, *, ids: Collection[int] | None = None, destination: str | None = None
) -> TriedAgain:
    """Have acts tried again at once, with all their attempts before them, also where the destination rests.

    Those of these ``ids``, whether they were given up or wait for their next attempt; else all that were given up, everywhere
    or at ``destination``. An embargo is waited for all the same. What a newer edition has overtaken stays where it is.
    """
    wanted = PUBLICATIONS.c.state == "failed" if ids is None else PUBLICATIONS.c.id.in_(ids)
    if destination is not None:
        wanted = and_(wanted, PUBLICATIONS.c.destination == destination)
    query = _lines().add_columns(pointless(now).label("pointless")).where(wanted).order_by(PUBLICATIONS.c.id)

    def work(connection: Connection) -> TriedAgain:
        rows = connection.execute(query.with_for_update(of=PUBLICATIONS)).all()
        refusals = {row.id: _refusal(row, now) for row in rows}
        again = [id for id, refusal in refusals.items() if refusal is None]
        if again:
            connection.execute(
                update(PUBLICATIONS)
                .where(PUBLICATIONS.c.id.in_(again))
                .values({**TRIED_AGAIN, "next_attempt_at": now, "owner": None, "lease_until": None})
            )
            forget(connection, {row.destination for row in rows if row.id in set(again)})
        unknown = sorted(set(ids or ()) - refusals.keys())
        told = [f"{id}: there is no such act in the outbox" for id in unknown]
        return TriedAgain(tuple(again), tuple(told + [one for one in refusals.values() if one is not None]))

    return transact(engine, work)


def _lines() -> Select[Any]:
    kill = PUBLICATIONS.alias("kill")
    after_kill = exists().where(
        PUBLICATIONS.c.act == "publish",
        kill.c.story_id == PUBLICATIONS.c.story_id,
        kill.c.destination == PUBLICATIONS.c.destination,
        kill.c.edition < PUBLICATIONS.c.edition,
        kill.c.act == "unpublish",
        kill.c.state == "owed",
    )
    return select(
        PUBLICATIONS.c.id,
        PUBLICATIONS.c.destination,
        PUBLICATIONS.c.act,
        PUBLICATIONS.c.edition,
        PUBLICATIONS.c.state,
        PUBLICATIONS.c.attempts,
        PUBLICATIONS.c.lease_until,
        PUBLICATIONS.c.next_attempt_at,
        PUBLICATIONS.c.not_before,
        PUBLICATIONS.c.owed_at,
        PUBLICATIONS.c.error,
        STORIES.c.source,
        STORIES.c.external_id,
        STORIES.c.headline,
        after_kill.label("after_kill"),
    ).join(STORIES, STORIES.c.id == PUBLICATIONS.c.story_id)


def _owing(row: AnyRow, now: datetime) -> Owing:
    waits, due_at = _waits(row, now)
    return Owing(
        row.id,
        f"{row.source}:{row.external_id}",
        row.headline,
        row.destination,
        row.act,
        row.edition,
        waits,
        due_at,
        row.owed_at,
        row.attempts,
        row.error,
    )


def _waits(row: AnyRow, now: datetime) -> tuple[Waits, datetime | None]:
    if row.state == "failed":
        return "given up", None
    if _is_under_way(row, now):
        return "under way", row.lease_until
    if row.not_before is not None and row.not_before > now:
        return "embargo", row.not_before
    if row.after_kill:
        return "kill", None
    return ("later" if row.next_attempt_at > now else "due"), row.next_attempt_at


def _is_under_way(row: AnyRow, now: datetime) -> bool:
    until: datetime | None = row.lease_until
    return until is not None and now < until <= now + LONGEST_LEASE


def _refusal(row: AnyRow, now: datetime) -> str | None:
    what = (
        f"{row.id}: {row.act} of {row.source}:{row.external_id}, edition {row.edition}, at {row.destination}"
    )
    if row.state == "made":
        return f"{what} is done"
    if row.state == "overtaken" or row.pointless:
        return f"{what} was overtaken: a newer edition was owed there, or is held"
    if _is_under_way(row, now):
        return f"{what} is under way at this moment"
    return None
