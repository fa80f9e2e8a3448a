"""Other settings of SQLite than the product's own, for a program that a test takes the power from."""

from __future__ import annotations

from flows.ledger import opening
from flows.settings import databases

OWN = ("-", "-")
"""Journal mode and synchronous as the product has them."""


def set_sqlite(mode: str, synchronous: str) -> None:
    """Open ledgers in this journal mode and with this setting of ``synchronous``; ``-`` leaves the product's own."""
    if mode != "-":
        opening.journal_mode = lambda *_: mode
    if synchronous != "-":
        databases.SYNCHRONOUS = synchronous
