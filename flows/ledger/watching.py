"""What is known of the addresses that are asked again and again: when they answered, what they sent to be asked by, when to ask next.

An address that keeps failing is asked ever more rarely; ``source_states`` says which sources fail.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, TypeVar

from sqlalchemy import Engine, case, delete, func, select

from flows.ledger.opening import reading
from flows.ledger.tables import HOSTS, SIGHTINGS, WATCHED
from flows.ledger.upsert import insert_into

Role = Literal["list", "index", "page"]
"""A feed or sitemap, a sitemap that names sitemaps, a page with a story."""
Item = TypeVar("Item")

FIRST_BACKOFF = timedelta(minutes=1)
MOST_BACKOFF = timedelta(hours=6)
MOST_REST = {"list": timedelta(hours=24), "index": timedelta(hours=24), "page": timedelta(hours=1)}
"""The longest rest that an address may ask for by Cache-Control, Expires or ``<ttl>``: a page is looked at again for corrections."""
LEEWAY = timedelta(seconds=60)
"""A schedule of 15 minutes and a rest of 15 minutes mean the same look, also when it comes some seconds early."""
MANY = 500
"""Values in one IN (…): SQLite takes 32,766, older ones 999."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One address of a source. ``content_hash``: of a list's bytes, where all that it named was taken in; of a page's words."""

    source: str
    url: str
    role: Role = "list"
    etag: str | None = None
    last_modified: str | None = None
    content_hash: str | None = None
    not_before: datetime | None = None
    failures: int = 0
    asked_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_error: str | None = None

    def answered(
        self,
        now: datetime,
        etag: str | None,
        last_modified: str | None,
        content_hash: str | None,
        rest_seconds: float | None,
    ) -> Watched:
        """The address after a good answer, which asks for ``rest_seconds`` of rest."""
        rest = min(timedelta(seconds=min(rest_seconds or 0.0, 1e8)), MOST_REST[self.role])
        rest -= min(LEEWAY, rest / 10)
        return replace(
            self,
            etag=etag,
            last_modified=last_modified,
            content_hash=content_hash,
            not_before=now + rest if rest else None,
            failures=0,
            asked_at=now,
            last_ok_at=now,
            last_error=None,
        )

    def failed(self, now: datetime, error: str, retry_after: float | None = None) -> Watched:
        """The address after one more failure; ``retry_after`` are seconds that the server asked for."""
        pause = max(backoff(self.failures + 1), timedelta(seconds=min(retry_after or 0.0, 172_800)))
        return replace(
            self, failures=self.failures + 1, asked_at=now, last_error=error, not_before=now + pause
        )

    def is_due(self, now: datetime) -> bool:
        return self.not_before is None or self.not_before <= now


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a watched source is, for people.

    ``addresses`` of it are asked, ``failing`` of them failed when they were asked last, ``failures`` times in a row at worst,
    with ``last_error``. ``next_look`` is the earliest time at which a failing or resting source is asked again; None: at its
    next schedule. ``seen``, ``waiting`` and ``gone`` count its stories.
    """

    name: str
    addresses: int = 0
    failing: int = 0
    failures: int = 0
    last_ok_at: datetime | None = None
    last_error: str | None = None
    next_look: datetime | None = None
    seen: int = 0
    waiting: int = 0
    gone: int = 0


def backoff(failures: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long to leave an address alone after ``failures`` in a row: doubled each time, up to six hours, less up to a quarter by
    chance, so that a thousand addresses of a host that was down do not come back in one second.

    >>> [backoff(failures, lambda: 0.0).total_seconds() for failures in (1, 2, 5, 50)]
    [60.0, 120.0, 960.0, 21600.0]
    """
    doubled: timedelta = FIRST_BACKOFF * 2 ** min(failures - 1, 20)
    return min(doubled, MOST_BACKOFF) * (1 - chance() / 4)


def url_key(url: str) -> str:
    return sha256(url.encode("utf-8", "replace")).hexdigest()


def watched(engine: Engine, source: str, urls: Iterable[str], role: Role) -> dict[str, Watched]:
    """What is known of each address, in their order; nothing of one that was never asked."""
    found = {url: Watched(source, url, role) for url in urls}
    by_key = {url_key(url): url for url in found}
    with reading(engine) as connection:
        for keys in chunks(list(by_key)):
            query = select(WATCHED).where(WATCHED.c.source == source, WATCHED.c.url_key.in_(keys))
            for row in connection.execute(query):
                found[by_key[row.url_key]] = _watched(row)
    return found


