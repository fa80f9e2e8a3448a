"""Drop folder and bucket alike: followed through new, changed, broken, gone and back; nothing is lost on the way."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from sqlalchemy import Engine

from flows.ledger import StoryFilter, open_ledger, select_raws
from flows.settings import FolderSource, Settings
from flows.sources import drop
from flows.sources.bucket import Bucket
from flows.sources.drop import DropFile, StillWritten
from flows.sources.folder import LocalDrop
from flows.tasks.intake import poll
from flows.tasks.taking import Intake, SourceDown

Put = Callable[[str, bytes], None]


@pytest.fixture(params=["folder", "file://", "memory://"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address where files are put down."""
    monkeypatch.setattr(drop, "SETTLED_SECONDS", 0.0)
    (tmp_path / "desk").mkdir()
    if request.param == "folder":
        yield "desk"
    elif request.param == "file://":
        yield (tmp_path / "desk").as_uri()
    else:
        root = f"memory://{uuid.uuid4().hex}"
        yield root
        fsspec.filesystem("memory").rm(root, recursive=True)


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


def store_of(place: str, settings: Settings) -> tuple[Any, str]:
    return fsspec.core.url_to_fs(place if "://" in place else str(settings.config_dir / place))


def put(place: str, settings: Settings, name: str, content: bytes | str) -> None:
    store, root = store_of(place, settings)
    store.pipe_file(f"{root}/{name}", content.encode() if isinstance(content, str) else content)


def names(place: str, settings: Settings, folder: str = "") -> list[str]:
    store, root = store_of(place, settings)
    where = f"{root}/{folder}".rstrip("/")
    if not store.exists(where):
        return []
    return sorted(
        one["name"].rpartition("/")[2] for one in store.ls(where, detail=True) if one["type"] == "file"
    )


def content(place: str, settings: Settings, name: str) -> bytes:
    store, root = store_of(place, settings)
    found: bytes = store.cat_file(f"{root}/{name}")
    return found


def source(place: str, **more: Any) -> FolderSource:
    return FolderSource.model_validate({"kind": "folder", "name": "desk", "path": place} | more)


def in_ledger(engine: Engine) -> dict[str, object]:
    return {one.story_id: one.raw.content for one in select_raws(engine, StoryFilter())}


def test_a_place_is_followed_through_new_changed_broken_gone_and_back(
    place: str, settings: Settings, engine: Engine
) -> None:
    desk = source(place)
    put(place, settings, "ferry.txt", "The ferry left.")
    put(place, settings, "broken.json", "{")
    new = poll(engine, settings, desk)
    assert (len(new.ids), new.known) == (1, ())
    assert [problem.split(":")[:2] for problem in new.problems] == [["desk", " broken.json"]]
    assert names(place, settings) == []
    assert names(place, settings, "done") == ["ferry.txt"]
    assert names(place, settings, "failed") == ["broken.json", "broken.json.error.txt"]
    assert content(place, settings, "failed/broken.json") == b"{"
    assert b"not JSON" in content(place, settings, "failed/broken.json.error.txt")

    assert poll(engine, settings, desk) == Intake()

    put(place, settings, "ferry.txt", "The ferry left at six.")
    put(place, settings, "broken.json", '{"id": "mended", "text": "Whole now."}')
    changed = poll(engine, settings, desk)
    assert (len(changed.ids), changed.problems) == (2, ())
    assert names(place, settings, "done") == ["broken.json", "ferry-2.txt", "ferry.txt"]
    assert content(place, settings, "done/ferry.txt") == b"The ferry left."
    assert in_ledger(engine) == {"ferry.txt": "The ferry left at six.", "mended": "Whole now."}

    put(place, settings, "ferry.txt", "The ferry left at six.")
    back = poll(engine, settings, desk)
    assert (back.ids, len(back.known), back.problems) == ((), 1, ())
    assert names(place, settings, "done") == ["broken.json", "ferry-2.txt", "ferry-3.txt", "ferry.txt"]


