"""Waking the drain: soon after an event is stored a run starts, and a burst of events starts one.

Prefect may be down. Then nothing is lost and nothing is retried here: the event lies in the inbox, and the schedule of
``drain-inbox`` finds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

log = logging.getLogger("cleancopy.webhook")

DRAIN = "drain-inbox/drain-inbox"
"""The deployment that is started: flow name and deployment name."""


class Waker:
    """``wake()`` asks for a run of ``start``; askings within ``gather`` seconds, and within ``pause`` seconds after a
    start, become one.

    To be used inside one event loop. Failures are logged once, until a start succeeds again.
    """

    def __init__(self, start: Callable[[], Awaitable[Any]], gather: float = 0.2, pause: float = 5.0) -> None:
        self._start = start
        self._gather = gather
        self._pause = pause
        self._wanted = False
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Ask for a run; returns at once and never fails."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def aclose(self) -> None:
        """Drop what is still asked for."""
        self._wanted = False
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        await asyncio.sleep(self._gather)
        while self._wanted:
            self._wanted = False
            await self._try()
            await asyncio.sleep(self._pause)

    async def _try(self) -> None:
        try:
            await self._start()
        except Exception as error:
            if not self._failing:
                log.warning(
                    "drain not started (%s); events wait in the inbox for the next scheduled run",
                    type(error).__name__,
                )
            self._failing = True
        else:
            if self._failing:
                log.info("drain started again")
            self._failing = False


def prefect_drain(
    deployment: str = DRAIN, limit_seconds: float = 20.0
) -> Callable[[], Awaitable[None]] | None:
    """A starter for ``Waker`` that creates a run of ``deployment`` through Prefect's API; None when no API is configured.

    The API is the one of Prefect's own settings (``PREFECT_API_URL``): without it Prefect would start a server of
    its own inside the receiver. While the last run that was created has not begun, no other is: it will find the
    new events too.
    """
    # Here and not above: Prefect takes a second to import, and a receiver without it needs none of it.
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        return None
    last = None

    async def start() -> None:
        nonlocal last
        async with asyncio.timeout(limit_seconds), get_client() as client:
            if last is not None:
                with contextlib.suppress(ObjectNotFound):
                    state = (await client.read_flow_run(last)).state
                    if state is not None and (state.is_scheduled() or state.is_pending()):
                        return
            found = await client.read_deployment_by_name(deployment)
            last = (await client.create_flow_run_from_deployment(found.id)).id

    return start
