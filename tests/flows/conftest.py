"""What the tests of the flows share: a ledger in each of the two databases that it may lie in, and a newsroom with a small Ghost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ghost_newsroom import KEY_ENV, Newsroom, configure, newsroom
from postgres_server import Postgres
from small_ghost import KEY, SmallGhost, small_ghost
from sqlalchemy import Engine

from flows.ledger import open_ledger
from flows.tasks.cleaning import WarmPool
from flows.tasks.workers import make_clean


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


@pytest.fixture(scope="module")
def ghost_pool(tmp_path_factory: pytest.TempPathFactory, config_dir: Path) -> Iterator[WarmPool]:
    config = configure(tmp_path_factory.mktemp("rules") / "config", config_dir, "http://127.0.0.1:9")
    with WarmPool(config, 1, 60, make_clean) as warm:
        yield warm


@pytest.fixture
def ghost() -> Iterator[SmallGhost]:
    with small_ghost() as running:
        yield running


@pytest.fixture
def ghost_room(
    ghost: SmallGhost,
    ghost_pool: WarmPool,
    tmp_path: Path,
    config_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Newsroom]:
    """A newsroom that cleans a small Ghost's own posts where they stand."""
    monkeypatch.setenv(KEY_ENV, KEY)
    with newsroom(tmp_path, configure(tmp_path / "config", config_dir, ghost.url), ghost_pool) as room:
        yield room
