"""What a destination is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Publication:
    """One act at one destination: publish this edition of a story, or take the story down.

    ``story`` is the story's key (``source:id``), the same in all its editions. Of two editions of one ``ledger`` the
    higher is the newer; editions of two ledgers cannot be compared. ``record`` is the JSON contract of a cleaned
    story, ``rendered`` the copy as ``html``, ``markdown`` and ``text``. ``made_at`` is when this edition was made, ``previous`` the edition
    that this destination published before.
    """

    story: str
    act: Literal["publish", "unpublish"]
    edition: int
    revision: int
    ledger: str
    idempotency_key: str
    record: Mapping[str, Any]
    rendered: Mapping[str, str]
    made_at: datetime | None = None
    previous: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a destination did, and where.

    ``wrote``, ``removed``, or ``newer``: it has a newer edition, and was left as it is.
    """

    did: Literal["wrote", "removed", "newer"]
    where: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"did": self.did, "where": list(self.where)}


class PublishError(RuntimeError):
    """The destination did not do it. ``retry_after``: the seconds that it asked to be left alone, if it did."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


Publisher = Callable[[Publication], Receipt]
"""Does one act. Doing it again changes nothing; an edition older than what is there is never written."""
