"""Publishing what the ledger owes: claim, do, mark as made; a destination that is down is left alone for a while."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

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
from flows.destinations.client import Refused, Unanswered
from flows.ledger import Act, DestinationsOf, Failure, Owed, WhereTo, claim_owed, due_acts, failed_each, made
from flows.ledger.leases import release_acts
from flows.ledger.outbox import acts_wait, end_holds
from flows.ledger.put_back import newest_known
from flows.ledger.receipts import reminders
from flows.ledger.standing import Standing, came_back, let_rest, standings
from flows.settings import (
    CmsDestination,
    Destination,
    HttpDestination,
    Settings,
    Source,
    WebhookDestination,
    load_destinations,
    wanted_destinations,
)
from flows.tasks.owners import new_owner, present, release_the_dead

log = logging.getLogger("cleancopy.publishing")

LEASE_SECONDS = 600.0
"""For how long acts are claimed: twice as long as the slowest batch that a destination allows (``most_at_once``)."""
BATCH_SECONDS = 2.0
"""How long a batch should take: a kill waits for the end of the one that is under way."""
FIRST_BATCH = 10
"""Acts of the first batch at a server, of which nobody knows yet how quick it is."""
LOOK_SECONDS = 0.25
"""How often a pass looks for what became due at other destinations while it waits for a slow one."""

_OF_THE_STORY = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    DataError,
    IntegrityError,
)
"""What writing one story raises, however well the destination is."""


class NotOpened(PublishError):
    """The destination could not be opened: a variable that is not set, a database that is away."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """An act that a destination did, at this attempt. ``story`` is the key ``source:id``."""

    story: str
    destination: str
    act: str
    edition: int
    did: str
    where: tuple[str, ...]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class NotMade:
    """An attempt that failed; ``next_attempt_at`` is None when it was the last one."""

    story: str
    destination: str
    act: str
    error: str
    next_attempt_at: datetime | None
    attempt: int = 1


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


def is_server(destination: Destination) -> bool:
    """Whether it is asked for one story after the other, and may take its time for each."""
    return isinstance(destination, HttpDestination | WebhookDestination | CmsDestination)


def is_in_place(destination: Destination, source: str) -> bool:
    """Whether the stories of this source are cleaned where they stand, as posts of this destination's CMS."""
    return isinstance(destination, CmsDestination | HttpDestination) and source in destination.in_place


def acts_for(destination: Destination, *, rests: bool = False) -> tuple[Act, ...]:
    """What is done at a destination: at one that is switched off, or rests, nothing but taking down what was killed."""
    if not destination.enabled or rests:
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
    enough: Callable[[], bool] = lambda: False,
) -> Published:
    """Do every act that is due now; ``destinations`` are those of the configuration.

    Each destination is visited in a thread of its own, so that a slow one holds up nobody; what becomes due meanwhile is done, too.
    What was killed is taken down first, also where the destination is switched off or rests. One that fails a whole batch is left
    for the next pass (see ``flows.ledger.standing``). What fails is written down with the time of its next attempt, and raises
    nothing. Once ``enough()`` is true the batches under way are the last.
    """
    if destinations is None:
        destinations = load_destinations(settings.config_dir)
    visits: list[_Visit] = []
    left: set[str] = set()
    ended = Event()
    with ThreadPoolExecutor(max(1, len(destinations)), "publish") as pool:
        busy: dict[Future[_Visit], str] = {}
        try:
            while True:
                if enough():
                    ended.set()
                else:
                    due = _wanted(engine, destinations, clock())
                    for name in due.keys() - left - set(busy.values()):
                        visit = partial(_visit, engine, settings, owner, destinations[name], due[name])
                        # With the context: a run of Prefect takes what is logged for its own by it.
                        busy[pool.submit(copy_context().run, visit, clock, jitter, ended)] = name
                if not busy:
                    break
                for one in wait(busy, LOOK_SECONDS, FIRST_COMPLETED).done:
                    name = busy.pop(one)
                    visits.append(one.result())
                    if visits[-1].left:
                        left.add(name)
        finally:
            ended.set()
    return _told_in_order(visits, list(destinations))


def publish_due(
    engine: Engine,
    settings: Settings,
    *,
    destinations: Mapping[str, Destination] | None = None,
    clock: Callable[[], datetime] = utc_now,
    enough: Callable[[], bool] = lambda: False,
) -> Published:
    """One pass over the outbox by an owner of its own: ``publish_owed`` for who has no run. It holds nothing afterwards, however it ends."""
    owner = new_owner()
    with present(settings.data_dir, owner):
        release_the_dead(engine, settings.data_dir)
        try:
            return publish_owed(
                engine, settings, owner, destinations=destinations, clock=clock, enough=enough
            )
        except BaseException:
            with suppress(SQLAlchemyError):  # then whoever comes next gives it back
                release_acts(engine, owner)
            raise


