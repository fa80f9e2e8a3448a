"""The main job from inbox to published file, with stories that break, kill, hang over and race."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from newsroom import NOON, arrival, later, make_broken, make_plain, small_config, small_settings
from sqlalchemy import Engine, event, text

from flows.ledger import (
    again,
    claim,
    extend,
    last_runs,
    open_ledger,
    outbox_counts,
    queue_counts,
    receive,
)
from flows.settings import Settings
from flows.tasks.cleaning import NoWorkers, WarmPool
from flows.tasks.drain import drain, preview
from flows.tasks.jobs import Job
from flows.tasks.showing import headline_of, table_rows
from flows.tasks.summary import Progress, RunSummary


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    return small_settings(tmp_path, ledger_url=ledger_url)


@pytest.fixture(scope="module")
def pool() -> Iterator[WarmPool]:
    with WarmPool(Path("config"), 2, 60, make_plain) as warm:
        yield warm


def run(ledger: Engine, settings: Settings, **more: Any) -> RunSummary:
    return drain(ledger, settings, **({"owner": "me", "clock": lambda: NOON, "run": "run-1"} | more))


def texts(settings: Settings) -> list[str]:
    return sorted(path.read_text() for path in (settings.data_dir / "published").glob("*.txt"))


def test_stories_go_from_the_inbox_to_the_folder_with_a_report(
    ledger: Engine, settings: Settings, pool: WarmPool
) -> None:
    receive(ledger, [arrival("a", "junk and copy"), arrival("b", "hold this"), arrival("c", "Copy.")], NOON)
    seen: list[Progress] = []
    summary = run(ledger, settings, pool=pool, progress=seen.append)
    assert [(line.row.id, line.row.outcome, line.state) for line in summary.stories] == [
        ("a", "publish", "done"),
        ("b", "hold", "done"),
        ("c", "publish", "done"),
    ]
    assert summary.outcomes == {"publish": 2, "hold": 1}
    assert summary.removals == {"english/published-undefined": 1}
    assert texts(settings) == ["Copy.", "junk and copy"]
    # Batches end in any order, and what ends first is published first.
    assert sorted(one.story for one in summary.published.made) == ["desk:a", "desk:c"]
    assert seen[-1] == Progress(3, 3)
    assert summary.report == settings.reports_dir / "run-1" / "index.html"
    page = summary.report.read_text()
    for line in summary.stories:
        assert line.report is not None
        assert line.report.is_file()
        assert str(line.row.report_path) in page
    assert "<code>cleancopy review desk:b</code>" in page
    assert [line.artifact for line in summary.stories] == ["# a", "# b", None]


def test_a_story_under_embargo_is_told_apart_from_what_is_held(
    ledger: Engine, settings: Settings, pool: WarmPool
) -> None:
    receive(ledger, [arrival("a", f"embargo {later(600).isoformat()}"), arrival("b", "hold this")], NOON)
    summary = run(ledger, settings, pool=pool)
    assert summary.outcomes == {"embargo": 1, "hold": 1}
    assert headline_of(Job(summary)) == "2 stories: 1 held, 1 under embargo"
    assert summary.report is not None
    page = summary.report.read_text()
    assert "under embargo until 2026-03-03 12:10 UTC: it goes out by itself then" in page
    assert "cleancopy review desk:b" in page
    assert "cleancopy review desk:a" not in page
    [line] = last_runs(ledger, 1)
    assert line.outcomes == {"embargo": 1, "hold": 1}
    assert texts(settings) == []
    assert table_rows(summary)[0]["Verdict"] == "hold"
    again_by_itself = run(ledger, settings, pool=pool, run="run-2", clock=lambda: later(601))
    # The machine was not up for ten minutes meanwhile: such a clock is not believed.
    assert again_by_itself.published.made == ()


def test_an_empty_inbox_starts_no_process_and_writes_no_report(ledger: Engine, settings: Settings) -> None:
    summary = run(ledger, settings, make=make_broken)
    assert (summary.stories, summary.report) == ((), None)
    assert not settings.reports_dir.exists()


def test_each_broken_story_fails_alone(ledger: Engine, settings: Settings, pool: WarmPool) -> None:
    stories = ["One.", "raise", "crash always", "Two.", "unrecordable", "Three."]
    receive(ledger, [arrival(f"s{number}", content) for number, content in enumerate(stories)], NOON)
    summary = run(ledger, settings, pool=pool)
    assert texts(settings) == ["One.", "Three.", "Two."]
    assert [line.row.id for line in summary.failures] == ["s1", "s2", "s4"]
    assert queue_counts(ledger) == {"waiting": 0, "claimed": 0, "done": 3, "failed": 3}
    with ledger.connect() as connection:
        errors = (
            connection.execute(text("SELECT error FROM inbox WHERE state = 'failed' ORDER BY id"))
            .scalars()
            .all()
        )
    assert "this story breaks the cleaner" in errors[0]
    assert "the reader died" in errors[1]
    assert "cannot be recorded" in errors[2]


def test_draining_again_publishes_nothing_again(ledger: Engine, settings: Settings, pool: WarmPool) -> None:
    receive(ledger, [arrival()], NOON)
    run(ledger, settings, pool=pool)
    receive(ledger, again([arrival()], "rerun"), NOON)
    second = run(ledger, settings, pool=pool, run="run-2")
    assert [(line.state, line.changed, line.owed) for line in second.stories] == [("done", False, ())]
    assert second.published.made == ()


def test_only_the_rows_that_are_asked_for(ledger: Engine, settings: Settings, pool: WarmPool) -> None:
    ids = receive(ledger, [arrival(f"s{number}", f"{number}.") for number in range(5)], NOON).ids
    summary = run(ledger, settings, pool=pool, ids=[ids[1], ids[3], 999], chunk=1)
    assert [line.inbox_id for line in summary.stories] == [ids[1], ids[3]]
    assert len(run(ledger, settings, pool=pool, limit=2).stories) == 2
    assert queue_counts(ledger)["waiting"] == 1
    assert len(run(ledger, settings, pool=pool, ids=[]).stories) == 0


def test_large_inboxes_are_drained_in_chunks(ledger: Engine, settings: Settings, pool: WarmPool) -> None:
    receive(ledger, [arrival(f"s{number}", f"{number}.") for number in range(25)], NOON)
    seen: list[Progress] = []
    assert len(run(ledger, settings, pool=pool, chunk=10, progress=seen.append).stories) == 25
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert {one.total for one in seen} == {25}


def test_rules_that_do_not_load_leave_every_story_waiting(ledger: Engine, settings: Settings) -> None:
    receive(ledger, [arrival()], NOON)
    for _ in range(7):
        with pytest.raises(NoWorkers, match=r"english\.yaml:3:5"):
            run(ledger, settings, make=make_broken)
    assert queue_counts(ledger) == {"waiting": 1, "claimed": 0, "done": 0, "failed": 0}
    assert len(run(ledger, settings, make=make_plain).stories) == 1


def test_a_run_that_is_stopped_gives_its_rows_back(
    ledger: Engine, settings: Settings, pool: WarmPool
) -> None:
    receive(ledger, [arrival(f"s{number}", f"{number}.") for number in range(40)], NOON)

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(ledger, settings, pool=pool, progress=stop)
    counts = queue_counts(ledger)
    assert counts["claimed"] == counts["failed"] == 0
    assert counts["done"] + counts["waiting"] == 40
    run(ledger, settings, pool=pool, run="run-2")
    assert queue_counts(ledger)["done"] == 40
    assert len(texts(settings)) == 40


def test_rows_of_a_run_that_was_killed_come_back_when_the_lease_is_over(
    ledger: Engine, settings: Settings, pool: WarmPool
) -> None:
    receive(ledger, [arrival()], NOON)
    claim(ledger, "killed", now=NOON, lease_seconds=600)
    assert run(ledger, settings, pool=pool).stories == ()
    assert len(run(ledger, settings, pool=pool, clock=lambda: later(600)).stories) == 1


def test_two_runs_at_once_do_every_story_once(settings: Settings) -> None:
    engine = open_ledger(settings.ledger_url)
    receive(engine, [arrival(f"s{number}", f"{number}.") for number in range(30)], NOON)
    start = threading.Barrier(2)
    summaries: list[RunSummary] = []

    def work(owner: str) -> None:
        mine = open_ledger(settings.ledger_url)
        with WarmPool(settings.config_dir, 1, 60, make_plain) as own:
            start.wait()
            summaries.append(run(mine, settings, owner=owner, pool=own, chunk=4, run=owner))
        mine.dispose()

    threads = [threading.Thread(target=work, args=(f"run-{number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [line.row.id for summary in summaries for line in summary.stories]
    assert sorted(done) == sorted(f"s{number}" for number in range(30))
    assert sum(len(summary.published.made) for summary in summaries) == 30
    assert outbox_counts(engine) == {"owed": 0, "made": 30, "overtaken": 0, "failed": 0}
    engine.dispose()


def test_a_source_says_where_its_stories_go(settings: Settings, ledger: Engine, pool: WarmPool) -> None:
    small_config(
        settings.config_dir,
        "  other:\n    kind: folder\n    path: other\n    formats: [text]\n  off:\n    kind: folder\n    path: off\n    enabled: no\n",
        "sources:\n  agency:\n    kind: folder\n    path: agency\n    destinations: [other, off]\n",
    )
    receive(
        ledger,
        [
            arrival("a", "Default.", source="by-hand"),
            arrival("b", "Its own.", source="agency"),
            arrival("c", "Wish.", source="agency", destinations=("copy-folder",)),
        ],
        NOON,
    )
    summary = run(ledger, settings, pool=pool)
    assert [line.owed for line in summary.stories] == [("copy-folder",), ("other",), ("copy-folder",)]
    assert [path.read_text() for path in (settings.data_dir / "other").glob("*.txt")] == ["Its own."]


def test_what_an_earlier_run_owes_is_published_by_the_next(
    ledger: Engine, settings: Settings, pool: WarmPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(ledger, [arrival()], NOON)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.tasks.drain.publish_owed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(ledger, settings, pool=pool)
    monkeypatch.undo()
    assert texts(settings) == []
    summary = run(ledger, settings, pool=pool)
    assert summary.stories == ()
    assert [one.story for one in summary.published.made] == ["desk:ferry"]
    assert texts(settings) == ["The ferry is back."]


def test_a_run_that_ends_between_claiming_and_doing_gives_its_acts_back(
    ledger: Engine, settings: Settings, pool: WarmPool
) -> None:
    """The ledger breaks when what is claimed is read, once; the next run need not wait for the lease."""
    receive(ledger, [arrival("a", "Copy.")], NOON)
    breaks = [True]

    def once(_: object, __: object, statement: str, *___: object) -> None:
        if "copies.rendered" in statement and "publications" in statement and breaks:
            breaks.clear()
            raise RuntimeError("the ledger is gone")

    event.listen(ledger, "before_cursor_execute", once)
    with pytest.raises(RuntimeError, match="the ledger is gone"):
        run(ledger, settings, pool=pool)
    assert not breaks
    assert texts(settings) == []
    assert [one.story for one in run(ledger, settings, pool=pool, run="run-2").published.made] == ["desk:a"]
    assert texts(settings) == ["Copy."]


def test_a_preview_touches_neither_ledger_nor_destinations(settings: Settings, pool: WarmPool) -> None:
    stories = [arrival("a", "junk"), arrival("b", "raise"), arrival("c", "kill", external_id="c-1")]
    summary = preview(stories, settings, pool=pool, clock=lambda: NOON, run="look")
    assert [(line.row.id, line.row.outcome, line.state) for line in summary.stories] == [
        ("a", "publish", "preview"),
        ("b", "failed", "failed"),
        ("c-1", "kill", "preview"),
    ]
    assert summary.preview
    assert summary.report is not None
    assert "Preview" in summary.report.read_text()
    # The ledger knows none of these stories: there is nothing to start again or to decide.
    assert "Which of them: failed" not in summary.report.read_text()
    assert sorted(path.name for path in settings.data_dir.iterdir()) == ["reports"]
    assert not Path(settings.ledger_url.removeprefix("sqlite:///")).exists()


def test_the_real_cleaners_drain_a_real_story(ledger: Engine, settings: Settings, config_dir: Path) -> None:
    """One story through the shipped configuration, read and cleaned in a worker."""
    copy = "The night ferry between the two harbours is running again after repairs, its captain said on Tuesday."
    receive(ledger, [arrival("ferry", f"{copy}\nPublished: undefined\n{copy[:-1]} evening.")], NOON)
    real = settings.model_copy(update={"config_dir": config_dir, "workers": 1})
    summary = run(ledger, real)
    [line] = summary.stories
    assert line.row.outcome == "publish"
    assert line.report is not None
    assert "Published: undefined" in line.report.read_text()
    assert '<a href="../index.html">' in line.report.read_text()
    assert [
        path.read_text().count("undefined") for path in (settings.data_dir / "published").glob("*.txt")
    ] == [0]
    [receipt] = summary.published.made
    assert (receipt.story, receipt.did) == ("desk:ferry", "wrote")


def test_a_lease_is_lengthened_while_a_story_takes_long(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.warm_pool.PULSE_SECONDS", 0.05)
    longer: list[Sequence[int]] = []

    def extending(engine: Engine, owner: str, ids: Sequence[int], **more: Any) -> int:
        longer.append(ids)
        return extend(engine, owner, ids, **more)

    monkeypatch.setattr("flows.tasks.drain.extend", extending)
    rows = receive(ledger, [arrival("slow", "hang for ever")], NOON).ids
    with WarmPool(settings.config_dir, 1, 1, make_plain) as impatient:
        summary = run(ledger, settings, pool=impatient, lease_seconds=0.4)
    assert summary.outcomes == {"hold": 1}
    assert longer
    assert all(tuple(ids) == rows for ids in longer)
