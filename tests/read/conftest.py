"""The golden stories, read and cleaned once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from golden_stories import Told, teller  # type: ignore[import-not-found]

from cleaners.pipeline import load_pipeline


@pytest.fixture(scope="session")
def tell(config_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Told]]:
    return teller(load_pipeline(config_dir), tmp_path_factory.mktemp("golden"))
