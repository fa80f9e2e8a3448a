"""Putting an event into the ledger's inbox: durable when it returns, or a 503 that tells the sender to come again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from flows.ledger import Arrival, ledger_id, open_ledger, receive_each
from flows.ledger.trouble import trouble
from flows.webhook.refusal import Refused

log = logging.getLogger("cleancopy.webhook")

RETRY_SECONDS = 5
"""What a sender is told to wait when the ledger does not answer."""

LEDGER_SECONDS = 10.0
"""How long a sender is kept waiting for the ledger (CMSs give up after 2 to 30 seconds)."""

LOOK_SECONDS = 0.1
"""How often those who wait are looked at: one timer for all of them, in place of one for each."""

MOST_TOGETHER = 100
"""Events of one commit."""

GATHER_SECONDS = 0.02
GATHER_STEP = 0.001
"""In a burst the writer waits for as long as more events come (looking each step, at most so long): they are cheaper together, and
the loop that takes them in and the writer would only be in each other's way."""

MOST_WAITING = 1_000
MOST_BYTES = 50_000_000
"""Events, and bytes of their bodies, that may wait for the ledger; the next sender is told to come again."""

T = TypeVar("T")


@dataclass(slots=True)
class _Waiting:
    """An event whose sender waits. ``size`` is what it counts for, in bytes."""

    arrival: Arrival
    size: int
    kept: asyncio.Future[bool]
    until: float


