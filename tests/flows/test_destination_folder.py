"""Folder and object store: whole files under lasting names, and never an older edition over a newer."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import publications
import pytest
from hypothesis import given
from hypothesis import strategies as st
from newsroom import record_of
from publications import answers, dids, poison, publication

from flows.destinations import Publication, PublishError, Receipt, atomic
from flows.destinations.names import LONGEST_SLUG, file_stem
from flows.settings import FolderDestination


def folder(path: str = "published", formats: Any = ("json", "html", "markdown", "text")) -> FolderDestination:
    return FolderDestination(kind="folder", name="folder", path=path, formats=formats)


def publish(where: Path, *acts: Publication, **options: Any) -> list[Receipt]:
    return publications.publish(folder(**options), where, *acts)


RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)),
}


def files(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.is_file())


def test_a_story_becomes_a_file_for_each_format(tmp_path: Path) -> None:
    [receipt] = publish(tmp_path, publication(headline="The ferry is back"))
    place = tmp_path / "published"
    stem = file_stem("desk:ferry", "The ferry is back")
    assert stem.startswith("the-ferry-is-back-")
    assert files(place) == [f"{stem}{suffix}" for suffix in (".html", ".json", ".md", ".txt")]
    assert set(receipt.where) == {str(place / name) for name in files(place)}
    assert receipt.did == "wrote"
    assert json.loads((place / f"{stem}.json").read_text()) == record_of(headline="The ferry is back")
    assert (place / f"{stem}.txt").read_text() == "The ferry is back."


def test_only_the_formats_that_are_asked_for(tmp_path: Path) -> None:
    publish(tmp_path, publication(), formats=("text",))
    assert [Path(name).suffix for name in files(tmp_path / "published")] == [".txt"]


def test_a_format_that_is_not_asked_for_any_more_goes(tmp_path: Path) -> None:
    publish(tmp_path, publication(1))
    publish(tmp_path, publication(2), formats=("json",))
    assert [Path(name).suffix for name in files(tmp_path / "published")] == [".json"]


def test_the_file_name_stays_when_the_headline_changes(tmp_path: Path) -> None:
    first, second = publish(
        tmp_path, publication(1, headline="Ferry back"), publication(2, headline="Corrected", text="New.")
    )
    assert first.where == second.where
    assert len(files(tmp_path / "published")) == 4
    assert Path(second.where[-1]).read_text() == "New."


def test_the_same_act_again_changes_nothing(tmp_path: Path) -> None:
    first, second = publish(tmp_path, publication(), publication())
    assert first == second


def test_an_older_edition_is_not_written_over_a_newer(tmp_path: Path) -> None:
    new, old = publish(tmp_path, publication(2, text="New."), publication(1, text="Old."))
    assert old == Receipt("newer", tuple(sorted(new.where)))
    assert Path(new.where[-1]).read_text() == "New."


def test_a_story_that_was_withdrawn_is_not_brought_back_by_an_older_edition(tmp_path: Path) -> None:
    out, down, late = publish(tmp_path, publication(1), publication(2, "unpublish"), publication(1))
    assert down == Receipt("removed", tuple(sorted(out.where)))
    assert late == Receipt("newer")
    assert files(tmp_path / "published") == []
    [back] = publish(tmp_path, publication(3))
    assert back.where == out.where


def test_taking_down_what_was_never_there_is_done(tmp_path: Path) -> None:
    assert publish(tmp_path, publication(1, "unpublish")) == [Receipt("removed")]


def test_editions_of_another_ledger_do_not_count(tmp_path: Path) -> None:
    """Who deletes the ledger and begins anew must not be told for ever that the copy is newer."""
    publish(tmp_path, publication(9, text="Old ledger."))
    [receipt] = publish(tmp_path, replace(publication(1, text="New ledger."), ledger="ledger-2"))
    assert receipt.did == "wrote"
    assert Path(receipt.where[-1]).read_text() == "New ledger."


@pytest.mark.parametrize("survives", range(5))
def test_a_crash_between_two_files_is_mended_by_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    publish(tmp_path, publication(1, text="Old."))
    real, written = os.replace, []

    def power_cut(source: Any, target: Any) -> None:
        if len(written) == survives:
            raise OSError(28, "No space left on device")
        written.append(target)
        real(source, target)

    monkeypatch.setattr(atomic.os, "replace", power_cut)
    with pytest.raises(OSError, match="No space left"):
        publish(tmp_path, publication(2, text="New."))
    monkeypatch.undo()
    place = tmp_path / "published"
    assert not list(place.rglob("*.part"))
    assert {
        (place / name).read_text().rpartition("---\n\n")[2]
        for name in files(place)
        if name.endswith((".txt", ".md"))
    } <= {"Old.", "New."}
    [receipt] = publish(tmp_path, publication(2, text="New."))
    assert receipt.did == "wrote"
    assert len(files(place)) == 4
    assert Path(receipt.where[-1]).read_text() == "New."


def test_all_files_of_a_batch_are_synced_before_any_is_renamed_and_each_folder_once_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []
    real_sync, real_replace = os.fsync, os.replace
    (tmp_path / "parts").mkdir()

    def sync(handle: int) -> None:
        real_sync(handle)
        acts.append("sync folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "sync file")

    def rename(source: Any, target: Any) -> None:
        acts.append("rename")
        real_replace(source, target)

    monkeypatch.setattr(atomic.os, "fsync", sync)
    monkeypatch.setattr(atomic.os, "replace", rename)
    files = {tmp_path / f"{number}.txt": b"copy" for number in range(30)}
    atomic.write_together(files, tmp_path / "parts")
    assert acts == ["sync file"] * 30 + ["rename"] * 30 + ["sync folder"]
    assert [path.read_bytes() for path in files] == [b"copy"] * 30
    assert list((tmp_path / "parts").iterdir()) == []


def test_the_cards_of_a_batch_last_before_any_of_its_files_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after any step finds every file that may lie about on a card that came before it."""
    acts: list[str] = []
    real_sync, real_replace = os.fsync, os.replace
    publish(tmp_path, *(publication(story=f"desk:{number}") for number in range(3)))

    def sync(handle: int) -> None:
        real_sync(handle)
        place = os.readlink(f"/proc/self/fd/{handle}")
        if os.path.isdir(place):
            acts.append(f"sync {Path(place).name}")

    def rename(source: Any, target: Any) -> None:
        acts.append(f"rename in {Path(target).parent.name}")
        real_replace(source, target)

    monkeypatch.setattr(atomic.os, "fsync", sync)
    monkeypatch.setattr(atomic.os, "replace", rename)
    answers(
        folder(formats=("text",)),
        tmp_path,
        [publication(2, story=f"desk:{number}") for number in range(3)],
    )
    cards, files = (
        [*["rename in .cleancopy"] * 3, "sync .cleancopy"],
        [*["rename in published"] * 3, "sync published"],
    )
    # The second syncing of the folder lasts the removal of nine files; then the cards forget them.
    assert acts == [*cards, *files, "sync published", *cards]


