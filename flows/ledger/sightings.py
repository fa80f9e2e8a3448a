"""The stories that sources name: known again under any of their identities, and told new, changed, gone and back apart.

A story has one row in ``followed``, and a sighting for each list that names it. One of these leads: its changes are taken in. The others
are only noted, until the leader no longer names the story. So a story in three feeds is one story, cleaned once a version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, Table, and_, delete, exists, or_, select, update

from cleaners.model import Raw
from flows.ledger.opening import reading
from flows.ledger.tables import FOLLOWED, IDENTITIES, SIGHTINGS, STORIES, AnyRow, storable
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
    here = _Here(source, url_key(list_url), list_url, now)
    with engine.begin() as connection:
        stories = _stories(connection, scope, here, listed)
        rows = _own_rows(connection, here, [story.id for _, story in stories])
        found = [
            _sighting(connection, here, one, story, rows.get(story.id), living) for one, story in stories
        ]
        new = [values for _, values in found if values is not None]
        made = iter(_insert(connection, SIGHTINGS, new))
        sighted = [one if values is None else one._replace(id=next(made)) for one, values in found]
        for ids in chunks([one.id for one in sighted if one.what == "same"]):
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


def also_known(engine: Engine, scope: str, story: Followed, words: Sequence[str]) -> bool:
    """Write down further identities of a story, such as the address that its own has moved to for good.

    Returns whether they are another story's: then it is that one from now on. That is so only while nothing of it was taken in.
    """
    keys = {_key(scope, one): one for one in words}
    with engine.begin() as connection:
        known = _followed_by_key(connection, list(keys))
        others = [known[key] for key in keys if known.get(key, story.followed_id) != story.followed_id]
        if not others:
            rows = [
                {"key": key, "scope": scope, "words": keys[key], "followed_id": story.followed_id}
                for key in sorted(keys)
            ]
            connection.execute(insert_into(connection, IDENTITIES).on_conflict_do_nothing(), rows)
            return False
        taken = select(STORIES.c.id).where(
            STORIES.c.source == story.source, STORIES.c.external_id == story.external_id
        )
        if connection.execute(taken).first() is not None:
            return False
        ours, other = story.followed_id, others[0]
        connection.execute(
            update(IDENTITIES).where(IDENTITIES.c.followed_id == ours).values(followed_id=other)
        )
        double = SIGHTINGS.alias("double")
        named = exists().where(
            double.c.followed_id == other,
            double.c.source == SIGHTINGS.c.source,
            double.c.list_key == SIGHTINGS.c.list_key,
        )
        connection.execute(delete(SIGHTINGS).where(SIGHTINGS.c.followed_id == ours, named))
        connection.execute(
            update(SIGHTINGS).where(SIGHTINGS.c.followed_id == ours).values(followed_id=other, state="seen")
        )
        connection.execute(delete(FOLLOWED).where(FOLLOWED.c.id == ours))
        return True


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


class _Here(NamedTuple):
    """The list that is read, and when."""

    source: str
    list_key: str
    list_url: str
    now: datetime


class _Story(NamedTuple):
    """A row of ``followed``."""

    id: int
    source: str
    external_id: str
    leader: str
    leader_list: str
    is_new: bool = False


def _stories(
    connection: Connection, scope: str, here: _Here, listed: Sequence[Listed]
) -> list[tuple[Listed, _Story]]:
    """The story of each listed one, made where it is new. A feed may name a story twice: its first entry counts."""
    keys = {_key(scope, words): words for one in listed for words in one.identities}
    known = _followed_by_key(connection, list(keys))
    own: dict[str, int] = {}
    new: list[Listed] = []
    firsts: list[Listed] = []
    for one in listed:
        of_one = [_key(scope, words) for words in one.identities]
        if any(key in known for key in of_one):
            firsts.append(one)
        elif not any(key in own for key in of_one):
            own |= dict.fromkeys(of_one, len(new))
            new.append(one)
            firsts.append(one)
    names = _free_names(connection, here, new)
    ids = _insert(
        connection,
        FOLLOWED,
        [
            {"source": here.source, "external_id": name, "leader": here.source, "leader_list": here.list_key}
            for name in names
        ],
    )
    belongs = {key: ids[at] for key, at in own.items()}
    for one in firsts:
        of_one = [_key(scope, words) for words in one.identities]
        story = next((known[key] for key in of_one if key in known), None)
        # What was not known of a known story: its guid in this feed, its address after a move.
        belongs |= {key: story for key in of_one if story is not None and key not in known}
    if belongs:
        rows = [
            {"key": key, "scope": scope, "words": keys[key], "followed_id": belongs[key]}
            for key in sorted(belongs)
        ]
        connection.execute(insert_into(connection, IDENTITIES).on_conflict_do_nothing(), rows)
    if ids:
        # Another process may have followed some of them in this very moment: those stories are its own.
        known = _followed_by_key(connection, list(keys))
        _drop_orphans(connection, ids, known, own)
    found = {story.id: story for story in _locked(connection, set(known.values()), set(ids))}
    pairs: dict[int, tuple[Listed, _Story]] = {}
    for one in firsts:
        story = next(known[key] for words in one.identities if (key := _key(scope, words)) in known)
        pairs.setdefault(story, (one, found[story]))
    return list(pairs.values())


def _free_names(connection: Connection, here: _Here, new: Sequence[Listed]) -> list[str]:
    """The stories' names at their source: two feeds of a source may each have an entry "4711", and mean two stories."""
    wanted = [storable(one.external_id) for one in new]
    taken: set[str] = set()
    for some in chunks(wanted):
        query = select(FOLLOWED.c.external_id).where(
            FOLLOWED.c.source == here.source, FOLLOWED.c.external_id.in_(some)
        )
        taken.update(connection.execute(query).scalars())
    names = []
    for name, one in zip(wanted, new, strict=True):
        free = name if name not in taken else storable(f"{name} ({one.identities[0]})")
        taken.add(free)
        names.append(free)
    return names


