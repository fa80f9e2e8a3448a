"""Housekeeping removes what gathers, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cleaners.rules import ConfigError
from flows.settings import Settings
from flows.settings.housekeeping import Keep, load_keep
from flows.tasks.housekeeping import keep_house

NOW = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (tmp_path / "reports").mkdir()
    return Settings(config_dir=tmp_path, data_dir=tmp_path, ledger_url=f"sqlite:///{tmp_path}/ledger.sqlite")


def folder(path: Path, days_old: float, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("x")
    os.utime(path, ((NOW - timedelta(days=days_old)).timestamp(),) * 2)
    return path


def test_old_reports_go_and_young_ones_stay(settings: Settings) -> None:
    reports = settings.reports_dir
    old = folder(reports / "old-otter-1", 31, "index.html", "stories/a.html")
    young = folder(reports / "young-otter-2", 29, "index.html", "stories/a.html")
    others = folder(reports / "minutes", 900, "notes.txt")
    elsewhere = folder(settings.data_dir / "elsewhere", 900, "stories/a.html")
    (reports / "linked").symlink_to(elsewhere)
    assert keep_house(settings, NOW).reports == 1
    assert not old.exists()
    assert young.exists()
    assert others.exists()
    assert (elsewhere / "stories" / "a.html").exists()


def test_a_log_that_has_grown_long_begins_anew_while_it_is_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.tasks.housekeeping.LONGEST_LOG", 10)
    logs = settings.data_dir / "logs"
    logs.mkdir()
    (logs / "server.log").write_text("short\n")
    with (logs / "drain.log").open("a") as drain:
        drain.write("a line that is too long\n")
        drain.flush()
        assert keep_house(settings, NOW).problems == ()
        drain.write("and on\n")
    assert (logs / "drain.log").read_text() == "and on\n"
    assert (logs / "drain.log.1").read_text() == "a line that is too long\n"
    assert sorted(one.name for one in logs.iterdir()) == ["drain.log", "drain.log.1", "server.log"]


def test_notes_of_dead_workers_go(settings: Settings) -> None:
    temporary = settings.data_dir / "tmp"
    dead = folder(temporary / "cleancopy-pool-dead", 2, "4194305")  # no process has so high a number
    alive = folder(temporary / "cleancopy-pool-alive", 2, str(os.getpid()))
    fresh = folder(temporary / "cleancopy-pool-fresh", 0.5, "4194305")
    others = folder(temporary / "else", 2, "4194305")
    assert keep_house(settings, NOW).temporary == 1
    assert [one.exists() for one in (dead, alive, fresh, others)] == [False, True, True, True]


def test_what_cannot_be_removed_is_told_and_the_rest_goes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    folder(settings.reports_dir / "a", 40, "stories/a.html")
    folder(settings.reports_dir / "b", 40, "stories/a.html")
    really = shutil.rmtree

    def rmtree(path: Path) -> None:
        if path.name == "a":
            raise PermissionError(13, "Permission denied")
        really(path)

    monkeypatch.setattr("flows.tasks.housekeeping.shutil.rmtree", rmtree)
    kept = keep_house(settings, NOW)
    assert kept.reports == 1
    assert kept.problems == (f"{settings.reports_dir / 'a'}: cannot be removed: Permission denied",)


def test_how_long_is_written_in_the_configuration(tmp_path: Path, config_dir: Path) -> None:
    assert load_keep(tmp_path) == Keep(reports=30, prefect_runs=30) == load_keep(config_dir)
    (tmp_path / "housekeeping.yaml").write_text("keep: {reports: 7}\n")
    assert load_keep(tmp_path) == Keep(reports=7, prefect_runs=30)
    (tmp_path / "housekeeping.yaml").write_text("keep: {report: 7}\n")
    with pytest.raises(ConfigError, match=r"housekeeping.yaml:1:\d+.*report"):
        load_keep(tmp_path)
