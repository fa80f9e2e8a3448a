"""An event that is sent again is known as long as the ledger is kept, which is for good: at least thirty days."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from receiving import Receiver, story
from sqlalchemy import update

from cleaners.rules import ConfigError
from flows.ledger import open_ledger
from flows.ledger.tables import INBOX, REVISIONS, STORIES
from flows.settings import Settings
from flows.settings.housekeeping import load_keep
from flows.tasks.drain import drain
from flows.tasks.housekeeping import keep_house

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The sources and destinations of these tests beside the rules that ship with the project, and the shortest housekeeping there is."""
    for shipped in CONFIG.iterdir():
        ours = settings.config_dir / shipped.name
        if not ours.exists():
            ours.symlink_to(shipped.resolve(), target_is_directory=shipped.is_dir())
    (settings.config_dir / "housekeeping.yaml").unlink()
    (settings.config_dir / "housekeeping.yaml").write_text("keep: {reports: 1, prefect_runs: 1}\n")
    return settings


@pytest.mark.parametrize("days", [29, 31, 400])
def test_an_old_event_is_a_duplicate_after_housekeeping(
    receiver: Receiver, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = receiver.settings
    for number in range(3):
        assert (
            receiver.post(story(id=f"old-{number}"), event_id=f"evt_{number}").json()["status"] == "accepted"
        )
    engine = open_ledger(settings.ledger_url)
    try:
        drain(engine, settings)
        _age(settings, timedelta(days=days))
        # The housekeeping of every night since. What other tests have in the folder of temporary files is not old, though the clock says so.
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        now = datetime.now(UTC)
        for night in range(3):
            keep_house(settings, now + timedelta(days=night))
    finally:
        engine.dispose()
    for number in range(3):
        assert (
            receiver.post(story(id=f"old-{number}"), event_id=f"evt_{number}").json()["status"] == "duplicate"
        )
    # An id that is known protects its event alone.
    assert receiver.post(story(id="old-0"), event_id="evt_3").json()["status"] == "accepted"


@pytest.mark.parametrize("key", ["events", "inbox", "stories", "ledger"])
def test_nobody_can_have_events_forgotten(settings: Settings, key: str) -> None:
    """There is no such setting, and one that somebody invents is an error: it is not overlooked."""
    (settings.config_dir / "housekeeping.yaml").write_text(f"keep: {{{key}: 7}}\n")
    with pytest.raises(ConfigError, match=rf"housekeeping.yaml:1:\d+.*{key}"):
        load_keep(settings.config_dir)


def test_no_part_of_the_program_deletes_what_an_event_is_known_by() -> None:
    flows = CONFIG.parent / "flows"
    guarded = ("INBOX", "inbox")
    found = [
        f"{path.name}: {line.strip()}"
        for path in flows.rglob("*.py")
        for line in path.read_text().splitlines()
        for name in guarded
        if f"delete({name})" in line or f"{name}.delete()" in line or f"DELETE FROM {name}" in line
    ]
    assert found == []


def _age(settings: Settings, by: timedelta) -> None:
    """As if all of it had come so much earlier."""
    then = datetime.now(UTC) - by
    engine = open_ledger(settings.ledger_url)
    with engine.begin() as connection:
        connection.execute(update(INBOX).values(arrived_at=then, finished_at=then))
        connection.execute(update(REVISIONS).values(arrived_at=then))
        connection.execute(update(STORIES).values(first_seen_at=then, last_seen_at=then))
    engine.dispose()
