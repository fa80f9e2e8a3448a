"""An archive gone through from end to end: the form, and the job that reads, takes in, cleans and publishes chunk by chunk."""

from __future__ import annotations

import time as clock_time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from pydantic import Field
from sqlalchemy import Engine

from flows.ledger import Arrival, not_done, open_ledger
from flows.settings import ArchiveSource, Settings
from flows.sources.archive import archives_at, bytes_at, name_of, size_of
from flows.sources.archive_record import Position
from flows.tasks.archives import Chunk, Place, Wanted, chunks, finish_archive, place_in, take_chunk
from flows.tasks.cleaning import WarmPool
from flows.tasks.drain import OnProgress, drain, preview
from flows.tasks.forms import (
    ANY,
    AS_CONFIGURED,
    Day,
    Form,
    Refused,
    no_default,
    offer_destinations,
    offer_sources,
)
from flows.tasks.intake import find_source
from flows.tasks.jobs import Job
from flows.tasks.owners import at_work
from flows.tasks.selection import check_destinations
from flows.tasks.showing import UNDONE, WORDS, report_address
from flows.tasks.summary import Progress, RunSummary
from flows.tasks.workers import MakeClean, make_clean

ARCHIVE = "archive"
"""The source of stories from an archive of which nobody said whose they are."""

LEASE_SECONDS = 120.0
"""Shorter than a drain's: so long waits the run that goes on after one was killed."""

WAIT_MORE = 5.0
"""Seconds that a lease is given beyond its end: two machines' clocks differ."""

MOST_HELD = 50
"""Held stories that are named; `review-story` lists them all."""

MOST_PROBLEMS = 500
"""Problems that are kept to be shown; the log has them all."""

Tell = Callable[[str], None]


class Backfill(Form):
    """Which archive to go through, and what to do with its stories."""

    archive: str = Field(
        default="",
        title="Archive",
        description="A file, a folder or a pattern (crawl/*.warc.gz) on the machine where cleancopy runs, or an address such as "
        "s3://bucket/crawl. Archives are .warc, .warc.gz, .jsonl, .jsonl.gz and .jsonl.zst. Empty: that of the source below.",
    )
    source: str = Field(
        default=ANY,
        title="Stories of the source",
        description="Whose stories these are: they are known again under this source's name, and go where its stories go. "
        "“any”: they are called “archive”.",
        json_schema_extra=offer_sources,
    )
    publisher: str = Field(
        default="",
        title="Publisher",
        description="Whose rules to use, for records that do not say it. Empty: as the source says, or by the address.",
    )
    first_record: int = Field(
        default=1, ge=1, title="From record", description="The number of the first record (or line) to take."
    )
    last_record: int = Field(
        default=0, ge=0, title="To record", description="The number of the last one. 0: to the end."
    )
    since: Day = Field(
        default=None,
        title="From day",
        description="Only stories of this day or later (UTC): by their date, in a web archive by the day of capture.",
        json_schema_extra=no_default,
    )
    until: Day = Field(
        default=None,
        title="To day",
        description="Only stories of this day or earlier (UTC).",
        json_schema_extra=no_default,
    )
    dry_run: bool = Field(
        default=True,
        title="Preview: show, do not publish",
        description="On: the first stories are cleaned and shown; nothing is stored, remembered or published. "
        "Switch it off to go through the archive.",
    )
    preview_stories: int = Field(
        default=20,
        ge=1,
        le=500,
        title="Stories in a preview",
        description="How many stories a preview shows.",
    )
    destination: str = Field(
        default=AS_CONFIGURED,
        title="Publish to",
        description="“as configured” sends each story where its source says.",
        json_schema_extra=offer_destinations,
    )
    chunk: int = Field(
        default=500,
        ge=10,
        le=5_000,
        title="Stories at a time",
        description="So many are read, cleaned and published before the next. After an interruption it goes on with the next.",
    )


