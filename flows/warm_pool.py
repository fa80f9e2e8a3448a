"""Warm processes that do many pieces of work; a piece that ends its process is found and set apart, the others are done.

Why processes of our own inside one task: measured, it is as fast as a cluster on one machine and 15 % faster than a task a
story (FACTS, "A pool inside one task").
"""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import tempfile
import time
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
from typing import Any, NamedTuple, Self, TypeAlias

from flows.warm_worker import OUT_OF_MEMORY, Broke, Limits, Make, do_some, noted, ready, start

LARGEST_BATCH = 16
"""Pieces that go to a worker at once: small, so that progress shows and little is done twice when a worker dies."""

PULSE_SECONDS = 1.0
"""How long to wait for workers before giving the caller its turn: while a story takes long, what is done is to be recorded, and leases
are to be lengthened."""

PAUSES = (0.0, 0.0, 0.1, 0.5, 2.0, 5.0)
"""Seconds before each try to start workers: at once, then long enough for a fork server of many modules to end."""

NOTES = "cleancopy-pool-"
"""How the folders begin in which workers say what they are at; a pool that is killed leaves its own behind."""

LOST = (BrokenExecutor, CancelledError)
"""What a future says when its pool broke, and when it was closed because it broke."""

Pieces: TypeAlias = Sequence[tuple[int, Any]]


class NoWorkers(RuntimeError):
    """The workers cannot be started, or cannot load the cleaners. No story is to blame."""


class Death(NamedTuple):
    """A worker that ended by itself: why, and the number of the piece that it was at, if any. ``late``: its time was over."""

    why: str
    number: int | None
    late: bool


