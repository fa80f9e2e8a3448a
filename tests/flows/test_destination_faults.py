"""A disk that is full, a story that no writer can write: told, tried later, nothing half done, and others unharmed."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from publications import answers, dids, publication
from sqlalchemy import Engine, text

from flows.destinations import atomic
from flows.ledger import claim, outbox_counts, receive, record_outcomes
from flows.settings import FolderDestination, Settings
from flows.tasks.publishing import publish_owed

TABLE = "  copy-table:\n    kind: table\n    url: sqlite:///copy.sqlite\n"
EVERYWHERE = ("copy-folder", "copy-table", "feed")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB, where this user may make one."""
    place = tmp_path / "small"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def small_config_with_all(settings: Settings, folder: str) -> None:
    small_config(
        settings.config_dir,
        TABLE + "  feed:\n    kind: feed\n    path: feed\n    url: https://post.example/feed\n"
        "    home: https://post.example/\n    title: Harbour Post\n"
        f"  small:\n    kind: folder\n    path: {folder}\n    formats: [json, text]\n",
    )


def owe(
    ledger: Engine, *stories: str, to: tuple[str, ...], words: str = "The ferry is back.", **record: object
) -> None:
    receive(ledger, [arrival(story, words) for story in stories], NOON)
    rows = claim(ledger, "cleaner", now=NOON)
    record_outcomes(
        ledger, "cleaner", [outcome_of(row, **record) for row in rows], lambda source, wish: to, NOON
    )


def check_whole(place: Path, words: str) -> None:
    """No file is half, and none lies there that nobody would read."""
    for path in place.glob("*.txt"):
        assert path.read_text() == words
    for path in place.glob("*.json"):
        json.loads(path.read_text())
    assert list(place.rglob("*.part")) == []


def test_a_full_disk_is_told_and_tried_later_and_harms_no_other(
    ledger: Engine, tmp_path: Path, small_disk: Path
) -> None:
    settings = small_settings(tmp_path)
    small_config_with_all(settings, str(small_disk / "out"))
    words = "The ferry is back, said the harbour master. " * 400
    names = [f"story-{number}" for number in range(30)]
    owe(ledger, *names, to=(*EVERYWHERE, "small"), words=words)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 100_000)

    published = publish_owed(ledger, settings, "me", clock=lambda: NOON)
    made = {name: sum(one.destination == name for one in published.made) for name in (*EVERYWHERE, "small")}
    assert [made[name] for name in EVERYWHERE] == [30, 30, 30]
    assert made["small"] < 30
    assert {one.destination for one in published.not_made} == {"small"}
    assert len(published.not_made) == 30 - made["small"]
    assert all("No space left on device" in one.error for one in published.not_made)
    check_whole(small_disk / "out", words)

    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    again = publish_owed(ledger, settings, "me", clock=lambda: later(60))
    assert again.not_made == ()
    assert len(list((small_disk / "out").glob("*.txt"))) == 30
    check_whole(small_disk / "out", words)
    assert outbox_counts(ledger)["owed"] == 0


def test_what_is_killed_goes_from_a_disk_that_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card cannot be written; the copy is taken down all the same, and the act tried again until it can."""
    folder = FolderDestination(kind="folder", name="folder", path="out", formats=("text",))
    answers(folder, tmp_path, [publication(1, story="desk:a"), publication(1, story="desk:b")])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_write_synced", full)
        acts = [publication(2, "unpublish", story="desk:a"), publication(2, story="desk:b", text="New.")]
        assert dids(answers(folder, tmp_path, acts)) == ["OSError", "OSError"]
        assert [path.read_text() for path in (tmp_path / "out").glob("*.txt")] == ["The ferry is back."]
    assert dids(answers(folder, tmp_path, acts)) == ["removed", "wrote"]
    assert [path.read_text() for path in (tmp_path / "out").glob("*.txt")] == ["New."]


def test_a_story_that_no_writer_can_write_fails_alone_everywhere(ledger: Engine, tmp_path: Path) -> None:
    settings = small_settings(tmp_path)
    small_config_with_all(settings, "small")
    names = [f"story-{number}" for number in range(40)]
    owe(ledger, *names, to=(*EVERYWHERE, "small"))
    with ledger.begin() as connection:
        connection.execute(
            text("UPDATE copies SET rendered = '{}', record = '{\"text\": [1]}' WHERE story_id = 17")
        )
    published = publish_owed(ledger, settings, "me", clock=lambda: NOON)
    assert {one.story for one in published.not_made} == {"desk:story-16"}
    failed = sorted(one.destination for one in published.not_made)
    assert "copy-folder" in failed
    for name in (*EVERYWHERE, "small"):
        assert sum(one.destination == name for one in published.made) == 40 - failed.count(name)
    connection = sqlite3.connect(settings.data_dir / "copy.sqlite")
    assert connection.execute("SELECT count(*) FROM clean_copy").fetchone() == (39,)
    connection.close()


def test_a_batch_that_is_killed_in_the_middle_leaves_nothing_that_the_next_does_not_know(
    tmp_path: Path,
) -> None:
    """SIGKILL at one step after the other: every file that lies there is on a card, and the next try ends well."""
    program, out, killed = str(Path(__file__).with_name("dying_publisher.py")), tmp_path / "out", 0
    # Odd editions have two files a story, which the even ones take away: a step in their midst leaves both lying about.
    for edition, step in enumerate((999, 25, 999, 33, 20, 32, 999, 18, 35, 36), start=1):
        run = subprocess.run([sys.executable, program, str(tmp_path), str(edition), str(step)], check=False)
        assert run.returncode == (0 if step == 999 else -signal.SIGKILL)
        killed += run.returncode != 0
        cards = [json.loads(card.read_text()) for card in (out / ".cleancopy").glob("*.json")]
        known = {name for card in cards for name in card["files"]}
        assert {path.name for path in out.iterdir() if path.is_file()} <= known
        assert {path.read_text() for path in out.glob("*.txt")} <= {str(one + 1) for one in range(edition)}
    assert killed == 7
    acts = [publication(11, story=f"desk:{number}", text="11") for number in range(8)]
    folder = FolderDestination(kind="folder", name="f", path="out", formats=("text",))
    assert dids(answers(folder, tmp_path, acts)) == ["wrote"] * 8
    assert [path.read_text() for path in out.iterdir() if path.is_file()] == ["11"] * 8
    assert list(out.rglob("*.part")) == []
