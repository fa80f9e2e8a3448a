"""What the tests of durability share: the shim, built once, and a folder in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durability import disk


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return disk.build(tmp_path_factory.mktemp("powerloss"))


@pytest.fixture
def quick() -> Iterator[Path]:
    with disk.quick_folder() as folder:
        yield Path(folder)
