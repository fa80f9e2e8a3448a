"""``cleancopy doctor`` asks PostgreSQL whether what it has taken survives a power cut."""

from __future__ import annotations

from pathlib import Path

import psycopg
from newsroom import small_settings
from postgres_server import Postgres

from flows.cli.doctor import State, _ledger


def test_doctor_warns_of_a_server_that_does_not_sync(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.database()
    settings = small_settings(tmp_path, ledger_url=url)
    # The tests' server is quick and forgets.
    warnings = [finding.said for finding in _ledger(settings) if finding.state is State.warn]
    assert [said.partition(" ")[0] for said in warnings] == [
        "fsync",
        "full_page_writes",
        "synchronous_commit",
    ]
    assert "take back what was answered 202" in warnings[-1]

    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{connection.info.dbname}" SET synchronous_commit = local')
    warnings = [finding.said for finding in _ledger(settings) if finding.state is State.warn]
    assert [said.partition(" ")[0] for said in warnings] == ["fsync", "full_page_writes"]