class Keeper:
    """The receiver's only hold on the ledger: one thread writes, as SQLite has one writer anyway.

    Events that come while one is written are written together, in one commit: the more come, the less each costs. How much may wait
    is bounded, also by senders who have been told 503 meanwhile. The ledger is opened when it is first needed and again after a
    failure, so that the receiver starts, answers 503 and recovers without it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._opening = threading.Lock()
        self._readers: CapacityLimiter | None = None
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._burst = False
        # All that was queued and is not settled, in order: what the loop looks at. Touched by the loop alone.
        self._unsettled: deque[_Waiting] = deque()
        self._looking: asyncio.TimerHandle | None = None
        self.waiting = 0
        self.waiting_bytes = 0

    async def keep(self, arrival: Arrival, size: int) -> bool:
        """Store the arrival durably; False when its event is in the inbox already. Raises Refused (503).

        ``size`` are the bytes of its body. After a 503 for slowness the event may still get stored: the sender's next try is then
        a duplicate.
        """
        if self.waiting >= MOST_WAITING or self.waiting_bytes + size > MOST_BYTES:
            raise _come_again("queue-full", "As many events wait for the ledger as may wait.")
        loop = asyncio.get_running_loop()
        if self._writer is None:
            # A daemon: what is being written when the process ends is not promised to anybody yet.
            self._writer = threading.Thread(target=self._write, args=(loop,), name="keeper", daemon=True)
            self._writer.start()
        one = _Waiting(arrival, size, loop.create_future(), loop.time() + LEDGER_SECONDS)
        self.waiting += 1
        self.waiting_bytes += size
        self._unsettled.append(one)
        self._queue.put(one)
        if self._looking is None:
            self._looking = loop.call_later(LOOK_SECONDS, self._look, loop)
        try:
            return await one.kept
        except Exception as error:
            raise _ledger_down(error) from None

    async def check(self) -> None:
        """Read from the ledger; raises Refused (503)."""
        await self.read(ledger_id)

    async def read(self, work: Callable[[Engine], T]) -> T:
        """Do ``work`` in a thread, one at a time, and not behind what is being written. Raises Refused (503)."""
        # Made here: a limiter belongs to the event loop that it is made in.
        self._readers = self._readers or CapacityLimiter(1)
        reading = run_sync(partial(self._with_engine, work), abandon_on_cancel=True, limiter=self._readers)
        try:
            async with asyncio.timeout(LEDGER_SECONDS):
                return await reading
        except Exception as error:
            raise _ledger_down(error) from None

    async def warm(self) -> None:
        """Open the ledger now: the first sender need not wait for it. Where that fails it is tried again when an event comes."""
        with contextlib.suppress(Refused):
            await self.check()

    def close(self) -> None:
        """Let go of the ledger. Whoever still waits was let go by the server already."""
        if self._looking is not None:
            self._looking.cancel()
        if self._writer is not None:
            self._queue.put(None)
            self._writer.join(1.0)
        if self._engine is not None:
            self._engine.dispose()

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        """The writer's life."""
        while True:
            group = self._next_group()
            if group is None:
                return
            # Whoever was told 503 meanwhile comes again by himself.
            alive = [one for one in group if not one.kept.done()]
            results = self._store(alive) if alive else []
            try:
                loop.call_soon_threadsafe(self._settle, group, alive, results)
            except RuntimeError:  # the loop is closed: nobody waits
                return

    def _next_group(self) -> list[_Waiting] | None:
        """What waits, at most MOST_TOGETHER, as soon as anything does; None: it is time to end."""
        first = self._queue.get()
        if first is None:
            return None
        if self._burst:
            self._gather()
        group = [first]
        with contextlib.suppress(queue.Empty):
            while len(group) < MOST_TOGETHER:
                following = self._queue.get_nowait()
                if following is None:
                    self._queue.put(None)
                    break
                group.append(following)
        self._burst = len(group) > 1
        return group

    def _gather(self) -> None:
        """Wait until for a step nothing more has come. Who comes alone is not kept waiting: then there was no burst."""
        end, before = time.monotonic() + GATHER_SECONDS, -1
        while before < (now := self._queue.qsize()) < MOST_TOGETHER and time.monotonic() < end:
            before = now
            time.sleep(GATHER_STEP)

    def _store(self, group: Sequence[_Waiting]) -> list[bool | Exception]:
        """Write some events in one commit: for each whether it is new, or what went wrong with it."""
        arrivals = [one.arrival for one in group]
        try:
            rows = self._with_engine(lambda engine: receive_each(engine, arrivals, datetime.now(UTC)))
        except Exception as error:
            # A ledger that is down is down for the others, too. Else one of them may be what cannot be stored.
            if len(group) == 1 or isinstance(error, (OperationalError, InterfaceError, OSError)):
                return [error] * len(group)
            return [result for one in group for result in self._store([one])]
        return [is_new for _, is_new in rows]

    def _settle(
        self, group: Sequence[_Waiting], stored: Sequence[_Waiting], results: Sequence[bool | Exception]
    ) -> None:
        """In the loop: tell those who still wait, and forget the group."""
        for one, result in zip(stored, results, strict=True):
            if one.kept.done():
                continue
            if isinstance(result, Exception):
                one.kept.set_exception(result)
            else:
                one.kept.set_result(result)
        self.waiting -= len(group)
        self.waiting_bytes -= sum(one.size for one in group)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the loop: let those go who have waited too long, as long as anybody waits."""
        now = loop.time()
        while self._unsettled:
            first = self._unsettled[0]
            if not first.kept.done():
                if first.until > now:
                    break
                first.kept.set_exception(TimeoutError())
            self._unsettled.popleft()
        self._looking = loop.call_later(LOOK_SECONDS, self._look, loop) if self._unsettled else None

    def _with_engine(self, work: Callable[[Engine], T]) -> T:
        with self._opening:
            if self._engine is None:
                self._engine = open_ledger(self._url)
        return work(self._engine)


def _ledger_down(error: Exception) -> Refused:
    """What went wrong with the ledger as a line in the log, and as the answer to the sender."""
    if isinstance(error, TimeoutError):
        log.error("the ledger did not answer within %g seconds", LEDGER_SECONDS)
    elif isinstance(error, (SQLAlchemyError, OSError)):
        log.error("the ledger failed: %s", trouble(error))
    else:
        place = "".join(traceback.format_tb(error.__traceback__))
        log.error("the ledger failed: %s\n%s", type(error).__name__, place)
    return _come_again("ledger-down", "The event could not be stored just now.")


def _come_again(code: str, error: str) -> Refused:
    hint = f"Send it again, with the same id, in {RETRY_SECONDS} seconds or later."
    return Refused(503, code, error, hint, {"Retry-After": str(RETRY_SECONDS)})
