"""The pace of publishing: a slow destination holds up nobody, one that is down is left alone and caught up with in order, and what a
server asks for is obeyed. Real servers on loopback; hours pass on a simulated clock."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from long_queue import fill
from newsroom import NOON, arrival, later, make_plain, outcome_of, small_config, small_settings
from paced_cms import Cms, paced_cms
from sqlalchemy import Engine, func, select

from flows.ledger import claim, outbox_counts, receive, record_outcomes
from flows.ledger.outbox import MOST_ATTEMPTS
from flows.ledger.owing import open_kills, owing, try_again
from flows.ledger.tables import PUBLICATIONS
from flows.settings import Settings, load_destinations
from flows.tasks.drain import drain
from flows.tasks.jobs import Job
from flows.tasks.publishing import Published, due_waits, publish_owed, utc_now
from flows.tasks.showing import headline_of

MANY = 10_000


@pytest.fixture
def cms() -> Iterator[Cms]:
    with paced_cms() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str, cms: Cms) -> Settings:
    """A CMS, and a folder that comes after it in the configuration."""
    found = small_settings(tmp_path, ledger_url=ledger_url)
    small_config(found.config_dir, cms.entry() + "  shelf: {kind: folder, path: shelf, formats: [text]}\n")
    return found


class Newsroom:
    """Passes over the outbox on a clock that a test moves, as the drain that stands by makes them: whenever one is worth its while."""

    def __init__(self, ledger: Engine, settings: Settings, now: datetime = NOON) -> None:
        self.ledger, self.settings, self.now = ledger, settings, now
        self.passes = 0

    def publish(self) -> Published:
        self.passes += 1
        return publish_owed(
            self.ledger, self.settings, "me", clock=lambda: self.now, jitter=lambda: self.passes % 10 / 10
        )

    def is_worth_it(self) -> bool:
        return due_waits(self.ledger, load_destinations(self.settings.config_dir), self.now)

    def goes_on(self, until: datetime, step: float) -> None:
        while self.now < until:
            if self.is_worth_it():
                self.publish()
            self.now += timedelta(seconds=step)

    def owe(
        self, *stories: str, to: tuple[str, ...] = ("cms",), text: str = "Back.", verdict: str = "publish"
    ) -> None:
        receive(self.ledger, [arrival(story, f"{text} {story}") for story in stories], self.now)
        rows = claim(self.ledger, "cleaner", now=self.now, limit=len(stories))
        outcomes = [outcome_of(row, verdict=verdict) for row in rows]
        record_outcomes(self.ledger, "cleaner", outcomes, lambda *_: to, self.now)

    def kill(self, *stories: str) -> None:
        self.owe(*stories, text="KILL", verdict="kill")

    def attempts(self) -> list[int]:
        with self.ledger.connect() as connection:
            return list(
                connection.execute(
                    select(PUBLICATIONS.c.attempts).where(PUBLICATIONS.c.state == "owed")
                ).scalars()
            )

    def all_made_at(self) -> datetime:
        with self.ledger.connect() as connection:
            found: datetime = connection.execute(select(func.max(PUBLICATIONS.c.made_at))).scalar_one()
        return found


@pytest.fixture
def newsroom(ledger: Engine, settings: Settings) -> Newsroom:
    return Newsroom(ledger, settings)


def until(true: Callable[[], bool], seconds: float) -> float:
    """How long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began


