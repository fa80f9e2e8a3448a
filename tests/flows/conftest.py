"""What the tests of the flows share: a ledger in each of the two databases that it may lie in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import Postgres, postgres_programs, running_postgres
from sqlalchemy import Engine

from flows.ledger import open_ledger


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL's server. Where it is not installed the test is skipped; in CI it fails."""
    programs = postgres_programs()
    if programs is None:
        reason = "needs PostgreSQL (Debian: apt-get install postgresql), which is not here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_postgres(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: a test that asks for it, or for ``ledger``, runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Engine]:
    engine = open_ledger(ledger_url)
    yield engine
    engine.dispose()
