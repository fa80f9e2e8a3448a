"""A drop folder: what is taken, what waits, what is told, and that nothing is ever lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from flows.sources.folder import read_file, set_aside, waiting_files

LATER = time.time() + 3600


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_known_endings_are_taken_and_unfinished_files_wait(tmp_path: Path) -> None:
    for name in ("a.html", "b.HTM", "c.txt", "d.json", "e.jsonl"):
        put(tmp_path, name, "x")
    for name in (".hidden.txt", "f.txt.part", "g.tmp", "h.pdf", "i.docx"):
        put(tmp_path, name, "x")
    put(tmp_path, "done/old.txt", "x")
    (tmp_path / "folder.txt").mkdir()
    assert [path.name for path in waiting_files(tmp_path, LATER)] == [
        "a.html",
        "b.HTM",
        "c.txt",
        "d.json",
        "e.jsonl",
    ]


def test_a_file_that_was_changed_just_now_waits(tmp_path: Path) -> None:
    path = put(tmp_path, "a.txt", "half a sto")
    changed = path.stat().st_mtime
    assert waiting_files(tmp_path, changed + 0.5) == []
    assert waiting_files(tmp_path, changed + 2) == [path]


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Create it, or mend path in sources"):
        waiting_files(tmp_path / "nowhere")


def test_a_page_stays_bytes_and_a_text_loses_its_mark(tmp_path: Path) -> None:
    page = read_file(put(tmp_path, "roof.html", "<meta charset=latin-1><p>Übung".encode("latin-1")))
    text = read_file(put(tmp_path, "ferry.txt", b"\xef\xbb\xbfThe ferry left."))
    assert [(raw.id, raw.form) for raw in page.raws + text.raws] == [
        ("roof.html", "page"),
        ("ferry.txt", "text"),
    ]
    assert page.raws[0].content == "<meta charset=latin-1><p>Übung".encode("latin-1")
    assert text.raws[0].content == "The ferry left."


def test_a_broken_record_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    lines = ['{"id": "a", "text": "One."}', "", "{broken", '{"id": "b"}', '{"id": "c", "lines": ["Two."]}']
    file = read_file(put(tmp_path, "wire.jsonl", "\n".join(lines)))
    assert [raw.id for raw in file.raws] == ["a", "c"]
    assert [problem.split(":")[0] for problem in file.problems] == [
        "wire.jsonl, line 3",
        "wire.jsonl, line 4",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", "", "empty"),
        ("a.html", " \n", "empty"),
        ("a.jsonl", "\n\n", "empty"),
        ("a.txt", b"caf\xe9 au lait", "not UTF-8: byte 0xe9"),
        ("a.json", b'{"id": "caf\xe9"}', "not UTF-8"),
        ("a.json", "[1]", "not a record"),
        ("a.txt", "x" * 200, "larger than 100 bytes"),
        ("a.jsonl", '{"id": "a", "text": "' + "x" * 200 + '"}', "larger than 100 bytes"),
        ("a.pdf", "x", "not one of .html"),
    ],
)
def test_what_is_no_story_is_told(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    file = read_file(put(tmp_path, name, content), most_bytes=100)
    assert file.raws == ()
    assert len(file.problems) == 1
    assert name in file.problems[0]
    assert said in file.problems[0]


def test_a_taken_file_is_moved_and_none_is_overwritten(tmp_path: Path) -> None:
    first = set_aside(put(tmp_path, "a.txt", "one"))
    second = set_aside(put(tmp_path, "a.txt", "two"))
    broken = set_aside(put(tmp_path, "b.txt", ""), ["b.txt: the file is empty"])
    assert [str(path.relative_to(tmp_path)) for path in (first, second, broken)] == [
        os.path.join("done", "a.txt"),
        os.path.join("done", "a-2.txt"),
        os.path.join("failed", "b.txt"),
    ]
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert (tmp_path / "failed" / "b.txt.error.txt").read_text() == "b.txt: the file is empty\n"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_two_files_that_differ_in_their_ending_are_two_stories(tmp_path: Path) -> None:
    files = [put(tmp_path, "harbour.html", "<p>One."), put(tmp_path, "harbour.txt", "Two.")]
    assert [raw.id for file in files for raw in read_file(file).raws] == ["harbour.html", "harbour.txt"]


def test_a_text_is_kept_as_it_was_dropped(tmp_path: Path) -> None:
    (raw,) = read_file(put(tmp_path, "ferry.txt", b"The ferry left.\r\nIt is back.\r\n")).raws
    assert raw.content == "The ferry left.\r\nIt is back.\r\n"


def test_a_bad_byte_takes_its_own_line_only(tmp_path: Path) -> None:
    lines = [
        b'{"id": "a", "text": "One."}',
        b'{"id": "b", "text": "caf\xe9"}',
        b'{"id": "c", "text": "Two."}',
    ]
    file = read_file(put(tmp_path, "wire.jsonl", b"\xef\xbb\xbf" + b"\n".join(lines)))
    assert [raw.id for raw in file.raws] == ["a", "c"]
    (problem,) = file.problems
    assert problem.startswith("wire.jsonl, line 2: is not UTF-8: byte 0xe9")


def test_an_html_file_without_a_page_around_it_is_a_body(tmp_path: Path) -> None:
    fragment = tmp_path / "story.html"
    fragment.write_text("<p>The ferry sails.</p><ul><li>Fish moves on 2 May.</li></ul>", encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text("<html><body><p>The ferry sails.</p></body></html>", encoding="utf-8")
    assert [raw.form for raw in read_file(fragment).raws] == ["body"]
    assert [raw.form for raw in read_file(page).raws] == ["page"]
