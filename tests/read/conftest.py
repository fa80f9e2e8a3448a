"""The golden stories, read and cleaned once for all tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from golden_stories import Told, teller  # type: ignore[import-not-found]

from cleaners.pipeline import Pipeline


@pytest.fixture(scope="session")
def tell(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Told]]:
    return teller(pipeline, tmp_path_factory.mktemp("golden"))
