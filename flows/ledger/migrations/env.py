"""What Alembic runs for a migration. The connection is the ledger's own, in its open transaction: see ``flows.ledger.opening``."""

from __future__ import annotations

from alembic import context

from flows.ledger.tables import METADATA

# As Alembic's cookbook has it: "Sharing a Connection across one or more programmatic migration commands".
context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
