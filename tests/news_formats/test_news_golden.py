"""The news formats byte for byte: see ``news_golden.py``."""

from __future__ import annotations

import pytest
from news_golden import GOLDEN, documents  # type: ignore[import-not-found]

from cleaners.pipeline import Pipeline

NAMES = sorted(path.name for path in GOLDEN.iterdir())


@pytest.fixture(scope="module")
def written(pipeline: Pipeline) -> dict[str, str]:
    found: dict[str, str] = documents(pipeline)
    return found


def test_there_is_a_golden_document_for_each_and_no_other(written: dict[str, str]) -> None:
    assert sorted(written) == NAMES
    assert len(NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_the_golden_one(written: dict[str, str], name: str) -> None:
    assert written[name] == (GOLDEN / name).read_text("utf-8")
