"""The drain that stands by: what arrives is public a moment later, and what is broken is tried again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from newsroom import arrival
from paced_cms import paced_cms
from prefect.client.schemas.objects import State
from prefect.states import Completed
from sqlalchemy import Engine

from flows import warm_drain
from flows.ledger import open_ledger, outbox_counts, queue_counts, receive
from flows.ledger.owing import owing, try_again
from flows.settings import Settings
from flows.tasks.cleaning import WarmPool
from flows.tasks.jobs import Job, clean_waiting
from flows.tasks.publishing import utc_now
from flows.tasks.steps import LENT
from flows.tasks.summary import RunSummary
from flows.warm_drain import drain_once, stand_by

PROSE = "The night bus will run for another year, the council decided on Tuesday after a long debate."
HOUSE = "name: Harbour Post\nhosts: [harbour-post.example]\n"


@pytest.fixture
def settings(tmp_path: Path, config_dir: Path) -> Settings:
    """The shipped rules, and one publisher of our own that can be broken."""
    config = tmp_path / "config"
    (config / "publishers").mkdir(parents=True)
    for name in ("pipeline.yaml", "rules"):
        (config / name).symlink_to(config_dir / name)
    (config / "publishers" / "harbour-post.yaml").write_text(HOUSE)
    (config / "sources.yaml").write_text("sources: {}\n")
    (config / "destinations.yaml").write_text(
        "destinations: {copy-folder: {kind: folder, path: published, formats: [text], default: yes}}\n"
    )
    ledger_url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return Settings(config_dir=config, data_dir=tmp_path / "data", ledger_url=ledger_url, workers=1)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Engine]:
    engine = open_ledger(settings.ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def no_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_drain, "_prefect_answers", lambda: False)
    monkeypatch.setattr(warm_drain, "LINGER_SECONDS", 0.3)


async def until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


async def test_what_arrives_is_public_and_a_broken_rule_only_makes_it_wait(
    settings: Settings, ledger: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="cleancopy.drain")
    house = settings.config_dir / "publishers" / "harbour-post.yaml"
    ended = False
    standing_by = asyncio.create_task(stand_by(settings, lambda: ended))
    await until(lambda: "standing by" in caplog.text)

    receive(ledger, [arrival("ferry", "The ferry left at noon.\nPublished: undefined\n")], utc_now())
    await until(lambda: outbox_counts(ledger)["made"] == 1)
    [copy] = (settings.data_dir / "published").glob("*.txt")
    assert copy.read_text().strip() == "The ferry left at noon."

    house.write_text(HOUSE + "hsots: [typo.example]\n")
    await until(lambda: "hsots" in caplog.text)
    receive(ledger, [arrival("bus", "The bus left at one.")], utc_now())
    await asyncio.sleep(1)
    assert queue_counts(ledger)["waiting"] == 1
    # Mended: it is taken up at once, not when the wait is over.
    house.write_text(HOUSE + "# mended\n")
    await until(lambda: outbox_counts(ledger)["made"] == 2)

    ended = True
    await asyncio.wait_for(standing_by, 60)
    assert not list((settings.data_dir / "owners").iterdir())


async def test_a_drain_that_is_asked_to_end_finishes_its_chunk_and_claims_no_more(
    settings: Settings, ledger: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_drain, "LINGER_SECONDS", 300)
    receive(ledger, [arrival(f"s{number}", f"Story {number}.") for number in range(30)], utc_now())
    asked = 0.0

    def ended() -> bool:
        nonlocal asked
        if not asked and queue_counts(ledger)["waiting"] < 30:
            asked = time.monotonic()
        return bool(asked)

    await asyncio.wait_for(stand_by(settings, ended), 120)
    assert queue_counts(ledger)["done"] == outbox_counts(ledger)["made"] == 30


async def test_an_embargo_that_is_over_is_published_within_seconds(
    settings: Settings, ledger: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing arrives at that moment, and no schedule runs: the drain that stands by looks by itself."""
    caplog.set_level(logging.INFO, logger="cleancopy.drain")
    ended = False
    standing_by = asyncio.create_task(stand_by(settings, lambda: ended))
    await until(lambda: "standing by" in caplog.text)
    ends = (utc_now() + timedelta(seconds=8)).replace(microsecond=0)
    receive(ledger, [arrival("ferry", f"EMBARGOED UNTIL {ends.isoformat()}\n{PROSE}")], utc_now())
    await until(lambda: queue_counts(ledger)["done"] == 1)
    assert outbox_counts(ledger) == {"owed": 1, "made": 0, "overtaken": 0, "failed": 0}
    assert utc_now() < ends, "it was cleaned too late to tell anything"
    await until(lambda: outbox_counts(ledger)["made"] == 1)
    assert 0 <= (utc_now() - ends).total_seconds() < 10
    assert caplog.text.count("stories cleaned") == 1, "no run is made of that"
    ended = True
    await asyncio.wait_for(standing_by, 60)