def known_lists(engine: Engine, source: str) -> list[str]:
    """The lists of a source that were asked before, in the order in which they were found."""
    query = (
        select(WATCHED.c.url)
        .where(WATCHED.c.source == source, WATCHED.c.role != "page")
        .order_by(WATCHED.c.id)
    )
    with reading(engine) as connection:
        return list(connection.execute(query).scalars())


def note(engine: Engine, states: Sequence[Watched]) -> None:
    """Write down what is known of addresses now, in one transaction."""
    if not states:
        return
    rows = [{**asdict(state), "url_key": url_key(state.url)} for state in states]
    with engine.begin() as connection:
        insert = insert_into(connection, WATCHED)
        news = {name: insert.excluded[name] for name in rows[0] if name not in ("source", "url_key")}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["source", "url_key"], set_=news), rows
        )


def forget(engine: Engine, source: str, urls: Iterable[str]) -> None:
    """Addresses that are no longer part of a source: they no longer count as failing."""
    with engine.begin() as connection:
        for keys in chunks([url_key(url) for url in urls]):
            connection.execute(delete(WATCHED).where(WATCHED.c.source == source, WATCHED.c.url_key.in_(keys)))


def host_row(engine: Engine, host: str) -> dict[str, Any] | None:
    """What was kept of a host: ``robots``, ``robots_until``, ``not_before``."""
    with reading(engine) as connection:
        row = connection.execute(select(HOSTS).where(HOSTS.c.host == host[:300])).first()
        return None if row is None else dict(row._mapping)


def keep_host(engine: Engine, row: dict[str, Any]) -> None:
    row = {**row, "host": row["host"][:300]}
    with engine.begin() as connection:
        insert = insert_into(connection, HOSTS).values(row)
        connection.execute(insert.on_conflict_do_update(index_elements=["host"], set_=row))


def source_states(engine: Engine) -> tuple[SourceState, ...]:
    """How each source of the web is, by name: for ``cleancopy status``, ``cleancopy doctor`` and the Prefect UI.

    A source is as its lists are (feeds, sitemaps); one without lists (``urls``) is as its pages are.
    """
    states: dict[str, SourceState] = {}
    kind = case((WATCHED.c.role == "page", "page"), else_="list")
    with reading(engine) as connection:
        failing = func.sum(case((WATCHED.c.failures > 0, 1), else_=0))
        by_role = connection.execute(
            select(
                WATCHED.c.source,
                kind.label("role"),
                func.count().label("addresses"),
                failing.label("failing"),
                func.max(WATCHED.c.failures).label("failures"),
                func.max(WATCHED.c.last_ok_at).label("last_ok_at"),
                func.min(WATCHED.c.not_before).label("next_look"),
                func.count(WATCHED.c.not_before).label("resting"),
            ).group_by(WATCHED.c.source, kind)
        ).all()
        roles = {row.source: "page" for row in by_role} | {
            row.source: "list" for row in by_role if row.role == "list"
        }
        for row in by_role:
            if row.role == roles[row.source]:
                states[row.source] = SourceState(
                    row.source,
                    row.addresses,
                    row.failing,
                    row.failures,
                    row.last_ok_at,
                    # Where one address need not wait, the source need not either.
                    next_look=row.next_look if row.resting == row.addresses else None,
                )
        errors = connection.execute(
            select(WATCHED.c.source, kind.label("role"), WATCHED.c.last_error)
            .where(WATCHED.c.failures > 0)
            .order_by(WATCHED.c.failures, WATCHED.c.id.desc())
        )
        for row in errors:
            if row.role == roles[row.source]:
                states[row.source] = replace(states[row.source], last_error=row.last_error)
        counts = connection.execute(
            select(SIGHTINGS.c.source, SIGHTINGS.c.state, func.count(SIGHTINGS.c.followed_id.distinct()))
            .where(SIGHTINGS.c.state.in_(("seen", "waiting", "gone")))
            .group_by(SIGHTINGS.c.source, SIGHTINGS.c.state)
        )
        for name, state, count in counts:
            states[name] = replace(states.get(name, SourceState(name)), **{state: count})
    return tuple(states[name] for name in sorted(states))


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[first : first + MANY] for first in range(0, len(items), MANY))


def _watched(row: Any) -> Watched:
    known = dict(row._mapping)
    return Watched(**{name: known[name] for name in Watched.__dataclass_fields__})
