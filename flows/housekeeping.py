"""The flow that tidies up, every night."""

import asyncio
from datetime import UTC, datetime, timedelta

from prefect import flow, get_client, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import TERMINAL_STATES, State
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed

from flows.prefect_home import TAG
from flows.settings import load_settings
from flows.settings.housekeeping import load_keep
from flows.tasks.housekeeping import Kept, keep_house

MOST_RUNS = 2_000
"""Runs of Prefect's that one night removes: each is a call, and the next night goes on."""


@task(name="keep-house", cache_policy=NO_CACHE)
async def keep_house_here() -> Kept:
    """Old reports, temporary files, runs that never ended."""
    return await asyncio.to_thread(keep_house, load_settings(), datetime.now(UTC))


@task(name="forget-old-runs", cache_policy=NO_CACHE)
async def forget_old_runs(days: int) -> int:
    """Remove runs of our flows that ended longer ago than so many days from Prefect's database; how many."""
    before = datetime.now(UTC) - timedelta(days=days)
    gone = 0
    async with get_client() as client:
        while gone < MOST_RUNS:
            runs = await client.read_flow_runs(
                flow_run_filter=FlowRunFilter(
                    tags=FlowRunFilterTags(all_=[TAG]),
                    end_time=FlowRunFilterEndTime(before_=before),
                    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(TERMINAL_STATES))),
                ),
                limit=100,
            )
            if not runs:
                break
            for run in runs:
                try:
                    await client.delete_flow_run(run.id)
                except ObjectNotFound:  # a person was quicker
                    continue
                gone += 1
    return gone


@flow(name="housekeeping")
async def housekeeping() -> State[None]:
    """Remove old reports, old runs and what killed processes left behind. What is kept how long stands in housekeeping.yaml."""
    kept = await keep_house_here()
    runs = await forget_old_runs(load_keep(load_settings().config_dir).prefect_runs)
    for problem in kept.problems:
        get_run_logger().warning(problem)
    said = [
        f"{kept.reports} old reports and {runs} old runs removed",
        f"{kept.temporary} folders of dead processes removed" if kept.temporary else "",
        f"{kept.dead_runs} runs that were killed are ended" if kept.dead_runs else "",
        f"{len(kept.problems)} could not be removed, see the log" if kept.problems else "",
    ]
    return Completed(message="; ".join(filter(None, said)))
