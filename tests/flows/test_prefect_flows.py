"""The flows under Prefect: what they return, what they show. The jobs themselves are tested without it."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)
from prefect.states import Completed, Running, exception_to_failed_state
from prefect.testing.utilities import prefect_test_harness
from sqlalchemy.exc import OperationalError

from flows.backfill import backfill
from flows.clean_stories import clean_stories
from flows.deployments import deploy, planned
from flows.drain_inbox import drain_inbox
from flows.housekeeping import forget_old_runs, housekeeping
from flows.poll_sources import Look, poll_sources
from flows.prefect_home import TAG
from flows.settings import load_settings
from flows.tasks.backfill import Backfill
from flows.tasks.backfill_steps import go_through
from flows.tasks.drain import OnProgress
from flows.tasks.review_steps import review_chosen
from flows.tasks.selection import Selection
from flows.tasks.steps import clean, clean_chosen, is_passing, look
from flows.tasks.summary import Progress, RunSummary
from flows.tasks.taking import SourceDown

pytestmark = [
    pytest.mark.prefect,
    # Prefect leaves sockets of its own to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> Iterator[None]:
    quiet = {PREFECT_SERVER_ANALYTICS_ENABLED: False, PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 120}
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=120):
        yield
        # Here, where their warnings are ignored, and not in the tests of another file.
        gc.collect()


@pytest.fixture
def data(tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and a configuration like ours whose only folder source holds one story and a broken file."""
    config = tmp_path / "config"
    config.mkdir()
    for name in ("pipeline.yaml", "destinations.yaml", "rules", "publishers"):
        (config / name).symlink_to(config_dir / name)
    (config / "sources.yaml").write_text(
        "sources:\n  desk: {kind: folder, path: desk}\n  gone: {kind: folder, path: gone, enabled: no}\n"
    )
    (config / "desk").mkdir()
    story = config / "desk" / "ferry.txt"
    story.write_text(
        "The ferry left the quay at noon on Tuesday, said Ida Brandvold.\nPublished: undefined\n"
    )
    (config / "desk" / "broken.json").write_text("{")
    for path in (config / "desk").iterdir():
        os.utime(path, (time.time() - 60, time.time() - 60))
    for name, value in {"CONFIG": config, "DATA": tmp_path / "data", "WORKERS": 1}.items():
        monkeypatch.setenv(f"CLEANCOPY_{name}", str(value))
    monkeypatch.delenv("CLEANCOPY_LEDGER", raising=False)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


async def test_a_source_is_looked_at_and_its_story_shown(data: Path) -> None:
    state = await poll_sources(return_state=True)
    assert state.message == "1 story: 1 published; 1 could not be taken in"
    assert len(list((data / "published").glob("*.json"))) == 1
    async with get_client() as client:
        shown = {one.key: one for one in await client.read_artifacts()}
    table = shown["run-of-poll-sources"]
    (story,) = (one for key, one in shown.items() if str(key).startswith("story-desk-ferry-txt-"))
    assert [row["Verdict"] for row in json.loads(str(table.data))] == ["publish"]
    assert "broken.json" in str(table.description)
    assert "~~Published: undefined~~" in str(story.data)
    assert "template_residue/a-label-with-nothing-behind-it" in str(story.data)
    # Nothing is left: the sweep shows nothing.
    swept = await drain_inbox(return_state=True)
    assert swept.message == "Nothing to clean"


async def test_a_source_that_is_down_makes_a_failed_run(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import poll_sources as module

    monkeypatch.setattr(module, "look", module.look.with_options(retries=0))
    state = await poll_sources(Look(source="gone"), return_state=True)
    assert state.is_failed()
    assert "there is no such folder. Create it" in str(state.message)


async def test_a_person_gets_the_job_back_or_a_sentence(data: Path) -> None:
    path = data.parent / "config" / "desk" / "ferry.txt"
    job = await clean_stories(Selection(addresses=str(path)))
    assert job.summary.preview  # type: ignore[attr-defined]
    assert not (data / "published").exists()
    refused = await clean_stories(Selection(source="nowhere"), return_state=True)
    assert refused.is_failed()
    assert refused.message == "there is no source 'nowhere' in sources.yaml; there are: desk, gone"


async def test_an_archive_is_previewed_and_then_gone_through(data: Path) -> None:
    archive = data.parent / "stories.jsonl"
    text = "The ferry left the quay at noon on Tuesday, said Ida Brandvold."
    archive.write_text(json.dumps({"id": "a", "text": text}) + "\n{broken\n")
    look = await backfill(Backfill(archive=str(archive)), return_state=True)
    assert look.message == "Preview of 1 story: nothing was stored or published; 1 could not be taken in"
    assert not (data / "published").exists()
    refused = await backfill(Backfill(archive="nothing-here.jsonl"), return_state=True)
    assert refused.is_failed()
    assert str(refused.message).startswith("nothing-here.jsonl: there is no such file or folder")
    done = await backfill(Backfill(archive=str(archive), dry_run=False), return_state=True)
    assert done.message == "1 new story (1 published); 1 could not be taken in"
    assert len(list((data / "published").glob("*.json"))) == 1
    async with get_client() as client:
        (shown,) = [one for one in await client.read_artifacts() if one.key == "backfill"][:1]
    assert "line 2" in str(shown.data)


async def test_ended_runs_of_ours_are_forgotten_when_they_are_old_and_no_others(data: Path) -> None:
    async with get_client() as client:
        made = {
            name: await client.create_flow_run(housekeeping, tags=tags, state=Running())
            for name, tags in {"ended": [TAG], "running": [TAG], "other": []}.items()
        }
        for name in ("ended", "other"):
            await client.set_flow_run_state(made[name].id, Completed(), force=True)

        async def left() -> list[str]:
            ids = {run.id for run in await client.read_flow_runs()}
            return [name for name, run in made.items() if run.id in ids]

        assert await forget_old_runs.fn(1) == 0  # they ended just now
        assert await left() == ["ended", "running", "other"]
        assert await forget_old_runs.fn(-1) >= 1
        assert await left() == ["running", "other"]
    state = await housekeeping(return_state=True)
    assert state.message == "0 old reports and 0 old runs removed"


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (OperationalError("SELECT 1", {}, Exception("the database is locked")), True),
        (SourceDown("desk: the folder is not there"), True),
        (SourceDown("desk: install s3fs", passing=False), False),
        (SourceDown("wire: answered 503", again_at=datetime(2026, 3, 3, tzinfo=UTC)), False),
        (ValueError("a mistake does not pass"), False),
    ],
)
async def test_a_job_is_tried_again_only_where_waiting_may_help(error: Exception, again: bool) -> None:
    failed = await exception_to_failed_state(error)
    for job in (look, clean, clean_chosen, go_through, review_chosen):
        assert job.retry_condition_fn is is_passing
        assert (job.retries, job.retry_jitter_factor) == (2, 0.5)
        assert await is_passing(job, None, failed) is again