async def test_a_kill_that_failed_is_tried_again_by_itself_and_what_is_requeued_at_once(
    settings: Settings, ledger: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing arrives, and no schedule runs: the destination comes back, and that is enough. No run is made for it."""
    caplog.set_level(logging.INFO, logger="cleancopy")
    ended = False
    with paced_cms() as cms:
        (settings.config_dir / "destinations.yaml").write_text(
            "destinations:\n" + cms.entry().replace("seconds: 5", "seconds: 5, default: yes")
        )
        standing_by = asyncio.create_task(stand_by(settings, lambda: ended))
        receive(ledger, [arrival("ferry", PROSE)], utc_now())
        await until(lambda: cms.wrote == ["desk:ferry"])

        cms.mood = "dropped"
        receive(ledger, [arrival("ferry", f"KILL KILL KILL\n{PROSE}")], utc_now())
        await until(lambda: len(cms.asked) > 1)
        cms.mood, back = "up", time.monotonic()
        await until(lambda: len(cms.removed) == 1)
        assert time.monotonic() - back < 20

        cms.mood = "422"
        receive(ledger, [arrival("swan", PROSE)], utc_now())
        await until(lambda: bool(owing(ledger, utc_now())) and owing(ledger, utc_now())[0].waits == "later")
        cms.mood = "up"
        [refused] = owing(ledger, utc_now())
        assert try_again(ledger, utc_now(), ids=[refused.id]).ids
        again = time.monotonic()
        await until(lambda: outbox_counts(ledger)["owed"] == 0)
        assert time.monotonic() - again < 4
        assert cms.wrote == ["desk:ferry", "desk:swan"]
    assert " 0 stories cleaned" not in caplog.text, "no run is made of that"
    assert "1 act tried again: 1 done" in caplog.text
    ended = True
    await asyncio.wait_for(standing_by, 60)


async def test_a_run_that_prefect_does_not_begin_leaves_its_stories_to_the_next_drain(
    settings: Settings, ledger: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And when it begins after all, it cleans nothing beside what is cleaned by then."""
    begin, began = asyncio.Event(), list[RunSummary]()

    async def late_run(return_state: bool) -> State[Job]:
        lent = LENT.get()
        await begin.wait()
        lent.cleaning()
        began.append(await asyncio.to_thread(clean_waiting, settings, **lent.options))
        lent.cleaned()
        return Completed()

    monkeypatch.setattr(warm_drain, "_prefect_answers", lambda: True)
    monkeypatch.setattr(warm_drain, "drain_inbox", late_run)
    monkeypatch.setattr(warm_drain, "BEGUN_SECONDS", 0.3)
    receive(ledger, [arrival("ferry", PROSE)], utc_now())
    with WarmPool(settings.config_dir, 1, settings.story_seconds) as pool:
        await drain_once(settings, pool, lambda: False)
        assert outbox_counts(ledger)["made"] == 1
        assert "cleaned without a run" in caplog.text
        receive(ledger, [arrival("bus", PROSE)], utc_now())
        begin.set()
        await until(lambda: not warm_drain._UNENDED)
        assert [summary.stories for summary in began] == [()]
        await drain_once(settings, pool, lambda: False)
    assert len(began) == 2
    assert outbox_counts(ledger)["made"] == 2
