"""The inbox: what is received stays, is claimed by one owner at a time, and comes back when its owner is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from newsroom import NOON, arrival, later
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from cleaners.model import Raw
from flows.ledger import (
    Arrival,
    again,
    claim,
    extend,
    fail,
    ledger_id,
    open_ledger,
    queue_counts,
    receive,
    release,
    work_waits,
)
from flows.ledger.inbox import MOST_ATTEMPTS
from flows.ledger.leases import Undrained, undrained
from flows.ledger.opening import WrongLedger, journal_mode
from flows.ledger.raws import keep, restore


def test_sqlite_is_opened_so_that_a_commit_is_on_disk(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'new' / 'ledger.sqlite'}")
    with ledger.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("synchronous", "foreign_keys", "journal_mode", "journal_size_limit", "busy_timeout")
        }
    assert pragmas == {
        "synchronous": 3,
        "foreign_keys": 1,
        "journal_mode": journal_mode().lower(),
        "journal_size_limit": 16_000_000,
        "busy_timeout": 30_000,
    }
    ledger.dispose()


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 40, 1), "PERSIST"), ((3, 51, 2), "PERSIST"), ((3, 51, 3), "WAL"), ((3, 52, 0), "WAL")],
)
def test_wal_is_used_only_where_it_cannot_corrupt(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode


def test_a_ledger_keeps_its_name_and_refuses_another_schema(ledger_url: str) -> None:
    first = open_ledger(ledger_url)
    name = ledger_id(first)
    second = open_ledger(ledger_url)
    assert ledger_id(second) == name
    with second.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '99' WHERE key = 'schema'"))
    first.dispose()
    second.dispose()
    with pytest.raises(WrongLedger, match="schema '99'"):
        open_ledger(ledger_url)


def test_what_is_received_can_be_claimed_as_it_was(ledger: Engine) -> None:
    raws = [
        Raw("page", "page", b"<p>caf\xe9</p>", url="https://example.org/a", publisher="example"),
        Raw("lines", "lines", ("One.", "", "Two.")),
        Raw("text", "text", "Line one.\r\nLine two.\0", headline="A \ud83d half", published="2026-03-03"),
    ]
    received = receive(ledger, [Arrival(raw, "desk") for raw in raws], NOON)
    assert len(received.ids) == 3
    rows = claim(ledger, "me", now=NOON)
    assert [row.raw for row in rows] == raws
    assert [row.id for row in rows] == list(received.ids)


@given(
    raw=st.builds(
        Raw,
        id=st.just("story"),
        form=st.sampled_from(["page", "body", "text", "lines"]),
        content=st.one_of(st.text(), st.binary(), st.lists(st.text()).map(tuple)),
        url=st.none() | st.text(),
        headline=st.none() | st.text(st.characters(codec=None)),
        encoding=st.none() | st.text(),
    )
)
def test_a_kept_raw_comes_back_the_same(raw: Raw) -> None:
    kept = keep(raw)
    assert restore("story", kept.form, kept.kept_as, kept.content, kept.given) == raw
    assert keep(raw) == kept


def test_the_hash_knows_every_part_that_cleaning_sees() -> None:
    raws = [
        Raw("a", "text", "copy"),
        Raw("a", "body", "copy"),
        Raw("a", "text", b"copy"),
        Raw("a", "text", b"copy", encoding="koi8-r"),
        Raw("a", "lines", ("copy",)),
        Raw("a", "text", "copy", headline="copy"),
        Raw("a", "text", "copy", publisher="copy"),
    ]
    assert len({keep(raw).hash for raw in raws}) == len(raws)
    assert keep(Raw("a", "text", "copy")).hash == keep(Raw("b", "text", "copy")).hash


def test_known_content_is_a_duplicate_and_changed_content_a_revision(ledger: Engine) -> None:
    first = receive(ledger, [arrival(text="One.")], NOON)
    assert receive(ledger, [arrival(text="One.")], NOON) == ((), first.ids)
    second = receive(ledger, [arrival(text="Two.")], NOON)
    back = receive(ledger, [arrival(text="One.")], NOON)
    assert len(second.ids) == len(back.ids) == 1
    assert [row.revision for row in claim(ledger, "me", now=NOON)] == [1, 2, 3]


def test_an_event_is_taken_in_once_and_counts_even_with_known_content(ledger: Engine) -> None:
    first = receive(ledger, [arrival(event_id="msg_1")], NOON)
    assert receive(ledger, [arrival(text="Other words.", event_id="msg_1")], NOON) == ((), first.ids)
    same_content = receive(ledger, [arrival(event_id="msg_2")], NOON)
    other_source = receive(ledger, [arrival(event_id="msg_1", source="agency")], NOON)
    assert len(same_content.ids) == len(other_source.ids) == 1
    assert [row.revision for row in claim(ledger, "me", now=NOON)] == [1, 1, 1]


def test_a_run_sends_a_story_through_again_once(ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    first = receive(ledger, again([arrival()], "run-7"), NOON)
    assert len(first.ids) == 1
    assert receive(ledger, again([arrival()], "run-7"), NOON).duplicates == first.ids


def test_two_in_one_sending_are_told_apart(ledger: Engine) -> None:
    received = receive(ledger, [arrival(text="One."), arrival(text="One."), arrival(text="Two.")], NOON)
    assert len(received.ids) == 2
    assert received.duplicates == received.ids[:1]


def test_a_broken_arrival_stores_nothing_of_its_sending(ledger: Engine) -> None:
    broken = Arrival(Raw("b", "text", "x", publisher=7), "desk")  # type: ignore[arg-type]
    with pytest.raises((AttributeError, StatementError)):
        receive(ledger, [arrival(), broken], NOON)
    assert queue_counts(ledger)["waiting"] == 0


def test_a_time_without_a_zone_is_refused(ledger: Engine) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        receive(ledger, [arrival()], datetime(2026, 3, 3))


def test_a_claimed_row_is_nobody_elses_until_its_lease_runs_out(ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    assert len(claim(ledger, "first", now=NOON, lease_seconds=60)) == 1
    assert claim(ledger, "second", now=later(59)) == []
    taken = claim(ledger, "second", now=later(60))
    assert [row.attempts for row in taken] == [2]
    assert not fail(ledger, "first", taken[0].id, "too late", later(61))
    assert fail(ledger, "second", taken[0].id, "broken", later(61))
    assert queue_counts(ledger) == {"waiting": 0, "claimed": 0, "done": 0, "failed": 1}


def test_a_lease_can_be_lengthened_by_its_owner_only(ledger: Engine) -> None:
    ids = receive(ledger, [arrival()], NOON).ids
    claim(ledger, "first", now=NOON, lease_seconds=60)
    assert extend(ledger, "second", ids, now=later(30), lease_seconds=600) == 0
    assert extend(ledger, "first", ids, now=later(30), lease_seconds=60) == 1
    assert claim(ledger, "second", now=later(89)) == []
    assert len(claim(ledger, "second", now=later(90))) == 1


def test_a_queue_that_nobody_cleans_is_told_from_a_long_one(ledger: Engine) -> None:
    def idle(seconds: float) -> Undrained | None:
        return undrained(ledger, later(seconds), timedelta(seconds=900))

    assert idle(9000) is None
    first, *_ = receive(ledger, [arrival(f"story-{n}") for n in range(4)], NOON).ids
    assert idle(900) is None
    assert idle(901) == Undrained(4, NOON)
    claim(ledger, "me", now=later(1000), limit=1, lease_seconds=600)
    assert idle(1599) is None, "its first story is at work"
    assert idle(1600) == Undrained(4, NOON), "who had it is gone"
    claim(ledger, "me", now=later(1600), limit=1)
    fail(ledger, "me", first, "broken", later(1700))
    assert idle(2600) is None, "another has just been done"
    assert idle(2601) == Undrained(3, NOON)
    # A run that cleans only what it brought drains nothing.
    own = receive(ledger, [arrival("own")], later(2601), owner="feed").ids
    claim(ledger, "feed", now=later(2601), ids=own)
    assert idle(2602) == Undrained(3, NOON)


def test_a_row_that_never_gets_done_fails_after_some_attempts(ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    for attempt in range(MOST_ATTEMPTS):
        assert len(claim(ledger, "me", now=later(attempt * 1000), lease_seconds=10)) == 1
    assert claim(ledger, "me", now=later(99_000)) == []
    assert queue_counts(ledger)["failed"] == 1
    with ledger.connect() as connection:
        assert "Tried 5 times" in str(connection.execute(text("SELECT error FROM inbox")).scalar())


def test_a_released_row_comes_back_without_an_attempt_counted(ledger: Engine) -> None:
    ids = receive(ledger, [arrival()], NOON).ids
    for _ in range(MOST_ATTEMPTS + 1):
        assert [row.attempts for row in claim(ledger, "me", now=NOON)] == [1]
        assert release(ledger, "other", ids, "not mine") == 0
        assert release(ledger, "me", ids, "the rules do not load") == 1


def test_claims_take_the_oldest_and_no_more_than_asked(ledger: Engine) -> None:
    ids = receive(ledger, [arrival(f"story-{number}") for number in range(5)], NOON).ids
    assert [row.id for row in claim(ledger, "a", now=NOON, limit=2)] == list(ids[:2])
    assert [row.id for row in claim(ledger, "b", now=NOON, ids=[ids[0], ids[4]])] == [ids[4]]
    assert [row.id for row in claim(ledger, "c", now=NOON)] == list(ids[2:4])


def test_workers_that_race_share_the_rows_out(ledger_url: str) -> None:
    engine = open_ledger(ledger_url)
    ids = receive(engine, [arrival(f"story-{number}") for number in range(40)], NOON).ids
    engine.dispose()
    start = threading.Barrier(4)
    taken: list[list[int]] = []

    def work(owner: str) -> None:
        mine = open_ledger(ledger_url)
        start.wait()
        found: list[int] = []
        while rows := claim(mine, owner, now=NOON, limit=3):
            found += [row.id for row in rows]
        taken.append(found)
        mine.dispose()

    threads = [threading.Thread(target=work, args=(f"worker-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 4
    assert sorted(one for found in taken for one in found) == sorted(ids)


def test_senders_that_race_number_a_story_without_a_gap(ledger_url: str) -> None:
    open_ledger(ledger_url).dispose()
    start = threading.Barrier(3)

    def send(number: int) -> None:
        mine = open_ledger(ledger_url)
        start.wait()
        for step in range(5):
            receive(mine, [arrival(text=f"Version {number}-{step}.")], NOON)
        mine.dispose()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine = open_ledger(ledger_url)
    assert [row.revision for row in claim(engine, "me", now=NOON)] == list(range(1, 16))
    engine.dispose()


def _receive_and_die(ledger_url: str) -> None:
    engine = open_ledger(ledger_url)
    receive(engine, [arrival("kept")], NOON)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_after_receive_has_lost_nothing(ledger_url: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_receive_and_die, args=(ledger_url,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    engine = open_ledger(ledger_url)
    assert [row.raw.id for row in claim(engine, "me", now=NOON)] == ["kept"]
    engine.dispose()


def test_the_database_itself_refuses_orphans_and_doubles(ledger: Engine) -> None:
    receive(ledger, [arrival(event_id="msg_1")], NOON)
    with pytest.raises(IntegrityError), ledger.begin() as connection:
        connection.execute(text("UPDATE inbox SET revision_id = 99"))
    with pytest.raises(IntegrityError), ledger.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO inbox (source, event_id, revision_id, state, attempts, arrived_at)"
                " VALUES ('desk', 'msg_1', 1, 'waiting', 0, 'x')"
            )
        )


def test_errors_of_the_database_do_not_show_the_story(ledger: Engine) -> None:
    with ledger.begin() as connection:
        connection.execute(text("DROP TABLE inbox"))
    with pytest.raises(DBAPIError, match=r"no such table|does not exist") as caught:
        receive(ledger, [arrival(text="Not for the log.")], NOON)
    assert "Not for the log" not in str(caught.value)


def test_a_lease_that_was_given_while_the_clock_was_ahead_does_not_last_for_years(ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    assert len(claim(ledger, "dead", now=later(10 * 365 * 86_400))) == 1
    assert work_waits(ledger, NOON)
    assert len(claim(ledger, "me", now=NOON)) == 1
    assert not work_waits(ledger, NOON)
