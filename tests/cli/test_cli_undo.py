"""``cleancopy undo``: records in, what was taken out put back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_newsroom import CLEAN, STORY, Run, records

TWICE = STORY.replace("\n", "\r\n") + "\r\nPublished: undefined"
BODY = '<p class="a">One&nbsp;boat &amp; a quay.</p>\n<p>Published: undefined</p><!-- end -->'


def kept(run: Run, name: str, content: str, *more: str) -> None:
    Path(name).write_bytes(content.encode())
    assert run("clean", "--to", "json", "-o", f"{name}.json", name, *more).exit_code == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("s.txt", TWICE),
        ("s.html", BODY),
        ("s.txt", STORY),
        ("s.txt", "\ufeff" + TWICE),
        ("s.html", "\ufeff<p>Published: undefined</p>" + BODY),
    ],
)
def test_all_gives_back_the_file_byte_for_byte(run: Run, name: str, content: str) -> None:
    kept(run, name, content)
    result = run("undo", "--all", f"{name}.json")
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes == content.encode()


def test_one_removal_comes_back_and_the_other_stays(run: Run) -> None:
    kept(run, "s.txt", TWICE)
    back = run("undo", "--removal", "2", "s.txt.json")
    assert back.stdout_bytes.decode() == TWICE.replace("Published: undefined\r\n", "", 1)
    record = json.loads(run("undo", "--removal", "2", "--to", "json", "s.txt.json").stdout)
    assert [one["number"] for one in record["removed"]] == [1]
    Path("again.json").write_text(json.dumps(record))
    assert run("undo", "--removal", "1", "again.json").stdout_bytes == TWICE.encode()


@pytest.mark.parametrize("rule", ["english/published-undefined", "english", "english/"])
def test_a_rule_or_its_file_comes_back_whole(run: Run, rule: str) -> None:
    kept(run, "s.txt", TWICE)
    assert run("undo", "--rule", rule, "s.txt.json").stdout_bytes == TWICE.encode()


def test_a_pipe_from_clean_and_a_page_as_html(run: Run) -> None:
    page = "<!doctype html><html><body><article><h1>Ferry</h1>" + "".join(
        f"<p>{line}</p>" for line in STORY.splitlines()
    )
    result = run("clean", "--to", "json", "--lang", "en", stdin=page)
    undone = run("undo", "--all", "--to", "html", stdin=result.stdout)
    assert undone.exit_code == 0
    assert "<p>Published: undefined</p>" in undone.stdout
    assert "Published: undefined" in run("undo", "--all", stdin=result.stdout).stdout


def test_many_records_and_one_of_them(run: Run) -> None:
    given = "".join(json.dumps({"id": name, "text": STORY}) + "\n" for name in ("a", "b"))
    Path("both.jsonl").write_text(run("clean", stdin=given).stdout)
    found = records(run("undo", "--rule", "english", "both.jsonl"))
    assert [one["id"] for one in found] == ["a", "b"]
    assert all(one["removed"] == [] and "undefined" in one["text"] for one in found)
    assert run("undo", "--id", "b", "--removal", "1", "both.jsonl").stdout == STORY
    several = run("undo", "--removal", "1", "both.jsonl")
    assert (several.exit_code, several.stdout) == (2, "")
    assert "--id" in several.stderr
    unknown = run("undo", "--rule", "german", "both.jsonl")
    assert unknown.exit_code == 1
    assert "there are removals by english/published-undefined (2)" in unknown.stderr
    assert run("undo", "--all", "--id", "c", "both.jsonl").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--removal N"),
        (("--removal", "7"), 1, "s.txt.json: there is no removal 7; there is only removal 1"),
        (("--rule", "english/publish"), 1, "there are removals by english/published-undefined"),
        (("--all", "--story", "cms:1"), 2, "not both"),
    ],
)
def test_what_cannot_be_undone_is_said(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    kept(run, "s.txt", STORY)
    result = run("undo", *arguments, "s.txt.json")
    assert result.exit_code == code
    assert said in result.stderr


def test_a_broken_record_is_told_with_file_and_line_and_the_next_is_undone(run: Run) -> None:
    record = json.loads(run("clean", "--to", "jsonl", stdin=STORY).stdout)
    old = {key: value for key, value in record.items() if key != "source"}
    changed = {**record, "removed": [{**record["removed"][0], "text": "Published: yesterday!"}]}
    odd = {**record, "removed": [{"start": 1}]}
    outside = json.loads(json.dumps(record))
    outside["source"]["blocks"][0]["element"] = [0, 9_999]
    all_of_them = [old, changed, odd, outside, [1], record]
    Path("r.jsonl").write_text("{broken\n" + "".join(json.dumps(one) + "\n" for one in all_of_them))
    result = run("undo", "--all", "r.jsonl")
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in told] == [
        *(f"r.jsonl:{number}" for number in range(1, 6)),
        "r.jsonl:6, record 1",
    ]
    for line, said in zip(
        told,
        ("not JSON", "clean the story again", "removal 1 does not fit", "removed", "outside", "not a record"),
        strict=False,
    ):
        assert said in line
    assert [one["removed"] for one in records(result)] == [[]]


def test_a_file_that_is_not_there(run: Run) -> None:
    result = run("undo", "--all", "missing.json")
    assert result.exit_code == 1
    assert "missing.json: there is no such file" in result.stderr


def test_a_story_of_the_ledger_is_undone_and_nothing_is_published(run: Run, tmp_path: Path) -> None:
    from cleaners.model import Raw
    from flows.ledger import Arrival, Outcome, claim, open_ledger, outbox_counts, receive, record_outcomes

    assert "there is no ledger yet" in run("undo", "--all", "--story", "cms:42").stderr
    record = json.loads(run("clean", "--to", "jsonl", stdin=STORY).stdout)
    now = datetime(2026, 3, 3, tzinfo=UTC)
    (tmp_path / "data").mkdir(exist_ok=True)
    from flows.settings import load_settings

    engine = open_ledger(load_settings(None).ledger_url)
    receive(engine, [Arrival(Raw("42", "text", STORY), "cms", "42")], now)
    (row,) = claim(engine, "test", now=now)
    record_outcomes(engine, "test", [Outcome(row.id, "42", record=record)], lambda *_: (), now)
    before = outbox_counts(engine)
    assert run("undo", "--all", "--story", "cms:42").stdout == STORY
    assert run("undo", "--removal", "1", "--story", "cms:42").stdout == STORY
    assert outbox_counts(engine) == before
    missing = run("undo", "--all", "--story", "cms:43")
    assert (missing.exit_code, "no clean copy of it" in missing.stderr) == (1, True)
    engine.dispose()
    assert run("clean", stdin=STORY).stdout == CLEAN


def test_a_rule_that_was_not_alone_says_who_else_asked(run: Run) -> None:
    kept(run, "s.txt", TWICE)
    record = json.loads(Path("s.txt.json").read_text())
    record["removed"][0]["rules"] = ["english/published-undefined"]
    record["removed"][1]["rules"] = ["english/published-undefined", "template_residue/label"]
    Path("both.json").write_text(json.dumps(record))
    both = run("undo", "--rule", "english", "both.json")
    assert both.exit_code == 0
    assert both.stdout_bytes == TWICE.encode()
    assert both.stderr.strip().endswith("others asked for, too: template_residue/label")
