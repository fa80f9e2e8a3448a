"""Clean copy as a feed: RSS and JSON Feed of the newest stories, in a folder that a web server serves.

What the feeds hold stands in a small SQLite database beside them (``.cleancopy/feed.sqlite``), which is written first and
never goes back to an older edition. The feeds are made of it whenever something is published: a crash in between leaves
old feeds, each whole, and the next act makes them new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    func,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from flows.destinations import feed_writing
from flows.destinations.batches import in_batches
from flows.destinations.elsewhere import down_elsewhere
from flows.destinations.feed_items import freed_moment, item_of, readable, stated_moment
from flows.destinations.feed_writing import Item, json_feed, rss
from flows.destinations.publication import (
    Answer,
    Publication,
    Publisher,
    PublishError,
    Receipt,
    refuse_holds,
)
from flows.destinations.sql_table import open_engine, upsert
from flows.destinations.stores import LocalStore, open_store
from flows.settings import FeedDestination

STATE, LOCK = ".cleancopy/feed.sqlite", ".cleancopy/lock"

ITEMS = Table(
    "items",
    MetaData(),
    Column("story", Text, primary_key=True),
    Column("ledger", String(40), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    # When the story says that it was published, else when it first came here: an update does not move it.
    Column("stated", String(32)),
    Column("first", String(32), nullable=False),
    Column("modified", String(32), nullable=False),
    Column("said", JSON(none_as_null=True)),
)
_PUBLISHED = func.coalesce(ITEMS.c.stated, ITEMS.c.first)
Index("newest", ITEMS.c.withdrawn, _PUBLISHED)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_feed(
    destination: FeedDestination, data_dir: Path, clock: Callable[[], datetime] = now
) -> Iterator[Publisher]:
    store = open_store(destination.path, data_dir)
    assert isinstance(store, LocalStore)
    with store.lock(LOCK):
        # The lock has made the folder.
        engine = open_engine(make_url(f"sqlite:///{store.root / STATE}"))
        event.listen(engine, "connect", _overwrite_what_goes)
        ITEMS.metadata.create_all(engine)

    def together(some: Sequence[Publication]) -> list[Answer]:
        done = publish(store, engine, destination, some, clock())
        return list(
            down_elsewhere(some, done, lambda one, where: _take_down_at(destination, store, one, where))
        )

    try:
        yield lambda publications: in_batches(
            together,
            publications,
            alike=(OperationalError, OSError),
        )
    finally:
        engine.dispose()


def _take_down_at(
    destination: FeedDestination, store: LocalStore, publication: Publication, where: str
) -> Sequence[str]:
    """Take a story out of the feed that an address of a receipt is of, if that is another one; what was written there."""
    folder, name = Path(where).parent, Path(where).name
    if folder == store.root:
        return ()
    if "://" in where or (name not in (feed_writing.RSS, feed_writing.JSON) and Path(where).exists()):
        raise PublishError("it is no feed of this machine")
    if not (Path(where).exists() or (folder / STATE).exists()):
        return ()
    with open_feed(destination.model_copy(update={"path": str(folder)}), folder) as publisher:
        [answer] = publisher([replace(publication, last={})])
    if isinstance(answer, Exception):
        raise answer
    return answer.where


def _overwrite_what_goes(connection: Any, _: object) -> None:
    """A killed story must not lie on in the file's unused pages, for the folder is served to all."""
    connection.execute("PRAGMA secure_delete = ON").close()


def publish(
    store: LocalStore,
    engine: Engine,
    destination: FeedDestination,
    publications: Sequence[Publication],
    moment: datetime,
) -> list[Receipt]:
    """Note the stories, which are all different, and write both feeds anew if they change.

    Raises OSError, SQLAlchemyError, and ValueError for a story that no feed can hold: then none of them is noted.
    """
    for one in publications:
        refuse_holds(one)
    rows = [_row(one, moment) for one in publications]
    # Once it is noted every later act writes it, too.
    _feeds(destination, [_item(**row) for row in rows if not row["withdrawn"]])
    with store.lock(LOCK):
        with engine.begin() as connection:
            changed = set(connection.execute(upsert(engine, ITEMS, lasting=("first",)), rows).scalars())
        feeds = _feeds(destination, _newest(engine, destination.items))
        there = store.read(feeds)
        store.write({name: content for name, content in feeds.items() if there.get(name) != content})
    where = tuple(store.address(name) for name in feeds)
    return [_receipt(one, one.story in changed, where) for one in publications]


def _receipt(publication: Publication, changed: bool, where: tuple[str, ...]) -> Receipt:
    if not changed:
        return Receipt("newer", where)
    return Receipt("wrote" if publication.act == "publish" else "removed", where)


def _feeds(destination: FeedDestination, items: Sequence[Item]) -> dict[str, bytes]:
    return {feed_writing.RSS: rss(destination, items), feed_writing.JSON: json_feed(destination, items)}


def _newest(engine: Engine, most: int) -> list[Item]:
    query = (
        select(ITEMS)
        .where(ITEMS.c.withdrawn.is_(False))
        .order_by(_PUBLISHED.desc(), ITEMS.c.story)
        .limit(most)
    )
    with engine.connect() as connection:
        return [_item(**row._mapping) for row in connection.execute(query)]


def _item(
    *, story: str, stated: str | None, first: str, modified: str, said: Mapping[str, Any], **_: Any
) -> Item:
    """Of a row of ITEMS."""
    published = datetime.fromisoformat(stated or first)
    return Item(story, published, max(datetime.fromisoformat(modified), published), readable(said))


def _row(publication: Publication, moment: datetime) -> dict[str, Any]:
    """A story that is withdrawn keeps its place and edition, and nothing of its copy."""
    public = publication.act == "publish"
    when = publication.made_at or moment
    stated = stated_moment(publication.record, when) if public else None
    if stated is not None and (freed := freed_moment(publication.record, when)) is not None:
        stated = max(stated, freed)
    return {
        "story": publication.story,
        "ledger": publication.ledger,
        "edition": publication.edition,
        "withdrawn": not public,
        "stated": _sortable(stated) if stated else None,
        "first": _sortable(when),
        "modified": _sortable(when),
        "said": item_of(publication) if public else None,
    }


def _sortable(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
