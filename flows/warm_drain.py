"""``python -m flows.warm_drain``: a drain that stands by, so that a story is public a moment after it arrived.

A run that is started for a story needs seconds for its process, for Prefect and for the rules. This program has all three
ready, looks into the inbox four times a second, and does each drain as a run of ``drain-inbox`` that Prefect shows. While Prefect
does not answer, stories are cleaned without a run. It is one program of ``cleancopy up``; the schedule of ``drain-inbox``
sweeps behind it.

Beside the drain it looks every second for acts that are due again at destinations, kills before all else, and for embargoes that are over,
and does them without a run: a destination that is down all night would fill the list of runs.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from prefect import tags
from prefect.exceptions import PrefectException
from prefect.settings import get_current_settings
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cleaners.rules import ConfigError
from flows.drain_inbox import drain_inbox
from flows.ledger import open_ledger, work_waits
from flows.ledger.trouble import trouble
from flows.prefect_home import TAG, answers
from flows.prefect_runs import crash_unfinished, wait_for_prefect
from flows.settings import Destination, Settings, load_destinations, load_settings
from flows.tasks.cleaning import NoWorkers, WarmPool
from flows.tasks.jobs import clean_waiting
from flows.tasks.owners import release_the_dead
from flows.tasks.publishing import due_waits, publish_due, told
from flows.tasks.steps import LENT, Lent

log = logging.getLogger("cleancopy.drain")

LOOK_SECONDS = 0.25
DUE_LOOK_SECONDS = 1.0
"""Between two looks for acts that are due again. What a drain has just cleaned it publishes itself, many at a time."""
LINGER_SECONDS = 2.0
"""How long a run waits for the next story: a burst is one run in Prefect, and costs one."""
MOST_STORIES = 5_000
"""Stories of one run, so that a run comes to an end on a day on which stories never do."""
LONGEST_WAIT = 120.0
"""Seconds between two tries while every run fails: rules that do not load, a ledger that is down."""
NOTHING_CAME_OF_IT_SECONDS = 5.0
"""Until the next pass where one found that nothing of what looked due could be claimed."""

END_SECONDS = 20.0
"""How long it may take to end once that was asked for."""

BEGUN_SECONDS = 30.0
"""How long Prefect may take to begin a run, before its stories are cleaned without one."""
SHOWN_SECONDS = 20.0
"""How long it may take to show what a run did and to end it, before the next stories are cleaned without one."""

STANDING_BY = f"stand-by on {socket.gethostname()}"
"""The tag of these runs in Prefect: what is left of a program that was killed is known by it."""


_TIDYING: set[asyncio.Task[None]] = set()
_UNENDED: set[asyncio.Future[Any]] = set()
"""Runs whose stories were cleaned, or are by now, and whose end Prefect has not taken."""


class DrainFailed(RuntimeError):
    """A run came to an end that was not its own. The message is its last state's."""


async def stand_by(settings: Settings, ended: Callable[[], bool]) -> None:
    """Drain whatever arrives until ``ended()``; what fails is tried again, with growing waits."""
    wait = LOOK_SECONDS
    while not ended():
        config = _state_of(settings.config_dir)

        def goes_on(config: object = config) -> bool:
            return not ended() and config == _state_of(settings.config_dir)

        try:
            await _stand_by(settings, goes_on, ended)
            wait = LOOK_SECONDS
        except (SQLAlchemyError, ConfigError, NoWorkers, DrainFailed, OSError) as error:
            wait = min(LONGEST_WAIT, max(1.0, wait * 2))
            said = (
                f"the ledger failed: {trouble(error)}" if isinstance(error, SQLAlchemyError) else str(error)
            )
            log.error("%s; tried again in %.0f seconds, or when the configuration changes", said, wait)
            await _sleep(wait, goes_on)


async def _stand_by(settings: Settings, goes_on: Callable[[], bool], ended: Callable[[], bool]) -> None:
    """The same with one configuration, as long as it ``goes_on()`` and nothing fails."""
    engine = await asyncio.to_thread(open_ledger, settings.ledger_url)
    over = False
    publishing = asyncio.create_task(publish_what_is_due(engine, settings, lambda: goes_on() and not over))
    try:
        with WarmPool(settings.config_dir, settings.workers, settings.story_seconds) as pool:
            await asyncio.to_thread(pool.warm)
            # Prefect and what it brings are here for good: records by the thousand are read without looking through it all again.
            gc.collect()
            gc.freeze()
            log.info("standing by")
            while goes_on():
                if await asyncio.to_thread(_work_waits, engine, settings):
                    await drain_once(settings, pool, ended)
                else:
                    await asyncio.sleep(LOOK_SECONDS)
    finally:
        over = True
        await publishing
        engine.dispose()


async def publish_what_is_due(engine: Engine, settings: Settings, goes_on: Callable[[], bool]) -> None:
    """Publish what is due again, as long as it ``goes_on()``: also while the drain is busy with a thousand stories."""
    wait = LOOK_SECONDS
    while goes_on():
        try:
            destinations = await asyncio.to_thread(load_destinations, settings.config_dir)
            wait = await _publish_until(engine, settings, destinations, goes_on)
        except (SQLAlchemyError, ConfigError, OSError) as error:
            said = trouble(error) if isinstance(error, SQLAlchemyError) else str(error)
            wait = min(LONGEST_WAIT, max(1.0, wait * 2))
            log.error("What is due was not published: %s; tried again in %.0f seconds", said, wait)
            await _sleep(wait, goes_on)


