"""What cleaning made of a story: its editions with their removals, and what is owed to destinations because of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, and_, func, or_, select, update

from flows.ledger.inbox import Arrival, finish
from flows.ledger.opening import reading
from flows.ledger.outbox import owe_copy, owe_silence, owe_withdrawal
from flows.ledger.outcome import Outcome
from flows.ledger.raws import restore
from flows.ledger.tables import COPIES, INBOX, RAWS, REMOVALS, REVISIONS, STORIES, AnyRow
from flows.ledger.transactions import transact

DestinationsOf = Callable[[str, tuple[str, ...] | None], Iterable[str]]
"""(source, the arrival's own wish or None) → names of destinations."""

# What a reader gets. The explanation (removed, reasons, ruleset) is not part of it: a new rule that
# changes no word of a story publishes nothing.
_COPY_KEYS = (
    "id",
    "url",
    "publisher",
    "headline",
    "standfirst",
    "section",
    "byline",
    "published",
    "language",
    "pictures",
    "text",
    "html",
)


class Recorded(NamedTuple):
    """What the ledger did with an outcome.

    ``state``: ``done``; ``failed``; ``lost`` (another worker has the row: nothing was written); ``overtaken`` (a newer
    revision of the story is cleaned already: this one is done, without a copy). ``changed`` says whether there is a new
    edition; ``owed`` are the destinations that something is newly owed to.
    """

    inbox_id: int
    state: Literal["done", "failed", "lost", "overtaken"]
    edition: int | None = None
    changed: bool = False
    owed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories; conditions are joined by *and*, an empty one does not count.

    ``ids`` are the sources' ids or URLs. ``since``: the newest revision arrived then or later. ``only_failed``: the
    newest attempt to clean it failed. ``only_held``: its newest edition is held.
    """

    source: str | None = None
    publisher: str | None = None
    ids: tuple[str, ...] = ()
    since: datetime | None = None
    only_failed: bool = False
    only_held: bool = False


def record_outcomes(
    engine: Engine, owner: str, outcomes: Sequence[Outcome], destinations_of: DestinationsOf, now: datetime
) -> list[Recorded]:
    """Write outcomes down, all in ONE transaction: copy, removals, publications owed, inbox row done (or failed).

    Nothing is written for a row that ``owner`` does not hold any more. The same revision cleaned to the same copy by the
    same rules is no new edition, and a copy that a destination has (or is owed) already is not owed again.
    """
    if not outcomes:
        return []

    def work(connection: Connection) -> list[Recorded]:
        works = _works(connection, [outcome.inbox_id for outcome in outcomes])
        return [
            _record(connection, owner, outcome, works.get(outcome.inbox_id), destinations_of, now)
            for outcome in sorted(outcomes, key=lambda outcome: outcome.inbox_id)
        ]

    return transact(engine, work)


def content_hash(outcome: Outcome) -> str:
    """The hash of what a reader of the copy gets."""
    record = outcome.record or {}
    content = [{key: record.get(key) for key in _COPY_KEYS}, dict(outcome.rendered)]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def select_raws(engine: Engine, wanted: StoryFilter) -> list[Arrival]:
    """The newest revision of each story that the filter lets through, as arrivals.

    To clean them again, send them through ``inbox.again``: the inbox takes known content for a duplicate.
    """
    newest = (
        select(REVISIONS.c.story_id, func.max(REVISIONS.c.number).label("number"))
        .group_by(REVISIONS.c.story_id)
        .subquery()
    )
    query = (
        select(
            STORIES.c.source,
            STORIES.c.external_id,
            RAWS.c.form,
            RAWS.c.kept_as,
            RAWS.c.content,
            RAWS.c.given,
        )
        .join(newest, newest.c.story_id == STORIES.c.id)
        .join(
            REVISIONS,
            and_(REVISIONS.c.story_id == STORIES.c.id, REVISIONS.c.number == newest.c.number),
        )
        .join(RAWS, RAWS.c.hash == REVISIONS.c.raw_hash)
        .order_by(STORIES.c.id)
    )
    if wanted.source:
        query = query.where(STORIES.c.source == wanted.source)
    if wanted.publisher:
        query = query.where(STORIES.c.publisher == wanted.publisher)
    if wanted.ids:
        query = query.where(or_(STORIES.c.external_id.in_(wanted.ids), STORIES.c.url.in_(wanted.ids)))
    if wanted.since:
        query = query.where(REVISIONS.c.arrived_at >= wanted.since)
    if wanted.only_failed:
        tries = INBOX.alias("tries")
        last = select(func.max(tries.c.id)).where(tries.c.revision_id == REVISIONS.c.id).scalar_subquery()
        query = query.join(INBOX, INBOX.c.id == last).where(INBOX.c.state == "failed")
    if wanted.only_held:
        query = query.where(STORIES.c.verdict == "hold")
    with reading(engine) as connection:
        return [
            Arrival(
                raw=restore(row.external_id, row.form, row.kept_as, row.content, row.given),
                source=row.source,
                external_id=row.external_id,
            )
            for row in connection.execute(query)
        ]


def newest_record(engine: Engine, source: str, external_id: str) -> dict[str, Any] | None:
    """The record of a story's newest edition, as it was cleaned; None: there is no such story, or it is not cleaned yet."""
    query = (
        select(COPIES.c.record)
        .join(STORIES, STORIES.c.id == COPIES.c.story_id)
        .where(STORIES.c.source == source, STORIES.c.external_id == external_id)
        .order_by(COPIES.c.edition.desc())
        .limit(1)
    )
    with reading(engine) as connection:
        found: dict[str, Any] | None = connection.execute(query).scalar()
        return found


def _works(connection: Connection, ids: Sequence[int]) -> dict[int, AnyRow]:
    """For each inbox row its story and revision; the stories are locked, in one order, so that no two wait for each other."""
    found = connection.execute(
        select(
            INBOX.c.id,
            INBOX.c.source,
            INBOX.c.destinations,
            REVISIONS.c.id.label("revision_id"),
            REVISIONS.c.number,
            STORIES.c.id.label("story_id"),
            STORIES.c.external_id,
        )
        .join(REVISIONS, INBOX.c.revision_id == REVISIONS.c.id)
        .join(STORIES, REVISIONS.c.story_id == STORIES.c.id)
        .where(INBOX.c.id.in_(ids))
        .order_by(STORIES.c.id)
        .with_for_update(of=STORIES)
    )
    return {row.id: row for row in found}


def _record(
    connection: Connection,
    owner: str,
    outcome: Outcome,
    work: AnyRow | None,
    destinations_of: DestinationsOf,
    now: datetime,
) -> Recorded:
    record = outcome.record
    error = outcome.error or (None if record else "Cleaning gave neither a record nor an error.")
    if work is None or not finish(connection, owner, outcome.inbox_id, now, error):
        return Recorded(outcome.inbox_id, "lost")
    if error or record is None:
        return Recorded(outcome.inbox_id, "failed")
    digest = content_hash(outcome)
    newest = _newest_copy(connection, work.story_id)
    if newest is not None and newest.number > work.number:
        return Recorded(outcome.inbox_id, "overtaken")
    changed = newest is None or (
        newest.revision_id,
        newest.content_hash,
        newest.ruleset,
        newest.verdict,
    ) != (work.revision_id, digest, record["ruleset"], record["verdict"])
    if newest is None or changed:
        edition = 1 if newest is None else newest.edition + 1
        copy_id = _write_copy(connection, outcome, record, work, edition, digest, now)
    else:
        edition, copy_id = newest.edition, newest.id
    story = f"{work.source}:{work.external_id}"
    owed: tuple[str, ...] = ()
    if record["verdict"] == "publish":
        names = tuple(dict.fromkeys(destinations_of(work.source, _tuple(work.destinations))))
        owed = owe_copy(
            connection, story, work.story_id, copy_id, edition, digest, names, now, first=newest is None
        )
    elif record["verdict"] == "kill":
        owed = owe_withdrawal(connection, story, work.story_id, copy_id, edition, digest, now)
    elif record["verdict"] == "hold":
        owed = owe_silence(connection, story, work.story_id, copy_id, edition, digest, now)
    return Recorded(outcome.inbox_id, "done", edition, changed, owed)


def _newest_copy(connection: Connection, story_id: int) -> AnyRow | None:
    return connection.execute(
        select(
            COPIES.c.id,
            COPIES.c.edition,
            COPIES.c.revision_id,
            COPIES.c.content_hash,
            COPIES.c.ruleset,
            COPIES.c.verdict,
            REVISIONS.c.number,
        )
        .join(REVISIONS, COPIES.c.revision_id == REVISIONS.c.id)
        .where(COPIES.c.story_id == story_id)
        .order_by(COPIES.c.edition.desc())
        .limit(1)
    ).first()


def _write_copy(
    connection: Connection,
    outcome: Outcome,
    record: dict[str, Any],
    work: AnyRow,
    edition: int,
    digest: str,
    now: datetime,
) -> int:
    copy_id: int = connection.execute(
        COPIES.insert().returning(COPIES.c.id),
        {
            "story_id": work.story_id,
            "revision_id": work.revision_id,
            "edition": edition,
            "verdict": record["verdict"],
            "reasons": list(record["reasons"]),
            "ruleset": record["ruleset"],
            "content_hash": digest,
            "record": record,
            "rendered": dict(outcome.rendered),
            "seconds": f"{outcome.seconds:.6f}",
            "cleaned_at": now,
        },
    ).scalar_one()
    removed = [
        {
            "copy_id": copy_id,
            "position": position,
            "block": one["block"],
            "starts_at": one["start"],
            "ends_at": one["end"],
            "text": one["text"],
            "action": one["action"],
            "field": one["field"],
            "rule": (one["rules"] or ["unknown"])[0],
            "rules": list(one["rules"]),
            "why": one["why"],
        }
        for position, one in enumerate(record["removed"])
    ]
    if removed:
        connection.execute(REMOVALS.insert(), removed)
    known = {"headline": record["headline"], "publisher": record["publisher"], "url": record["url"]}
    connection.execute(
        update(STORIES)
        .where(STORIES.c.id == work.story_id)
        .values(verdict=record["verdict"], **{name: value for name, value in known.items() if value})
    )
    return copy_id


def _tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
