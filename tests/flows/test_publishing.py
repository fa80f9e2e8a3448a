"""Publishing what is owed: done once, in order, with faults written down and one bad destination harming no other."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fake_cms import NOTHING_WRONG, Plan, fake_cms, judge
from loopback import subscriber
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from sqlalchemy import Engine, delete, text
from sqlalchemy.exc import OperationalError

from flows import warm_drain
from flows.destinations import Receipt, most_at_once, open_destination
from flows.ledger import claim, claim_owed, outbox_counts, receive, record_outcomes
from flows.ledger.owing import open_kills, owing
from flows.ledger.standing import let_rest
from flows.ledger.tables import META
from flows.settings import HttpDestination, Settings, WebhookDestination, load_destinations
from flows.tasks import publishing
from flows.tasks.publishing import LEASE_SECONDS, _publication, due_waits, publish_due, publish_owed, told

TABLE = "  copy-table:\n    kind: table\n    url: sqlite:///copy.sqlite\n"
DOWN = "  down:\n    kind: table\n    url_env: CLEANCOPY_TEST_NO_SUCH_VARIABLE\n"


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    return small_settings(tmp_path, ledger_url=ledger_url)


def owe(
    ledger: Engine, *stories: str, to: tuple[str, ...] = ("copy-folder",), text: str = "Back.", **record: Any
) -> None:
    receive(ledger, [arrival(story, text) for story in stories], NOON)
    rows = claim(ledger, "cleaner", now=NOON)
    record_outcomes(
        ledger, "cleaner", [outcome_of(row, **record) for row in rows], lambda source, wish: to, NOON
    )


def at(moment: datetime = NOON) -> Any:
    return {"clock": lambda: moment, "jitter": lambda: 0.5}


def texts(settings: Settings) -> list[str]:
    return sorted(path.read_text() for path in (settings.data_dir / "published").glob("*.txt"))


def test_what_is_owed_is_done_everywhere_and_once(ledger: Engine, settings: Settings) -> None:
    small_config(settings.config_dir, TABLE)
    owe(ledger, "one", "two", to=("copy-folder", "copy-table"))
    published = publish_owed(ledger, settings, "me", **at())
    assert sorted((one.story, one.destination, one.did) for one in published.made) == [
        ("desk:one", "copy-folder", "wrote"),
        ("desk:one", "copy-table", "wrote"),
        ("desk:two", "copy-folder", "wrote"),
        ("desk:two", "copy-table", "wrote"),
    ]
    assert published.not_made == ()
    assert texts(settings) == ["Back.", "Back."]
    connection = sqlite3.connect(settings.data_dir / "copy.sqlite")
    assert connection.execute("SELECT count(*) FROM clean_copy").fetchone() == (2,)
    connection.close()
    assert publish_owed(ledger, settings, "me", **at(later(9999))).made == ()
    assert outbox_counts(ledger)["made"] == 4


def test_a_destination_that_is_down_harms_no_other_and_is_tried_later(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_config(settings.config_dir, DOWN)
    owe(ledger, "one", to=("down", "copy-folder"))
    published = publish_owed(ledger, settings, "me", **at())
    assert [one.destination for one in published.made] == ["copy-folder"]
    [missed] = published.not_made
    assert (missed.destination, missed.next_attempt_at) == ("down", later(5))
    assert "set the environment variable" in missed.error
    assert publish_owed(ledger, settings, "me", **at(later(4))).not_made == ()
    monkeypatch.setenv("CLEANCOPY_TEST_NO_SUCH_VARIABLE", "sqlite:///late.sqlite")
    assert [one.destination for one in publish_owed(ledger, settings, "me", **at(later(5))).made] == ["down"]


def test_a_destination_that_fails_a_whole_batch_is_left_for_the_next_pass(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.tasks.publishing.most_at_once", lambda destination: 50)
    small_config(settings.config_dir, DOWN)
    owe(ledger, *(f"story-{number}" for number in range(120)), to=("down",))
    published = publish_owed(ledger, settings, "me", **at())
    assert len(published.not_made) == 50
    assert outbox_counts(ledger)["owed"] == 120


def test_one_story_that_cannot_be_published_holds_up_no_other(ledger: Engine, settings: Settings) -> None:
    owe(ledger, "one", "two")
    with ledger.begin() as connection:
        connection.execute(text("UPDATE copies SET rendered = '{}' WHERE story_id = 1"))
    published = publish_owed(ledger, settings, "me", **at())
    assert [one.story for one in published.made] == ["desk:two"]
    assert [(one.story, one.error) for one in published.not_made] == [("desk:one", "KeyError: 'html'")]


def test_a_destination_that_is_switched_off_is_owed_still(ledger: Engine, settings: Settings) -> None:
    small_config(settings.config_dir, TABLE + "    enabled: no\n")
    owe(ledger, "one", to=("copy-table",))
    assert publish_owed(ledger, settings, "me", **at()).made == ()
    assert outbox_counts(ledger)["owed"] == 1


def test_a_crash_before_the_act_is_marked_does_it_again_with_the_same_result(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(ledger, "one")

    def crash(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.tasks.publishing.made", crash)
    with pytest.raises(KeyboardInterrupt):
        publish_owed(ledger, settings, "dead", **at())
    monkeypatch.undo()
    files = {path.name: path.read_bytes() for path in (settings.data_dir / "published").glob("one-*")}
    assert len(files) == 4
    assert publish_owed(ledger, settings, "next", **at(later(30))).made == (), "the lease holds"
    assert len(publish_owed(ledger, settings, "next", **at(later(601))).made) == 1
    assert {path.name: path.read_bytes() for path in (settings.data_dir / "published").glob("one-*")} == files


@pytest.mark.parametrize("lasts", [False, True])
def test_a_ledger_that_fails_after_the_act_keeps_nothing_under_lease(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch, lasts: bool
) -> None:
    """A disk is full for a moment, or PostgreSQL is restarted; or it lasts, and what is held cannot be given back either."""
    owe(ledger, "ferry")
    publish_due(ledger, settings, clock=lambda: NOON)
    owe(ledger, "ferry", text="KILL", verdict="kill")

    def fails(*_: Any) -> int:
        raise OperationalError("UPDATE publications", {}, Exception("database or disk is full"))

    with monkeypatch.context() as full:
        full.setattr(publishing, "made", fails)
        if lasts:
            full.setattr(publishing, "release_acts", fails)
        with pytest.raises(OperationalError):
            publish_due(ledger, settings, clock=lambda: NOON)
    [kill] = open_kills(ledger, NOON)
    assert (kill.waits, kill.attempts) == ("under way" if lasts else "due", 1)
    assert [one.act for one in publish_due(ledger, settings, clock=lambda: NOON).made] == ["unpublish"]
    assert open_kills(ledger, NOON) == []
    assert not list((settings.data_dir / "owners").iterdir())


def test_an_embargo_that_ends_while_its_destination_rests_makes_nobody_come(
    ledger: Engine, settings: Settings
) -> None:
    """It asked to be left alone for an hour. Whoever stands by looks four times a second; here every ten seconds."""
    ends = {"kind": "embargo", "text": "EMBARGOED", "until": later(60).isoformat()}
    reason = f"embargo: the raw copy says “EMBARGOED” (until {ends['until']})"
    owe(ledger, "ferry", verdict="hold", signals=[ends], reasons=[reason])
    destinations = load_destinations(settings.config_dir)
    let_rest(ledger, "copy-folder", NOON, "503 Service Unavailable", retry_after=3600)
    with ledger.begin() as connection:  # what was seen of the clock: here it goes in leaps
        connection.execute(delete(META).where(META.c.key.startswith("clock:")))
    assert not warm_drain._work_waits(ledger, settings), "no run is made of it"
    came = []
    for second in range(0, 3700, 10):
        now = later(second)
        if due_waits(ledger, destinations, now):
            came.append(second)
            made_now = publish_due(
                ledger, settings, destinations=destinations, clock=lambda now=now: now
            ).made  # type: ignore[misc]
            assert len(made_now) == 1
    assert came == [3600]


def test_what_was_lost_to_another_is_not_told_as_given_up(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ran out while the destination was asked, and another publisher has the act."""

    @contextmanager
    def slow(*_: Any) -> Any:
        def publish(publications: Any) -> Any:
            assert len(claim_owed(ledger, "other", now=later(LEASE_SECONDS))) == 1
            return [ValueError("refused")] * len(publications)

        yield publish

    monkeypatch.setattr(publishing, "open_destination", slow)
    owe(ledger, "ferry")
    published = publish_owed(ledger, settings, "me", **at())
    assert (published.not_made, told(published)) == ((), "")
    [act] = owing(ledger, later(LEASE_SECONDS))
    assert (act.waits, act.attempts) == ("under way", 2)


