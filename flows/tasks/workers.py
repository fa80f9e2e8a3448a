"""The work of a warm process: a row of the inbox in, its outcome out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from cleaners.read import UnreadableStory
from cleaners.write import before_after_markdown, html, markdown, record, run_row, story_report, text
from flows.ledger import InboxRow, Outcome
from flows.settings.tried_rules import load_tried_pipeline
from flows.tasks.reports import RUN_FROM_STORY

Clean: TypeAlias = Callable[[InboxRow, str | None], Outcome]
MakeClean: TypeAlias = Callable[[Path], Clean]


def make_clean(config_dir: Path) -> Clean:
    """The real cleaning function. Raises cleaners.rules.ConfigError."""
    pipeline = load_tried_pipeline(config_dir)

    def clean_one(row: InboxRow, problem: str | None = None) -> Outcome:
        started = time.perf_counter()
        try:
            cleaned = (
                pipeline.hold(row.raw, f"{problem}; clean it by hand") if problem else pipeline.clean(row.raw)
            )
        except UnreadableStory as error:
            return Outcome(row.id, row.raw.id, error=str(error), seconds=time.perf_counter() - started)
        made = record(cleaned)
        return Outcome(
            inbox_id=row.id,
            story_id=row.raw.id,
            record=made,
            report=story_report(cleaned, RUN_FROM_STORY),
            artifact=before_after_markdown(cleaned),
            rendered={"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)},
            # Here, where there are several processes: counting words is a tenth of what a drain does besides.
            row=run_row(made, 0.0),
            seconds=time.perf_counter() - started,
        )

    return clean_one
