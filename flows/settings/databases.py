"""Addresses of databases as operators write them, and the engine behind one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from flows.settings.sqlite import SQLITE

if TYPE_CHECKING:  # `cleancopy clean` reads its settings and needs no database
    from sqlalchemy import URL, Engine

SYNCHRONOUS = "EXTRA"
"""SQLite's setting under which a commit that has returned is on disk in every journal mode. FULL, its default, does not sync
the folder when the journal is deleted: after a power cut that comes back, and takes the last commit back."""


class NoDriver(ImportError):
    """The package that talks to this kind of database is not installed. The message says what to install."""


def with_driver(address: str) -> str:
    """An address that names its driver: for PostgreSQL psycopg 3, where none is named.

    SQLAlchemy would take psycopg2 for ``postgresql://``, and does not know ``postgres://``, which hosts hand out.

    >>> with_driver("postgres://desk@db.example/ledger")
    'postgresql+psycopg://desk@db.example/ledger'
    >>> with_driver("sqlite:////srv/ledger.sqlite")
    'sqlite:////srv/ledger.sqlite'
    """
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", address)


def make_engine(address: URL, **options: Any) -> Engine:
    """An engine that tells no values of a statement in its errors, and whose commits last. Raises NoDriver.

    (On PostgreSQL they last if its server says so: ``cleancopy doctor`` asks it.)
    """
    from sqlalchemy import create_engine, event

    if address.get_backend_name() == "sqlite":
        options["module"] = SQLITE
    try:
        engine = create_engine(
            address, hide_parameters=True, json_serializer=json_text, json_deserializer=json_value, **options
        )
    except ModuleNotFoundError as error:
        driver = address.drivername
        extra = "'cleancopy[postgresql]'" if driver == "postgresql+psycopg" else error.name or driver
        raise NoDriver(f"{driver}:// needs a driver that is not installed: pip install {extra}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _commit_to_disk)
    return engine


def json_text(value: Any) -> str:
    """``value`` as JSON. A record is written and read several times on its way, and orjson takes a fifth of the time; what it refuses
    (half a surrogate pair, a number beyond 64 bits) is left to the standard library."""
    import orjson

    try:
        return orjson.dumps(
            value, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
        ).decode()
    except TypeError:
        return json.dumps(value)


def json_value(text: str | bytes) -> Any:
    """The value in JSON that this or an older cleancopy wrote."""
    import orjson

    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _commit_to_disk(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}").close()
