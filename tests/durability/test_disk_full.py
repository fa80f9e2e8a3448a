"""The disk that the ledger lies on is full: nothing is promised, nothing is lost, and it goes on when there is room again."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from sqlalchemy import Connection, Engine, event, select, text

from flows import warm_drain
from flows.ledger import open_ledger, outbox_counts, queue_counts, receive
from flows.ledger.inbox import MOST_ATTEMPTS
from flows.ledger.opening import reading
from flows.ledger.tables import INBOX
from flows.settings import Settings, load_settings
from flows.tasks.publishing import utc_now
from flows.warm_drain import stand_by
from flows.webhook import create_app
from tests.flows.newsroom import arrival, make_plain
from tests.webhook.receiving import DESTINATIONS, ENVIRON, SECRET, SOURCES, running, signed_headers, story

MEGABYTES = 3


class Disk(Protocol):
    """Where a newsroom keeps its data."""

    folder: Path

    def fill(self) -> None: ...

    def make_room(self) -> None: ...


@dataclass
class SmallDisk:
    """A real disk of a few megabytes, and a file that takes what room is left."""

    folder: Path

    def fill(self) -> None:
        with suppress(OSError), (self.folder / "ballast").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def make_room(self) -> None:
        (self.folder / "ballast").unlink()


@dataclass
class FewPages:
    """Where no disk can be mounted: SQLite is told, at each transaction, that its file may not grow."""

    folder: Path
    full: bool = False

    def fill(self) -> None:
        self.full = True

    def make_room(self) -> None:
        self.full = False

    def begin(self, connection: Connection) -> None:
        most = connection.exec_driver_sql("PRAGMA page_count").scalar() if self.full else 2**31 - 2
        connection.exec_driver_sql(f"PRAGMA max_page_count={most}").close()


@pytest.fixture(params=["a small disk", "few pages"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "few pages":
        pages = FewPages(folder)
        event.listen(Engine, "begin", pages.begin)
        yield pages
        event.remove(Engine, "begin", pages.begin)
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.getuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root on Linux, and the right to mount a small disk")
    yield SmallDisk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def settings(disk: Disk, tmp_path: Path) -> Settings:
    config = tmp_path / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(SOURCES)
    (config / "destinations.yaml").write_text(DESTINATIONS)
    return load_settings(config, {"CLEANCOPY_DATA": str(disk.folder / "data"), "CLEANCOPY_WORKERS": "1"})


def test_the_receiver_asks_senders_to_come_again_until_there_is_room(
    settings: Settings, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    def post(base: str, number: int) -> httpx.Response:
        body = story(id=f"harbour-{number}", text=f"The ferry {number} is back. " * 800)
        headers = signed_headers(body, secret=SECRET, event_id=f"evt-{number}") | {
            "content-type": "application/json"
        }
        return httpx.post(f"{base}/webhooks/plain", content=body, headers=headers, timeout=30)

    acked, refused = [], []
    with running(create_app(settings, environ=ENVIRON), settings) as port:
        base = f"http://127.0.0.1:{port}"
        assert post(base, 0).status_code == 202
        acked.append(0)
        disk.fill()
        for number in range(1, 13):
            answer = post(base, number)
            if answer.status_code == 202:  # there was some room in the ledger itself
                acked.append(number)
                continue
            refused.append(number)
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert "with the same id" in answer.json()["next"]
        assert len(refused) > 5
        assert httpx.get(f"{base}/healthz").status_code == 200
        assert _events(settings) == [f"evt-{number}" for number in acked]

        disk.make_room()
        for number in refused:
            assert post(base, number).json()["status"] == "accepted"
        for number in acked:
            assert post(base, number).json()["status"] == "duplicate"
    assert sorted(_events(settings)) == sorted(f"evt-{number}" for number in range(13))
    assert "the disk that it lies on is full" in caplog.text
    assert "The ferry" not in caplog.text


async def test_a_drain_says_so_and_goes_on_when_there_is_room(
    settings: Settings, disk: Disk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_drain, "_prefect_answers", lambda: False)
    monkeypatch.setattr(warm_drain, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(warm_drain, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(
        warm_drain,
        "WarmPool",
        lambda config, workers, seconds, pool=warm_drain.WarmPool: pool(config, workers, seconds, make_plain),
    )
    caplog.set_level(logging.INFO, logger="cleancopy.drain")
    ledger = open_ledger(settings.ledger_url)
    stories = [f"story-{number}" for number in range(30)]
    receive(ledger, [arrival(one, f"Of {one}. " * 400, event_id=one) for one in stories], utc_now())
    disk.fill()
    ended = False
    standing_by = asyncio.create_task(stand_by(settings, lambda: ended))
    try:
        # For longer than the tries of a story would last, if each counted.
        await _until(lambda: caplog.text.count("tried again in") > MOST_ATTEMPTS)
        assert "the disk that it lies on is full" in caplog.text or "No space left" in caplog.text
        assert queue_counts(ledger)["failed"] == 0
        disk.make_room()
        await _until(lambda: outbox_counts(ledger)["made"] == len(stories))
    finally:
        ended = True
        await asyncio.wait_for(standing_by, 60)
    assert queue_counts(ledger)["done"] == len(stories)
    assert len(list((settings.data_dir / "published").glob("*.txt"))) == len(stories)
    with reading(ledger) as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    ledger.dispose()


def _events(settings: Settings) -> list[str]:
    engine = open_ledger(settings.ledger_url)
    with reading(engine) as connection:
        events = connection.execute(select(INBOX.c.event_id).order_by(INBOX.c.id)).scalars().all()
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    engine.dispose()
    return list(events)


async def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)
