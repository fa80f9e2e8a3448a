"""What is said to the person at the terminal: messages on stderr, reports on stdout."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import NoReturn

import typer
from rich.console import Console

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

WIDTH = 140
PATIENCE = 1.0
"""Seconds of work after which a progress bar appears."""


def stdout() -> Console:
    """Where reports go. In a file or a pipe they are wide: nobody's terminal sets their width."""
    # Without emoji: "cms:ferry: held" came out as "cms⛴ held".
    console = Console(emoji=False)
    return console if console.is_terminal else Console(width=WIDTH, emoji=False)


def stderr() -> Console:
    return Console(stderr=True, emoji=False)


def say(message: str, style: str | None = None) -> None:
    """One message on stderr, never wrapped or coloured by its words."""
    stderr().print(printable(message), style=style, markup=False, highlight=False, soft_wrap=True)


def stop(message: str, code: int = 2) -> NoReturn:
    """Say why there is no going on, and leave."""
    say(message, "red")
    raise typer.Exit(code)


def printable(text: str) -> str:
    """The text without the control characters that would steer the terminal; line breaks and tabs stay.

    >>> printable("clean\\x1b[2Jcopy")
    'clean�[2Jcopy'
    """
    return _CONTROL.sub("�", text)


def command(arguments: str) -> str:
    """How to call cleancopy from here: what a person should type next.

    In a checkout that is ``uv run cleancopy …``, or the program in ``.venv`` where the machine has no uv of its own.
    """
    program = Path(sys.argv[0])
    if "VIRTUAL_ENV" in os.environ or program.parent == Path(".venv/bin") or ".venv" in program.parts:
        called = "uv run cleancopy" if shutil.which("uv") else ".venv/bin/cleancopy"
    else:
        called = "cleancopy"
    return f"{called} {arguments}"


@contextmanager
def progress(what: str, total: int, wanted: bool) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for long work, which appears after a second. Gives a function that advances it.

    It is shown only where ``wanted`` and where stderr is a terminal.
    """
    console = stderr()
    if not (wanted and console.is_terminal):
        yield lambda _: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(what),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[done]} stories"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task(what, total=total or None, done=0)
    began, shown, done = monotonic(), False, 0

    def advance(amount: int) -> None:
        nonlocal shown, done
        done += 1
        bar.update(task, advance=amount, done=done)
        if not shown and monotonic() - began > PATIENCE:
            bar.start()
            shown = True

    try:
        yield advance
    finally:
        if shown:
            bar.stop()
