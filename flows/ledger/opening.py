"""Opening a ledger: the engine, its safety settings, its tables."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, func, inspect, select
from sqlalchemy.engine import make_url

from flows.destinations.atomic import make_folder
from flows.ledger.tables import META, METADATA, SCHEMA
from flows.ledger.turns import join_line, leave_line
from flows.settings.databases import SYNCHRONOUS, make_engine, with_driver
from flows.settings.sqlite import SQLITE

BUSY_SECONDS = 30
ADVISORY_LOCK = 0x636C6561  # "clea": any number that no other program takes
WAL_IS_SAFE = (3, 51, 3)
"""The first SQLite without the WAL-reset bug (3.7.0 to 3.51.2 may corrupt a WAL database with two connections)."""
ROLLBACK = "PERSIST"
"""The rollback journal stays, with an empty head between transactions: as quick as DELETE was with one sync less, and there is
room for it when the disk is full."""
JOURNAL_BYTES = 16_000_000
"""What is left of the journal of a large transaction, such as the intake of an archive."""
THIS_SQLITE: tuple[int, ...] = SQLITE.sqlite_version_info


class WrongLedger(RuntimeError):
    """The database is no ledger that this version of cleancopy can work with."""


def open_ledger(url: str) -> Engine:
    """Open the ledger at an SQLAlchemy address; its tables are made where they are missing, and brought up to date where they are old.

    SQLite is opened so that a commit is on disk when it returns (see ``flows.settings.databases``), with one writer at a time
    (``BEGIN IMMEDIATE``), in a journal mode that its version is safe in. Raises WrongLedger for a ledger of a newer
    version, and flows.settings.databases.NoDriver.
    """
    address = make_url(with_driver(url))
    if address.get_backend_name() == "sqlite":
        if address.database and address.database != ":memory:":
            make_folder(Path(address.database).parent)
        engine = make_engine(address, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _make_safe)
        event.listen(engine, "begin", _begin_as_writer)
    else:
        engine = make_engine(address, pool_pre_ping=True)
    try:
        if _schema(engine) != SCHEMA:  # as of most ledgers, on most days, it is: then nothing is written
            _bring_up_to_date(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def glancing(url: str) -> Iterator[Engine | None]:
    """A ledger for one quick look; None where there is none yet. It makes no tables, and waits for nobody longer than seconds."""
    address = make_url(with_driver(url))
    sqlite = address.get_backend_name() == "sqlite"
    if sqlite and not Path(address.database or "").exists():
        yield None
        return
    patience = {"timeout": 2} if sqlite else {"connect_timeout": 3}
    engine = make_engine(address, connect_args=patience)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads and keeps no writer waiting (SQLite takes the write lock otherwise)."""
    with engine.connect().execution_options(only_reads=True) as connection, connection.begin():
        yield connection


def ledger_id(engine: Engine) -> str:
    """The ledger's own name: editions of two ledgers cannot be compared."""
    with reading(engine) as connection:
        return id_of(connection)


def id_of(connection: Connection) -> str:
    """``ledger_id``, inside a transaction."""
    found: str = connection.execute(select(META.c.value).where(META.c.key == "ledger")).scalar_one()
    return found


def journal_mode(version: tuple[int, ...] | None = None) -> str:
    """The journal mode that a SQLite of this version (without one: of the one that is here) can be trusted with.

    >>> journal_mode((3, 40, 1)), journal_mode((3, 51, 3))
    ('PERSIST', 'WAL')
    """
    return "WAL" if (version or THIS_SQLITE) >= WAL_IS_SAFE else ROLLBACK


def journal_told() -> str:
    """How the ledger survives a power cut with the SQLite that is here, and why so, in words for a person."""
    here, safe = (".".join(map(str, version)) for version in (THIS_SQLITE, WAL_IS_SAFE))
    how = f"(journal_mode={journal_mode()}, synchronous={SYNCHRONOUS}): a commit that has returned survives a power cut"
    if journal_mode() == "WAL":
        return f"SQLite {here} with a write-ahead log {how}"
    return (
        f"SQLite {here} with a rollback journal {how}. Not with a write-ahead log: SQLite before {safe} can corrupt a "
        "ledger that has one"
    )


def _make_safe(connection: Any, _record: object) -> None:
    # The driver would begin a transaction late, as a reader, and then fail with "database is locked" when it writes.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode")
    if cursor.fetchone()[0].upper() not in (journal_mode(), "MEMORY"):
        cursor.execute(f"PRAGMA journal_mode={journal_mode()}")
    cursor.execute(f"PRAGMA journal_size_limit={JOURNAL_BYTES}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_as_writer(connection: Connection) -> None:
    if connection.get_execution_options().get("only_reads"):
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite itself looks again after 25, then 50, then 100 ms, and others come between: a sender waited for a second while
    # a drain wrote. Who looks every other millisecond has his turn when it is there.
    driver: Any = connection.connection.dbapi_connection
    deadline = time.monotonic() + BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout=0")
    line = join_line(connection.engine.url.database)
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except SQLITE.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != SQLITE.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(0.002)
    finally:
        leave_line(line)
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _schema(engine: Engine) -> str | None:
    """The schema of the ledger; None: there is none yet."""
    with reading(engine) as connection:
        if not inspect(connection).has_table(META.name):
            return None
        return connection.execute(select(META.c.value).where(META.c.key == "schema")).scalar()


def _bring_up_to_date(engine: Engine) -> None:
    """Make or migrate the tables, in one transaction: a program that is killed meanwhile leaves the ledger as it was."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # CREATE TABLE looks first and makes then: of two programs that start together one would fail.
            connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        # Looked at once more: of two programs that start together the second finds the work done.
        is_there = inspect(connection).has_table(META.name)
        query = select(META.c.value).where(META.c.key == "schema")
        found = connection.execute(query).scalar() if is_there else None
        if found is None:
            METADATA.create_all(connection)
            connection.execute(
                META.insert(),
                [{"key": "schema", "value": SCHEMA}, {"key": "ledger", "value": uuid.uuid4().hex}],
            )
        elif found != SCHEMA:
            _refuse_the_unknown(engine, found)
            from flows.ledger.migrations import migrate

            migrate(connection, found, SCHEMA)


def _refuse_the_unknown(engine: Engine, found: str) -> None:
    if found.isdecimal() and 1 <= int(found) < int(SCHEMA):
        return
    newer = " newer" if found.isdecimal() else "nother"
    raise WrongLedger(
        f"The ledger {engine.url.render_as_string(hide_password=True)} has schema {found!r}: a{newer} version of cleancopy made it; "
        f"this one knows schema {SCHEMA!r}. Nothing was changed. Update cleancopy (pip install --upgrade cleancopy)."
    )
