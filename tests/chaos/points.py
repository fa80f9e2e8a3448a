"""Where a publisher is killed: the crash points as data, and how one is armed from outside, in the process that is to die.

Nothing of the product knows of this: a function is replaced, where its caller looks it up, by one that calls it and counts.
A name that is not there any more is an error, not a point that is never reached.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, event, exists, select

from flows.destinations.folder import CARDS
from flows.ledger.tables import PUBLICATIONS

FOLDER = "published"
"""The folder destination's path in the data folder."""

When = Literal["before", "after", "commit"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that passes a point. ``result`` only after it, ``connection`` only before a commit."""

    args: tuple[Any, ...]
    result: Any = None
    connection: Connection | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a publisher's life.

    ``where``: a function as its caller finds it (module and attribute). ``when``: before it, after it, or inside of it before
    a transaction that writes is committed. ``only`` lets through the calls that are meant. A life passes it about ``often``
    times: it is killed at one of them. ``roles`` are those who pass it. ``asleep``: a publisher may fall asleep here too, with an
    act in its hands, until its lease has run out.
    """

    name: str
    where: str
    when: When
    often: int = 2
    only: Callable[[Call], bool] = field(default=lambda call: True)
    roles: tuple[str, ...] = ("drain", "publisher")
    asleep: bool = False

    @property
    def room(self) -> str:
        """What it is a point of: "folder"."""
        return self.name.partition(":")[0]


def claims_something(call: Call) -> bool:
    """A claim that found nothing is committed, too, and nobody would notice its end."""
    if call.connection is None:
        return bool(call.result)
    held = PUBLICATIONS.c.owner == call.args[1]
    return bool(call.connection.scalar(select(exists().where(held))))


def _path(argument: Any) -> Path:
    """The path of a path, or of an open file's number."""
    return Path(os.readlink(f"/proc/self/fd/{argument}")) if isinstance(argument, int) else Path(argument)


def is_copy(path: Path) -> bool:
    """Whether it is a story's file in the folder destination: no card, no lock, nothing half-written."""
    return path.parent.name == FOLDER and path.suffix != ".part"


def _is_card(path: Path) -> bool:
    return path.parent.name == CARDS and path.suffix == ".json"


def _syncs_a_part(call: Call) -> bool:
    path = _path(call.args[0])
    return path.suffix == ".part" and FOLDER in path.parts


def _syncs_the_folder(call: Call) -> bool:
    path = _path(call.args[0])
    return path.is_dir() and FOLDER in path.parts


def _renames_a_copy(call: Call) -> bool:
    return is_copy(_path(call.args[1]))


def _renames_a_card(call: Call) -> bool:
    return _is_card(_path(call.args[1]))


def _removes_a_copy(call: Call) -> bool:
    return is_copy(_path(call.args[0]))


_PUBLISHING = "flows.tasks.publishing"
_FOLDER = "flows.destinations.folder"
_TABLE = "flows.destinations.sql_table"
_HTTP = "flows.destinations"
_DRAIN, _PUBLISHER = ("drain",), ("publisher",)

POINTS = (
    Point("record: in its transaction", "flows.tasks.drain.record_outcomes", "commit", roles=_DRAIN),
    Point("record: done", "flows.tasks.drain.record_outcomes", "after", roles=_DRAIN),
    Point("record: before the publish", "flows.tasks.drain.publish_owed", "before", 2, roles=_DRAIN),
    Point("claim: in its transaction", f"{_PUBLISHING}.claim_owed", "commit", only=claims_something),
    Point("claim: done, nothing published", f"{_PUBLISHING}.claim_owed", "after", only=claims_something),
    Point("open: before the destination is opened", f"{_PUBLISHING}.open_destination", "before"),
    Point("made: before it is marked", f"{_PUBLISHING}.made", "before"),
    Point("made: in its transaction", f"{_PUBLISHING}.made", "commit"),
    Point("made: done", f"{_PUBLISHING}.made", "after"),
    Point("failed: before it is marked", f"{_PUBLISHING}.failed_each", "before", 1),
    Point("failed: in its transaction", f"{_PUBLISHING}.failed_each", "commit", 1),
    Point("failed: done", f"{_PUBLISHING}.failed_each", "after", 1),
    Point("folder: before it is asked", f"{_FOLDER}.publish", "before", asleep=True),
    Point("folder: temporary written, not synced", "os.fsync", "before", 6, _syncs_a_part),
    Point("folder: before a rename", "os.replace", "before", 6, _renames_a_copy),
    Point("folder: between two renames", "os.replace", "after", 6, _renames_a_copy),
    Point("folder: before a card", "os.replace", "before", 3, _renames_a_card),
    Point("folder: card written, files not", "os.replace", "after", 3, _renames_a_card),
    Point("folder: before its fsync", "os.fsync", "before", 6, _syncs_the_folder),
    Point("folder: before a file is removed", "os.unlink", "before", 3, _removes_a_copy),
    Point("folder: file removed, card not written", "os.unlink", "after", 3, _removes_a_copy),
    Point("folder: done", f"{_FOLDER}.publish", "after"),
    Point("table: before it is asked", f"{_TABLE}.publish", "before", asleep=True),
    Point("table: in its transaction", f"{_TABLE}.publish", "commit"),
    Point("table: done", f"{_TABLE}.publish", "after"),
    Point("http: before a request", f"{_HTTP}.client.Client._once", "before", 3),
    Point("http: while the answer is awaited", "flows.sources.bounded._Stream.read", "before", 3),
    Point("http: after an answer", f"{_HTTP}.client.Client._once", "after", 3),
    Point("cms: before it writes", f"{_HTTP}.http.Stories._write", "before", asleep=True),
    Point("cms: written", f"{_HTTP}.http.Stories._write", "after"),
    Point("drafts: made, not published", f"{_HTTP}.http.Drafts.create", "after"),
    Point("drafts: published, the older one not deleted", f"{_HTTP}.http.Drafts.publish", "after"),
    Point("drafts: older one deleted", f"{_HTTP}.http.Drafts.unpublish", "after"),
    Point(
        "leases: the dead one's freed, not committed",
        "flows.tasks.owners.release_owner",
        "commit",
        1,
        roles=_PUBLISHER,
    ),
    Point("leases: the dead one's freed", "flows.tasks.owners.release_owner", "after", 1, roles=_PUBLISHER),
)

# Not of the product: of those that are built wrong on purpose.
CONTROL_POINTS = (
    Point("control: before it writes", "tests.chaos.wrong.write", "before", asleep=True),
    Point("control: written", "tests.chaos.wrong.write", "after"),
)


def named(name: str) -> Point:
    return next(point for point in (*POINTS, *CONTROL_POINTS) if point.name == name)


def arm(point: Point, nth: int, happens: Callable[[], None]) -> None:
    """From here on ``happens`` is called when this process passes the point for the ``nth`` time."""
    passed = inside = 0

    def passes(call: Call) -> None:
        nonlocal passed
        if point.only(call):
            passed += 1
            if passed == nth:
                happens()

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(real)
        def function(*args: Any, **named: Any) -> Any:
            nonlocal inside
            if point.when == "before":
                passes(Call(args))
            inside += 1
            calls.append(args)
            try:
                result = real(*args, **named)
            finally:
                calls.pop()
                inside -= 1
            if point.when == "after":
                passes(Call(args, result))
            return result

        return function

    calls: list[tuple[Any, ...]] = []
    replace_function(point.where, watched)
    if point.when == "commit":

        @event.listens_for(Engine, "commit")
        def commits(connection: Connection) -> None:
            if inside and not connection.get_execution_options().get("only_reads"):
                passes(Call(calls[-1], connection=connection))


def replace_function(where: str, by: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put ``by(the function)`` in the place of the function ``where`` (module and attributes). Raises AttributeError."""
    holder, name = _find(where)
    setattr(holder, name, by(getattr(holder, name)))


def set_constant(where: str, value: object) -> None:
    """Replace a constant that must be there. Raises AttributeError."""
    holder, name = _find(where)
    getattr(holder, name)
    setattr(holder, name, value)


def _find(where: str) -> tuple[Any, str]:
    """("flows.tasks.publishing.made") → the module and "made"; of "os.unlink" the class and "unlink"."""
    path, _, name = where.rpartition(".")
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        try:
            holder: Any = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            holder = getattr(holder, part)
        return holder, name
    raise AttributeError(f"{where}: there is no such module")
