"""Lines that processes leave behind which may end at any moment."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def note(path: Path, line: dict[str, Any]) -> None:
    """Append a line in one write: it is there whole, also if this process ends at once."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
    finally:
        os.close(handle)


def noted(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
