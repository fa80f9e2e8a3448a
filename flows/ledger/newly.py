"""What is new in the ledger since it was looked at last, by queries that read what is new and no more: for counters."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Engine, Select, Table, bindparam, func, select

from flows.ledger.inbox import batched
from flows.ledger.opening import reading
from flows.ledger.tables import COPIES, INBOX, PUBLICATIONS, REMOVALS, REVISIONS, AnyRow

LATE = timedelta(minutes=2)
"""PostgreSQL numbers rows as they are written, and shows them when they are committed: a row may come to light behind a newer one
for as long as a transaction takes."""

OPEN = ("waiting", "claimed", "failed")
"""The states of the inbox that are counted: done rows gather for years."""


UNDONE = ("left", "newer")
"""What a receipt says of an act by which nothing was changed at its destination."""


class Ended(NamedTuple):
    """An act that is owed no more. ``state`` is made, left (answered, and nothing was done: see UNDONE), overtaken or failed.

    ``after_seconds`` lie between the story's arrival and its publication; None where it was under embargo, or is not published.
    """

    destination: str
    act: str
    state: str
    after_seconds: float | None


@dataclass(frozen=True, slots=True)
class News:
    """What there is now (``inbox`` by state, ``owed`` by destination, ``oldest_seconds``), and what came since the last look
    (``cleaned`` by verdict, ``rules`` by the rule that stands first for a removal, ``ended``).
    """

    inbox: Mapping[str, int]
    oldest_seconds: float
    owed: Mapping[str, int]
    cleaned: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)
    ended: tuple[Ended, ...] = ()


class Newly:
    """Looks again and again. The first look tells what there is now, and counts nothing that was there before."""

    def __init__(self) -> None:
        self._copies = _Newcomers(COPIES)
        self._acts = _Newcomers(PUBLICATIONS)
        self._owed: frozenset[int] | None = None

    def look(self, engine: Engine, now: datetime) -> News:
        """In one transaction that reads. Raises SQLAlchemy's errors; then the next look tells what this one should have."""
        with reading(engine) as connection:
            copies, acts = self._copies.of(connection), self._acts.of(connection)
            owed: dict[int, str] = {row.id: row.destination for row in connection.execute(_OWED)}
            # What was owed and is not, and what came and was made between two looks.
            ended = set(() if self._owed is None else self._owed).union(acts) - owed.keys()
            news = News(
                inbox={state: connection.scalar(_COUNT, {"state": state}) or 0 for state in OPEN},
                oldest_seconds=_oldest(connection, now),
                owed=Counter(owed.values()),
                cleaned=_counted(connection, _VERDICTS, copies),
                rules=_counted(connection, _RULES, copies),
                ended=_ended(connection, ended),
            )
        self._owed = frozenset(owed)
        self._copies.seen(copies, now)
        self._acts.seen(acts, now)
        return news


class _Newcomers:
    """Which rows of a table are new, by their ids, which are never used twice."""

    def __init__(self, table: Table) -> None:
        self._table = table
        # All rows up to here were seen, or are older than this program.
        self._floor: int | None = None
        self._seen: deque[tuple[datetime, int]] = deque()

    def of(self, connection: Connection) -> list[int]:
        """The ids of rows that ``seen`` was not told of."""
        id = self._table.c.id
        if self._floor is None:
            self._floor = connection.scalar(select(func.max(id))) or 0
            return []
        known = {one for _, one in self._seen}
        found = connection.execute(select(id).where(id > self._floor)).scalars()
        return [one for one in found if one not in known]

    def seen(self, ids: Iterable[int], now: datetime) -> None:
        self._seen.extend((now, id) for id in sorted(ids))
        while self._seen and self._seen[0][0] < now - LATE:
            self._floor = max(self._floor or 0, self._seen.popleft()[1])


_COUNT = select(func.count()).select_from(INBOX).where(INBOX.c.state == bindparam("state"))
_FIRST = select(INBOX.c.arrived_at).where(INBOX.c.state == bindparam("state")).order_by(INBOX.c.id).limit(1)
# As the partial index ix_publications_owed has it: nothing else of the table is read.
_OWED = select(PUBLICATIONS.c.id, PUBLICATIONS.c.destination).where(PUBLICATIONS.c.state == "owed")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_VERDICTS = select(COPIES.c.verdict, func.count()).where(COPIES.c.id.in_(_IDS)).group_by(COPIES.c.verdict)
_RULES = select(REMOVALS.c.rule, func.count()).where(REMOVALS.c.copy_id.in_(_IDS)).group_by(REMOVALS.c.rule)
_ENDED = (
    select(
        PUBLICATIONS.c.destination,
        PUBLICATIONS.c.act,
        PUBLICATIONS.c.state,
        PUBLICATIONS.c.receipt,
        PUBLICATIONS.c.made_at,
        PUBLICATIONS.c.not_before,
        REVISIONS.c.arrived_at,
    )
    .join(COPIES, PUBLICATIONS.c.copy_id == COPIES.c.id)
    .join(REVISIONS, COPIES.c.revision_id == REVISIONS.c.id)
    .where(PUBLICATIONS.c.id.in_(_IDS))
)


def _oldest(connection: Connection, now: datetime) -> float:
    """Seconds; of what waits and what is being cleaned. 0 where there is nothing."""
    moments = [connection.scalar(_FIRST, {"state": state}) for state in ("waiting", "claimed")]
    found = [moment for moment in moments if moment is not None]
    return max(0.0, (now - min(found)).total_seconds()) if found else 0.0


def _counted(connection: Connection, query: Select[Any], ids: Iterable[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for some in batched(ids):
        for name, count in connection.execute(query, {"ids": some}):
            found[name] += count
    return found


def _ended(connection: Connection, ids: Iterable[int]) -> tuple[Ended, ...]:
    rows = (row for some in batched(sorted(ids)) for row in connection.execute(_ENDED, {"ids": some}))
    return tuple(_end(row) for row in rows)


def _end(row: AnyRow) -> Ended:
    left = row.state == "made" and (row.receipt or {}).get("did") in UNDONE
    state = "left" if left else row.state
    return Ended(row.destination, row.act, state, _after(row) if state == "made" else None)


def _after(row: AnyRow) -> float | None:
    if row.act != "publish" or row.not_before is not None or row.made_at is None:
        return None
    seconds: float = (row.made_at - row.arrived_at).total_seconds()
    return seconds
