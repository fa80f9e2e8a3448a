"""What became of one story in a worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cleaners.write import RunRow

# What a reader gets. The explanation (removed, reasons, ruleset) is not part of it: a new rule that
# changes no word of a story publishes nothing.
_COPY_KEYS = (
    "id",
    "url",
    "publisher",
    "headline",
    "standfirst",
    "section",
    "byline",
    "published",
    "language",
    "pictures",
    "text",
    "html",
)
# What only the news formats and the record say. Where there is none of it, the hash is what it was before they were.
_MORE_KEYS = ("authors", "agency", "updated", "tags", "canonical", "site", "rights", "paywalled", "ednote")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of cleaning one inbox row; picklable, it comes back from a worker process.

    Either ``record`` (the JSON contract of a cleaned story) with its pages, or ``error`` in words for a person.
    ``report`` is the story's HTML report, ``artifact`` its before/after in Markdown, ``rendered`` the copy in the
    formats ``html``, ``markdown`` and ``text``. ``row`` is its row in the run's report, but for what only the run knows.
    """

    inbox_id: int
    story_id: str
    record: dict[str, Any] | None = None
    report: str | None = None
    artifact: str | None = None
    rendered: Mapping[str, str] = field(default_factory=dict)
    row: RunRow | None = None
    error: str | None = None
    seconds: float = 0.0


def content_hash(outcome: Outcome) -> str:
    """The hash of what a reader of the copy gets, in whatever format: a corrected rights notice is published, too."""
    record = outcome.record or {}
    copy = {key: record.get(key) for key in _COPY_KEYS}
    copy |= {key: value for key in _MORE_KEYS if (value := record.get(key)) not in (None, [], "")}
    content = [copy, dict(outcome.rendered)]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
