"""Real CMSs: gigabytes that are installed once, and minutes that they run. So they run where they are asked for, by ``make cms-test``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CLEANCOPY_CMS_TEST") == "1":
        return
    asked_for = pytest.mark.skip(reason="starts a real CMS: make cms-test")
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(asked_for)
