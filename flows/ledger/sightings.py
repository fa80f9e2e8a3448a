"""The stories that sources name: known again under any of their identities, and told new, changed, gone and back apart.

A story has one row in ``followed``, and a sighting for each list that names it. One of these leads: its changes are taken in. The others
are only noted, until the leader no longer names the story. So a story in three feeds is one story, cleaned once a version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, or_, select, update

from cleaners.model import Raw
from flows.ledger.opening import reading
from flows.ledger.tables import FOLLOWED, IDENTITIES, SIGHTINGS, AnyRow, storable
from flows.ledger.upsert import insert_into
from flows.ledger.watching import chunks, url_key

What = Literal["new", "changed", "same", "noted"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A story as a list names it.

    ``identities`` are the words that it is known by, the surest first; ``external_id`` is the name that it gets where it is new.
    ``content_hash`` is another one when the list says something else of it; None: the list says nothing of versions. ``raw`` is
    the story where the list holds it whole; without it the page at ``url`` is fetched. ``said`` is what the list says of
    the page (headline, published, ednote). ``problem``: why it is no story.
    """

    identities: tuple[str, ...]
    external_id: str
    url: str | None = None
    version: str | None = None
    content_hash: str | None = None
    said: Mapping[str, str] | None = None
    raw: Raw | None = None
    problem: str | None = None


class Sighted(NamedTuple):
    """What the ledger makes of a listed story, which is ``source:external_id``. ``noted``: another list leads."""

    id: int
    listed: Listed
    source: str
    external_id: str
    what: What


class Followed(NamedTuple):
    """A sighting, to be fetched or told of."""

    id: int
    followed_id: int
    source: str
    external_id: str
    url: str | None
    said: Mapping[str, str]
    state: str
    by_page: bool
    list_url: str
    version: str | None = None
    first_seen_at: datetime | None = None

    @property
    def title(self) -> str:
        """The story in words, for people."""
        return self.said.get("headline") or self.url or self.external_id


def sight(
    engine: Engine,
    source: str,
    scope: str,
    list_url: str,
    listed: Sequence[Listed],
    now: datetime,
    living: Collection[str] = (),
) -> list[Sighted]:
    """Write down what a list names, in one transaction, and say what is to be taken in: what is new or changed.

    That waits from now on, until ``settle`` says that it was taken in: nothing is lost between the two. ``scope`` bounds who shares
    a story: all sources of one publisher. ``living`` are the sources that are looked at: a story whose leader is none of them goes
    over to the list that names it now.
    """
    sighted: list[Sighted] = []
    same: list[int] = []
    with engine.begin() as connection:
        keys = [_key(scope, words) for one in listed for words in one.identities]
        known = _followed_by_key(connection, keys)
        stories = _locked(connection, set(known.values()))
        rows = _own_rows(connection, source, list_url, stories)
        done: set[int] = set()
        for one in listed:
            followed, is_new = _find_or_follow(connection, scope, source, list_url, one, known)
            if followed in done:
                continue  # a feed may name a story twice: its first entry counts
            done.add(followed)
            if followed not in stories:
                stories |= _locked(connection, {followed})
                rows |= _own_rows(connection, source, list_url, (followed,))
            row = rows.get(followed)
            found = _sight(connection, source, list_url, one, stories[followed], row, is_new, now, living)
            sighted.append(found)
            if found.what == "same":
                same.append(found.id)
        for ids in chunks(same):
            connection.execute(
                update(SIGHTINGS).where(SIGHTINGS.c.id.in_(ids)).values(listed=1, last_seen_at=now)
            )
    return sighted


