"""Our own writing that comes back: a CMS tells of every save, also of ours. There it ends.

It is known by its body and its version, which the destination's receipt has; or, where the answer to our write was lost, by
the body that we meant to write. And beside the body stands what stood there, which we leave as it is: an editor may save another
headline over our body, and where a CMS knows whole seconds, or no versions, nothing else tells the two apart. The revision of our own
writing is taken out again, so that the newest revision of a story is what a person wrote: that is what is cleaned again under new
rules, and what undo restores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, and_, delete, func, select, update

from cleaners.model import Raw
from flows.destinations.in_place import bodies_of, digest_of
from flows.destinations.publication import PublishError
from flows.ledger.inbox import Arrival, InboxRow, batched
from flows.ledger.leases import has_run_out
from flows.ledger.opening import reading
from flows.ledger.outbox import tried_before
from flows.ledger.receipts import after
from flows.ledger.tables import COPIES, DECISIONS, INBOX, PUBLICATIONS, RAWS, REVISIONS, STORIES, AnyRow
from flows.ledger.transactions import transact
from flows.sources.cms import moment_of

NOTE = "our own writing, come back from the CMS"
SEEN = "seen"
"""In what a receipt keeps: the event of this write has come."""


class Echoes(NamedTuple):
    """Rows of the inbox: those that are ``own`` writing, and those of which that is not known yet, because a write is ``under_way``."""

    own: frozenset[int] = frozenset()
    under_way: frozenset[int] = frozenset()


def echoes_among(
    engine: Engine, rows: Sequence[InboxRow], in_place: Collection[str], now: datetime
) -> Echoes:
    """Which of these rows are what we wrote ourselves at the destinations ``in_place``."""
    by_story: defaultdict[tuple[str, str], list[InboxRow]] = defaultdict(list)
    for row in rows:
        if isinstance(row.raw.content, str):
            by_story[row.source, row.raw.id].append(row)
    if not by_story or not in_place:
        return Echoes()
    query = (
        select(
            STORIES.c.source,
            STORIES.c.external_id,
            PUBLICATIONS.c.state,
            PUBLICATIONS.c.attempts,
            PUBLICATIONS.c.receipt,
            PUBLICATIONS.c.copy_id,
            PUBLICATIONS.c.destination,
            and_(
                PUBLICATIONS.c.lease_until.is_not(None), ~has_run_out(PUBLICATIONS.c.lease_until, now)
            ).label("leased"),
        )
        .join(STORIES, STORIES.c.id == PUBLICATIONS.c.story_id)
        .where(
            STORIES.c.source.in_({source for source, _ in by_story}),
            STORIES.c.external_id.in_([name for _, name in by_story]),
            PUBLICATIONS.c.destination.in_(in_place),
            PUBLICATIONS.c.act == "publish",
            tried_before(),
        )
        .order_by(PUBLICATIONS.c.edition.desc())
    )
    own: set[int] = set()
    under_way: set[int] = set()
    with reading(engine) as connection:
        newest: set[tuple[str, str, str]] = set()
        for act in connection.execute(query).all():
            place = act.source, act.external_id, act.destination
            over = place in newest and bool((act.receipt or {}).get("kept", {}).get(SEEN))
            if act.receipt:
                newest.add(place)
            for row in by_story.get((act.source, act.external_id), ()):
                if not over and _wrote(connection, act, row):
                    own.add(row.id)
                elif act.leased:
                    under_way.add(row.id)
    return Echoes(frozenset(own), frozenset(under_way - own))


def without_own(engine: Engine, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """What a look brought, without our own writing, which stands in the CMS at every look until somebody saves the post again.

    It is what the newest receipt says, body and version, where the ledger knows of no newer revision of the story.
    """
    with reading(engine) as connection:
        return [one for some in batched(arrivals) for one in _without_own(connection, some)]


def _without_own(connection: Connection, arrivals: Sequence[Arrival]) -> list[Arrival]:
    of_these = and_(
        STORIES.c.source.in_({one.source for one in arrivals}),
        STORIES.c.external_id.in_({one.story_id for one in arrivals}),
    )
    name = STORIES.c.source, STORIES.c.external_id
    acts = (
        select(*name, PUBLICATIONS.c.destination, PUBLICATIONS.c.receipt, COPIES.c.revision_id)
        .join(STORIES, STORIES.c.id == PUBLICATIONS.c.story_id)
        .join(COPIES, COPIES.c.id == PUBLICATIONS.c.copy_id)
        .where(of_these, PUBLICATIONS.c.state == "made", PUBLICATIONS.c.act != "hold")
        .order_by(PUBLICATIONS.c.edition)
    )
    revisions = (
        select(*name, func.max(REVISIONS.c.id))
        .join(REVISIONS, REVISIONS.c.story_id == STORIES.c.id)
        .where(of_these)
        .group_by(*name)
    )
    newest = {(source, id): revision for source, id, revision in connection.execute(revisions)}
    beside = _given().where(REVISIONS.c.id.in_(newest.values()))
    given = {revision: known for known, revision in connection.execute(beside.add_columns(REVISIONS.c.id))}
    last: defaultdict[tuple[str, str], dict[str, tuple[int, Mapping[str, Any] | None]]] = defaultdict(dict)
    for source, id, destination, receipt, revision in connection.execute(acts):
        _, before = last[source, id].get(destination, (0, None))
        last[source, id][destination] = revision, after(before, receipt)

    def is_own(one: Arrival) -> bool:
        story = one.source, one.story_id
        return any(
            revision == newest[story]
            and _is_kept(kept := (receipt or {}).get("kept", {}), one.raw)
            and (_tells_all(kept.get("version")) or _is_the_same_beside(given[revision], one.raw))
            for revision, receipt in last[story].values()
        )

    return [one for one in arrivals if not is_own(one)]


def end_echoes(engine: Engine, owner: str, rows: Collection[int], now: datetime) -> set[int]:
    """These rows are done, and nothing comes of them: those that ``owner`` still held."""

    def work(connection: Connection) -> set[int]:
        held = connection.execute(
            select(INBOX.c.id, INBOX.c.revision_id, REVISIONS.c.story_id, RAWS.c.kept_as, RAWS.c.content)
            .join(REVISIONS, REVISIONS.c.id == INBOX.c.revision_id)
            .join(RAWS, RAWS.c.hash == REVISIONS.c.raw_hash)
            .where(INBOX.c.id.in_(rows), INBOX.c.state == "claimed", INBOX.c.owner == owner)
            .order_by(INBOX.c.id)
        ).all()
        for row in held:
            before = connection.scalar(
                select(func.max(COPIES.c.revision_id)).where(COPIES.c.story_id == row.story_id)
            )
            if row.kept_as == "text":
                _note_seen(connection, row.story_id, sha256(row.content).hexdigest())
            end_without_copy(connection, row.id, row.revision_id, before or row.revision_id, NOTE, now)
        return {row.id for row in held}

    return transact(engine, work)


def end_without_copy(
    connection: Connection, row: int, revision: int, instead: int, note: str, now: datetime
) -> None:
    """Inside a transaction: the row is done, and belongs to the revision ``instead``; its own is taken out again."""
    connection.execute(
        update(INBOX)
        .where(INBOX.c.id == row)
        .values(
            state="done",
            error=None,
            note=note,
            finished_at=now,
            owner=None,
            lease_until=None,
            revision_id=instead,
        )
    )
    if instead != revision:
        _forget(connection, revision)


def _note_seen(connection: Connection, story: int, body: str) -> None:
    """Of a write that has no version (a server of HTTP alone) the event has come: the next such body, later, is an editor's own."""
    query = select(PUBLICATIONS.c.id, PUBLICATIONS.c.receipt).where(
        PUBLICATIONS.c.story_id == story, PUBLICATIONS.c.act == "publish", PUBLICATIONS.c.receipt.is_not(None)
    )
    for act in connection.execute(query).all():
        kept = act.receipt.get("kept", {})
        if kept.get("body") == body and kept.get("version") is None and not kept.get(SEEN):
            seen = {**act.receipt, "kept": {**kept, SEEN: True}}
            connection.execute(update(PUBLICATIONS).where(PUBLICATIONS.c.id == act.id).values(receipt=seen))


