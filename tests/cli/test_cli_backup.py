"""``cleancopy backup``: the copy of a ledger is whole, also when it is made while others write."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_newsroom import Run
from sqlalchemy import func, select

from cleaners.model import Raw
from flows.ledger import Arrival, open_ledger, queue_counts, receive
from flows.ledger.tables import RAWS
from flows.settings import load_settings


def arrivals(first: int, count: int) -> list[Arrival]:
    return [Arrival(Raw(f"s{n}", "text", f"Story {n}. " * 200), "desk") for n in range(first, first + count)]


def test_the_copy_is_a_ledger_with_everything_that_was_there(run: Run, tmp_path: Path) -> None:
    ledger = open_ledger(load_settings().ledger_url)
    receive(ledger, arrivals(0, 300), datetime.now(UTC))
    ended = threading.Event()

    def write() -> None:
        number = 1000
        while not ended.is_set():
            receive(ledger, arrivals(number, 1), datetime.now(UTC))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    target = tmp_path / "copy.sqlite"
    try:
        done = run("backup", str(target))
    finally:
        ended.set()
        writer.join()
        ledger.dispose()
    assert done.exit_code == 0, done.output
    assert "To go back to it" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.sqlite"]
    copy = open_ledger(f"sqlite:///{target}")
    waiting = queue_counts(copy)["waiting"]
    assert waiting >= 300
    with copy.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(RAWS)) == waiting
    copy.dispose()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("folder", "is a folder"),
        ("nowhere/copy.sqlite", "could not be copied"),
        ("ledger", "the ledger itself"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    run: Run, tmp_path: Path, target: str, said: str
) -> None:
    settings = load_settings()
    open_ledger(settings.ledger_url).dispose()
    (tmp_path / "folder").mkdir()
    path = settings.data_dir / "ledger.sqlite" if target == "ledger" else tmp_path / target
    before = sorted(tmp_path.rglob("*"))
    done = run("backup", str(path))
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_ledger_that_is_not_there_or_elsewhere(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no ledger yet" in run("backup", "copy.sqlite").stderr
    monkeypatch.setenv("CLEANCOPY_LEDGER", "postgresql://desk@db.example/ledger")
    assert "back it up with pg_dump" in " ".join(run("backup", "copy.sqlite").stderr.split())
