"""Publishers that are built wrong on purpose: what the harness is worth is told by whether it catches them.

They claim and mark as the product does, and differ in one thing each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine, false, select, text

from flows.ledger import Owed
from flows.ledger.tables import PUBLICATIONS
from flows.settings import Settings, load_destinations
from flows.tasks import publishing
from tests.chaos.places import documents_engine
from tests.chaos.points import replace_function

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Wrong:
    """``finds``: what the judge must find more than none of (see judge.Judged). ``publish``: what it does instead of the product;
    None: it is the product, at a place that it must not be used with. ``places``: where it publishes. ``rooms``: of which of the
    points it is killed at. ``sleepy``: it takes one that falls asleep, and not one that is killed, to show the fault.
    """

    says: str
    finds: str
    publish: Callable[[Engine, Settings, str, Clock], None] | None
    places: Literal["documents", "files", "no versions"]
    rooms: tuple[str, ...]
    sleepy: bool = False


def _no_key(engine: Engine, settings: Settings, owner: str, clock: Clock) -> None:
    """A new document for a story's first edition; its number is in the receipt of what was made before."""
    for one in _claim(engine, owner, clock, "documents"):
        number = write(settings, one, _last_number(engine, one))
        publishing.made(engine, owner, {one.id: {"number": number}}, clock())


def _made_first(engine: Engine, settings: Settings, owner: str, clock: Clock) -> None:
    for destination in load_destinations(settings.config_dir).values():
        if owed := _claim(engine, owner, clock, destination.name):
            publishing.made(engine, owner, {one.id: {} for one in owed}, clock())
            with publishing.open_destination(destination, settings.data_dir) as publisher:
                list(publisher([publishing._publication(one, {}) for one in owed]))


def _old_over_new(engine: Engine, settings: Settings, owner: str, clock: Clock) -> None:
    """One document a story, found by its name; but a newer edition does not wait for an older one that is under way."""
    replace_function("flows.ledger.outbox._older_first", lambda real: lambda now: false())
    for one in _claim(engine, owner, clock, "documents"):
        write(settings, one, find(settings, one))
        publishing.made(engine, owner, {one.id: {}}, clock())


def _claim(engine: Engine, owner: str, clock: Clock, destination: str) -> list[Owed]:
    return publishing.claim_owed(
        engine,
        owner,
        now=clock(),
        limit=6,
        lease_seconds=publishing.LEASE_SECONDS,
        destinations=[destination],
    )


WRONG = {
    "no-key": Wrong(
        "a first edition is sent without a key, and not looked up",
        "twice",
        _no_key,
        "documents",
        ("claim", "made", "control"),
    ),
    "made-first": Wrong(
        "an act is marked as made before it is done",
        "lost",
        _made_first,
        "files",
        ("claim", "made", "folder", "table"),
    ),
    "old-over-new": Wrong(
        "a newer edition does not wait for an older one that is under way",
        "stale",
        _old_over_new,
        "documents",
        ("claim", "made", "control"),
        sleepy=True,
    ),
    "blind-put": Wrong(
        "a story is replaced without a look at its version, on a server that has none",
        "stale",
        None,
        "no versions",
        ("claim", "made", "http"),
    ),
}


def write(settings: Settings, one: Owed, number: int | None) -> int | None:
    """The story's document is written (without a number a new one), or withdrawn; its number."""
    values: dict[str, Any] = {
        "story": one.story,
        "text": one.record["text"],
        "withdrawn": one.act == "unpublish",
        "number": number,
    }
    with _documents(settings).begin() as connection:
        if number is None:
            if values["withdrawn"]:
                return None
            return connection.execute(
                text(
                    "INSERT INTO documents (story, text, withdrawn) VALUES (:story, :text, :withdrawn) RETURNING id"
                ),
                values,
            ).scalar_one()
        connection.execute(
            text("UPDATE documents SET text = :text, withdrawn = :withdrawn WHERE id = :number"), values
        )
        return number


def find(settings: Settings, one: Owed) -> int | None:
    with _documents(settings).begin() as connection:
        query = text("SELECT id FROM documents WHERE story = :story")
        return connection.execute(query, {"story": one.story}).scalar()


def _last_number(engine: Engine, one: Owed) -> int | None:
    mine = select(PUBLICATIONS.c.story_id).where(PUBLICATIONS.c.id == one.id).scalar_subquery()
    query = (
        select(PUBLICATIONS.c.receipt)
        .where(PUBLICATIONS.c.story_id == mine, PUBLICATIONS.c.state == "made")
        .order_by(PUBLICATIONS.c.edition.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        receipt = connection.execute(query).scalar()
    return receipt["number"] if receipt else None


def _documents(settings: Settings) -> Engine:
    if settings.data_dir not in _ENGINES:
        _ENGINES[settings.data_dir] = documents_engine(settings.data_dir)
    return _ENGINES[settings.data_dir]


_ENGINES: dict[Any, Engine] = {}
