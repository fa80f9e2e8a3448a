"""Posts that were left to a newer version in their CMS: told for as long as that version has not come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from newsroom import NOON, arrival, later, outcome_of
from sqlalchemy import Engine

from flows.destinations import Receipt
from flows.ledger import Act, again, claim, claim_owed, made, receive, record_outcomes
from flows.ledger.overview import left_alone

NEWER = Receipt("left", ("https://post.example/ferry",), newer_there=True)
PLACES = ("site", "folder")
HOUR = 3600.0


def cleaned(ledger: Engine, event: str, seconds: float = 0, **more: Any) -> None:
    """A version comes, and is cleaned; it is owed everywhere."""
    receive(ledger, [arrival(text=f"The ferry is back. {event}", event_id=event)], later(seconds))
    rows = claim(ledger, "me", now=later(seconds))
    outcomes = [outcome_of(row, **more) for row in rows]
    record_outcomes(ledger, "me", outcomes, lambda source, wish: PLACES, later(seconds))


def done(ledger: Engine, receipts: Mapping[str, Receipt], seconds: float = 0, act: Act = "publish") -> None:
    owed = claim_owed(ledger, "me", now=later(seconds), acts=[act])
    said = {one.id: receipts[one.destination].as_json() for one in owed}
    assert made(ledger, "me", said, later(seconds)) == len(PLACES)


def told(ledger: Engine, seconds: float) -> list[tuple[str, str, str]]:
    return [(one.destination, one.source, one.id) for one in left_alone(ledger, ["site"], later(seconds))]


@pytest.fixture
def left(ledger: Engine) -> Engine:
    cleaned(ledger, "a")
    done(ledger, {"site": NEWER, "folder": Receipt("wrote")})
    return ledger


def test_what_has_not_come_within_an_hour_is_told(left: Engine) -> None:
    assert told(left, HOUR - 1) == []
    assert told(left, HOUR) == told(left, 1000 * HOUR) == [("site", "desk", "ferry")]
    [line] = left_alone(left, ["site"], later(HOUR))
    assert line.since == NOON
    assert left_alone(left, [], later(HOUR)) == []


def test_it_is_over_when_the_version_comes(left: Engine) -> None:
    receive(left, [arrival(text="Newer.", event_id="b")], later(HOUR))
    assert told(left, 2 * HOUR) == []


@pytest.mark.parametrize("receipt", [Receipt("wrote", kept={"body": "x"}), Receipt("left", ("x",))])
def test_another_act_since_then_and_what_was_left_for_another_reason_are_not_told(
    left: Engine, receipt: Receipt
) -> None:
    cleaned(left, "b", 60)
    done(left, {"site": receipt, "folder": receipt}, 60)
    assert told(left, 2 * HOUR) == []


def test_the_same_version_that_is_cleaned_to_another_copy_and_written_since_is_not_told(left: Engine) -> None:
    receive(left, again([arrival(text="The ferry is back. a")], "run-7"), later(60))
    rows = claim(left, "me", now=later(60))
    outcomes = [outcome_of(row, text="The ferry is back.") for row in rows]
    record_outcomes(left, "me", outcomes, lambda source, wish: PLACES, later(60))
    done(left, {"site": Receipt("wrote"), "folder": Receipt("wrote")}, 60)
    assert told(left, 2 * HOUR) == []


def test_a_story_that_was_killed_since_is_not_told(left: Engine) -> None:
    cleaned(left, "b", 60, verdict="kill")
    done(left, {"site": Receipt("removed"), "folder": Receipt("removed")}, 60, "unpublish")
    assert told(left, 2 * HOUR) == []
