"""The main job: claim what arrived, clean it, write it down, publish what is owed, report."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from cleaners.write import run_row
from flows.ledger import (
    Arrival,
    DestinationsOf,
    Did,
    InboxRow,
    Outcome,
    Recorded,
    claim,
    end_run,
    extend,
    note_run,
    queue_counts,
    record_outcomes,
    release,
    work_waits,
)
from flows.ledger.echoes import echoes_among, end_echoes
from flows.ledger.late import end_late, late_among
from flows.ledger.leases import release_acts
from flows.ledger.runs import WOULD_PUBLISH
from flows.ledger.stories import where_to
from flows.settings import Settings, load_destinations, load_sources
from flows.tasks.against import Against, against
from flows.tasks.cleaning import WarmPool, clean_batch
from flows.tasks.decided_pages import as_decided
from flows.tasks.owners import new_owner, present, release_the_dead, works_on
from flows.tasks.publishing import Published, by_source, publish_owed, utc_now
from flows.tasks.reports import run_name, write_run_report, write_story_report
from flows.tasks.summary import Progress, RunSummary, StoryLine
from flows.tasks.workers import MakeClean, make_clean

CHUNK = 500
LEASE_SECONDS = 600.0
RECORDED_TOGETHER = 16
"""Outcomes in one transaction: on SQLite, which has one writer, the receiver waits for its end."""
LOOK_SECONDS = 0.2
"""How often a run that lingers looks for more."""
GATHER_SECONDS = 0.5
"""How long it lets them come, once some came."""
PUBLISHING_SECONDS = 5.0
"""After so long what has arrived meanwhile goes first."""
LONGEST_WRITE_SECONDS = 30.0
"""How long a write to a CMS is waited for whose echo may have come already."""
MOST_ARTIFACTS = 25
"""Stories that are published, and as many that are not, whose before/after the summary keeps; the reports have them all."""

NOTED_TOGETHER = 100
"""Stories whose outcome is written into the list of runs at once."""

OnProgress = Callable[[Progress], None]
LastRecords = Callable[[Sequence[tuple[str, str]]], Mapping[tuple[str, str], Any]]
"""Stories (source, id) → the rows of their copies before, as ``flows.ledger.last_records`` gives them."""


def drain(
    engine: Engine,
    settings: Settings,
    owner: str | None = None,
    ids: Collection[int] | None = None,
    limit: int | None = None,
    progress: OnProgress | None = None,
    *,
    chunk: int = CHUNK,
    lease_seconds: float = LEASE_SECONDS,
    pool: WarmPool | None = None,
    make: MakeClean = make_clean,
    clock: Callable[[], datetime] = utc_now,
    run: str | None = None,
    flow: str = "cleancopy",
    report: str | None = None,
    linger_seconds: float = 0.0,
    enough: Callable[[], bool] = lambda: False,
) -> RunSummary:
    """Clean and publish what waits in the inbox (``ids``: only these rows; ``limit``: at most so many).

    Each small batch is recorded as soon as it is clean, so that a run that is killed loses little; its other rows come
    back with the next drain on this machine, or when its lease runs out. What is owed from before is published, too.
    ``pool`` is used and left open; without one, processes are started for the run. ``run`` names the report's folder, and the
    run in the ledger's list of runs; ``flow`` is what it is a run of. ``report`` names the report's folder where one run drains
    several times. With ``linger_seconds`` the run goes on until nothing came for so long, so that a burst is one run; once
    ``enough()`` is true it claims no more.

    Raises cleaners.rules.ConfigError, NoWorkers, or what the ledger raises; the rows go back to the inbox then.
    """
    owner = owner or new_owner()
    work = _Run(settings, owner, clock(), make, pool, run, progress, report)
    destinations = load_destinations(settings.config_dir)
    sources = load_sources(settings.config_dir)
    work.dry_runs = frozenset(name for name, source in sources.items() if source.dry_run)
    destinations_of = by_source(destinations, sources)
    published = Published()
    with work, present(settings.data_dir, owner), _ended(engine, work.run, owner, clock):
        works_on(settings.data_dir, owner, work.run)
        release_the_dead(engine, settings.data_dir)
        work.total = len(ids) if ids is not None else queue_counts(engine)["waiting"]
        if limit is not None:
            work.total = min(work.total, limit)
        for claimed in _claims(
            engine, owner, ids, limit, chunk, lease_seconds, clock, linger_seconds, enough
        ):
            rows = _without_echoes(work, engine, owner, claimed, destinations_of, clock)
            rows = _in_time(engine, owner, rows, clock)
            _clean_chunk(work, engine, owner, rows, destinations_of, lease_seconds, clock, flow)
            # A kill that arrives while a slow destination is at work is cleaned first.
            until = time.monotonic() + PUBLISHING_SECONDS
            published += publish_owed(
                engine,
                settings,
                owner,
                destinations=destinations,
                clock=clock,
                enough=lambda until=until: time.monotonic() > until and work_waits(engine, clock()),  # type: ignore[misc]
            )
        published += publish_owed(engine, settings, owner, destinations=destinations, clock=clock)
        return work.summary(published)


@contextmanager
def _ended(engine: Engine, run: str, owner: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """The run is over after this, however it ends, and holds no act that it has not done."""
    error: str | None = None
    try:
        yield
    except BaseException as problem:
        error = f"{type(problem).__name__}: {problem}"
        with suppress(SQLAlchemyError):  # then their lease runs out
            release_acts(engine, owner)
        raise
    finally:
        with suppress(SQLAlchemyError):  # then it is ended as a dead one, later
            end_run(engine, run, clock(), error)


def _in_time(
    engine: Engine, owner: str, rows: Sequence[InboxRow], clock: Callable[[], datetime]
) -> Sequence[InboxRow]:
    """The rows that no later version of their story has overtaken on its way; the others end here."""
    late = late_among(engine, rows)
    ended = end_late(engine, owner, late, clock()) if late else set()
    return [row for row in rows if row.id not in ended] if ended else rows


def _without_echoes(
    work: _Run,
    engine: Engine,
    owner: str,
    rows: Sequence[InboxRow],
    destinations_of: DestinationsOf,
    clock: Callable[[], datetime],
) -> Sequence[InboxRow]:
    """The rows that are no writing of our own; the others end here. What another program is just writing is waited for."""
    places: defaultdict[tuple[str, ...], list[InboxRow]] = defaultdict(list)
    for row in rows:
        if in_place := where_to(destinations_of, row.source, row.destinations).in_place:
            places[in_place].append(row)
    own: set[int] = set()
    for in_place, some in places.items():
        deadline = time.monotonic() + LONGEST_WRITE_SECONDS
        while (found := echoes_among(engine, some, in_place, clock())).under_way:
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
        own |= end_echoes(engine, owner, found.own, clock()) if found.own else set()
    work.own += len(own)
    return [row for row in rows if row.id not in own] if own else rows


def _clean_chunk(
    work: _Run,
    engine: Engine,
    owner: str,
    rows: Sequence[InboxRow],
    destinations_of: DestinationsOf,
    lease_seconds: float,
    clock: Callable[[], datetime],
    flow: str,
) -> None:
    """Clean and record claimed rows; where that ends early, those that are left go back to the inbox."""
    left = {row.id for row in rows}
    extended = time.monotonic()
    told: list[Did] = []
    tried = {row.id for row in rows if row.source in work.dry_runs}

    def tell(most: int = 0) -> None:
        """Write down what the run did; one transaction for many stories, for each of them costs a write to the disk."""
        if len(told) > most:
            note_run(engine, work.run, flow, work.started_at, told, work.ruleset)
            told.clear()

    try:
        cleaned: list[Outcome] = []
        for batch in work.clean(rows):
            cleaned += batch
            # A transaction costs as much for one story as for ten. An empty batch: a story takes long, and the others do not wait for it.
            if batch and len(cleaned) < min(RECORDED_TOGETHER, len(left)):
                continue
            while cleaned:
                some, cleaned = cleaned[:RECORDED_TOGETHER], cleaned[RECORDED_TOGETHER:]
                outcomes, recorded = _record(engine, owner, some, destinations_of, clock())
                left -= {outcome.inbox_id for outcome in outcomes}
                work.note(rows, outcomes, recorded)
                work.ruleset = work.ruleset or _version(outcomes)
                told += _done(outcomes, recorded, tried)
            tell(NOTED_TOGETHER)
            if left and time.monotonic() - extended > lease_seconds / 4:
                extend(engine, owner, sorted(left), now=clock(), lease_seconds=lease_seconds)
                extended = time.monotonic()
        tell()
    except BaseException as error:
        said = f"The run ended before this story was done ({type(error).__name__}: {error})."
        with suppress(SQLAlchemyError):  # then the lease runs out, and they come back so
            _give_back(engine, owner, sorted(left), said)
            tell()
        raise


def _give_back(engine: Engine, owner: str, ids: Sequence[int], said: str) -> None:
    try:
        release(engine, owner, ids, said)
    except OperationalError:
        # A disk that is full has room for the rows as they were, but none for words.
        release(engine, owner, ids, None)


def _against(before: Any, outcome: Outcome) -> Against | None:
    if before is None or outcome.record is None:
        return None
    return against(before.record, outcome.record, before.verdict in ("publish", "embargo"))


def _done(outcomes: Sequence[Outcome], recorded: Sequence[Recorded], tried: Collection[int]) -> Iterator[Did]:
    """What the run did; ``tried`` are the rows of sources that are tried without publishing."""
    known = {one.inbox_id: one for one in recorded}
    for outcome in outcomes:
        one = known[outcome.inbox_id]
        if one.state == "lost":
            continue
        record = outcome.record or {}
        why = outcome.error or "; ".join(record.get("reasons") or ())
        verdict = "failed" if one.state == "failed" else record["verdict"]
        if one.not_before is not None:
            verdict = "embargo"
        elif verdict == "publish" and outcome.inbox_id in tried and not one.owed:
            verdict = WOULD_PUBLISH
        yield Did(outcome.inbox_id, verdict, why, one.changed)


def _version(outcomes: Sequence[Outcome]) -> str | None:
    """The pipeline's version, under which the outcomes were made: a ruleset is called "VERSION-PUBLISHER'S"."""
    records = (outcome.record for outcome in outcomes if outcome.record)
    return next((str(record["ruleset"]).rpartition("-")[0] for record in records), None)


