"""The database that nothing is lost in: what arrived, what became of it, and what is owed to whom."""

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
    receive_each,
    release,
)
from flows.ledger.leases import release_owner, work_waits
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
    "ledger_id",
    "made",
    "newest_record",
    "open_ledger",
    "outbox_counts",
    "queue_counts",
    "receive",
    "receive_each",
    "record_outcomes",
    "release",
    "release_owner",
    "select_raws",
    "work_waits",
]
