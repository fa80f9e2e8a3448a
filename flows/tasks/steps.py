"""The jobs as Prefect tasks. A task is a whole job, never one story; it is tried again only where the world can fail.

No ``from __future__ import annotations`` here: Prefect reads the annotations.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from prefect import get_run_logger, task
from prefect.artifacts import (
    acreate_link_artifact,
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.tasks import Task, exponential_backoff
from prefect.utilities.annotations import quote
from sqlalchemy.exc import OperationalError

from cleaners.rules import ConfigError
from flows.settings import load_settings
from flows.tasks.drain import OnProgress
from flows.tasks.forms import Refused
from flows.tasks.intake import Intake, SourceDown
from flows.tasks.jobs import Job, clean_selected, clean_waiting, look_at
from flows.tasks.selection import Selection
from flows.tasks.showing import headline_of, report_address, stories_shown, table_rows, table_text
from flows.tasks.summary import Progress, RunSummary

SAY_EVERY = 5.0
"""Seconds between two lines of progress in a run's log, and two moves of its bar."""


class Lent(NamedTuple):
    """What a program that runs many flows lends to each: a warm pool, and what else ``drain`` takes; and what it wants to hear."""

    options: Mapping[str, Any] = MappingProxyType({})
    cleaning: Callable[[], None] = lambda: None
    """Called when Prefect has begun the run, and the cleaning begins."""
    cleaned: Callable[[], None] = lambda: None
    """Called when that is over, however it ended, and Prefect is to show it."""


_NOTHING = Lent()
LENT: ContextVar[Lent] = ContextVar("lent", default=_NOTHING)


async def is_passing(task: Task[..., Any], run: TaskRun, state: State) -> bool:
    """Whether trying again may help: a source that is down, a ledger that does not answer. Nothing else changes by waiting.

    A source whose next look the ledger has set is left to its schedule: it would not be asked now.
    """
    error = await state.aresult(raise_on_failure=False)
    if isinstance(error, SourceDown):
        return error.passing and error.again_at is None
    return isinstance(error, OperationalError)


PATIENT: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": 10,
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_passing,
    "cache_policy": NO_CACHE,
}
"""For a task that is a whole job: tried again where the world can fail, and nothing of it is remembered."""


@task(
    name="look",
    task_run_name="look at {source}",
    **{**PATIENT, "retry_delay_seconds": exponential_backoff(10)},
)
async def look(source: str, owner: str) -> Intake:
    """Look at a source once, and take in what is new, for ``owner`` to clean."""
    intake = await asyncio.to_thread(look_at, load_settings(), source, owner)
    logger = get_run_logger()
    for line in (*intake.skipped, *intake.back):
        logger.info(line)
    for line in (*intake.problems, *intake.gone):
        logger.warning(line)
    logger.info("%s: %d new, %d known", source, len(intake.ids), len(intake.known))
    return intake


@task(name="clean", **PATIENT)
async def clean(ids: Sequence[int] | None = None, owner: str | None = None) -> Job:
    """Clean and publish what waits in the inbox, or these rows of it, which ``owner`` has."""
    name = str(flow_run.flow_name or "cleancopy")
    lent = LENT.get()
    lent.cleaning()
    async with watched() as progress:
        try:
            done = await asyncio.to_thread(
                clean_waiting,
                load_settings(),
                ids,
                owner=owner,
                run=run_name_now(),
                flow=name,
                progress=progress,
                **lent.options,
            )
        finally:
            lent.cleaned()
    return Job(done)


@task(name="clean-selected", **PATIENT)
async def clean_chosen(selection: Selection) -> Job:
    """Clean what a person chose."""
    run = run_name_now()
    async with watched() as progress:
        try:
            return await asyncio.to_thread(
                clean_selected, load_settings(), selection, run=run, progress=progress
            )
        except (Refused, ConfigError) as refused:
            return Job(RunSummary(run, datetime.now(UTC)), refused=str(refused))


async def show(job: Job) -> None:
    """Leave a table of the run and the before/after of its stories as artifacts. Nothing to do shows nothing."""
    # Quoted: Prefect looks twice for futures in all that a task is given, which in 5,000 stories takes three seconds.
    await _show(quote(job))  # type: ignore[call-overload]


@task(name="show", cache_policy=NO_CACHE)
async def _show(job: Job) -> None:
    await leave_artifacts(job)


async def leave_artifacts(job: Job) -> None:
    """What ``show`` leaves, from inside a task."""
    rows = table_rows(job.summary)
    if rows or job.problems or job.notes:
        await acreate_table_artifact(
            rows, key=f"run-of-{flow_run.flow_name}", description=table_text(job, load_settings().reports_url)
        )
    if report := report_address(job.summary, load_settings().reports_url):
        await acreate_link_artifact(
            report,
            key=f"report-of-{flow_run.flow_name}",
            link_text="The report: every story, before and after",
        )
    for story in stories_shown(job.summary):
        await acreate_markdown_artifact(story.text, key=story.key, description=story.title)


def final_state(job: Job, problems: Sequence[str] = ()) -> State[Job]:
    """The run's last state: its message is what a list of runs shows. A source that is down makes the run a failed one."""
    if job.refused:
        return Failed(message=job.refused)
    done = [headline_of(job)] if job.summary.stories or not problems else []
    message = "; ".join([*done, *problems])
    return Failed(message=message) if problems else Completed(message=message, data=job)


def run_name_now() -> str:
    """One name for all tries of a run; Prefect's, so that run and report can be put side by side."""
    return f"{flow_run.name or 'run'}-{str(flow_run.id or '')[:8]}".strip("-")


@asynccontextmanager
async def watched() -> AsyncIterator[OnProgress]:
    """What the work inside says of its progress: a bar among the run's artifacts and lines in its log. A short run needs neither."""
    latest = Progress(0, 0)

    def say(progress: Progress) -> None:
        nonlocal latest
        latest = progress

    bar: Any = None
    told = latest

    async def move() -> None:
        nonlocal bar, told
        told = latest
        get_run_logger().info(told.said)
        try:
            if bar is None:
                key = f"progress-of-{flow_run.flow_name}"
                bar = await acreate_progress_artifact(told.percent, key, told.said)
            else:
                await aupdate_progress_artifact(bar, told.percent, told.said)
        except Exception as error:  # the work does not wait for a bar
            get_run_logger().warning("The progress cannot be shown: %s", error)

    async def tell() -> None:
        while True:
            await asyncio.sleep(SAY_EVERY)
            if latest != told:
                await move()

    telling = asyncio.create_task(tell())
    try:
        yield say
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        # A bar that stopped at "1 of 7" would look like a run that did.
        if bar is not None and latest != told:
            await move()
