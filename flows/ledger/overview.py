"""The ledger at a glance: stories by source, and what cannot be published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, case, exists, func, select

from flows.ledger.opening import reading
from flows.ledger.tables import COPIES, PUBLICATIONS, REVISIONS, STORIES

COMES_WITHIN = timedelta(hours=1)
"""A CMS that sends again what was not taken has done so by then, and one that is asked every half hour has been."""


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


@dataclass(frozen=True, slots=True)
class LeftLine:
    """A post that was left as it is in its CMS, for somebody had saved a newer version there, ``since`` when. ``source`` and ``id``
    name the story."""

    destination: str
    source: str
    id: str
    headline: str | None
    since: datetime


def left_alone(engine: Engine, in_place: Collection[str], now: datetime) -> list[LeftLine]:
    """Where a CMS has a version of its post that never came here, and so is not cleaned: at the destinations ``in_place``, the oldest
    first. What may come yet (COMES_WITHIN) is not among them."""
    newer = PUBLICATIONS.alias("newer")
    query = (
        select(
            PUBLICATIONS.c.destination,
            STORIES.c.source,
            STORIES.c.external_id,
            STORIES.c.headline,
            PUBLICATIONS.c.made_at,
        )
        .join(STORIES, STORIES.c.id == PUBLICATIONS.c.story_id)
        .join(COPIES, COPIES.c.id == PUBLICATIONS.c.copy_id)
        .where(
            PUBLICATIONS.c.destination.in_(in_place),
            PUBLICATIONS.c.state == "made",
            PUBLICATIONS.c.made_at <= now - COMES_WITHIN,
            PUBLICATIONS.c.receipt["newer_there"].as_boolean(),
            ~exists().where(
                newer.c.story_id == PUBLICATIONS.c.story_id,
                newer.c.destination == PUBLICATIONS.c.destination,
                newer.c.edition > PUBLICATIONS.c.edition,
            ),
            ~exists().where(
                REVISIONS.c.story_id == PUBLICATIONS.c.story_id, REVISIONS.c.id > COPIES.c.revision_id
            ),
        )
        .order_by(PUBLICATIONS.c.made_at, PUBLICATIONS.c.id)
    )
    with reading(engine) as connection:
        return [LeftLine(*row) for row in connection.execute(query)]


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