def resident() -> int:
    """The bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def files(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "shelf").glob("*.txt"))


# --- destinations beside each other ------------------------------------------------------------------------------------------


@contextmanager
def publishing(ledger: Engine, settings: Settings) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=publish_owed, args=(ledger, settings, "me"))
    thread.start()
    yield thread
    thread.join(60)
    assert not thread.is_alive()


def test_a_slow_destination_holds_up_no_other(
    ledger: Engine, settings: Settings, newsroom: Newsroom, cms: Cms
) -> None:
    cms.seconds, newsroom.now = 0.05, utc_now()
    fill(ledger, 100, ["cms", "shelf"], newsroom.now)
    began = time.monotonic()
    with publishing(ledger, settings):
        until(lambda: len(files(settings)) == 100, 3)
        assert len(cms.wrote) < 80, "the slow one was not slow, and nothing was tried here"
    assert time.monotonic() - began > 4
    assert len(cms.wrote) == 100


def test_a_kill_does_not_wait_for_a_slow_destination_to_be_done(
    ledger: Engine, settings: Settings, newsroom: Newsroom, cms: Cms
) -> None:
    """Neither elsewhere nor there: it is recorded while two hundred stories go out, eight seconds of them."""
    newsroom.now = utc_now()
    newsroom.owe("ferry", to=("cms", "shelf"))
    newsroom.publish()
    assert (len(files(settings)), cms.wrote) == (1, ["desk:ferry"])
    fill_after(ledger, 200, newsroom.now)
    cms.seconds = 0.05
    with publishing(ledger, settings):
        until(lambda: len(cms.wrote) > 20, 10)
        newsroom.kill("ferry")
        assert until(lambda: not files(settings), 3) < 2
        until(lambda: cms.removed == ["desk%3Aferry"], 4)
        assert len(cms.wrote) < 150
    assert open_kills(ledger, utc_now()) == []
    assert len(cms.wrote) == 201


def fill_after(ledger: Engine, count: int, now: datetime) -> None:
    """As ``fill``, where there are stories already."""
    receive(ledger, [arrival(f"s{number}", f"Story {number}.") for number in range(count)], now)
    rows = claim(ledger, "cleaner", now=now, limit=count)
    record_outcomes(ledger, "cleaner", [outcome_of(row) for row in rows], lambda *_: ("cms",), now)


def test_withdrawals_are_told_first_and_destinations_in_their_order(newsroom: Newsroom, cms: Cms) -> None:
    newsroom.owe("ferry", to=("shelf", "cms"))
    newsroom.publish()
    newsroom.owe("harbour", to=("shelf", "cms"))
    newsroom.kill("ferry")
    assert [(one.act, one.destination) for one in newsroom.publish().made] == [
        ("unpublish", "cms"),
        ("unpublish", "shelf"),
        ("publish", "cms"),
        ("publish", "shelf"),
    ]


def test_a_pass_ends_soon_where_that_is_enough(
    ledger: Engine, settings: Settings, newsroom: Newsroom, cms: Cms
) -> None:
    """Nothing that was claimed is left behind under a lease."""
    fill(ledger, 300, ["cms"], NOON)
    cms.seconds = 0.02
    publish_owed(ledger, settings, "me", clock=lambda: NOON, enough=lambda: len(cms.wrote) > 5)
    assert 5 < len(cms.wrote) <= 120
    assert {one.waits for one in owing(ledger, NOON)} == {"due"}
    assert outbox_counts(ledger)["made"] == len(cms.wrote)


# --- what a server asks for --------------------------------------------------------------------------------------------------


def test_a_server_that_asks_to_be_left_alone_is_left_alone(newsroom: Newsroom, cms: Cms) -> None:
    """For an hour nobody knocks, also not for a story that is new; and only what was tried has lost an attempt."""
    cms.mood, cms.headers = "429", {"Retry-After": "3600"}
    newsroom.owe(*(f"s{number}" for number in range(200)))
    newsroom.publish()
    assert len(cms.asked) == 1
    newsroom.goes_on(later(1800), 10)
    newsroom.owe("new", to=("cms", "shelf"))
    assert [one.destination for one in newsroom.publish().made] == ["shelf"]
    newsroom.goes_on(later(3590), 10)
    assert len(cms.asked) == 1
    assert sorted(newsroom.attempts())[-2:] == [0, 1]
    cms.mood = "up"
    newsroom.goes_on(later(3700), 10)
    assert cms.wrote == [*(f"desk:s{number}" for number in range(200)), "desk:new"]


def test_a_kill_passes_the_gate_and_does_not_open_it(newsroom: Newsroom, cms: Cms) -> None:
    newsroom.owe("ferry", "swan")
    newsroom.publish()
    cms.mood, cms.headers = "429", {"Retry-After": "7200"}
    newsroom.owe("harbour")
    newsroom.publish()
    newsroom.kill("ferry")
    newsroom.publish()
    assert len(cms.asked) == 4, "it is tried once, and then waits as it was asked to, an hour at the most"
    newsroom.goes_on(later(3500), 20)
    assert len(cms.asked) == 4
    cms.mood = "up"
    newsroom.goes_on(later(3640), 20)
    assert cms.removed == ["desk%3Aferry"]
    newsroom.kill("swan")
    newsroom.publish()
    assert cms.removed == ["desk%3Aferry", "desk%3Aswan"]
    newsroom.goes_on(later(7190), 20)
    assert cms.wrote == ["desk:ferry", "desk:swan"], "the rest was asked for until two o'clock"
    newsroom.goes_on(later(7300), 20)
    assert cms.wrote[2:] == ["desk:harbour"]


def test_what_a_person_has_tried_again_is_tried_at_once(newsroom: Newsroom, cms: Cms) -> None:
    cms.mood, cms.headers = "503", {"Retry-After": "3600"}
    newsroom.owe("ferry", "swan")
    newsroom.publish()
    cms.mood = "up"
    [first, second] = [one.id for one in owing(newsroom.ledger, newsroom.now)]
    newsroom.now = later(60)
    assert not newsroom.is_worth_it()
    assert try_again(newsroom.ledger, newsroom.now, ids=[second]).ids == (second,)
    assert newsroom.is_worth_it()
    newsroom.publish()
    assert "desk:swan" in cms.wrote
    assert first != second


# --- outages -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", ["dropped", "503"])
def test_what_was_not_tried_is_no_attempt(newsroom: Newsroom, cms: Cms, mood: str) -> None:
    cms.mood = mood
    newsroom.owe(*(f"s{number}" for number in range(50)))
    published = newsroom.publish()
    assert len(cms.asked) == 3
    assert sorted(newsroom.attempts()) == [0] * 47 + [1] * 3
    assert all(one.next_attempt_at is not None for one in published.not_made)
    assert sum("not tried" in one.error for one in published.not_made) == len(published.not_made) - 3
    asked = len(cms.asked)
    newsroom.goes_on(later(600), 0.5)
    assert 15 < len(cms.asked) - asked < 80, "one act every half a minute, and not three every half a second"


def test_after_an_outage_of_an_hour_all_is_out_at_once_and_in_order(newsroom: Newsroom, cms: Cms) -> None:
    """A story a minute while the CMS is down; none of them waits for the end of its own hour."""
    newsroom.owe(*(f"s{number}" for number in range(20)), to=("cms", "shelf"))
    cms.mood = "dropped"
    for number in range(20, 80):
        newsroom.publish()
        newsroom.goes_on(later((number - 19) * 60), 10)
        newsroom.owe(f"s{number}", to=("cms", "shelf"))
        newsroom.publish()
        assert {one.destination for one in owing(newsroom.ledger, newsroom.now)} == {"cms"}
    assert cms.wrote == []
    cms.mood = "up"
    newsroom.goes_on(later(3600 + 120), 1)
    assert outbox_counts(newsroom.ledger)["owed"] == 0
    assert newsroom.all_made_at() - NOON < timedelta(seconds=3600 + 60)
    # The one by which its return was noticed goes before the others.
    first, *others = [int(one.removeprefix("desk:s")) for one in cms.wrote]
    assert others == [number for number in range(80) if number != first]


def test_a_cms_that_is_down_overnight_loses_nothing(newsroom: Newsroom, cms: Cms) -> None:
    cms.mood = "503"
    newsroom.owe("ferry", "swan", "harbour")
    newsroom.goes_on(later(14 * 3600), 120)
    assert outbox_counts(newsroom.ledger) == {"owed": 3, "made": 0, "overtaken": 0, "failed": 0}
    cms.mood = "up"
    newsroom.goes_on(later(14 * 3600 + 1350), 30)
    assert sorted(cms.wrote) == ["desk:ferry", "desk:harbour", "desk:swan"]


def test_one_that_is_down_for_days_is_given_up_and_a_kill_is_not(newsroom: Newsroom, cms: Cms) -> None:
    newsroom.owe("ferry")
    newsroom.publish()
    cms.mood = "503"
    newsroom.owe("swan")
    newsroom.kill("ferry")
    newsroom.goes_on(later(18 * 3600), 240)
    assert outbox_counts(newsroom.ledger)["failed"] == 0
    newsroom.goes_on(later(48 * 3600), 240)
    assert {(one.act, one.waits) for one in owing(newsroom.ledger, newsroom.now) if one.waits != "due"} <= {
        ("publish", "given up"),
        ("unpublish", "later"),
    }
    assert outbox_counts(newsroom.ledger)["failed"] == 1
    [kill] = open_kills(newsroom.ledger, newsroom.now)
    assert kill.due_at is not None
    assert kill.due_at - newsroom.now < timedelta(minutes=8), "somebody waits for it"


def test_a_story_that_is_refused_is_given_up_after_few_attempts(newsroom: Newsroom, cms: Cms) -> None:
    cms.bad = frozenset({"desk:poison"})
    newsroom.owe("poison", "ferry")
    newsroom.publish()
    assert cms.wrote == ["desk:ferry"]
    newsroom.goes_on(later(8 * 3600), 120)
    [given_up] = owing(newsroom.ledger, newsroom.now)
    assert (given_up.waits, given_up.attempts) == ("given up", MOST_ATTEMPTS)


def test_a_story_at_which_the_server_breaks_holds_up_no_other_and_gains_nothing_by_their_success(
    newsroom: Newsroom, cms: Cms
) -> None:
    newsroom.owe("poison")
    cms.mood = "500"
    newsroom.publish()
    cms.mood, cms.bad = "up", frozenset()
    for number in range(1, 4):
        newsroom.now = later(number)
        newsroom.owe(f"s{number}")
    newsroom.goes_on(later(30), 1)
    assert {"desk:s1", "desk:s2", "desk:s3"} <= set(cms.wrote)


def test_ten_thousand_after_an_outage_drain_in_order_in_flat_memory_and_others_do_not_notice(
    ledger: Engine, ledger_url: str, settings: Settings, newsroom: Newsroom, cms: Cms
) -> None:
    """Down from noon to one, and owed ten thousand when it comes back (on PostgreSQL two thousand: the way is the same)."""
    many = MANY if ledger.dialect.name == "sqlite" else 2_000
    fill(ledger, many, ["cms", "shelf"], NOON, text="The ferry is back, and nobody knows from where. " * 40)
    cms.mood = "dropped"
    newsroom.publish()
    assert len(files(settings)) == many, "the folder has all of them at noon"
    newsroom.goes_on(later(3600), 15)
    assert len(cms.asked) < 250
    assert outbox_counts(ledger)["failed"] == 0
    asked = len(cms.asked)
    cms.mood = "up"
    used: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            used.append(resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    newsroom.goes_on(later(3660), 1)
    ended.set()
    watcher.join()
    assert outbox_counts(ledger) == {"owed": 0, "made": 2 * many, "overtaken": 0, "failed": 0}
    assert len(cms.asked) - asked == many
    first, *others = [int(one.removeprefix("desk:s")) for one in cms.wrote]
    assert others == [number for number in range(1, many + 1) if number != first]
    # What was done is told, in less than 1 kB an act; the stories themselves are not kept.
    assert max(used) - max(used[: len(used) // 10]) < 2_000 * many


# --- what wakes the drain that stands by -------------------------------------------------------------------------------------


def test_a_pass_is_worth_it_when_something_can_be_done_that_nobody_is_at(
    newsroom: Newsroom, cms: Cms, settings: Settings
) -> None:
    newsroom.owe("ferry", to=("cms", "gone"))
    assert not newsroom.is_worth_it(), "whoever cleaned it publishes it in a moment"
    newsroom.now = later(61)
    assert newsroom.is_worth_it(), "or did not: it ended before"
    cms.mood = "422"
    newsroom.publish()
    assert not newsroom.is_worth_it(), "it waits; and the destination 'gone' is nowhere"
    newsroom.now += timedelta(seconds=8)
    assert newsroom.is_worth_it()
    small_config(settings.config_dir, cms.entry().replace("seconds: 5", "seconds: 5, enabled: no"))
    assert not newsroom.is_worth_it(), "switched off"
    newsroom.kill("ferry")
    assert not newsroom.is_worth_it()
    newsroom.now += timedelta(seconds=6)
    assert newsroom.is_worth_it(), "a kill passes that"


def test_what_was_requeued_is_worth_a_pass_at_once(newsroom: Newsroom, cms: Cms) -> None:
    cms.mood = "422"
    newsroom.owe("ferry")
    newsroom.publish()
    [one] = owing(newsroom.ledger, newsroom.now)
    newsroom.now = later(1)
    assert not newsroom.is_worth_it()
    try_again(newsroom.ledger, newsroom.now, ids=[one.id])
    assert newsroom.is_worth_it()


def test_the_look_is_cheap_while_ten_thousand_wait_for_one_that_is_down(
    newsroom: Newsroom, cms: Cms, settings: Settings
) -> None:
    """It is taken four times a second, all night: a floor that only a look through all of them falls below."""
    fill(newsroom.ledger, MANY, ["cms"], NOON)
    cms.mood = "dropped"
    newsroom.publish()
    destinations: Any = load_destinations(settings.config_dir)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        assert not due_waits(newsroom.ledger, destinations, later(1))
        took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.02


# --- and how it is told ------------------------------------------------------------------------------------------------------


def test_a_run_that_only_tried_again_says_so(
    newsroom: Newsroom, cms: Cms, ledger: Engine, settings: Settings
) -> None:
    newsroom.owe("ferry", "swan")
    cms.mood = "422"
    newsroom.publish()

    def run(seconds: float) -> str:
        return headline_of(Job(drain(ledger, settings, make=make_plain, clock=lambda: later(seconds))))

    assert run(1) == "Nothing to clean"
    assert run(60) == "2 acts tried again: 2 not yet, will be tried again"
    cms.mood = "up"
    assert run(120) == "2 acts tried again: 2 done"
    assert run(180) == "Nothing to clean"


def test_what_was_never_tried_there_is_not_taken_down_there(newsroom: Newsroom, cms: Cms) -> None:
    """Four of them were claimed, and given back untried: a kill of one of these owes nothing to anybody."""
    cms.mood = "dropped"
    newsroom.owe(*(f"s{number}" for number in range(7)))
    newsroom.publish()
    newsroom.kill("s0", "s6")
    assert [one.story for one in open_kills(newsroom.ledger, newsroom.now)] == ["desk:s0"]
