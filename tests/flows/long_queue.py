"""Ten thousand owed publications in seconds: written into the tables as recording writes them, but all at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from newsroom import record_of
from sqlalchemy import Engine, func, insert, select, update

from flows.ledger.outbox import Edition, _publication
from flows.ledger.tables import COPIES, PUBLICATIONS, RAWS, REVISIONS, STORIES


def fill(
    engine: Engine,
    count: int,
    destinations: Sequence[str],
    now: datetime,
    *,
    made: bool = False,
    text: str = "Back.",
) -> None:
    """So many new stories of one edition, owed to each of the destinations, or made there."""
    with engine.begin() as connection:
        first = (connection.execute(select(func.max(STORIES.c.id))).scalar() or 0) + 1
        ids = range(first, first + count)
        if first == 1:
            raw = {"hash": "0" * 64, "form": "text", "kept_as": "text", "content": b"Back.", "given": {}}
            connection.execute(insert(RAWS), [raw])
        for part in (ids[at : at + 1000] for at in range(0, count, 1000)):
            connection.execute(insert(STORIES), [_story(id, now) for id in part])
            connection.execute(insert(REVISIONS), [_revision(id, now) for id in part])
            connection.execute(insert(COPIES), [_copy(id, text, now) for id in part])
            connection.execute(
                insert(PUBLICATIONS),
                [
                    _publication(Edition(f"desk:s{id}", id, id, 1, "d"), name, "publish", now, None)
                    for id in part
                    for name in destinations
                ],
            )
        if engine.dialect.name == "postgresql":  # whose sequences do not know of numbers that were given
            for table in ("stories", "revisions", "copies"):
                connection.execute(
                    select(func.setval(func.pg_get_serial_sequence(table, "id"), first + count - 1))
                )
        if made:
            connection.execute(
                update(PUBLICATIONS).where(PUBLICATIONS.c.story_id >= first).values(state="made", made_at=now)
            )


def _story(id: int, now: datetime) -> dict[str, Any]:
    return {
        "id": id,
        "source": "desk",
        "external_id": f"s{id}",
        "first_seen_at": now,
        "last_seen_at": now,
        "verdict": "publish",
    }


def _revision(id: int, now: datetime) -> dict[str, Any]:
    return {"id": id, "story_id": id, "number": 1, "raw_hash": "0" * 64, "arrived_at": now}


def _copy(id: int, text: str, now: datetime) -> dict[str, Any]:
    return {
        "id": id,
        "story_id": id,
        "revision_id": id,
        "edition": 1,
        "verdict": "publish",
        "reasons": [],
        "ruleset": "rules-1",
        "content_hash": "d",
        "record": record_of(f"s{id}", text),
        "rendered": {"text": text, "html": f"<p>{text}</p>", "markdown": text},
        "seconds": "0.01",
        "cleaned_at": now,
    }
