"""Turns: how many requests a host gets at once, and the pause between two of them, whoever in this process asks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Pace(NamedTuple):
    """``at_once`` requests to one host, and ``pause`` seconds from the start of one to the start of the next."""

    at_once: int = 2
    pause: float = 1.0


class Turns:
    """Who may ask which host when. Threads share it; a turn is waited for."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._changed = threading.Condition()
        self._busy: dict[str, int] = {}
        self._next: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str, pace: Pace) -> Iterator[None]:
        """Inside the block the caller may send one request to ``host``."""
        with self._changed:
            while self._busy.get(host, 0) >= pace.at_once:
                self._changed.wait()
            self._busy[host] = self._busy.get(host, 0) + 1
        try:
            self.pause(host, pace)
            yield
        finally:
            with self._changed:
                self._busy[host] -= 1
                self._changed.notify_all()

    def pause(self, host: str, pace: Pace) -> None:
        """Wait until ``host`` may be asked again, within a turn that the caller has already: for a redirect."""
        with self._changed:
            now = self._clock()
            start = max(now, self._next.get(host, now))
            self._next[host] = start + pace.pause
        if start > now:
            self._sleep(start - now)


# One for the whole process: two sources that are looked at side by side may lie on one host.
TURNS = Turns()


def by_host(
    pieces: Iterable[Piece],
    host_of: Callable[[Piece], Hashable],
    work: Callable[[Piece], Result],
    *,
    at_once: int,
    per_host: int,
) -> Iterator[tuple[Piece, Result]]:
    """Do ``work`` for all pieces in ``at_once`` threads, and yield each with its result when it is done, in no order.

    Each host has at most ``per_host`` threads, so that a slow host does not keep the others waiting. What ``work`` raises is
    raised, and what has not begun then is not done.
    """
    queues: dict[Hashable, deque[Piece]] = {}
    for piece in pieces:
        queues.setdefault(host_of(piece), deque()).append(piece)
    with ThreadPoolExecutor(max(1, at_once), thread_name_prefix="fetch") as threads:
        under_way: dict[Future[Result], tuple[Hashable, Piece]] = {}

        def begin(host: Hashable) -> None:
            if queues[host]:
                piece = queues[host].popleft()
                under_way[threads.submit(work, piece)] = (host, piece)

        try:
            # The first of each host, then the second of each: no host comes last because it was named last.
            for _ in range(per_host):
                for host in queues:
                    begin(host)
            while under_way:
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    host, piece = under_way.pop(future)
                    begin(host)
                    yield piece, future.result()
        finally:
            for future in under_way:
                future.cancel()
