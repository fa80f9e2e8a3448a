"""After an outage: ten thousand owed publications drain in order, in flat memory, and one destination's trouble is its own."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from long_queue import fill
from newsroom import NOON, arrival, later, outcome_of
from sqlalchemy import Engine, event, text

from flows.ledger import (
    Failure,
    claim,
    claim_owed,
    failed_each,
    made,
    outbox_counts,
    receive,
    record_outcomes,
)
from flows.ledger.owing import owing

OWED = 10_000


def test_ten_thousand_drain_in_order_and_in_flat_memory(ledger: Engine) -> None:
    fill(ledger, OWED, ["folder"], NOON, text="The ferry is back, and nobody knows from where. " * 40)
    seen: list[int] = []
    most: list[int] = []
    tracemalloc.start()
    try:
        while acts := claim_owed(ledger, "me", now=NOON, limit=500):
            seen += [act.id for act in acts]
            assert made(ledger, "me", {act.id: {"did": "wrote"} for act in acts}, NOON) == len(acts)
            del acts
            most.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
    finally:
        tracemalloc.stop()
    assert seen == sorted(seen)
    assert len(seen) == OWED
    assert outbox_counts(ledger) == {"owed": 0, "made": OWED, "overtaken": 0, "failed": 0}
    # The batch in hand, and no more for the last than for the second.
    assert max(most[-5:]) < 1.2 * max(most[1:6])


def test_a_destination_that_is_down_for_an_hour_holds_up_nobody(ledger: Engine) -> None:
    """Simulated time: one is down from noon to one, the other is not; new editions come meanwhile. Each story's editions go out
    in order, the newest last, and nothing twice."""
    dice = random.Random(7)
    stories = 200
    fill(ledger, stories, ["down", "up"], NOON)
    out: dict[str, dict[str, list[int]]] = {"down": defaultdict(list), "up": defaultdict(list)}
    clock = NOON
    while clock < NOON + timedelta(hours=4):
        if clock < NOON + timedelta(minutes=50):
            ids = [f"s{dice.randint(1, stories)}" for _ in range(5)]
            receive(ledger, [arrival(one, f"{one} at {clock:%H:%M:%S}") for one in set(ids)], clock)
            rows = claim(ledger, "cleaner", now=clock)
            record_outcomes(
                ledger, "cleaner", [outcome_of(row) for row in rows], lambda *_: ["down", "up"], clock
            )
        for name in ("down", "up"):
            is_down = name == "down" and clock < NOON + timedelta(hours=1)
            while acts := claim_owed(ledger, "me", now=clock, limit=100, destinations=[name]):
                if is_down:
                    failed_each(
                        ledger, "me", {act.id: Failure("refused") for act in acts}, clock, jitter=dice.random
                    )
                    break
                for act in acts:
                    out[name][act.story].append(act.edition)
                made(ledger, "me", {act.id: {} for act in acts}, clock)
        assert owing(ledger, clock, destination="up") == [], "the other destination's outage holds it up"
        clock += timedelta(seconds=120)
    counts = outbox_counts(ledger)
    assert (counts["owed"], counts["failed"]) == (0, 0)
    for name in out:
        assert len(out[name]) == stories
        for editions in out[name].values():
            assert editions == sorted(set(editions))
    newest = {story: editions[-1] for story, editions in out["up"].items()}
    assert {story: editions[-1] for story, editions in out["down"].items()} == newest


def test_after_the_outage_all_is_out_within_the_longest_wait(ledger: Engine) -> None:
    fill(ledger, 1_000, ["down"], NOON)
    clock = NOON
    while clock < NOON + timedelta(hours=1):
        while acts := claim_owed(ledger, "me", now=clock, limit=500):
            failed_each(ledger, "me", {act.id: Failure("refused") for act in acts}, clock)
        clock += timedelta(minutes=2)
    while outbox_counts(ledger)["owed"]:
        while acts := claim_owed(ledger, "me", now=clock, limit=500):
            made(ledger, "me", {act.id: {} for act in acts}, clock)
        clock += timedelta(minutes=2)
    assert outbox_counts(ledger) == {"owed": 0, "made": 1_000, "overtaken": 0, "failed": 0}
    assert clock - NOON < timedelta(hours=3)


def test_those_that_wait_are_not_in_the_way_of_those_that_are_due(ledger: Engine) -> None:
    """Ten thousand before it wait for another try, or were overtaken while they were under way: the claim does not stumble."""
    fill(ledger, 2_000, ["folder"], NOON)
    acts = claim_owed(ledger, "me", now=NOON, limit=2_000)
    failed_each(ledger, "me", {act.id: Failure("refused", 3600) for act in acts}, NOON)
    fill(ledger, 3, ["folder"], NOON)
    assert len(claim_owed(ledger, "me", now=later(1))) == 3


def test_what_was_overtaken_does_not_end_the_claim(ledger: Engine) -> None:
    """The first hundred have been overtaken while they were under way: the claim looks behind them."""
    fill(ledger, 100, ["folder"], NOON)
    assert len(claim_owed(ledger, "dead", now=NOON, limit=100, lease_seconds=60)) == 100
    receive(ledger, [arrival(f"s{number}", "Newer.") for number in range(1, 101)], NOON)
    rows = claim(ledger, "cleaner", now=NOON)
    record_outcomes(ledger, "cleaner", [outcome_of(row) for row in rows], lambda *_: ["folder"], NOON)
    acts = claim_owed(ledger, "me", now=later(61), limit=10)
    assert [act.edition for act in acts] == [2] * 10
    assert outbox_counts(ledger)["overtaken"] == 100


def explained(ledger: Engine) -> str:
    """How the database goes about the claim at one destination: the very statement, with its values."""
    sent: list[tuple[str, Any]] = []

    def keep(_: object, __: object, sql: str, values: Any, *___: object) -> None:
        if sql.lstrip().startswith(("WITH", "UPDATE")):
            sent.append((sql, values))

    event.listen(ledger, "before_cursor_execute", keep)
    assert len(claim_owed(ledger, "me", now=NOON, limit=50, destinations=["folder"])) == 50
    event.remove(ledger, "before_cursor_execute", keep)
    [(sql, values)] = sent
    how = "EXPLAIN" if ledger.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with ledger.connect() as connection:
        plan = connection.exec_driver_sql(f"{how} {sql}", values)
        return "\n".join(" ".join(map(str, row)) for row in plan)


def test_the_claim_walks_along_an_index(ledger: Engine) -> None:
    """Not through what was made in the last years, and without sorting what is owed."""
    fill(ledger, 20_000, ["folder", "table"], NOON, made=True)
    fill(ledger, 2_000, ["folder", "table"], NOON)
    with ledger.begin() as connection:
        connection.execute(text("ANALYZE"))
    plan = explained(ledger)
    assert "ix_publications_owed" in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan


def test_a_claim_is_one_statement(ledger: Engine) -> None:
    """With its details, and with the look for embargoes: the same few for one act and for five hundred."""
    fill(ledger, 600, ["folder"], NOON)
    said: list[str] = []
    event.listen(ledger, "before_cursor_execute", lambda _c, _x, statement, *_: said.append(statement))
    acts = claim_owed(ledger, "me", now=NOON, limit=500)
    assert len(acts) == 500
    assert sum("UPDATE publications" in one for one in said) == 1
    assert all("RETURNING" in one for one in said if "UPDATE publications" in one)
    said.clear()
    made(ledger, "me", {act.id: {} for act in acts}, NOON)
    assert len(said) == 1


@pytest.mark.parametrize("limit", [500])
def test_the_ledgers_side_of_publishing_is_quick(ledger: Engine, limit: int) -> None:
    """A floor that only a mistake falls below: a statement for each row, or a look through all of them for each batch."""
    fill(ledger, 3_000, ["folder"], NOON)
    began = time.perf_counter()
    while acts := claim_owed(ledger, "me", now=NOON, limit=limit):
        made(ledger, "me", {act.id: {"did": "wrote"} for act in acts}, NOON)
    assert 3_000 / (time.perf_counter() - began) > 500
