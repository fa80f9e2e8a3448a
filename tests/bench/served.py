"""What a running newsroom costs and how quick it is: `cleancopy up` as it is, measured from outside.

Prefect's share of a drain, a burst of a CMS, and one story on an idle day. Ratios are of CPU time; the waits are what a clock on the
wall says, so they are to be read on an idle machine.

python -m tests.bench.served CONFIG DATA COUNT      a drain without Prefect, in a process of its own
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from statistics import median, quantiles

import httpx
from sqlalchemy import Engine

from cleaners.model import Raw
from flows.ledger import Arrival, open_ledger, outbox_counts, queue_counts, receive
from flows.settings import Settings
from flows.tasks.cleaning import WarmPool
from flows.tasks.jobs import clean_waiting
from tests.bench.cpu import cpu_seconds
from tests.bench.invented import stories
from tests.bench.speed import Measure
from tests.flows.running_newsroom import RunningNewsroom, running_newsroom, small_newsroom, wait_until

DRAINED = 5_000
POSTED = 1_500
A_SECOND = 50
IDLE = 20


def prefect_share(config: Path) -> list[Measure]:
    """Prefect's CPU, the server's and the client's, over all CPU of a drain of DRAINED stories."""
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        newsroom_config = small_newsroom(root / "config", config)
        plain = _without_prefect(newsroom_config, root / "plain", DRAINED)
        with _newsroom(root, newsroom_config) as newsroom:
            ledger = open_ledger(_ledger(newsroom.data))
            newsroom.pause("drain-inbox")  # a sweep beside it would take a part of the work
            server = newsroom.child("prefect server start")
            serving = newsroom.child("flows.deployments serve")
            drain = newsroom.child("flows.warm_drain")
            before = [cpu_seconds(server), cpu_seconds(serving), cpu_seconds(drain), _own(drain)]
            _fill(ledger, DRAINED)
            _wait_for(ledger, DRAINED, newsroom)
            wait_until(
                lambda: {run["state_type"] for run in newsroom.runs("drain-inbox")} == {"COMPLETED"}, 60
            )
            after = [cpu_seconds(server), cpu_seconds(serving), cpu_seconds(drain), _own(drain)]
            ledger.dispose()
    at_server, at_serving, drained, own = (now - then for now, then in zip(after, before, strict=True))
    # The same stories, so the workers' time tells how quick the machine was then and now: by a third, on a busy day.
    at_client = own - plain["own"] * (drained - own) / (plain["total"] - plain["own"])
    total = at_server + at_serving + drained
    return [
        Measure(
            f"Prefect's share of a drain of {DRAINED:,} stories",
            (at_server + at_serving + at_client) / total,
            0.05,
            "%",
        ),
        Measure("  its server", at_server / total, None, "%"),
        Measure("  the program that serves the deployments", at_serving / total, None, "%"),
        Measure("  its client in the drain, over the same drain without it", at_client / total, None, "%"),
        Measure("cleaning (the workers)", (drained - own) / total, None, "%"),
        Measure("CPU of that drain", total, None, "s"),
    ]


def webhook(config: Path) -> list[Measure]:
    """A burst of POSTED stories at A_SECOND, then IDLE stories one by one."""
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        newsroom_config = small_newsroom(root / "config", config)
        with _newsroom(root, newsroom_config) as newsroom:
            ledger = open_ledger(_ledger(newsroom.data))
            drain, receiver = newsroom.child("flows.warm_drain"), newsroom.child("flows.webhook")
            before = cpu_seconds(drain), _own(drain), cpu_seconds(receiver)
            began = time.monotonic()
            took = asyncio.run(_post_all(newsroom, list(stories(POSTED))))
            posted = time.monotonic()
            _wait_for(ledger, POSTED, newsroom)
            drained = time.monotonic()
            after = cpu_seconds(drain), _own(drain), cpu_seconds(receiver)
            drained_cpu, own, receiving = (now - then for now, then in zip(after, before, strict=True))
            lost = POSTED - outbox_counts(ledger)["made"]
            one_by_one = _one_by_one(newsroom)
            ledger.dispose()
    return [
        Measure(f"{POSTED:,} stories posted at {A_SECOND}/s: lost", lost, 0, ""),
        Measure("  accepted after (p50)", median(took) * 1000, None, "ms"),
        Measure("  accepted after (p99)", quantiles(took, n=100)[98] * 1000, 50, "ms"),
        # The workers do nothing but clean: their time is the bare cleaning's, on the same machine at the same moment.
        Measure("  drained: CPU over that of the bare cleaning", drained_cpu / (drained_cpu - own), 1.3, "×"),
        Measure("  all published, after the last was posted", drained - posted, None, "s"),
        Measure(
            "  from the first post to the last copy, over the time of posting",
            (drained - began) / (posted - began),
            1.3,
            "×",
        ),
        Measure("  the receiver's CPU for one", receiving / POSTED * 1000, None, "ms"),
        Measure(f"webhook to published copy, idle, {IDLE} stories (p50)", median(one_by_one), 3, "s"),
        Measure("  the slowest", max(one_by_one), None, "s"),
    ]


