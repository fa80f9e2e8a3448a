"""Addresses of databases as operators write them, and the engine behind one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `cleancopy clean` reads its settings and needs no database
    from sqlalchemy import URL, Engine


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
    """An engine that tells no values of a statement in its errors. Raises NoDriver."""
    from sqlalchemy import create_engine

    try:
        return create_engine(address, hide_parameters=True, **options)
    except ModuleNotFoundError as error:
        driver = address.drivername
        extra = "'cleancopy[postgresql]'" if driver == "postgresql+psycopg" else error.name or driver
        raise NoDriver(f"{driver}:// needs a driver that is not installed: pip install {extra}") from None
