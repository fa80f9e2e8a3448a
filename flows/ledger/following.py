"""What a source that is followed over time needs to know: how far it was read, its stories, and what of them is not done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, exists, func, or_, select

from flows.ledger.opening import reading
from flows.ledger.tables import CURSORS, INBOX, REVISIONS, STORIES, storable
from flows.ledger.upsert import insert_into

_AT_ONCE = 500
"""Names in one query: SQLite and PostgreSQL both have a limit."""


def read_cursor(engine: Engine, name: str) -> dict[str, Any]:
    """How far the source or archive of this name was read; empty: it never was."""
    with reading(engine) as connection:
        found: dict[str, Any] | None = connection.execute(
            select(CURSORS.c.position).where(CURSORS.c.name == name)
        ).scalar()
    return found or {}


def write_cursor(engine: Engine, name: str, position: Mapping[str, Any], now: datetime) -> None:
    """Remember how far something was read: after what was read is in the inbox, never before."""
    with engine.begin() as connection:
        insert = insert_into(connection, CURSORS).values(name=name, position=dict(position), moved_at=now)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["name"], set_={"position": dict(position), "moved_at": now}
            )
        )


def known_stories(engine: Engine, source: str, ids: Collection[str] | None = None) -> list[str]:
    """The names of a source's stories, the oldest first; ``ids``: which of these there are."""
    return _names(engine, select(STORIES.c.external_id).where(STORIES.c.source == source), ids)


def last_arrival(engine: Engine) -> int:
    """The newest row of the inbox, whatever its source; 0: nothing has come yet."""
    with reading(engine) as connection:
        newest: int | None = connection.execute(select(func.max(INBOX.c.id))).scalar()
    return newest or 0


def standing_stories(engine: Engine, source: str, ids: Collection[str], arrived: int) -> list[str]:
    """Those of the stories that were not killed, and of which nothing has come since the row ``arrived`` of the inbox."""
    since = (
        exists()
        .where(INBOX.c.id > arrived, INBOX.c.revision_id == REVISIONS.c.id)
        .where(REVISIONS.c.story_id == STORIES.c.id)
    )
    lives = or_(STORIES.c.verdict.is_(None), STORIES.c.verdict != "kill")
    query = select(STORIES.c.external_id).where(STORIES.c.source == source, lives, ~since)
    return _names(engine, query, ids)


def _names(engine: Engine, query: Select[tuple[str]], ids: Collection[str] | None) -> list[str]:
    query = query.order_by(STORIES.c.id)
    with reading(engine) as connection:
        if ids is None:
            return list(connection.execute(query).scalars())
        asked = sorted(map(storable, ids))
        parts = (asked[first : first + _AT_ONCE] for first in range(0, len(asked), _AT_ONCE))
        return [
            name
            for part in parts
            for name in connection.execute(query.where(STORIES.c.external_id.in_(part))).scalars()
        ]


def not_done(engine: Engine, source: str, events: str) -> tuple[int, ...]:
    """The rows of the inbox whose event begins with ``events`` and that are waiting, or claimed by whomever."""
    with reading(engine) as connection:
        return tuple(
            connection.execute(
                select(INBOX.c.id)
                .where(
                    INBOX.c.source == source,
                    INBOX.c.event_id.startswith(events, autoescape=True),
                    INBOX.c.state.in_(("waiting", "claimed")),
                )
                .order_by(INBOX.c.id)
            ).scalars()
        )
