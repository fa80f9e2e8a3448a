"""``cleancopy outbox``: what is owed and why it waits, open kills first; what was given up is tried again. And ``status`` tells of both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from small_newsroom import Run
from sqlalchemy import Engine, select

from cleaners.model import Raw
from flows.ledger import (
    Arrival,
    Failure,
    Outcome,
    claim,
    claim_owed,
    failed_each,
    made,
    open_ledger,
    receive,
    record_outcomes,
)
from flows.ledger.outbox import MOST_ATTEMPTS
from flows.ledger.tables import PUBLICATIONS
from flows.settings import load_settings

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
FAR = datetime(2099, 3, 6, 6, tzinfo=UTC)
KEYS = (
    "id",
    "url",
    "publisher",
    "headline",
    "standfirst",
    "section",
    "byline",
    "published",
    "language",
    "html",
)


@pytest.fixture
def newsroom(run: Run, small_config: Path) -> Iterator[Engine]:
    """A story that the shelf was given up for, one that waits, one under embargo, and one that was killed where nobody is any more."""
    (small_config / "sources.yaml").write_text("sources: {}\n")
    (small_config / "destinations.yaml").write_text(
        "destinations:\n  shelf: {kind: folder, path: shelf, default: yes}\n  attic: {kind: folder, path: attic, enabled: no}\n"
    )
    engine = open_ledger(load_settings().ledger_url)
    owe(engine, "killed", to=("shelf", "gone", "attic"))
    publish(engine)
    owe(engine, "refused")
    fail(engine, MOST_ATTEMPTS)
    owe(engine, "killed", verdict="kill", reasons=["kill"], text="KILL")
    [act] = claim_owed(engine, "me", now=NOW, destinations=["shelf"])
    made(engine, "me", {act.id: {}}, NOW)
    signal = {"kind": "embargo", "text": "EMBARGOED", "until": FAR.isoformat()}
    owe(
        engine,
        "tomorrow",
        verdict="hold",
        reasons=["embargo: the raw copy says “EMBARGOED” (until 2099)"],
        signals=[signal],
    )
    owe(engine, "waits\x1b[2J")
    yield engine
    engine.dispose()


def owe(
    engine: Engine, story: str, to: tuple[str, ...] = ("shelf",), text: str = "Back.", **more: Any
) -> None:
    receive(engine, [Arrival(Raw(story, "text", text), "cms")], NOW)
    [row] = claim(engine, "me", now=NOW)
    record = dict.fromkeys(KEYS) | {"id": story, "headline": story, "verdict": "publish", "reasons": []}
    record |= {"pictures": [], "text": text, "removed": [], "ruleset": "rules-1"} | more
    outcome = Outcome(row.id, story, record=record, rendered={"html": text, "markdown": text, "text": text})
    record_outcomes(engine, "me", [outcome], lambda *_: to, NOW)


def publish(engine: Engine) -> None:
    made(engine, "me", {act.id: {} for act in claim_owed(engine, "me", now=NOW)}, NOW)


def fail(engine: Engine, times: int) -> None:
    moment = NOW
    for _ in range(times):
        acts = claim_owed(engine, "me", now=moment)
        failed_each(engine, "me", {act.id: Failure("ConnectionError: refused") for act in acts}, moment)
        moment += timedelta(days=1)


def plain(output: str) -> str:
    return " ".join(output.split())


def test_the_list_names_open_kills_first_and_says_why_each_waits(run: Run, newsroom: Engine) -> None:
    shown = run("outbox")
    assert shown.exit_code == 0
    lines = [line for line in shown.stdout.splitlines()[1:] if line.strip()[:1].isdigit()]
    assert [line.split()[1] for line in lines] == ["unpublish", "unpublish", "publish", "publish", "publish"]
    said = plain(shown.stdout)
    assert (
        "kill open: the destination is not configured any more: write it into destinations.yaml again" in said
    )
    assert "given up after 12 tries: ConnectionError: refused" in said
    assert "under embargo until 2099-03-06 06:00 UTC" in said
    assert "cms:waits�[2J" in said
    assert "5 owed: 2 open kills, 1 given up" in shown.stderr
    assert "outbox --again" in shown.stderr


def test_it_can_be_narrowed_and_read_by_a_script(run: Run, newsroom: Engine) -> None:
    listed = json.loads(run("outbox", "--json", "--destination", "gone").stdout)
    assert [(one["story"], one["act"], one["open_kill"], one["configured"]) for one in listed] == [
        ("cms:killed", "unpublish", True, False)
    ]
    [one] = json.loads(run("outbox", "--json", "--story", "cms:tomorrow").stdout)
    assert (one["waits"], one["due_at"]) == ("embargo", FAR.isoformat())
    assert json.loads(run("outbox", "--json", str(one["id"])).stdout) == [one]
    unknown = run("outbox", "--destination", "shelv")
    assert unknown.exit_code == 2
    assert "no destination in destinations.yaml is called so. Did you mean shelf?" in " ".join(
        unknown.stderr.split()
    )


@pytest.mark.parametrize("how", ["id", "destination", "all"])
def test_what_was_given_up_is_tried_again(run: Run, newsroom: Engine, how: str) -> None:
    [id] = [one["id"] for one in json.loads(run("outbox", "--json").stdout) if one["waits"] == "given up"]
    options = {"id": (str(id),), "destination": ("--destination", "shelf"), "all": ("--all-failed",)}[how]
    again = run("outbox", "--again", *options)
    assert (again.exit_code, again.stdout) == (0, "1 act was due again: 1 done.\n"), again.output
    with newsroom.connect() as connection:
        row = connection.execute(select(PUBLICATIONS).where(PUBLICATIONS.c.id == id)).one()
    # Counted anew; but that it was tried before is not forgotten.
    assert (row.state, row.attempts) == ("made", 2)
    nothing = run("outbox", "--again", "--all-failed")
    assert (nothing.exit_code, nothing.stdout) == (0, "Nothing to try again.\n")


def test_what_cannot_be_tried_again_is_told(run: Run, newsroom: Engine) -> None:
    refused = run("outbox", "--again", "1", "4711", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["again"] == []
    assert "4711: there is no such act" in refused.stderr
    assert "1: publish of cms:killed, edition 1, at shelf" in refused.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--again",), "Say what is tried again"),
        (("--all-failed",), "add --again"),
        (("--again", "--all-failed", "7"), "one of them"),
        (("--again", "--story", "cms:killed", "7"), "one of them"),
        (("--publish", "--again", "7"), "--again publishes, too"),
        (("--publish", "--story", "cms:killed"), "--publish does all that is due"),
    ],
)
def test_what_is_asked_must_make_sense(
    run: Run, newsroom: Engine, options: tuple[str, ...], words: str
) -> None:
    result = run("outbox", *options)
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_without_a_ledger_nothing_is_made(run: Run) -> None:
    assert run("outbox").exit_code == 1


def test_status_names_open_kills_before_all_else(run: Run, newsroom: Engine) -> None:
    shown = run("status")
    assert shown.exit_code == 1
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert sorted(lines[1:3])[0] == "! KILL OPEN: cms:killed is not down at attic"
    said = plain(shown.stdout)
    assert (
        "! KILL OPEN: cms:killed is not down at gone: not configured any more: write it into destinations.yaml again "
        "(enabled: no is enough), and it is done"
    ) in said
    assert "Under embargo, the next to end first" in said
    assert "2099-03-06 06:00 UTC" in said
    assert "shelf: 1 publication given up" in said
    found = json.loads(run("status", "--json").stdout)
    assert {one["destination"] for one in found["open_kills"]} == {"gone", "attic"}
    assert found["embargoes"][0]["destinations"] == ["shelf"]


def test_a_story_under_embargo_is_looked_at_and_held_on(run: Run, newsroom: Engine) -> None:
    shown = run("review", "cms:tomorrow")
    assert "it goes out by itself on 2099-03-06 06:00 UTC" in shown.stderr
    assert "--hold" in shown.stdout
    held = run(
        "review", "cms:tomorrow", "--edition", "1", "--hold", "--why", "The minister is ill.", "--who", "Ida"
    )
    assert held.exit_code == 0, held.output
    assert json.loads(run("outbox", "--json", "--story", "cms:tomorrow").stdout) == []
    assert "cms:tomorrow" in run("review").stdout


def test_what_fails_once_more_is_told_and_is_the_exit_code(
    run: Run, newsroom: Engine, tmp_path: Path
) -> None:
    [id] = [one["id"] for one in json.loads(run("outbox", "--json").stdout) if one["waits"] == "given up"]
    shelf = load_settings().data_dir / "shelf"
    shelf.parent.mkdir(parents=True, exist_ok=True)
    shelf.write_text("a file where the folder should be")
    again = run("outbox", "--again", str(id))
    assert again.exit_code == 1
    assert again.stdout == "1 act was due again: 0 done.\n"
    assert f"{id}: publish of cms:refused at shelf: again in" in again.stderr
    assert "NotADirectoryError" in again.stderr or "FileExistsError" in again.stderr
    in_json = json.loads(run("outbox", "--again", str(id), "--json").stdout)
    assert in_json["again"] == [id]
    assert [one["story"] for one in in_json["not_made"]] == ["cms:refused"]
    shown = plain(run("outbox", str(id)).stdout)
    assert "the destination is left alone until" in shown
    shelf.unlink()
    assert run("outbox", "--again", str(id)).exit_code == 0


def test_who_has_no_cleancopy_up_publishes_what_is_due(run: Run, newsroom: Engine) -> None:
    shown = run("outbox", "--publish", "--destination", "shelf")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout == "1 act that waited: 1 done.\n"
    assert "publish of cms:waits" in shown.stderr
    everywhere = run("outbox", "--publish", "--json")
    assert everywhere.exit_code == 0, everywhere.output
    # The attic is switched off; a kill passes that.
    assert [(one["act"], one["destination"]) for one in json.loads(everywhere.stdout)["made"]] == [
        ("unpublish", "attic")
    ]
    assert run("outbox", "--publish").stdout == "Nothing is due.\n"
    unknown = run("outbox", "--publish", "--destination", "shelv")
    assert (unknown.exit_code, "Did you mean shelf?" in plain(unknown.stderr)) == (2, True)


def test_what_a_hold_left_half_out_is_told(run: Run, newsroom: Engine) -> None:
    for story in ("halved", "whole", "untried"):
        owe(newsroom, story)
    publish(newsroom)
    for story in ("halved", "whole"):
        owe(newsroom, story, text="Newer.")
    [act, other] = [one for one in claim_owed(newsroom, "me", now=NOW) if one.act == "publish"]
    failed_each(newsroom, "me", {act.id: Failure("Unanswered: no answer", outage=True)}, NOW)
    made(newsroom, "me", {other.id: {}}, NOW)
    owe(newsroom, "untried", text="Newer.")
    for story in ("halved", "whole", "untried"):
        owe(newsroom, story, text="Hold.", verdict="hold", reasons=["hold"])
    shown = plain(run("outbox").stderr)
    assert shown.count("half out") == 1
    assert (
        "Perhaps half out: cms:halved at shelf. Edition 2 was tried (Unanswered: no answer) and then held"
        in shown
    )
    assert "half out" not in run("outbox", "--story", "cms:whole").stderr
    assert "half out" in run("outbox", "--story", "cms:halved").stderr
    owe(newsroom, "halved", text="Newest.")
    assert "half out" not in run("outbox").stderr


def test_given_up_after_one_try_is_said_so(run: Run, newsroom: Engine) -> None:
    owe(newsroom, "gone")
    acts = [act for act in claim_owed(newsroom, "me", now=NOW) if act.story == "cms:gone"]
    failed_each(newsroom, "me", {act.id: Failure("410 Gone", final=True) for act in acts}, NOW)
    assert "given up after 1 try: 410 Gone" in plain(run("outbox", "--story", "cms:gone").stdout)