def test_a_publisher_that_was_asleep_does_not_put_old_over_new(ledger: Engine, settings: Settings) -> None:
    """Its lease ran out while it had the old edition in its hands; the destination itself refuses it then."""
    owe(ledger, "ferry", text="Old.")
    [old] = claim_owed(ledger, "asleep", now=NOON)
    owe(ledger, "ferry", text="New.")
    publish_owed(ledger, settings, "awake", **at(later(601)))
    assert texts(settings) == ["New."]
    destination = load_destinations(settings.config_dir)["copy-folder"]
    with open_destination(destination, settings.data_dir) as publisher:
        [answer] = publisher([_publication(old, {})])
    assert answer == Receipt("newer", answer.where)
    assert texts(settings) == ["New."]


def test_a_kill_takes_the_story_down(ledger: Engine, settings: Settings) -> None:
    owe(ledger, "ferry")
    publish_owed(ledger, settings, "me", **at())
    assert len(texts(settings)) == 1
    owe(ledger, "ferry", text="KILL", verdict="kill")
    published = publish_owed(ledger, settings, "me", **at())
    assert [(one.act, one.did) for one in published.made] == [("unpublish", "removed")]
    assert list((settings.data_dir / "published").glob("one-*")) == []


def test_published_json_is_the_record(ledger: Engine, settings: Settings) -> None:
    owe(ledger, "ferry")
    publish_owed(ledger, settings, "me", **at())
    [path] = (settings.data_dir / "published").glob("*.json")
    assert json.loads(path.read_text())["id"] == "ferry"


