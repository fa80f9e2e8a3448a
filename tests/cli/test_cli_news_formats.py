"""``cleancopy clean --to ninjs|nitf|newsml-g2|json-ld`` and ``cleancopy schema``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lxml import etree
from small_newsroom import STORY, Run

from cleaners.write import record_schema

RECORD = {"id": "swan", "text": STORY, "headline": "Swan walks", "published": "2026-03-05T09:00:00Z"}
LINES = "".join(json.dumps(RECORD | {"id": name}) + "\n" for name in ("one", "two"))


def test_a_story_comes_out_in_each_format(run: Run) -> None:
    Path("story.txt").write_text(STORY)
    ninjs = json.loads(run("clean", "--to", "ninjs", "story.txt").stdout)
    assert (ninjs["version"], ninjs["pubStatus"]) == ("1", "usable")
    assert "versionCreated" not in ninjs, "the story says no date, and nobody asked the clock"
    assert etree.fromstring(run("clean", "--to", "nitf", "story.txt").stdout.encode()).tag == "nitf"
    assert json.loads(run("clean", "--to", "json-ld", "story.txt").stdout)["@type"] == "NewsArticle"
    made = ("--made", "2026-03-07T12:00:00Z")
    newsml = etree.fromstring(run("clean", "--to", "newsml-g2", *made, "story.txt").stdout.encode())
    assert newsml.findtext(".//{*}versionCreated") == "2026-03-07T12:00:00Z"


@pytest.mark.parametrize("to", ["ninjs", "nitf", "newsml-g2", "json-ld"])
def test_a_file_s_story_has_one_name_however_the_file_is_called_and_none_is_a_path(run: Run, to: str) -> None:
    Path("desk").mkdir()
    Path("desk/story.txt").write_text(STORY)
    Path("story.txt").write_text(STORY + "And one more line, which the other does not have.\n")
    made = ("--made", "2026-03-07T12:00:00Z")
    names = (
        "desk/story.txt",
        "./desk/story.txt",
        "desk/../desk/story.txt",
        str(Path("desk/story.txt").resolve()),
    )
    written = {run("clean", "--to", to, *made, name).stdout for name in names}
    assert len(written) == 1
    [document] = written
    assert "story.txt" not in document
    [uri] = set(re.findall(r"urn:uuid:[0-9a-f-]+", document))
    assert uri not in run("clean", "--to", to, *made, "story.txt").stdout, "another file is another story"


def test_a_file_s_story_that_has_an_address_is_named_by_it(run: Run) -> None:
    for name in ("one.txt", "two.txt"):
        Path(name).write_text(STORY)
    at = ("--url", "https://post.example/tide")
    items = [json.loads(run("clean", "--to", "ninjs", *at, name).stdout) for name in ("one.txt", "two.txt")]
    assert items[0]["uri"] == items[1]["uri"]
    assert items[0]["altIds"] == [{"role": "story", "value": "https://post.example/tide"}]


def test_the_storys_own_moment_is_the_editions(run: Run) -> None:
    Path("s.jsonl").write_text(json.dumps(RECORD) + "\n")
    result = run("clean", "--to", "newsml-g2", "-o", "out/", "s.jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    written = Path("out/swan.newsml.xml").read_text()
    assert "<versionCreated>2026-03-05T09:00:00Z</versionCreated>" in written
    assert run("clean", "--to", "newsml-g2", "-o", "again/", "s.jsonl").exit_code == 0
    assert Path("again/swan.newsml.xml").read_text() == written


def test_newsml_without_a_moment_says_what_to_do(run: Run) -> None:
    Path("story.txt").write_text(STORY)
    result = run("clean", "--to", "newsml-g2", "story.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "story.txt: NewsML-G2 needs the moment" in result.stderr
    assert "--made" in result.stderr
    assert run("clean", "--to", "newsml-g2", "--made", "now", "story.txt").exit_code == 0


@pytest.mark.parametrize("made", ["yesterday", "2026-03-07", "2026-03-07T12:00"])
def test_a_moment_without_a_zone_is_refused(run: Run, made: str) -> None:
    result = run("clean", "--to", "ninjs", "--made", made, stdin=STORY)
    assert result.exit_code == 2
    assert f"--made {made}: give day, time and zone" in result.stderr


@pytest.mark.parametrize("to", ["ninjs", "json-ld"])
def test_several_stories_are_one_list(run: Run, to: str) -> None:
    result = run("clean", "--to", to, stdin=LINES)
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)) == 2
    assert json.loads(run("clean", "--to", to, "--from", "jsonl", stdin="").stdout) == []


@pytest.mark.parametrize(("to", "ending"), [("nitf", ".nitf.xml"), ("newsml-g2", ".newsml.xml")])
def test_several_stories_in_xml_want_a_folder(run: Run, to: str, ending: str) -> None:
    refused = run("clean", "--to", to, stdin=LINES)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"-o {to}/" in refused.stderr
    assert run("clean", "--to", to, "-o", f"{to}/", stdin=LINES).exit_code == 0
    assert sorted(path.name for path in Path(to).iterdir()) == [f"one{ending}", f"two{ending}"]
    for path in Path(to).iterdir():
        etree.parse(path)


@pytest.mark.parametrize(("note", "status"), [("KILL KILL KILL", "canceled"), ("HOLD HOLD HOLD", "withheld")])
def test_what_must_not_be_used_says_so(run: Run, note: str, status: str) -> None:
    item = json.loads(run("clean", "--to", "ninjs", "--from", "text", stdin=f"{note}\n{STORY}").stdout)
    assert item["pubStatus"] == status
    assert ("bodies" in item) == (status == "withheld")


def test_undo_writes_news_formats_too(run: Run) -> None:
    Path("s.json").write_text(run("clean", "--to", "json", stdin=STORY).stdout)
    item = json.loads(run("undo", "--all", "--to", "ninjs", "s.json").stdout)
    assert "Published: undefined" in item["bodies"][1]["value"]
    refused = run("undo", "--all", "--to", "newsml-g2", "s.json")
    assert refused.exit_code == 1
    assert "NewsML-G2 needs the moment" in refused.stderr


def test_the_schema_is_printed(run: Run) -> None:
    result = run("schema")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == record_schema()