def leave(
    engine: Engine,
    source: str,
    scope: str,
    present: Mapping[str, Iterable[str]],
    now: datetime,
) -> list[Followed]:
    """Write down which stories lists no longer name; ``present`` are the identities that each list (by address) names now.

    Returns those that no list of any source names any more. Whether they are gone is for the caller to say: ``settle``.
    """
    left: list[AnyRow] = []
    with engine.begin() as connection:
        for list_url, words in present.items():
            keys = list(dict.fromkeys(_key(scope, one) for one in words))
            here = set(_followed_by_key(connection, keys).values())
            rows = connection.execute(
                _followed_rows().where(
                    SIGHTINGS.c.source == source,
                    SIGHTINGS.c.list_key == url_key(list_url),
                    SIGHTINGS.c.listed == 1,
                )
            ).all()
            left += [row for row in rows if row.followed_id not in here]
        for ids in chunks([row.id for row in left]):
            connection.execute(update(SIGHTINGS).where(SIGHTINGS.c.id.in_(ids)).values(listed=0))
        still: set[int] = set()
        for followed in chunks([row.followed_id for row in left]):
            still.update(
                connection.execute(
                    select(SIGHTINGS.c.followed_id).where(
                        SIGHTINGS.c.followed_id.in_(followed), SIGHTINGS.c.listed == 1
                    )
                ).scalars()
            )
    return [_followed(row) for row in left if row.followed_id not in still and row.state != "gone"]


def settle(
    engine: Engine,
    source: str,
    ids: Collection[int],
    state: Literal["seen", "gone", "refused"],
    now: datetime,
    why: str | None = None,
) -> set[int]:
    """Write down what became of sightings; those of them that change from gone to seen, or to gone."""
    turned: set[int] = set()
    with engine.begin() as connection:
        for some in chunks(list(ids)):
            rows = connection.execute(
                select(SIGHTINGS.c.id, SIGHTINGS.c.followed_id, SIGHTINGS.c.gone_at).where(
                    SIGHTINGS.c.id.in_(some)
                )
            ).all()
            if state != "refused":
                turned.update(row.id for row in rows if (row.gone_at is not None) == (state == "seen"))
            connection.execute(update(SIGHTINGS).where(SIGHTINGS.c.id.in_(some)).values(state=state, why=why))
            # Gone and back is a matter of the story, not of one list that names it.
            same = (
                SIGHTINGS.c.source == source,
                SIGHTINGS.c.followed_id.in_([row.followed_id for row in rows]),
            )
            if state == "gone":
                connection.execute(
                    update(SIGHTINGS)
                    .where(*same, SIGHTINGS.c.gone_at.is_(None))
                    .values(state="gone", why=why, gone_at=now)
                )
            elif state == "seen":
                connection.execute(
                    update(SIGHTINGS)
                    .where(*same, SIGHTINGS.c.gone_at.is_not(None))
                    .values(state="seen", why=None, gone_at=None)
                )
    return turned


def waiting_pages(engine: Engine, source: str, most: int = 10_000) -> list[Followed]:
    """The stories whose page is to be fetched, the oldest first."""
    query = (
        _followed_rows()
        .where(SIGHTINGS.c.source == source, SIGHTINGS.c.state == "waiting", SIGHTINGS.c.by_page == 1)
        .order_by(SIGHTINGS.c.id)
        .limit(most)
    )
    with reading(engine) as connection:
        return [_followed(row) for row in connection.execute(query)]


def pages_again(engine: Engine, source: str, since: datetime, only_listed: bool) -> list[Followed]:
    """The stories whose page is to be looked at again; ``only_listed``: of those that their list still names.

    Those that were new, changed or gone after ``since``, and those of which their list does not tell versions, as long as it names them.
    Where the list itself holds the story, its page is asked only when the list no longer names it.
    """
    recent = or_(SIGHTINGS.c.changed_at >= since, SIGHTINGS.c.gone_at >= since)
    no_versions = and_(SIGHTINGS.c.content_hash.is_(None), SIGHTINGS.c.listed == 1)
    query = (
        _followed_rows()
        .where(
            SIGHTINGS.c.source == source,
            FOLLOWED.c.leader == SIGHTINGS.c.source,
            FOLLOWED.c.leader_list == SIGHTINGS.c.list_key,
            SIGHTINGS.c.state.in_(("seen", "gone")),
            SIGHTINGS.c.url.is_not(None),
            or_(recent, no_versions),
            or_(SIGHTINGS.c.by_page == 1, SIGHTINGS.c.listed == 0),
            SIGHTINGS.c.listed >= int(only_listed),
        )
        .order_by(SIGHTINGS.c.id)
    )
    with reading(engine) as connection:
        return [_followed(row) for row in connection.execute(query)]


