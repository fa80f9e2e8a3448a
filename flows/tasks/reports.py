"""A run's report on disk: ``index.html`` and a page for each story beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cleaners.write import RunRow, run_report
from flows.destinations.names import file_stem
from flows.ledger import Outcome

STORIES = "stories"
RUN_PAGE = "index.html"
RUN_FROM_STORY = f"../{RUN_PAGE}"
"""The way back from a story's page. Both ways are relative: the folder is opened from disk, and served."""


def run_name(started_at: datetime, owner: str) -> str:
    """A name for a run's folder: when, and by whom.

    >>> run_name(datetime(2026, 3, 3, 6, 10, 5), "desk/1")
    '20260303-061005-desk-1'
    """
    return f"{started_at:%Y%m%d-%H%M%S}-{re.sub(r'[^A-Za-z0-9]+', '-', owner)[-36:].strip('-')}"


def write_story_report(folder: Path, source: str, outcome: Outcome) -> str | None:
    """Write a story's page; its path relative to the run's report, or None where there is no page."""
    if outcome.report is None or outcome.record is None:
        return None
    stem = file_stem(f"{source}:{outcome.story_id}", outcome.record.get("headline"))
    # One run may clean two revisions of a story.
    name = f"{STORIES}/{stem}-{outcome.inbox_id}.html"
    _write(folder / name, outcome.report)
    return name


def write_run_report(folder: Path, rows: Iterable[RunRow], started_at: datetime, note: str | None) -> Path:
    """Write the run's page and give its path."""
    path = folder / RUN_PAGE
    when = f"{started_at:%Y-%m-%d %H:%M:%S} UTC"
    _write(path, run_report(rows, title="cleancopy run", when=when, note=note))
    return path


def _write(path: Path, page: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", errors="replace")
