"""Outages and kills, end to end: a whole newsroom of real processes, its ledger and Prefect's database in SQLite and in PostgreSQL.

Nothing is lost and nothing is published twice. The outages here take seconds where the world's take minutes: what is
retried is retried for as long as it takes, so the path is the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from postgres_server import Postgres
from prefect.settings import PREFECT_API_URL, temporary_settings
from running_newsroom import (
    RunningNewsroom,
    children_of,
    command_line,
    running_newsroom,
    small_newsroom,
    start_run,
    wait_until,
)
from sqlalchemy import Engine, func, select

from cleaners.model import Raw
from flows.ledger import Arrival, open_ledger, queue_counts, receive
from flows.ledger.tables import COPIES, PUBLICATIONS, STORIES
from flows.prefect_runs import end_silent_runs
from flows.warm_drain import LINGER_SECONDS, SHOWN_SECONDS

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("faults")]

# What a process does that is stopped, or that nobody hears of, is the same whatever the database is.
ON_ONE = pytest.mark.parametrize("newsroom", ["sqlite"], indirect=True)
TEXT = "The night bus will run for another year, the council decided on Tuesday.\nPublished: undefined\n"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def newsroom(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, config_dir: Path
) -> Iterator[RunningNewsroom]:
    root = tmp_path_factory.mktemp("newsroom")
    environ = {"CLEANCOPY_LEDGER": f"sqlite:///{root}/ledger.sqlite"}
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        environ = {
            "CLEANCOPY_LEDGER": server.database(),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": server.database(),
        }
    environ["CLEANCOPY_WORKERS"] = "1"
    with running_newsroom(root / "data", small_newsroom(root / "config", config_dir), environ) as running:
        running.ledger_url = environ["CLEANCOPY_LEDGER"]
        yield running


@pytest.fixture
def ledger(newsroom: RunningNewsroom) -> Iterator[Engine]:
    engine = open_ledger(newsroom.ledger_url)
    yield engine
    engine.dispose()


def post(newsroom: RunningNewsroom, *stories: str) -> None:
    with httpx.Client() as client:
        for story in stories:
            assert newsroom.post(story, f"{story}: {TEXT}", client).status_code == 202


def each_is_out_once(newsroom: RunningNewsroom, ledger: Engine, stories: list[str]) -> None:
    """In the ledger and in the folder: one edition of each, made once."""
    wanted = STORIES.c.external_id.in_(stories)
    with ledger.connect() as connection:
        editions = connection.execute(
            select(func.count()).select_from(COPIES.join(STORIES)).where(wanted)
        ).scalar_one()
        acts = connection.execute(
            select(PUBLICATIONS.c.state, func.count())
            .select_from(PUBLICATIONS.join(STORIES, PUBLICATIONS.c.story_id == STORIES.c.id))
            .where(wanted)
            .group_by(PUBLICATIONS.c.state)
        ).all()
    assert editions == len(stories)
    assert [tuple(act) for act in acts] == [("made", len(stories))]
    assert [len(newsroom.published(Path(story).stem)) for story in stories] == [1] * len(stories)


def all_are_out(newsroom: RunningNewsroom, ledger: Engine, stories: list[str], seconds: float = 90) -> None:
    def out() -> bool:
        with ledger.connect() as connection:
            return connection.execute(
                select(func.count())
                .select_from(PUBLICATIONS.join(STORIES, PUBLICATIONS.c.story_id == STORIES.c.id))
                .where(STORIES.c.external_id.in_(stories), PUBLICATIONS.c.state == "made")
            ).scalar_one() == len(stories)

    wait_until(out, seconds, newsroom.data / "logs" / "drain.log")
    each_is_out_once(newsroom, ledger, stories)


def states(newsroom: RunningNewsroom, flow: str) -> list[str]:
    return [run["state_type"] for run in newsroom.runs(flow)]


def api_answers(newsroom: RunningNewsroom) -> bool:
    try:
        return httpx.get(f"{newsroom.ui}/api/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_posted_story_is_public_and_its_run_is_shown(newsroom: RunningNewsroom, ledger: Engine) -> None:
    post(newsroom, "ferry")
    all_are_out(newsroom, ledger, ["ferry"])
    assert newsroom.published("ferry")[0].read_text().strip() == f"ferry: {TEXT.splitlines()[0]}"
    wait_until(lambda: states(newsroom, "drain-inbox") == ["COMPLETED"], 30)
    [run] = newsroom.runs("drain-inbox")
    assert run["state"]["message"] == "1 story: 1 published"


def test_a_run_cleans_what_it_brought_though_a_drain_stands_by(newsroom: RunningNewsroom) -> None:
    desk = newsroom.config / "desk"
    desk.mkdir()
    for number in range(20):
        (desk / f"tram{number}.txt").write_text(f"tram{number}: {TEXT}")
    start_run(newsroom.ui, "poll-sources", {"look_at": {"source": "desk"}})
    wait_until(lambda: states(newsroom, "poll-sources") == ["COMPLETED"], 90)
    [run] = newsroom.runs("poll-sources")
    assert run["state"]["message"] == "20 stories: 20 published"


@ON_ONE
def test_stories_that_come_while_prefect_hangs_are_cleaned(newsroom: RunningNewsroom, ledger: Engine) -> None:
    server = newsroom.child("prefect server start")
    os.kill(server, signal.SIGSTOP)
    try:
        stories = [f"hangs{number}" for number in range(5)]
        post(newsroom, *stories)
        all_are_out(newsroom, ledger, stories)
    finally:
        os.kill(server, signal.SIGCONT)


@ON_ONE
def test_stories_that_come_while_prefect_hangs_at_the_end_of_a_run_are_cleaned(
    newsroom: RunningNewsroom, ledger: Engine
) -> None:
    """As it does for a minute where its SQLite waits for a lock: a call that is under way is answered late or never."""
    post(newsroom, "midway")
    all_are_out(newsroom, ledger, ["midway"])
    server = newsroom.child("prefect server start")
    os.kill(server, signal.SIGSTOP)
    try:
        time.sleep(LINGER_SECONDS + 1)
        post(newsroom, "behind")
        all_are_out(newsroom, ledger, ["behind"], SHOWN_SECONDS + 10)
    finally:
        os.kill(server, signal.SIGCONT)
    wait_until(lambda: set(states(newsroom, "drain-inbox")) <= {"COMPLETED", "CRASHED"}, 120)


def test_stories_that_come_while_prefect_is_dead_are_cleaned(
    newsroom: RunningNewsroom, ledger: Engine
) -> None:
    os.kill(newsroom.child("prefect server start"), signal.SIGKILL)
    stories = [f"dead{number}" for number in range(5)]
    post(newsroom, *stories)
    all_are_out(newsroom, ledger, stories)
    # It is started again by itself, and shows runs again.
    wait_until(lambda: api_answers(newsroom), 120, newsroom.data / "logs" / "server.log")
    post(newsroom, "afterwards")
    all_are_out(newsroom, ledger, ["afterwards"])
    wait_until(lambda: states(newsroom, "drain-inbox")[0] == "COMPLETED", 30)


def test_a_drain_that_is_killed_in_the_middle_loses_and_repeats_nothing(
    newsroom: RunningNewsroom, ledger: Engine
) -> None:
    stories = [f"killed{number}" for number in range(300)]
    arrivals = [
        Arrival(Raw(story, "text", f"{story}: {TEXT}", publisher="harbour-post"), "cms") for story in stories
    ]
    receive(ledger, arrivals, datetime.now(UTC))
    wait_until(lambda: any((newsroom.data / "owners").glob("*")), 30)
    wait_until(lambda: queue_counts(ledger)["waiting"] == 0, 30)
    time.sleep(0.3)
    drain = newsroom.child("flows.warm_drain")
    os.kill(drain, signal.SIGKILL)
    left = queue_counts(ledger)["claimed"]
    all_are_out(newsroom, ledger, stories)
    assert left > 0, "it was killed too late to tell anything"
    wait_until(lambda: "RUNNING" not in states(newsroom, "drain-inbox"), 60)
    # On a machine that is so busy that Prefect did not answer in time there was no run that could crash.
    without_run = "cleaned without a run" in (newsroom.data / "logs" / "drain.log").read_text()
    assert "CRASHED" in states(newsroom, "drain-inbox") or without_run


def test_a_served_run_that_is_killed_in_the_middle_loses_and_repeats_nothing(
    newsroom: RunningNewsroom, ledger: Engine, tmp_path: Path
) -> None:
    stories = [f"served{number}" for number in range(100)]
    for story in stories:
        (tmp_path / f"{story}.txt").write_text(f"{story}: {TEXT}")
    ids = [str(tmp_path / f"{story}.txt") for story in stories]
    run = start_run(
        newsroom.ui, "clean-stories", {"stories": {"addresses": "\n".join(ids), "dry_run": False}}
    )
    before = queue_counts(ledger)["done"]
    wait_until(lambda: queue_counts(ledger)["done"] > before, 90, newsroom.data / "logs" / "flows.log")
    # With all that it started, as on a machine that falls: the run is a process of its own.
    serving = newsroom.child("flows.deployments serve")
    for pid in (serving, *children_of(serving)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    left = queue_counts(ledger)["claimed"]
    all_are_out(newsroom, ledger, ids)
    assert left > 0, "it was killed too late to tell anything"
    states_of = lambda: {one["id"]: one["state_type"] for one in newsroom.runs("clean-stories")}  # noqa: E731
    wait_until(lambda: states_of()[run] == "CRASHED", 90)


def test_all_is_killed_in_the_middle_and_started_again(tmp_path: Path, config_dir: Path) -> None:
    """`cleancopy up` itself is killed: what it started ends by itself, and the next one finds its ports free and loses nothing."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    config = small_newsroom(tmp_path / "config", config_dir)
    environ = {"CLEANCOPY_LEDGER": url, "CLEANCOPY_WORKERS": "1"}
    first, second = ([f"{name}{number}" for number in range(100)] for name in ("felled", "meanwhile"))
    ledger = open_ledger(url)

    def arrive(stories: list[str]) -> None:
        receive(
            ledger,
            [Arrival(Raw(story, "text", f"{story}: {TEXT}"), "cms") for story in stories],
            datetime.now(UTC),
        )

    with running_newsroom(tmp_path / "data", config, environ) as newsroom:
        family = children_of(newsroom.process.pid)
        arrive(first)
        wait_until(lambda: queue_counts(ledger)["done"] > 0, 60)
        os.kill(newsroom.process.pid, signal.SIGKILL)
        newsroom.process.wait()
        wait_until(lambda: not [pid for pid in family if command_line(pid)], 60)
    arrive(second)
    ports = [int(address.rpartition(":")[2]) for address in (newsroom.ui, newsroom.webhook)]
    with running_newsroom(tmp_path / "data", config, environ, ports) as again:
        all_are_out(again, ledger, first + second)
    ledger.dispose()