def preview(
    arrivals: Sequence[Arrival],
    settings: Settings,
    progress: OnProgress | None = None,
    *,
    pool: WarmPool | None = None,
    make: MakeClean = make_clean,
    clock: Callable[[], datetime] = utc_now,
    run: str | None = None,
    last: LastRecords = lambda stories: {},
) -> RunSummary:
    """Clean without writing to a ledger and without publishing: only the reports are written. Raises as ``drain`` does.

    ``last`` knows the copies before: what would change in them is shown.
    """
    rows = [
        InboxRow(number, arrival.source, 1, arrival.named_raw) for number, arrival in enumerate(arrivals, 1)
    ]
    with _Run(settings, new_owner(), clock(), make, pool, run, progress) as work:
        work.total = len(rows)
        for outcomes in work.clean(rows):
            work.note(rows, outcomes, None, last)
        return work.summary(Published(), preview=True)


class _Run:
    """The state of one run: its pool, its folder, and the lines of its summary as they come."""

    def __init__(
        self,
        settings: Settings,
        owner: str,
        started_at: datetime,
        make: MakeClean,
        pool: WarmPool | None,
        run: str | None,
        progress: OnProgress | None,
        report: str | None = None,
    ) -> None:
        self.run = run or run_name(started_at, owner)
        self.started_at = started_at
        self.ruleset: str | None = None
        self.total = 0
        self._folder = settings.reports_dir / (report or self.run)
        self._lines: list[StoryLine] = []
        self._lost = 0
        self.own = 0
        self.dry_runs: frozenset[str] = frozenset()
        self._artifacts = {True: 0, False: 0}
        self._progress = progress
        self._clock_at_start = time.monotonic()
        self._own = ExitStack()
        # Its processes start with the first story: a run that finds nothing to do starts none.
        self._pool = pool or self._own.enter_context(
            WarmPool(settings.config_dir, settings.workers, settings.story_seconds, make)
        )

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *_: object) -> None:
        self._own.close()

    def clean(self, rows: Sequence[InboxRow]) -> Iterator[list[Outcome]]:
        return clean_batch(self._pool, rows)

    def note(
        self,
        rows: Sequence[InboxRow],
        outcomes: Sequence[Outcome],
        recorded: Sequence[Recorded] | None,
        last: LastRecords = lambda stories: {},
    ) -> None:
        """Write the stories' pages and keep their lines."""
        by_id = {row.id: row for row in rows}
        before = last([(by_id[one.inbox_id].source, one.story_id) for one in outcomes if one.record])
        known = {one.inbox_id: one for one in recorded or ()}
        for outcome in outcomes:
            source = by_id[outcome.inbox_id].source
            one = known.get(outcome.inbox_id)
            if one is not None and one.state == "lost":
                self._lost += 1
                continue
            if one is not None and one.decided is not None:
                outcome = as_decided(outcome, one.decided)
            path = write_story_report(self._folder, source, outcome)
            failed = {"id": outcome.story_id, "publisher": by_id[outcome.inbox_id].raw.publisher}
            row = replace(
                outcome.row or run_row(outcome.record or failed, 0.0, error=outcome.error),
                seconds=outcome.seconds,
                report_path=path,
                # Of a preview, or of a revision that another one overtook, nothing is left to decide.
                source=source if one is not None and one.state in ("done", "failed") else None,
            )
            if one is not None and one.not_before is not None:
                until = f"under embargo until {one.not_before:%Y-%m-%d %H:%M} UTC: it goes out by itself then"
                row = replace(row, outcome="embargo", reasons=(until, *row.reasons))
            self._lines.append(
                StoryLine(
                    source=source,
                    inbox_id=outcome.inbox_id,
                    row=row,
                    state=one.state if one else ("failed" if outcome.error else "preview"),
                    edition=one.edition if one else None,
                    changed=one.changed if one else False,
                    owed=one.owed if one else (),
                    report=self._folder / path if path else None,
                    artifact=self._artifact(outcome),
                    against=_against(before.get((source, outcome.story_id)), outcome),
                    # What was public before it became a dry run is taken down by a kill all the same.
                    dry_run=source in self.dry_runs and not (one and one.owed),
                )
            )
        done = len(self._lines) + self._lost + self.own
        self.total = max(self.total, done)
        if self._progress is not None:
            self._progress(Progress(done, self.total))

    def summary(self, published: Published, preview: bool = False) -> RunSummary:
        """Write the run's page and sum up, the stories in the order of their arrival."""
        lines = tuple(sorted(self._lines, key=lambda line: line.inbox_id))
        summary = RunSummary(
            run=self.run,
            started_at=self.started_at,
            seconds=time.monotonic() - self._clock_at_start,
            stories=lines,
            published=published,
            preview=preview,
            lost=self._lost,
            own=self.own,
        )
        if not lines:
            return summary
        rows = (line.row for line in lines)
        return replace(summary, report=write_run_report(self._folder, rows, self.started_at, _note(summary)))

    def _artifact(self, outcome: Outcome) -> str | None:
        record = outcome.record
        if record is None:
            return None
        publishes = record["verdict"] == "publish"
        if publishes and not record["removed"] and not record.get("suspects"):
            return None
        # Those that are held have a room of their own: they are shown first, and may come last.
        if self._artifacts[publishes] >= MOST_ARTIFACTS:
            return None
        self._artifacts[publishes] += 1
        return outcome.artifact


