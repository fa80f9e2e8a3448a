"""Publishing what the ledger owes: claim, do, mark as made; a destination that is down is left alone for a while."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from flows.destinations import Publication, Publisher, PublishError, Receipt, open_destination
from flows.ledger import DestinationsOf, Owed, claim_owed, failed, made
from flows.settings import Destination, Settings, Source, load_destinations, wanted_destinations

log = logging.getLogger("cleancopy.publishing")

BATCH = 50
"""Acts that are claimed and marked as made together."""


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

    def destinations_of(source: str, wish: tuple[str, ...] | None) -> tuple[str, ...]:
        if wish is None and source in sources:
            wish = sources[source].destinations
        return wanted_destinations(destinations, wish)

    return destinations_of


def publish_owed(
    engine: Engine,
    settings: Settings,
    owner: str,
    *,
    destinations: Mapping[str, Destination] | None = None,
    clock: Callable[[], datetime] = utc_now,
    jitter: Callable[[], float] = random.random,
) -> Published:
    """Do every act that is due now, at every enabled destination; ``destinations`` are those of the configuration.

    A destination that fails a whole batch is left for the next pass. What fails is written down with the time of its next
    attempt, and raises nothing.
    """
    if destinations is None:
        destinations = load_destinations(settings.config_dir)
    published = Published()
    for destination in destinations.values():
        if destination.enabled:
            published += _publish_at(engine, settings, owner, destination, clock, jitter)
    return published


def _publish_at(
    engine: Engine,
    settings: Settings,
    owner: str,
    destination: Destination,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> Published:
    published = Published()
    with ExitStack() as opened:
        publisher: Publisher | None = None
        while owed := claim_owed(engine, owner, now=clock(), limit=BATCH, destinations=[destination.name]):
            if publisher is None:
                try:
                    publisher = opened.enter_context(open_destination(destination, settings.data_dir))
                except Exception as error:
                    publisher = _always_fails(error)
            batch = _do(engine, owner, owed, publisher, clock, jitter)
            published += batch
            if not batch.made:
                break
    return published


def _do(
    engine: Engine,
    owner: str,
    owed: Sequence[Owed],
    publisher: Publisher,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> Published:
    done: list[Made] = []
    undone: list[NotMade] = []
    receipts: dict[int, Receipt] = {}
    for one in owed:
        try:
            receipt = publisher(_publication(one))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            retry_after = error.retry_after if isinstance(error, PublishError) else 0.0
            due = failed(engine, owner, one.id, said, clock(), retry_after=retry_after, jitter=jitter)
            log.warning("%s: %s of %s failed: %s", one.destination, one.act, one.story, said)
            undone.append(NotMade(one.story, one.destination, one.act, said, due))
        else:
            receipts[one.id] = receipt
            done.append(Made(one.story, one.destination, one.act, one.edition, receipt.did, receipt.where))
    if receipts:
        # After the acts, never before: a crash in between does them again, and again changes nothing.
        made(engine, owner, {act: receipt.as_json() for act, receipt in receipts.items()}, clock())
    return Published(tuple(done), tuple(undone))


def _publication(owed: Owed) -> Publication:
    return Publication(
        story=owed.story,
        act=owed.act,
        edition=owed.edition,
        revision=owed.revision,
        ledger=owed.ledger,
        idempotency_key=owed.idempotency_key,
        record=owed.record,
        rendered=owed.rendered,
        made_at=owed.made_at,
        previous=owed.previous,
    )


def _always_fails(error: Exception) -> Publisher:
    def publisher(publication: Publication) -> Receipt:
        raise PublishError(f"the destination cannot be opened: {error}") from error

    return publisher
