"""What waits in the inbox, looked at without claiming it: for a dry run."""

from __future__ import annotations

from sqlalchemy import Engine, select

from flows.ledger import Arrival
from flows.ledger.opening import reading
from flows.ledger.raws import restore
from flows.ledger.tables import INBOX, RAWS, REVISIONS, STORIES


def waiting_arrivals(engine: Engine, limit: int = 500) -> list[Arrival]:
    """The stories that the next drain will claim, the oldest first; at most ``limit``."""
    query = (
        select(
            STORIES.c.source, STORIES.c.external_id, RAWS.c.form, RAWS.c.kept_as, RAWS.c.content, RAWS.c.given
        )
        .join(REVISIONS, REVISIONS.c.story_id == STORIES.c.id)
        .join(INBOX, INBOX.c.revision_id == REVISIONS.c.id)
        .join(RAWS, RAWS.c.hash == REVISIONS.c.raw_hash)
        .where(INBOX.c.state == "waiting")
        .order_by(INBOX.c.id)
        .limit(limit)
    )
    with reading(engine) as connection:
        return [
            Arrival(
                restore(row.external_id, row.form, row.kept_as, row.content, row.given),
                row.source,
                row.external_id,
            )
            for row in connection.execute(query)
        ]


def stories_of(engine: Engine, ids: tuple[int, ...]) -> set[tuple[str, str]]:
    """Source and id of the stories that rows of the inbox are about."""
    query = (
        select(STORIES.c.source, STORIES.c.external_id)
        .join(REVISIONS, REVISIONS.c.story_id == STORIES.c.id)
        .join(INBOX, INBOX.c.revision_id == REVISIONS.c.id)
        .where(INBOX.c.id.in_(ids))
    )
    with reading(engine) as connection:
        return {(row.source, row.external_id) for row in connection.execute(query)}