def _note(summary: RunSummary) -> str | None:
    """What stands above a run's report: that it is none of which anything goes out."""
    if summary.preview:
        return "Preview: nothing was written down and nothing published."
    if names := ", ".join(summary.dry_runs):
        return f"Dry run of {names} (dry_run in sources.yaml): nothing from there goes out."
    return None


def _record(
    engine: Engine, owner: str, outcomes: Sequence[Outcome], destinations_of: DestinationsOf, now: datetime
) -> tuple[Sequence[Outcome], list[Recorded]]:
    """Record a batch; where one outcome cannot be recorded, it alone fails. A ledger that does not answer is raised."""
    try:
        return outcomes, record_outcomes(engine, owner, outcomes, destinations_of, now)
    except OperationalError:
        raise
    except Exception as error:
        if len(outcomes) == 1:
            said = f"The result cannot be recorded ({type(error).__name__}: {error})."
            broken = replace(outcomes[0], record=None, report=None, artifact=None, row=None, error=said)
            return [broken], record_outcomes(engine, owner, [broken], destinations_of, now)
    singles = [_record(engine, owner, [outcome], destinations_of, now) for outcome in outcomes]
    return [one for some, _ in singles for one in some], [one for _, some in singles for one in some]


def _claims(
    engine: Engine,
    owner: str,
    ids: Collection[int] | None,
    limit: int | None,
    chunk: int,
    lease_seconds: float,
    clock: Callable[[], datetime],
    linger_seconds: float,
    enough: Callable[[], bool],
) -> Iterator[list[InboxRow]]:
    """Chunks of claimed rows until none is left and none comes, or ``limit`` is reached."""
    left = limit
    wanted = None if ids is None else sorted(ids)
    came = time.monotonic()
    while (left is None or left > 0) and not enough():
        size = chunk if left is None else min(chunk, left)
        if wanted is not None:
            part, wanted = wanted[:size], wanted[size:]
            if not part:
                return
            rows = claim(engine, owner, now=clock(), limit=size, lease_seconds=lease_seconds, ids=part)
        else:
            rows = claim(engine, owner, now=clock(), limit=size, lease_seconds=lease_seconds)
            if not rows:
                if time.monotonic() - came >= linger_seconds:
                    return
                time.sleep(LOOK_SECONDS)
        left = None if left is None else left - len(rows)
        if rows:
            yield rows
            came = time.monotonic()
            if linger_seconds and len(rows) < size:
                # In a burst stories are gathered for a moment: claiming and publishing cost as much for one as for ten.
                time.sleep(GATHER_SECONDS)