async def test_a_long_run_shows_how_far_it_is(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.tasks.steps.SAY_EVERY", 0.05)

    def slow(*_: object, progress: OnProgress, **__: object) -> RunSummary:
        for done in range(1, 5):
            progress(Progress(done, 4))
            time.sleep(0.3)
        return RunSummary("slow", datetime.now(UTC))

    monkeypatch.setattr("flows.tasks.steps.clean_waiting", slow)
    assert (await drain_inbox(return_state=True)).is_completed()
    async with get_client() as client:
        (bar,) = [one for one in await client.read_artifacts() if one.key == "progress-of-drain-inbox"]
    assert (bar.type, bar.description) == ("progress", "4 of 4 stories")
    assert bar.data == 100


async def test_deploying_twice_changes_nothing_and_a_schedule_that_is_gone_goes(data: Path) -> None:
    settings = load_settings()
    sources = settings.config_dir / "sources.yaml"
    sources.write_text("sources:\n  desk: {kind: folder, path: desk, schedule: '*/10 * * * *'}\n")
    first, second = await deploy(settings, "desk-pool"), await deploy(settings, "desk-pool")
    assert first == second
    assert set(first) == {one.name for one in planned(settings)}

    async def looks() -> list[str]:
        async with get_client() as client:
            poll = await client.read_deployment(first["poll-sources"])
        assert (poll.work_pool_name, poll.tags) == ("desk-pool", [TAG])
        assert "+rules." in str(poll.version)
        assert poll.job_variables["env"] == {
            "CLEANCOPY_CONFIG": str(settings.config_dir),
            "CLEANCOPY_DATA": str(settings.data_dir),
            "CLEANCOPY_LEDGER": settings.ledger_url,
        }
        return [str(one.slug) for one in poll.schedules]

    assert await looks() == ["desk"]
    sources.write_text("sources:\n  wire: {kind: folder, path: desk, schedule: '*/10 * * * *'}\n")
    await deploy(settings, "desk-pool")
    assert await looks() == ["wire"]
    sources.write_text("sources:\n  wire: {kind: folder, path: desk}\n")
    await deploy(settings, "desk-pool")
    assert await looks() == []


async def test_a_held_story_is_reviewed(data: Path, tmp_path: Path) -> None:
    from held_newsroom import Desk, cleaner

    from flows.ledger import open_ledger
    from flows.review_story import review_story
    from flows.settings import load_settings
    from flows.tasks.review import Review

    engine = open_ledger(load_settings().ledger_url)
    Desk(engine, cleaner(tmp_path / "few-rules")).arrives()
    engine.dispose()
    listed = await review_story(return_state=True)
    assert listed.message == "1 held story"
    form = Review(key="desk:ferry, edition 1", decision="publish as cleaned", who="Ida Holm", why="I rang.")
    refused = await review_story(form.model_copy(update={"why": ""}), return_state=True)
    assert refused.is_failed()
    assert str(refused.message).startswith("Say in words why")
    done = await review_story(form, return_state=True)
    assert done.message == "desk:ferry: published by Ida Holm: I rang. At copy-folder now"
    assert len(list((data / "published").glob("*.json"))) == 1
    async with get_client() as client:
        shown = {one.key: one for one in await client.read_artifacts()}
    assert [row["Paste this"] for row in json.loads(str(shown["held-stories"].data))] == [
        "desk:ferry, edition 1"
    ]
    assert "~~Published: undefined~~" in str(shown["story-desk-ferry"].data)
