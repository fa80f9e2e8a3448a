"""Writers: cleaned stories as text, HTML, Markdown, JSON records and news formats, line decisions, and reports that people read."""

from cleaners.write.artifact import before_after_markdown
from cleaners.write.body_tree import safe_html
from cleaners.write.changes import Effect, Line, Piece, changes
from cleaners.write.decisions import decisions
from cleaners.write.edition import Edition, PubStatus, edition_of
from cleaners.write.html import html
from cleaners.write.json_ld import json_ld
from cleaners.write.markdown import markdown
from cleaners.write.newsml_g2 import NoMoment, newsml_g2
from cleaners.write.ninjs import ninjs
from cleaners.write.nitf import nitf
from cleaners.write.record import record
from cleaners.write.record_schema import record_schema, record_schema_text
from cleaners.write.recorded import BrokenRecord, cleaned_from
from cleaners.write.report import RunRow, run_report, run_row, story_report
from cleaners.write.run_list import ListedRun, run_list
from cleaners.write.text import text

__all__ = [
    "BrokenRecord",
    "Edition",
    "Effect",
    "Line",
    "ListedRun",
    "NoMoment",
    "Piece",
    "PubStatus",
    "RunRow",
    "before_after_markdown",
    "changes",
    "cleaned_from",
    "decisions",
    "edition_of",
    "html",
    "json_ld",
    "markdown",
    "newsml_g2",
    "ninjs",
    "nitf",
    "record",
    "record_schema",
    "record_schema_text",
    "run_list",
    "run_report",
    "run_row",
    "safe_html",
    "story_report",
    "text",
]
