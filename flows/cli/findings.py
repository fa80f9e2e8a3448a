"""What ``cleancopy doctor`` finds: how it is, of what, and in words."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class State(Enum):
    ok = ("✔", "green")
    warn = ("!", "yellow")
    fail = ("✘", "red")


class Finding(NamedTuple):
    state: State
    what: str
    said: str
