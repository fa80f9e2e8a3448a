"""One event that a CMS sent, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from flows.ledger.inbox import batched
from flows.ledger.opening import reading
from flows.ledger.tables import COPIES, INBOX, PUBLICATIONS, REVISIONS, STORIES, AnyRow, as_key


@dataclass(frozen=True, slots=True)
class Sent:
    """What a destination was sent, or is owed: ``act`` (publish, unpublish, hold) and ``state`` (owed, made, overtaken, failed)."""

    destination: str
    act: str
    state: str
    made_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """An event in the inbox. ``state`` is waiting, claimed (at work), done or failed.

    ``verdict`` and ``reasons`` are those of the newest edition of the revision that the event brought; nothing while it is not cleaned.
    ``overtaken``: a newer revision of the story has come since. ``sent`` is what destinations have of that edition. ``note``: where in an
    archive it stood, or why nothing came of it (our own writing that came back, a version that came late): all else is then told of
    the revision that counts in its stead.
    """

    source: str
    event_id: str
    state: str
    story: str
    headline: str | None
    revision: int
    arrived_at: datetime
    finished_at: datetime | None
    attempts: int
    error: str | None
    note: str | None
    overtaken: bool
    edition: int | None = None
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()


def find_events(engine: Engine, event_id: str, sources: Iterable[str]) -> list[Event]:
    """The events with this id, of these sources, in the order in which they came. Looked up by an index, whatever the inbox holds."""
    found: list[Event] = []
    with reading(engine) as connection:
        for some in batched(sources):
            rows = connection.execute(
                _EVENT.where(INBOX.c.source.in_(some), INBOX.c.event_id == as_key(event_id))
            )
            found += [_event(connection, row) for row in rows]
    return sorted(found, key=lambda one: one.arrived_at)


_EVENT = (
    select(
        INBOX,
        REVISIONS.c.number,
        REVISIONS.c.story_id,
        STORIES.c.external_id,
        STORIES.c.headline,
    )
    .join(REVISIONS, INBOX.c.revision_id == REVISIONS.c.id)
    .join(STORIES, REVISIONS.c.story_id == STORIES.c.id)
)


def _event(connection: Connection, row: AnyRow) -> Event:
    newer = select(REVISIONS.c.id).where(
        REVISIONS.c.story_id == row.story_id, REVISIONS.c.number > row.number
    )
    copy = connection.execute(
        select(COPIES.c.id, COPIES.c.edition, COPIES.c.verdict, COPIES.c.reasons)
        .where(COPIES.c.revision_id == row.revision_id)
        .order_by(COPIES.c.edition.desc())
        .limit(1)
    ).first()
    return Event(
        source=row.source,
        event_id=row.event_id,
        state=row.state,
        story=f"{row.source}:{row.external_id}",
        headline=row.headline,
        revision=row.number,
        arrived_at=row.arrived_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        error=row.error,
        note=row.note,
        overtaken=connection.execute(newer.limit(1)).first() is not None,
        edition=None if copy is None else copy.edition,
        verdict=None if copy is None else copy.verdict,
        reasons=() if copy is None else tuple(copy.reasons),
        sent=() if copy is None else tuple(_sent(connection, row.story_id, copy.edition)),
    )


def _sent(connection: Connection, story: int, edition: int) -> Sequence[Sent]:
    rows = connection.execute(
        select(PUBLICATIONS)
        .where(PUBLICATIONS.c.story_id == story, PUBLICATIONS.c.edition == edition)
        .order_by(PUBLICATIONS.c.id)
    )
    return [Sent(row.destination, row.act, row.state, row.made_at, row.error) for row in rows]
