"""Archives: WARC and JSON lines, record by record, from any place on, and past what is damaged."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from small_archives import Web, lines, pack, story
from sqlalchemy import Engine

from flows.ledger import StoryFilter, open_ledger, select_raws
from flows.settings import ArchiveSource, Settings
from flows.sources import json_lines
from flows.sources.archive import archives_at, mark_of, read_archive
from flows.sources.archive_record import Position, Record
from flows.sources.warc import read_warc
from flows.tasks.intake import SourceDown, poll

BEGIN = Position()


def records(content: bytes, start: Position = BEGIN, story_bytes: int = 100_000) -> list[Record]:
    return list(read_warc(io.BytesIO(content), "crawl.warc", start, story_bytes))


def ids(found: list[Record]) -> list[str]:
    return [raw.id.removeprefix("https://post.example/") for record in found for raw in record.raws]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        config_dir=tmp_path, data_dir=tmp_path / "data", ledger_url=f"sqlite:///{tmp_path}/ledger.sqlite"
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    opened = open_ledger(settings.ledger_url)
    yield opened
    opened.dispose()


@pytest.mark.parametrize("packed", [False, True])
def test_the_pages_of_a_web_archive(packed: bool) -> None:
    web = (
        Web(packed)
        .page("info", "software: x", record="warcinfo")
        .page("1", "Übung".encode("latin-1"), kind="text/html; charset=iso-8859-1")
        .page("1", record="request")
        .page("again", record="revisit")
        .page("style.css", "p {}", kind="text/css")
        .page("gone", status="404 Not Found")
        .page("moved", status="301 Moved")
        .page("x", "<html><p>X</p></html>", kind="application/xhtml+xml")
        .page("untold", "<p>A page</p>", kind=None)
        .page("picture", b"\x89PNG", kind=None)
        .page("empty", " ")
    )
    found = records(web.content)
    assert ids(found) == ["1", "x", "untold"]
    (raw,) = found[1].raws
    assert (raw.form, raw.url, raw.encoding, raw.content) == (
        "page",
        "https://post.example/1",
        "iso-8859-1",
        "Übung".encode("latin-1"),
    )
    assert [record.skipped for record in found if record.skipped] == [
        "warcinfo",
        "request",
        "revisit",
        "not HTML",
        "answered 404",
        "answered 301",
        "not HTML",
        "empty",
    ]
    assert [record.number for record in found] == list(range(1, 12))
    assert str(found[1].day) == "2026-03-03"


def chunked(content: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:7], content[7:], b""))


PAGE = b"<p>" + b"The ferry is back. " * 20 + b"</p>"
RAW_DEFLATE = zlib.compress(PAGE)[2:-4]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(PAGE, mtime=0), {"Content-Encoding": "gzip"}),
        (gzip.compress(PAGE, mtime=0), {"Content-Encoding": "x-gzip"}),
        (zlib.compress(PAGE), {"Content-Encoding": "deflate"}),
        (RAW_DEFLATE, {"Content-Encoding": "deflate"}),
        (chunked(PAGE), {"Transfer-Encoding": "chunked"}),
        (chunked(gzip.compress(PAGE, mtime=0)), {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}),
        # The crawler unpacked the page, and kept the header that says it is packed.
        (PAGE, {"Content-Encoding": "gzip"}),
        (PAGE, {"Transfer-Encoding": "chunked"}),
    ],
)
def test_a_page_is_unpacked_as_its_server_packed_it(body: bytes, headers: dict[str, str]) -> None:
    (record,) = records(Web().page("1", body, headers=headers.items()).content)
    assert [raw.content for raw in record.raws] == [PAGE]


@pytest.mark.parametrize(
    ("web", "said"),
    [
        (Web().page("1", b"x", headers=[("Content-Encoding", "br")]), "packed as 'br'"),
        (
            Web().page("1", gzip.compress(PAGE, mtime=0)[:-20], headers=[("Content-Encoding", "gzip")]),
            "ends too early",
        ),
        (
            Web().page("1", b"\x1f\x8b\x08" + b"junk" * 9, headers=[("Content-Encoding", "gzip")]),
            "is damaged",
        ),
        (Web().page("1", b"x" * 200_000), "larger than 100000 bytes"),
        (Web().page("1", b"x" * 2_000_000), "larger than 100000 bytes"),
        (
            Web().page(
                "1", gzip.compress(b"x" * 50_000_000, mtime=0), headers=[("Content-Encoding", "gzip")]
            ),
            "larger than 100000 bytes",
        ),
        (Web().page("1", warc={"WARC-Truncated": "length"}), "cut it short (length)"),
        (Web().page("1", record="respnse"), "no kind of record is called 'respnse'"),
    ],
)
def test_a_page_that_cannot_be_taken_is_told_with_its_place(web: Web, said: str) -> None:
    first, second = records(web.page("2").content)
    (problem,) = first.problems
    assert problem.startswith("crawl.warc, record 1 (byte 0): ")
    assert said in problem
    assert ids([first, second]) == ["2"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("hurt", ["headers", "middle", "length", "type"])
def test_reading_goes_on_behind_a_damaged_record(packed: bool, hurt: str) -> None:
    web = Web(packed)
    for number in range(1, 8):
        web.page(str(number))
    whole = records(web.content)
    content = bytearray(web.content)
    at = whole[3].at
    if packed:
        at += {"headers": 0, "middle": 60, "length": 100, "type": 30}[hurt]
        content[at : at + 9] = b"\0" * 9
    elif hurt == "length":
        where = content.index(b"Content-Length: ", at) + 16
        content[where : where + 3] = b"999"
    elif hurt == "headers":
        content[at : at + 9] = b"\0" * 9
    else:
        where = content.index(b"Content-Length: " if hurt == "middle" else b"WARC-Type: response", at)
        content[where : where + 14] = b"\0" * 14
    found = records(bytes(content))
    left = [name for name in ids(found) if name != "4"]
    assert left == ["1", "2", "3", "5", "6", "7"]
    (problem,) = [problem for record in found for problem in record.problems]
    assert f"(byte {whole[3].at})" in problem


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_is_read_from_any_place_on(packed: bool, tmp_path: Path) -> None:
    web = Web(packed)
    for number in range(1, 6):
        web.page(str(number)).page(str(number), record="request")
    whole = records(web.content)
    assert len(whole) == 10
    for number, record in enumerate(whole, 1):
        assert records(web.content, record.then) == whole[number:]
    assert whole[-1].then.at == len(web.content)


def test_several_records_in_one_packed_member(tmp_path: Path) -> None:
    web = Web()
    for number in range(1, 6):
        web.page(str(number))
    content = gzip.compress(web.content)
    whole = records(content)
    assert ids(whole) == ["1", "2", "3", "4", "5"]
    for number, record in enumerate(whole, 1):
        assert records(content, record.then) == whole[number:]


@pytest.mark.parametrize("packed", [False, True])
def test_a_record_that_the_file_ends_in_is_read_when_it_is_whole(packed: bool) -> None:
    content = Web(packed).page("1").page("2").content
    first, cut = records(content[:-30])
    assert ids([first, cut]) == ["1"]
    assert "the file ends before the record does" in cut.problems[0]
    assert ids(records(content, cut.then)) == ["2"]


def test_what_is_no_web_archive_is_told(tmp_path: Path) -> None:
    for content in (b"Not an archive\n\n", b"\x1f\x8b\x08 nor this", b"PK\x03\x04"):
        (record,) = records(content)
        assert "is damaged" in record.problems[0]
    assert records(b"") == []


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson"])
def test_json_lines_are_read_from_any_place_on(ending: str, tmp_path: Path) -> None:
    path = lines(tmp_path / f"stories{ending}", 6)
    whole = list(read_archive(str(path), Position(), 10_000))
    assert [raw.id for record in whole for raw in record.raws] == [f"s{number}" for number in range(1, 7)]
    for number, record in enumerate(whole, 1):
        assert list(read_archive(str(path), record.then, 10_000)) == whole[number:]


BROKEN = [
    b'{"id": "a", "text": "One."}',
    b"",
    b"{broken",
    b'{"id": "b", "text": "' + b"x" * 3_000_000 + b'"}',
    b'{"id": "c", "text": "caf\xe9"}',
    b'{"guid": "urn:x:1", "type": "text", "urgency": 3, "body_html": "<p>Ferry.</p>"}',
    b'{"id": "d", "text": "Two."}',
]


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_a_broken_line_is_told_with_its_number_and_byte(ending: str, tmp_path: Path) -> None:
    path = pack(tmp_path / f"stories{ending}", b"\n".join(BROKEN) + b"\n")
    found = list(read_archive(str(path), Position(), 1_000_000))
    assert [raw.id for record in found for raw in record.raws] == ["a", "urn:x:1", "d"]
    told = [problem for record in found for problem in record.problems]
    name = path.name
    assert [problem.partition(":")[0] for problem in told] == [
        f"{name}, line 3 (byte 29)",
        f"{name}, line 4",
        f"{name}, line 5 (byte {37 + 21 + 3_000_000 + 3})",
    ]
    assert "larger than 1000000 bytes" in told[1]


def test_a_packed_file_that_ends_too_early_gives_what_is_whole(tmp_path: Path) -> None:
    path = lines(tmp_path / "stories.jsonl.gz", 2_000)
    path.write_bytes(path.read_bytes()[:-200])
    found = list(read_archive(str(path), Position(), 10_000))
    assert len(found) > 1_000
    assert "cannot be read any further" in found[-1].problems[0]


def test_zstandard_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lines(tmp_path / "stories.jsonl.zst", 1)
    monkeypatch.setattr(json_lines, "_zstandard", lambda: None)
    with pytest.raises(ValueError, match=r'pip install "cleancopy\[zstd\]"'):
        list(read_archive(str(path), Position(), 10_000))


@pytest.mark.parametrize("ending", [".jsonl.gz", ".warc.gz"])
def test_memory_stays_flat(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"large{ending}"
    if ending == ".warc.gz":
        web = Web(packed=True)
        for number in range(3_000):
            web.page(str(number), f"<p>{story(number) * 100}</p>")
        path.write_bytes(web.content)
        del web
    else:
        lines(path, 3_000, ednote="x" * 9_000)
    tracemalloc.start()
    assert sum(len(record.raws) for record in read_archive(str(path), Position(), 1_000_000)) == 3_000
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 6_000_000, f"{most} bytes for an archive of 27 MB unpacked"


def test_which_archives_a_path_means(tmp_path: Path) -> None:
    for name in ("b.warc.gz", "a.jsonl", "notes.txt", "odd [1].jsonl"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "deep.warc").mkdir()
    found = {
        path: [one.rpartition("/")[2] for one in archives_at(path, tmp_path)]
        for path in (".", "*.jsonl", "a.jsonl", "odd [1].jsonl", str(tmp_path / "b.warc.gz"))
    }
    assert found == {
        ".": ["a.jsonl", "b.warc.gz", "odd [1].jsonl"],
        "*.jsonl": ["a.jsonl", "odd [1].jsonl"],
        "a.jsonl": ["a.jsonl"],
        "odd [1].jsonl": ["odd [1].jsonl"],
        str(tmp_path / "b.warc.gz"): ["b.warc.gz"],
    }
    with pytest.raises(FileNotFoundError, match="there is no such file or folder"):
        archives_at("nowhere.warc", tmp_path)
    with pytest.raises(ValueError, match="no archive is there"):
        archives_at("notes.txt", tmp_path)


def test_an_archive_in_a_bucket(tmp_path: Path) -> None:
    root = f"memory://{uuid.uuid4().hex}"
    store, place = fsspec.core.url_to_fs(root)
    store.pipe_file(f"{place}/b.warc.gz", Web(packed=True).page("1").content)
    store.pipe_file(f"{place}/a.jsonl", lines(tmp_path / "a.jsonl", 2).read_bytes())
    assert [one.rpartition("/")[2] for one in archives_at(f"{root}/*.gz", tmp_path)] == ["b.warc.gz"]
    first, second = archives_at(root, tmp_path)
    assert len(list(read_archive(first, Position(), 10_000))) == 2
    assert ids(list(read_archive(second, Position(), 10_000))) == ["1"]
    assert mark_of(first).bytes > 0


def source(path: str, **more: object) -> ArchiveSource:
    return ArchiveSource.model_validate({"kind": "archive", "name": "crawl", "path": path} | more)


def test_looks_go_through_archives_and_on_when_they_grow(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    lines(tmp_path / "a.jsonl", 25)
    (tmp_path / "b.warc").write_bytes(Web().page("1").page("1", "<p>Changed.</p>").page("2").content)
    crawl = source(".", limits={"stories": 10}, publisher="Harbour Post")
    assert [len(poll(engine, settings, crawl).ids) for _ in range(4)] == [10, 10, 8, 0]
    whole = json.dumps({"id": "s26", "text": "One more."})
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write(whole[:20])
    half = poll(engine, settings, crawl)
    assert half.ids == ()
    assert "a.jsonl, line 26 (byte" in half.problems[0]
    assert "the last line is not whole" in half.problems[0]
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write(whole[20:] + "\n")
    assert len(poll(engine, settings, crawl).ids) == 1
    known = {one.story_id: one.raw for one in select_raws(engine, StoryFilter())}
    assert len(known) == 28
    assert known["https://post.example/1"].content == b"<p>Changed.</p>"
    assert known["s26"].publisher == "Harbour Post"


def test_an_archive_that_was_replaced_is_begun_anew(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    crawl = source("a.jsonl")
    lines(tmp_path / "a.jsonl", 3)
    assert len(poll(engine, settings, crawl).ids) == 3
    pack(tmp_path / "a.jsonl", b'{"id": "new", "text": "Another archive."}\n')
    assert len(poll(engine, settings, crawl).ids) == 1
    (tmp_path / "a.jsonl").unlink()
    with pytest.raises(SourceDown, match="there is no such file"):
        poll(engine, settings, crawl)
