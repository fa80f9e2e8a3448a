"""The ledger at a glance: stories by source, and what cannot be published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, case, func, select

from flows.ledger.opening import reading
from flows.ledger.tables import PUBLICATIONS, STORIES


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The stories of one source. ``last_seen_at`` is when it last sent anything."""

    source: str
    stories: int
    held: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class DestinationLine:
    """What a destination has and is owed; ``late`` are those owed that were tried in vain. ``error`` is what was said of these, or of
    those that were given up."""

    destination: str
    counts: Mapping[str, int]
    late: int
    error: str | None


def sources_seen(engine: Engine) -> list[SourceLine]:
    """The sources that stories came from, by name."""
    query = (
        select(
            STORIES.c.source,
            func.count().label("stories"),
            func.sum(case((STORIES.c.verdict == "hold", 1), else_=0)).label("held"),
            func.max(STORIES.c.last_seen_at).label("last_seen_at"),
        )
        .group_by(STORIES.c.source)
        .order_by(STORIES.c.source)
    )
    with reading(engine) as connection:
        return [
            SourceLine(row.source, row.stories, int(row.held), row.last_seen_at)
            for row in connection.execute(query)
        ]


def destination_lines(engine: Engine) -> list[DestinationLine]:
    """Each destination that anything was ever owed to."""
    counts: dict[str, dict[str, int]] = {}
    tried = and_(
        PUBLICATIONS.c.state.in_(("owed", "failed")),
        PUBLICATIONS.c.attempts > 0,
        PUBLICATIONS.c.error.is_not(None),
    )
    with reading(engine) as connection:
        for name, state, count in connection.execute(
            select(PUBLICATIONS.c.destination, PUBLICATIONS.c.state, func.count()).group_by(
                PUBLICATIONS.c.destination, PUBLICATIONS.c.state
            )
        ):
            counts.setdefault(name, {})[state] = count
        late: dict[str, Any] = {
            row.destination: row
            for row in connection.execute(
                select(
                    PUBLICATIONS.c.destination,
                    func.sum(case((PUBLICATIONS.c.state == "owed", 1), else_=0)).label("late"),
                    func.max(PUBLICATIONS.c.error).label("error"),
                )
                .where(tried)
                .group_by(PUBLICATIONS.c.destination)
            )
        }
    return [
        DestinationLine(
            name,
            some,
            int(late[name].late) if name in late else 0,
            late[name].error if name in late else None,
        )
        for name, some in sorted(counts.items())
    ]
