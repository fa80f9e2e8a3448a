"""Runs that Prefect believes to be running, of a program that is gone.

A run that is killed stays ``Running`` for good, and keeps its place where only one may run at a time. Its stories need nothing: they
come back to the inbox by themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.settings import get_current_settings
from prefect.states import Crashed

from flows.prefect_home import answers

log = logging.getLogger("cleancopy.runs")

UNFINISHED = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
WHY = "It ended without saying so: it was killed, or Prefect was down. What it left of its stories the next drain takes."


async def crash_unfinished(
    before: datetime, *, tag: str | None = None, deployments: Collection[UUID] | None = None
) -> int:
    """Mark the unfinished runs with this tag, or of these deployments, as crashed; how many these were.

    Those that were made ``before`` a time: when the program started that knows that nobody else works on them.
    """
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED)),
        tags=FlowRunFilterTags(all_=[tag]) if tag is not None else None,
        deployment_id=FlowRunFilterDeploymentId(any_=list(deployments)) if deployments is not None else None,
    )
    async with get_client() as client:
        found = await client.read_flow_runs(flow_run_filter=wanted)
        runs = [run for run in found if (run.start_time or run.created or before) < before]
        for run in runs:
            await client.set_flow_run_state(run.id, Crashed(message=WHY), force=True)
            log.warning("run %s was left behind: it was killed, or could not report its end", run.name)
    return len(runs)


async def wait_for_prefect() -> None:
    """Return when Prefect's API answers: it may be starting, or be down for a while."""
    url = get_current_settings().api.url
    told = False
    while url and not await asyncio.to_thread(answers, f"{url}/health"):
        if not told:
            log.warning("Prefect's API does not answer at %s; waiting for it", url)
        told = True
        await asyncio.sleep(1)
