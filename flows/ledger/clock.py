"""How late it certainly is: an embargo must not end early because a clock was set wrong.

The wall clock alone is not believed. The ledger keeps when it last looked at it, and how long this machine had then been up
(Linux: CLOCK_BOOTTIME, which nobody sets, and which goes on while a laptop sleeps). Where the wall clock has since gone further
than time has passed, it was set forward: perhaps put right, perhaps wrong. It is believed once that has lasted an hour; until
then embargoes end by the time that has passed. A clock that was set back is believed at once: later is not early. On PostgreSQL
the server's clock is asked as well, and the earlier one counts.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, func, select

from flows.ledger.tables import META
from flows.ledger.upsert import insert_into

log = logging.getLogger("cleancopy.ledger")

JUMP_SECONDS = 1.0
"""Further ahead than this the wall clock was set, and not only kept in step."""
LATE_SECONDS = 60.0
"""Further back than this the wall clock was set. Less may be a caller's wait for the ledger's lock (see ``BUSY_SECONDS``, and a try
more): it looked at the wall clock before, and the machine's seconds are read after."""
BELIEVED_AFTER_SECONDS = 3600.0
_KEPT = timedelta(days=30)
_KEY = "clock:"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_THIS_PROCESS = uuid.uuid4().hex


def machine_uptime() -> tuple[str, float]:
    """A name for this start of the machine (where it has none: of this process), and the seconds since."""
    if hasattr(time, "CLOCK_BOOTTIME") and _BOOT_ID.exists():
        return _BOOT_ID.read_text().strip().replace("-", ""), time.clock_gettime(time.CLOCK_BOOTTIME)
    return f"{_THIS_PROCESS[:20]}-{os.getpid()}", time.monotonic()


def server_time(connection: Connection) -> datetime | None:
    """PostgreSQL's clock; SQLite has none of its own."""
    if connection.dialect.name != "postgresql":
        return None
    found: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return found


@dataclass(frozen=True, slots=True)
class Witness:
    """What is asked beside the wall clock: how long the machine is up, and what the database's server says."""

    uptime: Callable[[], tuple[str, float]] = machine_uptime
    server: Callable[[Connection], datetime | None] = server_time


MACHINE = Witness()


@dataclass(frozen=True, slots=True)
class _Seen:
    """The wall clock as it was believed last, and the machine's seconds then.

    ``jump`` is by how many seconds it was found ahead of that, first when the machine was up for ``since`` seconds; 0: it was not.
    """

    wall: datetime
    up: float
    jump: float = 0.0
    since: float = 0.0

    def __str__(self) -> str:
        return f"{self.wall.isoformat()} {self.up!r} {self.jump!r} {self.since!r}"


def certain_now(connection: Connection, now: datetime, witness: Witness = MACHINE) -> datetime:
    """The latest moment that has certainly come where the wall clock says ``now``; never later than that.

    Inside a transaction that writes: what was seen is kept for all programs of this machine. It is asked often, so that it knows the
    clock from before it was set; the server's is another question (see ``Witness.server``).
    """
    start, up = witness.uptime()
    key = f"{_KEY}{start}"
    before = _read(connection, key)
    certain, seen = _judged(before, now, up)
    if seen is not before:
        if seen.jump:
            log.warning(
                "The clock was set forward by %.0f s: for an hour embargoes do not go by it", seen.jump
            )
        _keep(connection, key, seen)
    return certain


def glance(connection: Connection, now: datetime, witness: Witness = MACHINE) -> datetime:
    """As ``certain_now``, with the server's clock, in a transaction that only reads: nothing is kept of it."""
    start, up = witness.uptime()
    certain, _ = _judged(_read(connection, f"{_KEY}{start}"), now, up)
    says = witness.server(connection)
    return certain if says is None else min(certain, says)


def _judged(before: _Seen | None, now: datetime, up: float) -> tuple[datetime, _Seen]:
    if before is None or up < before.up:
        return now, _Seen(now, up)
    passed = before.wall + timedelta(seconds=up - before.up)
    ahead = (now - passed).total_seconds()
    if -LATE_SECONDS <= ahead < -JUMP_SECONDS:
        # What was seen before knows better: of a moment that was late the next one would seem to be set forward.
        return now, replace(before, jump=0.0, since=0.0) if before.jump else before
    if ahead <= JUMP_SECONDS:
        # In step, or set back. What was seen a moment ago need not be written again.
        fresh = abs(ahead) <= JUMP_SECONDS and not before.jump and up - before.up < BELIEVED_AFTER_SECONDS
        return min(now, passed), before if fresh else _Seen(now, up)
    if before.jump and -LATE_SECONDS <= ahead - before.jump <= JUMP_SECONDS:
        if up - before.since < BELIEVED_AFTER_SECONDS:
            return passed, before
        return now, _Seen(max(now, passed + timedelta(seconds=before.jump)), up)
    return passed, replace(before, jump=ahead, since=up)


def _read(connection: Connection, key: str) -> _Seen | None:
    found = connection.execute(select(META.c.value).where(META.c.key == key)).scalar()
    if found is None:
        return None
    wall, *seconds = found.split()
    return _Seen(datetime.fromisoformat(wall), *map(float, seconds))


def _keep(connection: Connection, key: str, seen: _Seen) -> None:
    connection.execute(
        insert_into(connection, META)
        .values(key=key, value=str(seen))
        .on_conflict_do_update(index_elements=["key"], set_={"value": str(seen)})
    )
    # One row for each start of a machine: those of long ago are of no use.
    old = META.c.value < (seen.wall - _KEPT).isoformat()
    connection.execute(delete(META).where(META.c.key.startswith(_KEY), META.c.key != key, old))
