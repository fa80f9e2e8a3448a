"""The SQLite that ledgers and tables are opened with: that of the package ``pysqlite3`` where it is there, else Python's own.

Python brings the SQLite of its system, and that is years old on most: with a bug that may corrupt a database with a write-ahead log
(see ``flows.ledger.opening``). The package has a new one inside. Both are one module by two names.
"""

from __future__ import annotations

import sqlite3
from importlib import import_module
from typing import Any


def _newest() -> Any:
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:  # there is no wheel of it for this system
        return sqlite3


SQLITE = _newest()