def test_what_a_killed_run_left_half_written_is_swept_away(tmp_path: Path) -> None:
    publish(tmp_path, publication(1))
    left = tmp_path / "published" / ".cleancopy" / "parts" / "1234.part"
    left.write_text("half a sto")
    publish(tmp_path, publication(2))
    assert not left.exists()


def test_a_batch_is_done_in_its_order_and_a_story_twice_in_it_ends_new(tmp_path: Path) -> None:
    acts = [
        publication(1, story="desk:a", text="One."),
        publication(1, story="desk:b", text="One."),
        publication(3, story="desk:a", text="Three."),
        publication(2, story="desk:a", text="Two."),
        publication(2, "unpublish", story="desk:b"),
    ]
    assert dids(answers(folder(formats=("text",)), tmp_path, acts)) == [
        "wrote",
        "wrote",
        "wrote",
        "newer",
        "removed",
    ]
    assert [path.read_text() for path in (tmp_path / "published").glob("*.txt")] == ["Three."]


def test_one_story_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    acts = [publication(story=f"desk:{number}") for number in range(20)]
    acts[13] = poison("desk:13")
    assert dids(answers(folder(), tmp_path, acts)) == ["wrote"] * 13 + ["TypeError"] + ["wrote"] * 6


def test_a_story_that_the_disk_refuses_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = atomic._write_synced

    def refuse(part: str, content: bytes) -> None:
        if b"poison" in content:
            raise OSError(27, "File too large")
        real(part, content)

    monkeypatch.setattr(atomic, "_write_synced", refuse)
    acts = [
        publication(story=f"desk:{number}", text="poison" if number == 5 else "well") for number in range(16)
    ]
    found = answers(folder(formats=("text",)), tmp_path, acts)
    assert dids(found) == ["wrote"] * 5 + ["OSError"] + ["wrote"] * 10
    assert len(list((tmp_path / "published").glob("*.txt"))) == 15