class WarmPool:
    """Processes that have their work built and stay. Use it as a context manager; several runs may share one.

    ``workers`` processes; each is ended when one piece takes longer than ``story_seconds`` or more than ``story_megabytes`` of
    memory. ``make`` builds the work in each worker; ``preload`` are modules that it needs and that take long to import. The
    processes start with the first work.
    """

    def __init__(
        self,
        config_dir: Path,
        workers: int,
        story_seconds: float,
        make: Make,
        story_megabytes: int = 1_500,
        preload: Sequence[str] = (),
    ) -> None:
        self.workers = workers
        self._make, self._config_dir = make, config_dir
        self._preload = ["flows.warm_worker", *preload]
        self._limits = Limits(story_seconds, story_megabytes, "")
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, pieces: Pieces, problem: str | None = None) -> Future[list[tuple[int, Any]]]:
        """Send numbered pieces to a worker. Raises NoWorkers; after a worker's death the others are replaced, too."""
        for pause in PAUSES:
            time.sleep(pause)
            try:
                executor = self._executor or self._start()
                return executor.submit(do_some, list(pieces), problem)
            except (BrokenExecutor, OSError, EOFError):
                # A worker died with nothing to do, or while this call started one more (Python 3.11: "handle is closed").
                # The latter ends the fork server, too, which refuses whoever comes while it ends.
                self.renew()
        raise NoWorkers("The worker processes end as soon as they start. Look at the machine's memory.")

    def warm(self) -> None:
        """Start the first worker now, and not with the first work. Raises NoWorkers."""
        if self._executor is None:
            self._start()

    def renew(self) -> list[Death]:
        """End all processes, whatever they do; the next work starts new ones. Tells which had ended before, and why."""
        # Workers are started in `submit`, by this thread; that the pool is broken is found by another. A worker that is
        # started between the two is never told to end, and Python 3.11 waits for it for ever. Nothing public kills
        # workers before 3.14 (`kill_workers`).
        processes = list((self._executor._processes or {}).values()) if self._executor else []
        # The executor ends the others with SIGTERM as soon as one is dead.
        dead = [one for one in processes if one.exitcode not in (None, 0, -signal.SIGTERM)]
        deaths = [self._death(one.exitcode or 0, noted(self._limits.notes, one.pid or 0)) for one in dead]
        for process in processes:
            process.kill()
        self.close()
        return deaths

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None
            shutil.rmtree(self._limits.notes, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _death(self, code: int, number: int | None) -> Death:
        late = code == -getattr(signal, "SIGALRM", 0)
        if late:
            why = f"it took more than {self._limits.seconds:g} seconds"
        elif code == OUT_OF_MEMORY:
            why = f"it needed more than {self._limits.megabytes:,} MB of memory"
        else:
            why = f"the reader died of it ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"
        return Death(why, number, late)

    def _start(self) -> ProcessPoolExecutor:
        # Not fork: it copies locks that another thread of this process may hold. forkserver imports once for all workers.
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            context.set_forkserver_preload(self._preload)
        self._limits = self._limits._replace(notes=tempfile.mkdtemp(prefix=NOTES))
        self._executor = ProcessPoolExecutor(
            self.workers,
            mp_context=context,
            initializer=start,
            initargs=(self._make, self._config_dir, self._limits),
        )
        try:
            why_not = self._executor.submit(ready).result()
        except BrokenExecutor:
            why_not = "the worker processes end as soon as they start. Look at the machine's memory"
        if why_not:
            self.close()
            raise NoWorkers(f"Nothing can be cleaned: {why_not}")
        return self._executor


def do_all(pool: WarmPool, pieces: Sequence[Any]) -> Iterator[list[tuple[int, Any]]]:
    """Do pieces in small batches; yield each batch's results when it is done, with the pieces' places: one for each, in no order.

    While nothing is done for PULSE_SECONDS, an empty batch is yielded now and then. A piece that ends its worker by its time is
    given to the work again with that as its problem; one that ends it otherwise is first tried alone in a new process, for a
    machine short of memory ends workers that are at something harmless. What raises is a ``Broke``. Raises NoWorkers.
    """
    numbered = list(enumerate(pieces))
    size = max(1, min(LARGEST_BATCH, len(pieces) // (pool.workers * 2)))
    todo = deque(numbered[first : first + size] for first in range(0, len(pieces), size))
    under_way: dict[Future[list[tuple[int, Any]]], list[tuple[int, Any]]] = {}
    try:
        while todo or under_way:
            while todo and len(under_way) < pool.workers * 2:
                batch = todo.popleft()
                under_way[pool.submit(batch)] = batch
            done, _ = wait(under_way, timeout=PULSE_SECONDS, return_when=FIRST_COMPLETED)
            if not done:
                yield []
            lost: list[tuple[int, Any]] = []
            for future in done:
                batch = under_way.pop(future)
                try:
                    yield future.result()
                except LOST:
                    lost += batch
            if lost:
                # The pool is broken as a whole: what is not done by now never will be.
                deaths = pool.renew()
                for future, batch in under_way.items():
                    try:
                        yield future.result(timeout=0)
                    except (*LOST, TimeoutError):
                        lost += batch
                under_way.clear()
                guilty = {death.number: death for death in deaths}
                if guilty.keys().isdisjoint(number for number, _ in lost):
                    yield from _alone(pool, lost, {})  # who did it is not known
                else:
                    yield from _alone(pool, [one for one in lost if one[0] in guilty], guilty)
                    others = [one for one in lost if one[0] not in guilty]
                    todo.extendleft(others[first : first + size] for first in range(0, len(others), size))
    finally:
        for future in under_way:
            future.cancel()


def _alone(
    pool: WarmPool, pieces: Pieces, deaths: dict[int | None, Death]
) -> Iterator[list[tuple[int, Any]]]:
    for piece in pieces:
        death = deaths.get(piece[0])
        if death is None or not death.late:
            death = yield from _tried(pool, piece, None)
        if death is not None:
            again = yield from _tried(pool, piece, death.why)
            if again is not None:
                said = f"{death.why}; even its signals could not be read ({again.why}). Look at the raw story; all others were done without it."
                yield [(piece[0], Broke(said))]


def _tried(pool: WarmPool, piece: tuple[int, Any], problem: str | None) -> Any:
    """Yield the result of one piece that has the pool for itself; returns how its worker died, or None."""
    try:
        future = pool.submit([piece], problem)
        while not wait([future], timeout=PULSE_SECONDS).done:
            yield []
        yield future.result()
    except LOST:
        deaths = pool.renew()
        return next(
            (death for death in deaths if death.number == piece[0]),
            deaths[0] if deaths else Death("the reader died of it", None, False),
        )
    return None


__all__ = ["Broke", "NoWorkers", "WarmPool", "do_all"]
