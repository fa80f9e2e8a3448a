"""Recording outcomes: one transaction, one edition for each change, and what is owed because of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from newsroom import NOON, REMOVED, arrival, later, outcome_of
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from cleaners.model import Raw
from flows.ledger import (
    Arrival,
    InboxRow,
    Outcome,
    Recorded,
    StoryFilter,
    again,
    claim,
    claim_owed,
    failed,
    made,
    open_ledger,
    outbox_counts,
    queue_counts,
    receive,
    record_outcomes,
    select_raws,
)
from flows.ledger.outbox import MOST_ATTEMPTS
from flows.ledger.tables import COPIES, PUBLICATIONS, REMOVALS


def both(source: str, wish: tuple[str, ...] | None) -> tuple[str, ...]:
    return ("folder", "table") if wish is None else wish


def one(source: str, wish: tuple[str, ...] | None) -> tuple[str, ...]:
    return ("folder",)


def clean(
    ledger: Engine, story: Arrival, destinations_of: Any = one, run: str | None = None, **record: Any
) -> Recorded:
    """Receive, claim and record one story."""
    receive(ledger, [story] if run is None else again([story], run), NOON)
    [row] = claim(ledger, "me", now=NOON)
    [recorded] = record_outcomes(ledger, "me", [outcome_of(row, **record)], destinations_of, NOON)
    return recorded


def publish_all(ledger: Engine) -> list[tuple[str, int, str]]:
    done = []
    while owed := claim_owed(ledger, "publisher", now=NOON):
        made(ledger, "publisher", {act.id: {"did": "wrote"} for act in owed}, NOON)
        done += [(act.act, act.edition, act.destination) for act in owed]
    return done


def count(ledger: Engine, table: Any) -> int:
    with ledger.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_clean_story_is_written_down_whole_and_owed_everywhere(ledger: Engine) -> None:
    recorded = clean(ledger, arrival(), both, removed=[REMOVED])
    assert recorded == Recorded(1, "done", 1, True, ("folder", "table"))
    assert queue_counts(ledger)["done"] == 1
    with ledger.connect() as connection:
        removal = connection.execute(select(REMOVALS)).one()
    assert (removal.rule, removal.text) == ("english/published-undefined", "Published: undefined")
    owed = claim_owed(ledger, "publisher", now=NOON)
    assert [act.destination for act in owed] == ["folder", "table"]
    assert owed[0].story == "desk:ferry"
    assert owed[0].record["removed"] == [REMOVED]
    assert owed[0].rendered["markdown"] == "The ferry is back."
    assert owed[0].idempotency_key != owed[1].idempotency_key


def test_the_same_revision_cleaned_twice_is_published_once(ledger: Engine) -> None:
    clean(ledger, arrival())
    assert publish_all(ledger) == [("publish", 1, "folder")]
    second = clean(ledger, arrival(), run="again")
    assert second == Recorded(2, "done", 1, False, ())
    assert publish_all(ledger) == []
    assert count(ledger, COPIES) == 1


def test_new_rules_that_change_no_word_publish_nothing(ledger: Engine) -> None:
    clean(ledger, arrival(), ruleset="rules-1")
    publish_all(ledger)
    second = clean(ledger, arrival(), run="again", ruleset="rules-2", removed=[REMOVED])
    assert (second.edition, second.changed, second.owed) == (2, True, ())
    assert publish_all(ledger) == []


def test_new_rules_that_change_the_copy_publish_it_and_going_back_publishes_again(ledger: Engine) -> None:
    clean(ledger, arrival(), text="A.")
    publish_all(ledger)
    assert clean(ledger, arrival(), run="2", text="B.").owed == ("folder",)
    assert publish_all(ledger) == [("publish", 2, "folder")]
    assert clean(ledger, arrival(), run="3", text="A.").owed == ("folder",)
    assert publish_all(ledger) == [("publish", 3, "folder")]


def test_a_new_revision_with_the_same_copy_publishes_nothing(ledger: Engine) -> None:
    clean(ledger, arrival(text="A. Published: undefined"), text="A.")
    publish_all(ledger)
    assert clean(ledger, arrival(text="A. Published: null"), text="A.").owed == ()


def test_a_destination_that_is_new_to_a_story_gets_it(ledger: Engine) -> None:
    clean(ledger, arrival())
    publish_all(ledger)
    assert clean(ledger, arrival(), both, run="again").owed == ("table",)
    assert publish_all(ledger) == [("publish", 1, "table")]


def test_an_arrivals_own_destinations_are_handed_on(ledger: Engine) -> None:
    assert clean(ledger, arrival(destinations=("table",)), both).owed == ("table",)
    assert clean(ledger, arrival("other", destinations=()), both).owed == ()


def test_a_held_story_owes_nothing_but_is_kept(ledger: Engine) -> None:
    recorded = clean(ledger, arrival(), verdict="hold", reasons=["too much went"])
    assert (recorded.state, recorded.edition, recorded.owed) == ("done", 1, ())
    assert count(ledger, COPIES) == 1
    assert publish_all(ledger) == []
    assert clean(ledger, arrival(), run="again").owed == ("folder",), "the same copy, but now it may go out"


def test_a_kill_owes_an_unpublish_where_the_story_was_published(ledger: Engine) -> None:
    clean(ledger, arrival(), both)
    publish_all(ledger)
    kill = clean(ledger, arrival(text="KILL"), both, verdict="kill")
    assert kill.owed == ("folder", "table")
    assert publish_all(ledger) == [("unpublish", 2, "folder"), ("unpublish", 2, "table")]
    assert clean(ledger, arrival(text="KILL"), both, run="again", verdict="kill").owed == ()
    assert clean(ledger, arrival(text="KILL KILL"), both, verdict="kill").owed == (), "it is down already"


def test_a_kill_of_a_story_that_was_never_out_owes_nothing_and_stops_what_was_owed(ledger: Engine) -> None:
    clean(ledger, arrival())
    assert clean(ledger, arrival(text="KILL"), verdict="kill").owed == ()
    assert publish_all(ledger) == []
    assert outbox_counts(ledger) == {"owed": 0, "made": 0, "overtaken": 1, "failed": 0}


def test_a_kill_also_takes_down_what_was_only_tried(ledger: Engine) -> None:
    clean(ledger, arrival())
    [act] = claim_owed(ledger, "publisher", now=NOON)
    failed(ledger, "publisher", act.id, "timed out: it may have been written", NOON)
    assert clean(ledger, arrival(text="KILL"), verdict="kill").owed == ("folder",)
    assert [(act.act, act.edition) for act in claim_owed(ledger, "publisher", now=NOON)] == [("unpublish", 2)]


def test_a_story_may_come_back_after_a_kill_and_be_killed_again(ledger: Engine) -> None:
    clean(ledger, arrival())
    publish_all(ledger)
    clean(ledger, arrival(text="KILL"), verdict="kill")
    publish_all(ledger)
    assert clean(ledger, arrival()).owed == ("folder",)
    assert publish_all(ledger) == [("publish", 3, "folder")]
    assert clean(ledger, arrival(text="KILL"), verdict="kill").owed == ("folder",)


def test_an_unpublish_that_waits_for_its_next_try_is_tried_when_the_kill_is_cleaned_again(
    ledger: Engine,
) -> None:
    clean(ledger, arrival())
    publish_all(ledger)
    clean(ledger, arrival(text="KILL"), verdict="kill")
    [act] = claim_owed(ledger, "publisher", now=NOON)
    failed(ledger, "publisher", act.id, "the destination is down", NOON)
    assert publish_all(ledger) == []
    assert clean(ledger, arrival(text="KILL"), run="again", verdict="kill").owed == ("folder",)
    assert publish_all(ledger) == [("unpublish", 2, "folder")]


def test_a_publication_that_was_given_up_is_tried_again_when_the_story_is_cleaned_again(
    ledger: Engine,
) -> None:
    clean(ledger, arrival())
    give_up(ledger)
    assert clean(ledger, arrival(), run="again").owed == ("folder",)
    assert publish_all(ledger) == [("publish", 1, "folder")]


def give_up(ledger: Engine) -> None:
    for attempt in range(MOST_ATTEMPTS):
        moment = later(attempt * 100_000)
        [act] = claim_owed(ledger, "publisher", now=moment)
        failed(ledger, "publisher", act.id, "the destination is down", moment)


def test_an_older_revision_that_is_cleaned_late_changes_nothing(ledger: Engine) -> None:
    receive(ledger, [arrival(text="Old."), arrival(text="New.")], NOON)
    [old] = claim(ledger, "slow", now=NOON, limit=1)
    [new] = claim(ledger, "fast", now=NOON, limit=1)
    record_outcomes(ledger, "fast", [outcome_of(new)], one, NOON)
    assert record_outcomes(ledger, "slow", [outcome_of(old)], one, NOON) == [Recorded(old.id, "overtaken")]
    [act] = claim_owed(ledger, "publisher", now=NOON)
    assert act.record["text"] == "New."
    assert queue_counts(ledger)["done"] == 2


def test_revisions_of_one_story_in_one_batch_are_recorded_in_order(ledger: Engine) -> None:
    receive(ledger, [arrival(text="Old."), arrival(text="New.")], NOON)
    rows = claim(ledger, "me", now=NOON)
    outcomes = [outcome_of(row) for row in reversed(rows)]
    assert [done.edition for done in record_outcomes(ledger, "me", outcomes, one, NOON)] == [1, 2]
    assert publish_all(ledger) == [("publish", 2, "folder")]


def test_who_lost_the_lease_writes_nothing(ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    [row] = claim(ledger, "slow", now=NOON, lease_seconds=60)
    claim(ledger, "fast", now=later(61))
    assert record_outcomes(ledger, "slow", [outcome_of(row)], one, later(62)) == [Recorded(row.id, "lost")]
    assert count(ledger, COPIES) == 0
    assert queue_counts(ledger)["claimed"] == 1


def test_an_error_fails_its_row_only(ledger: Engine) -> None:
    receive(ledger, [arrival("good"), arrival("bad")], NOON)
    good, bad = claim(ledger, "me", now=NOON)
    outcomes = [outcome_of(good), Outcome(bad.id, "bad", error="no story in it")]
    assert [done.state for done in record_outcomes(ledger, "me", outcomes, one, NOON)] == ["done", "failed"]
    with ledger.connect() as connection:
        errors = connection.execute(text("SELECT error FROM inbox ORDER BY id")).scalars().all()
    assert errors == [None, "no story in it"]


def test_all_of_a_batch_is_written_or_nothing(ledger: Engine) -> None:
    receive(ledger, [arrival("good"), arrival("bad")], NOON)
    good, bad = claim(ledger, "me", now=NOON)
    broken = outcome_of(bad, removed=[{**REMOVED, "why": None}])
    with pytest.raises(IntegrityError):
        record_outcomes(ledger, "me", [outcome_of(good), broken], one, NOON)
    assert count(ledger, COPIES) == count(ledger, PUBLICATIONS) == count(ledger, REMOVALS) == 0
    assert queue_counts(ledger)["claimed"] == 2


def test_two_workers_that_clean_the_same_revision_publish_it_once(ledger_url: str) -> None:
    engine = open_ledger(ledger_url)
    for run in range(4):
        receive(engine, again([arrival()], str(run)), NOON)
    rows = claim(engine, "me", now=NOON)
    assert [row.revision for row in rows] == [1, 1, 1, 1]
    start = threading.Barrier(len(rows))

    def work(row: InboxRow) -> None:
        mine = open_ledger(ledger_url)
        start.wait()
        record_outcomes(mine, "me", [outcome_of(row)], one, NOON)
        mine.dispose()

    threads = [threading.Thread(target=work, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert publish_all(engine) == [("publish", 1, "folder")]
    assert queue_counts(engine)["done"] == 4
    engine.dispose()


def test_the_database_itself_refuses_a_second_publication(ledger: Engine) -> None:
    clean(ledger, arrival())
    with pytest.raises(IntegrityError, match="publications"), ledger.begin() as connection:
        connection.execute(
            PUBLICATIONS.insert().values(
                story_id=1,
                copy_id=1,
                edition=1,
                destination="folder",
                act="publish",
                content_hash="x",
                idempotency_key="another",
                state="owed",
                next_attempt_at=NOON,
                owed_at=NOON,
            )
        )


def test_stories_are_chosen_by_what_is_known_of_them(ledger: Engine) -> None:
    def of(story: str, **more: Any) -> Arrival:
        raw = Raw(
            story,
            "text",
            f"{story} copy",
            url=f"https://example.org/{story}",
            publisher=more.pop("publisher", None),
        )
        return Arrival(raw, more.pop("source", "desk"))

    receive(ledger, [of("a"), of("b", publisher="harbour")], NOON)
    receive(ledger, [of("c", source="agency")], later(3600))
    a, b, c = claim(ledger, "me", now=later(3600))
    outcomes = [outcome_of(a, verdict="hold"), Outcome(b.id, "b", error="broken"), outcome_of(c)]
    record_outcomes(ledger, "me", outcomes, one, later(3600))

    def chosen(**wanted: Any) -> list[str]:
        return [found.story_id for found in select_raws(ledger, StoryFilter(**wanted))]

    assert chosen() == ["a", "b", "c"]
    assert chosen(source="agency") == ["c"]
    assert chosen(publisher="harbour") == ["b"]
    assert chosen(ids=("a", "https://example.org/c")) == ["a", "c"]
    assert chosen(since=later(1)) == ["c"]
    assert chosen(only_held=True) == ["a"]
    assert chosen(only_failed=True) == ["b"]
    assert chosen(only_failed=True, source="agency") == []
    [found] = select_raws(ledger, StoryFilter(ids=("b",)))
    assert found == Arrival(
        Raw("b", "text", "b copy", url="https://example.org/b", publisher="harbour"), "desk", "b"
    )


def test_a_chosen_story_is_its_newest_revision(ledger: Engine) -> None:
    receive(ledger, [arrival(text="Old."), arrival(text="New.")], NOON)
    assert [found.raw.content for found in select_raws(ledger, StoryFilter())] == ["New."]


def test_a_failed_story_that_was_done_since_is_not_failed_any_more(ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    [row] = claim(ledger, "me", now=NOON)
    record_outcomes(ledger, "me", [Outcome(row.id, "ferry", error="broken")], one, NOON)
    [failed_story] = select_raws(ledger, StoryFilter(only_failed=True))
    clean(ledger, failed_story, run="again")
    assert select_raws(ledger, StoryFilter(only_failed=True)) == []
