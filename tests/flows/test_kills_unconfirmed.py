"""A kill whose answer is lost, and one that a create may overtake: it is complete when the server has confirmed it for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_cms import NOTHING_WRONG, FakeCms, Plan, fake_cms, judge
from newsroom import arrival, later, outcome_of, small_config, small_settings
from sqlalchemy import Engine

from flows.ledger import claim, receive, record_outcomes
from flows.ledger.owing import open_kills, owing, try_again
from flows.ledger.standing import standings
from flows.settings import Settings
from flows.tasks.publishing import Published, publish_owed

CMS = "  cms: {{kind: http, url: '{url}', seconds: 0.9, connect_seconds: 0.9{more}}}\n"


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    return small_settings(tmp_path, ledger_url=ledger_url)


def arrives(
    ledger: Engine, seconds: float, text: str, verdict: str = "publish", *, story: str = "ferry"
) -> None:
    now = later(seconds)
    receive(ledger, [arrival(story, text)], now)
    rows = claim(ledger, "cleaner", now=now)
    outcomes = [outcome_of(row, verdict=verdict) for row in rows]
    record_outcomes(ledger, "cleaner", outcomes, lambda source, wish: ("cms",), now)


def publish(ledger: Engine, settings: Settings, cms: FakeCms, seconds: float, **more: Any) -> Published:
    options = "".join(f", {name}: {value}" for name, value in more.items())
    small_config(settings.config_dir, CMS.format(url=cms.stories, more=options))
    return publish_owed(ledger, settings, "me", clock=lambda: later(seconds), jitter=lambda: 0.5)


def dids(published: Published) -> list[tuple[str, str]]:
    return [(one.act, one.did) for one in published.made]


def test_a_story_that_comes_back_after_a_kill_whose_answer_was_lost_is_published(
    ledger: Engine, settings: Settings
) -> None:
    """The DELETE was done: the receipt from before it tells of a story that nobody else has deleted."""
    with fake_cms(Plan(script=(None, None, "drop after"))) as cms:
        arrives(ledger, 0, "The ferry is back.")
        assert dids(publish(ledger, settings, cms, 0)) == [("publish", "wrote")]
        arrives(ledger, 60, "The ferry sank.", "kill")
        [lost] = publish(ledger, settings, cms, 60).not_made
        assert lost.act == "unpublish"
        assert cms.public("desk:ferry") == []
        arrives(ledger, 61, "The ferry is back after all.")
        again = publish(
            ledger, settings, cms, 70
        )  # a server that gave no answer is left alone for some seconds
        assert (dids(again), again.not_made) == ([("unpublish", "removed"), ("publish", "wrote")], ())
        assert len(cms.public("desk:ferry")) == 1


def test_what_an_editor_deleted_is_not_brought_back_where_no_kill_was_tried(
    ledger: Engine, settings: Settings
) -> None:
    with fake_cms() as cms:
        arrives(ledger, 0, "The ferry is back.")
        publish(ledger, settings, cms, 0)
        cms.documents.clear()
        arrives(ledger, 60, "The ferry is back, and full.")
        [refused] = publish(ledger, settings, cms, 60).not_made
        assert "somebody has deleted it" in refused.error


def test_a_kill_stays_open_while_a_create_that_was_not_answered_may_come_late(
    ledger: Engine, settings: Settings
) -> None:
    """The server carries the create out when the story is killed and deleted: it is public, until the second look."""
    with fake_cms(Plan(script=("late",), late_seconds=1.8)) as cms:
        arrives(ledger, 0, "The ferry is back.")
        assert publish(ledger, settings, cms, 0).made == ()
        arrives(ledger, 1, "The ferry sank.", "kill")
        first = publish(ledger, settings, cms, 1)
        assert first.made == ()
        [still] = open_kills(ledger, later(1))
        assert "The kill stays open until a second look" in (still.error or "")
        cms.settle()
        assert len(cms.public("desk:ferry")) == 1, "the late create: this is what the second look is for"
        assert publish(ledger, settings, cms, 3).made == (), "too early to be sure"
        assert dids(publish(ledger, settings, cms, 600)) == [("unpublish", "removed")]
        assert open_kills(ledger, later(600)) == []
        assert judge(cms, {"desk:ferry": None}) == NOTHING_WRONG


def test_a_second_look_is_a_wait_of_its_story_alone(ledger: Engine, settings: Settings) -> None:
    """The server answers: others go out meanwhile."""
    with fake_cms(Plan(script=("drop before",))) as cms:
        arrives(ledger, 0, "The ferry is back.")
        publish(ledger, settings, cms, 0)
        arrives(ledger, 10, "The ferry sank.", "kill")
        [still] = publish(ledger, settings, cms, 10).not_made
        assert "a second look" in still.error
        assert not standings(ledger)["cms"].rests(later(10))
        arrives(ledger, 11, "The swan is back.", story="swan")
        assert dids(publish(ledger, settings, cms, 11)) == [("publish", "wrote")]


def test_a_server_that_falls_silent_beside_a_second_look_is_left_alone(
    ledger: Engine, settings: Settings
) -> None:
    """For as long as it fails, and not for as long as the second look is to wait."""
    with fake_cms(Plan(script=("drop before",))) as cms:
        arrives(ledger, 0, "The ferry is back.")
        publish(ledger, settings, cms, 0)
        arrives(ledger, 10, "The swan is back.", story="swan")
        assert dids(publish(ledger, settings, cms, 10)) == [("publish", "wrote"), ("publish", "wrote")]
        arrives(ledger, 11, "The ferry sank.", "kill")
        arrives(ledger, 12, "The swan sank.", "kill", story="swan")
        cms.play(None, None, None, "drop before")
        looks, silent = publish(ledger, settings, cms, 12).not_made
        assert "a second look" in looks.error
        assert "Unanswered" in silent.error
        standing = standings(ledger)["cms"]
        assert (standing.asked, standing.said) == (False, silent.error)


@pytest.mark.parametrize("fault", ["503", "drop before"])
def test_a_publish_that_was_made_at_its_second_try_counts_from_when_it_was_made(
    ledger: Engine, settings: Settings, fault: Any
) -> None:
    with fake_cms(Plan(script=(fault,))) as cms:
        arrives(ledger, 0, "The ferry is back.")
        assert publish(ledger, settings, cms, 0).made == ()
        assert dids(publish(ledger, settings, cms, 10)) == [("publish", "wrote")]
        arrives(ledger, 11, "The ferry sank.", "kill")
        assert publish(ledger, settings, cms, 11).made == ()
        assert cms.public("desk:ferry") == []
        assert dids(publish(ledger, settings, cms, 600)) == [("unpublish", "removed")]


@pytest.mark.parametrize("second", [None, "drop before"])
def test_a_try_from_before_somebody_had_it_tried_again_is_not_forgotten(
    ledger: Engine, settings: Settings, second: Any
) -> None:
    """``cleancopy outbox --again`` counts attempts anew; what the first one left on its way may come all the same."""
    with fake_cms(Plan(script=("drop before",))) as cms:
        arrives(ledger, 0, "The ferry is back.")
        publish(ledger, settings, cms, 0)
        [act] = [one.id for one in owing(ledger, later(6))]
        assert try_again(ledger, later(6), ids=[act]).ids == (act,)
        if second is None:
            assert dids(publish(ledger, settings, cms, 6)) == [("publish", "wrote")]
        arrives(ledger, 7, "The ferry sank.", "kill")
        [still] = publish(ledger, settings, cms, 7).not_made
        assert "a second look" in still.error
        assert dids(publish(ledger, settings, cms, 600)) == [("unpublish", "removed")]


def test_where_every_request_was_answered_a_kill_is_done_at_once(ledger: Engine, settings: Settings) -> None:
    with fake_cms() as cms:
        arrives(ledger, 0, "The ferry is back.")
        publish(ledger, settings, cms, 0)
        arrives(ledger, 1, "The ferry sank.", "kill")
        assert dids(publish(ledger, settings, cms, 1)) == [("unpublish", "removed")]


def test_a_note_in_the_storys_place_needs_no_second_look(ledger: Engine, settings: Settings) -> None:
    with fake_cms(Plan(script=("late",), late_seconds=1.8)) as cms:
        arrives(ledger, 0, "The ferry is back.")
        publish(ledger, settings, cms, 0, withdrawn="update")
        arrives(ledger, 1, "The ferry sank.", "kill")
        done = publish(ledger, settings, cms, 1, withdrawn="update")
        assert dids(done) == [("unpublish", "removed")]
        cms.settle()
        assert cms.public("desk:ferry") == []


def test_without_versions_a_note_is_written_a_second_time(ledger: Engine, settings: Settings) -> None:
    with fake_cms(Plan(script=("late",), late_seconds=1.8, etags=False)) as cms:
        blind = {"withdrawn": "update", "etags": "no"}
        arrives(ledger, 0, "The ferry is back.")
        publish(ledger, settings, cms, 0, **blind)
        arrives(ledger, 1, "The ferry sank.", "kill")
        assert publish(ledger, settings, cms, 1, **blind).made == ()
        cms.settle()
        assert len(cms.public("desk:ferry")) == 1
        assert dids(publish(ledger, settings, cms, 600, **blind)) == [("unpublish", "removed")]
        assert cms.public("desk:ferry") == []
