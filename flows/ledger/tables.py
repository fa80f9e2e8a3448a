"""The ledger's tables, in SQL that SQLite and PostgreSQL share.

    story ─┬─ revision (numbered as it arrived) ── raw (what was sent, kept byte for byte)
           ├─ copy     (an edition: what cleaning, or a person, made of a revision) ── removals
           ├─ decision (what a person said of a held copy, and the copy that came of it)
           └─ publication (an edition that is owed to a destination, or made)
    inbox ── revision  (work: clean this)
    cursor (how far a source or an archive has been read)
    run ── run_story   (what a run did with each of its stories)
    followed ─┬─ identity (by what a story is known again)    watched (addresses that are asked again and again)
              └─ sighting (a list that names it)              hosts   (robots.txt, and until when to leave them alone)

Times are UTC in ISO form with microseconds (``2026-03-03T06:10:00.000000+00:00``): equally long, so that they sort as
text in every database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SCHEMA = "2"
"""Raised with every change of these tables; ``flows.ledger.migrations`` brings older ledgers here."""

AnyRow: TypeAlias = Row[Any]

ID = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER PRIMARY KEY numbers itself in SQLite
Values = JSON(none_as_null=True)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC text of one length. A naive one is refused."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: give an aware datetime, such as datetime.now(UTC)")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Words(TypeDecorator[str]):
    """Text that any database can keep: without NUL (PostgreSQL refuses it) and half characters (SQLite does)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Key(Words):
    """Text that an index keeps, too: PostgreSQL's indexes refuse words of more than 2,704 bytes."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else as_key(value)


def storable(text: str) -> str:
    """``text`` with what a database cannot keep made visible as U+FFFD."""
    if text.isascii():  # most keys are, and are asked for a dozen times for each story
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def as_key(text: str) -> str:
    """``text`` as an index can keep it: of one longer than 1,000 bytes the beginning, and a hash of all of it.

    >>> as_key("desk/ferry-7"), len(as_key("ferry" * 1000))
    ('desk/ferry-7', 965)
    """
    words = storable(text)
    if len(words) <= 1000 and words.isascii():
        return words
    whole = words.encode()
    if len(whole) <= 1000:
        return words
    return f"{whole[:900].decode('utf-8', 'ignore')}…{sha256(whole).hexdigest()}"


META = Table(
    "meta", METADATA, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False)
)

RAWS = Table(
    "raws",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("form", String(8), nullable=False),
    # text: UTF-8; lines: a JSON list; bytes: as they came.
    Column("kept_as", String(8), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("given", Values, nullable=False),
)

STORIES = Table(
    "stories",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("source", String(63), nullable=False),
    Column("external_id", Key, nullable=False),
    Column("publisher", Key),
    Column("url", Words),
    Column("headline", Words),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    # Of the newest edition; nothing while there is none. Beside those of cleaning: drop (a person's), embargo (held by nothing
    # else, and by a time that is known: it goes out by itself).
    Column("verdict", String(8)),
    UniqueConstraint("source", "external_id"),
    Index("ix_stories_publisher", "publisher"),
)

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("story_id", ID, ForeignKey("stories.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("raw_hash", String(64), ForeignKey("raws.hash"), nullable=False),
    Column("arrived_at", Moment, nullable=False),
    UniqueConstraint("story_id", "number"),
)

INBOX = Table(
    "inbox",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("source", String(63), nullable=False),
    Column("event_id", Key),
    Column("revision_id", ID, ForeignKey("revisions.id"), nullable=False),
    Column("destinations", Values),
    Column("note", Words),
    # waiting, claimed, done, failed
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", String(200)),
    Column("lease_until", Moment),
    Column("error", Words),
    Column("arrived_at", Moment, nullable=False),
    Column("finished_at", Moment),
    UniqueConstraint("source", "event_id"),
    Index("ix_inbox_state", "state", "id"),
    Index("ix_inbox_revision_id", "revision_id"),
)

COPIES = Table(
    "copies",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("story_id", ID, ForeignKey("stories.id"), nullable=False),
    Column("revision_id", ID, ForeignKey("revisions.id"), nullable=False),
    # Numbered through all revisions of a story: a newer edition is never overwritten by an older one.
    Column("edition", Integer, nullable=False),
    # publish, hold, kill; drop: held, and a person decided that it is never published; embargo: see stories.verdict
    Column("verdict", String(8), nullable=False),
    Column("reasons", Values, nullable=False),
    Column("ruleset", String(80), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("record", Values, nullable=False),
    Column("rendered", Values, nullable=False),
    Column("seconds", String(24)),
    Column("cleaned_at", Moment, nullable=False),
    UniqueConstraint("story_id", "edition"),
    Index("ix_copies_revision_id", "revision_id"),
)

REMOVALS = Table(
    "removals",
    METADATA,
    Column("copy_id", ID, ForeignKey("copies.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("block", Integer, nullable=False),
    Column("starts_at", Integer, nullable=False),
    Column("ends_at", Integer, nullable=False),
    Column("text", Words, nullable=False),
    Column("action", String(8), nullable=False),
    Column("field", String(16)),
    Column("rule", Key, nullable=False),
    Column("rules", Values, nullable=False),
    Column("why", Words, nullable=False),
    Index("ix_removals_rule", "rule"),
)

PUBLICATIONS = Table(
    "publications",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("story_id", ID, ForeignKey("stories.id"), nullable=False),
    Column("copy_id", ID, ForeignKey("copies.id"), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("destination", String(63), nullable=False),
    # publish, unpublish, hold (tell those who want to hear of it)
    Column("act", String(10), nullable=False),
    Column("content_hash", String(64), nullable=False),
    # What a destination may know the act by: the same act has the same key, however often it is tried.
    Column("idempotency_key", String(64), nullable=False, unique=True),
    # owed, made, overtaken (a newer edition made it pointless), failed
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", String(200)),
    Column("lease_until", Moment),
    Column("next_attempt_at", Moment, nullable=False),
    # The end of an embargo: never claimed before, whatever else is due.
    Column("not_before", Moment),
    Column("owed_at", Moment, nullable=False),
    Column("made_at", Moment),
    Column("receipt", Values),
    Column("error", Words),
    UniqueConstraint("story_id", "edition", "destination"),
    Index("ix_publications_state", "state", "next_attempt_at"),
    # The queue of each destination as it is worked off ("unpublish" > "publish" > "hold"), whatever lies behind it in the table.
    Index(
        "ix_publications_owed",
        "destination",
        text("act DESC"),
        "id",
        sqlite_where=text("state = 'owed'"),
        postgresql_where=text("state = 'owed'"),
    ),
    Index(
        "ix_publications_not_before",
        "not_before",
        sqlite_where=text("state = 'owed' AND not_before IS NOT NULL"),
        postgresql_where=text("state = 'owed' AND not_before IS NOT NULL"),
    ),
)

CURSORS = Table(
    "cursors",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("position", Values, nullable=False),
    Column("moved_at", Moment, nullable=False),
)

RUNS = Table(
    "runs",
    METADATA,
    # As its reports' folder is called.
    Column("name", String(200), primary_key=True),
    Column("flow", String(80), nullable=False),
    Column("ruleset", String(80)),
    Column("started_at", Moment, nullable=False),
    # Nothing while it runs, and for good if it was killed.
    Column("finished_at", Moment),
    Column("error", Words),
    Index("ix_runs_started_at", "started_at"),
)

RUN_STORIES = Table(
    "run_stories",
    METADATA,
    Column("run", String(200), ForeignKey("runs.name"), primary_key=True),
    Column("story_id", ID, ForeignKey("stories.id"), primary_key=True, autoincrement=False),
    # publish, dry run (it would be published), hold, embargo, kill, failed
    Column("outcome", String(8), nullable=False),
    Column("why", Words, nullable=False),
    Column("changed", Integer, nullable=False),
)

# What people decided about held stories. A decision is never changed; a second thought is a second decision.
DECISIONS = Table(
    "decisions",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("story_id", ID, ForeignKey("stories.id"), nullable=False),
    Column("revision_id", ID, ForeignKey("revisions.id"), nullable=False),
    # The edition that the person saw, and the one that came of it.
    Column("seen_copy_id", ID, ForeignKey("copies.id"), nullable=False),
    Column("seen_edition", Integer, nullable=False),
    Column("copy_id", ID, ForeignKey("copies.id"), nullable=False),
    Column("edition", Integer, nullable=False),
    # publish, restore, raw, drop, hold
    Column("act", String(8), nullable=False),
    # The removals that were put back, as they stand in the record of the edition that was seen.
    Column("restored", Values, nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
    # The embargo that was not over, where the person published all the same.
    Column("embargo", Words),
    Column("decided_at", Moment, nullable=False),
    UniqueConstraint("story_id", "seen_edition"),
    Index("ix_decisions_revision_id", "revision_id"),
)

# What is watched: see watching.py (addresses, hosts) and sightings.py (stories).

WATCHED = Table(
    "watched",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("source", String(63), nullable=False),
    # A hash: PostgreSQL indexes no text of more than 2,700 bytes, and addresses may be longer.
    Column("url_key", String(64), nullable=False),
    Column("url", Words, nullable=False),
    # list (feed, sitemap), index (a sitemap of sitemaps), page
    Column("role", String(8), nullable=False),
    Column("etag", Words),
    Column("last_modified", Words),
    # Of a list's bytes, where all that it named was taken in; of a page's words.
    Column("content_hash", String(64)),
    Column("not_before", Moment),
    Column("failures", Integer, nullable=False, default=0),
    Column("asked_at", Moment),
    Column("last_ok_at", Moment),
    Column("last_error", Words),
    UniqueConstraint("source", "url_key"),
)

HOSTS = Table(
    "hosts",
    METADATA,
    Column("host", String(300), primary_key=True),
    Column("robots", Words),
    Column("robots_until", Moment),
    Column("not_before", Moment),
)

FOLLOWED = Table(
    "followed",
    METADATA,
    Column("id", ID, primary_key=True),
    # The story that it becomes: stories.source, stories.external_id.
    Column("source", String(63), nullable=False),
    Column("external_id", Words, nullable=False),
    # Whose news of it counts: the source and list that named it first and name it still.
    Column("leader", String(63), nullable=False),
    Column("leader_list", String(64), nullable=False),
    Index("ix_followed_story", "source", "external_id"),
)

IDENTITIES = Table(
    "identities",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("scope", Words, nullable=False),
    Column("words", Words, nullable=False),
    Column("followed_id", ID, ForeignKey("followed.id"), nullable=False),
    Index("ix_identities_followed_id", "followed_id"),
)

SIGHTINGS = Table(
    "sightings",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("followed_id", ID, ForeignKey("followed.id"), nullable=False),
    Column("source", String(63), nullable=False),
    Column("list_key", String(64), nullable=False),
    Column("list_url", Words, nullable=False),
    Column("url", Words),
    Column("version", Words),
    Column("content_hash", String(64)),
    # What the list says of the story, for its page: headline, published, ednote, language.
    Column("said", Values, nullable=False),
    # waiting (its page is to be fetched), seen, gone, refused (it holds no story)
    Column("state", String(8), nullable=False),
    # Whether its page is the story; else its entry is.
    Column("by_page", Integer, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("why", Words),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("gone_at", Moment),
    UniqueConstraint("source", "list_key", "followed_id"),
    Index("ix_sightings_followed_id", "followed_id"),
    Index("ix_sightings_state", "source", "state"),
)
