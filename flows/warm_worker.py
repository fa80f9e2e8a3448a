"""What runs inside a warm worker process: build the work once, then do it, each piece within its time and its memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

OUT_OF_MEMORY = 78
"""The exit code of a worker that needed more memory than it may have."""

Work: TypeAlias = Callable[[Any, str | None], Any]
"""Does one piece; with a problem, when the piece ended its worker before: then only what is safe is to be done with it."""
Make: TypeAlias = Callable[[Path], Work]
"""Builds the work from the configuration folder, once in each worker. Found by name there, so a plain function."""


class Limits(NamedTuple):
    """What one piece may take. ``notes`` is a folder in which each worker says what it is at, for the day on which it dies."""

    seconds: float
    megabytes: int
    notes: str


class Broke(NamedTuple):
    """A piece whose work raised: what was said."""

    said: str


# A worker's only state, set once when it starts: the pipeline cannot be pickled and costs too much to load for each story.
_work: Work | None = None
_why_not = "the worker was not started"
_limits = Limits(0, 0, "")
_note = -1


def start(make: Make, config_dir: Path, limits: Limits) -> None:
    """The initializer of a worker. It never raises: the pool would only say that it is broken; ``ready`` tells why."""
    global _work, _why_not, _limits, _note
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):  # not on Windows
        # Cleaning fills all cores; a sender who waits for his answer, and the one writer of the ledger, go first.
        os.nice(5)
    _limits = limits
    try:
        _note = os.open(Path(limits.notes) / str(os.getpid()), os.O_CREAT | os.O_WRONLY, 0o600)
        _work = make(config_dir)
        _bound_memory(limits.megabytes)
    except Exception as error:
        _why_not = str(error) or type(error).__name__


def ready() -> str | None:
    """None, or why the work could not be built."""
    return None if _work else _why_not


def do_some(pieces: Sequence[tuple[int, Any]], problem: str | None = None) -> list[tuple[int, Any]]:
    """Do pieces one after the other; an exception is its piece's only, and stands as ``Broke`` in its place."""
    return [(number, _within_limits(number, piece, problem)) for number, piece in pieces]


def noted(notes: str, process: int) -> int | None:
    """The number of the piece that a process was at, or None."""
    with suppress(OSError, ValueError):
        return int((Path(notes) / str(process)).read_text())
    return None


def _within_limits(number: int, piece: Any, problem: str | None) -> Any:
    if _work is None:
        raise RuntimeError(_why_not)
    os.pwrite(_note, f"{number:>12}".encode(), 0)
    _alarm(_limits.seconds)
    try:
        return _work(piece, problem)
    except MemoryError:
        # Not this piece's error, perhaps: what came before it may fill the memory. A new process tells.
        os._exit(OUT_OF_MEMORY)
    except (Exception, SystemExit) as error:
        return Broke(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    finally:
        _alarm(0)
        os.pwrite(_note, b" " * 12, 0)


def _alarm(seconds: float) -> None:
    """End this process when the time is over: a parser that hangs in C code hears nothing else."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _bound_memory(megabytes: int) -> None:
    """Written memory, where the system knows such a limit (Linux): addresses that are only reserved, as threads do, cost nothing."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000, most))


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for good."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