def test_a_kept_place_tells_once_what_is_gone(place: str, settings: Settings, engine: Engine) -> None:
    desk = source(place, keep="yes")
    for name in ("a.txt", "b.txt"):
        put(place, settings, name, f"The story {name}.")
    assert len(poll(engine, settings, desk).ids) == 2
    store, root = store_of(place, settings)
    store.rm_file(f"{root}/a.txt")
    gone = poll(engine, settings, desk)
    assert gone.gone == ("desk: a.txt is gone from the folder; what was published of it stays",)
    assert poll(engine, settings, desk).gone == ()
    assert set(in_ledger(engine)) == {"a.txt", "b.txt"}
    put(place, settings, "a.txt", "The story a.txt.")
    back = poll(engine, settings, desk)
    assert (back.ids, len(back.known), back.problems) == ((), 2, ())
    assert names(place, settings) == ["a.txt", "b.txt"]


def test_a_place_that_is_not_there_is_down(settings: Settings, engine: Engine) -> None:
    for path, said in (("nowhere", "Create it"), ("memory://nowhere-at-all", "nothing was ever put there")):
        with pytest.raises(SourceDown, match=said):
            poll(engine, settings, source(path))
    with pytest.raises(SourceDown, match="desk: nosuchstore://bucket: ") as broken:
        poll(engine, settings, source("nosuchstore://bucket"))
    assert not broken.value.passing, "waiting installs nothing"


def test_what_is_written_while_it_is_read_waits(
    place: str, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, settings, "a.txt", "Half of")
    put(place, settings, "b.txt", "The whole.")
    kind = Bucket if place.startswith("memory") else LocalDrop
    listed = kind.files

    def listed_and_changed(self: Any) -> list[DropFile]:
        files = listed(self)
        if names(place, settings) == ["a.txt", "b.txt"]:
            put(place, settings, "a.txt", "Half of the story and the rest.")
        return files

    monkeypatch.setattr(kind, "files", listed_and_changed)
    first = poll(engine, settings, source(place))
    assert (len(first.ids), first.problems, names(place, settings)) == (1, (), ["a.txt"])
    poll(engine, settings, source(place))
    assert in_ledger(engine)["a.txt"] == "Half of the story and the rest."


def test_what_is_put_in_its_place_after_it_was_read_is_not_moved_away_unread(
    place: str, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, settings, "a.txt", "The first.")
    kind = Bucket if place.startswith("memory") else LocalDrop
    read = kind.read

    def read_and_changed(self: Any, file: DropFile) -> bytes:
        found: bytes = read(self, file)
        if found == b"The first.":
            if kind is LocalDrop:  # as a sender does it: a new file under the old name
                (self.folder / "new.tmp").write_text("The second, longer.")
                os.replace(self.folder / "new.tmp", self.folder / "a.txt")
            else:
                put(place, settings, "a.txt", "The second, longer.")
        return found

    monkeypatch.setattr(kind, "read", read_and_changed)
    poll(engine, settings, source(place))
    assert in_ledger(engine) == {"a.txt": "The first."}
    assert names(place, settings) == ["a.txt"]
    poll(engine, settings, source(place))
    assert in_ledger(engine) == {"a.txt": "The second, longer."}
    assert names(place, settings) == []


