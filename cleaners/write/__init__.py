"""Writers: cleaned stories as text, HTML, Markdown, JSON records, line decisions, and reports that people read."""

from cleaners.write.artifact import before_after_markdown
from cleaners.write.changes import Effect, Line, Piece, changes
from cleaners.write.decisions import decisions
from cleaners.write.html import html
from cleaners.write.markdown import markdown
from cleaners.write.record import record
from cleaners.write.recorded import BrokenRecord, cleaned_from
from cleaners.write.report import RunRow, run_report, run_row, story_report
from cleaners.write.run_list import ListedRun, run_list
from cleaners.write.text import text

__all__ = [
    "BrokenRecord",
    "Effect",
    "Line",
    "ListedRun",
    "Piece",
    "RunRow",
    "before_after_markdown",
    "changes",
    "cleaned_from",
    "decisions",
    "html",
    "markdown",
    "record",
    "run_list",
    "run_report",
    "run_row",
    "story_report",
    "text",
]