class _Task(NamedTuple):
    addresses: tuple[str, ...]
    wanted: Wanted


@dataclass
class Backfilled:
    """What a backfill did. ``job`` is that of a preview; its stories are shown one by one.

    ``outcomes`` counts what was cleaned: ``publish``, ``hold``, ``embargo``, ``kill``, ``failed``; ``skipped`` why records are no stories;
    ``parts`` are its drains, without their stories, each with a report; ``held`` the first held stories, each with why. ``left`` are
    stories that another run holds. ``problems`` are the first ones, ``broken`` all of them. ``refused``: the wish itself cannot be followed.
    """

    records: int = 0
    stories: int = 0
    known: int = 0
    left: int = 0
    broken: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    not_made: Counter[str] = field(default_factory=Counter)
    """Acts that no destination confirmed, by kind: publish, unpublish, hold."""
    parts: list[RunSummary] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    job: Job | None = None
    refused: str | None = None

    def note(self, chunk: Chunk, new: int, known: int) -> None:
        self.records += chunk.records
        self.stories += new
        self.known += known
        self.skipped.update(chunk.skipped)
        self.problem(*chunk.problems)

    def problem(self, *said: str) -> None:
        self.broken += len(said)
        self.problems += said[: max(0, MOST_PROBLEMS - len(self.problems))]

    def cleaned(self, summary: RunSummary) -> None:
        self.outcomes.update(summary.outcomes)
        self.not_made.update(one.act for one in summary.published.not_made)
        if summary.report is not None:
            self.parts.append(replace(summary, stories=()))
        room = MOST_HELD - len(self.held)
        held = [line for line in summary.stories if line.row.outcome == "hold" and line.state == "done"]
        self.held += [(line.key, "; ".join(line.row.reasons)) for line in held[: max(0, room)]]


def backfill_archives(
    settings: Settings,
    wish: Backfill,
    *,
    run: str,
    tell: Tell = lambda line: None,
    progress: OnProgress = lambda progress: None,
    make: MakeClean = make_clean,
    lease_seconds: float = LEASE_SECONDS,
) -> Backfilled:
    """Go through the archive that a person chose, from where the last run with the same wish stopped. ``tell`` is its log.

    ``progress`` hears after each chunk how far it is, by bytes over all archives (those of packed JSON lines are not known).

    Raises Refused, and what ``drain`` raises.
    """
    task = _task(settings, wish)
    if wish.dry_run:
        return _preview(settings, task, wish.preview_stories, run, tell, make)
    engine = open_ledger(settings.ledger_url)
    try:
        with ExitStack() as opened:
            pool = opened.enter_context(
                WarmPool(settings.config_dir, settings.workers, settings.story_seconds, make)
            )
            owner = opened.enter_context(at_work(settings))
            work = _Going(engine, settings, task.wanted, pool, owner, run, tell, lease_seconds)
            way = _Way(task.addresses, progress)
            for address in task.addresses:
                work.go_through(address, wish.chunk, way)
                way.ended(address)
            return work.done
    finally:
        engine.dispose()


class _Way:
    """How far a run through archives is, in bytes."""

    def __init__(self, addresses: Sequence[str], progress: OnProgress) -> None:
        self._sizes = {address: _size(address) for address in addresses}
        self._behind = 0
        self._progress = progress

    def came_to(self, address: str, then: Position, said: str) -> None:
        at = bytes_at(address, then)
        if at is not None:
            self._progress(Progress(self._behind + at, sum(self._sizes.values()), said))

    def ended(self, address: str) -> None:
        self._behind += self._sizes[address]


def _size(address: str) -> int:
    try:
        return size_of(address)
    except (OSError, ValueError, ImportError):  # told when it is opened
        return 0


