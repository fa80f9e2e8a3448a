"""A transaction that is done again where another one stood in its way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

TRIES = 6

# PostgreSQL's words for "once more, please"; SQLite, with its one writer, has none.
# unique_violation: two senders stored the same event at once, and the second will find it known.
_IN_THE_WAY = {"40001": "serialization_failure", "40P01": "deadlock_detected", "23505": "unique_violation"}


def transact(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do ``work`` in one transaction; again from its start, up to TRIES times, where it met another one.

    So ``work`` must leave nothing behind but what it writes through its connection. Raises what the last try raised.
    """
    for number in range(1, TRIES + 1):
        try:
            with engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            if number == TRIES or getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**number))  # noqa: S311
    raise AssertionError("unreachable")
