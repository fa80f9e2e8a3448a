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
from flows.ledger.runs import Did, RunLine, end_dead_runs, end_run, find_run, last_runs, note_run
from flows.ledger.stories import (
    DestinationsOf,
    Recorded,
    StoryFilter,
    known_among,
    last_records,
    newest_record,
    record_outcomes,
    select_raws,
)

__all__ = [
    "Arrival",
    "DestinationsOf",
    "Did",
    "InboxRow",
    "Outcome",
    "Owed",
    "Received",
    "Recorded",
    "RunLine",
    "StoryFilter",
    "again",
    "claim",
    "claim_owed",
    "end_dead_runs",
    "end_run",
    "extend",
    "fail",
    "failed",
    "find_run",
    "known_among",
    "known_stories",
    "last_records",
    "last_runs",
    "ledger_id",
    "made",
    "newest_record",
    "not_done",
    "note_run",
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
