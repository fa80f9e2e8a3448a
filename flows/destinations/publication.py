"""What a destination is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

PLACES = "places"
"""The ledger tells an unpublish by this name, in ``Publication.last``, where the story was published, by the receipts since it was last
taken down: the destination may have had another path or address then."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One act at one destination: publish this edition of a story, take the story down, or (where it ``hears_of_holds``) hear that
    an edition is held: then it publishes nothing, and takes nothing down.

    ``story`` is the story's key (``source:id``), the same in all its editions. Of two editions of one ``ledger`` the
    higher is the newer; editions of two ledgers cannot be compared. ``record`` is the JSON contract of a cleaned
    story, ``rendered`` the copy as ``html``, ``markdown`` and ``text``. ``made_at`` is when this edition was made,
    the same at every try; ``previous`` the edition that this destination published before.

    ``last`` is what this destination is to remember, as JSON values: the receipt of what it last did with the story (where it wants to
    be reminded); under CORRECTED the corrections that the edition before had, for an update; under SINCE_UNANSWERED, for an unpublish,
    how many seconds ago a publish was tried that the destination may be carrying out yet (see ``flows.ledger.receipts``); under PLACES,
    for an unpublish, where it was published.

    ``hold`` is given only to destinations that hear of holds; the others raise PublishError.
    """

    story: str
    act: Literal["publish", "unpublish", "hold"]
    edition: int
    revision: int
    ledger: str
    idempotency_key: str
    record: Mapping[str, Any]
    rendered: Mapping[str, str]
    made_at: datetime | None = None
    last: Mapping[str, Any] = field(default_factory=dict)
    previous: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a destination did, and where.

    ``wrote``, ``removed``, ``newer`` (it has a newer edition, and was left as it is), ``told`` (a subscriber has heard of
    it) or ``left`` (a subscriber does not want to hear of this; a CMS's own post stays as somebody else has saved it). ``kept`` is what
    the destination wants to be reminded of at its next act with the story (``Publication.last``), such as the ETag that a server gave.
    ``newer_there``: it was left because somebody has saved a version there that is to come by itself.
    """

    did: Literal["wrote", "removed", "newer", "told", "left"]
    where: tuple[str, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    newer_there: bool = False

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"did": self.did, "where": list(self.where)}
        told |= {"kept": dict(self.kept)} if self.kept else {}
        return told | ({"newer_there": True} if self.newer_there else {})


class PublishError(RuntimeError):
    """The destination did not do it.

    ``retry_after``: the seconds that it asked to be left alone, if it did. ``final``: it said that it never will (410).
    ``tried``: whether it was asked at all; what was not tried is no attempt.
    """

    def __init__(
        self, message: str, retry_after: float = 0.0, *, final: bool = False, tried: bool = True
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.final = final
        self.tried = tried


Answer: TypeAlias = Receipt | Exception

Publisher: TypeAlias = Callable[[Sequence[Publication]], Iterable[Answer]]
"""Does a batch of acts, and answers each in its order with a receipt or an error: a story that cannot be done fails alone.

Doing an act again changes nothing; an edition older than what is there is never written.
"""


def refuse_holds(publication: Publication) -> None:
    """Raises PublishError for a ``hold``: a destination that holds copy has nothing to do when a story is held."""
    if publication.act == "hold":
        raise PublishError("this destination does not hear of holds; only kind: webhook does")
