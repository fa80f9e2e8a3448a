"""From the schema of an old ledger to today's, with Alembic. Imported only where there is something to migrate: that takes half a second.

A ledger's schema is a number in its table ``meta``, and the revisions here are called by it. To change the tables: change
``flows.ledger.tables``, add ``versions/schema_N.py``, and raise ``SCHEMA`` in ``flows.ledger.tables``; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, update

from flows.ledger.tables import META


def migrate(connection: Connection, found: str, wanted: str) -> None:
    """Bring the ledger from schema ``found`` to ``wanted``, in the connection's transaction: all of it, or nothing."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    if found != "1":  # a ledger of schema 1 may lack tables: its revision looks for each
        command.stamp(config, found, purge=True)
    command.upgrade(config, wanted)
    connection.execute(update(META).where(META.c.key == "schema").values(value=wanted))
