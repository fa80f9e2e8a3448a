"""Events that overtake each other on their way: the text that the CMS saved last is the one that counts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from newsroom import NOON, outcome_of
from sqlalchemy import Engine, select

from cleaners.model import Fields, Raw
from flows.ledger import Arrival, InboxRow, StoryFilter, again, claim, receive, record_outcomes, select_raws
from flows.ledger.late import NOTE, end_late, late_among
from flows.ledger.tables import INBOX, REVISIONS
from flows.settings import WebhookSource
from flows.webhook.cms_events import taken_down


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


def killed(minute: int | None, event: str) -> Arrival:
    """As the adapters of CMSs tell that readers cannot see the story any more."""
    source = WebhookSource(kind="webhook", name="cms", adapter="ghost", secret_env="TEST_GHOST")
    updated = None if minute is None else f"2026-03-03T06:{minute:02}:00.000Z"
    return Arrival(taken_down("ferry", source, updated), "cms", event_id=event)


def test_what_was_saved_before_a_kill_does_not_bring_the_story_back(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(10, "a")))
    record(ledger, claimed(ledger, killed(20, "c")))
    edit = claimed(ledger, saved(15, "b", "Edited, and taken down after that."))
    late = late_among(ledger, edit)
    assert end_late(ledger, "me", late, NOON) == {edit[0].id}
    assert newest(ledger) == ""


@pytest.mark.parametrize("minute", [20, 25])
def test_a_story_that_is_published_anew_after_a_kill_comes_through(ledger: Engine, minute: int) -> None:
    record(ledger, claimed(ledger, killed(20, "c")))
    assert late_among(ledger, claimed(ledger, saved(minute, "d"))) == {}


def test_a_kill_that_says_no_time_keeps_nothing_back(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(10, "a"), killed(None, "c")))
    assert late_among(ledger, claimed(ledger, saved(15, "b"))) == {}


def test_a_first_version_says_only_when_it_was_published_and_may_be_late_too(ledger: Engine) -> None:
    """As ninjs is read, where both times are the same: Superdesk's first push was refused, and comes again behind the kill."""
    first = Raw(id="ferry", form="text", content="First.", published="2026-03-03T06:10:00+00:00")
    record(ledger, claimed(ledger, killed(20, "c")))
    rows = claimed(ledger, Arrival(first, "cms", event_id="a"))
    assert set(late_among(ledger, rows)) == {rows[0].id}


def test_a_day_of_publication_that_lies_ahead_makes_nothing_late(ledger: Engine) -> None:
    ahead = Raw(id="ferry", form="text", content="Soon.", published="2026-04-01T06:00:00+00:00")
    rows = claimed(ledger, Arrival(ahead, "cms", event_id="a"), saved(10, "b"))
    assert late_among(ledger, rows) == {}
    record(ledger, rows)
    assert late_among(ledger, claimed(ledger, saved(15, "c", "Edited."))) == {}


def test_what_no_event_brought_is_never_late(ledger: Engine) -> None:
    record(ledger, claimed(ledger, saved(20, "b", "Newer.")))
    polled = claimed(ledger, saved(10, None, "Older."))
    assert late_among(ledger, polled) == {}
    record(ledger, polled)
    [once_more] = again([saved(10, None, "Older.")], "run")
    assert late_among(ledger, claimed(ledger, once_more)) == {}
