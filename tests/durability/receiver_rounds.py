"""The receiver is killed, or the power goes, again and again while a CMS posts; each time it goes on with what is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from flows.ledger import open_ledger
from flows.ledger.opening import reading
from flows.ledger.tables import INBOX, REVISIONS, STORIES
from tests.durability.disk import WAYS, Disk, lay_out, read_log, unlike, watched
from tests.durability.losing import ROOT
from tests.durability.sender import Sender
from tests.durability.sqlite_settings import OWN
from tests.flows.running_newsroom import DESTINATIONS, SECRET, SOURCES, free_ports

FSYNC_MICROSECONDS = 500
"""Of a quick disk: while it is busy, events gather for the next commit."""


class Result(NamedTuple):
    """What ``rounds`` of kills or losses did to events that were answered 202. ``wrong`` should be empty."""

    rounds: int
    disks: int
    acked: int
    refused: int
    wrong: tuple[str, ...]


def kill_again_and_again(folder: Path, rounds: int, seed: int = 1) -> Result:
    """``kill -9`` under load, so many times."""
    sender, rng, data = Sender(), Random(seed), folder / "data"
    data.mkdir()
    told: list[str] = []
    for _ in range(rounds):
        _round(folder, data, sender, rng)
        told += wrong(data, sender)
    told += _last_round(folder, data, sender)
    return Result(rounds, rounds, len(sender.acked), sender.refused, (*sender.wrong, *told))


def lose_power_again_and_again(
    library: Path, folder: Path, rounds: int, sqlite: tuple[str, str] = OWN, seed: int = 1
) -> Result:
    """The power goes under load, so many times. Each loss is looked at on several disks; the receiver goes on with one of them.

    ``sqlite`` is the ledger's journal mode and its setting of ``synchronous``.
    """
    sender, rng, data = Sender(), Random(seed), folder / "data"
    data.mkdir()
    told: list[str] = []
    for number in range(rounds):
        disk, log = Disk(data), folder / f"{number}.log"
        _round(folder, data, sender, rng, watched(library, data, log, FSYNC_MICROSECONDS), sqlite)
        _play(disk, log)
        log.unlink()
        for way in WAYS:
            after = lay_out(disk.after_loss(way, rng), folder / "after")
            told += (f"loss {number + 1}, {way.name}: {line}" for line in wrong(after, sender))
        lay_out(disk.after_loss(rng.choice(WAYS), rng), data)
    if told:  # the harness of a control has shown what it is to show
        return Result(rounds, rounds * len(WAYS), len(sender.acked), sender.refused, (*sender.wrong, *told))
    disk, log = Disk(data), folder / "last.log"
    told += _last_round(folder, data, sender, watched(library, data, log, FSYNC_MICROSECONDS), sqlite)
    _play(disk, log)
    # Else the receiver wrote in a way that the log does not see, and all of this proves nothing.
    told += (f"{name} was written unseen" for name in unlike(disk, data))
    return Result(rounds, rounds * len(WAYS), len(sender.acked), sender.refused, (*sender.wrong, *told))


def wrong(data: Path, sender: Sender) -> list[str]:
    """What the ledger in the folder does not have as it should: every event that was answered 202 once, each story once."""
    if not (data / "ledger.sqlite").exists():
        return ["the ledger is not there"] if sender.acked else []
    try:
        engine = open_ledger(f"sqlite:///{data / 'ledger.sqlite'}")
        try:
            with reading(engine) as connection:
                said = connection.execute(text("PRAGMA integrity_check")).scalars().all()
                events = Counter(connection.execute(select(INBOX.c.event_id)).scalars())
                stories = connection.execute(select(func.count()).select_from(STORIES)).scalar_one()
                revisions = connection.execute(select(func.count()).select_from(REVISIONS)).scalar_one()
        finally:
            engine.dispose()
    except DatabaseError as error:
        return [f"the ledger does not open: {error.orig}"]
    told = [f"integrity_check: {line}" for line in said if line != "ok"]
    told += [f"{event} was answered 202 and is lost" for event in sorted(sender.acked - events.keys())]
    told += [f"{event} is there {count} times" for event, count in events.items() if count > 1]
    if not len(events) == stories == revisions:
        told.append(f"{len(events)} events made {stories} stories and {revisions} revisions")
    return told


def _round(
    folder: Path,
    data: Path,
    sender: Sender,
    rng: Random,
    environ: dict[str, str] | None = None,
    sqlite: tuple[str, str] = OWN,
) -> None:
    """Post for a moment, and kill the receiver in the middle of it."""
    sender.check_some()
    before = len(sender.acked)
    with _receiver(folder, data, environ, sqlite) as (process, port):

        async def load() -> None:
            posting = asyncio.create_task(sender.post(port, lambda: False))
            first = asyncio.create_task(sender.first_answer())
            await asyncio.wait((posting, first), return_when=asyncio.FIRST_COMPLETED)
            first.cancel()
            await asyncio.sleep(rng.uniform(0.0, 0.7))
            process.kill()
            await posting

        asyncio.run(load())
    if len(sender.acked) == before:
        sender.wrong.append("in a round nothing was answered")


def _last_round(
    folder: Path,
    data: Path,
    sender: Sender,
    environ: dict[str, str] | None = None,
    sqlite: tuple[str, str] = OWN,
) -> list[str]:
    """Everything is sent again that was never answered: then all that was ever sent is there, once."""
    with _receiver(folder, data, environ, sqlite) as (_, port):
        asyncio.run(sender.finish(port))
    told = wrong(data if environ is None else Path(shutil.copytree(data, folder / "copy")), sender)
    if len(sender.acked) != sender.sent:
        told.append(f"of {sender.sent} events {len(sender.acked)} were answered in the end")
    return told


def _play(disk: Disk, log: Path) -> None:
    for record in read_log(log):
        disk.do(record)


@contextlib.contextmanager
def _receiver(
    folder: Path, data: Path, environ: dict[str, str] | None, sqlite: tuple[str, str] = OWN
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A receiver on the data folder, which answers; killed in the end."""
    config = folder / "config"
    if not config.exists():
        config.mkdir()
        (config / "sources.yaml").write_text(SOURCES)
        (config / "destinations.yaml").write_text(DESTINATIONS)
    [port] = free_ports(1)
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("CLEANCOPY_", "PREFECT_"))
    }
    env |= {
        "CLEANCOPY_CONFIG": str(config),
        "CLEANCOPY_DATA": str(data),
        "CLEANCOPY_WEBHOOK_PORT": str(port),
        "RUNNING_NEWSROOM_SECRET": SECRET,
        **(environ or {}),
    }
    with (folder / "receiver.txt").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.durability.receiver", *sqlite],
            env=env,
            cwd=ROOT,
            stdout=said,
            stderr=said,
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, (folder / "receiver.txt").read_text()
            assert time.monotonic() < deadline, "the receiver did not come up"
            time.sleep(0.02)
        yield process, port
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