def _drop_orphans(
    connection: Connection, ids: Sequence[int], known: Mapping[str, int], own: Mapping[str, int]
) -> None:
    of_new: dict[int, list[int]] = {}
    for key, at in own.items():
        of_new.setdefault(ids[at], []).append(known[key])
    for story, others in of_new.items():
        if others[0] != story:
            connection.execute(
                update(IDENTITIES).where(IDENTITIES.c.followed_id == story).values(followed_id=others[0])
            )
            connection.execute(delete(FOLLOWED).where(FOLLOWED.c.id == story))


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows; their ids in the same order."""
    if not rows:
        return []
    statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, list(rows)).scalars())


def _locked(connection: Connection, ids: Collection[int], new: Collection[int]) -> Iterator[_Story]:
    """Rows of ``followed``, locked to the end of the transaction, in one order so that no two wait for each other."""
    for some in chunks(sorted(ids)):
        query = select(FOLLOWED).where(FOLLOWED.c.id.in_(some)).order_by(FOLLOWED.c.id).with_for_update()
        for row in connection.execute(query):
            yield _Story(row.id, row.source, row.external_id, row.leader, row.leader_list, row.id in new)


def _own_rows(connection: Connection, here: _Here, ids: Sequence[int]) -> dict[int, AnyRow]:
    """This list's sightings of stories, by story."""
    found: dict[int, AnyRow] = {}
    for some in chunks(ids):
        query = select(SIGHTINGS).where(
            SIGHTINGS.c.source == here.source,
            SIGHTINGS.c.list_key == here.list_key,
            SIGHTINGS.c.followed_id.in_(some),
        )
        found |= {row.followed_id: row for row in connection.execute(query)}
    return found


def _sighting(
    connection: Connection,
    here: _Here,
    listed: Listed,
    story: _Story,
    row: AnyRow | None,
    living: Collection[str],
) -> tuple[Sighted, dict[str, Any] | None]:
    """What the list's naming of a story means, written down where it changes a row; a row that is to be made is returned."""
    leads = (story.leader, story.leader_list) == (here.source, here.list_key)
    if not leads and not _leads_still(connection, story, living):
        connection.execute(
            update(FOLLOWED)
            .where(FOLLOWED.c.id == story.id)
            .values(leader=here.source, leader_list=here.list_key)
        )
        leads = True
    what = _what(row, listed, story.is_new, leads)
    found = Sighted(row.id if row else 0, listed, story.source, story.external_id, what)
    if what == "same":
        return found, None
    values: dict[str, Any] = {
        "listed": 1,
        "last_seen_at": here.now,
        "url": listed.url,
        "version": listed.version,
        "content_hash": listed.content_hash,
        "said": dict(listed.said or {}),
        "by_page": int(listed.raw is None),
        "state": "seen" if what == "noted" else "waiting",
    }
    if row is None:
        made: dict[str, Any] = {
            "source": here.source,
            "list_key": here.list_key,
            "list_url": here.list_url,
        }
        made |= {"followed_id": story.id, "first_seen_at": here.now, "changed_at": here.now}
        return found, made | values
    if what != "noted":
        values["changed_at"] = here.now
    connection.execute(update(SIGHTINGS).where(SIGHTINGS.c.id == row.id).values(values))
    return found, None


def _what(row: AnyRow | None, listed: Listed, is_new: bool, leads: bool) -> What:
    if not leads:
        return "noted"
    if row is None:
        return "new" if is_new else "changed"
    if row.state == "waiting" or row.content_hash != listed.content_hash:
        return "changed"
    # It had left the list, and was told as gone: its page or entry is to be had anew. One whose page answers 404 stays as it is.
    return "changed" if row.state == "gone" and not row.listed else "same"


def _leads_still(connection: Connection, followed: _Story, living: Collection[str]) -> bool:
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
