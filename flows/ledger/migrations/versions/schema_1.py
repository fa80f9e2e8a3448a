"""Schema 1: the tables of the first ledgers.

Such a ledger has no version of Alembic's, and lacks the tables that were added while its number stayed: what is there stays as it is,
and what is missing is made.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)

revision = "1"
down_revision = None

ID = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cursors",
        Column("name", String(200), nullable=False),
        Column("position", JSON(), nullable=False),
        Column("moved_at", String(32), nullable=False),
        PrimaryKeyConstraint("name", name="pk_cursors"),
        if_not_exists=True,
    )
    op.create_table(
        "followed",
        Column("id", ID, nullable=False),
        Column("source", String(63), nullable=False),
        Column("external_id", Text(), nullable=False),
        Column("leader", String(63), nullable=False),
        Column("leader_list", String(64), nullable=False),
        PrimaryKeyConstraint("id", name="pk_followed"),
        if_not_exists=True,
    )
    op.create_index("ix_followed_story", "followed", ["source", "external_id"], if_not_exists=True)
    op.create_table(
        "hosts",
        Column("host", String(300), nullable=False),
        Column("robots", Text()),
        Column("robots_until", String(32)),
        Column("not_before", String(32)),
        PrimaryKeyConstraint("host", name="pk_hosts"),
        if_not_exists=True,
    )
    op.create_table(
        "meta",
        Column("key", String(40), nullable=False),
        Column("value", Text(), nullable=False),
        PrimaryKeyConstraint("key", name="pk_meta"),
        if_not_exists=True,
    )
    op.create_table(
        "raws",
        Column("hash", String(64), nullable=False),
        Column("form", String(8), nullable=False),
        Column("kept_as", String(8), nullable=False),
        Column("content", LargeBinary(), nullable=False),
        Column("given", JSON(), nullable=False),
        PrimaryKeyConstraint("hash", name="pk_raws"),
        if_not_exists=True,
    )
    op.create_table(
        "runs",
        Column("name", String(200), nullable=False),
        Column("flow", String(80), nullable=False),
        Column("ruleset", String(80)),
        Column("started_at", String(32), nullable=False),
        Column("finished_at", String(32)),
        Column("error", Text()),
        PrimaryKeyConstraint("name", name="pk_runs"),
        if_not_exists=True,
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"], if_not_exists=True)
    op.create_table(
        "stories",
        Column("id", ID, nullable=False),
        Column("source", String(63), nullable=False),
        Column("external_id", Text(), nullable=False),
        Column("publisher", Text()),
        Column("url", Text()),
        Column("headline", Text()),
        Column("first_seen_at", String(32), nullable=False),
        Column("last_seen_at", String(32), nullable=False),
        Column("verdict", String(8)),
        PrimaryKeyConstraint("id", name="pk_stories"),
        UniqueConstraint("source", "external_id", name="uq_stories_source_external_id"),
        if_not_exists=True,
    )
    op.create_index("ix_stories_publisher", "stories", ["publisher"], if_not_exists=True)
    op.create_table(
        "watched",
        Column("id", ID, nullable=False),
        Column("source", String(63), nullable=False),
        Column("url_key", String(64), nullable=False),
        Column("url", Text(), nullable=False),
        Column("role", String(8), nullable=False),
        Column("etag", Text()),
        Column("last_modified", Text()),
        Column("content_hash", String(64)),
        Column("not_before", String(32)),
        Column("failures", Integer(), nullable=False),
        Column("asked_at", String(32)),
        Column("last_ok_at", String(32)),
        Column("last_error", Text()),
        PrimaryKeyConstraint("id", name="pk_watched"),
        UniqueConstraint("source", "url_key", name="uq_watched_source_url_key"),
        if_not_exists=True,
    )
    op.create_table(
        "identities",
        Column("key", String(64), nullable=False),
        Column("scope", Text(), nullable=False),
        Column("words", Text(), nullable=False),
        Column("followed_id", ID, nullable=False),
        ForeignKeyConstraint(["followed_id"], ["followed.id"], name="fk_identities_followed_id"),
        PrimaryKeyConstraint("key", name="pk_identities"),
        if_not_exists=True,
    )
    op.create_index("ix_identities_followed_id", "identities", ["followed_id"], if_not_exists=True)
    op.create_table(
        "revisions",
        Column("id", ID, nullable=False),
        Column("story_id", ID, nullable=False),
        Column("number", Integer(), nullable=False),
        Column("raw_hash", String(64), nullable=False),
        Column("arrived_at", String(32), nullable=False),
        ForeignKeyConstraint(["raw_hash"], ["raws.hash"], name="fk_revisions_raw_hash"),
        ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_revisions_story_id"),
        PrimaryKeyConstraint("id", name="pk_revisions"),
        UniqueConstraint("story_id", "number", name="uq_revisions_story_id_number"),
        if_not_exists=True,
    )
    op.create_table(
        "run_stories",
        Column("run", String(200), nullable=False),
        Column("story_id", ID, autoincrement=False, nullable=False),
        Column("outcome", String(8), nullable=False),
        Column("why", Text(), nullable=False),
        Column("changed", Integer(), nullable=False),
        ForeignKeyConstraint(["run"], ["runs.name"], name="fk_run_stories_run"),
        ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_run_stories_story_id"),
        PrimaryKeyConstraint("run", "story_id", name="pk_run_stories"),
        if_not_exists=True,
    )
    op.create_table(
        "sightings",
        Column("id", ID, nullable=False),
        Column("followed_id", ID, nullable=False),
        Column("source", String(63), nullable=False),
        Column("list_key", String(64), nullable=False),
        Column("list_url", Text(), nullable=False),
        Column("url", Text()),
        Column("version", Text()),
        Column("content_hash", String(64)),
        Column("said", JSON(), nullable=False),
        Column("state", String(8), nullable=False),
        Column("by_page", Integer(), nullable=False),
        Column("listed", Integer(), nullable=False),
        Column("why", Text()),
        Column("first_seen_at", String(32), nullable=False),
        Column("last_seen_at", String(32), nullable=False),
        Column("changed_at", String(32), nullable=False),
        Column("gone_at", String(32)),
        ForeignKeyConstraint(["followed_id"], ["followed.id"], name="fk_sightings_followed_id"),
        PrimaryKeyConstraint("id", name="pk_sightings"),
        UniqueConstraint(
            "source", "list_key", "followed_id", name="uq_sightings_source_list_key_followed_id"
        ),
        if_not_exists=True,
    )
    op.create_index("ix_sightings_followed_id", "sightings", ["followed_id"], if_not_exists=True)
    op.create_index("ix_sightings_state", "sightings", ["source", "state"], if_not_exists=True)
    op.create_table(
        "copies",
        Column("id", ID, nullable=False),
        Column("story_id", ID, nullable=False),
        Column("revision_id", ID, nullable=False),
        Column("edition", Integer(), nullable=False),
        Column("verdict", String(8), nullable=False),
        Column("reasons", JSON(), nullable=False),
        Column("ruleset", String(80), nullable=False),
        Column("content_hash", String(64), nullable=False),
        Column("record", JSON(), nullable=False),
        Column("rendered", JSON(), nullable=False),
        Column("seconds", String(24)),
        Column("cleaned_at", String(32), nullable=False),
        ForeignKeyConstraint(["revision_id"], ["revisions.id"], name="fk_copies_revision_id"),
        ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_copies_story_id"),
        PrimaryKeyConstraint("id", name="pk_copies"),
        UniqueConstraint("story_id", "edition", name="uq_copies_story_id_edition"),
        if_not_exists=True,
    )
    op.create_index("ix_copies_revision_id", "copies", ["revision_id"], if_not_exists=True)
    op.create_table(
        "inbox",
        Column("id", ID, nullable=False),
        Column("source", String(63), nullable=False),
        Column("event_id", Text()),
        Column("revision_id", ID, nullable=False),
        Column("destinations", JSON()),
        Column("note", Text()),
        Column("state", String(8), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("owner", String(200)),
        Column("lease_until", String(32)),
        Column("error", Text()),
        Column("arrived_at", String(32), nullable=False),
        Column("finished_at", String(32)),
        ForeignKeyConstraint(["revision_id"], ["revisions.id"], name="fk_inbox_revision_id"),
        PrimaryKeyConstraint("id", name="pk_inbox"),
        UniqueConstraint("source", "event_id", name="uq_inbox_source_event_id"),
        if_not_exists=True,
    )
    op.create_index("ix_inbox_revision_id", "inbox", ["revision_id"], if_not_exists=True)
    op.create_index("ix_inbox_state", "inbox", ["state", "id"], if_not_exists=True)
    op.create_table(
        "decisions",
        Column("id", ID, nullable=False),
        Column("story_id", ID, nullable=False),
        Column("revision_id", ID, nullable=False),
        Column("seen_copy_id", ID, nullable=False),
        Column("seen_edition", Integer(), nullable=False),
        Column("copy_id", ID, nullable=False),
        Column("edition", Integer(), nullable=False),
        Column("act", String(8), nullable=False),
        Column("restored", JSON(), nullable=False),
        Column("who", Text(), nullable=False),
        Column("why", Text(), nullable=False),
        Column("embargo", Text()),
        Column("decided_at", String(32), nullable=False),
        ForeignKeyConstraint(["copy_id"], ["copies.id"], name="fk_decisions_copy_id"),
        ForeignKeyConstraint(["revision_id"], ["revisions.id"], name="fk_decisions_revision_id"),
        ForeignKeyConstraint(["seen_copy_id"], ["copies.id"], name="fk_decisions_seen_copy_id"),
        ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_decisions_story_id"),
        PrimaryKeyConstraint("id", name="pk_decisions"),
        UniqueConstraint("story_id", "seen_edition", name="uq_decisions_story_id_seen_edition"),
        if_not_exists=True,
    )
    op.create_index("ix_decisions_revision_id", "decisions", ["revision_id"], if_not_exists=True)
    op.create_table(
        "publications",
        Column("id", ID, nullable=False),
        Column("story_id", ID, nullable=False),
        Column("copy_id", ID, nullable=False),
        Column("edition", Integer(), nullable=False),
        Column("destination", String(63), nullable=False),
        Column("act", String(10), nullable=False),
        Column("content_hash", String(64), nullable=False),
        Column("idempotency_key", String(64), nullable=False),
        Column("state", String(10), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("owner", String(200)),
        Column("lease_until", String(32)),
        Column("next_attempt_at", String(32), nullable=False),
        Column("owed_at", String(32), nullable=False),
        Column("made_at", String(32)),
        Column("receipt", JSON()),
        Column("error", Text()),
        ForeignKeyConstraint(["copy_id"], ["copies.id"], name="fk_publications_copy_id"),
        ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_publications_story_id"),
        PrimaryKeyConstraint("id", name="pk_publications"),
        UniqueConstraint("idempotency_key", name="uq_publications_idempotency_key"),
        UniqueConstraint(
            "story_id", "edition", "destination", name="uq_publications_story_id_edition_destination"
        ),
        if_not_exists=True,
    )
    op.create_index("ix_publications_state", "publications", ["state", "next_attempt_at"], if_not_exists=True)
    op.create_table(
        "removals",
        Column("copy_id", ID, nullable=False),
        Column("position", Integer(), autoincrement=False, nullable=False),
        Column("block", Integer(), nullable=False),
        Column("starts_at", Integer(), nullable=False),
        Column("ends_at", Integer(), nullable=False),
        Column("text", Text(), nullable=False),
        Column("action", String(8), nullable=False),
        Column("field", String(16)),
        Column("rule", Text(), nullable=False),
        Column("rules", JSON(), nullable=False),
        Column("why", Text(), nullable=False),
        ForeignKeyConstraint(["copy_id"], ["copies.id"], name="fk_removals_copy_id"),
        PrimaryKeyConstraint("copy_id", "position", name="pk_removals"),
        if_not_exists=True,
    )
    op.create_index("ix_removals_rule", "removals", ["rule"], if_not_exists=True)
