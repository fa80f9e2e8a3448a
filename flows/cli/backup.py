"""``cleancopy backup`` and ``restore``: a copy of a SQLite ledger, whole, while everything runs; and the way back to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import ConfigOption
from flows.cli.terminal import progress, say, stop

if TYPE_CHECKING:
    from sqlalchemy import URL

    from flows.settings import Settings


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
    from flows.ledger.backup import NotSound, back_up
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
        with progress("Copying", ledger.stat().st_size, True) as advance:
            back_up(ledger, target, advance)
    except NotSound as error:
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

    from flows.ledger.backup import NotSound, put_back, raise_there
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
        if file is None:
            kept_back, aside = raise_there(settings.ledger_url), None
        else:
            with progress("Copying", file.stat().st_size, True) as advance:
                kept_back, aside = put_back(file, ledger, advance)
    except NotSound as error:
        stop(f"{file} is no sound backup of a ledger ({error}). Nothing was changed.")
    except (OSError, WrongLedger, SQLITE.Error, SQLAlchemyError) as error:
        stop(f"The ledger could not be put back: {error}")
    if aside:
        say(f"The ledger that was there lies in {aside}.")
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
