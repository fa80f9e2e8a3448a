"""The outbox: acts are claimed by lease, tried with growing waits, and older never goes after newer."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from newsroom import NOON, arrival, later, outcome_of
from sqlalchemy import Engine, select

from flows.ledger import (
    Failure,
    claim,
    claim_owed,
    failed,
    failed_each,
    made,
    open_ledger,
    outbox_counts,
    receive,
    record_outcomes,
)
from flows.ledger.outbox import LONGEST_DELAY_SECONDS, MOST_ATTEMPTS, delay_seconds
from flows.ledger.tables import PUBLICATIONS


def owe(ledger: Engine, story: str = "ferry", text: str = "The ferry is back.", **record: Any) -> None:
    receive(ledger, [arrival(story, text)], NOON)
    rows = claim(ledger, "cleaner", now=NOON)
    outcomes = [outcome_of(row, **record) for row in rows]
    record_outcomes(ledger, "cleaner", outcomes, lambda source, wish: ["folder"], NOON)


def test_an_act_under_lease_is_nobody_elses(ledger: Engine) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "first", now=NOON, lease_seconds=60)
    assert claim_owed(ledger, "second", now=later(59)) == []
    [again] = claim_owed(ledger, "second", now=later(60), lease_seconds=60)
    assert (again.id, again.attempts, again.idempotency_key) == (act.id, 2, act.idempotency_key)
    assert made(ledger, "first", {act.id: {}}, later(61)) == 0
    assert failed(ledger, "first", act.id, "too late", later(61)) is None
    assert made(ledger, "second", {act.id: {"did": "wrote"}}, later(61)) == 1
    assert claim_owed(ledger, "second", now=later(9999)) == []


def test_a_receipt_is_kept(ledger: Engine) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "me", now=NOON)
    made(ledger, "me", {act.id: {"did": "wrote", "where": ["ferry.json"]}}, NOON)
    with ledger.connect() as connection:
        receipt = connection.execute(select(PUBLICATIONS.c.receipt)).scalar()
    assert receipt == {"did": "wrote", "where": ["ferry.json"]}


@pytest.mark.parametrize(("jitter", "wait"), [(0.0, 2.5), (0.5, 5.0), (0.999, 7.495)])
def test_a_failed_act_waits_for_a_spread_time(ledger: Engine, jitter: float, wait: float) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "me", now=NOON)
    due = failed(ledger, "me", act.id, "connection refused", NOON, jitter=lambda: jitter)
    assert due == NOON + timedelta(seconds=wait)
    assert claim_owed(ledger, "me", now=due - timedelta(seconds=0.001)) == []
    assert [act.attempts for act in claim_owed(ledger, "me", now=due)] == [2]


def test_a_destination_may_ask_for_a_longer_wait(ledger: Engine) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "me", now=NOON)
    assert failed(ledger, "me", act.id, "429", NOON, retry_after=120) == later(120)


def test_waits_double_up_to_a_limit() -> None:
    waits = [delay_seconds(attempt) for attempt in range(1, 30)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_DELAY_SECONDS


def test_an_act_is_given_up_after_some_attempts_and_stays_to_be_seen(ledger: Engine) -> None:
    owe(ledger)
    moment = NOON
    for attempt in range(1, MOST_ATTEMPTS + 1):
        [act] = claim_owed(ledger, "me", now=moment)
        due = failed(ledger, "me", act.id, f"refused, time {attempt}", moment)
        assert (due is None) == (attempt == MOST_ATTEMPTS)
        moment += timedelta(days=1)
    assert claim_owed(ledger, "me", now=moment) == []
    assert outbox_counts(ledger) == {"owed": 0, "made": 0, "overtaken": 0, "failed": 1}


def test_what_a_destination_will_never_take_is_given_up_at_once(ledger: Engine) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "me", now=NOON)
    gone = {act.id: Failure("410 Gone", final=True)}
    assert failed_each(ledger, "me", gone, NOON) == {act.id: None}
    assert outbox_counts(ledger)["failed"] == 1


def test_an_act_that_kills_its_publisher_is_given_up_too(ledger: Engine) -> None:
    owe(ledger)
    for attempt in range(MOST_ATTEMPTS):
        assert len(claim_owed(ledger, "me", now=later(attempt * 100), lease_seconds=10)) == 1
    assert claim_owed(ledger, "me", now=later(99_999)) == []
    assert outbox_counts(ledger)["failed"] == 1


def test_a_newer_edition_overtakes_one_that_waits(ledger: Engine) -> None:
    owe(ledger, text="Old.")
    owe(ledger, text="New.")
    assert [act.record["text"] for act in claim_owed(ledger, "me", now=NOON)] == ["New."]
    assert outbox_counts(ledger)["overtaken"] == 1


def test_a_newer_edition_waits_for_one_that_is_under_way(ledger: Engine) -> None:
    owe(ledger, text="Old.")
    [old] = claim_owed(ledger, "slow", now=NOON, lease_seconds=60)
    owe(ledger, text="New.")
    assert claim_owed(ledger, "fast", now=later(30)) == []
    assert made(ledger, "slow", {old.id: {}}, later(40)) == 1
    assert [act.edition for act in claim_owed(ledger, "fast", now=later(41))] == [2]


def test_an_older_one_whose_publisher_died_is_never_taken_up_again(ledger: Engine) -> None:
    owe(ledger, text="Old.")
    [old] = claim_owed(ledger, "dead", now=NOON, lease_seconds=60)
    owe(ledger, text="New.")
    assert [act.edition for act in claim_owed(ledger, "next", now=later(61))] == [2]
    assert made(ledger, "dead", {old.id: {}}, later(62)) == 0


def test_an_older_one_that_failed_does_not_come_after_a_newer_that_was_made(ledger: Engine) -> None:
    owe(ledger, text="Old.")
    [old] = claim_owed(ledger, "slow", now=NOON, lease_seconds=6000)
    owe(ledger, text="New.")
    assert failed(ledger, "slow", old.id, "refused", later(1)) is not None
    [new] = claim_owed(ledger, "fast", now=later(2))
    assert new.edition == 2
    made(ledger, "fast", {new.id: {}}, later(3))
    assert claim_owed(ledger, "fast", now=later(5000)) == []
    assert outbox_counts(ledger) == {"owed": 0, "made": 1, "overtaken": 1, "failed": 0}


def test_withdrawals_go_first(ledger: Engine) -> None:
    owe(ledger, "killed")
    [act] = claim_owed(ledger, "me", now=NOON)
    made(ledger, "me", {act.id: {}}, NOON)
    owe(ledger, "other")
    owe(ledger, "killed", "KILL", verdict="kill")
    assert [(act.act, act.story) for act in claim_owed(ledger, "me", now=NOON)] == [
        ("unpublish", "desk:killed"),
        ("publish", "desk:other"),
    ]


def test_a_publisher_may_look_after_some_destinations_only(ledger: Engine) -> None:
    owe(ledger)
    assert claim_owed(ledger, "me", now=NOON, destinations=["table"]) == []
    assert len(claim_owed(ledger, "me", now=NOON, destinations=["table", "folder"])) == 1


def test_publishers_that_race_never_have_the_same_act(ledger_url: str) -> None:
    engine = open_ledger(ledger_url)
    for number in range(30):
        owe(engine, f"story-{number}")
    start = threading.Barrier(3)
    taken: list[int] = []

    def work(owner: str) -> None:
        mine = open_ledger(ledger_url)
        start.wait()
        while owed := claim_owed(mine, owner, now=NOON, limit=4):
            taken.extend(act.id for act in owed)
            assert made(mine, owner, {act.id: {} for act in owed}, NOON) == len(owed)
        mine.dispose()

    threads = [threading.Thread(target=work, args=(f"publisher-{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert outbox_counts(engine)["made"] == len(taken) == 30
    engine.dispose()


def test_a_second_kill_does_not_cancel_the_first(ledger: Engine) -> None:
    owe(ledger)
    do_all(ledger)
    owe(ledger, text="KILL", verdict="kill")
    owe(ledger, text="KILL, we mean it", verdict="kill")
    assert [(act.act, act.edition) for act in claim_owed(ledger, "me", now=NOON)] == [("unpublish", 3)]


def test_a_hold_stops_an_older_edition_that_is_still_owed(ledger: Engine) -> None:
    owe(ledger)
    owe(ledger, text="EMBARGOED until Friday", verdict="hold")
    assert claim_owed(ledger, "me", now=NOON) == []
    owe(ledger)
    assert [act.edition for act in claim_owed(ledger, "me", now=NOON)] == [3], "released, as it was"


def test_a_hold_stops_the_next_try_of_an_edition_that_is_under_way(ledger: Engine) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "slow", now=NOON)
    owe(ledger, text="EMBARGOED until Friday", verdict="hold")
    assert failed(ledger, "slow", act.id, "refused", later(1)) is not None
    assert claim_owed(ledger, "me", now=later(5000)) == []
    assert outbox_counts(ledger)["overtaken"] == 1


def test_the_same_copy_after_a_hold_goes_out_although_the_first_try_did_not(ledger: Engine) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "slow", now=NOON)
    owe(ledger, text="EMBARGOED until Friday", verdict="hold")
    owe(ledger)
    assert failed(ledger, "slow", act.id, "refused", later(1)) is not None
    assert [act.edition for act in claim_owed(ledger, "me", now=later(5000))] == [3]


def test_a_hold_leaves_a_kill_that_is_owed(ledger: Engine) -> None:
    owe(ledger)
    do_all(ledger)
    owe(ledger, text="KILL", verdict="kill")
    owe(ledger, text="Hold it", verdict="hold")
    assert "unpublish" in {act.act for act in claim_owed(ledger, "me", now=NOON)}


def test_a_hold_leaves_a_kill_that_a_stopped_edition_was_to_follow(ledger: Engine) -> None:
    owe(ledger)
    do_all(ledger)
    owe(ledger, text="KILL", verdict="kill")
    owe(ledger, text="The ferry is back, with a new captain.")
    owe(ledger, text="Hold it", verdict="hold")
    assert [(act.act, act.edition) for act in claim_owed(ledger, "me", now=NOON)] == [("unpublish", 2)]
    do_all(ledger)
    assert outbox_counts(ledger) == {"owed": 1, "made": 1, "overtaken": 1, "failed": 0}


def do_all(ledger: Engine) -> None:
    made(ledger, "me", {act.id: {} for act in claim_owed(ledger, "me", now=NOON)}, NOON)
