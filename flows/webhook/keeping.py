"""Putting an event into the ledger's inbox: durable when it returns, or a 503 that tells the sender to come again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flows.ledger import Arrival, open_ledger, queue_counts, receive_each
from flows.ledger.trouble import trouble
from flows.webhook.refusal import Refused

log = logging.getLogger("cleancopy.webhook")

RETRY_SECONDS = 5
"""What a sender is told to wait when the ledger does not answer."""

LEDGER_SECONDS = 10.0
"""How long a sender is kept waiting for the ledger (CMSs give up after 2 to 30 seconds)."""

MOST_TOGETHER = 50
"""Events of one commit."""

T = TypeVar("T")


class Keeper:
    """The receiver's only hold on the ledger: one thread at a time writes, as SQLite has one writer anyway.

    Events that come while one is written are written together, in one commit: the more come, the less each costs. The
    ledger is opened when it is first needed and again after a failure, so that the receiver starts, answers 503 and
    recovers without it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._opening = threading.Lock()
        self._one_at_a_time: CapacityLimiter | None = None
        self._waiting: list[tuple[Arrival, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, arrival: Arrival) -> bool:
        """Store the arrival durably; False when its event is in the inbox already. Raises Refused (503).

        After a 503 for slowness the event may still get stored: the sender's next try is then a duplicate.
        """
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, kept))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await self._in_time(kept)

    async def check(self) -> None:
        """Read from the ledger; raises Refused (503)."""
        await self._in_time(self._in_thread(queue_counts))

    async def warm(self) -> None:
        """Open the ledger now: the first sender need not wait for it. Where that fails it is tried again when an event comes."""
        with contextlib.suppress(Refused):
            await self.check()

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    async def _write(self) -> None:
        while self._waiting:
            # Whoever was told 503 meanwhile comes again by himself.
            waiting = [one for one in self._waiting if not one[1].done()]
            group, self._waiting = waiting[:MOST_TOGETHER], waiting[MOST_TOGETHER:]
            try:
                await self._store(group)
            except Exception as error:
                if len(group) == 1:
                    _settle(group[0][1], error)
                else:
                    # One of them may be what cannot be stored.
                    for one in group:
                        try:
                            await self._store([one])
                        except Exception as own:
                            _settle(one[1], own)

    async def _store(self, group: Sequence[tuple[Arrival, asyncio.Future[bool]]]) -> None:
        if not group:
            return
        arrivals = [arrival for arrival, _ in group]
        rows = await self._in_thread(lambda engine: receive_each(engine, arrivals, datetime.now(UTC)))
        for (_, kept), (_, is_new) in zip(group, rows, strict=True):
            _settle(kept, is_new)

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(LEDGER_SECONDS):
                return await work
        except TimeoutError:
            log.error("the ledger did not answer within %g seconds", LEDGER_SECONDS)
        except (SQLAlchemyError, OSError) as error:
            log.error("the ledger failed: %s", trouble(error))
        except Exception as error:
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("the ledger failed: %s\n%s", type(error).__name__, place)
        raise Refused(
            503,
            "ledger-down",
            "The event could not be stored just now.",
            f"Send it again, with the same id, in {RETRY_SECONDS} seconds or later.",
            {"Retry-After": str(RETRY_SECONDS)},
        )

    async def _in_thread(self, work: Callable[[Engine], T]) -> T:
        # Made here: a limiter belongs to the event loop that it is made in.
        self._one_at_a_time = self._one_at_a_time or CapacityLimiter(1)
        return await run_sync(partial(self._work, work), abandon_on_cancel=True, limiter=self._one_at_a_time)

    def _work(self, work: Callable[[Engine], T]) -> T:
        with self._opening:
            if self._engine is None:
                self._engine = open_ledger(self._url)
        return work(self._engine)


def _settle(kept: asyncio.Future[bool], result: bool | Exception) -> None:
    """Tell the sender, if it still waits."""
    if kept.done():
        return
    if isinstance(result, Exception):
        kept.set_exception(result)
    else:
        kept.set_result(result)
