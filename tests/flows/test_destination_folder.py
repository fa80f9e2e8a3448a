"""Folder and object store: whole files under lasting names, and never an older edition over a newer."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from newsroom import record_of

from flows.destinations import Publication, Receipt, atomic, open_destination
from flows.destinations.names import LONGEST_SLUG, file_stem
from flows.settings import FolderDestination


def publication(edition: int = 1, act: Any = "publish", **record: Any) -> Publication:
    whole = record_of(**record)
    return Publication(
        story="desk:ferry",
        act=act,
        edition=edition,
        revision=edition,
        ledger="ledger-1",
        idempotency_key=f"key-{edition}",
        record=whole,
        rendered={"html": whole["html"], "markdown": whole["text"], "text": whole["text"]},
    )


def publish(
    where: Path,
    *acts: Publication,
    path: str = "published",
    formats: Any = ("json", "html", "markdown", "text"),
) -> list[Receipt]:
    destination = FolderDestination(kind="folder", name="folder", path=path, formats=formats)
    with open_destination(destination, where) as publisher:
        return [publisher(act) for act in acts]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_story_becomes_a_file_for_each_format(tmp_path: Path) -> None:
    [receipt] = publish(tmp_path, publication(headline="The ferry is back"))
    folder = tmp_path / "published"
    stem = file_stem("desk:ferry", "The ferry is back")
    assert stem.startswith("the-ferry-is-back-")
    assert files(folder) == [f"{stem}{suffix}" for suffix in (".html", ".json", ".md", ".txt")]
    assert set(receipt.where) == {str(folder / name) for name in files(folder)}
    assert receipt.did == "wrote"
    assert json.loads((folder / f"{stem}.json").read_text()) == record_of(headline="The ferry is back")
    assert (folder / f"{stem}.txt").read_text() == "The ferry is back."


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
    folder = tmp_path / "published"
    assert not list(folder.rglob("*.part"))
    assert {(folder / name).read_text() for name in files(folder) if name.endswith((".txt", ".md"))} <= {
        "Old.",
        "New.",
    }
    [receipt] = publish(tmp_path, publication(2, text="New."))
    assert receipt.did == "wrote"
    assert len(files(folder)) == 4
    assert Path(receipt.where[-1]).read_text() == "New."


def test_a_file_is_synced_before_it_is_renamed_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(handle: int) -> None:
        acts.append("sync folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "sync file")
        real_sync(handle)

    def rename(source: Any, target: Any) -> None:
        acts.append("rename")
        real_replace(source, target)

    monkeypatch.setattr(atomic.os, "fsync", sync)
    monkeypatch.setattr(atomic.os, "replace", rename)
    atomic.write_atomically(tmp_path / "story.txt", b"copy")
    assert acts == ["sync file", "rename", "sync folder"]


def test_published_files_can_be_read_by_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        atomic.write_atomically(tmp_path / "story.txt", b"copy")
    finally:
        os.umask(before)
    assert (tmp_path / "story.txt").stat().st_mode & 0o777 == 0o644


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


def test_file_names_of_two_stories_differ() -> None:
    assert file_stem("desk:a", "Same") != file_stem("desk:b", "Same")
    assert file_stem("desk:a", "बंदरगाह फिर खुला").startswith("a-")
