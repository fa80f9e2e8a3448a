"""What each run did: for the list of runs, and for doing again what failed in one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from flows.ledger.opening import reading
from flows.ledger.tables import INBOX, REVISIONS, RUN_STORIES, RUNS
from flows.ledger.upsert import insert_into

WOULD_PUBLISH = "dry run"
"""The outcome of a story that would be published, did its source not have ``dry_run``."""


class Did(NamedTuple):
    """What a run did with the story of one row of the inbox. ``changed``: there is a new edition."""

    inbox_id: int
    outcome: str
    why: str
    changed: bool


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run as a list of runs shows it. ``outcomes`` counts its stories: publish, WOULD_PUBLISH, hold, embargo, kill, failed.

    ``finished_at`` is None while it runs; ``error`` is why it ended before its stories were done.
    """

    name: str
    flow: str
    ruleset: str | None
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    outcomes: Mapping[str, int]
    changed: int


def note_run(
    engine: Engine, name: str, flow: str, started_at: datetime, done: Iterable[Did], ruleset: str | None
) -> None:
    """Write down what a run did with stories. The run itself is written with the first of them; done twice, it counts once."""
    by_row = {one.inbox_id: one for one in done}
    if not by_row:
        return
    with engine.begin() as connection:
        connection.execute(
            insert_into(connection, RUNS)
            .values(name=name, flow=flow, ruleset=ruleset, started_at=started_at)
            .on_conflict_do_update(index_elements=["name"], set_={"ruleset": ruleset, "finished_at": None})
        )
        stories = connection.execute(
            select(INBOX.c.id, REVISIONS.c.story_id)
            .join(REVISIONS, REVISIONS.c.id == INBOX.c.revision_id)
            .where(INBOX.c.id.in_(by_row))
            .order_by(INBOX.c.id)
        )
        # Of two revisions of a story in one run the newer counts.
        rows = {
            row.story_id: {
                "run": name,
                "story_id": row.story_id,
                "outcome": by_row[row.id].outcome,
                "why": by_row[row.id].why,
                "changed": int(by_row[row.id].changed),
            }
            for row in stories
        }
        statement = insert_into(connection, RUN_STORIES)
        news = {name: statement.excluded[name] for name in ("outcome", "why", "changed")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["run", "story_id"], set_=news), [*rows.values()]
        )


def end_run(engine: Engine, name: str, now: datetime, error: str | None = None) -> None:
    """The run is over; one that had no story was never written down, and is not now."""
    with engine.begin() as connection:
        connection.execute(update(RUNS).where(RUNS.c.name == name).values(finished_at=now, error=error))


def end_dead_runs(engine: Engine, before: datetime, now: datetime) -> int:
    """Runs that began before ``before`` and never ended were killed: they are ended; how many there were."""
    return _end_killed(engine, RUNS.c.started_at < before, now)


def end_killed_runs(engine: Engine, names: Collection[str], now: datetime) -> int:
    """These runs were killed: those that have not ended are ended; how many there were."""
    return _end_killed(engine, RUNS.c.name.in_(names), now) if names else 0


def _end_killed(engine: Engine, which: ColumnElement[bool], now: datetime) -> int:
    with engine.begin() as connection:
        return connection.execute(
            update(RUNS)
            .where(RUNS.c.finished_at.is_(None), which)
            .values(
                finished_at=now, error="It was ended from outside; what it left was taken up by other runs."
            )
        ).rowcount


def last_runs(engine: Engine, most: int = 10) -> list[RunLine]:
    """The newest runs that had something to do, the newest first."""
    with reading(engine) as connection:
        runs = connection.execute(
            select(RUNS).order_by(RUNS.c.started_at.desc(), RUNS.c.name).limit(most)
        ).all()
        counted = connection.execute(
            select(RUN_STORIES.c.run, RUN_STORIES.c.outcome, func.count(), func.sum(RUN_STORIES.c.changed))
            .where(RUN_STORIES.c.run.in_([run.name for run in runs]))
            .group_by(RUN_STORIES.c.run, RUN_STORIES.c.outcome)
        ).all()
    outcomes: dict[str, Counter[str]] = {run.name: Counter() for run in runs}
    changed = Counter[str]()
    for name, outcome, count, new in counted:
        outcomes[name][outcome] += count
        changed[name] += int(new or 0)
    return [
        RunLine(
            run.name,
            run.flow,
            run.ruleset,
            run.started_at,
            run.finished_at,
            run.error,
            outcomes[run.name],
            changed[run.name],
        )
        for run in runs
    ]


def find_run(engine: Engine, wanted: str) -> str:
    """The whole name of a run: of the name in Prefect ("fierce-otter"), of its folder of reports, or of its id's beginning.

    Raises LookupError in words for the person who wrote it.
    """
    wanted = wanted.strip()
    with reading(engine) as connection:
        found = list(
            connection.execute(
                select(RUNS.c.name).where(_called(wanted)).order_by(RUNS.c.started_at.desc()).limit(2)
            ).scalars()
        )
    if not found:
        raise LookupError(
            f"there is no run {wanted!r} that cleaned stories. Copy its name from the list of runs; a dry run is not kept"
        )
    if wanted not in found and len(found) > 1:
        raise LookupError(
            f"several runs are called {wanted!r}, such as {found[0]} and {found[1]}: write one of these"
        )
    return wanted if wanted in found else found[0]


def _called(wanted: str) -> ColumnElement[bool]:
    short = wanted.replace("-", "")[:8] if len(wanted) == 36 else wanted
    return or_(
        RUNS.c.name == wanted,
        RUNS.c.name.startswith(wanted + "-", autoescape=True),
        RUNS.c.name.endswith("-" + short, autoescape=True),
    )