def test_a_file_that_vanishes_is_told_and_the_rest_goes_on(
    place: str, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt"):
        put(place, settings, name, "The story.")
    kind = Bucket if place.startswith("memory") else LocalDrop
    listed = kind.files

    def listed_and_gone(self: Any) -> list[DropFile]:
        files = listed(self)
        store, root = store_of(place, settings)
        store.rm_file(f"{root}/a.txt")
        return files

    monkeypatch.setattr(kind, "files", listed_and_gone)
    intake = poll(engine, settings, source(place))
    assert len(intake.ids) == 1
    assert intake.problems == ("desk: a.txt: somebody took it away before it could be read",)
    assert names(place, settings, "done") == ["b.txt"]


def test_a_copy_that_is_not_the_same_leaves_the_original(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop, "SETTLED_SECONDS", 0.0)
    place = f"memory://{uuid.uuid4().hex}"
    put(place, settings, "a.txt", "The story.")
    store, _ = store_of(place, settings)
    written = type(store).pipe_file
    monkeypatch.setattr(
        type(store), "pipe_file", lambda self, path, value, **more: written(self, path, value[:-1], **more)
    )
    intake = poll(engine, settings, source(place))
    assert len(intake.ids) == 1
    assert "the original stays where it is" in intake.problems[0]
    assert names(place, settings) == ["a.txt"]
    monkeypatch.undo()
    monkeypatch.setattr(drop, "SETTLED_SECONDS", 0.0)
    again = poll(engine, settings, source(place))
    assert (again.ids, len(again.known), names(place, settings)) == ((), 1, [])


def test_a_file_that_is_too_large_is_set_aside_unread(place: str, settings: Settings, engine: Engine) -> None:
    put(place, settings, "a.txt", "x" * 2_000)
    intake = poll(engine, settings, source(place, limits={"story_bytes": 1_000}))
    assert intake.problems == ("desk: a.txt: larger than 1000 bytes",)
    assert content(place, settings, "failed/a.txt") == b"x" * 2_000


ODD = [
    "it's a #1 [draft]?*.txt",
    "ferry  two spaces.txt",
    "hafen-öl-港.txt",
    "100%25.txt",
    "-rf.txt",
    "a&b=c;d.txt",
]


def test_names_with_odd_characters(place: str, settings: Settings, engine: Engine) -> None:
    for name in ODD:
        put(place, settings, name, f"The story {name}.")
    intake = poll(engine, settings, source(place))
    assert (len(intake.ids), intake.problems) == (len(ODD), ())
    assert names(place, settings, "done") == sorted(ODD)
    assert set(in_ledger(engine)) == set(ODD)


def test_names_that_are_no_text_are_two_stories_and_can_be_told(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop, "SETTLED_SECONDS", 0.0)
    desk = settings.config_dir / "desk"
    desk.mkdir()
    for name in (b"caf\xe9.txt", b"caf\xe8.txt", b"two\nlines.txt"):
        Path(os.fsdecode(os.fsencode(desk) + b"/" + name)).write_text("The story.")
    Path(os.fsdecode(os.fsencode(desk) + b"/bad\xe9.json")).write_text("{")
    intake = poll(engine, settings, source("desk"))
    assert set(in_ledger(engine)) == {r"caf\udce9.txt", r"caf\udce8.txt", r"two\nlines.txt"}
    (problem,) = intake.problems
    assert problem.encode().startswith(rb"desk: bad\udce9.json: not JSON")
    assert [path.name for path in desk.iterdir() if path.is_file()] == []


def test_a_very_long_name_can_be_set_aside(settings: Settings, engine: Engine) -> None:
    desk = settings.config_dir / "desk"
    desk.mkdir()
    path = desk / ("é" * 124 + ".json")
    path.write_text("{")
    os.utime(path, (time.time() - 60, time.time() - 60))
    poll(engine, settings, source("desk"))
    assert len(list((desk / "failed").iterdir())) == 2
    assert not path.exists()


def test_a_date_in_the_future_does_not_keep_a_file_waiting(settings: Settings, engine: Engine) -> None:
    desk = settings.config_dir / "desk"
    desk.mkdir()
    (desk / "a.txt").write_text("The story.")
    os.utime(desk / "a.txt", (time.time() + 86_400, time.time() + 86_400))
    assert len(poll(engine, settings, source("desk")).ids) == 1


def test_a_look_stops_at_its_limit_and_goes_on_at_the_next(
    place: str, settings: Settings, engine: Engine
) -> None:
    for number in range(7):
        put(place, settings, f"{number}.txt", f"Story {number}.")
    desk = source(place, limits={"stories": 3})
    assert [len(poll(engine, settings, desk).ids) for _ in range(4)] == [3, 3, 1, 0]
    assert len(names(place, settings, "done")) == 7


def test_a_file_whose_stories_are_not_in_the_ledger_stays(
    place: str, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.tasks import poll_folder

    def no_ledger(*_: object) -> Intake:
        raise RuntimeError("the ledger does not answer")

    put(place, settings, "a.txt", "The story.")
    monkeypatch.setattr(poll_folder, "take", no_ledger)
    with pytest.raises(RuntimeError):
        poll(engine, settings, source(place))
    assert names(place, settings) == ["a.txt"]


def test_a_changed_file_raises_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One.")
    (file,) = LocalDrop(tmp_path).files()
    (tmp_path / "a.txt").write_text("One and two.")
    with pytest.raises(StillWritten):
        LocalDrop(tmp_path).read(file)
