"""Runs that Prefect believes to be running, of a program that is gone.

A run that is killed stays ``Running`` for good, and keeps its place where only one may run at a time. Its stories need nothing: they
come back to the inbox by themselves. The program that started runs ends them itself when it starts again (``crash_unfinished``); for workers
of a pool, of which nobody knows who is gone, the server is told to listen for their heartbeats (``end_silent_runs``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
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
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.settings import get_current_settings
from prefect.states import Crashed

from flows.prefect_home import TAG, answers

log = logging.getLogger("cleancopy.runs")

HEARTBEAT = "prefect.flow-run.heartbeat"
SILENT = timedelta(minutes=10)
"""A run is heard every three minutes. (PREFECT_FLOWS_HEARTBEAT_FREQUENCY)"""
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


async def end_silent_runs(within: timedelta = SILENT) -> UUID:
    """An automation on the server: a run of ours that was heard and then is not for so long is marked as crashed.

    After Prefect's own "How to detect and respond to zombie flows" (docs.prefect.io/v3/advanced/detect-zombie-flows). Again changes
    nothing. Gives the automation's id.
    """
    ended = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")}
    wanted = AutomationCore(
        name="End cleancopy's runs that were killed",
        description="A run that is killed cannot say so. Its stories are taken up again whether it is ended or not.",
        trigger=EventTrigger(
            after={HEARTBEAT},
            expect={HEARTBEAT, *ended},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification({"prefect.resource.id": [f"prefect.tag.{TAG}"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=WHY)],
    )
    async with get_client() as client:
        for found in await client.read_automations_by_name(wanted.name):
            await client.update_automation(found.id, wanted)
            return found.id
        return await client.create_automation(wanted)


async def wait_for_prefect() -> None:
    """Return when Prefect's API answers: it may be starting, or be down for a while."""
    url = get_current_settings().api.url
    told = False
    while url and not await asyncio.to_thread(answers, f"{url}/health"):
        if not told:
            log.warning("Prefect's API does not answer at %s; waiting for it", url)
        told = True
        await asyncio.sleep(1)
