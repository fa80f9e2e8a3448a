"""``cleancopy backup`` and ``restore``: the copy of a ledger is whole, also when it is made while others write; and the way back to it."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_newsroom import Run
from sqlalchemy import func, select

from cleaners.model import Raw
from flows.ledger import Arrival, ledger_id, open_ledger, queue_counts, receive
from flows.ledger.put_back import GIVEN_BEFORE
from flows.ledger.tables import META, RAWS
from flows.settings import load_settings
from flows.settings.sqlite import SQLITE


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


def ledger_of(url: str) -> tuple[str, int, str | None]:
    """Its name, how many stories wait in it, and what its editions were raised above."""
    ledger = open_ledger(url)
    try:
        with ledger.connect() as connection:
            raised = connection.scalar(select(META.c.value).where(META.c.key == GIVEN_BEFORE))
        return ledger_id(ledger), queue_counts(ledger)["waiting"], raised
    finally:
        ledger.dispose()


def take_in(first: int, count: int) -> Path:
    ledger = open_ledger(load_settings().ledger_url)
    receive(ledger, arrivals(first, count), datetime.now(UTC))
    ledger.dispose()
    return load_settings().data_dir / "ledger.sqlite"


def test_a_backup_is_put_back_with_editions_above_all_and_what_was_there_is_kept(
    run: Run, tmp_path: Path
) -> None:
    ledger = take_in(0, 3)
    run("backup", str(tmp_path / "backup.sqlite"))
    take_in(3, 2)
    done = run("restore", str(tmp_path / "backup.sqlite"))
    assert done.exit_code == 0, done.output
    name, waiting, raised = ledger_of(load_settings().ledger_url)
    assert (waiting, int(raised or 0) > 200_000_000) == (3, True)
    [aside] = ledger.parent.glob("ledger-before-*.sqlite")
    assert str(aside) in done.stderr
    assert ledger_of(f"sqlite:///{aside}") == (name, 5, None)
    assert sorted(path.suffix for path in ledger.parent.iterdir() if path.name.startswith(".ledger")) == []
    # The backup itself is as it was, for another time.
    with sqlite3.connect(tmp_path / "backup.sqlite") as copy:
        assert copy.execute("SELECT count(*) FROM meta WHERE key = ?", [GIVEN_BEFORE]).fetchone() == (0,)
    copy.close()


def test_a_ledger_that_was_put_back_by_other_means_is_raised_where_it_lies(run: Run) -> None:
    take_in(0, 3)
    assert run("restore").exit_code == 0
    assert ledger_of(load_settings().ledger_url)[1:] != (3, None)


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_ledger_that_is_damaged_or_gone_is_replaced(run: Run, tmp_path: Path, damage: bytes) -> None:
    ledger = take_in(0, 3)
    run("backup", str(tmp_path / "backup.sqlite"))
    for path in ledger.parent.glob("ledger.sqlite*"):
        path.unlink()
    if damage:
        ledger.write_bytes(damage * 1000)
    assert run("restore", str(tmp_path / "backup.sqlite")).exit_code == 0
    assert ledger_of(load_settings().ledger_url)[1] == 3
    assert len(list(ledger.parent.glob("ledger-before-*"))) == bool(damage)


def test_a_ledger_in_use_is_not_replaced(run: Run, tmp_path: Path) -> None:
    ledger = take_in(0, 3)
    run("backup", str(tmp_path / "backup.sqlite"))
    user = SQLITE.connect(ledger)
    user.execute("BEGIN IMMEDIATE")
    try:
        done = run("restore", str(tmp_path / "backup.sqlite"))
    finally:
        user.close()
    assert (done.exit_code, "database is locked" in done.stderr) == (2, True)
    assert ledger_of(load_settings().ledger_url)[1:] == (3, None)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("missing.sqlite", "There is no file"),
        ("other.sqlite", "it has no ledger in it"),
        ("words.sqlite", "is no sound backup"),
        ("torn.sqlite", "is no sound backup"),
        ("ledger", "the ledger itself"),
    ],
)
def test_what_is_no_backup_is_said_and_changes_nothing(
    run: Run, tmp_path: Path, file: str, said: str
) -> None:
    ledger = take_in(0, 300)
    run("backup", str(tmp_path / "torn.sqlite"))
    torn = (tmp_path / "torn.sqlite").read_bytes()
    (tmp_path / "torn.sqlite").write_bytes(torn[: len(torn) // 2])
    (tmp_path / "words.sqlite").write_text("no database " * 1000)
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE stories (id)")
    other.close()
    done = run("restore", str(ledger if file == "ledger" else tmp_path / file))
    assert (done.exit_code, said in " ".join(done.stderr.split())) == (2, True), done.stderr
    assert ledger_of(load_settings().ledger_url)[1:] == (300, None)
    assert not [
        path for path in ledger.parent.iterdir() if path.name.startswith((".ledger", "ledger-before"))
    ]


def test_where_there_is_no_ledger_or_it_lies_on_postgresql(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "name the file of its backup" in run("restore").stderr
    monkeypatch.setenv("CLEANCOPY_LEDGER", "postgresql://desk@db.example/ledger")
    assert "put it back with pg_restore" in " ".join(run("restore", "backup.sqlite").stderr.split())
