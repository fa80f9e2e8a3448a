"""``cleancopy review``: what is held, and a decision about it, with and without a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_newsroom import CLEAN, STORY, Run
from sqlalchemy import Engine

from cleaners.model import Raw
from cleaners.pipeline import load_pipeline
from cleaners.write import html, markdown, record, text
from flows.ledger import Arrival, Outcome, claim, open_ledger, receive, record_outcomes
from flows.settings import load_settings

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
Hold = Callable[..., None]


@pytest.fixture
def hold(run: Run, small_config: Path, tmp_path: Path) -> Iterator[Hold]:
    """Puts a story into the ledger that is held for what it would lose."""
    (small_config / "sources.yaml").write_text("sources: {}\n")
    (small_config / "destinations.yaml").write_text(
        "destinations:\n  shelf: {kind: folder, path: shelf, default: yes}\n"
    )
    with (small_config / "pipeline.yaml").open("a") as file:
        file.write("budget: {share: 0.01, prose: 0.01}\n")
    pipeline = load_pipeline(small_config)
    engine: Engine = open_ledger(load_settings().ledger_url)

    def call(story: str = "42", content: str = STORY) -> None:
        receive(engine, [Arrival(Raw(story, "text", content, headline="Harbour closed"), "cms")], NOW)
        [row] = claim(engine, "me", now=NOW)
        cleaned = pipeline.clean(row.raw)
        rendered = {"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)}
        outcome = Outcome(row.id, row.raw.id, record=record(cleaned), rendered=rendered)
        record_outcomes(engine, "me", [outcome], lambda *_: (), NOW)

    yield call
    engine.dispose()


def shelf(tmp_path: Path) -> list[str]:
    return [path.read_text() for path in (tmp_path / "data" / "shelf").glob("*.txt")]


def test_without_a_ledger_there_is_nothing_to_list(run: Run) -> None:
    result = run("review")
    assert (result.exit_code, "there is no ledger yet" in result.stderr) == (1, True)


def test_the_list(run: Run, hold: Hold) -> None:
    assert run("review").stdout == "No story is held.\n"
    assert run("review", "--json").stdout == "[]\n"
    hold()
    hold("43\x1b[2J", STORY)
    shown = run("review")
    assert shown.exit_code == 0
    for words in ("cms:42", "2026-03-03 12:00 UTC", "Harbour closed", "body words would go", "cms:43�[2J"):
        assert words in " ".join(shown.stdout.split())
    assert "2 held. Look at one, and decide:" in shown.stderr
    listed = json.loads(run("review", "--json").stdout)
    assert [one["story"] for one in listed] == ["cms:43\x1b[2J", "cms:42"]
    assert listed[1]["removals"] == {"english/published-undefined": 1}
    assert listed[1]["held_since"] == "2026-03-03T12:00:00+00:00"


def test_a_story_is_shown_with_its_numbers_and_the_next_step(run: Run, hold: Hold, tmp_path: Path) -> None:
    hold()
    shown = run("review", "cms:42")
    assert shown.exit_code == 0
    for words in (
        "cms:42, edition 1",
        "#1 english/published-undefined: The label stands there",
        "body words would go",
        "review cms:42 --edition 1 --why '…' and one of",
        "--restore 1,3 --publish",
    ):
        assert words in shown.stdout
    as_json = json.loads(run("review", "cms:42", "--json").stdout)
    assert (as_json["edition"], as_json["verdict"], as_json["problem"]) == (1, "hold", None)
    assert as_json["record"]["removed"][0]["number"] == 1
    assert shelf(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "copy", "told"),
    [
        (["--publish"], CLEAN, "published by Ida Holm: Read it."),
        (["--raw"], STORY, "published raw by Ida Holm: Read it."),
        (
            ["--restore", "1", "--publish"],
            STORY,
            "published by Ida Holm with 1 removal put back (#1): Read it.",
        ),
        (["--restore", "rule:english", "--publish"], STORY, "with 1 removal put back (#1): Read it."),
    ],
)
def test_a_decision_is_published_at_once(
    run: Run, hold: Hold, tmp_path: Path, options: list[str], copy: str, told: str
) -> None:
    hold()
    result = run("review", "cms:42", *options, "--edition", "1", "--why", "Read it.", "--who", "Ida Holm")
    assert (result.exit_code, result.stderr) == (0, "")
    assert told in result.stdout
    assert result.stdout.endswith("At shelf now\n")
    assert [text.strip() for text in shelf(tmp_path)] == [copy.strip()]
    assert run("review").stdout == "No story is held.\n"
    shown = run("review", "cms:42")
    assert "Public at shelf (edition 2)" in shown.stdout
    assert told in shown.stdout
    # Undo works on what a person decided as on anything.
    assert run("undo", "--all", "--story", "cms:42").stdout == STORY


def test_a_published_story_is_published_anew_with_what_comes_back(
    run: Run, hold: Hold, tmp_path: Path
) -> None:
    hold()
    why = ("--why", "The label is the story.", "--who", "Ida Holm")
    assert run("review", "cms:42", "--publish", *why).exit_code == 0
    assert shelf(tmp_path) == [CLEAN.rstrip("\n")]
    shown = run("review", "cms:42")
    assert "--raw" in shown.stdout
    assert "--drop" not in shown.stdout
    assert "nothing else can be decided" in run("review", "cms:42", "--drop", *why).stderr
    for words in (["--publish"], ["--publish", "--why", " "], ["--why", "It is."]):
        assert run("undo", "--all", "--story", "cms:42", *words).exit_code == 2
    wrong = run("undo", "--all", "--publish", "--why", "It is.", "s.json")
    assert (wrong.exit_code, "without --to and -o" in wrong.stderr) == (2, True)
    done = run("undo", "--removal", "1", "--story", "cms:42", "--publish", *why)
    assert done.exit_code == 0, done.stderr
    assert "published by Ida Holm with 1 removal put back (#1): The label is the story" in done.stdout
    assert "Published: undefined" in shelf(tmp_path)[0]
    again = run("undo", "--all", "--story", "cms:42", "--publish", *why)
    assert (again.exit_code, "nothing is taken out of it" in again.stderr) == (1, True)


def test_for_scripts(run: Run, hold: Hold) -> None:
    hold()
    result = run("review", "cms:42", "--restore", "1", "--publish", "--why", "x", "--who", "Ida", "--json")
    done: dict[str, Any] = json.loads(result.stdout)
    assert (done["decision"], done["who"], done["seen_edition"], done["edition"]) == ("restore", "Ida", 1, 2)
    assert (done["restored"], list(done["published"]), done["not_yet"]) == ([1], ["shelf"], {})


def test_a_drop_publishes_nothing_and_the_login_name_stands_for_who(
    run: Run, hold: Hold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold()
    monkeypatch.setenv("LOGNAME", "iholm")
    result = run("review", "cms:42", "--drop", "--why", "A test page.")
    assert result.stdout == "cms:42: dropped by iholm: A test page.\n"
    assert shelf(tmp_path) == []
    assert run("review").stdout == "No story is held.\n"
    assert "dropped by iholm: A test page." in run("review", "cms:42").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["cms:42", "--publish"], 2, "Say why: --why"),
        (["cms:42", "--publish", "--why", " "], 2, "Say why: --why"),
        (["cms:42", "--why", "Read it."], 2, "Say what you decide: --publish"),
        (["cms:42", "--publish", "--drop", "--why", "x"], 2, "Decide one thing"),
        (["cms:42", "--restore", "1", "--why", "x"], 2, "add --publish"),
        (["cms:42", "--restore", "1", "--raw", "--why", "x"], 2, "add --publish"),
        (["--drop", "--why", "x"], 2, "Name the story"),
        (["42", "--drop", "--why", "x"], 2, "write SOURCE:ID"),
        (["cms:44"], 1, "The ledger has no story cms:44"),
        (
            ["cms:42", "--restore", "2", "--publish", "--why", "x"],
            1,
            "no removal 2; there is only removal 1",
        ),
        (["cms:42", "--edition", "2", "--publish", "--why", "x"], 1, "no edition 2: the newest is 1"),
        (["cms:42", "--publish", "--why", "…"], 1, "Say in words why"),
    ],
)
def test_a_mistake_is_one_sentence(
    run: Run, hold: Hold, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    hold()
    result = run("review", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert shelf(tmp_path) == []


def test_an_embargo_needs_its_switch(run: Run, hold: Hold, tmp_path: Path) -> None:
    hold(content="EMBARGOED UNTIL 0001 GMT 6 MARCH 2096\n" + STORY)
    shown = run("review", "cms:42")
    assert "Publishing it needs --despite-embargo, too" in shown.stderr
    decision = ("review", "cms:42", "--publish", "--why", "The minister spoke early.")
    refused = run(*decision)
    assert refused.exit_code == 1
    assert (
        "(until 2096-03-06T00:01:00+00:00). To publish it all the same, add --despite-embargo."
        in refused.stderr
    )
    assert shelf(tmp_path) == []
    done = run(*decision, "--despite-embargo")
    assert (done.exit_code, len(shelf(tmp_path))) == (0, 1)
    assert "The embargo was not waited for" in done.stderr


def test_a_destination_that_is_down_is_told_and_tried_again(
    run: Run, hold: Hold, small_config: Path, tmp_path: Path
) -> None:
    hold()
    (tmp_path / "data" / "shelf").write_text("a file in the way")
    result = run("review", "cms:42", "--publish", "--why", "Read it.")
    assert result.exit_code == 0
    assert "Not there yet, will be tried again: shelf (" in result.stdout
    assert run("review").stdout == "No story is held.\n"


def test_a_person_at_a_terminal_is_asked(
    run: Run, hold: Hold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner as Plain
    from typer.main import get_command

    from flows.cli import app, review

    hold()
    monkeypatch.setattr(review, "_may_ask", lambda: True)

    def answer(*lines: str) -> str:
        return Plain().invoke(get_command(app), ["review", "cms:42"], input="\n".join(lines) + "\n").output

    assert "Decide now?" in answer("")
    assert shelf(tmp_path) == []
    assert "with 1 removal put back (#1): The label is the story." in answer(
        "b", "#1", "The label is the story.", "Ida Holm"
    )
    assert [text.strip() for text in shelf(tmp_path)] == [STORY.strip()]


def test_a_key_is_no_emoji(run: Run, hold: Hold) -> None:
    hold("ferry")
    refused = run("review", "cms:ferry", "--restore", "2", "--publish", "--why", "Read it.")
    assert refused.stderr.startswith("cms:ferry: there is no removal 2")
