"""Schema 2: embargoes that end by themselves, withdrawals that are never given up, and indexes for a long queue."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String, text

revision = "2"
down_revision = "1"

_OWED = text("state = 'owed'")
_EMBARGOED = text("state = 'owed' AND not_before IS NOT NULL")


def upgrade() -> None:
    op.add_column("publications", Column("not_before", String(32)))
    op.create_index(
        "ix_publications_owed",
        "publications",
        ["destination", text("act DESC"), "id"],
        sqlite_where=_OWED,
        postgresql_where=_OWED,
    )
    op.create_index(
        "ix_publications_not_before",
        "publications",
        ["not_before"],
        sqlite_where=_EMBARGOED,
        postgresql_where=_EMBARGOED,
    )
    # A kill that was given up after twelve tries left its story in public.
    op.execute("UPDATE publications SET state = 'owed' WHERE state = 'failed' AND act = 'unpublish'")
