"""Publishing what the ledger owes: claim, do, mark as made; a destination that is down is left alone for a while."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from flows.destinations import (
    Answer,
    Publication,
    Publisher,
    PublishError,
    Receipt,
    most_at_once,
    open_destination,
    remembers,
)
from flows.ledger import Act, DestinationsOf, Failure, Owed, WhereTo, claim_owed, due_acts, failed_each, made
from flows.ledger.receipts import reminders
from flows.settings import (
    CmsDestination,
    Destination,
    Settings,
    Source,
    load_destinations,
    wanted_destinations,
)

log = logging.getLogger("cleancopy.publishing")

LEASE_SECONDS = 600.0
"""For how long acts are claimed: twice as long as the slowest batch that a destination allows (``most_at_once``)."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """An act that a destination did. ``story`` is the key ``source:id``."""

    story: str
    destination: str
    act: str
    edition: int
    did: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotMade:
    """An attempt that failed; ``next_attempt_at`` is None when it was the last one."""

    story: str
    destination: str
    act: str
    error: str
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Published:
    """What one pass over the outbox did."""

    made: tuple[Made, ...] = ()
    not_made: tuple[NotMade, ...] = ()

    def __add__(self, other: Published) -> Published:
        return Published(self.made + other.made, self.not_made + other.not_made)


def by_source(destinations: Mapping[str, Destination], sources: Mapping[str, Source]) -> DestinationsOf:
    """Where a story goes: where its arrival wished it, else where its source says, else to the destinations of all."""

    def destinations_of(source: str, wish: tuple[str, ...] | None) -> WhereTo:
        known = sources.get(source)
        if known is not None and known.dry_run:
            return WhereTo(())
        if wish is None and known is not None:
            wish = known.destinations
        names = wanted_destinations(destinations, wish)
        return WhereTo(
            names,
            tuple(name for name in names if hears_of_holds(destinations[name])),
            tuple(name for name in names if is_in_place(destinations[name], source)),
        )

    return destinations_of


def hears_of_holds(destination: Destination) -> bool:
    """Whether a destination wants to hear that a story is held."""
    return bool(getattr(destination, "hears_of_holds", False))


def is_in_place(destination: Destination, source: str) -> bool:
    """Whether the stories of this source are cleaned where they stand, as posts of this destination's CMS."""
    return isinstance(destination, CmsDestination) and source in destination.in_place


def acts_for(destination: Destination) -> tuple[Act, ...]:
    """What is done at a destination: at one that is switched off nothing but taking down what was killed."""
    if not destination.enabled:
        return ("unpublish",)
    return ("unpublish", "publish", "hold") if hears_of_holds(destination) else ("unpublish", "publish")


def publish_owed(
    engine: Engine,
    settings: Settings,
    owner: str,
    *,
    destinations: Mapping[str, Destination] | None = None,
    clock: Callable[[], datetime] = utc_now,
    jitter: Callable[[], float] = random.random,
) -> Published:
    """Do every act that is due now; ``destinations`` are those of the configuration.

    What was killed is taken down first, everywhere, also where the destination is switched off. One that fails a whole batch is left for the next pass. What fails is written down with the time of its next
    attempt, and raises nothing.
    """
    if destinations is None:
        destinations = load_destinations(settings.config_dir)
    published = Published()
    due = due_acts(engine, clock())
    down = set()
    for destination in destinations.values():
        if (destination.name, "unpublish") not in due:
            continue
        withdrawn = _publish_at(engine, settings, owner, destination, ("unpublish",), clock, jitter)
        published += withdrawn
        if withdrawn.not_made and not withdrawn.made:
            down.add(destination.name)
    for destination in destinations.values():
        acts = acts_for(destination)
        if (
            destination.enabled
            and destination.name not in down
            and due & {(destination.name, act) for act in acts}
        ):
            published += _publish_at(engine, settings, owner, destination, acts, clock, jitter)
    return published


def _publish_at(
    engine: Engine,
    settings: Settings,
    owner: str,
    destination: Destination,
    acts: Sequence[Act],
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> Published:
    published = Published()
    most = most_at_once(destination)
    with ExitStack() as opened:
        publisher: Publisher | None = None
        while owed := claim_owed(
            engine,
            owner,
            now=clock(),
            limit=most,
            lease_seconds=LEASE_SECONDS,
            destinations=[destination.name],
            acts=acts,
        ):
            if publisher is None:
                try:
                    publisher = opened.enter_context(open_destination(destination, settings.data_dir))
                except Exception as error:
                    publisher = _always_fails(error)
            last = reminders(engine, owed, clock(), remembers=remembers(destination))
            batch = _do(engine, owner, owed, last, publisher, clock, jitter)
            published += batch
            if not batch.made or len(owed) < most:
                break
    return published


def _do(
    engine: Engine,
    owner: str,
    owed: Sequence[Owed],
    last: Mapping[int, Mapping[str, Any]],
    publisher: Publisher,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> Published:
    done: list[Made] = []
    receipts: dict[int, Receipt] = {}
    failures: dict[int, Failure] = {}
    answers = _answers(publisher, [_publication(one, last.get(one.id, {})) for one in owed])
    for one, answer in zip(owed, answers, strict=True):
        if isinstance(answer, Exception):
            said = f"{type(answer).__name__}: {answer}"
            failures[one.id] = (
                Failure(said, answer.retry_after, answer.final)
                if isinstance(answer, PublishError)
                else Failure(said)
            )
            log.warning("%s: %s of %s failed: %s", one.destination, one.act, one.story, said)
        else:
            receipts[one.id] = answer
            done.append(Made(one.story, one.destination, one.act, one.edition, answer.did, answer.where))
    if receipts:
        # After the acts, never before: a crash in between does them again, and again changes nothing.
        made(engine, owner, {act: receipt.as_json() for act, receipt in receipts.items()}, clock())
    due = failed_each(engine, owner, failures, clock(), jitter=jitter) if failures else {}
    undone = [
        NotMade(one.story, one.destination, one.act, failures[one.id].error, due[one.id])
        for one in owed
        if one.id in failures
    ]
    return Published(tuple(done), tuple(undone))


def _answers(publisher: Publisher, publications: Sequence[Publication]) -> Iterator[Answer]:
    """As many answers as there are publications, whatever the publisher does."""
    given = 0
    try:
        for answer in publisher(publications):
            given += 1
            yield answer
        error: Exception = PublishError("the destination gave no answer for this story")
    except Exception as raised:
        error = raised
    yield from [error] * (len(publications) - given)


def _publication(owed: Owed, last: Mapping[str, Any]) -> Publication:
    return Publication(
        story=owed.story,
        act=owed.act,
        edition=owed.edition,
        revision=owed.revision,
        ledger=owed.ledger,
        idempotency_key=owed.idempotency_key,
        record=owed.record,
        rendered=owed.rendered,
        last=last,
        made_at=owed.made_at,
        previous=owed.previous,
    )


def _always_fails(error: Exception) -> Publisher:
    said = PublishError(f"the destination cannot be opened: {error}")
    said.__cause__ = error
    return lambda publications: [said] * len(publications)
