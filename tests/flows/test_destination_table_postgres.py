"""A table in PostgreSQL: the same promises, with writers that come together."""

from __future__ import annotations

import os
import random
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import publications
import pytest
from postgres_server import Postgres
from publications import answers, dids, publication
from sqlalchemy import create_engine, text

from flows.destinations import Answer, Receipt, open_destination
from flows.settings import TableDestination
from flows.settings.databases import with_driver


@pytest.fixture
def table(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> TableDestination:
    monkeypatch.setenv("TABLE_URL", postgres.database())
    return TableDestination(kind="table", name="table", url_env="TABLE_URL")


def rows(columns: str = "story, text, edition, withdrawn") -> list[Any]:
    engine = create_engine(with_driver(os.environ["TABLE_URL"]))
    try:
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT {columns} FROM clean_copy ORDER BY story"))
            return [tuple(row) for row in found]
    finally:
        engine.dispose()


def run(*statements: str) -> None:
    engine = create_engine(with_driver(os.environ["TABLE_URL"]))
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def publish(table: TableDestination, *acts: Any) -> list[Receipt]:
    return publications.publish(table, Path(), *acts)


def test_a_row_is_replaced_by_a_newer_edition_alone(table: TableDestination) -> None:
    acts = [publication(1, text="One."), publication(3, text="Three."), publication(2, text="Two.")]
    assert dids(publish(table, *acts)) == ["wrote", "wrote", "newer"]
    assert rows() == [("desk:ferry", "Three.", 3, False)]
    acts = [publication(4, "unpublish"), publication(3, text="Three.")]
    assert dids(publish(table, *acts)) == ["removed", "newer"]
    assert rows("text, html, record, withdrawn") == [(None, None, None, True)]
    assert dids(publish(table, replace(publication(1, text="New ledger."), ledger="ledger-2"))) == ["wrote"]
    assert rows() == [("desk:ferry", "New ledger.", 1, False)]


def test_a_batch_is_answered_story_by_story(table: TableDestination) -> None:
    publish(table, publication(5, story="desk:b"))
    acts = [publication(3, story=f"desk:{name}") for name in "cba"]
    acts.append(publication(4, story="desk:c"))
    assert dids(answers(table, Path(), acts)) == ["wrote", "newer", "wrote", "wrote"]
    assert [(row[0], row[2]) for row in rows()] == [("desk:a", 3), ("desk:b", 5), ("desk:c", 4)]


def test_text_that_postgresql_refuses_is_made_storable_or_fails_alone(table: TableDestination) -> None:
    acts = [publication(story=f"desk:{number}") for number in range(6)]
    acts[1] = publication(story="desk:1", text="Nul \0 and half \ud83d.")
    acts[4] = publication(story="desk:\0")
    found = answers(table, Path(), acts)
    assert [isinstance(one, Receipt) for one in found] == [True] * 4 + [False, True]
    assert [row[1] for row in rows() if row[0] == "desk:1"] == ["Nul  and half ?."]
    assert len(rows()) == 5


def test_writers_that_come_together_never_go_back_and_never_block_each_other(table: TableDestination) -> None:
    """Four publishers with six editions of forty stories, the editions and the stories of each in an order of its own."""
    found: list[Answer] = []
    publish(table, publication(1, story="desk:first"))

    def write(seed: int) -> None:
        chance = random.Random(seed)
        with open_destination(table, Path()) as publisher:
            for edition in chance.sample(range(1, 7), 6):
                acts = [publication(edition, story=f"desk:{story}", text=str(edition)) for story in range(40)]
                found.extend(publisher(chance.sample(acts, len(acts))))

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one in found if isinstance(one, Exception)] == []
    assert len(found) == 4 * 6 * 40
    assert {row[1:3] for row in rows() if row[0] != "desk:first"} == {("6", 6)}
    assert len(rows()) == 41


def test_two_batches_in_opposite_orders_do_not_lock_each_other_out(table: TableDestination) -> None:
    """Each row takes 50 ms here: if the rows were locked in the batches' own orders, PostgreSQL would end one of the two."""
    stories = [f"desk:{name}" for name in "abcdef"]
    publish(table, *(publication(1, story=story) for story in stories))
    run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END'",
        "CREATE TRIGGER slow AFTER UPDATE ON clean_copy FOR EACH ROW EXECUTE FUNCTION slow()",
    )
    found: list[Answer] = []

    def write(edition: int, order: list[str]) -> None:
        found.extend(answers(table, Path(), [publication(edition, story=story) for story in order]))

    threads = [
        threading.Thread(target=write, args=(2, stories)),
        threading.Thread(target=write, args=(3, stories[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one in found if isinstance(one, Exception)] == []
    assert {row[2] for row in rows()} == {3}


def test_a_server_that_is_away_is_told_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_URL", "postgresql://desk:pa55@127.0.0.1:9/news?connect_timeout=2")
    with pytest.raises(Exception, match=r"127\.0\.0\.1") as caught:
        publish(TableDestination(kind="table", name="table", url_env="TABLE_URL"), publication())
    assert "pa55" not in str(caught.value)
