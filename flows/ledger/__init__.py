"""The database that nothing is lost in: what arrived, what became of it, and what is owed to whom."""

from flows.ledger.following import known_stories, not_done, read_cursor, write_cursor
from flows.ledger.inbox import (
    Arrival,
    InboxRow,
    Received,
    again,
    claim,
    extend,
    fail,
    queue_counts,
    receive,
    release,
)
from flows.ledger.opening import ledger_id, open_ledger
from flows.ledger.outbox import Owed, claim_owed, failed, made, outbox_counts
from flows.ledger.outcome import Outcome
from flows.ledger.stories import (
    DestinationsOf,
    Recorded,
    StoryFilter,
    newest_record,
    record_outcomes,
    select_raws,
)

__all__ = [
    "Arrival",
    "DestinationsOf",
    "InboxRow",
    "Outcome",
    "Owed",
    "Received",
    "Recorded",
    "StoryFilter",
    "again",
    "claim",
    "claim_owed",
    "extend",
    "fail",
    "failed",
    "known_stories",
    "ledger_id",
    "made",
    "newest_record",
    "not_done",
    "open_ledger",
    "outbox_counts",
    "queue_counts",
    "read_cursor",
    "receive",
    "record_outcomes",
    "release",
    "select_raws",
    "write_cursor",
]
