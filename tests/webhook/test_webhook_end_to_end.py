"""A story that is posted is on disk, clean, after its run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from receiving import Receiver

from flows.ledger import open_ledger
from flows.settings import Settings
from flows.tasks.drain import drain

CONFIG = Path(__file__).parents[2] / "config"

PROSE = (
    "The last ferry of the season left the northern quay shortly after six, with eleven passengers and a piano aboard.",
    "Its captain, who has made the crossing for thirty years, said that she had never carried an instrument before.",
)
JUNK = "Published: undefined"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The sources and destinations of these tests beside the rules that ship with the project."""
    for shipped in CONFIG.iterdir():
        ours = settings.config_dir / shipped.name
        if not ours.exists():
            ours.symlink_to(shipped.resolve(), target_is_directory=shipped.is_dir())
    return settings


def test_a_posted_story_is_on_disk_and_clean_after_its_run(receiver: Receiver) -> None:
    html = "".join(f"<p>{line}</p>" for line in (JUNK, *PROSE))
    event = {"event": "post.saved", "post": {"id": "ferry-7", "title": "A piano crosses", "html": html}}
    for expected in ("accepted", "duplicate"):
        response = receiver.post(json.dumps(event).encode(), source="cms", event_id="evt_7")
        assert (response.status_code, response.json()["status"]) == (202, expected)
    assert len(receiver.woken) == 1

    engine = open_ledger(receiver.settings.ledger_url)
    try:
        summary = drain(engine, receiver.settings)
    finally:
        engine.dispose()

    assert [(line.source, line.state) for line in summary.stories] == [("cms", "done")]
    (record,) = [
        json.loads(path.read_text("utf-8"))
        for path in (receiver.settings.data_dir / "published").glob("*.json")
    ]
    assert (record["id"], record["verdict"], record["headline"]) == ("ferry-7", "publish", "A piano crosses")
    assert record["text"] == "\n".join(PROSE)
    assert [removal["text"] for removal in record["removed"]] == [JUNK]
    assert record["removed"][0]["rules"]
    (text,) = (receiver.settings.data_dir / "published").glob("*.txt")
    assert JUNK not in text.read_text("utf-8")
