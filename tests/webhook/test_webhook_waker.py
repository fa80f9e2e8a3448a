"""The waker: one run for a burst, another for what came after, silence about a Prefect that is down."""

from __future__ import annotations

import asyncio
import logging

import pytest

from flows.webhook import Waker, prefect_drain


class Starts:
    """A starter that counts; it waits at ``gate`` and fails while ``failing``."""

    def __init__(self) -> None:
        self.count = 0
        self.failing = False
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> None:
        self.count += 1
        self.begun.set()
        await self.gate.wait()
        if self.failing:
            raise ConnectionError("no Prefect at https://editor:pa55@prefect.example")


async def settled(waker: Waker) -> None:
    """Until the waker has nothing left to do."""
    assert waker._task is not None
    await asyncio.wait_for(waker._task, 20)


async def test_a_burst_starts_one_run() -> None:
    starts = Starts()
    waker = Waker(starts, gather=0, pause=0)
    for _ in range(1000):
        waker.wake()
    await settled(waker)
    assert starts.count == 1


async def test_an_event_that_comes_during_a_start_gets_a_run_of_its_own() -> None:
    starts = Starts()
    starts.gate.clear()
    waker = Waker(starts, gather=0, pause=0)
    waker.wake()
    await starts.begun.wait()
    for _ in range(10):
        waker.wake()  # the run that is being started may have looked into the inbox already
    assert starts.count == 1
    starts.gate.set()
    await settled(waker)
    assert starts.count == 2


async def test_after_a_rest_it_wakes_again() -> None:
    starts = Starts()
    waker = Waker(starts, gather=0, pause=0)
    for expected in (1, 2, 3):
        waker.wake()
        await settled(waker)
        assert starts.count == expected


async def test_a_prefect_that_is_down_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    starts = Starts()
    waker = Waker(starts, gather=0, pause=0)
    for starts.failing in (True, True, True, False, False, True):
        waker.wake()
        await settled(waker)
    lines = [record.getMessage() for record in caplog.records if record.name == "cleancopy.webhook"]
    down = "drain not started (ConnectionError); events wait in the inbox for the next scheduled run"
    assert lines == [down, "drain started again", down]
    assert starts.count == 6


async def test_closing_drops_what_is_asked_for() -> None:
    starts = Starts()
    waker = Waker(starts, gather=60)
    waker.wake()
    await waker.aclose()
    assert starts.count == 0
    await Waker(starts).aclose()


async def test_without_an_api_there_is_nothing_to_wake() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: None}):
        assert prefect_drain() is None


@pytest.mark.prefect
async def test_a_run_is_created_once_while_the_last_has_not_begun() -> None:
    from prefect import flow
    from prefect.client.orchestration import get_client
    from prefect.states import Running
    from prefect.testing.utilities import prefect_test_harness

    @flow(name="drain-inbox")
    async def drain() -> None:
        """Stands for the real one: it is never run here."""

    with prefect_test_harness(server_startup_timeout=120):
        start = prefect_drain()
        assert start is not None
        async with get_client() as client:
            flow_id = await client.create_flow(drain)
            await client.create_deployment(flow_id=flow_id, name="drain-inbox")
            await start()
            await start()
            (run,) = await client.read_flow_runs()
            await client.set_flow_run_state(run.id, Running(), force=True)
            await start()
            assert len(await client.read_flow_runs()) == 2