def test_a_folder_hears_of_no_hold(tmp_path: Path) -> None:
    [answer] = answers(folder(), tmp_path, [publication(1, "hold")])
    assert isinstance(answer, PublishError)
    assert files(tmp_path / "published") == []


def test_published_files_can_be_read_by_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        publish(tmp_path, publication())
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "published").iterdir() if path.is_file()}
    assert modes == {0o644}


def test_an_object_store_behaves_as_a_folder_does(tmp_path: Path) -> None:
    path = f"memory://copy-{uuid.uuid4().hex}"
    new, old, down, late = publish(
        tmp_path,
        publication(2, text="New."),
        publication(1, text="Old."),
        publication(3, "unpublish"),
        publication(2),
        path=path,
    )
    assert [receipt.did for receipt in (new, old, down, late)] == ["wrote", "newer", "removed", "newer"]
    assert path.removeprefix("memory://") in new.where[0]
    assert list(tmp_path.iterdir()) == []


def test_a_file_address_is_a_local_folder(tmp_path: Path) -> None:
    [receipt] = publish(Path("/nowhere"), publication(), path=f"file://{tmp_path}/out", formats=("text",))
    assert Path(receipt.where[0]).read_text() == "The ferry is back."


def test_half_characters_are_written_as_a_question_mark(tmp_path: Path) -> None:
    receipts = publish(tmp_path, publication(text="Half \ud83d character."))
    assert Path(receipts[0].where[-1]).read_text() == "Half ? character."


@given(headline=st.none() | st.text(), story=st.text())
def test_file_names_are_safe_on_every_file_system(headline: str | None, story: str) -> None:
    stem = file_stem(story, headline)
    assert len(stem) <= LONGEST_SLUG + 13
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not stem.startswith("-")
    assert stem == file_stem(story, headline)
    # "con", "nul.txt", "aux": Windows takes these for devices; a stem always goes on with a dash and a hash.
    assert stem.split(".")[0] not in RESERVED
    assert len(f"{stem}.nitf.xml".encode()) <= 255, "a name's length on ext4, APFS and NTFS"


@pytest.mark.parametrize(
    "headline", ["Con", "NUL", "aux.", "COM1", "...", "Ferry. ", "a" * 500, "ß" * 300, "../../etc"]
)
def test_headlines_that_are_no_file_names_become_some(tmp_path: Path, headline: str) -> None:
    [receipt] = publish(tmp_path, publication(headline=headline), formats=("text",))
    path = Path(receipt.where[0])
    assert path.parent == tmp_path / "published"
    assert path.stem.split("-")[0] not in RESERVED or "-" in path.stem
    assert path.stem[-1] not in ". "


def test_keys_that_differ_in_case_alone_do_not_meet_on_a_disk_that_takes_them_for_one(tmp_path: Path) -> None:
    acts = [
        publication(story=story, headline="Ferry") for story in ("desk:Ferry", "desk:ferry", "desk:FERRY")
    ]
    names = [Path(receipt.where[0]).name for receipt in publish(tmp_path, *acts, formats=("text",))]
    assert len({name.casefold() for name in names}) == 3


def test_file_names_of_two_stories_differ() -> None:
    assert file_stem("desk:a", "Same") != file_stem("desk:b", "Same")
    assert file_stem("desk:a", "बंदरगाह फिर खुला").startswith("a-")
