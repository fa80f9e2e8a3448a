"""Who works on this machine: an owner of leases is present while the system holds a lock on its file.

A process that is killed leaves its file, and the system opens the lock. So it is known at once, and for sure, that what it
held is free; a process id would tell less (it is given out again, and means nothing in another container). What an owner on
another machine held comes back when its lease runs out.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flows.ledger import end_killed_runs, open_ledger, release_owner
from flows.settings import Settings

try:
    import fcntl
except ImportError:  # Windows: there leases run out
    fcntl = None  # type: ignore[assignment]


def new_owner() -> str:
    """A name for a worker that no other has: for leases."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


@contextmanager
def present(data_dir: Path, owner: str) -> Iterator[None]:
    """Be known as ``owner`` inside the block. Where it raises the file stays, unlocked: what could not be given back then (a disk is
    full, the database is away) is known to be nobody's."""
    folder = _folder(data_dir)
    if fcntl is None or (folder / owner).exists():  # known already: no two are called alike
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / owner
    # Locked before it has its name: whoever finds it unlocked may take its owner for dead.
    new = folder / f".{owner}"
    with new.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        new.rename(path)
        yield
        path.unlink(missing_ok=True)


@contextmanager
def at_work(settings: Settings) -> Iterator[str]:
    """A new owner, present inside the block. What it still holds at the end is free again: a look may fail after it took stories in."""
    owner = new_owner()
    try:
        with present(settings.data_dir, owner):
            yield owner
    finally:
        with suppress(SQLAlchemyError):  # then its leases run out
            engine = open_ledger(settings.ledger_url)
            try:
                release_owner(engine, owner)
            finally:
                engine.dispose()


def works_on(data_dir: Path, owner: str, run: str) -> None:
    """Write down which run the owner, who is present, does from now on: should it be killed, that is known to have ended."""
    if fcntl is None:
        return
    with suppress(OSError), (_folder(data_dir) / owner).open("a", encoding="utf-8") as file:
        file.write(f"{run}\n")


def release_the_dead(engine: Engine, data_dir: Path) -> int:
    """Give back what owners held whose process was killed, and end their runs; how much it was. Raises SQLAlchemyError."""
    released = 0
    for path, runs in _dead(data_dir):
        released += release_owner(engine, path.name)
        end_killed_runs(engine, runs, datetime.now(UTC))
        path.unlink(missing_ok=True)
    return released


def _dead(data_dir: Path) -> Iterator[tuple[Path, list[str]]]:
    """The files of owners that are gone, with the runs they did; others may be at the same file at this moment, and take it away."""
    here = socket.gethostname()
    folder = _folder(data_dir)
    if fcntl is None or not folder.is_dir():
        return
    for path in sorted(folder.glob(f"{here}-*")):
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield path, file.read().decode("utf-8", "replace").splitlines()


def _folder(data_dir: Path) -> Path:
    return data_dir / "owners"
