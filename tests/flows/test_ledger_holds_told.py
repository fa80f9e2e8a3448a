"""Destinations that want to hear of holds are told, once; and that news is in nobody's way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from sqlalchemy import Engine

from flows.ledger import (
    Recorded,
    WhereTo,
    again,
    claim,
    claim_owed,
    failed,
    held_stories,
    made,
    outbox_counts,
    receive,
    record_outcomes,
)
from flows.settings import load_destinations
from flows.tasks.publishing import acts_for, by_source, due_waits, publish_owed

WHERE = WhereTo(("folder", "hook"), ("hook",))


class Desk:
    def __init__(self, ledger: Engine) -> None:
        self.ledger, self.runs = ledger, 0

    def arrives(self, content: str = "Back.", **record: Any) -> Recorded:
        receive(self.ledger, [arrival(text=content)], NOON)
        return self.work(**record)

    def cleaned_again(self, content: str = "Back.", **record: Any) -> Recorded:
        self.runs += 1
        receive(self.ledger, again([arrival(text=content)], str(self.runs)), NOON)
        return self.work(**record)

    def held(self, content: str = "Back.", **record: Any) -> Recorded:
        return self.arrives(content, verdict="hold", reasons=["hold"], **record)

    def work(self, **record: Any) -> Recorded:
        [row] = claim(self.ledger, "me", now=NOON)
        outcome = outcome_of(row, **({"text": "Back."} | record))
        [recorded] = record_outcomes(self.ledger, "me", [outcome], lambda *_: WHERE, NOON)
        return recorded

    def does(self, now: Any = NOON, **more: Any) -> list[tuple[str, str, int]]:
        acts = claim_owed(self.ledger, "publisher", now=now, **more)
        made(self.ledger, "publisher", {act.id: {} for act in acts}, now)
        return [(act.act, act.destination, act.edition) for act in acts]


@pytest.fixture
def desk(ledger: Engine) -> Desk:
    return Desk(ledger)


def test_those_who_want_to_hear_are_told_and_no_others(desk: Desk) -> None:
    assert desk.held().owed == ("hook",)
    assert desk.does() == [("hold", "hook", 1)]
    assert desk.does(later(9999)) == []


def test_the_same_hold_is_told_once(desk: Desk) -> None:
    desk.held()
    assert desk.cleaned_again(verdict="hold", reasons=["hold"]).owed == ()
    desk.does()
    assert desk.cleaned_again(verdict="hold", reasons=["other"], ruleset="rules-2").owed == ()
    assert desk.held("Another.", text="Another.").owed == ("hook",)


def test_what_was_told_to_be_held_is_told_to_be_public_again(desk: Desk) -> None:
    """Its words are public still, but the subscriber heard that they are held."""
    desk.arrives()
    desk.does()
    desk.held("Held.")
    assert desk.does() == [("hold", "hook", 2)]
    assert desk.arrives("Released.").owed == ("hook",)
    assert desk.does() == [("publish", "hook", 3)]


def test_a_hold_that_nobody_heard_of_yet_is_not_told_once_it_is_over(desk: Desk) -> None:
    desk.arrives()
    desk.does()
    desk.held("Held.")
    assert desk.arrives("Released.").owed == ()
    assert desk.does() == []


def test_the_news_of_a_hold_is_no_copy(desk: Desk) -> None:
    """The story is public where it was, and a kill takes it down where it was, and nowhere else."""
    desk.arrives()
    desk.does()
    desk.held("Held.")
    desk.does()
    [line] = held_stories(desk.ledger)
    assert line.public == (("folder", 1), ("hook", 1))
    desk.arrives("KILL", verdict="kill", reasons=["kill"])
    assert sorted(desk.does()) == [("unpublish", "folder", 3), ("unpublish", "hook", 3)]


def test_who_was_told_of_a_hold_is_told_of_the_kill_and_nobody_else(desk: Desk) -> None:
    desk.held()
    desk.does()
    assert desk.arrives("KILL", verdict="kill", reasons=["kill"]).owed == ("hook",)
    assert desk.does() == [("unpublish", "hook", 2)]


def test_who_never_heard_of_a_hold_hears_of_no_kill(desk: Desk) -> None:
    desk.held()
    assert desk.arrives("KILL", verdict="kill", reasons=["kill"]).owed == ()
    assert desk.does() == []


def test_a_kill_is_not_overtaken_by_the_news_of_a_hold(desk: Desk) -> None:
    desk.arrives()
    desk.does()
    desk.arrives("KILL", verdict="kill", reasons=["kill"])
    # Nothing that is newer than the kill can lie there before it is done; and a killed story is not told to be held.
    assert desk.held("Held.").owed == ()
    assert sorted(desk.does()) == [("unpublish", "folder", 2), ("unpublish", "hook", 2)]
    assert outbox_counts(desk.ledger)["owed"] == 0


def test_a_kill_and_a_copy_do_not_wait_for_the_news_of_a_hold(desk: Desk) -> None:
    desk.arrives()
    desk.does()
    desk.held("Held.")
    [news] = claim_owed(desk.ledger, "slow", now=NOON)
    assert news.act == "hold"
    desk.arrives("KILL", verdict="kill", reasons=["kill"])
    assert ("unpublish", "hook", 3) in desk.does()
    # And once it failed it is not told after the kill.
    failed(desk.ledger, "slow", news.id, "refused", NOON)
    assert desk.does(later(9999)) == []


def test_the_news_of_a_hold_goes_after_copies(desk: Desk) -> None:
    desk.held()
    receive(desk.ledger, [arrival("other")], NOON)
    [row] = claim(desk.ledger, "me", now=NOON)
    record_outcomes(desk.ledger, "me", [outcome_of(row)], lambda *_: WHERE, NOON)
    assert [act for act, _, _ in desk.does(destinations=["hook"])] == ["publish", "hold"]


def test_a_newer_hold_overtakes_an_older_one(desk: Desk) -> None:
    desk.held()
    desk.held("Again.", text="Again.")
    assert desk.does() == [("hold", "hook", 2)]
    assert outbox_counts(desk.ledger) == {"owed": 0, "made": 1, "overtaken": 1, "failed": 0}


def test_a_destination_says_itself_that_it_wants_to_hear() -> None:
    hook: Any = SimpleNamespace(name="hook", enabled=True, default=True, hears_of_holds=True)
    folder: Any = SimpleNamespace(name="folder", enabled=True, default=True)
    off: Any = SimpleNamespace(name="off", enabled=False, default=True, hears_of_holds=True)
    every = {"folder": folder, "hook": hook, "off": off}
    assert by_source(every, {})("desk", None) == WHERE
    assert by_source(every, {})("desk", ("folder",)) == WhereTo(("folder",), ())
    assert (acts_for(folder), acts_for(hook), acts_for(off)) == (
        ("unpublish", "publish"),
        ("unpublish", "publish", "hold"),
        ("unpublish",),
    )


def test_it_is_not_given_to_a_destination_that_does_not_want_to_hear_any_more(desk: Desk) -> None:
    """A folder under the name of what was a webhook must not take the news for a copy."""
    desk.held()
    assert desk.does(acts=("unpublish", "publish"), now=NOON + timedelta(days=1)) == []


def test_what_nobody_wants_to_hear_any_more_ends(desk: Desk, tmp_path: Path, ledger_url: str) -> None:
    """It would be due for good, and every publisher would come for it."""
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    hook = (
        "  hook: {kind: webhook, url: 'http://127.0.0.1:9/hook', secret_env: NO_SUCH_SECRET, events: [%s]}\n"
    )
    small_config(settings.config_dir, hook % "cleaned, held")
    desk.held()
    tomorrow = NOON + timedelta(days=1)
    wants = load_destinations(settings.config_dir)
    assert due_waits(desk.ledger, wants, tomorrow)
    small_config(settings.config_dir, hook % "cleaned")
    deaf = load_destinations(settings.config_dir)
    done = publish_owed(desk.ledger, settings, "me", destinations=deaf, clock=lambda: tomorrow)
    assert (done.made, done.not_made) == ((), ())
    assert not due_waits(desk.ledger, deaf, tomorrow)
    assert outbox_counts(desk.ledger) == {"owed": 0, "made": 0, "overtaken": 1, "failed": 0}
    # Who hears of holds again is told of the next.
    desk.held("Again.", text="Again.")
    assert desk.does(tomorrow) == [("hold", "hook", 2)]