def _newsroom(root: Path, config: Path) -> AbstractContextManager[RunningNewsroom]:
    return running_newsroom(root / "data", config)


def _ledger(data: Path) -> str:
    return f"sqlite:///{data / 'ledger.sqlite'}"


def _fill(ledger: Engine, count: int) -> None:
    """In one transaction: the drain finds all of them at once."""
    receive(ledger, [Arrival(raw, "cms") for raw in stories(count)], datetime.now(UTC))


def _wait_for(ledger: Engine, count: int, newsroom: RunningNewsroom) -> None:
    def out() -> bool:
        time.sleep(0.2)
        waiting = queue_counts(ledger)
        return waiting["done"] + waiting["failed"] >= count and not outbox_counts(ledger)["owed"]

    wait_until(out, 1800, newsroom.data / "logs" / "drain.log")


def _own(drain: int) -> float:
    return cpu_seconds(drain, below=False)


async def _post_all(newsroom: RunningNewsroom, raws: Sequence[Raw]) -> list[float]:
    """Post at a steady pace, whether the answers come or not; how long each took."""
    took: list[float] = []

    async def post(client: httpx.AsyncClient, number: int, raw: Raw, began: float) -> None:
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
        content, headers = newsroom.event(raw.id, str(raw.content))
        sent = time.perf_counter()
        answer = await client.post(f"{newsroom.webhook}/webhooks/cms", content=content, headers=headers)
        took.append(time.perf_counter() - sent)
        if answer.status_code == 503:  # and comes again, as a CMS does
            took[-1] = inf  # not accepted in time at all
            await asyncio.sleep(1)
            await post(client, number, raw, began)
            return
        assert answer.status_code == 202, answer.text

    async with httpx.AsyncClient(timeout=30) as client, asyncio.TaskGroup() as posts:
        began = time.monotonic() + 0.5
        for number, raw in enumerate(raws):
            posts.create_task(post(client, number, raw, began))
    return took


def _one_by_one(newsroom: RunningNewsroom) -> list[float]:
    took = []
    for number in range(IDLE):
        # Longer than a drain lingers: each story finds the newsroom idle.
        time.sleep(4)
        began = time.monotonic()
        newsroom.post(
            f"idle{number}",
            f"The {number} bus to Quarry Hill will run for another year.\nPublished: undefined\n",
        )
        wait_until(
            lambda story=f"idle{number}": newsroom.published(story), 60, newsroom.data / "logs" / "drain.log"
        )
        took.append(time.monotonic() - began)
    return took


def _without_prefect(config: Path, data: Path, count: int) -> dict[str, float]:
    """CPU seconds of a process that drains as many stories alone: ``own`` its own, ``total`` with its workers'."""
    words = [sys.executable, "-m", "tests.bench.served", config, data, str(count)]
    done = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _main(config: Path, data: Path, count: int) -> None:
    data.mkdir()
    settings = Settings(config_dir=config, data_dir=data, ledger_url=_ledger(data))
    ledger = open_ledger(settings.ledger_url)
    _fill(ledger, count)
    ledger.dispose()
    me = os.getpid()
    with WarmPool(config, settings.workers, settings.story_seconds) as pool:
        pool.warm()
        before = cpu_seconds(me), _own(me)
        clean_waiting(settings, pool=pool)
        after = cpu_seconds(me), _own(me)
    print(json.dumps({"total": after[0] - before[0], "own": after[1] - before[1]}))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
