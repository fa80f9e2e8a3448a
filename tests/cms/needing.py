"""A real CMS that cannot be had: the tests are skipped with a sentence; with CLEANCOPY_CMS_TEST=1 (``make cms-test``) they fail."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

MUST_RUN = os.environ.get("CLEANCOPY_CMS_TEST") == "1"


def cannot(reason: object) -> NoReturn:
    """Skip, or fail where these tests must run."""
    if MUST_RUN:
        pytest.fail(str(reason))
    pytest.skip(f"{reason} (make cms-test)")
