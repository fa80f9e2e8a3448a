"""The contract of records as JSON Schema (2020-12): ``record.schema.json``, which is shipped with the package."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def record_schema() -> dict[str, Any]:
    """The schema of what ``record`` gives, every key described and no other allowed."""
    schema: dict[str, Any] = json.loads(record_schema_text())
    return schema


def record_schema_text() -> str:
    return files("cleaners.write").joinpath("record.schema.json").read_text("utf-8")