@ON_ONE
def test_a_run_that_falls_silent_is_ended(newsroom: RunningNewsroom) -> None:
    """As of a worker whose machine is gone: nobody is there who could say so. (Ten seconds is the shortest that Prefect waits.)"""
    with temporary_settings({PREFECT_API_URL: f"{newsroom.ui}/api"}):
        assert asyncio.run(end_silent_runs(timedelta(seconds=10))) == asyncio.run(
            end_silent_runs(timedelta(seconds=10))
        )
    [found] = newsroom.ask("/automations/filter", {})
    assert found["trigger"]["within"] == 10
    run = start_run(newsroom.ui, "housekeeping", {})
    wait_until(lambda: states(newsroom, "housekeeping") == ["COMPLETED"], 90)
    newsroom.ask(f"/flow_runs/{run}/set_state", {"state": {"type": "RUNNING"}, "force": True})
    newsroom.ask(
        "/events",
        [
            {
                "id": str(uuid4()),
                "occurred": datetime.now(UTC).isoformat(),
                "event": "prefect.flow-run.heartbeat",
                "resource": {"prefect.resource.id": f"prefect.flow-run.{run}"},
                "related": [{"prefect.resource.id": "prefect.tag.cleancopy", "prefect.resource.role": "tag"}],
            }
        ],
    )
    wait_until(lambda: states(newsroom, "housekeeping") == ["CRASHED"], 60)


def test_a_run_outlives_the_restart_of_the_server(newsroom: RunningNewsroom, ledger: Engine) -> None:
    runs = len(states(newsroom, "drain-inbox"))
    stories = [f"restart{number}" for number in range(100)]
    arrivals = [
        Arrival(Raw(story, "text", f"{story}: {TEXT}", publisher="harbour-post"), "cms") for story in stories
    ]
    receive(ledger, arrivals, datetime.now(UTC))
    wait_until(lambda: queue_counts(ledger)["claimed"] > 0, 30)
    os.kill(newsroom.child("prefect server start"), signal.SIGTERM)
    assert queue_counts(ledger)["claimed"] > 0, "the run was over before the server was"
    all_are_out(newsroom, ledger, stories)
    wait_until(lambda: api_answers(newsroom), 120)
    wait_until(lambda: len(states(newsroom, "drain-inbox")) > runs, 120)
    wait_until(lambda: "RUNNING" not in states(newsroom, "drain-inbox"), 120)
