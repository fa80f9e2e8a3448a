"""A copy of a SQLite ledger, whole, while everything runs; and the way back to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flows.destinations.atomic import make_folder, sync_folder
from flows.ledger.opening import open_ledger
from flows.ledger.put_back import raise_editions
from flows.settings.sqlite import SQLITE

_BESIDE = ("-wal", "-shm", "-journal", "")
"""What a SQLite database consists of; its main file last."""

Advance = Callable[[int], object]
"""Is told the bytes that were copied."""


class NotSound(RuntimeError):
    """A copy of a ledger is damaged, or is none of a ledger."""


def back_up(ledger: Path, target: Path, advance: Advance) -> None:
    """Copy a ledger into one file. Raises NotSound, OSError, SQLITE.Error; the target is as it was then."""
    with _copied(ledger, target, advance) as part:
        os.replace(part, target)
    sync_folder(target.resolve().parent)


def put_back(file: Path, ledger: Path, advance: Advance) -> tuple[int, Path | None]:
    """Put a backup in the ledger's place, with its editions raised (see ``flows.ledger.put_back``).

    Gives how many publications wait for a person then, and where the ledger that was there lies now. Raises NotSound, OSError,
    SQLITE.Error, SQLAlchemyError; nothing has changed then.
    """
    _check(file)
    make_folder(ledger.resolve().parent)
    aside = ledger.with_name(f"{ledger.stem}-before-{datetime.now(UTC):%Y%m%dT%H%M%S}{ledger.suffix}")
    with _copied(file, ledger, advance) as part:
        _refuse_other_databases(part)
        kept_back = raise_there(f"sqlite:///{part}")
        connection = SQLITE.connect(part)
        try:
            connection.execute("PRAGMA journal_mode=DELETE")  # all of it in the one file
        finally:
            connection.close()
        _sync(part)
        if ledger.exists():
            _refuse_company(ledger)
        # With its journals: in one that is left to another database SQLite would find pages of the old one.
        for ending in _BESIDE:
            if (there := Path(f"{ledger}{ending}")).exists():
                os.replace(there, f"{aside}{ending}")
        os.replace(part, ledger)
    sync_folder(ledger.resolve().parent)
    return kept_back, aside if aside.exists() else None


def raise_there(ledger_url: str) -> int:
    """Raise the editions of a ledger where it lies; how many publications wait for a person then. Raises as ``open_ledger`` does."""
    engine = open_ledger(ledger_url)
    try:
        return raise_editions(engine, datetime.now(UTC)).kept_back
    finally:
        engine.dispose()


@contextmanager
def _copied(ledger: Path, target: Path, advance: Advance) -> Iterator[Path]:
    """A copy in one file beside ``target``, on disk, which the block puts in its place."""
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        source, copy = SQLITE.connect(ledger), SQLITE.connect(part)
        try:
            page = source.execute("PRAGMA page_size").fetchone()[0]
            copied = 0

            def tell(_: int, remaining: int, total: int) -> None:
                nonlocal copied
                advance(max(0, (total - remaining - copied)) * page)
                copied = total - remaining

            # All in one step: between steps a writer would make it begin anew. With a write-ahead log nobody waits for it.
            source.backup(copy, progress=tell)
            copy.execute("PRAGMA journal_mode=DELETE")
        finally:
            copy.close()
            source.close()
        _check(part)
        _sync(part)
        yield part
    finally:
        for ending in (*_BESIDE, ".turn"):
            Path(f"{part}{ending}").unlink(missing_ok=True)


def _check(file: Path) -> None:
    """Raises NotSound."""
    connection = SQLITE.connect(file)
    try:
        [(sound,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    except SQLITE.DatabaseError as error:
        if not _is_damage(error):
            raise
        sound = str(error)
    finally:
        connection.close()
    if sound != "ok":
        raise NotSound(sound)


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _refuse_other_databases(part: Path) -> None:
    """Opened as a ledger, any database would become one. Raises NotSound."""
    connection = SQLITE.connect(part)
    try:
        connection.execute("SELECT value FROM meta WHERE key = 'ledger'").fetchone()[0]
    except (SQLITE.OperationalError, TypeError):
        raise NotSound("it has no ledger in it") from None
    finally:
        connection.close()


def _refuse_company(ledger: Path) -> None:
    """Raises SQLITE.OperationalError ("database is locked") while others have the ledger open. What is left is one file."""
    connection = SQLITE.connect(ledger, timeout=2)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    except SQLITE.DatabaseError as error:
        if not _is_damage(error):  # a damaged ledger is what backups are for
            raise
    finally:
        connection.close()


def _is_damage(error: Exception) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
