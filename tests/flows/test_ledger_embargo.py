"""Embargoes in the ledger: owed at once, out when they are over and never before, whatever the clock does and whoever decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from newsroom import NOON, arrival, outcome_of
from simulated import Simulated
from sqlalchemy import Engine, select

from flows.ledger import (
    Decision,
    NotDecided,
    Recorded,
    again,
    claim,
    claim_owed,
    decide,
    failed,
    held_count,
    look_at_story,
    made,
    open_ledger,
    outbox_counts,
    receive,
    record_outcomes,
)
from flows.ledger.clock import BELIEVED_AFTER_SECONDS
from flows.ledger.embargo import embargo_of
from flows.ledger.owing import embargoes, owing, try_again
from flows.ledger.tables import COPIES, PUBLICATIONS, STORIES

SIX = datetime.fromisoformat("2026-03-06T06:00:00+00:00")
SEVEN = datetime.fromisoformat("2026-03-06T07:00:00+00:00")


def embargo(
    until: str | None = SIX.isoformat(), text: str = "EMBARGOED UNTIL 0600 GMT 6 MARCH"
) -> dict[str, Any]:
    return {"kind": "embargo", "text": text, "until": until}


def held_for(*signals: dict[str, Any], reasons: tuple[str, ...] = ()) -> dict[str, Any]:
    """What cleaning says of a story with these signals, and for these further reasons."""
    told = [f"{one['kind']}: the raw copy says “{one['text']}” (until {one['until']})" for one in signals]
    return {"verdict": "hold", "signals": list(signals), "reasons": [*told, *reasons]}


class Desk:
    """One ledger, one story, simulated time; ``public`` is what a reader sees."""

    def __init__(self, ledger: Engine) -> None:
        self.ledger = ledger
        self.time = Simulated(NOON)
        self.destinations: tuple[str, ...] = ("folder", "table")
        self.public: dict[str, str | None] = {}
        self.runs = 0

    def arrives(self, content: str = "The ferry is back.", **record: Any) -> Recorded:
        receive(self.ledger, [arrival(text=content)], self.time.now)
        return self.work(**record)

    def cleaned_again(self, content: str = "The ferry is back.", **record: Any) -> Recorded:
        self.runs += 1
        receive(self.ledger, again([arrival(text=content)], str(self.runs)), self.time.now)
        return self.work(**record)

    def work(self, **record: Any) -> Recorded:
        [row] = claim(self.ledger, "me", now=self.time.now)
        outcome = outcome_of(row, **({"text": "The ferry is back."} | record))
        where = lambda *_: self.destinations  # noqa: E731
        [recorded] = record_outcomes(self.ledger, "me", [outcome], where, self.time.now, self.time.witness)
        return recorded

    def claims(self, **more: Any) -> list[Any]:
        return claim_owed(self.ledger, "publisher", now=self.time.now, witness=self.time.witness, **more)

    def publishes(self) -> list[tuple[str, str, int]]:
        done = []
        while owed := self.claims():
            for act in owed:
                self.public[act.destination] = act.record["text"] if act.act == "publish" else None
                done.append((act.act, act.destination, act.edition))
            made(self.ledger, "publisher", {act.id: {} for act in owed}, self.time.now)
        return sorted(done)

    def decides(self, act: Any, **more: Any) -> Any:
        wish = Decision("desk", "ferry", more.pop("edition", 1), act, "Ida Holm", "I have read it.", **more)
        return decide(self.ledger, wish, lambda *_: self.destinations, self.time.now)

    def verdict(self) -> str:
        return look_at_story(self.ledger, "desk", "ferry", self.time.now).verdict


@pytest.fixture
def desk(ledger: Engine) -> Desk:
    return Desk(ledger)


BOTH = [("publish", "folder", 1), ("publish", "table", 1)]


@pytest.mark.parametrize(
    ("record", "until"),
    [
        (held_for(embargo()), SIX),
        (held_for(embargo("2026-03-06T07:00:00+01:00")), SIX),
        (held_for(embargo(), embargo(SEVEN.isoformat(), "EMBARGOED UNTIL 0700 GMT 6 MARCH")), SEVEN),
        (held_for(embargo("2026-03-06T06:00:00")), None),
        (held_for(embargo("2026-03-06")), None),
        (held_for(embargo("Friday")), None),
        (held_for(embargo(None)), None),
        (held_for(embargo("9999-12-31T23:59:00-12:00")), None),
        (held_for(embargo(), embargo(None, "EMBARGOED")), None),
        (held_for(embargo(), {"kind": "hold", "text": "HOLD", "until": None}), None),
        (held_for(embargo(), {"kind": "advisory", "text": "ADVISORY - x", "until": None}), None),
        (held_for(embargo()) | {"signals": [embargo(), {"kind": "note", "text": "Eds: x", "until": None}]}, SIX),
        (held_for(embargo(), reasons=("9 of 10 body words would go",)), None),
        (held_for(embargo()) | {"reasons": ["9 of 10 body words would go"]}, None),
        (held_for(embargo()) | {"reasons": []}, None),
        (held_for(embargo()) | {"verdict": "kill"}, None),
        (held_for(embargo()) | {"verdict": "publish", "reasons": []}, None),
        (held_for(embargo()) | {"decided": {"act": "drop"}}, None),
        ({"verdict": "hold", "reasons": ["embargo: x"]}, None),
    ],
)  # fmt: skip
def test_only_an_embargo_without_doubt_ends_by_itself(record: dict[str, Any], until: datetime | None) -> None:
    assert embargo_of(record) == until


def test_it_is_owed_at_once_and_made_when_it_is_over(desk: Desk) -> None:
    recorded = desk.arrives(**held_for(embargo()))
    assert (recorded.owed, recorded.not_before) == (("folder", "table"), SIX)
    assert (desk.verdict(), held_count(desk.ledger)) == ("embargo", 0)
    [line] = embargoes(desk.ledger, desk.time.now)
    assert (line.story, line.until, line.destinations) == ("desk:ferry", SIX, ("folder", "table"))
    assert {one.waits for one in owing(desk.ledger, desk.time.now)} == {"embargo"}
    for moment in (NOON, SIX - timedelta(hours=1), SIX - timedelta(microseconds=1)):
        desk.time.passes_until(moment)
        assert desk.publishes() == []
    desk.time.passes_until(SIX)
    [first, *_] = desk.claims(limit=1)
    # Whoever reads what is published learns that it may be used.
    assert (first.record["verdict"], first.record["reasons"]) == (
        "publish",
        ["its embargo ended on 2026-03-06 06:00 UTC"],
    )
    made(desk.ledger, "publisher", {first.id: {}}, SIX)
    assert desk.publishes() == BOTH[1:]
    assert embargoes(desk.ledger, desk.time.now) == []


def test_the_destinations_are_those_of_the_time_it_was_written_down(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    desk.destinations = ("elsewhere",)
    desk.time.passes_until(SIX)
    assert desk.publishes() == BOTH


def test_cleaned_again_by_the_same_rules_nothing_changes(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    second = desk.cleaned_again(**held_for(embargo()))
    assert (second.changed, second.owed, second.not_before) == (False, (), SIX)
    desk.time.passes_until(SIX)
    assert desk.publishes() == BOTH
    desk.cleaned_again(**held_for(embargo()))
    assert desk.publishes() == []


def test_cleaned_again_by_other_rules_it_goes_out_once(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    assert desk.cleaned_again(ruleset="rules-2", **held_for(embargo())).owed == ("folder", "table")
    assert desk.publishes() == []
    desk.time.passes_until(SIX)
    assert desk.publishes() == [("publish", "folder", 2), ("publish", "table", 2)]


def test_what_is_public_of_an_older_edition_stays(desk: Desk) -> None:
    desk.arrives()
    desk.publishes()
    desk.arrives("The ferry sinks.", text="The ferry sinks.", **held_for(embargo()))
    assert desk.publishes() == []
    assert set(desk.public.values()) == {"The ferry is back."}
    desk.time.passes_until(SIX)
    desk.publishes()
    assert set(desk.public.values()) == {"The ferry sinks."}


def test_what_was_only_owed_of_an_older_edition_does_not_go_out_any_more(desk: Desk) -> None:
    """Neither where the newer one goes, nor elsewhere; and the same words are not let out early by an older row."""
    desk.destinations = ("folder", "table", "old")
    desk.arrives()
    desk.destinations = ("folder", "table")
    desk.arrives("The ferry is back. Embargoed.", **held_for(embargo()))
    assert desk.publishes() == []
    desk.time.passes_until(SIX)
    assert desk.publishes() == [("publish", "folder", 2), ("publish", "table", 2)]


def test_an_older_edition_that_was_under_way_is_not_tried_again(desk: Desk) -> None:
    desk.arrives()
    acts = desk.claims()
    desk.arrives("The ferry is back. Embargoed.", **held_for(embargo()))
    for act in acts:
        failed(desk.ledger, "publisher", act.id, "refused", desk.time.now)
    desk.time.passes(3600)
    assert desk.publishes() == []
    desk.time.passes_until(SIX)
    assert [edition for _, _, edition in desk.publishes()] == [2, 2]


def test_a_newer_edition_without_an_embargo_goes_out_at_once(desk: Desk) -> None:
    """Also with the same words: the row that waits for the embargo is not taken for it."""
    desk.arrives(**held_for(embargo()))
    desk.arrives("The ferry is back. Released.")
    assert desk.publishes() == [("publish", "folder", 2), ("publish", "table", 2)]
    desk.time.passes_until(SIX)
    assert desk.publishes() == []


def test_a_later_embargo_counts(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    desk.arrives("Again.", **held_for(embargo(SEVEN.isoformat())))
    desk.time.passes_until(SIX)
    assert desk.publishes() == []
    desk.time.passes_until(SEVEN)
    assert desk.publishes() == [("publish", "folder", 2), ("publish", "table", 2)]


def test_an_earlier_embargo_counts_when_it_is_the_newer(desk: Desk) -> None:
    desk.arrives(**held_for(embargo(SEVEN.isoformat())))
    desk.arrives("Again.", **held_for(embargo()))
    desk.time.passes_until(SIX)
    assert desk.publishes() == [("publish", "folder", 2), ("publish", "table", 2)]
    desk.time.passes_until(SEVEN)
    assert desk.publishes() == []


@pytest.mark.parametrize("verdict", ["hold", "kill"])
def test_a_hold_or_a_kill_ends_it(desk: Desk, verdict: str) -> None:
    desk.arrives(**held_for(embargo()))
    desk.arrives("Stop.", verdict=verdict, reasons=["stop"])
    desk.time.passes_until(SEVEN)
    assert desk.publishes() == []
    assert outbox_counts(desk.ledger)["owed"] == 0


@pytest.mark.parametrize("act", ["drop", "hold"])
def test_a_person_stops_it(desk: Desk, act: str) -> None:
    desk.arrives(**held_for(embargo()))
    assert desk.decides(act).edition == 2
    assert desk.verdict() == act
    desk.time.passes_until(SEVEN)
    assert desk.publishes() == []
    # Nor does cleaning it again let it out.
    desk.cleaned_again(ruleset="rules-2", **held_for(embargo()))
    desk.time.passes(86_400)
    assert desk.publishes() == []


def test_what_a_person_held_on_a_person_publishes(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    desk.decides("hold")
    assert held_count(desk.ledger) == 1
    with pytest.raises(NotDecided, match="under embargo"):
        desk.decides("publish", edition=2)
    desk.time.passes_until(SIX)
    desk.decides("publish", edition=2)
    assert desk.publishes() == [("publish", "folder", 3), ("publish", "table", 3)]


def test_a_person_publishes_despite_it_with_a_second_yes(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    with pytest.raises(NotDecided, match="under embargo"):
        desk.decides("publish")
    assert desk.decides("publish", despite_embargo=True).embargo is not None
    assert desk.publishes() == [("publish", "folder", 2), ("publish", "table", 2)]
    desk.time.passes_until(SIX)
    assert desk.publishes() == []


def test_a_person_who_comes_too_late_is_told(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    desk.time.passes_until(SIX)
    with pytest.raises(NotDecided, match="its embargo is over"):
        desk.decides("drop")


def test_what_is_held_for_something_else_cannot_be_held_on(desk: Desk) -> None:
    desk.arrives(verdict="hold", reasons=["nothing is left to publish"])
    with pytest.raises(NotDecided, match="nothing to hold on"):
        desk.decides("hold")


def test_after_a_kill_that_is_not_done_everywhere_a_person_decides(desk: Desk) -> None:
    desk.arrives()
    desk.publishes()
    desk.arrives("KILL", verdict="kill", reasons=["kill"])
    recorded = desk.arrives("New.", text="New.", **held_for(embargo()))
    assert (recorded.owed, recorded.not_before, desk.verdict()) == ((), None, "hold")
    assert recorded.decided is not None
    assert "killed" in recorded.decided["reasons"][-1]
    assert [act for act, _, _ in desk.publishes()] == ["unpublish", "unpublish"]
    # Once it is down, it may wait for its time by itself.
    assert desk.cleaned_again("New.", text="New.", **held_for(embargo())).not_before == SIX
    desk.time.passes_until(SIX)
    assert [act for act, _, _ in desk.publishes()] == ["publish", "publish"]


def test_trying_again_does_not_end_an_embargo(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    with desk.ledger.connect() as connection:
        ids = list(connection.execute(select(PUBLICATIONS.c.id)).scalars())
    assert try_again(desk.ledger, desk.time.now, ids=ids).ids == tuple(ids)
    assert desk.publishes() == []


def test_a_refused_attempt_after_the_embargo_is_tried_again(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    desk.time.passes_until(SIX)
    for act in desk.claims():
        failed(desk.ledger, "publisher", act.id, "refused", desk.time.now)
    desk.time.passes(3600)
    assert desk.publishes() == BOTH


# --- the clock ---------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_forward_lets_nothing_out_early(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    desk.time.passes(600)
    desk.time.ahead = timedelta(days=4)
    assert desk.publishes() == []
    desk.time.passes(BELIEVED_AFTER_SECONDS / 2)
    assert desk.publishes() == []
    # Somebody puts it right; the embargo ends when it ends.
    desk.time.ahead = timedelta(0)
    assert desk.publishes() == []
    desk.time.passes_until(SIX - timedelta(seconds=1))
    assert desk.publishes() == []
    desk.time.passes_until(SIX)
    assert desk.publishes() == BOTH


def test_another_process_is_not_fooled_either(desk: Desk, ledger_url: str) -> None:
    """Each run is a process of its own: what was seen of the clock lies in the ledger."""
    desk.arrives(**held_for(embargo()))
    desk.time.passes(600)
    desk.time.ahead = timedelta(days=4)
    other = open_ledger(ledger_url)
    assert claim_owed(other, "next run", now=desk.time.now, witness=desk.time.witness) == []
    other.dispose()


def test_a_clock_that_jumps_again_and_again_is_not_believed(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    for hours in range(1, 40):
        desk.time.ahead = timedelta(days=4, hours=hours)
        assert desk.publishes() == [], hours
        desk.time.passes(1800)
        if desk.time.true >= SIX:
            break


def test_a_clock_that_was_wrong_and_is_put_right_is_believed_after_an_hour(desk: Desk) -> None:
    """It was three hours behind when the embargo was written down: nothing is early, and an hour's doubt is all that it costs."""
    desk.time.ahead = -timedelta(hours=3)
    desk.arrives(**held_for(embargo()))
    desk.time.passes_until(SIX)
    assert desk.publishes() == []
    desk.time.ahead = timedelta(0)
    assert desk.publishes() == []
    desk.time.passes(BELIEVED_AFTER_SECONDS + 1)
    assert desk.publishes() == BOTH