async def _publish_until(
    engine: Engine, settings: Settings, destinations: Mapping[str, Destination], goes_on: Callable[[], bool]
) -> float:
    while goes_on():
        if not await asyncio.to_thread(due_waits, engine, destinations, datetime.now(UTC)):
            await asyncio.sleep(DUE_LOOK_SECONDS)
            continue
        published = await asyncio.to_thread(
            publish_due, engine, settings, destinations=destinations, enough=lambda: not goes_on()
        )
        if said := told(published):
            log.info(said)
        else:
            await _sleep(NOTHING_CAME_OF_IT_SECONDS, goes_on)
    return LOOK_SECONDS


async def drain_once(settings: Settings, pool: WarmPool, ended: Callable[[], bool]) -> None:
    """One drain, as a run of Prefect where Prefect answers. Raises DrainFailed and what ``drain`` raises."""
    lent: dict[str, Any] = {"pool": pool, "linger_seconds": LINGER_SECONDS, "limit": MOST_STORIES}
    if not _UNENDED and await asyncio.to_thread(_prefect_answers):
        if await _as_a_run(lent, ended):
            return
    else:
        log.warning("Prefect does not answer; the stories are cleaned without a run")
    summary = await asyncio.to_thread(clean_waiting, settings, enough=ended, **lent)
    log.info("%d stories cleaned, %d published", len(summary.stories), len(summary.published.made))


async def _as_a_run(lent: Mapping[str, Any], ended: Callable[[], bool]) -> bool:
    """Whether the stories were cleaned in a run of Prefect; it may show that later. Raises DrainFailed.

    A server that hangs is noticed at the next call to it, and that call ends after a minute or never: no story waits for that.
    """
    cleaning, cleaned = asyncio.Event(), asyncio.Event()
    left = False
    options = {**lent, "enough": lambda: ended() or left}
    token = LENT.set(Lent(options, cleaning.set, cleaned.set))
    try:
        with tags(TAG, STANDING_BY):
            run = asyncio.ensure_future(drain_inbox(return_state=True))  # with a copy of both
    finally:
        LENT.reset(token)
    await _until(cleaning, run, BEGUN_SECONDS)
    if cleaning.is_set():
        await _until(cleaned, run, None)
        await asyncio.wait([run], timeout=SHOWN_SECONDS)
    if not run.done():
        left = True  # or it would begin beside the next one, when Prefect answers again
        _UNENDED.add(run)
        run.add_done_callback(_ended_late)
        log.warning("Prefect is slow, or hangs; the next stories are cleaned without a run")
        return cleaning.is_set()
    try:
        state = run.result()
    except (PrefectException, httpx.HTTPError, OSError) as error:
        log.warning("Prefect failed (%s); the stories are cleaned without a run", type(error).__name__)
        _tidy_later()
        return False
    if not state.is_completed():
        raise DrainFailed(state.message or state.name)
    return True


async def _until(event: asyncio.Event, run: asyncio.Future[Any], seconds: float | None) -> None:
    """Wait for ``event``, at most until the run ends or so long."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait([waiting, run], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _ended_late(run: asyncio.Future[Any]) -> None:
    _UNENDED.discard(run)
    if not run.cancelled() and (error := run.exception()) is not None:
        log.warning("Prefect did not take the end of a run (%s)", type(error).__name__)
        _tidy_later()


def _work_waits(engine: Engine, settings: Settings) -> bool:
    # What a publisher held that was killed is owed again, and no row of the inbox tells of it.
    freed = release_the_dead(engine, settings.data_dir)
    return freed > 0 or work_waits(engine, datetime.now(UTC))


def _prefect_answers() -> bool:
    url = get_current_settings().api.url
    return bool(url) and answers(f"{url}/health")


def _state_of(config_dir: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a configuration file does."""
    # os.walk: a folder of rules may be a link, which Path.rglob does not follow.
    files = (
        os.path.join(folder, name)
        for folder, _, names in os.walk(config_dir, followlinks=True)
        for name in names
        if name.endswith(".yaml")
    )
    return tuple(sorted((path, stat.st_mtime_ns, stat.st_size) for path in files if (stat := _stat(path))))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:  # an editor is just replacing it
        return None


def _tidy_later() -> None:
    """Runs that could not report their end, or never began to live, are to be crashed once Prefect answers."""
    tidying = asyncio.create_task(_tidy(datetime.now(UTC)))
    _TIDYING.add(tidying)  # the loop itself holds no task
    tidying.add_done_callback(_tidied)


def _tidied(tidying: asyncio.Task[None]) -> None:
    _TIDYING.discard(tidying)
    if not tidying.cancelled() and (error := tidying.exception()) is not None:
        log.warning("runs that were left behind could not be marked (%s)", type(error).__name__)


async def _tidy(started: datetime) -> None:
    if get_current_settings().api.url:
        await wait_for_prefect()
        await crash_unfinished(started, tag=STANDING_BY)


async def _sleep(seconds: float, goes_on: Callable[[], bool]) -> None:
    """As long as it ``goes_on()``, which is asked now and then."""
    for _ in range(math.ceil(seconds / LOOK_SECONDS)):
        if goes_on():
            await asyncio.sleep(LOOK_SECONDS)


def main() -> int:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = load_settings()
    if hasattr(os, "nice"):  # not on Windows
        # Behind the receiver, whose senders wait for their answer, and before the workers (see warm_worker).
        os.nice(3)
    asked = threading.Event()

    def end(*_: object) -> None:
        if not asked.is_set():
            # Where Prefect went away in the middle of a run its client may wait for minutes. What is left comes back to the inbox.
            last = threading.Timer(END_SECONDS, os._exit, [1])
            last.daemon = True
            last.start()
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)

    async def run() -> None:
        _tidy_later()
        await stand_by(settings, asked.is_set)

    # In a thread: in the main one Prefect would answer SIGTERM itself, and end a run in the middle of a story.
    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    thread.join()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