def due_waits(engine: Engine, destinations: Mapping[str, Destination], now: datetime) -> bool:
    """Whether a pass is worth its while: an act is due, and nobody is at it, where something can be done for it now."""
    standing = standings(engine)
    others = [
        name for name, one in destinations.items() if one.enabled and not _rests(standing.get(name), now)
    ]
    return acts_wait(engine, now, list(destinations), others)


def told(published: Published) -> str:
    """What a pass did, in a line. Nothing: ""."""
    acts: list[Made | NotMade] = [*published.made, *published.not_made]
    again = sum(one.attempt > 1 for one in acts)
    total = len(acts)
    if not total:
        return ""
    given_up = sum(one.next_attempt_at is None for one in published.not_made)
    later = len(published.not_made) - given_up
    counts = ((len(published.made), "done"), (later, "not yet, will be tried again"), (given_up, "given up"))
    what = f"{total} {'act' if total == 1 else 'acts'} {'tried again' if again == total else 'that waited'}"
    return f"{what}: {', '.join(f'{count} {word}' for count, word in counts if count)}"


class _Visit(NamedTuple):
    """What was done at one destination; ``left``: there is no use in coming again in this pass."""

    made: list[Made]
    not_made: list[NotMade]
    left: bool


def _wanted(
    engine: Engine, destinations: Mapping[str, Destination], now: datetime
) -> dict[str, frozenset[Act]]:
    """The destinations at which something is due that may be done there now, and what. News that a destination does not want to hear
    any more ends here."""
    due = due_acts(engine, now)
    if deaf := [
        name for name, one in destinations.items() if (name, "hold") in due and not hears_of_holds(one)
    ]:
        end_holds(engine, deaf, now)
    standing = standings(engine) if due else {}
    wanted: dict[str, frozenset[Act]] = {}
    for name, destination in destinations.items():
        allowed = acts_for(destination, rests=_rests(standing.get(name), now))
        if acts := frozenset(act for act in allowed if (name, act) in due):
            wanted[name] = acts
    return wanted


def _rests(standing: Standing | None, now: datetime) -> bool:
    return standing is not None and standing.rests(now)


def _told_in_order(visits: Sequence[_Visit], names: Sequence[str]) -> Published:
    """Withdrawals first, and each destination's for itself, whoever was the quicker."""
    place = {name: number for number, name in enumerate(names)}

    def order(one: Made | NotMade) -> tuple[bool, int]:
        return one.act != "unpublish", place[one.destination]

    return Published(
        tuple(sorted((one for visit in visits for one in visit.made), key=order)),
        tuple(sorted((one for visit in visits for one in visit.not_made), key=order)),
    )


def _visit(
    engine: Engine,
    settings: Settings,
    owner: str,
    destination: Destination,
    due: frozenset[Act],
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    ended: Event,
) -> _Visit:
    """Do what is due at one destination, in batches of a moment: a kill that comes meanwhile is in the next one.

    Withdrawals have a batch of their own first: where it fails, nothing else is asked of the destination. One that was down is
    asked for one act before it is asked for more.
    """
    done = _Visit([], [], True)
    most = most_at_once(destination)
    size = min(most, FIRST_BATCH) if is_server(destination) else most
    kills_first = "unpublish" in due
    with ExitStack() as opened:
        publisher: Publisher | None = None
        while not ended.is_set():
            standing = standings(engine).get(destination.name)
            acts = acts_for(destination, rests=_rests(standing, clock()))
            kills_only = kills_first or acts == ("unpublish",)
            limit = 1 if standing is not None and not kills_only else size
            owed = claim_owed(
                engine,
                owner,
                now=clock(),
                limit=limit,
                lease_seconds=LEASE_SECONDS,
                destinations=[destination.name],
                acts=("unpublish",) if kills_only else acts,
            )
            if not owed:
                if kills_first and due != {"unpublish"}:
                    kills_first = False
                    continue
                return done._replace(left=not done.made)
            if publisher is None:
                try:
                    publisher = opened.enter_context(open_destination(destination, settings.data_dir))
                except Exception as error:
                    publisher = _always_fails(error)
            last = reminders(engine, owed, clock(), remembers=remembers(destination))
            began = time.monotonic()
            batch = _do(engine, owner, owed, last, publisher, clock, jitter)
            # As many the next time as it does in BATCH_SECONDS.
            size = max(1, min(most, int(len(owed) * BATCH_SECONDS / max(time.monotonic() - began, 1e-3))))
            done.made.extend(batch.made)
            done.not_made.extend(batch.not_made)
            if _judge(engine, destination.name, batch, standing, clock(), jitter):
                return done
            if len(owed) < limit and not kills_first and standing is None:
                return done._replace(left=False)
            kills_first = False
    return done


