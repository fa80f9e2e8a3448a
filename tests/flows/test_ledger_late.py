"""Events that overtake each other on their way: the text that the CMS saved last is the one that counts."""

from __future__ import annotations

from collections.abc import Sequence

from newsroom import NOON, outcome_of
from sqlalchemy import Engine, select

from cleaners.model import Fields, Raw
from flows.ledger import Arrival, InboxRow, StoryFilter, again, claim, receive, record_outcomes, select_raws
from flows.ledger.late import NOTE, end_late, late_among
from flows.ledger.tables import INBOX, REVISIONS


def saved(
    minute: int | None, event: str | None, text: str = "The ferry is back.", story: str = "ferry"
) -> Arrival:
    given = None if minute is None else Fields(updated=f"2026-03-03T06:{minute:02}:00.000Z")
    return Arrival(Raw(id=story, form="text", content=text, given=given), "cms", event_id=event)


def claimed(ledger: Engine, *arrivals: Arrival) -> list[InboxRow]:
    receive(ledger, arrivals, NOON)
    return claim(ledger, "me", now=NOON)


def record(ledger: Engine, rows: Sequence[InboxRow]) -> None:
    record_outcomes(ledger, "me", [outcome_of(row) for row in rows], lambda source, wish: (), NOON)


def newest(ledger: Engine) -> str:
    [arrival] = select_raws(ledger, StoryFilter(ids=("ferry",)))
    return str(arrival.raw.content)


def test_an_older_version_that_comes_after_a_newer_one_ends_without_copy_or_revision(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(20, "b", "Newer.")))
    rows = claimed(ledger, saved(10, "a", "Older."))
    late = late_among(ledger, rows)
    assert set(late) == {rows[0].id}
    assert end_late(ledger, "somebody else", late, NOON) == set()
    assert end_late(ledger, "me", late, NOON) == {rows[0].id}
    assert newest(ledger) == "Newer."
    with ledger.connect() as connection:
        assert len(connection.execute(select(REVISIONS.c.id)).all()) == 1
        [done] = connection.execute(select(INBOX).where(INBOX.c.event_id == "a")).all()
    assert (done.state, done.note, done.owner) == ("done", NOTE, None)
    # The event is known still: sent again, it is a duplicate.
    assert receive(ledger, [saved(10, "a", "Older.")], NOON).ids == ()


def test_of_two_that_are_claimed_together_the_newer_one_counts(ledger: Engine) -> None:
    newer, older = claimed(ledger, saved(20, "b", "Newer."), saved(10, "a", "Older."))
    late = late_among(ledger, [newer, older])
    assert set(late) == {older.id}
    assert end_late(ledger, "me", late, NOON) == {older.id}
    record(ledger, [newer])
    assert newest(ledger) == "Newer."


def test_in_their_order_none_is_late(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(10, "a", "Older.")))
    rows = claimed(ledger, saved(20, "b", "Newer."), saved(20, "c", "Newer, in the same moment."))
    assert late_among(ledger, rows) == {}


def test_what_has_no_time_or_is_another_story_is_never_late(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(20, "b")))
    rows = claimed(ledger, saved(None, "a", "No time."), saved(10, "c", story="another"))
    assert late_among(ledger, rows) == {}


def test_a_version_that_waits_to_be_looked_at_makes_no_other_one_late(ledger: Engine) -> None:
    """It may be our own writing, which is newer than what an editor saved a moment before."""
    own, theirs = claimed(ledger, saved(20, "b", "Our own."), saved(10, "a", "Theirs."))
    assert late_among(ledger, [theirs]) == {}
    assert set(late_among(ledger, [own, theirs])) == {theirs.id}


def test_a_kill_is_never_late(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(20, "b")))
    rows = claimed(ledger, saved(10, "a", "KILL KILL KILL\n\nThe ferry is back."))
    assert late_among(ledger, rows) == {}


def test_what_no_event_brought_is_never_late(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(20, "b", "Newer.")))
    polled = claimed(ledger, saved(10, None, "Older."))
    assert late_among(ledger, polled) == {}
    record(ledger, polled)
    [once_more] = again([saved(10, None, "Older.")], "run")
    assert late_among(ledger, claimed(ledger, once_more)) == {}
