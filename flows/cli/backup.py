"""``cleancopy backup``: a copy of a SQLite ledger, whole, while everything runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import ConfigOption
from flows.cli.terminal import progress, say, stop


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
    from sqlalchemy.engine import make_url

    from flows.destinations.atomic import sync_folder
    from flows.settings import load_settings
    from flows.settings.databases import with_driver
    from flows.settings.sqlite import SQLITE

    try:
        settings = load_settings(config)
    except ValueError as error:
        stop(str(error))
    url = make_url(with_driver(settings.ledger_url))
    if url.get_backend_name() != "sqlite":
        stop(f"{settings.shown_ledger_url} is no SQLite ledger: back it up with pg_dump.")
    ledger = Path(url.database or "")
    if not ledger.is_file():
        stop(f"There is no ledger yet at {ledger}: the first run makes it.")
    if target.is_dir():
        stop(f"{target} is a folder: name a file, such as {target / 'ledger-backup.sqlite'}.")
    if target.exists() and target.samefile(ledger):
        stop("This is the ledger itself: name another file.")
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        source, copy = SQLITE.connect(ledger), SQLITE.connect(part)
        try:
            with progress("Copying", ledger.stat().st_size, True) as advance:
                size = source.execute("PRAGMA page_size").fetchone()[0]
                left = [0]

                def tell(_: int, remaining: int, total: int) -> None:
                    advance(max(0, (total - remaining - left[0])) * size)
                    left[0] = total - remaining

                # All in one step: between steps a writer would make it begin anew. With a write-ahead log nobody waits for it.
                source.backup(copy, progress=tell)
            copy.execute("PRAGMA journal_mode=DELETE")
            [(sound,)] = copy.execute("PRAGMA quick_check(1)").fetchall()
        finally:
            copy.close()
            source.close()
        if sound != "ok":
            stop(f"The copy is not sound ({sound}), and was thrown away. Look at the ledger's disk.")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
        sync_folder(target.resolve().parent)
    except (OSError, SQLITE.Error) as error:
        stop(f"The ledger could not be copied to {target}: {error}.")
    finally:
        part.unlink(missing_ok=True)
    say(
        f"{target}: {target.stat().st_size:,} bytes. To go back to it: end cleancopy, and put it in the place of {ledger}."
    )