def test_a_server_is_reminded_of_what_it_answered_last(ledger: Engine, settings: Settings) -> None:
    with fake_cms() as cms:
        small_config(settings.config_dir, f"  cms:\n    kind: http\n    url: {cms.stories}\n")
        owe(ledger, "ferry", text="One.", to=("cms",))
        publish_owed(ledger, settings, "me", **at())
        owe(ledger, "ferry", text="Two.", to=("cms",))
        published = publish_owed(ledger, settings, "me", **at())
    assert [one.did for one in published.made] == ["wrote"]
    assert [(one.method, one.headers.get("if-match")) for one in cms.asked] == [("PUT", None), ("PUT", '"1"')]


def test_a_story_goes_to_every_kind_of_destination_and_is_taken_down_from_each(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + "A" * 32)
    with fake_cms() as cms, fake_cms(Plan(etags=False)) as drafts, subscriber() as hook:
        small_config(
            settings.config_dir,
            TABLE + f"  cms: {{kind: http, url: '{cms.stories}'}}\n"
            f"  drafts: {{kind: http, url: '{drafts.posts}', draft: first}}\n"
            "  feed: {kind: feed, path: feed, url: 'https://a.example/f', home: 'https://a.example', title: T}\n"
            f"  hook: {{kind: webhook, url: '{hook.url}', secret_env: HOOK_SECRET}}\n",
        )
        everywhere = ("copy-folder", "copy-table", "cms", "drafts", "feed", "hook")
        for story_text, verdict in (("One.", "publish"), ("Two.", "publish"), ("KILL", "kill")):
            owe(ledger, "ferry", text=story_text, to=everywhere, verdict=verdict)
            published = publish_owed(ledger, settings, "me", **at())
            assert sorted(one.destination for one in published.made) == sorted(everywhere)
            assert published.not_made == ()
        assert judge(cms, {"desk:ferry": None}) == NOTHING_WRONG
        assert judge(drafts, {"desk:ferry": None}) == NOTHING_WRONG
    assert [event["type"] for event in hook.events] == ["story.cleaned", "story.cleaned", "story.killed"]
    assert [(event["data"]["edition"]) for event in hook.events] == [1, 2, 3]
    assert json.loads((settings.data_dir / "feed" / "feed.json").read_text())["items"] == []
    assert texts(settings) == []


def test_a_publisher_that_answers_too_little_or_breaks_loses_no_act(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(ledger, "one", "two", "three")

    @contextmanager
    def opened(*_: object) -> Any:
        def publisher(publications: Any) -> Any:
            yield Receipt("wrote")
            if len(publications) == 3:
                raise ConnectionError("gone in the middle")

        yield publisher

    monkeypatch.setattr("flows.tasks.publishing.open_destination", opened)
    first = publish_owed(ledger, settings, "me", **at())
    assert [one.story for one in first.made] == ["desk:one"]
    assert [one.error for one in first.not_made] == ["ConnectionError: gone in the middle"] * 2
    second = publish_owed(ledger, settings, "me", **at(later(100)))
    assert [one.error for one in second.not_made] == [
        "PublishError: the destination gave no answer for this story"
    ]
    assert outbox_counts(ledger)["made"] == 2


@pytest.mark.parametrize(
    ("entry", "most"),
    [
        ("{kind: folder, path: x}", 250),
        ("{kind: folder, path: 's3://bucket/x'}", 50),
        ("{kind: table, url: 'sqlite:///x'}", 250),
        ("{kind: http, url: 'https://cms.example/{key}', seconds: 20}", 15),
        ("{kind: http, url: 'https://cms.example/{key}', seconds: 2}", 50),
        ("{kind: webhook, url: 'https://cms.example/', secret_env: THE_SECRET, seconds: 120}", 2),
    ],
)
def test_the_slowest_batch_ends_long_before_its_lease(tmp_path: Path, entry: str, most: int) -> None:
    destination = load_destinations(small_config(tmp_path, f"  one: {entry}\n"))["one"]
    assert most_at_once(destination) == most
    if isinstance(destination, HttpDestination | WebhookDestination):
        assert most * destination.seconds <= LEASE_SECONDS / 2
