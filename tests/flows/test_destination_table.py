"""A SQL table: one row a story, upserted, never back to an older edition."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import publications
import pytest
from publications import answers, dids, poison, publication
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from flows.destinations import Publication, PublishError, Receipt, sql_table
from flows.settings import TableDestination


def publish(where: Path, *acts: Publication, **options: Any) -> list[Receipt]:
    return publications.publish(table(**options), where, *acts)


def table(**options: Any) -> TableDestination:
    return TableDestination(kind="table", name="table", **({"url": "sqlite:///copy.sqlite"} | options))


def rows(where: Path, columns: str = "text, edition, withdrawn") -> list[Any]:
    connection = sqlite3.connect(where / "copy.sqlite")
    try:
        return connection.execute(f"SELECT {columns} FROM clean_copy").fetchall()
    finally:
        connection.close()


def test_a_story_is_a_row(tmp_path: Path) -> None:
    [receipt] = publish(tmp_path, publication(headline="Ferry back"))
    assert receipt.did == "wrote"
    assert rows(tmp_path, "story, id, headline, text, html, withdrawn, revision") == [
        ("desk:ferry", "ferry", "Ferry back", "The ferry is back.", "<p>The ferry is back.</p>", 0, 1)
    ]


def test_a_newer_edition_replaces_the_row_and_an_older_does_not(tmp_path: Path) -> None:
    acts = [publication(1, text="One."), publication(3, text="Three."), publication(2, text="Two.")]
    assert [receipt.did for receipt in publish(tmp_path, *acts)] == ["wrote", "wrote", "newer"]
    assert rows(tmp_path) == [("Three.", 3, 0)]


def test_the_same_act_again_changes_nothing(tmp_path: Path) -> None:
    assert [receipt.did for receipt in publish(tmp_path, publication(), publication())] == ["wrote", "wrote"]
    assert rows(tmp_path) == [("The ferry is back.", 1, 0)]


def test_a_withdrawn_story_leaves_no_copy_and_stays_down(tmp_path: Path) -> None:
    acts = [publication(1), publication(2, "unpublish"), publication(1)]
    assert [receipt.did for receipt in publish(tmp_path, *acts)] == ["wrote", "removed", "newer"]
    assert rows(tmp_path, "text, html, headline, record, withdrawn") == [(None, None, None, None, 1)]


def test_editions_of_another_ledger_do_not_count(tmp_path: Path) -> None:
    publish(tmp_path, publication(9), replace(publication(1, text="New ledger."), ledger="ledger-2"))
    assert rows(tmp_path) == [("New ledger.", 1, 0)]


def test_the_address_may_come_from_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_URL", "sqlite:///copy.sqlite")
    publish(tmp_path, publication(), url=None, url_env="TABLE_URL")
    assert len(rows(tmp_path)) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "set the environment variable TABLE_URL"), ("pa55word", "not a database address")],
)
def test_an_address_that_is_missing_or_wrong_is_told_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    monkeypatch.delenv("TABLE_URL", raising=False)
    if value:
        monkeypatch.setenv("TABLE_URL", value)
    with pytest.raises(PublishError, match=said) as caught:
        publish(tmp_path, publication(), url=None, url_env="TABLE_URL")
    assert "pa55word" not in str(caught.value)


def test_text_that_no_database_takes_is_made_storable(tmp_path: Path) -> None:
    publish(tmp_path, publication(text="Nul \0 and half \ud83d."))
    assert rows(tmp_path) == [("Nul  and half ?.", 1, 0)]


def test_a_batch_is_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[str] = []

    def count(connection: Any) -> None:
        commits.append("commit")

    event.listen(Engine, "commit", count)
    try:
        acts = [publication(story=f"desk:{number}") for number in range(100)]
        assert dids(answers(table(), tmp_path, acts)) == ["wrote"] * 100
    finally:
        event.remove(Engine, "commit", count)
    assert len(commits) <= 2, "one makes the table, one writes the rows"
    assert len(rows(tmp_path)) == 100


def test_one_row_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    acts = [publication(story=f"desk:{number}") for number in range(20)]
    acts[13] = poison("desk:13")
    found = answers(table(), tmp_path, acts)
    assert dids(found) == ["wrote"] * 13 + [dids(found)[13]] + ["wrote"] * 6
    assert isinstance(found[13], Exception)
    assert len(rows(tmp_path)) == 19


def test_each_story_of_a_batch_gets_its_own_answer(tmp_path: Path) -> None:
    publish(tmp_path, publication(5, story="desk:b"))
    acts = [
        publication(3, story="desk:c"),
        publication(3, story="desk:b"),
        publication(3, "unpublish", story="desk:a"),
    ]
    found = answers(table(), tmp_path, acts)
    assert dids(found) == ["wrote", "newer", "removed"]
    assert [one.where[0].rpartition("/")[2] for one in found if isinstance(one, Receipt)] == [
        "desk:c",
        "desk:b",
        "desk:a",
    ]


def test_a_database_that_does_not_answer_is_tried_once_for_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def no_answer(engine: Engine, rows: Any, acts: Any) -> Any:
        tries.append(len(acts))
        raise OperationalError("INSERT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(sql_table, "publish", no_answer)
    found = answers(table(), tmp_path, [publication(2, story=f"desk:{number}") for number in range(8)])
    assert dids(found) == ["OperationalError"] * 8
    assert tries == [8]


def test_a_table_hears_of_no_hold(tmp_path: Path) -> None:
    [answer] = answers(table(), tmp_path, [publication(1, "hold")])
    assert isinstance(answer, PublishError)
    assert rows(tmp_path) == []
