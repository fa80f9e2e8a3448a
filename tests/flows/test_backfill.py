"""The backfill: an archive gone through in chunks, previewed, interrupted, killed, gone on with. Nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from backfilling import LEASE, run, settings_in
from newsroom import make_plain, small_config
from small_archives import Web, lines, pack
from sqlalchemy import Engine, func, select

from flows.ledger import Arrival, claim, last_runs, open_ledger, queue_counts, receive
from flows.ledger.tables import COPIES, CURSORS, INBOX, PUBLICATIONS, REVISIONS, STORIES
from flows.settings import Settings
from flows.tasks import backfill as module
from flows.tasks.backfill import Backfill, backfill_archives, headline_of, text_of
from flows.tasks.drain import drain
from flows.tasks.forms import Refused
from flows.tasks.summary import Progress

COUNT = 100


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    opened = open_ledger(settings.ledger_url)
    yield opened
    opened.dispose()


def how_many(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
        return found


def publications(engine: Engine) -> Counter[str]:
    """How often each story was published."""
    query = (
        select(STORIES.c.external_id)
        .join(PUBLICATIONS, PUBLICATIONS.c.story_id == STORIES.c.id)
        .where(PUBLICATIONS.c.state == "made")
    )
    with engine.connect() as connection:
        return Counter(connection.execute(query).scalars())


def each_once(count: int) -> Counter[str]:
    return Counter(f"s{number}" for number in range(1, count + 1))


def test_an_archive_is_gone_through_once(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    lines(tmp_path / "stories.jsonl.gz", 45)
    told: list[str] = []
    done = run(tmp_path, 20, told)
    assert headline_of(done) == "45 new stories (45 published)"
    assert told == [
        "stories.jsonl.gz: 20 records read; 20 new stories (20 published)",
        "stories.jsonl.gz: 40 records read; 40 new stories (40 published)",
        "stories.jsonl.gz: 45 records read; 45 new stories (45 published)",
    ]
    assert publications(engine) == each_once(45)
    assert len(list((settings.data_dir / "published").glob("*.json"))) == 45
    assert (settings.reports_dir / "run-part-00002" / "index.html").exists()
    (line,) = last_runs(engine)
    assert (line.name, line.flow, line.outcomes, line.finished_at is None) == (
        "run",
        "backfill",
        {"publish": 45},
        False,
    )
    again = run(tmp_path, 20)
    assert headline_of(again).startswith("Nothing new: the archive was gone through before")
    assert how_many(engine, INBOX) == 45


def test_how_far_it_is_moves_over_all_archives(settings: Settings, tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", 20)
    lines(tmp_path / "b.jsonl", 30)
    heard: list[Progress] = []
    wish = Backfill(archive=str(tmp_path / "*.jsonl"), dry_run=False, chunk=10)
    backfill_archives(settings, wish, run="run", make=make_plain, progress=heard.append)
    size = (tmp_path / "a.jsonl").stat().st_size + (tmp_path / "b.jsonl").stat().st_size
    assert [one.total for one in heard] == [size] * 5
    shares = [one.percent for one in heard]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 50 < shares[-1] == 100
    assert heard[-1].said == "b.jsonl: 30 records read; 50 new stories (50 published)"


def killed_when(root: Path, engine: Engine, done: int) -> None:
    """Start a backfill and end it, with all its processes and without a warning, when so many stories are done."""
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, str(here / "backfilling.py"), str(root), "40"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(here.parent.parent), str(here)))},
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while queue_counts(engine)["done"] < done:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_killed_in_the_middle_and_started_again_nothing_is_lost_or_published_twice(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    lines(tmp_path / "stories.jsonl.gz", COUNT)
    killed_when(tmp_path, engine, 50)
    counts = queue_counts(engine)
    assert counts["done"] < COUNT
    assert counts["waiting"] + counts["claimed"] > 0, "it was killed between two chunks"
    told: list[str] = []
    done = run(tmp_path, 40, told)
    assert told[0].startswith("stories.jsonl.gz: goes on behind record ")
    assert done.left == 0
    assert queue_counts(engine) == {"waiting": 0, "claimed": 0, "done": COUNT, "failed": 0}
    assert publications(engine) == each_once(COUNT)
    assert (how_many(engine, INBOX), how_many(engine, REVISIONS), how_many(engine, COPIES)) == (COUNT,) * 3


@pytest.mark.parametrize("moment", ["receive", "remember", "drain", "finish"])
def test_interrupted_at_any_moment_it_goes_on(
    moment: str, settings: Settings, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.tasks import archives

    lines(tmp_path / "stories.jsonl.gz", 30)
    place, name = {
        "receive": (archives, "receive"),
        "remember": (archives, "_remember"),
        "drain": (module, "drain"),
        "finish": (module, "finish_archive"),
    }[moment]
    real, times = getattr(place, name), iter(range(100))

    def breaks_once(*args: Any, **more: Any) -> Any:
        if next(times) == (0 if moment == "finish" else 1):
            raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(place, name, breaks_once)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 10)
    run(tmp_path, 10)
    assert publications(engine) == each_once(30)
    assert (how_many(engine, INBOX), how_many(engine, COPIES)) == (30, 30)


def test_what_a_live_run_holds_is_waited_for_and_then_left_to_it(
    settings: Settings, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines(tmp_path / "stories.jsonl.gz", 10)
    monkeypatch.setattr(module, "drain", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 10)
    monkeypatch.undo()
    from datetime import UTC, datetime

    held = claim(engine, "another", now=datetime.now(UTC), lease_seconds=3600)
    assert len(held) == 10
    monkeypatch.setattr(module, "WAIT_MORE", -LEASE)
    done = run(tmp_path, 10)
    assert done.left == 10
    assert "10 held by another run" in headline_of(done)


def test_a_preview_shows_the_first_stories_and_leaves_nothing_behind(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    path = lines(tmp_path / "stories.jsonl", 50)
    path.write_bytes(b"{broken\n" + path.read_bytes())
    wish = Backfill(archive=str(path), preview_stories=7)
    assert wish.dry_run
    done = backfill_archives(settings, wish, run="look", make=make_plain)
    assert done.job is not None
    assert [line.row.id for line in done.job.summary.stories] == [f"s{number}" for number in range(1, 8)]
    assert headline_of(done) == (
        "Preview of 7 stories: nothing was stored or published; 1 could not be taken in"
    )
    assert "stories.jsonl, line 1 (byte 0): not JSON" in text_of(done).replace("\\", "")
    assert [how_many(engine, table) for table in (INBOX, STORIES, CURSORS)] == [0, 0, 0]
    assert not (settings.data_dir / "published").exists()


def test_a_broken_record_is_told_and_the_rest_goes_on(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    web = Web(packed=True).page("1").page("2").page("a.css", kind="text/css").page("3")
    content = bytearray(web.content)
    content[400:410] = b"\0" * 10
    (tmp_path / "crawl.warc.gz").write_bytes(bytes(content))
    (tmp_path / "gone.jsonl.zst").write_bytes(b"not packed at all")
    told: list[str] = []
    done = backfill_archives(
        settings,
        Backfill(archive=str(tmp_path / "*.*"), dry_run=False),
        run="run",
        make=make_plain,
        tell=told.append,
    )
    assert (done.stories, done.skipped, done.broken) == (2, {"not HTML": 1}, 2)
    assert any("reading goes on at byte" in line for line in told)
    assert "gone.jsonl.zst" in done.problems[-1]


def test_records_and_days_that_are_wanted(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    content = b"".join(
        b'{"id": "%d", "text": "Story.", "published": "2026-03-%02dT06:00:00Z"}\n' % (day, day)
        for day in range(1, 21)
    )
    path = pack(tmp_path / "stories.jsonl", content + b'{"id": "undated", "text": "Story."}\n')
    common = {"archive": str(path), "dry_run": False}
    wish = Backfill.model_validate(common | {"first_record": 3, "last_record": 6})
    assert backfill_archives(settings, wish, run="a", make=make_plain).stories == 4
    wish = Backfill.model_validate(common | {"since": "2026-03-05", "until": "2026-03-08"})
    done = backfill_archives(settings, wish, run="b", make=make_plain)
    # The fifth and the sixth are known from before.
    assert (done.stories, done.known) == (2, 2)
    assert done.skipped == {"of another date": 16, "without a date that can be read": 1}
    assert len(publications(engine)) == 6


def test_stories_of_a_source_are_its_own_and_go_where_they_are_sent(tmp_path: Path) -> None:
    small_config(
        tmp_path / "config",
        destinations="  other:\n    kind: folder\n    path: other\n  shut:\n    kind: folder\n    path: s\n    enabled: no\n",
        sources="sources:\n  crawl: {kind: archive, path: ../stories.jsonl, publisher: Post, destinations: [other]}\n"
        "  desk: {kind: folder, path: desk}\n",
    )
    settings = settings_in(tmp_path / "unused").model_copy(
        update={
            "config_dir": tmp_path / "config",
            "data_dir": tmp_path / "data",
            "ledger_url": f"sqlite:///{tmp_path}/l.sqlite",
        }
    )
    lines(tmp_path / "stories.jsonl", 3)
    done = backfill_archives(settings, Backfill(source="crawl", dry_run=False), run="a", make=make_plain)
    assert done.stories == 3
    assert len(list((tmp_path / "data" / "other").glob("*.json"))) == 3
    wish = Backfill(source="crawl", dry_run=False, destination="copy-folder")
    done = backfill_archives(settings, wish, run="b", make=make_plain)
    assert (done.stories, len(list((tmp_path / "data" / "published").glob("*.json")))) == (3, 3)
    engine = open_ledger(settings.ledger_url)
    assert (how_many(engine, STORIES), how_many(engine, REVISIONS), how_many(engine, COPIES)) == (3, 3, 3)
    engine.dispose()
    for wrong, said in (
        (Backfill(source="desk"), "desk is no archive: give the path"),
        (Backfill(archive="nowhere.warc"), "there is no such file or folder"),
        (Backfill(source="crawl", destination="shut"), "is switched off"),
        (Backfill(source="nobody", archive="x"), "there is no source 'nobody'"),
    ):
        with pytest.raises(Refused, match=said):
            backfill_archives(settings, wrong, run="c", make=make_plain)


def test_live_stories_are_not_in_its_way(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    """What waits in the inbox from elsewhere is left to those whose work it is."""
    from datetime import UTC, datetime

    from cleaners.model import Raw

    receive(engine, [Arrival(Raw("live", "text", "A live story."), "cms")], datetime.now(UTC))
    lines(tmp_path / "stories.jsonl.gz", 5)
    run(tmp_path, 10)
    assert queue_counts(engine)["waiting"] == 1
    drain(engine, settings, make=make_plain)
    assert queue_counts(engine)["waiting"] == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Which archive"),
        ({"archive": "http://127.0.0.1:9/x.jsonl"}, "lies in a folder or in a bucket"),
        ({"archive": "simplecache::https://archive.example/x.jsonl"}, "lies in a folder or in a bucket"),
        ({"archive": "a", "first_record": 9, "last_record": 3}, "lies before"),
        ({"archive": "a", "since": "2026-03-03", "until": "2026-03-01"}, "lies before"),
    ],
)
def test_a_mistake_in_the_form_is_refused_with_a_sentence(
    settings: Settings, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        backfill_archives(settings, Backfill.model_validate(given), run="a", make=make_plain)


def test_the_form_has_titles_and_help_and_is_a_preview_at_first() -> None:
    schema = Backfill.model_json_schema()["properties"]
    assert all(field["title"] and field["description"] for field in schema.values())
    assert schema["dry_run"]["default"] is True
    assert (schema["since"]["type"], schema["since"]["format"]) == ("string", "date")
    assert "default" not in schema["since"], "of a day that is not chosen the form would say that it is none"
    assert Backfill.model_validate({"archive": "a", "since": "", "until": ""}).since is None
