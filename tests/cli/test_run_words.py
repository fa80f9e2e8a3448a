"""What ``cleancopy run`` says of what it did at destinations, and whether it ends well. Prefect is not asked."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from cleaners.write import RunRow
from flows.cli.run import is_well, show
from flows.settings import Settings
from flows.tasks.jobs import Job
from flows.tasks.publishing import Made, NotMade, Published
from flows.tasks.showing import headline_of, table_text
from flows.tasks.summary import RunSummary, StoryLine

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
DESTINATIONS = """\
destinations:
  copy-folder: {kind: folder, path: published}
  cms: {kind: http, url: 'https://cms.example/{key}'}
  partner: {kind: webhook, url: 'https://partner.example/', secret_env: PARTNER}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "destinations.yaml").write_text(DESTINATIONS)
    (tmp_path / "sources.yaml").write_text("sources: {}\n")
    return Settings(config_dir=tmp_path, data_dir=tmp_path / "data", ledger_url="sqlite://")


def job(outcome: str, made: tuple[Made, ...] = (), not_made: tuple[NotMade, ...] = ()) -> Job:
    row = RunRow("ferry", "The ferry", None, outcome, (), 1, 0, 0, (), 0.1)  # type: ignore[arg-type]
    line = StoryLine("desk", 1, row, "done", 2, True, ("cms",))
    return Job(RunSummary("run-1", NOON, 1.0, (line,), Published(made, not_made)))


def did(act: str, destination: str, said: str) -> Made:
    return Made("desk:ferry", destination, act, 2, said, ())


def missed(act: str, destination: str, gives_up: bool = False) -> NotMade:
    again = None if gives_up else NOON + timedelta(minutes=1)
    return NotMade("desk:ferry", destination, act, "no connection", again)


def said_by(one: Job, settings: Settings) -> dict[str, str]:
    """The lines, by the words that they begin with."""
    out = io.StringIO()
    show(Console(file=out, width=200), one, settings, demo=False)
    return {line.split("  ")[0]: line for line in out.getvalue().splitlines() if line.strip()}


KILLED = job(
    "kill",
    (did("unpublish", "copy-folder", "removed"),),
    (missed("unpublish", "cms"), missed("unpublish", "partner")),
)


def test_stories_are_counted_and_not_acts(settings: Settings) -> None:
    three = tuple(did("publish", name, "wrote") for name in ("copy-folder", "cms", "partner"))
    said = said_by(job("publish", three), settings)
    assert any("1 story in 1.0 s, 1 published anew, 0 unchanged" in line for line in said)
    held = said_by(job("hold", (did("hold", "partner", "told"),)), settings)
    assert any("0 published anew, 1 hold told" in line for line in held)


def test_a_kill_that_is_not_done_is_not_called_done(settings: Settings) -> None:
    assert not is_well(KILLED)
    assert is_well(job("kill", (did("unpublish", "cms", "removed"),)))
    said = said_by(KILLED, settings)
    assert any("0 published anew, 1 taken down" in line for line in said)
    assert "cms: desk:ferry: NOT TAKEN DOWN: no connection" in said
    assert headline_of(KILLED) == (
        "1 story: 1 killed; 1 killed story is NOT TAKEN DOWN yet (cms, partner), will be tried again"
    )
    assert "cms: desk:ferry: not taken down: no connection" in table_text(KILLED)


def test_where_copy_is_not_yet_is_not_called_a_place_of_clean_copy(settings: Settings) -> None:
    one = job("publish", (did("publish", "copy-folder", "wrote"),), (missed("publish", "cms"),))
    assert not is_well(one)
    said = said_by(one, settings)
    assert "published" in said["Clean copy"]
    assert "https://cms.example/" in said["Not done yet at"]
    told = said_by(job("publish", (did("publish", "partner", "told"),)), settings)
    assert "https://partner.example/" in told["Told"]
    assert "Clean copy" not in told


def test_a_dry_run_is_not_said_to_be_published_or_unchanged(settings: Settings) -> None:
    live = job("publish", (did("publish", "cms", "wrote"),))
    tried = replace(live.summary.stories[0], source="ghost", owed=(), dry_run=True)
    both = live._replace(summary=replace(live.summary, stories=(*live.summary.stories, tried)))
    assert headline_of(both) == "2 stories: 1 published, 1 would be published; dry run of ghost"
    assert (
        "2 stories in 1.0 s, 1 published anew, 0 unchanged since the last run; dry run of ghost"
        in " ".join(said_by(both, settings))
    )
    alone = Job(replace(live.summary, stories=(tried,), published=Published()))
    assert said_by(alone, settings)["Clean copy"].endswith("nowhere: a dry run")


def test_what_was_given_up_is_not_said_to_be_tried_again() -> None:
    one = job("publish", (), (missed("publish", "cms", gives_up=True),))
    assert (
        headline_of(one)
        == "1 story: 1 published; 1 is not published yet (cms), given up, see `cleancopy outbox`"
    )
    heard = job("hold", (), (missed("hold", "partner"),))
    assert headline_of(heard).endswith("; 1 hold is not told yet (partner), will be tried again")


def test_a_file_that_could_not_be_read_is_no_success_though_another_story_went_out() -> None:
    from datetime import UTC, datetime

    from flows.cli.run import is_well
    from flows.tasks.jobs import Job
    from flows.tasks.summary import RunSummary

    done = RunSummary("run-1", datetime(2026, 3, 3, tzinfo=UTC))
    assert is_well(Job(done))
    assert not is_well(Job(done, ("broken.json: not JSON",)))
