"""The backfill as Prefect tasks. No ``from __future__ import annotations`` here: Prefect reads the annotations."""

import asyncio

from prefect import get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE

from cleaners.rules import ConfigError
from flows.settings import load_settings
from flows.tasks.backfill import Backfill, Backfilled, backfill_archives, text_of
from flows.tasks.forms import Refused
from flows.tasks.steps import PATIENT, leave_artifacts, run_name_now, watched


@task(name="go-through", **PATIENT)
async def go_through(archive: Backfill) -> Backfilled:
    """Read, take in, clean and publish, chunk by chunk."""
    try:
        return await _go_through(archive)
    except (Refused, ConfigError) as refused:
        return Backfilled(refused=str(refused))


async def _go_through(archive: Backfill) -> Backfilled:
    tell = get_run_logger().info
    async with watched() as progress:
        return await asyncio.to_thread(
            backfill_archives,
            load_settings(),
            archive,
            run=run_name_now(),
            tell=lambda line: tell("%s", line),
            progress=progress,
        )


@task(name="show-backfill", cache_policy=NO_CACHE)
async def show_backfill(done: Backfilled) -> None:
    """A preview is shown as any run is; a backfill by its counts and what went wrong."""
    if done.job is not None:
        await leave_artifacts(done.job)
    await acreate_markdown_artifact(
        text_of(done, load_settings().reports_url), key="backfill", description="What was gone through"
    )
