"""Clean copy as rows of a SQL table: one row a story, replaced only by a newer edition."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Engine,
    Insert,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    or_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError

from flows.destinations.batches import in_batches
from flows.destinations.elsewhere import down_elsewhere
from flows.destinations.formats import published_record
from flows.destinations.publication import (
    Answer,
    Publication,
    Publisher,
    PublishError,
    Receipt,
    refuse_holds,
)
from flows.settings import TableDestination
from flows.settings.databases import make_engine, with_driver

COPY_COLUMNS = (
    "id",
    "url",
    "publisher",
    "headline",
    "standfirst",
    "section",
    "byline",
    "published",
    "language",
    "text",
    "html",
)

_SERVER = ("drivername", "username", "host", "port", "query")
"""The parts of an address that say which server is meant, and as whom."""


def table_named(name: str) -> Table:
    """The table's columns. ``withdrawn`` rows keep their key and edition, and nothing of the copy."""
    return Table(
        name,
        MetaData(),
        Column("story", String(600), primary_key=True),
        *(Column(column, Text) for column in COPY_COLUMNS),
        Column("record", JSON(none_as_null=True)),
        Column("withdrawn", Boolean, nullable=False),
        Column("edition", Integer, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("ledger", String(40), nullable=False),
        Column("idempotency_key", String(64), nullable=False),
        Column("updated_at", String(32), nullable=False),
    )


@contextmanager
def open_table(destination: TableDestination, data_dir: Path) -> Iterator[Publisher]:
    """Raises PublishError where the address is missing or no address."""
    engine = open_engine(_address(destination, data_dir))
    table = table_named(destination.table)
    try:
        table.create(engine, checkfirst=True)

        def together(some: Sequence[Publication]) -> list[Answer]:
            done = publish(engine, table, some)
            return list(
                down_elsewhere(some, done, lambda one, where: _take_down_at(engine, table, one, where))
            )

        yield lambda publications: in_batches(
            together,
            publications,
            # "database is locked", "connection refused", "disk is full": no story's fault
            alike=(OperationalError, InterfaceError),
        )
    finally:
        engine.dispose()


def publish(engine: Engine, table: Table, publications: Sequence[Publication]) -> list[Receipt]:
    """One transaction of upserts that never go back: the condition is part of the statement. Raises SQLAlchemyError.

    The stories are all different.
    """
    for one in publications:
        refuse_holds(one)
    # In the order of their keys: of two publishers that lock the same rows in other orders, PostgreSQL would end one.
    rows = [_row(one) for one in sorted(publications, key=lambda one: one.story)]
    with engine.begin() as connection:
        changed = set(connection.execute(upsert(engine, table), rows).scalars())
    return [_receipt(one, _where(engine, table, one), one.story in changed) for one in publications]


def _where(engine: Engine, table: Table, publication: Publication) -> str:
    return f"{engine.url.render_as_string(hide_password=True)}#{table.name}/{publication.story}"


def _take_down_at(engine: Engine, table: Table, publication: Publication, where: str) -> Sequence[str]:
    """Take a story down in the table that a receipt names, if that is another one; what was written there.

    Another database of the same server is asked with the same login, a file as it is; of any other server the login is not known.
    """
    if where == _where(engine, table, publication):
        return ()
    address, _, rest = where.partition("#")
    url, here = make_url(address), engine.url
    if url.get_backend_name() != "sqlite":
        if any(getattr(url, part) != getattr(here, part) for part in _SERVER):
            raise PublishError("its login is not kept")
        url = here.set(database=url.database)
    elif not Path(url.database or "").is_file():
        return ()
    other = open_engine(url)
    try:
        there = table_named(rest.removesuffix(f"/{publication.story}"))
        if not inspect(other).has_table(there.name):
            return ()
        [receipt] = publish(other, there, [publication])
        return receipt.where
    finally:
        other.dispose()


def upsert(engine: Engine, table: Table, lasting: Sequence[str] = ()) -> Insert:
    """Insert rows, or replace those of an older or the same edition, or of another ledger; returns the stories of both.

    Columns that are ``lasting`` keep what they were first given.
    """
    insert = sqlite.insert(table) if engine.dialect.name == "sqlite" else postgresql.insert(table)
    kept = {"story", *lasting}
    return insert.on_conflict_do_update(
        index_elements=["story"],
        set_={column.name: insert.excluded[column.name] for column in table.c if column.name not in kept},
        where=or_(table.c.ledger != insert.excluded.ledger, table.c.edition <= insert.excluded.edition),
    ).returning(table.c.story)


def _receipt(publication: Publication, where: str, changed: bool) -> Receipt:
    if not changed:
        return Receipt("newer", (where,))
    return Receipt("wrote" if publication.act == "publish" else "removed", (where,))


def _row(publication: Publication) -> dict[str, Any]:
    public = publication.act == "publish"
    record = published_record(publication) if public else {}
    return {
        "story": publication.story,
        **{column: _storable(record.get(column)) for column in COPY_COLUMNS},
        "record": record if public else None,
        "withdrawn": not public,
        "edition": publication.edition,
        "revision": publication.revision,
        "ledger": publication.ledger,
        "idempotency_key": publication.idempotency_key,
        "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _storable(value: str | None) -> str | None:
    """Without NUL, which PostgreSQL refuses, and half characters, which no database takes."""
    return value and value.replace("\0", "").encode("utf-8", "replace").decode()


def _address(destination: TableDestination, data_dir: Path) -> URL:
    given = destination.url or os.environ.get(destination.url_env or "")
    if not given:
        raise PublishError(
            f"{destination.name}: set the environment variable {destination.url_env} to its address."
        )
    try:
        url = make_url(with_driver(given))
    except ArgumentError:
        raise PublishError(
            f"{destination.name}: this is not a database address (see destinations.yaml)."
        ) from None
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        file = data_dir / url.database
        file.parent.mkdir(parents=True, exist_ok=True)
        return url.set(database=str(file))
    return url


def open_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return make_engine(url, connect_args={"timeout": 30})
    return make_engine(url, pool_pre_ping=True)
