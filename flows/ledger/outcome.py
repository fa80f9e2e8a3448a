"""What became of one story in a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of cleaning one inbox row; picklable, it comes back from a worker process.

    Either ``record`` (the JSON contract of a cleaned story) with its pages, or ``error`` in words for a person.
    ``report`` is the story's HTML report, ``artifact`` its before/after in Markdown, ``rendered`` the copy in the
    formats ``html``, ``markdown`` and ``text``.
    """

    inbox_id: int
    story_id: str
    record: dict[str, Any] | None = None
    report: str | None = None
    artifact: str | None = None
    rendered: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0
