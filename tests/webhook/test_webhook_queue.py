"""What waits for the ledger is bounded, is told when to come again, and is stored once when the ledger is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from receiving import ENVIRON, Receiver, log_of, running, story
from sqlalchemy import func, select

from cleaners.model import Raw
from flows.ledger import Arrival, open_ledger
from flows.ledger.opening import reading
from flows.ledger.tables import INBOX
from flows.settings import Settings
from flows.settings.sqlite import SQLITE
from flows.webhook import create_app
from flows.webhook.keeping import MOST_TOGETHER, Keeper
from flows.webhook.refusal import Refused


@pytest.fixture
async def keeper(settings: Settings) -> AsyncIterator[Keeper]:
    one = Keeper(settings.ledger_url)
    await one.warm()
    yield one
    one.close()


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Another program writes into the ledger, and does not end."""
    path = Path(settings.ledger_url.removeprefix("sqlite:///"))
    connection = SQLITE.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def arrival(number: int) -> Arrival:
    return Arrival(
        Raw(id=f"ferry-{number}", form="text", content="The ferry is back."), "cms", event_id=f"evt-{number}"
    )


def stored(settings: Settings) -> int:
    engine = open_ledger(settings.ledger_url)
    try:
        with reading(engine) as connection:
            return connection.scalar(select(func.count()).select_from(INBOX)) or 0
    finally:
        engine.dispose()


async def test_no_more_events_wait_than_may(
    keeper: Keeper, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.webhook.keeping.MOST_WAITING", 200)
    with locked(settings):
        waiting = [asyncio.create_task(keeper.keep(arrival(number), 100)) for number in range(200)]
        await asyncio.sleep(0.2)
        assert (keeper.waiting, keeper.waiting_bytes) == (200, 20_000)
        with pytest.raises(Refused) as told:
            await keeper.keep(arrival(200), 100)
        assert (told.value.status, told.value.code) == (503, "queue-full")
        assert int(told.value.headers["Retry-After"]) > 0
    assert await asyncio.gather(*waiting) == [True] * 200
    assert (keeper.waiting, keeper.waiting_bytes) == (0, 0)
    assert await keeper.keep(arrival(200), 100)
    assert stored(settings) == 201


async def test_no_more_bytes_wait_than_may(
    keeper: Keeper, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.webhook.keeping.MOST_BYTES", 1_000_000)
    with locked(settings):
        waiting = [asyncio.create_task(keeper.keep(arrival(number), 400_000)) for number in range(2)]
        await asyncio.sleep(0.1)
        with pytest.raises(Refused, match="queue-full"):
            await keeper.keep(arrival(2), 400_000)
        small = asyncio.create_task(keeper.keep(arrival(3), 1_000))
        await asyncio.sleep(0.1)
    assert await asyncio.gather(*waiting, small) == [True, True, True]


async def test_who_was_told_to_come_again_still_counts_until_the_ledger_lets_go(
    keeper: Keeper, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Senders who give up free no memory: what they sent is in the writer's queue."""
    monkeypatch.setattr("flows.webhook.keeping.LEDGER_SECONDS", 0.3)
    monkeypatch.setattr("flows.webhook.keeping.MOST_WAITING", 150)
    with locked(settings):
        answers = await asyncio.gather(
            *(keeper.keep(arrival(number), 100) for number in range(150)), return_exceptions=True
        )
        assert [answer.code for answer in answers if isinstance(answer, Refused)] == ["ledger-down"] * 150
        assert keeper.waiting == 150
        with pytest.raises(Refused, match="queue-full"):
            await keeper.keep(arrival(150), 100)
    monkeypatch.setattr("flows.webhook.keeping.LEDGER_SECONDS", 20.0)
    while keeper.waiting:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    # What was being written then is stored, and known when it comes again; what only waited was dropped.
    before = stored(settings)
    assert before <= MOST_TOGETHER
    again = await asyncio.gather(*(keeper.keep(arrival(number), 100) for number in range(150)))
    assert again.count(False) == before
    assert stored(settings) == 150


async def test_events_that_come_together_are_written_together(
    keeper: Keeper, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.ledger import receive_each
    from flows.webhook import keeping

    groups: list[int] = []

    def counting(engine: object, arrivals: list[Arrival], now: object) -> object:
        groups.append(len(arrivals))
        return receive_each(engine, arrivals, now)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping, "receive_each", counting)
    with locked(settings):
        waiting = [asyncio.create_task(keeper.keep(arrival(number), 100)) for number in range(130)]
        await asyncio.sleep(0.2)
    await asyncio.gather(*waiting)
    assert sum(groups) == 130
    assert len(groups) <= 5
    assert max(groups) == MOST_TOGETHER


async def test_one_that_cannot_be_stored_takes_no_other_with_it(keeper: Keeper, settings: Settings) -> None:
    broken = Arrival(
        Raw(id="broken", form="text", content=b"bytes", headline=b"no text"),  # type: ignore[arg-type]
        "cms",
        event_id="evt-broken",
    )
    with locked(settings):
        good = [asyncio.create_task(keeper.keep(arrival(number), 100)) for number in range(3)]
        bad = asyncio.create_task(keeper.keep(broken, 100))
        more = [asyncio.create_task(keeper.keep(arrival(number), 100)) for number in range(3, 6)]
        await asyncio.sleep(0.1)
    with pytest.raises(Refused, match="ledger-down"):
        await bad
    assert await asyncio.gather(*good, *more) == [True] * 6
    assert stored(settings) == 6


def test_a_full_queue_is_a_503_that_says_when_to_come_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(create_app(settings, environ=ENVIRON), settings) as port:
        receiver = Receiver(f"http://127.0.0.1:{port}", settings, [])
        assert receiver.post(story()).status_code == 202
        monkeypatch.setattr("flows.webhook.keeping.MOST_WAITING", 0)
        response = receiver.post(story(), event_id="evt_2")
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert "as may wait" in response.json()["error"]
        # It can still be asked how it is: it reads, and does not wait in the line of those who write.
        assert httpx.get(f"{receiver.base}/readyz").status_code == 200
        monkeypatch.setattr("flows.webhook.keeping.MOST_WAITING", 1000)
        assert receiver.post(story(), event_id="evt_2").json()["status"] == "accepted"
    assert "503 queue-full" in log_of(caplog)
