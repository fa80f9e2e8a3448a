"""Child processes that are started together and end together, with nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class ChildDied(RuntimeError):
    """A process that should go on running has ended. The message ends with what it said last."""


@dataclass(frozen=True)
class Child:
    """A running program with a log file. It leads a process group of its own, with all that it starts."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raises ChildDied if it runs no more."""
        code = self.process.poll()
        if code is not None:
            raise ChildDied(
                f"{self.name} has ended by itself (exit code {code}). Its last words, from {self.log}:\n"
                + last_lines(self.log)
            )


def start(name: str, module: Sequence[str], env: Mapping[str, str], log: Path) -> Child:
    """Run ``python -m module…``; what it prints goes to ``log``, the log of the time before to ``log.1``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))
    with log.open("wb") as out:
        # A session of its own: Ctrl-C in the terminal reaches only us, and we end the children in order.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *module],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Child(name, process, log)


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


def _signal(child: Child, number: int, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if group:
            os.killpg(child.process.pid, number)
        else:
            child.process.send_signal(number)
