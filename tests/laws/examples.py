"""On how many examples a law is tried. What else is tried on random input has fewer: those of ``tests/conftest.py``."""

from __future__ import annotations

import os

from hypothesis import settings

LAW = settings(max_examples=5000 if os.environ.get("CI") == "true" else settings().max_examples)
