"""What a destination last did with a story: its receipt, of which a server's ETag is a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, and_, select

from flows.ledger.opening import reading
from flows.ledger.tables import PUBLICATIONS


def last_receipts(engine: Engine, publications: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """For each of these publications the receipt of the newest act that was made before it, of its story at its destination."""
    earlier = PUBLICATIONS.alias("earlier")
    query = (
        select(PUBLICATIONS.c.id, earlier.c.receipt)
        .join(
            earlier,
            and_(
                earlier.c.story_id == PUBLICATIONS.c.story_id,
                earlier.c.destination == PUBLICATIONS.c.destination,
                earlier.c.edition < PUBLICATIONS.c.edition,
                earlier.c.state == "made",
            ),
        )
        .where(PUBLICATIONS.c.id.in_(publications), earlier.c.receipt.is_not(None))
        .order_by(PUBLICATIONS.c.id, earlier.c.edition)
    )
    with reading(engine) as connection:
        # The last of each wins.
        return {row.id: row.receipt for row in connection.execute(query)}
