"""What runs inside a worker process: load the cleaners once, then clean stories, each within its time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from cleaners.read import UnreadableStory
from cleaners.write import before_after_markdown, html, markdown, record, story_report, text
from flows.ledger import InboxRow, Outcome
from flows.settings.tried_rules import load_tried_pipeline

Clean: TypeAlias = Callable[[InboxRow], Outcome]
MakeClean: TypeAlias = Callable[[Path], Clean]
"""Makes the cleaning function from the configuration folder, once in each worker. Found by name there, so a plain function."""

# A worker's only state, set once when it starts: the pipeline cannot be pickled and costs too much to load for each story.
_clean: Clean | None = None
_why_not = "the worker was not started"
_story_seconds = 0.0


def make_clean(config_dir: Path) -> Clean:
    """The real cleaning function. Raises cleaners.rules.ConfigError."""
    pipeline = load_tried_pipeline(config_dir)

    def clean_one(row: InboxRow) -> Outcome:
        started = time.perf_counter()
        try:
            cleaned = pipeline.clean(row.raw)
        except UnreadableStory as error:
            return Outcome(row.id, row.raw.id, error=str(error), seconds=time.perf_counter() - started)
        return Outcome(
            inbox_id=row.id,
            story_id=row.raw.id,
            record=record(cleaned),
            report=story_report(cleaned),
            artifact=before_after_markdown(cleaned),
            rendered={"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)},
            seconds=time.perf_counter() - started,
        )

    return clean_one


def start(make: MakeClean, config_dir: Path, story_seconds: float) -> None:
    """The initializer of a worker. It never raises: the pool would only say that it is broken; ``ready`` tells why."""
    global _clean, _why_not, _story_seconds
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _story_seconds = story_seconds
    try:
        _clean = make(config_dir)
    except Exception as error:
        _why_not = str(error) or type(error).__name__


def ready() -> str | None:
    """None, or why the cleaners could not be loaded."""
    return None if _clean else _why_not


def clean_some(rows: Sequence[InboxRow]) -> list[Outcome]:
    """Clean rows one after the other; an exception is its story's error only."""
    return [_within_time(row) for row in rows]


def _within_time(row: InboxRow) -> Outcome:
    if _clean is None:
        raise RuntimeError(_why_not)
    started = time.perf_counter()
    _alarm(_story_seconds)
    try:
        return _clean(row)
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Outcome(row.id, row.raw.id, error=said, seconds=time.perf_counter() - started)
    finally:
        _alarm(0)


def _alarm(seconds: float) -> None:
    """End this process when the time is over: a parser that hangs in C code hears nothing else."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for good."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
