"""What cleaning made of a story: its editions with their removals, and what is owed to destinations because of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, and_, bindparam, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from flows.ledger.clock import MACHINE, Witness
from flows.ledger.decided import decided_revisions, under_decision, verdict_of
from flows.ledger.embargo import embargo_of
from flows.ledger.inbox import Arrival, finish, finish_all, is_sent
from flows.ledger.opening import reading
from flows.ledger.outbox import (
    KEEPS_BACK,
    Edition,
    open_kills_of,
    owe_copy,
    owe_first,
    owe_silence,
    owe_withdrawal,
)
from flows.ledger.outcome import Outcome, content_hash
from flows.ledger.put_back import first_edition
from flows.ledger.raws import restore
from flows.ledger.tables import COPIES, INBOX, RAWS, REMOVALS, REVISIONS, RUN_STORIES, STORIES, AnyRow
from flows.ledger.transactions import transact


@dataclass(frozen=True, slots=True)
class WhereTo:
    """Names of destinations: where a story is published, which of them want to hear that it is held, and in which it stands already:
    the CMS that it came from, where its body is cleaned ``in_place``."""

    publish_to: tuple[str, ...]
    tell_of_holds: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()


DestinationsOf = Callable[[str, tuple[str, ...] | None], Iterable[str] | WhereTo]
"""(source, the arrival's own wish or None) → names of destinations; names alone: none of them wants to hear of holds."""


class Recorded(NamedTuple):
    """What the ledger did with an outcome.

    ``state``: ``done``; ``failed``; ``lost`` (another worker has the row: nothing was written); ``overtaken`` (a newer
    revision of the story is cleaned already: this one is done, without a copy). ``changed`` says whether there is a new
    edition; ``owed`` are the destinations that something is newly owed to. ``decided`` is the record as it stands now, where
    a person's decision about the story, or a kill that is not done everywhere, made it another one than cleaning did (see
    ``flows.ledger.decided``). ``not_before``: what is owed goes out by itself then, when the story's embargo is over.
    """

    inbox_id: int
    state: Literal["done", "failed", "lost", "overtaken"]
    edition: int | None = None
    changed: bool = False
    owed: tuple[str, ...] = ()
    decided: dict[str, Any] | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories; conditions are joined by *and*, an empty one does not count.

    ``ids`` are keys (``source:id``), the sources' ids, or URLs. ``since``, ``until``: the newest revision arrived then or later, and
    before then. ``run``: the run of this name had it. ``only_failed``: the newest attempt to clean it failed, or with ``run`` the
    run's own. ``only_held``: its newest edition is held. ``only_other_than``: its newest edition was not made under the
    pipeline of this version, or there is none.
    """

    source: str | None = None
    publisher: str | None = None
    ids: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    run: str | None = None
    only_failed: bool = False
    only_held: bool = False
    only_other_than: str | None = None


def record_outcomes(
    engine: Engine,
    owner: str,
    outcomes: Sequence[Outcome],
    destinations_of: DestinationsOf,
    now: datetime,
    witness: Witness = MACHINE,
) -> list[Recorded]:
    """Write outcomes down, all in ONE transaction: copy, removals, publications owed, inbox row done (or failed).

    Nothing is written for a row that ``owner`` does not hold any more. The same revision cleaned to the same copy by the
    same rules is no new edition, and a copy that a destination has (or is owed) already is not owed again.
    """
    if not outcomes:
        return []

    def work(connection: Connection) -> list[Recorded]:
        works = _works(connection, [outcome.inbox_id for outcome in outcomes])
        # After the stories are locked: a decision that is made meanwhile has been seen, or waits.
        reviewed = decided_revisions(connection, {work.revision_id for work in works.values()})
        newest = _newest_copies(connection, works.values())
        plain = _plain(outcomes, works, reviewed, newest)
        recorded = _record_first_editions(connection, owner, plain, works, destinations_of, now)
        for outcome in sorted(outcomes, key=lambda outcome: outcome.inbox_id):
            if outcome.inbox_id not in recorded:
                work = works.get(outcome.inbox_id)
                recorded[outcome.inbox_id] = _record(
                    connection, owner, outcome, work, reviewed, destinations_of, now, witness
                )
        return [recorded[id] for id in sorted(recorded)]

    return transact(engine, work)


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
        query = query.where(_is_one_of(wanted.ids))
    if wanted.since:
        query = query.where(REVISIONS.c.arrived_at >= wanted.since)
    if wanted.until:
        query = query.where(REVISIONS.c.arrived_at < wanted.until)
    if wanted.run:
        of_run = and_(RUN_STORIES.c.story_id == STORIES.c.id, RUN_STORIES.c.run == wanted.run)
        query = query.join(RUN_STORIES, of_run)
        if wanted.only_failed:
            query = query.where(RUN_STORIES.c.outcome == "failed")
    elif wanted.only_failed:
        tries = INBOX.alias("tries")
        last = select(func.max(tries.c.id)).where(tries.c.revision_id == REVISIONS.c.id).scalar_subquery()
        query = query.join(INBOX, INBOX.c.id == last).where(INBOX.c.state == "failed")
    if wanted.only_held:
        query = query.where(STORIES.c.verdict == "hold")
    if wanted.only_other_than:
        own = COPIES.alias("own")
        last = select(func.max(own.c.edition)).where(own.c.story_id == STORIES.c.id).scalar_subquery()
        query = query.outerjoin(
            COPIES, and_(COPIES.c.story_id == STORIES.c.id, COPIES.c.edition == last)
        ).where(or_(COPIES.c.id.is_(None), ~COPIES.c.ruleset.startswith(wanted.only_other_than + "-")))
    with reading(engine) as connection:
        return [
            Arrival(
                raw=restore(row.external_id, row.form, row.kept_as, row.content, row.given),
                source=row.source,
                external_id=row.external_id,
            )
            for row in connection.execute(query)
        ]


def known_among(engine: Engine, ids: Sequence[str], besides: str | None = None) -> set[str]:
    """Those of the ids (as in ``StoryFilter.ids``) that name a story of the ledger, of another source than ``besides``."""
    if not ids:
        return set()
    query = select(STORIES.c.source, STORIES.c.external_id, STORIES.c.url).where(_is_one_of(ids))
    if besides is not None:
        query = query.where(STORIES.c.source != besides)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    named = {one for row in rows for one in (f"{row.source}:{row.external_id}", row.external_id, row.url)}
    return named.intersection(ids)


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


def last_records(engine: Engine, stories: Sequence[tuple[str, str]]) -> dict[tuple[str, str], AnyRow]:
    """For each story (source, id) the edition that was publishable last, or else its newest one; what has none is left out.

    The rows have ``record``, ``verdict`` and ``edition``.
    """
    wanted = sorted(set(stories))
    query = (
        select(STORIES.c.source, STORIES.c.external_id, COPIES.c.record, COPIES.c.verdict, COPIES.c.edition)
        .join(STORIES, STORIES.c.id == COPIES.c.story_id)
        .where(STORIES.c.external_id.in_([name for _, name in wanted]))
        .order_by(COPIES.c.verdict.in_(("publish", "embargo")), COPIES.c.edition)
    )
    with reading(engine) as connection:
        rows = {(row.source, row.external_id): row for row in connection.execute(query)}
    return {story: rows[story] for story in wanted if story in rows}


def _is_one_of(ids: Sequence[str]) -> ColumnElement[bool]:
    key = STORIES.c.source + ":" + STORIES.c.external_id
    return or_(key.in_(ids), STORIES.c.external_id.in_(ids), STORIES.c.url.in_(ids))


def _works(connection: Connection, ids: Sequence[int]) -> dict[int, AnyRow]:
    """For each inbox row its story and revision; the stories are locked, in one order, so that no two wait for each other."""
    found = connection.execute(
        select(
            INBOX.c.id,
            INBOX.c.source,
            INBOX.c.event_id,
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


def _plain(
    outcomes: Sequence[Outcome],
    works: Mapping[int, AnyRow],
    reviewed: Collection[int],
    newest: Collection[int],
) -> list[Outcome]:
    """The outcomes about which nothing is peculiar, as are most: the first edition of a story, to be published, alone in the batch."""
    stories = Counter(work.story_id for work in works.values())
    return [
        outcome
        for outcome in outcomes
        if outcome.record is not None
        and not outcome.error
        and (work := works.get(outcome.inbox_id)) is not None
        and stories[work.story_id] == 1
        and work.story_id not in newest
        and work.revision_id not in reviewed
        and verdict_of(outcome.record) == "publish"
    ]


def _record_first_editions(
    connection: Connection,
    owner: str,
    outcomes: Sequence[Outcome],
    works: Mapping[int, AnyRow],
    destinations_of: DestinationsOf,
    now: datetime,
) -> dict[int, Recorded]:
    """Plain outcomes, all written together: alone each takes four milliseconds, in which no sender can write."""
    if not outcomes:
        return {}
    held = finish_all(connection, owner, [outcome.inbox_id for outcome in outcomes], now)
    recorded = {one.inbox_id: Recorded(one.inbox_id, "lost") for one in outcomes if one.inbox_id not in held}
    mine = [
        (outcome, outcome.record or {}, works[outcome.inbox_id])
        for outcome in outcomes
        if outcome.inbox_id in held
    ]
    digests = [content_hash(outcome) for outcome, _, _ in mine]
    number = first_edition(connection)
    rows = [
        _copy_row(outcome, record, work, number, digest, now)
        for (outcome, record, work), digest in zip(mine, digests, strict=True)
    ]
    ids = list(connection.execute(_NEW_COPY, rows).scalars()) if rows else []
    owed: list[tuple[Edition, Sequence[str]]] = []
    for (outcome, _, work), copy_id, digest in zip(mine, ids, digests, strict=True):
        names = where_to(destinations_of, work.source, work.destinations).publish_to
        owed.append(
            (Edition(f"{work.source}:{work.external_id}", work.story_id, copy_id, number, digest), names)
        )
        recorded[outcome.inbox_id] = Recorded(outcome.inbox_id, "done", number, True, tuple(names))
    removals = [
        row for (_, record, _), id in zip(mine, ids, strict=True) for row in _removal_rows(record, id)
    ]
    if removals:
        connection.execute(_NEW_REMOVAL, removals)
    known = [_known(record, work) for _, record, work in mine]
    if known:
        connection.execute(_KNOWN, known)
    owe_first(connection, owed, now)
    return recorded


def _record(
    connection: Connection,
    owner: str,
    outcome: Outcome,
    work: AnyRow | None,
    reviewed: Collection[int],
    destinations_of: DestinationsOf,
    now: datetime,
    witness: Witness,
) -> Recorded:
    record = outcome.record
    error = outcome.error or (None if record else "Cleaning gave neither a record nor an error.")
    if work is None or not finish(connection, owner, outcome.inbox_id, now, error):
        return Recorded(outcome.inbox_id, "lost")
    if error or record is None:
        return Recorded(outcome.inbox_id, "failed")
    newest = _newest_copy(connection, work.story_id)
    late = newest is not None and newest.number > work.number
    if late and not (verdict_of(record) == "kill" and newest is not None and newest.verdict in KEEPS_BACK):
        return Recorded(outcome.inbox_id, "overtaken")
    recorded = _edition(
        connection, outcome, record, work, newest, work.revision_id in reviewed, destinations_of, now, witness
    )
    if late and newest is not None:
        # A kill that is cleaned after a newer version was held is a kill all the same; and the version is held after it.
        _once_more(connection, newest, work, destinations_of, now, witness)
    return recorded


def _once_more(
    connection: Connection,
    copy: AnyRow,
    work: AnyRow,
    destinations_of: DestinationsOf,
    now: datetime,
    witness: Witness,
) -> None:
    """Record a copy as the newest edition, as if it had been cleaned only now."""
    kept = connection.execute(select(COPIES.c.record, COPIES.c.rendered).where(COPIES.c.id == copy.id)).one()
    outcome = Outcome(0, work.external_id, record=kept.record, rendered=kept.rendered)
    its_work = _ItsWork(
        work.source, work.external_id, None, work.destinations, copy.revision_id, copy.number, work.story_id
    )
    newest = _newest_copy(connection, work.story_id)
    _edition(connection, outcome, kept.record, its_work, newest, False, destinations_of, now, witness)


class _ItsWork(NamedTuple):
    """What a row of the inbox says, for a revision whose row is done."""

    source: str
    external_id: str
    event_id: None
    destinations: Any
    revision_id: int
    number: int
    story_id: int


def _edition(
    connection: Connection,
    outcome: Outcome,
    record: dict[str, Any],
    work: AnyRow | _ItsWork,
    newest: AnyRow | None,
    is_reviewed: bool,
    destinations_of: DestinationsOf,
    now: datetime,
    witness: Witness,
) -> Recorded:
    """Write the edition that an outcome is, if it is a new one, and owe it."""
    otherwise = None
    if is_reviewed:
        after = under_decision(connection, work.revision_id, outcome)
        if after is not outcome and after.record is not None:
            outcome, record, otherwise = after, after.record, after.record
    not_before = embargo_of(record)
    killed_at = open_kills_of(connection, work.story_id) if not_before is not None else ()
    if killed_at:
        # What is public against our will goes before anything goes out by the clock alone.
        reason = f"it was killed, and is not down yet at {', '.join(killed_at)}; decide when it is"
        record = {**record, "reasons": [*record["reasons"], reason]}
        outcome, otherwise, not_before = replace(outcome, record=record), record, None
    digest = content_hash(outcome)
    verdict = verdict_of(record)
    changed = newest is None or (
        newest.revision_id,
        newest.content_hash,
        newest.ruleset,
        newest.verdict,
    ) != (work.revision_id, digest, record["ruleset"], verdict)
    if newest is None or changed:
        number = first_edition(connection) if newest is None else newest.edition + 1
        copy_id = write_copy(connection, outcome, record, work, number, digest, now)
    else:
        number, copy_id = newest.edition, newest.id
    edition = Edition(f"{work.source}:{work.external_id}", work.story_id, copy_id, number, digest)
    owed: tuple[str, ...] = ()
    if verdict in ("publish", "embargo"):
        where = where_to(destinations_of, work.source, work.destinations)
        owed = owe_copy(
            connection,
            edition,
            where.publish_to,
            now,
            first=newest is None,
            not_before=not_before,
            witness=witness,
            in_place=where.in_place,
            # Somebody has saved it in its CMS, and with that written over what we left there, even if it is the same again.
            # A CMS that is asked says so without an event.
            saved=work.event_id is None or is_sent(work.event_id),
        )
    elif verdict == "kill":
        owed = owe_withdrawal(connection, edition, now)
    elif verdict == "hold":
        tell = where_to(destinations_of, work.source, work.destinations).tell_of_holds
        owed = owe_silence(connection, edition, now, tell)
    return Recorded(outcome.inbox_id, "done", number, changed, owed, otherwise, not_before)


def where_to(destinations_of: DestinationsOf, source: str, wish: Sequence[str] | None) -> WhereTo:
    """Where a story goes, each name once; ``wish`` is its arrival's own, as the ledger keeps it."""
    found = destinations_of(source, None if wish is None else tuple(wish))
    if not isinstance(found, WhereTo):
        found = WhereTo(tuple(found))
    return WhereTo(
        tuple(dict.fromkeys(found.publish_to)), tuple(dict.fromkeys(found.tell_of_holds)), found.in_place
    )


def _newest_copies(connection: Connection, works: Iterable[AnyRow]) -> set[int]:
    """Those of the stories that have an edition."""
    stories = {work.story_id for work in works}
    return set(connection.execute(_WITH_COPIES, {"stories": list(stories)}).scalars())


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


def write_copy(
    connection: Connection,
    outcome: Outcome,
    record: dict[str, Any],
    work: AnyRow | _ItsWork,
    edition: int,
    digest: str,
    now: datetime,
) -> int:
    """Inside a transaction: a new edition with its removals; ``work`` names story and revision. Gives the copy's id."""
    copy_id: int = connection.execute(
        COPIES.insert().returning(COPIES.c.id), _copy_row(outcome, record, work, edition, digest, now)
    ).scalar_one()
    removed = _removal_rows(record, copy_id)
    if removed:
        connection.execute(_NEW_REMOVAL, removed)
    connection.execute(_KNOWN, [_known(record, work)])
    return copy_id


def _copy_row(
    outcome: Outcome,
    record: dict[str, Any],
    work: AnyRow | _ItsWork,
    edition: int,
    digest: str,
    now: datetime,
) -> dict[str, Any]:
    return {
        "story_id": work.story_id,
        "revision_id": work.revision_id,
        "edition": edition,
        "verdict": verdict_of(record),
        "reasons": list(record["reasons"]),
        "ruleset": record["ruleset"],
        "content_hash": digest,
        "record": record,
        "rendered": dict(outcome.rendered),
        "seconds": f"{outcome.seconds:.6f}",
        "cleaned_at": now,
    }


def _removal_rows(record: Mapping[str, Any], copy_id: int) -> list[dict[str, Any]]:
    return [
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


def _known(record: Mapping[str, Any], work: AnyRow | _ItsWork) -> dict[str, Any]:
    """What the story's own row says of it; a name that is not known leaves the one that was."""
    return {
        "story": work.story_id,
        "now_verdict": verdict_of(record),
        **{f"now_{name}": record[name] or None for name in ("headline", "publisher", "url")},
    }


# Built once: building a statement costs as much as running it.
_WITH_COPIES = (
    select(COPIES.c.story_id).where(COPIES.c.story_id.in_(bindparam("stories", expanding=True))).distinct()
)
_NEW_COPY = COPIES.insert().returning(COPIES.c.id, sort_by_parameter_order=True)
_NEW_REMOVAL = REMOVALS.insert()
_KNOWN = (
    update(STORIES)
    .where(STORIES.c.id == bindparam("story"))
    .values(
        verdict=bindparam("now_verdict"),
        **{
            name: func.coalesce(bindparam(f"now_{name}", type_=STORIES.c[name].type), STORIES.c[name])
            for name in ("headline", "publisher", "url")
        },
    )
)
