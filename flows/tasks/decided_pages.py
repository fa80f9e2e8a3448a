"""The pages of a story that a person decided about: they show what the ledger has, not what cleaning alone came to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cleaners.write import BrokenRecord, before_after_markdown, cleaned_from, run_row, story_report
from flows.ledger import Outcome


def as_decided(outcome: Outcome, record: dict[str, Any]) -> Outcome:
    """``outcome`` with the record that the ledger has, and report and before/after made from it."""
    try:
        cleaned = cleaned_from(record)
    except BrokenRecord:
        return replace(outcome, record=record, row=run_row(record, 0.0))
    return replace(
        outcome,
        record=record,
        report=story_report(cleaned),
        artifact=before_after_markdown(cleaned),
        row=run_row(record, 0.0),
    )
