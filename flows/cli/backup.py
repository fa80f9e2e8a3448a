"""``cleancopy backup`` and ``restore``: a copy of a SQLite ledger, whole, while everything runs; and the way back to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.options import ConfigOption
from flows.cli.terminal import progress, say, stop

if TYPE_CHECKING:
    from sqlalchemy import URL

    from flows.settings import Settings

_BESIDE = ("-wal", "-shm", "-journal", "")
"""What a SQLite database consists of; its main file last."""


class _NotSound(RuntimeError):
    """A copy of a ledger is damaged."""


def backup(
    target: Annotated[
        Path, typer.Argument(help="The file to write; one that is there is replaced at the end.")
    ],
    config: ConfigOption = None,
) -> None:
    """Copy the ledger into a file, while cleancopy runs. For a ledger on PostgreSQL take `pg_dump`.

    Not with a `sqlite3` of the system: one that is older than 3.51.3 is not to open a ledger that others write.

    Exit code: 0 done; 2 it could not be done, and says why.
    """
    from flows.destinations.atomic import sync_folder
    from flows.settings.sqlite import SQLITE

    settings, url = _settings(config)
    if url.get_backend_name() != "sqlite":
        stop(f"{settings.shown_ledger_url} is no SQLite ledger: back it up with pg_dump.")
    ledger = Path(url.database or "")
    if not ledger.is_file():
        stop(f"There is no ledger yet at {ledger}: the first run makes it.")
    if target.is_dir():
        stop(f"{target} is a folder: name a file, such as {target / 'ledger-backup.sqlite'}.")
    if target.exists() and target.samefile(ledger):
        stop("This is the ledger itself: name another file.")
    try:
        with _copied(ledger, target) as part:
            os.replace(part, target)
        sync_folder(target.resolve().parent)
    except _NotSound as error:
        stop(f"The copy is not sound ({error}), and was thrown away. Look at the ledger's disk.")
    except (OSError, SQLITE.Error) as error:
        stop(f"The ledger could not be copied to {target}: {error}.")
    say(
        f"{target}: {target.stat().st_size:,} bytes. To go back to it: end cleancopy, and cleancopy restore {target}."
    )


def restore(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A file that cleancopy backup wrote. Without one: the ledger was put back by other means (pg_restore)."
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Go back to a backup of the ledger. End cleancopy first.

    Destinations have editions that the backup does not know. All of its own are raised above them, or updates and kills would be refused
    as older. Kills that were owed are done; what was to be published waits for a look (`cleancopy outbox`). The ledger that is there is
    kept beside it.

    Exit code: 0 done; 2 it could not be done, and says why.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from flows.ledger.opening import WrongLedger
    from flows.settings.sqlite import SQLITE

    settings, url = _settings(config)
    sqlite = url.get_backend_name() == "sqlite"
    if file is not None and not sqlite:
        stop(
            f"{settings.shown_ledger_url} is no SQLite ledger: put it back with pg_restore, then run cleancopy restore without a file."
        )
    ledger = Path(url.database or "")
    if file is None and sqlite and not ledger.is_file():
        stop(f"There is no ledger at {ledger}: name the file of its backup.")
    if file is not None and not file.is_file():
        stop(f"There is no file {file}.")
    if file is not None and ledger.exists() and file.samefile(ledger):
        stop("This is the ledger itself. If you have put it there, leave its name out.")
    try:
        kept_back = _raised(settings.ledger_url) if file is None else _put_back(file, ledger)
    except _NotSound as error:
        stop(f"{file} is no sound backup of a ledger ({error}). Nothing was changed.")
    except (OSError, WrongLedger, SQLITE.Error, SQLAlchemyError) as error:
        stop(f"The ledger could not be put back: {error}")
    say(
        "The ledger is put back; what it publishes and takes down from now on is newer than what destinations have."
    )
    if kept_back:
        say(
            f"Publications that were owed then, and wait for your look: {kept_back}. cleancopy outbox shows them."
        )
    say("What came after the backup it does not know. Send it again, kills first.")


def _settings(config: Path | None) -> tuple[Settings, URL]:
    from sqlalchemy.engine import make_url

    from flows.settings import load_settings
    from flows.settings.databases import with_driver

    try:
        settings = load_settings(config)
    except ValueError as error:
        stop(str(error))
    return settings, make_url(with_driver(settings.ledger_url))


@contextmanager
def _copied(ledger: Path, target: Path) -> Iterator[Path]:
    """A copy in one file beside ``target``, on disk, which the block puts in its place. Raises _NotSound, OSError, SQLITE.Error."""
    from flows.settings.sqlite import SQLITE

    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        source, copy = SQLITE.connect(ledger), SQLITE.connect(part)
        try:
            _copy(source, copy, ledger.stat().st_size)
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


def _copy(source: Any, copy: Any, size: int) -> None:
    with progress("Copying", size, True) as advance:
        page = source.execute("PRAGMA page_size").fetchone()[0]
        left = [0]

        def tell(_: int, remaining: int, total: int) -> None:
            advance(max(0, (total - remaining - left[0])) * page)
            left[0] = total - remaining

        # All in one step: between steps a writer would make it begin anew. With a write-ahead log nobody waits for it.
        source.backup(copy, progress=tell)


def _check(file: Path) -> None:
    """Raises _NotSound."""
    from flows.settings.sqlite import SQLITE

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
        raise _NotSound(sound)


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _put_back(file: Path, ledger: Path) -> int:
    """Put a backup in the ledger's place; how many publications wait for a person then. Raises _NotSound, OSError, SQLITE.Error."""
    from flows.destinations.atomic import make_folder, sync_folder
    from flows.settings.sqlite import SQLITE

    _check(file)
    make_folder(ledger.resolve().parent)
    aside = ledger.with_name(f"{ledger.stem}-before-{datetime.now(UTC):%Y%m%dT%H%M%S}{ledger.suffix}")
    with _copied(file, ledger) as part:
        _refuse_other_databases(part)
        kept_back = _raised(f"sqlite:///{part}")
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
    if aside.exists():
        say(f"The ledger that was there lies in {aside}.")
    return kept_back


def _raised(ledger_url: str) -> int:
    from flows.ledger.opening import open_ledger
    from flows.ledger.put_back import raise_editions

    engine = open_ledger(ledger_url)
    try:
        return raise_editions(engine, datetime.now(UTC)).kept_back
    finally:
        engine.dispose()


def _refuse_other_databases(part: Path) -> None:
    """Opened as a ledger, any database would become one. Raises _NotSound."""
    from flows.settings.sqlite import SQLITE

    connection = SQLITE.connect(part)
    try:
        connection.execute("SELECT value FROM meta WHERE key = 'ledger'").fetchone()[0]
    except (SQLITE.OperationalError, TypeError):
        raise _NotSound("it has no ledger in it") from None
    finally:
        connection.close()


def _refuse_company(ledger: Path) -> None:
    """Raises SQLITE.OperationalError ("database is locked") while others have the ledger open. What is left is one file."""
    from flows.settings.sqlite import SQLITE

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
