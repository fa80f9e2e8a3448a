"""Events that were overtaken on their way: a CMS sends several at once, and again what failed. What it saved earlier is not cleaned after
what it saved later, or the older text would be published over the newer one, everywhere.

It is told by the times that the CMS itself gives its versions. What stops a story is never late: a kill counts whenever it comes, and
what was saved before it does not bring the story back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, exists, select

from cleaners.model import Raw
from cleaners.read.raw_lines import raw_lines
from cleaners.read.signals import signals_of
from flows.ledger.echoes import end_without_copy
from flows.ledger.inbox import InboxRow, is_sent
from flows.ledger.opening import reading
from flows.ledger.tables import COPIES, INBOX, RAWS, REVISIONS, STORIES
from flows.ledger.transactions import transact
from flows.sources.cms import moment_of

NOTE = "came late: a version that its CMS saved after it is here already"


def late_among(engine: Engine, rows: Sequence[InboxRow]) -> dict[int, int]:
    """Of these rows the events whose version was overtaken: for each the revision that was saved last.

    Versions count that were cleaned, and those of the ``rows``, among which no writing of our own may be any more: what we wrote
    ourselves is newer than what an editor saved a moment before, and no version of the story. One that says only when the story was
    ``published`` is its first: it may be late, and makes no other one so, for that time may lie ahead.
    """
    dated = {row.id: moment for row in rows if (moment := _saved(row.raw)) is not None}
    first = {row.id: moment for row in rows if (moment := moment_of(row.raw.published)) is not None}
    saved = first | dated
    if not saved:
        return {}
    known: defaultdict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)
    stories = {row.id: (row.source, row.raw.id) for row in rows if row.id in saved}
    with reading(engine) as connection:
        inbox = select(INBOX.c.id, INBOX.c.event_id, INBOX.c.revision_id).where(INBOX.c.id.in_(saved))
        sent = {row.id: row.revision_id for row in connection.execute(inbox) if is_sent(row.event_id)}
        if not sent:
            return {}
        cleaned = (
            select(STORIES.c.source, STORIES.c.external_id, REVISIONS.c.id, RAWS.c.given)
            .join(REVISIONS, REVISIONS.c.story_id == STORIES.c.id)
            .join(RAWS, RAWS.c.hash == REVISIONS.c.raw_hash)
            .where(
                STORIES.c.source.in_({source for source, _ in stories.values()}),
                STORIES.c.external_id.in_({name for _, name in stories.values()}),
                exists().where(COPIES.c.revision_id == REVISIONS.c.id),
            )
        )
        for revision in connection.execute(cleaned):
            if (moment := _moment_in(revision.given)) is not None:
                known[revision.source, revision.external_id].append((moment, revision.id))
    for row, revision_id in sent.items():
        if row in dated:
            known[stories[row]].append((saved[row], revision_id))
    late: dict[int, int] = {}
    for one in rows:
        if one.id in sent and (versions := known[stories[one.id]]):
            moment, revision_id = max(versions)
            if moment > saved[one.id] and not _takes_back(one.raw):
                late[one.id] = revision_id
    return late


def end_late(engine: Engine, owner: str, late: Mapping[int, int], now: datetime) -> set[int]:
    """These rows are done, and nothing comes of them: those that ``owner`` still held."""

    def work(connection: Connection) -> set[int]:
        held = connection.execute(
            select(INBOX.c.id, INBOX.c.revision_id)
            .where(INBOX.c.id.in_(late), INBOX.c.state == "claimed", INBOX.c.owner == owner)
            .order_by(INBOX.c.id)
        ).all()
        for row in held:
            end_without_copy(connection, row.id, row.revision_id, late[row.id], NOTE, now)
        return {row.id for row in held}

    return transact(engine, work)


def _takes_back(raw: Raw) -> bool:
    lines = raw_lines(raw.content) if isinstance(raw.content, str) else raw.content
    said = signals_of(raw, lines, (), raw.language) if isinstance(lines, tuple) else ()
    return any(signal.kind in ("kill", "withdrawn") for signal in said)


def _saved(raw: Raw) -> datetime | None:
    return moment_of(raw.given.updated) if raw.given is not None else None


def _moment_in(given: Mapping[str, Any]) -> datetime | None:
    fields = given.get("fields")
    return moment_of(fields.get("updated")) if isinstance(fields, Mapping) else None
