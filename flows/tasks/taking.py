"""What a look at a source brings, and the step into the ledger's inbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import Engine

from flows.ledger import Arrival, receive


class SourceDown(RuntimeError):
    """A source that could not be looked at.

    ``again_at``: the ledger knows when it is to be looked at again. Without it, looking again soon is worth it, if the reason is
    ``passing``: a package that is missing does not come by waiting.
    """

    def __init__(self, message: str, again_at: datetime | None = None, passing: bool = True) -> None:
        super().__init__(message)
        self.again_at = again_at
        self.passing = passing

    def __reduce__(self) -> tuple[type[SourceDown], tuple[str, datetime | None, bool]]:
        return SourceDown, (str(self), self.again_at, self.passing)


@dataclass(frozen=True, slots=True)
class Intake:
    """What one look at sources brought.

    ``ids`` are new rows of the inbox; ``known`` are those in which the others had come before. Sentences for people: ``problems``
    about what could not be taken in, ``gone`` about stories that have vanished at their source (nothing is deleted because of it, unless the source itself says so),
    ``back`` about those that are there again, ``skipped`` about addresses that were not asked now, for the log.
    """

    ids: tuple[int, ...] = ()
    known: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def __add__(self, other: Intake) -> Intake:
        return Intake(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Intake)}
        )


def take(engine: Engine, arrivals: Iterable[Arrival], owner: str | None = None) -> Intake:
    """Put arrivals into the inbox, for anybody to clean or for ``owner``."""
    received = receive(engine, arrivals, datetime.now(UTC), owner=owner)
    return Intake(ids=received.ids, known=received.duplicates)
