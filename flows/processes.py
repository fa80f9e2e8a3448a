"""Child processes that are started together, kept running and ended together, with nothing left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1

STEADY_SECONDS = 60.0
"""A child that ran so long is well: its earlier deaths are forgotten."""
LONGEST_PAUSE = 30.0
MOST_DEATHS = 5
"""Deaths one after the other after which a vital child is given up."""


class ChildDied(RuntimeError):
    """A process that should go on running has ended. The message ends with what it said last."""


@dataclass
class Child:
    """A running program with a log file. It leads a process group of its own, with all that it starts.

    Without a ``vital`` child nothing is of use; any other is started again for as long as it takes.
    """

    name: str
    module: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    log: Path
    vital: bool = False
    deaths: int = 0
    started: float = 0.0
    due: float | None = None
    """When to start it again, by time.monotonic(); None while it runs."""
    process: subprocess.Popen[bytes] = field(init=False)

    def check(self) -> None:
        """Raises ChildDied if it runs no more."""
        if self.process.poll() is not None:
            raise ChildDied(self.last_words())

    def last_words(self) -> str:
        return (
            f"{self.name} has ended by itself (exit code {self.process.poll()}). Its last words, from {self.log}:\n"
            + last_lines(self.log)
        )

    def launch(self) -> None:
        """Start it; its log goes on."""
        with self.log.open("ab") as out:
            # A session of its own: Ctrl-C in the terminal reaches only us, and we end the children in order.
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", *self.module],
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if _LIBC is not None else None,
            )
        self.started, self.due = time.monotonic(), None


def start(
    name: str, module: Sequence[str], env: Mapping[str, str], log: Path, *, vital: bool = False
) -> Child:
    """Run ``python -m module…``; what it prints goes to ``log``, the log of the time before to ``log.1``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))
    child = Child(name, tuple(module), env, log, vital)
    child.launch()
    return child


def keep_running(children: Sequence[Child], tell: Callable[[str], None]) -> None:
    """Start again what has ended by itself, after a pause that doubles with each death; to be called now and then.

    Each death is told. Raises ChildDied for a vital child that died MOST_DEATHS times without a steady time in between.
    """
    for child in children:
        now = time.monotonic()
        if child.due is not None:
            if now >= child.due:
                child.launch()
        elif child.process.poll() is not None:
            if now - child.started > STEADY_SECONDS:
                child.deaths = 0
            child.deaths += 1
            # What it started must not go on beside what its successor starts.
            _signal(child, signal.SIGKILL, group=True)
            if child.vital and child.deaths >= MOST_DEATHS:
                raise ChildDied(child.last_words())
            pause = min(LONGEST_PAUSE, 0.5 * 2.0**child.deaths)
            child.due = now + pause
            tell(f"{child.last_words()}\nIt is started again in {pause:.0f} seconds.")


def stop(children: Sequence[Child], seconds: float = 15.0) -> None:
    """End the children, the last started first: a request to end, ``seconds`` to do so, then by force with all they started."""
    for child in reversed(children):
        _signal(child, signal.SIGTERM, group=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(seconds)
        # The group may hold workers whose leader is gone.
        _signal(child, signal.SIGKILL, group=True)
        child.process.wait()


def last_lines(log: Path, count: int = 15) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-count:])


def wait_until(
    ready: Callable[[], bool],
    children: Sequence[Child],
    seconds: float,
    what: str,
    ended: Callable[[], bool] = lambda: False,
) -> None:
    """Call ``ready()`` until it is true, or until ``ended()`` is. Raises ChildDied, and TimeoutError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not ended() and not ready():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not ready after {seconds:.0f} seconds")
        time.sleep(0.1)


def _end_with_parent() -> None:
    """In the child, before its program begins: it is asked to end when we are gone, also where we are killed and cannot ask.

    Else it would go on, hold its port, and the next ``cleancopy up`` could not begin. (prctl(2); elsewhere than on Linux it goes on.)
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(child: Child, number: int, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if group:
            os.killpg(child.process.pid, number)
        else:
            child.process.send_signal(number)