def _is_kept(kept: Mapping[str, Any], raw: Raw) -> bool:
    """Whether this body in this version is what a receipt tells of. One CMS may write the same time in two ways."""
    if not isinstance(raw.content, str) or kept.get("body") != digest_of(raw.content):
        return False
    version, updated = kept.get("version"), raw.given.updated if raw.given is not None else None
    moment = moment_of(version)
    return version in (None, updated) or (moment is not None and moment == moment_of(updated))


def _wrote(connection: Connection, act: AnyRow, row: InboxRow) -> bool:
    if not _wrote_body(connection, act, row.raw):
        return False
    if _tells_all((act.receipt or {}).get("kept", {}).get("version")):
        return True
    cleaned = _given().join(COPIES, COPIES.c.revision_id == REVISIONS.c.id).where(COPIES.c.id == act.copy_id)
    return _is_the_same_beside(connection.execute(cleaned).scalar_one(), row.raw)


def _wrote_body(connection: Connection, act: AnyRow, raw: Raw) -> bool:
    kept: dict[str, Any] = (act.receipt or {}).get("kept", {})
    if kept:
        return not kept.get("untouched") and _is_kept(kept, raw)
    if act.state == "made":
        return False
    record = connection.execute(select(COPIES.c.record).where(COPIES.c.id == act.copy_id)).scalar_one()
    try:
        before, clean = bodies_of(record)
    except PublishError:
        return False
    # Where a person decided that it stays as it came, that body is what we meant to write.
    return raw.content == clean and (clean != before or bool(record.get("decided")))


def _tells_all(version: object) -> bool:
    """Whether no other save can be in this version. Of those that are times, one in whole seconds can be two saves' (Ghost, WordPress)."""
    moment = moment_of(version)
    return version is not None and (moment is None or moment.microsecond != 0)


def _given() -> Select[Any]:
    """What was known of revisions beside their bodies."""
    return select(RAWS.c.given).join(REVISIONS, REVISIONS.c.raw_hash == RAWS.c.hash)


def _is_the_same_beside(given: Mapping[str, Any], raw: Raw) -> bool:
    """Whether beside the body stands what was ``given`` with the revision that was cleaned.

    What was empty there we may have filled ourselves (a standfirst, a byline); and what is not said now a look may never say.
    """
    fields: Mapping[str, Any] = given.get("fields", {})
    pairs = [
        (given.get("headline"), raw.headline),
        *((fields.get(name), getattr(raw.given, name, None)) for name in ("standfirst", "section", "byline")),
    ]
    return all(before == now for before, now in pairs if before and now)


def _forget(connection: Connection, revision: int) -> None:
    """Take a revision out that nothing but such a row was about."""
    for table in (COPIES, DECISIONS, INBOX):
        if connection.scalar(select(table.c.id).where(table.c.revision_id == revision).limit(1)):
            return
    connection.execute(delete(REVISIONS).where(REVISIONS.c.id == revision))
