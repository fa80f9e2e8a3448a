"""A process that has everything imported and nothing open, and forks a publisher for each order that it is given.

A publisher that starts as a program needs a second, most of it for imports; a fork is there in milliseconds, and is a process
of its own all the same: it is killed alone.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Ended(NamedTuple):
    """How the order of this number ended: 0, the number of a signal as a negative, or another exit code."""

    order: int
    code: int


class Nursery:
    """The parent's side. ``log`` is what the publishers said, with the tracebacks of those that broke."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._selector = selectors.DefaultSelector()
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ)
        self._rest = b""
        self.log = log

    def fork(self, order: dict[str, Any]) -> None:
        """Start the life that ``order`` describes (see lives.py); its ``id`` comes back when it has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def ended(self, seconds: float) -> list[Ended]:
        """Who has ended; waits for the first so long. Raises RuntimeError when the nursery itself is gone."""
        assert self._process.stdout is not None
        if not self._selector.select(seconds):
            return []
        read = os.read(self._process.stdout.fileno(), 65536)
        if not read:
            raise RuntimeError(f"the nursery ended: {self.log.read_text()}")
        *lines, self._rest = (self._rest + read).split(b"\n")
        return [Ended(*json.loads(line)) for line in lines]


@contextmanager
def running_nursery(log: Path) -> Iterator[Nursery]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        yield Nursery(process, log)
    finally:
        # It is the leader of its group: whoever of its publishers still lives goes with it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def main(orders: IO[str], live: Any) -> None:
    gc.freeze()
    for line in orders:
        with suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            _mind(json.loads(line), live)


def _mind(order: dict[str, Any], live: Any) -> None:
    """Fork the publisher, wait for its end and tell it: the line is shorter than a pipe's atomic 4,096 bytes."""
    publisher = os.fork()
    if publisher == 0:
        os.dup2(2, 1)  # a word on the pipe would be taken for somebody's end
        code = 1
        try:
            live(order)
            code = 0
        except BaseException:
            import traceback

            sys.stderr.write(f"--- {order}\n{traceback.format_exc()}")
            sys.stderr.flush()
        finally:
            os._exit(code)
    _, status = os.waitpid(publisher, 0)
    os.write(1, json.dumps([order["id"], os.waitstatus_to_exitcode(status)]).encode() + b"\n")
    os._exit(0)


if __name__ == "__main__":
    from tests.chaos.lives import live

    main(sys.stdin, live)
