"""Cleaning many stories in warm processes; a story that kills its worker is found, the others are done.

Why processes of our own inside one task: measured, it is as fast as a cluster on one machine and 15 % faster than a task a
story (FACTS, "A pool inside one task").
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from pathlib import Path
from types import TracebackType
from typing import Self

from flows.ledger import InboxRow, Outcome
from flows.tasks.workers import MakeClean, clean_some, make_clean, ready, start

LARGEST_BATCH = 16
"""Stories that go to a worker at once: small, so that progress shows and a dead worker leaves few to look through."""


PULSE_SECONDS = 15.0
"""How long to wait for workers before giving the caller its turn: leases are to be lengthened while a story takes long."""

LOST = (BrokenExecutor, CancelledError)
"""What a future says when its pool broke, and when it was closed because it broke."""


class NoWorkers(RuntimeError):
    """The workers cannot be started, or cannot load the cleaners. No story is to blame."""


class WarmPool:
    """Processes that have the cleaners loaded and stay. Use it as a context manager; several runs may share one.

    ``workers`` processes; each ends itself when one story takes longer than ``story_seconds``. ``make`` builds the
    cleaning function in each worker. The processes start with the first work.
    """

    def __init__(
        self, config_dir: Path, workers: int, story_seconds: float = 60.0, make: MakeClean = make_clean
    ) -> None:
        self.workers = workers
        self.story_seconds = story_seconds
        self._started_with = (make, config_dir, story_seconds)
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, rows: Sequence[InboxRow]) -> Future[list[Outcome]]:
        """Send rows to a worker. Raises NoWorkers; after a worker's death the others are replaced, too."""
        for _ in range(2):
            executor = self._executor or self._start()
            try:
                return executor.submit(clean_some, list(rows))
            except (BrokenExecutor, OSError):
                # A worker died with nothing to do, or while this call started one more (Python 3.11: "handle is closed").
                self.renew()
        raise NoWorkers("The worker processes end as soon as they start. Look at the machine's memory.")

    def renew(self) -> None:
        """End all processes, whatever they do; the next work starts new ones."""
        # Workers are started in `submit`, by this thread; that the pool is broken is found by another. A worker that is
        # started between the two is never told to end, and Python 3.11 waits for it for ever. Nothing public kills
        # workers before 3.14 (`kill_workers`).
        for process in list((self._executor._processes or {}).values()) if self._executor else ():
            process.kill()
        self.close()

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> ProcessPoolExecutor:
        # Not fork: it copies locks that another thread of this process may hold. forkserver imports once for all workers.
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            context.set_forkserver_preload(["flows.tasks.workers"])
        self._executor = ProcessPoolExecutor(
            self.workers, mp_context=context, initializer=start, initargs=self._started_with
        )
        try:
            why_not = self._executor.submit(ready).result()
        except BrokenExecutor:
            why_not = "the worker processes end as soon as they start. Look at the machine's memory"
        if why_not:
            self.close()
            raise NoWorkers(f"Nothing can be cleaned: {why_not}")
        return self._executor


def clean_batch(pool: WarmPool, rows: Sequence[InboxRow]) -> Iterator[list[Outcome]]:
    """Clean rows, in small batches, and yield each batch's outcomes when it is done: one for every row, in no order.

    While nothing is done for PULSE_SECONDS, an empty batch is yielded now and then.
    When a worker dies, the rows that were under way are tried one by one in new processes; the one that
    kills its worker again is an outcome with an error. Raises NoWorkers.
    """
    size = max(1, min(LARGEST_BATCH, len(rows) // (pool.workers * 4)))
    todo = deque(rows[first : first + size] for first in range(0, len(rows), size))
    under_way: dict[Future[list[Outcome]], Sequence[InboxRow]] = {}
    try:
        while todo or under_way:
            while todo and len(under_way) < pool.workers * 2:
                batch = todo.popleft()
                under_way[pool.submit(batch)] = batch
            done, _ = wait(under_way, timeout=PULSE_SECONDS, return_when=FIRST_COMPLETED)
            if not done:
                yield []
            suspects: list[InboxRow] = []
            for future in done:
                batch = under_way.pop(future)
                try:
                    yield future.result()
                except LOST:
                    suspects += batch
            if suspects:
                # The pool is broken as a whole: what is not done by now never will be.
                pool.renew()
                for future, batch in under_way.items():
                    try:
                        yield future.result(timeout=0)
                    except (*LOST, TimeoutError):
                        suspects += batch
                under_way.clear()
                yield from _one_by_one(pool, suspects)
    finally:
        for future in under_way:
            future.cancel()


def _one_by_one(pool: WarmPool, rows: Sequence[InboxRow]) -> Iterator[list[Outcome]]:
    for row in rows:
        try:
            future = pool.submit([row])
            while not wait([future], timeout=PULSE_SECONDS).done:
                yield []
            yield future.result()
        except BrokenExecutor:
            pool.renew()
            yield [
                Outcome(
                    row.id,
                    row.raw.id,
                    error=(
                        "This story ends the process that cleans it: it crashes it, needs too much memory, or takes more "
                        f"than {pool.story_seconds:g} seconds. Look at the raw story; all others were done without it."
                    ),
                )
            ]


__all__ = ["NoWorkers", "Outcome", "WarmPool", "clean_batch"]
