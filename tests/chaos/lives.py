"""One life of a publisher, in a process of its own: it works as the product does until it is killed, or its time is over.

    drain      the product's main job: claims what arrived, cleans (here: does what the story says), records, publishes
    publisher  publishes what is owed, again and again. ``present``: it is known by its lock, so that what it held is free as soon
               as it is dead. Else its leases are short, and run out

What is replaced here are limits, time, and the destinations' luck; the work itself is the product's.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypedDict

from sqlalchemy.exc import OperationalError

from flows.destinations import http
from flows.ledger import InboxRow, Outcome, open_ledger
from flows.settings import Destination, Settings
from flows.tasks import drain as draining
from flows.tasks import publishing
from flows.tasks.owners import new_owner, present, release_the_dead
from tests.chaos.journal import note
from tests.chaos.places import tell_of_the_folder
from tests.chaos.points import arm, named, replace_function, set_constant
from tests.chaos.wrong import WRONG
from tests.flows.newsroom import outcome_of

EPOCH = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SPEED = 100
"""Seconds of the newsroom in a second of ours: a lease of ten minutes runs out after six seconds."""
SHORT_LEASE = 160.0
"""Of a publisher that is not known by a lock: 1.6 seconds of ours, twice what the slowest batch takes, as the product has it."""
SLEEP = 3.0
"""Seconds of ours that a publisher sleeps: its short lease runs out, and there is time for others to publish what is newer."""
REFUSES = 0.12
"""How often a destination fails before it has done an act, and as often after it."""
BATCH, HTTP_BATCH = 6, 2
"""Acts that are claimed together: with hundreds there would be no two publishers at work, and few claims to be killed in."""


class Order(TypedDict):
    """``point`` and ``nth`` name the end; without a point it may be killed ``anywhere``, after so many seconds.

    ``asleep``: at the point it falls asleep instead. ``began`` is when the newsroom's clock started, as time.time() tells.
    """

    id: int
    role: str
    present: bool
    control: str | None
    point: str | None
    nth: int
    asleep: bool
    anywhere: float | None
    seconds: float
    root: str
    ledger: str
    began: float
    seed: int


def live(order: Order) -> None:
    root = Path(order["root"])
    settings = Settings(
        config_dir=root / "config", data_dir=root / "data", ledger_url=order["ledger"], workers=1
    )
    _set_limits(order)
    tell_of_the_folder(root)
    luck = random.Random(order["seed"])
    _fail_at_random(root, luck)
    # How late a server is, is real time; and the newsroom's passes faster.
    http.LATE_TIMES *= SPEED
    _go_round(luck, named(order["point"]).room if order["point"] else None)
    work = _work(order, settings, partial(newsroom_time, order["began"]))
    slept: list[float] = []
    if order["point"] is not None:
        _meet_the_end(order, root, slept)
    if order["anywhere"] is not None:
        # The system's own default for this signal is to end the process, wherever it is.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, order["anywhere"])
    ends = time.monotonic() + order["seconds"]
    while time.monotonic() < ends and not (root / "stop").exists() and not slept:
        work()
        time.sleep(0.02)


def newsroom_time(began: float) -> datetime:
    return EPOCH + timedelta(seconds=(time.time() - began) * SPEED)


def _work(order: Order, settings: Settings, clock: Callable[[], datetime]) -> Callable[[], object]:
    engine = open_ledger(order["ledger"])
    wrong = WRONG[order["control"]].publish if order["control"] else None
    if order["role"] == "drain":
        if wrong is not None:
            replace_function(
                "flows.tasks.drain.publish_owed", lambda real: lambda *_, **__: publishing.Published()
            )
        replace_function("flows.tasks.drain.clean_batch", lambda real: _clean)
        # Any pool will do: nothing is given to it.
        return partial(draining.drain, engine, settings, pool=object(), chunk=BATCH, clock=clock)

    def publish(owner: str) -> None:
        if wrong is not None:
            wrong(engine, settings, owner, clock)
        else:
            publishing.publish_owed(engine, settings, owner, clock=clock)

    def publish_present() -> None:
        owner = new_owner()
        with present(settings.data_dir, owner):
            release_the_dead(engine, settings.data_dir)
            publish(owner)

    return publish_present if order["present"] else partial(publish, new_owner())


def _clean(pool: object, rows: Sequence[InboxRow]) -> Iterator[list[Outcome]]:
    for row in rows:
        verdict = str(row.raw.content).split()[0]
        yield [outcome_of(row, verdict=verdict, headline=row.raw.headline)]


def _set_limits(order: Order) -> None:
    replace_function("flows.tasks.publishing.most_at_once", lambda real: _at_once)
    # A story that ends every run is given up in the end. Here no story is to blame.
    set_constant("flows.ledger.outbox.MOST_ATTEMPTS", 10_000)
    set_constant("flows.ledger.inbox.MOST_ATTEMPTS", 10_000)
    # An hour's wait is half a minute of ours, at the end of which nothing else is to be done.
    set_constant("flows.ledger.outbox.LONGEST_DELAY_SECONDS", 40.0)
    if order["role"] == "publisher" and not order["present"]:
        set_constant("flows.tasks.publishing.LEASE_SECONDS", SHORT_LEASE)


def _at_once(destination: Destination) -> int:
    return HTTP_BATCH if destination.kind == "http" else BATCH


def _meet_the_end(order: Order, root: Path, slept: list[float]) -> None:
    assert order["point"] is not None
    point = named(order["point"])

    def happens() -> None:
        note(root / "hits", {"point": point.name, "asleep": order["asleep"], "life": order["id"]})
        if order["asleep"]:
            time.sleep(SLEEP)
            slept.append(SLEEP)  # what it had in its hands is done yet, and then the life is over
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    arm(point, order["nth"], happens)


def _go_round(luck: random.Random, room: str | None) -> None:
    """Destinations come in any order, so that they are met by several publishers at once.

    A life that is to end at one of them goes to this one alone; one that is to end while it records, or frees leases, goes to
    none: it would be busy elsewhere when its moment comes.
    """

    def chosen(all_of_them: Mapping[str, Destination], most: int | None = None) -> dict[str, Destination]:
        names = [room] if room in all_of_them else [] if room in ("record", "leases") else list(all_of_them)
        luck.shuffle(names)
        return {name: all_of_them[name] for name in names[:most]}

    def publish(real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, destinations, **more: real(*args, destinations=chosen(destinations, 1), **more)

    replace_function(
        "flows.tasks.publishing.load_destinations", lambda real: lambda *args: chosen(real(*args))
    )
    # While a drain publishes it records nothing, and with few stories at a time all wait for that: it goes to one destination.
    replace_function("flows.tasks.drain.publish_owed", publish)


def _fail_at_random(root: Path, luck: random.Random) -> None:
    """Destinations that refuse now and then, or do an act and fail to say so."""

    def unlucky(fault: str, error: Exception) -> None:
        if luck.random() < REFUSES:
            note(root / "faults", {"fault": fault})
            raise error

    def watched(kind: str, make: Callable[[str], Exception], real: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(real)
        def publish(*args: Any) -> Any:
            unlucky(f"{kind} refuses", make("refused"))
            result = real(*args)
            unlucky(f"{kind} does it and fails", make("the answer is lost"))
            return result

        return publish

    full = partial(OSError, 28)
    locked = lambda said: OperationalError("UPDATE", {}, Exception(said))  # noqa: E731
    replace_function("flows.destinations.folder.publish", partial(watched, "folder", full))
    replace_function("flows.destinations.sql_table.publish", partial(watched, "table", locked))


__all__ = ["Order", "live", "newsroom_time"]
