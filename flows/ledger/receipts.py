"""What a destination last did with a story: its receipt, of which a server's ETag is a part; and what it may be doing yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Engine, and_, or_, select

from flows.destinations.conditional import SINCE_UNANSWERED
from flows.destinations.formats import CORRECTED
from flows.destinations.publication import PLACES
from flows.ledger.opening import reading
from flows.ledger.outbox import Owed, delay_seconds, tried_before
from flows.ledger.tables import COPIES, PUBLICATIONS, AnyRow


def last_receipts(
    engine: Engine, publications: Sequence[int], now: datetime | None = None
) -> dict[int, Mapping[str, Any]]:
    """For each of these publications the receipt of the newest act that was made before it, of its story at its destination; or of
    itself, where it was made and is to be done once more. One that left things as they are keeps what was kept before.

    None where an unpublish was tried after that act, and its answer is not known: what the receipt tells of may be gone, by our own
    doing. An unpublish is told too, under SINCE_UNANSWERED, how long ago a publish was tried that the destination may be carrying out yet;
    of one that was tried before it was made that is when it was made. Without ``now`` it is not. And under PLACES where all the publishes
    were made since the story was last taken down.
    """
    earlier = PUBLICATIONS.alias("earlier")
    query = (
        select(
            PUBLICATIONS.c.id.label("for_id"),
            PUBLICATIONS.c.act.label("for_act"),
            PUBLICATIONS.c.owed_at.label("for_owed_at"),
            earlier.c.id,
            earlier.c.act,
            earlier.c.state,
            earlier.c.attempts,
            earlier.c.receipt,
            earlier.c.made_at,
            earlier.c.next_attempt_at,
        )
        .join(
            earlier,
            and_(
                earlier.c.story_id == PUBLICATIONS.c.story_id,
                earlier.c.destination == PUBLICATIONS.c.destination,
                or_(
                    and_(
                        earlier.c.edition < PUBLICATIONS.c.edition,
                        or_(earlier.c.state == "made", tried_before(earlier)),
                    ),
                    and_(earlier.c.id == PUBLICATIONS.c.id, earlier.c.receipt.is_not(None)),
                ),
            ),
        )
        .where(PUBLICATIONS.c.id.in_(publications), earlier.c.act != "hold")
        .order_by(PUBLICATIONS.c.id, earlier.c.edition)
    )
    found: dict[int, Mapping[str, Any]] = {}
    with reading(engine) as connection:
        for id, rows in groupby(connection.execute(query), attrgetter("for_id")):
            if told := dict(_told(list(rows), now)):
                found[id] = told
    return found


def after(before: Mapping[str, Any] | None, receipt: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What is known of a destination after this receipt: what it left as it was is what was ``before``.

    >>> after({"did": "wrote", "kept": {"version": "3"}}, {"did": "left", "where": []})
    {'did': 'left', 'where': [], 'kept': {'version': '3'}}
    """
    if receipt is None:
        return before
    kept = (before or {}).get("kept")
    if receipt.get("did") != "left" or "kept" in receipt or not kept:
        return receipt
    return {**receipt, "kept": kept}


def reminders(
    engine: Engine, owed: Sequence[Owed], now: datetime, *, remembers: Collection[str]
) -> dict[int, Mapping[str, Any]]:
    """What a destination is reminded of before it does these acts: its last receipts for acts of the kinds that it ``remembers``, and for
    an update with corrections those that the edition before had, under CORRECTED."""
    wanted = [one.id for one in owed if one.act in remembers]
    receipts = last_receipts(engine, wanted, now) if wanted else {}
    before = _corrected_before(engine, owed)
    return {id: {**receipts.get(id, {}), **before.get(id, {})} for id in receipts.keys() | before.keys()}


def _corrected_before(engine: Engine, owed: Sequence[Owed]) -> dict[int, Mapping[str, Any]]:
    from cleaners.write.item import corrections_in

    updates = (one for one in owed if one.previous is not None and one.act == "publish")
    wanted = [one.id for one in updates if corrections_in(one.record)]
    if not wanted:
        return {}
    before = PUBLICATIONS.alias("before")
    query = (
        select(PUBLICATIONS.c.id, COPIES.c.record)
        .join(
            before,
            and_(
                before.c.story_id == PUBLICATIONS.c.story_id,
                before.c.destination == PUBLICATIONS.c.destination,
                before.c.edition < PUBLICATIONS.c.edition,
                before.c.act == "publish",
                before.c.state == "made",
            ),
        )
        .join(COPIES, COPIES.c.id == before.c.copy_id)
        .where(PUBLICATIONS.c.id.in_(wanted))
        .order_by(PUBLICATIONS.c.id, before.c.edition)
    )
    with reading(engine) as connection:
        # The last of each wins.
        return {row.id: {CORRECTED: list(corrections_in(row.record))} for row in connection.execute(query)}


def _told(rows: Sequence[AnyRow], now: datetime | None) -> Iterator[tuple[str, Any]]:
    """``rows`` are the acts before one act, the oldest first; it is the last itself, if it has a receipt."""
    receipt: Mapping[str, Any] | None = None
    tried: datetime | None = None
    places: dict[str, None] = {}
    for row in rows:
        if row.state == "made" or row.id == row.for_id:
            receipt = after(receipt, row.receipt)
        elif row.act == "unpublish":
            receipt = None
        said = (row.receipt or {}) if row.state == "made" else {}
        if row.act == "publish":
            places |= dict.fromkeys(said.get("where", ()))
        elif said.get("did") == "removed":
            places = {}
        if row.act == "unpublish" and row.state == "made":
            tried = None
        elif row.act == "publish" and row.id != row.for_id and (row.state != "made" or row.attempts > 1):
            last = _last_tried(row)
            tried = last if tried is None else max(tried, last)
    yield from (receipt or {}).items()
    if rows[-1].for_act == "unpublish" and tried is not None and now is not None:
        yield SINCE_UNANSWERED, max(0.0, (now - tried).total_seconds())
    if rows[-1].for_act == "unpublish" and places:
        yield PLACES, list(places)


def _last_tried(row: AnyRow) -> datetime:
    """When a publish was last tried, or later: that is not written down, but follows from when it was to be tried again."""
    if row.state == "made":
        made: datetime = row.made_at
        return made
    # An act that was under way when the story was killed is waited for; the shortest wait after it is half of the usual one.
    again: datetime = row.next_attempt_at - timedelta(seconds=0.5 * delay_seconds(row.attempts))
    owed_at: datetime = row.for_owed_at
    return max(owed_at, again)
