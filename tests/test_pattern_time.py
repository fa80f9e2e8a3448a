"""No pattern of cleancopy takes more than a moment for any line: one that backtracks through every way to split a word takes hours."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from time import process_time
from types import ModuleType

import pytest

import cleaners
import flows

_LETTERS = (
    "a",
    "A",
    "я",
    "Я",
    "é",
    "年",
    "1",
    " ",
    "\u00a0",
    "-",
    ".",
    ",",
    "'",
    "’",
    "|",
    "(",
    "[",
    "<",
    "&",
    '"',
    "/",
    ":",
    "#",
)
_WORDS = ("Ana ", "ana ", "Анна ", "Ana, ", "and Ana ", "12.", "1:1", "1.1.1", "a.b", "a@b.", "<a>", "<a ", "[x]", "x=1 ", "—, ", "..", "&amp;", "|a")  # fmt: skip
LINES = [start + piece * 70 + end for piece in (*_LETTERS, *_WORDS) for start in ("", "A", "1", "(", "<a") for end in ("", "!", "x", "1", " ", "\n")]  # fmt: skip


def modules() -> Iterator[str]:
    for package in (cleaners, flows):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Alembic alone runs the environment of the migrations; it has no pattern.
            if not found.name.endswith(("__main__", "migrations.env")):
                yield found.name


def patterns(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The module's own patterns by name, those in its tuples and dicts, too."""
    for name, value in vars(module).items():
        inside = (
            value.values()
            if isinstance(value, dict)
            else value
            if isinstance(value, (tuple, list))
            else (value,)
        )
        for one in inside:
            if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                yield name, one


def slow_for(pattern: re.Pattern[str], seconds: float) -> str | None:
    """The first line that takes the pattern longer than it may."""
    for line in LINES:
        began = process_time()
        pattern.search(line)
        pattern.fullmatch(line)
        if process_time() - began > seconds:
            return line
    return None


@pytest.mark.timeout(120)  # what takes hours is ended, and its module is named
@pytest.mark.parametrize("name", sorted(modules()))
def test_no_line_takes_long(name: str) -> None:
    slow = {
        of: line for of, pattern in patterns(importlib.import_module(name)) if (line := slow_for(pattern, 2))
    }
    assert slow == {}


def test_the_lines_find_a_pattern_that_splits_words_in_every_way() -> None:
    """The control: what stood in related_links ("Ilse Brandvik", with no need of a space between), with an end to its repeats."""
    assert slow_for(re.compile(r"(?:[^\W\d_a-z][\w.'’-]*(?: and | |, )?){2,5}"), 0.2) is not None
