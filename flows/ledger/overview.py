"""The ledger at a glance: stories by source, what is held, what cannot be published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, case, func, select

from flows.ledger.opening import reading
from flows.ledger.tables import COPIES, PUBLICATIONS, STORIES


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The stories of one source. ``last_seen_at`` is when it last sent anything."""

    source: str
    stories: int
    held: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A story that waits for a person. ``key`` is ``source:id``."""

    key: str
    headline: str | None
    reasons: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class DestinationLine:
    """What a destination has and is owed; ``late`` are those owed that were tried in vain, with what was said last."""

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


def held_lines(engine: Engine, most: int = 10) -> tuple[int, list[HeldLine]]:
    """How many stories are held, and the first of them, those that wait longest."""
    own = COPIES.alias("own")
    newest = select(func.max(own.c.edition)).where(own.c.story_id == STORIES.c.id).scalar_subquery()
    query = (
        select(
            STORIES.c.source, STORIES.c.external_id, STORIES.c.headline, COPIES.c.reasons, COPIES.c.cleaned_at
        )
        .select_from(STORIES)
        .join(COPIES, and_(COPIES.c.story_id == STORIES.c.id, COPIES.c.edition == newest))
        .where(STORIES.c.verdict == "hold")
        .order_by(COPIES.c.cleaned_at, STORIES.c.id)
        .limit(most)
    )
    with reading(engine) as connection:
        count = connection.execute(
            select(func.count()).select_from(STORIES).where(STORIES.c.verdict == "hold")
        ).scalar_one()
        lines = [
            HeldLine(f"{row.source}:{row.external_id}", row.headline, tuple(row.reasons), row.cleaned_at)
            for row in connection.execute(query)
        ]
    return count, lines


def destination_lines(engine: Engine) -> list[DestinationLine]:
    """Each destination that anything was ever owed to."""
    counts: dict[str, dict[str, int]] = {}
    tried = and_(
        PUBLICATIONS.c.state == "owed", PUBLICATIONS.c.attempts > 0, PUBLICATIONS.c.error.is_not(None)
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
                    func.count().label("late"),
                    func.max(PUBLICATIONS.c.error).label("error"),
                )
                .where(tried)
                .group_by(PUBLICATIONS.c.destination)
            )
        }
    return [
        DestinationLine(
            name, some, late[name].late if name in late else 0, late[name].error if name in late else None
        )
        for name, some in sorted(counts.items())
    ]