def _judge(
    engine: Engine,
    destination: str,
    batch: _Batch,
    standing: Standing | None,
    now: datetime,
    jitter: Callable[[], float],
) -> bool:
    """Write down how the destination stands after this batch; whether it is left alone now."""
    outages = [one for one in batch.failures if one.outage]
    # Only what a server asks for holds for all: the second look after a kill is a wait of that story alone.
    loudest = max(outages, key=lambda one: one.retry_after, default=None)
    if loudest and (loudest.retry_after > 0 or not batch.made):
        asked, said = loudest.retry_after, loudest.error
        found = let_rest(engine, destination, now, said, retry_after=asked, jitter=jitter)
        log.warning("%s is left alone until %s: %s", destination, f"{found.until:%H:%M:%S}", said)
        return True
    if not batch.made:
        return True
    if standing is not None:
        woken = came_back(engine, destination, now)
        log.info("%s answers again; %d acts that waited are due", destination, woken)
    return False


class _Batch(NamedTuple):
    made: list[Made]
    not_made: list[NotMade]
    failures: list[Failure]


def _do(
    engine: Engine,
    owner: str,
    owed: Sequence[Owed],
    last: Mapping[int, Mapping[str, Any]],
    publisher: Publisher,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> _Batch:
    done: list[Made] = []
    receipts: dict[int, Receipt] = {}
    failures: dict[int, Failure] = {}
    publications = [_publication(one, last.get(one.id, {})) for one in owed]
    answers = list(_answers(publisher, publications))
    refused = [one.id for one, answer in zip(owed, answers, strict=True) if _is_newer(answer)]
    ahead = newest_known(engine, refused) if refused else set()
    for one, answer in zip(owed, answers, strict=True):
        if one.id in ahead:
            # Marked as made, a kill would count as done while its story is in public.
            answer = PublishError(
                f"{one.destination} has a newer edition of this story than edition {one.edition}, the newest that this ledger knows there: "
                "the ledger was put back from a backup, or a copy of it publishes, too. Run cleancopy restore (without a file), then "
                "cleancopy outbox"
            )
        if isinstance(answer, Exception):
            failures[one.id] = failure = _failure(answer)
            if failure.tried:
                log.warning("%s: %s of %s failed: %s", one.destination, one.act, one.story, failure.error)
        else:
            receipts[one.id] = answer
            done.append(
                Made(one.story, one.destination, one.act, one.edition, answer.did, answer.where, one.attempts)
            )
    if receipts:
        # After the acts, never before: a crash in between does them again, and again changes nothing.
        made(engine, owner, {act: receipt.as_json() for act, receipt in receipts.items()}, clock())
    due = failed_each(engine, owner, failures, clock(), jitter=jitter) if failures else {}
    undone = [
        NotMade(one.story, one.destination, one.act, failures[one.id].error, due[one.id], one.attempts)
        for one in owed
        if one.id in due
    ]
    return _Batch(done, undone, list(failures.values()))


def _is_newer(answer: Answer) -> bool:
    return isinstance(answer, Receipt) and answer.did == "newer"


def _failure(error: Exception) -> Failure:
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, PublishError):
        return Failure(said, error.retry_after, error.final, error.tried, is_outage(error))
    return Failure(said, outage=is_outage(error))


def is_outage(error: Exception) -> bool:
    """Whether it is the destination that fails, for whatever story, and not this story that it refuses.

    No answer, 5xx, 429, a login that is not valid (401), a destination that cannot be opened, a disk that is full, a database that
    is away; not a 4xx of any other kind, nor a story that no writer can write.
    """
    if isinstance(error, Refused):
        return error.passing or error.status in (401, 407)
    if isinstance(error, PublishError):
        return isinstance(error, Unanswered | NotOpened) or not error.tried
    return not isinstance(error, _OF_THE_STORY)


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
    said = NotOpened(f"the destination cannot be opened: {error}")
    said.__cause__ = error
    return lambda publications: [said] * len(publications)