def _key(scope: str, words: str) -> str:
    return sha256(f"{scope}\n{words}".encode("utf-8", "replace")).hexdigest()


def _followed_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(keys):
        query = select(IDENTITIES.c.key, IDENTITIES.c.followed_id).where(IDENTITIES.c.key.in_(some))
        found |= {row.key: row.followed_id for row in connection.execute(query)}
    return found


def _find_or_follow(
    connection: Connection, scope: str, source: str, list_url: str, listed: Listed, known: dict[str, int]
) -> tuple[int, bool]:
    keys = {_key(scope, words): words for words in listed.identities}
    followed = next((known[key] for key in keys if key in known), None)
    is_new = followed is None
    if followed is None:
        followed = _follow(connection, source, list_url, listed)
    missing = [key for key in keys if key not in known]
    if missing:
        connection.execute(
            insert_into(connection, IDENTITIES).on_conflict_do_nothing(),
            [
                {"key": key, "scope": scope, "words": keys[key], "followed_id": followed}
                for key in sorted(missing)
            ],
        )
        known |= _followed_by_key(connection, missing)
        first = next((known[key] for key in keys if known[key] != followed), followed)
        if is_new and first != followed:
            # Another process has followed it in this very moment: the story is the other's.
            connection.execute(
                update(IDENTITIES).where(IDENTITIES.c.followed_id == followed).values(followed_id=first)
            )
            connection.execute(delete(FOLLOWED).where(FOLLOWED.c.id == followed))
            known |= dict.fromkeys((key for key in keys if known[key] == followed), first)
            followed, is_new = first, False
    return followed, is_new


def _locked(connection: Connection, ids: Collection[int]) -> dict[int, AnyRow]:
    """Rows of ``followed``, locked to the end of the transaction, in one order so that no two wait for each other."""
    found: dict[int, AnyRow] = {}
    for some in chunks(sorted(ids)):
        query = select(FOLLOWED).where(FOLLOWED.c.id.in_(some)).order_by(FOLLOWED.c.id).with_for_update()
        found |= {row.id: row for row in connection.execute(query)}
    return found


def _own_rows(connection: Connection, source: str, list_url: str, ids: Collection[int]) -> dict[int, AnyRow]:
    """This list's sightings of stories, by story."""
    found: dict[int, AnyRow] = {}
    for some in chunks(sorted(ids)):
        query = select(SIGHTINGS).where(
            SIGHTINGS.c.source == source,
            SIGHTINGS.c.list_key == url_key(list_url),
            SIGHTINGS.c.followed_id.in_(some),
        )
        found |= {row.followed_id: row for row in connection.execute(query)}
    return found


def _follow(connection: Connection, source: str, list_url: str, listed: Listed) -> int:
    external_id = storable(listed.external_id)
    taken = select(FOLLOWED.c.id).where(FOLLOWED.c.source == source, FOLLOWED.c.external_id == external_id)
    if connection.execute(taken.limit(1)).first() is not None:
        # Two feeds of a source may each have an entry "4711", and mean two stories.
        external_id = f"{external_id} ({listed.identities[0] if listed.identities else list_url})"
    followed: int = connection.execute(
        FOLLOWED.insert()
        .values(source=source, external_id=external_id, leader=source, leader_list=url_key(list_url))
        .returning(FOLLOWED.c.id)
    ).scalar_one()
    return followed


