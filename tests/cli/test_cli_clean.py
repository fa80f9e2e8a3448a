"""``cleancopy clean`` as a Unix tool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_newsroom import CLEAN, STORY, Run, records

PAGE = (
    '<!doctype html><html lang="en"><head><title>Harbour closed</title></head><body><article><h1>Harbour closed</h1>'
    + "".join(f"<p>{line}</p>" for line in STORY.splitlines())
    + "</article></body></html>"
)
BODY = '<p class="lead">{}</p>\n<p>{}</p>\n<p>{} <a href="/gauge?x=1&amp;y">gauge</a></p>'.format(
    *STORY.splitlines()
)


def test_a_file_comes_out_as_text(run: Run) -> None:
    Path("story.txt").write_text(STORY)
    result = run("clean", "story.txt")
    assert (result.exit_code, result.stdout, result.stderr) == (0, CLEAN, "")


@pytest.mark.parametrize("arguments", [(), ("-",), ("--from", "text")])
def test_standard_input_comes_out_as_text(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("clean", *arguments, stdin=STORY)
    assert (result.exit_code, result.stdout) == (0, CLEAN)


def test_the_record_is_the_contract(run: Run) -> None:
    result = run(
        "clean", "--to", "json", "--publisher", "kestpress", "--url", "https://kest.example/1", stdin=STORY
    )
    record = json.loads(result.stdout)
    assert list(record) == [
        *(
            "id",
            "url",
            "publisher",
            "verdict",
            "reasons",
            "headline",
            "standfirst",
            "section",
            "byline",
            "authors",
            "agency",
            "published",
            "updated",
        ),
        *(
            "language",
            "tags",
            "canonical",
            "site",
            "rights",
            "paywalled",
            "sources",
            "pictures",
            "text",
            "html",
            "ednote",
            "signals",
            "removed",
            "suspects",
            "protected",
            "overruled",
        ),
        *("ruleset", "rounds", "source"),
    ]
    assert (record["id"], record["url"], record["publisher"]) == (
        "stdin",
        "https://kest.example/1",
        "kestpress",
    )
    assert record["text"] == CLEAN.rstrip("\n")
    assert record["verdict"] == "publish"
    assert record["removed"] == [
        {
            "number": 1,
            "block": 1,
            "start": 0,
            "end": 20,
            "text": "Published: undefined",
            "action": "remove",
            "field": None,
            "rules": ["english/published-undefined"],
            "why": "The label stands there even when a story has no date.",
            "round": 1,
            "may_exceed": False,
        }
    ]


def test_records_in_and_records_out_in_order(run: Run) -> None:
    lines = STORY.splitlines()
    given = [
        {"id": "text", "text": STORY, "nobody": "knows this key"},
        {"id": "lines", "lines": lines, "lang": "en", "publisher": "kestpress"},
        {"id": "body", "body": BODY},
        {"id": "page", "html": PAGE, "url": "https://kest.example/4"},
        {"id": 5, "text": STORY},
    ]
    result = run("clean", stdin="".join(json.dumps(record) + "\n" for record in given))
    assert result.exit_code == 0, result.stderr
    found = records(result)
    assert [one["id"] for one in found] == ["text", "lines", "body", "page", "5"]
    assert all("Published" not in one["text"] for one in found)
    assert found[1]["publisher"] == "kestpress"
    assert found[2]["html"] == BODY.replace("<p>Published: undefined</p>", "")


def test_what_a_record_says_itself_counts_more_than_the_option(run: Run) -> None:
    given = '{"id": "a", "text": "One.", "publisher": "own"}\n{"id": "b", "text": "Two."}\n'
    found = records(run("clean", "--publisher", "given", "--lang", "sv", stdin=given))
    assert [one["publisher"] for one in found] == ["own", "given"]
    assert [one["language"] for one in found] == ["sv", "sv"]


def test_decisions_name_the_inputs_line(run: Run) -> None:
    given = json.dumps({"id": "a", "lines": ["", *STORY.splitlines(), "Correction: it was eight boats."]})
    result = run("clean", "--to", "decisions", stdin=given)
    assert records(result) == [
        {
            "id": "a",
            "verdict": "publish",
            "lines": [
                {
                    "index": 2,
                    "action": "remove",
                    "field": None,
                    "rule": "english/published-undefined",
                    "removals": [1],
                    "suspect": False,
                },
                {
                    "index": 4,
                    "action": "protect",
                    "field": None,
                    "rule": "english/correction",
                    "removals": [],
                    "suspect": False,
                },
            ],
        }
    ]


def test_a_broken_record_stops_nothing(run: Run) -> None:
    broken = [
        b'{"id": "first", "text": "One."}',
        b'{"id": "torn", "text": ',
        b'{"id": "none"}',
        b'{"text": "nameless"}',
        b'{"id": "odd", "lines": ["a", 7]}',
        b'{"id": "latin", "text": "caf\xe9"}',
        b'{"id": "half", "text": "\\ud83d"}',
        b"[1, 2]",
        b'{"id": "deep", "text": ' + b"[" * 100_000,
        b'{"id": "twice", "text": "a", "text": "b"}',
        b"",
        b'{"id": "last", "text": "Two."}',
    ]
    result = run("clean", "--from", "jsonl", stdin=b"\n".join(broken))
    assert result.exit_code == 1
    assert [one["id"] for one in records(result)] == ["first", "last"]
    told = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in told] == [f"stdin:{number}" for number in range(2, 11)]
    assert "not JSON" in told[0]
    assert 'one of "html" (a page), "body", "text" or "lines"' in told[1]
    assert 'no "id"' in told[2]
    assert "number 1 is a number" in told[3]
    assert "0xe9" in told[4]
    assert "half a character" in told[5]
    assert "not a record" in told[6]
    assert '"text" stands twice' in told[8]


def test_a_broken_file_stops_nothing(run: Run) -> None:
    Path("first.txt").write_text(STORY)
    Path("empty.txt").write_text("\n \n")
    Path("latin.txt").write_bytes(b"One line.\nA caf\xe9.\n")
    Path("saved.html").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    Path("folder").mkdir()
    Path("last.txt").write_text("Two.\n")
    result = run(
        "clean", "first.txt", "missing.txt", "empty.txt", "latin.txt", "saved.html", "folder", "last.txt"
    )
    assert result.exit_code == 1
    assert result.stdout == f"==> first.txt <==\n{CLEAN}\n==> last.txt <==\nTwo.\n"
    told = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in told] == [
        *("missing.txt", "empty.txt", "latin.txt", "saved.html", "folder")
    ]
    assert "in line 2" in told[2]
    assert "iconv" in told[2]
    assert "this is a PDF file, not a story" in told[3]


def test_several_stories_are_told_apart(run: Run) -> None:
    Path("a.txt").write_text("One.\n")
    Path("b.txt").write_text("Two.\n")
    assert [one["id"] for one in json.loads(run("clean", "a.txt", "b.txt", "--to", "json").stdout)] == [
        "a.txt",
        "b.txt",
    ]
    assert run("clean", "a.txt", "b.txt", "--to", "html").stdout == (
        "<!-- a.txt -->\n<p>One.</p>\n\n<!-- b.txt -->\n<p>Two.</p>\n"
    )
    assert [one["id"] for one in records(run("clean", "a.txt", "b.txt", "--to", "jsonl"))] == [
        "a.txt",
        "b.txt",
    ]


def test_a_folder_gets_one_file_a_story(run: Run) -> None:
    Path("a.txt").write_text(STORY)
    Path("sub").mkdir()
    Path("sub/a.txt").write_text("Two.\n")
    assert run("clean", "a.txt", "sub/a.txt", "-o", "out/").exit_code == 0
    assert {path.name: path.read_text() for path in Path("out").iterdir()} == {
        "a.txt": CLEAN,
        "a-2.txt": "Two.\n",
    }


def test_the_output_may_be_the_input(run: Run) -> None:
    Path("a.txt").write_text(STORY)
    assert run("clean", "a.txt", "-o", "a.txt").exit_code == 0
    assert Path("a.txt").read_text() == CLEAN
    assert [path.name for path in Path.cwd().iterdir()] == ["a.txt"]


def test_a_place_that_cannot_be_written_is_told(run: Run) -> None:
    result = run("clean", "-o", "nowhere/a.txt", stdin=STORY)
    assert result.exit_code == 1
    assert "nowhere/a.txt: cannot be written" in result.stderr


def test_the_body_comes_back_byte_for_byte(run: Run) -> None:
    Path("body.html").write_bytes(BODY.replace("\n", "\r\n").encode())
    run("clean", "body.html", "--to", "html", "-o", "out.html")
    assert Path("out.html").read_bytes().replace(b"\r\n", b"\n").decode() == BODY.replace(
        "<p>Published: undefined</p>", ""
    )


def test_a_json_file_is_one_record_or_a_list(run: Run) -> None:
    Path("one.json").write_text(json.dumps({"id": "one", "text": "One."}, indent=2))
    Path("list.json").write_text(json.dumps([{"id": "two", "text": "Two."}, {"id": "three"}]))
    Path("torn.json").write_text('{"id": "torn",\n "text": }')
    result = run("clean", "one.json", "list.json", "torn.json")
    assert [one["id"] for one in records(result)] == ["one", "two"]
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == [
        "list.json, record 2",
        "torn.json:2",
    ]


def test_a_held_story_is_proposed_and_told(run: Run) -> None:
    held = "EMBARGOED UNTIL 10:00 FRIDAY\n" + STORY
    plain = run("clean", stdin=held)
    assert plain.exit_code == 0
    assert "Nine boats" in plain.stdout
    assert plain.stderr.startswith("stdin: held: ")
    carried = run("clean", "--to", "json", stdin=held)
    assert json.loads(carried.stdout)["verdict"] == "hold"
    assert carried.stderr == ""
    assert run("clean", "--strict", stdin=held).exit_code == 3
    assert run("clean", "--strict", stdin=STORY).exit_code == 0


def test_explain_speaks_on_stderr(run: Run) -> None:
    result = run("clean", "--explain", stdin=STORY)
    assert result.stdout == CLEAN
    assert "english/published-undefined" in result.stderr


def test_a_mistake_in_the_configuration_stops_before_anything_is_done(run: Run, small_config: Path) -> None:
    rules = small_config / "rules" / "english.yaml"
    rules.write_text(rules.read_text().replace("line:", "lnie:"))
    result = run("clean", "-o", "out.txt", stdin=STORY)
    assert result.exit_code == 2
    assert f"{rules}:5:5" in result.stderr
    assert not Path("out.txt").exists()


def test_a_folder_that_is_no_configuration_is_told(run: Run) -> None:
    result = run("clean", "--config", "nowhere", stdin=STORY)
    assert result.exit_code == 2
    assert "pipeline.yaml" in result.stderr


def program(
    code: str, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        check=False,
    )


def test_neither_prefect_nor_a_database_is_loaded(small_config: Path) -> None:
    code = (
        "import sys\nfrom flows.cli import app\n"
        "try:\n    app(['clean', '--to', 'json'])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'prefect', 'sqlalchemy', 'fastapi', 'uvicorn', 'httpx'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)\n"
    )
    done = program(code, STORY.encode(), {"CLEANCOPY_CONFIG": str(small_config)})
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr.decode() == "[]\n"


def test_a_reader_that_leaves_is_no_error(small_config: Path) -> None:
    command = (
        f"yes '{json.dumps({'id': 'a', 'text': STORY})}' | {sys.executable} -m flows.cli clean | head -n 1"
    )
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[1]}}"],
        capture_output=True,
        env={**os.environ, "CLEANCOPY_CONFIG": str(small_config)},
        check=False,
    )
    story, code = done.stdout.decode().splitlines()
    assert json.loads(story)["id"] == "a"
    assert done.stderr == b""
    assert code == "141"


def test_output_is_utf_8_whatever_the_terminal_thinks(small_config: Path) -> None:
    code = "import sys; sys.argv = ['cleancopy', 'clean']; from flows.cli import app; app()"
    done = program(
        code,
        "Über die Brücke fährt niemand mehr.\n".encode(),
        {"CLEANCOPY_CONFIG": str(small_config), "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    assert done.stdout.decode("utf-8") == "Über die Brücke fährt niemand mehr.\n"


def test_a_publisher_whose_rules_nobody_wrote_is_told(run: Run) -> None:
    unknown = run("clean", "--publisher", "nation-herald", stdin=STORY)
    assert "No publisher's rules bear the name nation-herald; there are: none." in unknown.stderr
    assert unknown.exit_code == 0
    assert unknown.stdout == run("clean", stdin=STORY).stdout


NITF = (
    '<?xml version="1.0"?>\n<nitf><head><docdata management-status="{}"><doc-id id-string="kp-{}"/></docdata></head><body>'
    "<body.content>{}</body.content></body></nitf>"
)


@pytest.mark.parametrize("from_file", [True, False])
def test_a_wire_item_is_known_by_its_name_or_its_first_lines(run: Run, from_file: bool) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in STORY.splitlines())
    content = NITF.format("usable", 1, paragraphs)
    Path("item.xml").write_text(content)
    result = run("clean", "item.xml") if from_file else run("clean", stdin=content)
    (record,) = records(result)
    assert (record["id"], record["verdict"], record["text"]) == ("kp-1", "publish", CLEAN.rstrip("\n"))
    result = run("clean", "item.xml", "--to", "html")
    assert "".join(f"<p>{line}</p>" for line in CLEAN.splitlines()) in result.stdout


def test_killed_and_broken_wire_items_are_told(run: Run) -> None:
    Path("kill.xml").write_text(NITF.format("canceled", 2, ""))
    Path("broken.xml").write_text(NITF.format("usable", 3, "<p>"))
    result = run("clean", "kill.xml", "broken.xml")
    assert result.exit_code == 1
    assert [(record["id"], record["verdict"]) for record in records(result)] == [("kp-2", "kill")]
    assert "broken.xml: not well-formed XML in line 2" in result.stderr


def test_ninjs_over_several_lines_of_standard_input(run: Run) -> None:
    item = {"uri": "urn:kp:1", "pubstatus": "withheld", "body_text": STORY}
    (record,) = records(run("clean", stdin=json.dumps([item], indent=1)))
    assert (record["id"], record["verdict"], record["text"]) == ("urn:kp:1", "hold", CLEAN.rstrip("\n"))


def test_a_saved_mail_comes_out_as_text(run: Run) -> None:
    Path("copy.eml").write_text(f"Subject: Harbour closed\nMIME-Version: 1.0\n\n{STORY}")
    assert run("clean", "copy.eml").stdout == CLEAN
    (record,) = records(run("clean", "--to", "jsonl", stdin=Path("copy.eml").read_text()))
    assert record["headline"] == "Harbour closed"
