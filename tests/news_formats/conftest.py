"""The news formats are tried on the golden stories and on the laws' random ones, too: their folders are looked in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parent.parent / name) for name in ("read", "laws")]


@pytest.fixture(scope="session")
def faults(shared: Path) -> Callable[[str, str], list[str]]:
    """``faults(format, document)``: what IPTC's schemas, or ours for NITF and JSON-LD, find wrong with a document."""
    from news_checks import Checks

    checks = Checks(shared / "data" / "iptc")
    return checks.faults


@pytest.fixture(scope="session")
def tell(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from golden_stories import teller

    return teller(pipeline, tmp_path_factory.mktemp("golden"))
