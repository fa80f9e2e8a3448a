"""What a CMS must be able to do so that stories can be published there, and how it tells what it holds.

A connector (generic HTTP is one) is a ``Remote``; the order in which its acts are done, so that nothing is published twice
and nothing old over new, stands in ``flows.destinations.conditional`` for those whose writes depend on a version, and in
``flows.destinations.drafts`` for those that have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flows.destinations.client import Answered, Refused
from flows.destinations.publication import Publication, PublishError

MARK = "_cleancopy"
"""The field of a JSON story that says which publication it is. A server that gives it back lets us know our own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Which of our publications a story in a CMS is."""

    key: str
    edition: int
    ledger: str

    def is_newer_than(self, publication: Publication) -> bool:
        return self.ledger == publication.ledger and self.edition > publication.edition


@dataclass(frozen=True, slots=True)
class Found:
    """A story as it stands in a CMS.

    ``id`` and ``where`` are the CMS's own name and address for it. ``mark`` is None where the CMS does not say whose
    writing it is. ``version`` is what a write can be made to depend on: an ETag, a time of change; None: there is none.
    ``digest`` is of what it holds, where it gives back what it was given.
    """

    id: str
    where: str
    public: bool = True
    mark: Mark | None = None
    version: str | None = None
    digest: str | None = None


class Conflict(PublishError):
    """The story is not there in the version that the write was meant for."""


class Remote(Protocol):
    """A CMS. Each call is one act there, and raises PublishError where it is refused or not answered.

    Not answered may mean done: ``find`` tells. Nothing here waits or tries again; the outbox does.

    ``leaves_notes``: a story is taken down by a note in its place, which ``create`` and ``unpublish`` write for an act of
    that kind. Then a late create finds the place taken.
    """

    leaves_notes: bool

    def find(self, publication: Publication) -> Sequence[Found]:
        """All that the CMS holds under the story's key, drafts included."""
        ...

    def create(self, publication: Publication) -> Found:
        """A new story, or draft where the CMS has drafts. Raises Conflict where it can tell that there is one."""
        ...

    def update(self, found: Found, publication: Publication) -> Found:
        """Replace it, if it still is in ``found.version``. Raises Conflict."""
        ...

    def publish(self, found: Found, publication: Publication) -> Found:
        """Make a draft public; a CMS without drafts has nothing to do. Raises Conflict where the draft is gone."""
        ...

    def unpublish(self, found: Found, publication: Publication) -> None:
        """Take it down, if it still is in ``found.version``; what is gone is down. Raises Conflict."""
        ...


def mark_of(publication: Publication) -> dict[str, Any]:
    """What is written into a story's ``_cleancopy``."""
    return {
        "story": publication.story,
        "edition": publication.edition,
        "revision": publication.revision,
        "ledger": publication.ledger,
        "idempotency_key": publication.idempotency_key,
    }


def read_mark(story: object) -> Mark | None:
    """The mark in a story as a CMS gives it back.

    >>> read_mark({"_cleancopy": {"idempotency_key": "k", "edition": 2, "ledger": "l"}})
    Mark(key='k', edition=2, ledger='l')
    >>> read_mark({"headline": "Ferry"}), read_mark("<html>")
    (None, None)
    """
    mark = story.get(MARK) if isinstance(story, Mapping) else None
    if not isinstance(mark, Mapping):
        return None
    key, edition, ledger = (mark.get(name) for name in ("idempotency_key", "edition", "ledger"))
    if not (isinstance(key, str) and isinstance(edition, int) and isinstance(ledger, str)):
        return None
    return Mark(key, edition, ledger)


def with_conflicts(ask: Callable[[], Answered], statuses: Sequence[int] = (409, 412)) -> Answered:
    """The answer. Raises Conflict where it is one of the ``statuses``."""
    try:
        return ask()
    except Refused as refused:
        if refused.status in statuses:
            raise Conflict(str(refused)) from refused
        raise