class _Going:
    """One run through archives."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        wanted: Wanted,
        pool: WarmPool,
        owner: str,
        run: str,
        tell: Tell,
        lease_seconds: float,
    ) -> None:
        self.done = Backfilled()
        self._engine = engine
        self._settings = settings
        self._wanted = wanted
        self._pool = pool
        self._owner = owner
        self._run = run
        self._tell = tell
        self._lease = lease_seconds
        self._part = 0

    def go_through(self, address: str, size: int, way: _Way) -> None:
        """One archive, from where it was left. One that does not open is told, and the next goes on."""
        name = name_of(address)
        try:
            place = place_in(self._engine, address, self._wanted)
        except (OSError, ValueError, ImportError) as error:
            self.done.problem(f"{name}: {error}")
            self._tell(f"{name}: {error}")
            return
        if place.start.records:
            self._tell(f"{name}: goes on behind record {place.start.records}")
        if not place.is_done:
            try:
                then = self._read(place, size, way)
            except (OSError, ValueError, ImportError) as error:
                self.done.problem(f"{name}: {error}")
                self._tell(f"{name}: {error}")
            else:
                finish_archive(self._engine, place, then)
        self._finish_rows(place, name)

    def _read(self, place: Place, size: int, way: _Way) -> Position:
        then = place.start
        for chunk in chunks(place.address, place.start, self._wanted, size):
            new, before = take_chunk(self._engine, place, chunk, self._wanted, self._owner, self._lease)
            then = chunk.then
            self.done.note(chunk, len(new), len(before))
            for problem in chunk.problems:
                self._tell(problem)
            if new or before:
                self._clean((*new, *before))
            said = f"{name_of(place.address)}: {then.records:,} records read; {_count(self.done)}"
            self._tell(said)
            way.came_to(place.address, then, said)
        return then

    def _finish_rows(self, place: Place, name: str) -> None:
        """What a run that was killed had put into the inbox: as soon as its lease has run out."""
        events = place.events(self._wanted)
        until = clock_time.monotonic() + self._lease + WAIT_MORE
        waits = False
        while rows := not_done(self._engine, self._wanted.source, events):
            if not self._clean(rows):
                if clock_time.monotonic() > until:
                    self.done.left += len(rows)
                    self._tell(
                        f"{name}: {_stories(len(rows))} held by another run; it or the next sweep cleans them"
                    )
                    return
                if not waits:
                    self._tell(f"{name}: waiting for {_stories(len(rows))} that an interrupted run holds")
                waits = True
                clock_time.sleep(min(2.0, self._lease / 4))

    def _clean(self, rows: tuple[int, ...]) -> int:
        self._part += 1
        summary = drain(
            self._engine,
            self._settings,
            self._owner,
            ids=rows,
            pool=self._pool,
            lease_seconds=self._lease,
            run=self._run,
            flow="backfill",
            report=f"{self._run}-part-{self._part:05d}",
        )
        self.done.cleaned(summary)
        return len(summary.stories)


def _preview(settings: Settings, task: _Task, most: int, run: str, tell: Tell, make: MakeClean) -> Backfilled:
    done = Backfilled()
    arrivals: list[Arrival] = []
    for address in task.addresses:
        try:
            for chunk in islice(chunks(address, Position(), task.wanted, most - len(arrivals)), 1):
                arrivals += [Arrival(raw, task.wanted.source) for _, raw in chunk.stories]
                done.note(chunk, len(chunk.stories), 0)
        except (OSError, ValueError, ImportError) as error:
            done.problem(f"{name_of(address)}: {error}")
        if len(arrivals) >= most:
            break
    for problem in done.problems:
        tell(problem)
    summary = preview(arrivals[:most], settings, make=make, run=run)
    done.cleaned(summary)
    done.job = Job(summary, tuple(done.problems))
    return done


def _task(settings: Settings, wish: Backfill) -> _Task:
    if not wish.archive.strip() and wish.source == ANY:
        raise Refused("Which archive? Give its path, or choose a source that is an archive.")
    if wish.last_record and wish.last_record < wish.first_record:
        raise Refused("“To record” lies before “From record”.")
    if wish.since and wish.until and wish.until < wish.since:
        raise Refused("“To day” lies before “From day”.")
    source = None if wish.source == ANY else find_source(settings, wish.source)
    path = wish.archive.strip()
    if not path:
        if not isinstance(source, ArchiveSource):
            raise Refused(
                f"{wish.source} is no archive: give the path of the archive whose stories are its own"
            )
        path = source.path
    destinations = None if wish.destination == AS_CONFIGURED else (wish.destination,)
    check_destinations(settings, destinations)
    wanted = Wanted(
        source=ARCHIVE if source is None else source.name,
        publisher=wish.publisher.strip() or (source.publisher if source else None),
        language=source.language if source else None,
        destinations=destinations,
        first=wish.first_record if wish.first_record > 1 else None,
        last=wish.last_record or None,
        since=wish.since,
        until=wish.until,
        **({"story_bytes": source.limits.story_bytes} if source else {}),
    )
    try:
        return _Task(tuple(archives_at(path, settings.config_dir)), wanted)
    except (OSError, ValueError, ImportError) as error:
        raise Refused(str(error)) from None


def _count(done: Backfilled) -> str:
    outcomes = ", ".join(f"{count} {WORDS[one]}" for one, count in sorted(done.outcomes.items()))
    return _stories(done.stories, "new ") + (f" ({outcomes})" if outcomes else "")


def _stories(count: int, kind: str = "") -> str:
    return f"{count} {kind}{'story' if count == 1 else 'stories'}"


def headline_of(done: Backfilled) -> str:
    """The run in one line, for the list of runs."""
    parts = [_count(done)]
    if done.job is not None:
        parts = [f"Preview of {_stories(len(done.job.summary.stories))}: nothing was stored or published"]
    elif not done.records:
        parts = [
            "Nothing new: the archive was gone through before. To clean its stories again, use clean-stories"
        ]
    if done.known:
        parts.append(f"{done.known} read again")
    if done.skipped:
        kinds = ", ".join(f"{count} {kind}" for kind, count in done.skipped.most_common(8))
        parts.append(f"{sum(done.skipped.values())} records are no stories wanted ({kinds})")
    if done.broken:
        parts.append(f"{done.broken} could not be taken in")
    parts += [
        f"{count} {one if count == 1 else several} {what}, will be tried again"
        for act, (one, several, what) in UNDONE.items()
        if (count := done.not_made[act])
    ]
    if done.left:
        parts.append(f"{done.left} held by another run")
    return "; ".join(parts)


def text_of(done: Backfilled, reports_url: str | None = None) -> str:
    """What stands beside the run, as Markdown: its line, its reports, what is held, and what went wrong.

    ``reports_url`` is where reports are served; without it their places on disk are told.
    """
    from cleaners.write.escapes import code, markdown_text

    lines = [f"**{markdown_text(headline_of(done), 'code', at_start=False)}**"]
    if done.parts:
        places = [(report_address(part, reports_url), part.report) for part in done.parts]
        parts = [
            f"[part {number}]({address})" if address else code(str(path))
            for number, (address, path) in enumerate(places[:MOST_HELD], 1)
        ]
        more = len(places) - len(parts)
        lines.append("Reports with every story: " + ", ".join(parts) + (f" and {more} more" if more else ""))
    if done.held and done.job is None:
        held = "\n".join(
            f"- {code(key)}: {markdown_text(why[:300], 'code', at_start=False)}" for key, why in done.held
        )
        lines.append(
            f"**{done.outcomes['hold']} held**: decide in Deployments → review-story → Run, or with `cleancopy review`\n\n{held}"
        )
    if done.problems:
        told = "\n".join(f"- {markdown_text(one[:500], 'code', at_start=False)}" for one in done.problems)
        lines.append(f"What could not be taken in ({done.broken}):\n\n{told}")
    return "\n\n".join(lines) + "\n"


__all__ = ["Backfill", "Backfilled", "backfill_archives", "headline_of", "text_of"]
