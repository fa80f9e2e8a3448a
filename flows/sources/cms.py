"""What a CMS says of its stories when it is asked: one shape for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cleaners.model import Fields, Raw
from cleaners.read.wire import status_line

NAMELESS = "?"
"""The id of a story that has none."""


class Post(NamedTuple):
    """One story at its CMS: either ``raw``, or what is wrong with it. ``public``: a reader of the site can see it."""

    id: str
    modified: datetime | None
    raw: Raw | None
    problem: str | None = None
    public: bool = True


class Page(NamedTuple):
    """One answer. ``more``: another one follows it. ``next`` is how a generic list names that."""

    posts: tuple[Post, ...]
    more: bool
    next: str | None = None


class BrokenAnswer(ValueError):
    """JSON that is not what this interface answers with."""


def withdrawn(id: str, publisher: str | None, language: str | None, updated: str | None = None) -> Raw:
    """A story that its CMS does not show any more: a kill, in the words of ninjs. ``updated`` is when its CMS says that this was."""
    return Raw(
        id=id,
        form="text",
        content="",
        ednote=status_line("canceled"),
        publisher=publisher,
        language=language,
        given=Fields(updated=updated) if updated else None,
    )


def moment_of(value: object) -> datetime | None:
    """A time as a CMS writes it: ISO 8601, or seconds since 1970. Without a zone it is UTC.

    >>> moment_of("2026-03-03T06:10:00.000Z"), moment_of("2026-03-03 06:10:00")
    (datetime.datetime(2026, 3, 3, 6, 10, tzinfo=datetime.timezone.utc), datetime.datetime(2026, 3, 3, 6, 10, tzinfo=datetime.timezone.utc))
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        if not isinstance(value, str) or not value.strip():
            return None
        moment = datetime.fromisoformat(value.strip())
    except (ValueError, OverflowError, OSError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def text_at(item: Mapping[str, Any], *steps: str) -> str | None:
    """The text at these steps; None where there is none."""
    value: Any = item
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value.strip() or None if isinstance(value, str) else None


def identity(item: Mapping[str, Any]) -> str | None:
    """The CMS's own id of a story, as text."""
    found = item.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found.strip() or None if isinstance(found, str) else None