def _sight(
    connection: Connection,
    source: str,
    list_url: str,
    listed: Listed,
    followed: AnyRow,
    row: AnyRow | None,
    is_new: bool,
    now: datetime,
    living: Collection[str],
) -> Sighted:
    list_key = url_key(list_url)
    leads = (followed.leader, followed.leader_list) == (source, list_key)
    if not leads and not _leads_still(connection, followed, living):
        connection.execute(
            update(FOLLOWED).where(FOLLOWED.c.id == followed.id).values(leader=source, leader_list=list_key)
        )
        leads = True
    what = _what(row, listed, is_new, leads)
    if row is not None and what == "same":
        return Sighted(row.id, listed, followed.source, followed.external_id, what)
    values: dict[str, Any] = {
        "listed": 1,
        "last_seen_at": now,
        "url": listed.url,
        "version": listed.version,
        "content_hash": listed.content_hash,
        "said": dict(listed.said or {}),
        "by_page": int(listed.raw is None),
        "state": "seen" if what == "noted" else "waiting",
    }
    if row is None:
        new = {"source": source, "list_key": list_key, "list_url": list_url, "followed_id": followed.id}
        new |= {**values, "first_seen_at": now, "changed_at": now}
        made = connection.execute(SIGHTINGS.insert().values(new).returning(SIGHTINGS.c.id)).scalar_one()
        return Sighted(made, listed, followed.source, followed.external_id, what)
    if what != "noted":
        values["changed_at"] = now
    connection.execute(update(SIGHTINGS).where(SIGHTINGS.c.id == row.id).values(values))
    return Sighted(row.id, listed, followed.source, followed.external_id, what)


def _what(row: AnyRow | None, listed: Listed, is_new: bool, leads: bool) -> What:
    if not leads:
        return "noted"
    if row is None:
        return "new" if is_new else "changed"
    if row.state == "waiting" or row.content_hash != listed.content_hash:
        return "changed"
    # It had left the list, and was told as gone: its page or entry is to be had anew. One whose page answers 404 stays as it is.
    return "changed" if row.state == "gone" and not row.listed else "same"


def _leads_still(connection: Connection, followed: AnyRow, living: Collection[str]) -> bool:
    if followed.leader not in living:
        return False
    row = connection.execute(
        select(SIGHTINGS.c.listed, SIGHTINGS.c.state).where(
            SIGHTINGS.c.source == followed.leader,
            SIGHTINGS.c.list_key == followed.leader_list,
            SIGHTINGS.c.followed_id == followed.id,
        )
    ).first()
    return row is not None and bool(row.listed) and row.state in ("waiting", "seen")


def _followed_rows() -> Any:
    return select(
        SIGHTINGS.c.id,
        SIGHTINGS.c.followed_id,
        SIGHTINGS.c.url,
        SIGHTINGS.c.said,
        SIGHTINGS.c.state,
        SIGHTINGS.c.by_page,
        SIGHTINGS.c.list_url,
        SIGHTINGS.c.version,
        SIGHTINGS.c.first_seen_at,
        FOLLOWED.c.source,
        FOLLOWED.c.external_id,
    ).join(FOLLOWED, FOLLOWED.c.id == SIGHTINGS.c.followed_id)


def _followed(row: AnyRow) -> Followed:
    return Followed(
        row.id,
        row.followed_id,
        row.source,
        row.external_id,
        row.url,
        row.said,
        row.state,
        bool(row.by_page),
        row.list_url,
        row.version,
        row.first_seen_at,
    )


def stories_followed(engine: Engine, source: str) -> list[Followed]:
    """All stories that a source has named, in the order in which it named them."""
    with reading(engine) as connection:
        rows = connection.execute(
            _followed_rows().where(SIGHTINGS.c.source == source).order_by(SIGHTINGS.c.id)
        )
        return [_followed(row) for row in rows]
