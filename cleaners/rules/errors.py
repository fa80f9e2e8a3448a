"""What is wrong in a configuration file: where it stands, what it is, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """A place in a file: its name, and line and column counted from 1."""

    file: str
    line: int
    column: int


class ConfigError(Exception):
    """A fault in a configuration file. ``str()`` is ``file:line:column: message. hint``."""

    def __init__(self, file: str, line: int, column: int, message: str, hint: str = "") -> None:
        super().__init__(file, line, column, message, hint)
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        tail = f". {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"

    @property
    def place(self) -> Place:
        return Place(self.file, self.line, self.column)


def error_at(place: Place, message: str, hint: str = "") -> ConfigError:
    return ConfigError(place.file, place.line, place.column, message, hint)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for a misspelt name: the nearest known one, else all of them when they are few.

    >>> did_you_mean("lnie", ["line", "starts"])
    'Did you mean line?'
    >>> did_you_mean("zzz", ["line", "starts"])
    'Write one of: line, starts'
    """
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not near:  # "Months" for "months", "published-undefined" for "english/published-undefined"
        lowered = name.lower()
        near = [other for other in names if other.lower() == lowered or other.endswith("/" + lowered)][:1]
    if near:
        return f"Did you mean {near[0]}?"
    return f"Write one of: {', '.join(names)}" if 0 < len(names) <= 40 else ""