def test_a_clock_that_is_set_back_makes_it_later_and_not_never(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    desk.time.ahead = -timedelta(hours=2)
    desk.time.passes_until(SIX + timedelta(hours=1))
    assert desk.publishes() == []
    desk.time.passes_until(SIX + timedelta(hours=2))
    assert desk.publishes() == BOTH


def test_a_clock_that_is_kept_in_step_costs_nothing(desk: Desk) -> None:
    desk.arrives(**held_for(embargo()))
    for minutes in range(1, 60):
        desk.time.passes(60)
        desk.time.ahead = timedelta(seconds=0.4 * (minutes % 3 - 1))
        desk.arrives(f"Version {minutes}.", **held_for(embargo()))
    desk.time.ahead = timedelta(0)
    desk.time.passes_until(SIX)
    assert desk.publishes() != []


@pytest.mark.parametrize("waited", [2, 29])
def test_a_claim_that_waited_for_the_ledgers_lock_is_no_clock_that_was_set(
    desk: Desk, caplog: pytest.LogCaptureFixture, waited: float
) -> None:
    """It looked at the wall clock, waited for the lock, and then for how long the machine is up."""
    desk.arrives(**held_for(embargo()))
    for _ in range(3):
        desk.time.passes(BELIEVED_AFTER_SECONDS)
        desk.time.ahead = -timedelta(seconds=waited)
        assert desk.publishes() == []
        desk.time.ahead = timedelta(0)
        assert desk.publishes() == []
    desk.time.passes_until(SIX - timedelta(seconds=1))
    assert desk.publishes() == []
    desk.time.passes_until(SIX)
    assert desk.publishes() == BOTH
    assert "set forward" not in caplog.text


def test_claims_that_wait_do_not_keep_a_clock_that_was_put_right_from_being_believed(desk: Desk) -> None:
    desk.time.ahead = -timedelta(hours=3)
    desk.arrives(**held_for(embargo()))
    desk.time.passes_until(SIX)
    for minute in range(60):
        desk.time.ahead = timedelta(seconds=-10 * (minute % 2))
        assert desk.publishes() == []
        desk.time.passes(60)
    desk.time.ahead = -timedelta(seconds=10)
    assert desk.publishes() == BOTH


def test_a_late_claim_does_not_make_a_clock_that_is_wrong_again_believed(desk: Desk) -> None:
    """Four days ahead, put right, and four days ahead once more: the hour begins anew, also where who saw it put right was late."""
    desk.arrives(**held_for(embargo()))
    desk.time.ahead = timedelta(days=4)
    assert desk.publishes() == []
    desk.time.passes(BELIEVED_AFTER_SECONDS / 2)
    desk.time.ahead = -timedelta(seconds=10)
    assert desk.publishes() == []
    desk.time.passes(BELIEVED_AFTER_SECONDS)
    desk.time.ahead = timedelta(days=4)
    assert desk.publishes() == []


def test_the_server_is_asked_too(desk: Desk) -> None:
    desk.time.server_ahead = -timedelta(minutes=10)
    desk.arrives(**held_for(embargo()))
    desk.time.passes_until(SIX)
    assert desk.publishes() == []
    desk.time.passes(600)
    assert desk.publishes() == BOTH


def test_what_waits_since_the_clock_was_ahead_does_not_wait_for_years(desk: Desk) -> None:
    """Tried, and leased, while the clock stood ten years ahead; then it was put right."""
    desk.time.ahead = timedelta(days=3650)
    desk.arrives()
    refused, dead = desk.claims()
    failed(desk.ledger, "publisher", refused.id, "refused", desk.time.now)
    desk.time.ahead = timedelta(0)
    assert {act.id for act in desk.claims()} == {refused.id, dead.id}


def test_a_machine_without_a_simulated_clock_has_one(ledger: Engine) -> None:
    """The real witness: this machine's uptime, and on PostgreSQL the server's clock."""
    desk = Desk(ledger)
    past = (NOON - timedelta(days=1)).isoformat()
    receive(ledger, [arrival()], NOON)
    [row] = claim(ledger, "me", now=NOON)
    record_outcomes(ledger, "me", [outcome_of(row, **held_for(embargo(past)))], lambda *_: ["folder"], NOON)
    assert [act.act for act in claim_owed(ledger, "me", now=NOON)] == ["publish"]
    assert desk.verdict() == "embargo"
    with ledger.connect() as connection:
        assert connection.execute(select(STORIES.c.verdict)).scalar() == "embargo"
        assert connection.execute(select(COPIES.c.verdict)).scalar() == "embargo"
