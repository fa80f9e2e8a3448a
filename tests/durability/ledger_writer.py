"""A newsroom which writes into its ledger what a newsroom writes, and promises each commit.

python -m tests.durability.ledger_writer LEDGER_URL JOURNAL_MODE SYNCHRONOUS ROUNDS NAME     "-" for the product's own setting
"""

from __future__ import annotations

import sys

from flows.ledger import claim, claim_owed, made, opening, receive, record_outcomes
from tests.durability.promising import drop_dead, promise
from tests.durability.sqlite_settings import set_sqlite
from tests.flows.newsroom import arrival, later, outcome_of

DESTINATIONS = ("copy-folder", "copy-table")


def main(url: str, mode: str, synchronous: str, rounds: int, name: str) -> None:
    set_sqlite(mode, synchronous)
    engine = opening.open_ledger(url)
    promise(ledger=opening.ledger_id(engine))
    for number in range(rounds):
        now = later(number)
        # Three stories of ten; each comes again, changed, some rounds later. Some are longer than pages of the database.
        stories = [f"{name}{(number * 3 + one) % 10}" for one in range(3)]
        length = 150 if number % 4 == 3 else 1
        arrivals = [
            arrival(story, f"Of {story}, in round {number}. " * length, event_id=f"{number}-{story}")
            for story in stories
        ]
        received = receive(engine, arrivals, now)
        promise(inbox=dict.fromkeys(received.ids, "waiting"), events=[one.event_id for one in arrivals])
        rows = claim(engine, name, now=now, ids=received.ids)
        promise(inbox={row.id: "claimed" for row in rows})
        record_outcomes(engine, name, [outcome_of(row) for row in rows], lambda *_: DESTINATIONS, now)
        promise(inbox={row.id: "done" for row in rows})
        owed = claim_owed(engine, name, now=now)
        promise(outbox={act.id: "owed" for act in owed})
        made(engine, name, {act.id: {"did": "wrote"} for act in owed}, now)
        promise(outbox={act.id: "made" for act in owed})


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]), sys.argv[5])
    drop_dead()
