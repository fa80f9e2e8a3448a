"""An old ledger opens, is brought up to date, and loses nothing: a real one of schema 1, on both databases."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from newsroom import later
from postgres_server import Postgres
from sqlalchemy import Engine, create_engine, func, insert, inspect, select, text, update
from sqlalchemy.engine import make_url

from flows.ledger import claim, claim_owed, ledger_id, look_at_story, made, open_ledger, outbox_counts
from flows.ledger.opening import WrongLedger
from flows.ledger.owing import open_kills, owing
from flows.ledger.tables import DECISIONS, META, METADATA, PUBLICATIONS, SCHEMA
from flows.settings.databases import with_driver

OLD = Path(__file__).parent / "ledgers"
A_DAY_LATER = later(2 * 86_400)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a ledger of schema 1: as of the days before there were migrations."""
    if request.param == "sqlite":
        connection = sqlite3.connect(tmp_path / "old.sqlite")
        connection.executescript((OLD / "schema-1-sqlite.sql").read_text())
        connection.close()
        return f"sqlite:///{tmp_path / 'old.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    url = server.database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((OLD / "schema-1-postgresql.sql").read_bytes())
    return url


@pytest.fixture
def old(old_url: str) -> Iterator[Engine]:
    """The old ledger's database, looked at from outside: nothing is migrated."""
    engine = create_engine(make_url(with_driver(old_url)))
    yield engine
    engine.dispose()


def rows_of(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the ledger, by table, as it is stored, without what a migration is to change."""
    found = {}
    with engine.connect() as connection:
        for name in METADATA.tables:
            new = {"not_before"} if name == "publications" else set()
            columns = [one.name for one in METADATA.tables[name].columns if one.name not in new]
            order = ", ".join(
                f'"{one}"' for one in [key.name for key in METADATA.tables[name].primary_key.columns]
            )
            where = {
                "meta": " WHERE key <> 'schema'",
                "publications": " WHERE NOT (act = 'unpublish' AND destination = 'table')",
            }
            names = ", ".join(f'"{one}"' for one in columns)
            query = f'SELECT {names} FROM "{name}"{where.get(name, "")} ORDER BY {order}'
            found[name] = [tuple(map(str, row)) for row in connection.execute(text(query))]
    return found


def schema(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(select(META.c.value).where(META.c.key == "schema")).scalar())


def test_every_row_is_there(old: Engine, old_url: str) -> None:
    before = rows_of(old)
    assert sum(map(len, before.values())) > 60
    ledger = open_ledger(old_url)
    assert rows_of(ledger) == before
    assert schema(ledger) == SCHEMA
    ledger.dispose()


def indexes(engine: Engine) -> set[str]:
    """Every index as the database itself writes it."""
    queries = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    with engine.connect() as connection:
        return {row[0] for row in connection.execute(text(queries[engine.dialect.name]))}


def columns(engine: Engine) -> set[tuple[object, ...]]:
    """Every column, key and constraint."""
    with engine.connect() as connection:
        look = inspect(connection)
        names = [name for name in look.get_table_names() if name != "alembic_version"]
        found = {
            (name, one["name"], str(one["type"]), one["nullable"])
            for name in names
            for one in look.get_columns(name)
        }
        found |= {(name, str(look.get_pk_constraint(name))) for name in names}
        found |= {(name, str(one)) for name in names for one in look.get_unique_constraints(name)}
        return found | {(name, str(one)) for name in names for one in look.get_foreign_keys(name)}


def test_a_migrated_ledger_is_as_a_new_one(
    old_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    new_url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    if old_url.startswith("postgresql"):
        new_url = request.getfixturevalue("postgres").database()
    migrated, new = open_ledger(old_url), open_ledger(new_url)
    assert columns(migrated) == columns(new)
    assert {one for one in indexes(migrated) if "alembic_version" not in one} == indexes(new)
    migrated.dispose()
    new.dispose()


def test_work_goes_on_where_it_was_left(old_url: str) -> None:
    ledger = open_ledger(old_url)
    # What was owed; with the kill that had been given up, and was not done.
    assert outbox_counts(ledger) == {"owed": 6, "made": 8, "overtaken": 0, "failed": 0}
    [kill] = open_kills(ledger, A_DAY_LATER)
    assert (kill.story, kill.destination) == ("desk:harbour", "table")
    acts = claim_owed(ledger, "me", now=A_DAY_LATER)
    assert (acts[0].act, acts[0].story) == ("unpublish", "desk:harbour")
    assert {act.record["text"] for act in acts if act.story == "desk:lighthouse"} == {"HOLD HOLD HOLD"}
    assert made(ledger, "me", {act.id: {} for act in acts}, A_DAY_LATER) == 6
    assert [row.raw.id for row in claim(ledger, "me", now=A_DAY_LATER)] == ["buoy"]
    # What was held stays held, also where today's cleancopy would wait for the embargo's end by itself.
    assert look_at_story(ledger, "desk", "mole", A_DAY_LATER).verdict == "hold"
    with ledger.connect() as connection:
        assert connection.execute(select(DECISIONS.c.who)).scalars().all() == ["Ida Holm"]
    ledger.dispose()


def test_new_rows_get_new_numbers(old_url: str) -> None:
    """PostgreSQL's sequences came along."""
    ledger = open_ledger(old_url)
    with ledger.begin() as connection:
        highest = connection.execute(select(func.max(PUBLICATIONS.c.id))).scalar_one()
        row = dict(connection.execute(select(PUBLICATIONS).limit(1)).mappings().one())
        fresh = row | {"edition": 99, "idempotency_key": "x" * 64, "state": "owed"}
        del fresh["id"]
        made_id = connection.execute(
            insert(PUBLICATIONS).values(fresh).returning(PUBLICATIONS.c.id)
        ).scalar_one()
    assert made_id > highest
    ledger.dispose()


def test_a_ledger_without_the_tables_that_came_later_gets_them(old: Engine, old_url: str) -> None:
    """Tables were added while the number stayed 1; such a ledger lacks them."""
    with old.begin() as connection:
        for name in ("sightings", "identities", "followed", "hosts", "watched", "decisions"):
            connection.execute(text(f"DROP TABLE {name}"))
    ledger = open_ledger(old_url)
    with ledger.connect() as connection:
        assert set(METADATA.tables) <= set(inspect(connection).get_table_names())
    ledger.dispose()


def test_programs_that_open_it_together_migrate_it_once(old_url: str) -> None:
    names: list[str] = []
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            ledger = open_ledger(old_url)
            names.append(ledger_id(ledger))
            ledger.dispose()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(names)) == 1
    assert len(names) == 4


KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event

@event.listens_for(Engine, "after_cursor_execute")
def _(connection, cursor, statement, parameters, context, executemany):
    if sys.argv[2] in statement:
        os.kill(os.getpid(), signal.SIGKILL)

from flows.ledger import open_ledger
open_ledger(sys.argv[1])
"""


@pytest.mark.parametrize("at", ["ADD COLUMN", "CREATE INDEX ix_publications_owed", "UPDATE meta"])
def test_a_migration_that_is_killed_leaves_the_old_ledger(old: Engine, old_url: str, at: str) -> None:
    before = rows_of(old)
    old.dispose()
    done = subprocess.run([sys.executable, "-c", KILLED, old_url, at], check=False, timeout=60)
    assert done.returncode == -9
    assert schema(old) == "1"
    with old.connect() as connection:
        assert "not_before" not in {one["name"] for one in inspect(connection).get_columns("publications")}
        assert not inspect(connection).has_table("alembic_version")
    assert rows_of(old) == before
    ledger = open_ledger(old_url)
    assert (schema(ledger), rows_of(ledger)) == (SCHEMA, before)
    ledger.dispose()


@pytest.mark.parametrize(
    ("found", "words"), [("3", "a newer version"), ("99", "a newer version"), ("x", "another version")]
)
def test_a_ledger_of_another_version_is_refused_and_left_alone(
    ledger_url: str, found: str, words: str
) -> None:
    ledger = open_ledger(ledger_url)
    with ledger.begin() as connection:
        connection.execute(update(META).where(META.c.key == "schema").values(value=found))
    with pytest.raises(WrongLedger, match=words):
        open_ledger(ledger_url)
    assert schema(ledger) == found
    ledger.dispose()


def test_a_ledger_of_today_is_opened_without_alembic_and_without_writing(ledger_url: str) -> None:
    open_ledger(ledger_url).dispose()
    program = (
        "import sys\n"
        "from sqlalchemy import Engine, event\n"
        "said = []\n"
        "event.listen(Engine, 'after_cursor_execute', lambda c, cursor, statement, *_: said.append(statement))\n"
        "from flows.ledger import open_ledger\n"
        "open_ledger(sys.argv[1]).dispose()\n"
        "assert 'alembic' not in sys.modules\n"
        "changes = [one for one in said if one.split()[0] in ('CREATE', 'INSERT', 'UPDATE', 'ALTER', 'DELETE')]\n"
        "assert changes == [], changes\n"
    )
    subprocess.run([sys.executable, "-c", program, ledger_url], check=True, timeout=60)


def test_a_ledger_of_today_opens_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    open_ledger(url).dispose()
    began = time.perf_counter()
    for _ in range(20):
        open_ledger(url).dispose()
    assert (time.perf_counter() - began) / 20 < 0.1


def test_the_list_of_what_is_owed_reads_an_old_ledger(old_url: str) -> None:
    ledger = open_ledger(old_url)
    lines = owing(ledger, later(3 * 3600 * 24))
    assert [line.act for line in lines] == ["unpublish"] + ["publish"] * 5
    ledger.dispose()
