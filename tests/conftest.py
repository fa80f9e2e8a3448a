"""What all tests share: how hard hypothesis looks, and the way to ../shared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from cleaners.pipeline import Pipeline, load_pipeline

if TYPE_CHECKING:
    from tests.flows.postgres_server import Postgres

ROOT = Path(__file__).resolve().parent.parent
# Doctests are looked for in every module, and several conftest.py cannot be imported under their one name.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

# The examples of the shipped rules are tried once for all tests, and not in the cache of whoever runs them.
os.environ.setdefault("CLEANCOPY_CACHE", str(ROOT / ".pytest_cache" / "cleancopy"))

IN_CI = os.environ.get("CI") == "true"

_SLOW_MACHINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("local", max_examples=200, **_SLOW_MACHINE)
settings.register_profile("ci", max_examples=1000, **_SLOW_MACHINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "local"))


LONGEST = (
    "test_floors.py",
    "test_matcher.py",
    "test_laws.py",
    "test_undo_laws.py",
    "test_ledger_laws.py",
    "test_crash_harness.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes goes first: begun last, it kept one worker busy while the other had nothing to do."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared with the seed and the benchmarks. Where it is absent the test is skipped; in CI it fails."""
    folder = ROOT.parent / "shared"
    if folder.is_dir():
        return folder
    reason = f"needs {folder} (seed and benchmarks), which is not here"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL's server. Where it is not installed the test is skipped; in CI it fails."""
    from tests.flows.postgres_server import postgres_programs, running_postgres

    programs = postgres_programs()
    if programs is None:
        reason = "needs PostgreSQL (Debian: apt-get install postgresql), which is not here"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    with running_postgres(programs) as server:
        yield server


@pytest.fixture(scope="session")
def config_dir() -> Path:
    """The configuration that ships with cleancopy."""
    return ROOT / "config"


@pytest.fixture(scope="session")
def pipeline(config_dir: Path) -> Pipeline:
    """The shipped pipeline, loaded once for all tests of a process: that takes seconds, and nothing is changed by using it (law 10)."""
    return load_pipeline(config_dir)
