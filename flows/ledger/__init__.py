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
    release,
)
from flows.ledger.opening import ledger_id, open_ledger
from flows.ledger.outbox import Owed, claim_owed, failed, made, outbox_counts
from flows.ledger.outcome import Outcome
from flows.ledger.reviews import (
    Decided,
    Decision,
    Held,
    NotDecided,
    Reviewed,
    decide,
    held_count,
    held_stories,
    look_at_story,
)
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
    "Decided",
    "Decision",
    "DestinationsOf",
    "Held",
    "InboxRow",
    "NotDecided",
    "Outcome",
    "Owed",
    "Received",
    "Recorded",
    "Reviewed",
    "StoryFilter",
    "again",
    "claim",
    "claim_owed",
    "decide",
    "extend",
    "fail",
    "failed",
    "held_count",
    "held_stories",
    "ledger_id",
    "look_at_story",
    "made",
    "newest_record",
    "open_ledger",
    "outbox_counts",
    "queue_counts",
    "receive",
    "record_outcomes",
    "release",
    "select_raws",
]
