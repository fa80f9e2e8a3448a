"""Kills: first in the queue, past every gate, at every destination where the story ever was, and open until each has confirmed."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from sqlalchemy import Engine, select, update

from flows.cli.doctor_destinations import destinations
from flows.cli.findings import State
from flows.cli.outbox import NOT_CONFIGURED
from flows.ledger import (
    Failure,
    WhereTo,
    claim,
    claim_owed,
    failed,
    failed_each,
    made,
    outbox_counts,
    receive,
    record_outcomes,
)
from flows.ledger.outbox import LONGEST_DELAY_SECONDS, LONGEST_RETRY_AFTER_SECONDS, MOST_ATTEMPTS, acts_wait
from flows.ledger.owing import open_kills, owing, try_again
from flows.ledger.tables import PUBLICATIONS, STORIES
from flows.tasks.publishing import publish_owed

TABLE = "  copy-table: {kind: table, url: 'sqlite:///copy.sqlite', default: yes%s}\n"


def owe(
    ledger: Engine,
    story: str = "ferry",
    text: str = "Back.",
    to: tuple[str, ...] = ("folder",),
    **record: Any,
) -> None:
    receive(ledger, [arrival(story, text)], NOON)
    [row] = claim(ledger, "cleaner", now=NOON)
    record_outcomes(ledger, "cleaner", [outcome_of(row, **record)], lambda *_: to, NOON)


def do_all(ledger: Engine, now: Any = NOON) -> None:
    while owed := claim_owed(ledger, "me", now=now):
        made(ledger, "me", {act.id: {} for act in owed}, now)


def kill(ledger: Engine, story: str = "ferry") -> None:
    owe(ledger, story, f"KILL {story}", verdict="kill", reasons=["kill"])


def test_a_kill_is_tried_for_good(ledger: Engine) -> None:
    """Weeks of refusals, and of runs that end before they are done; the waits grow no longer than the longest."""
    owe(ledger)
    do_all(ledger)
    kill(ledger)
    moment = NOON
    with ledger.begin() as connection:  # as if it had been tried for years
        connection.execute(
            update(PUBLICATIONS).where(PUBLICATIONS.c.act == "unpublish").values(attempts=3000)
        )
    for _ in range(MOST_ATTEMPTS * 2):
        [act] = claim_owed(ledger, "me", now=moment)
        due = failed(ledger, "me", act.id, "refused", moment, retry_after=10**9)
        assert due is not None
        assert timedelta(0) < due - moment <= timedelta(seconds=1.5 * LONGEST_DELAY_SECONDS)
        moment = due
    for _ in range(MOST_ATTEMPTS + 1):
        assert len(claim_owed(ledger, "dies", now=moment, lease_seconds=10)) == 1
        moment += timedelta(seconds=11)
    [one] = open_kills(ledger, moment)
    assert (one.story, one.destination, one.error, one.is_kill) == ("desk:ferry", "folder", "refused", True)
    [act] = claim_owed(ledger, "me", now=moment)
    made(ledger, "me", {act.id: {}}, moment)
    assert open_kills(ledger, moment) == []
    assert outbox_counts(ledger)["failed"] == 0


def test_it_is_complete_only_when_each_has_confirmed(ledger: Engine) -> None:
    owe(ledger, to=("folder", "table"))
    do_all(ledger)
    owe(ledger, text="Back, to others.", to=("cms",))
    do_all(ledger)
    kill(ledger)
    open_at = ["folder", "table", "cms"]
    assert sorted(one.destination for one in open_kills(ledger, NOON)) == sorted(open_at)
    while open_at:
        [act] = claim_owed(ledger, "me", now=NOON, destinations=[open_at.pop()])
        assert act.act == "unpublish"
        made(ledger, "me", {act.id: {}}, NOON)
        assert sorted(one.destination for one in open_kills(ledger, NOON)) == sorted(open_at)


def refuse(ledger: Engine, now: Any, *, final: bool = True) -> list[tuple[str, int]]:
    """A destination that takes nothing: what it was asked for."""
    acts = claim_owed(ledger, "me", now=now)
    failed_each(ledger, "me", {act.id: Failure("422 Unprocessable", final=final) for act in acts}, now)
    return [(act.act, act.edition) for act in acts]


def test_a_kill_is_done_though_the_copy_after_it_is_refused(ledger: Engine) -> None:
    """The copy comes when the kill has failed once. It waits for the kill; then it may be refused as often as it likes."""
    owe(ledger)
    do_all(ledger)
    kill(ledger)
    assert refuse(ledger, NOON) == [("unpublish", 2)]
    owe(ledger, text="Back, on Tuesdays.")
    assert [(one.act, one.edition, one.waits) for one in owing(ledger, NOON)] == [
        ("unpublish", 2, "later"),
        ("publish", 3, "kill"),
    ]
    assert claim_owed(ledger, "me", now=NOON) == []
    for day in range(1, 4):
        assert refuse(ledger, later(86_400 * day)) == [("unpublish", 2)]
    assert [one.edition for one in open_kills(ledger, later(86_400 * 3))] == [2]
    [act] = claim_owed(ledger, "me", now=later(86_400 * 4))
    assert made(ledger, "me", {act.id: {}}, later(86_400 * 4)) == 1
    assert (open_kills(ledger, later(86_400 * 4)), owing(ledger, later(86_400 * 4))[0].waits) == ([], "due")
    assert refuse(ledger, later(86_400 * 4)) == [("publish", 3)]
    assert outbox_counts(ledger) == {"owed": 0, "made": 2, "overtaken": 0, "failed": 1}


def test_a_person_who_has_the_copy_tried_again_does_not_pass_the_kill(ledger: Engine) -> None:
    owe(ledger)
    do_all(ledger)
    kill(ledger)
    refuse(ledger, NOON)
    owe(ledger, text="Back, on Tuesdays.")
    [copy] = [one.id for one in owing(ledger, NOON) if one.act == "publish"]
    assert try_again(ledger, NOON, ids=[copy]).ids == (copy,)
    assert claim_owed(ledger, "me", now=NOON) == []
    assert not acts_wait(ledger, NOON, ["folder"], ["folder"]), "nobody is to look for it four times a second"


def test_a_copy_waits_for_the_kill_of_its_own_story_at_its_own_destination(ledger: Engine) -> None:
    for story in ("ferry", "swan"):
        owe(ledger, story, to=("folder", "table"))
    do_all(ledger)
    kill(ledger)
    for act in claim_owed(ledger, "me", now=NOON):
        if act.destination == "table":
            made(ledger, "me", {act.id: {}}, NOON)
        else:
            failed(ledger, "me", act.id, "refused", NOON)
    for story in ("ferry", "swan"):
        owe(ledger, story, text="Newer.", to=("folder", "table"))
    assert [(act.story, act.destination) for act in claim_owed(ledger, "me", now=NOON)] == [
        ("desk:ferry", "table"),
        ("desk:swan", "folder"),
        ("desk:swan", "table"),
    ]


def test_of_copies_that_wait_for_a_kill_the_newest_goes(ledger: Engine) -> None:
    owe(ledger)
    do_all(ledger)
    kill(ledger)
    for text in ("Back, on Tuesdays.", "Back, on Mondays.", "Back, on Tuesdays."):
        owe(ledger, text=text)
    gone = []
    while acts := claim_owed(ledger, "me", now=NOON):
        gone += [(act.act, act.edition) for act in acts]
        made(ledger, "me", {act.id: {} for act in acts}, NOON)
    assert gone == [("unpublish", 2), ("publish", 5)]


def test_where_a_story_is_cleaned_in_place_a_newer_version_ends_the_kill(ledger: Engine) -> None:
    """An editor has saved it over what was killed: a kill that is late would take down the editor's own, and it would stay down."""
    owe(ledger, to=("cms", "folder"))
    do_all(ledger)
    kill(ledger)
    assert refuse(ledger, NOON) == [("unpublish", 2)] * 2
    receive(ledger, [arrival("ferry", "Back, on Tuesdays.")], NOON)
    [row] = claim(ledger, "cleaner", now=NOON)
    where = WhereTo(("cms", "folder"), (), ("cms",))
    record_outcomes(ledger, "cleaner", [outcome_of(row)], lambda *_: where, NOON)
    assert [one.destination for one in open_kills(ledger, NOON)] == ["folder"]
    assert [(act.act, act.destination) for act in claim_owed(ledger, "me", now=later(400))] == [
        ("unpublish", "folder"),
        ("publish", "cms"),
    ]


def test_it_goes_before_ten_thousand_others(ledger: Engine) -> None:
    owe(ledger, "killed")
    do_all(ledger)
    for number in range(60):
        owe(ledger, f"story-{number}")
    kill(ledger, "killed")
    assert claim_owed(ledger, "me", now=NOON, limit=1)[0].act == "unpublish"


def test_a_kill_is_taken_down_where_the_destination_is_switched_off(
    ledger: Engine, tmp_path: Path, ledger_url: str
) -> None:
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    small_config(settings.config_dir, TABLE % "")
    clock = {"clock": lambda: NOON, "jitter": lambda: 0.5}
    owe(ledger, to=("copy-folder", "copy-table"))
    assert len(publish_owed(ledger, settings, "me", **clock).made) == 2
    owe(ledger, "other", to=("copy-folder", "copy-table"))
    small_config(settings.config_dir, TABLE % ", enabled: no")
    kill(ledger)
    done = publish_owed(ledger, settings, "me", **clock)
    assert [(one.act, one.story, one.destination) for one in done.made] == [
        ("unpublish", "desk:ferry", "copy-folder"),
        ("unpublish", "desk:ferry", "copy-table"),
        # Withdrawals of all destinations come first; to the table, which is off, nothing else goes.
        ("publish", "desk:other", "copy-folder"),
    ]
    assert open_kills(ledger, NOON) == []
    assert [one.destination for one in owing(ledger, NOON)] == ["copy-table"]


def test_a_kill_stays_open_where_the_destination_is_no_more(
    ledger: Engine, tmp_path: Path, ledger_url: str
) -> None:
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    owe(ledger, to=("copy-folder", "gone"))
    made(ledger, "me", {act.id: {} for act in claim_owed(ledger, "me", now=NOON)}, NOON)
    kill(ledger)
    publish_owed(ledger, settings, "me", clock=lambda: NOON)
    assert [one.destination for one in open_kills(ledger, NOON)] == ["gone"]
    # Doctor says what is to be done. Once it is, the kill is done at the next pass.
    [found] = [one for one in destinations(settings) if one.what == "destination gone"]
    assert found.state == State.fail
    assert found.said == f"a story that was killed is not down there; it is {NOT_CONFIGURED}"
    small_config(settings.config_dir, "  gone: {kind: folder, path: gone, enabled: no}\n")
    assert [one.destination for one in publish_owed(ledger, settings, "me", clock=lambda: NOON).made] == [
        "gone"
    ]
    assert open_kills(ledger, NOON) == []


def test_a_destination_that_is_down_is_asked_for_withdrawals_alone(
    ledger: Engine, tmp_path: Path, ledger_url: str
) -> None:
    """It has failed them; what else it is owed waits for the next pass, and the others get theirs."""
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    small_config(settings.config_dir, "  down: {kind: table, url_env: CLEANCOPY_TEST_NO_SUCH_VARIABLE}\n")
    owe(ledger, to=("down", "copy-folder"))
    made(ledger, "me", {act.id: {} for act in claim_owed(ledger, "me", now=NOON)}, NOON)
    owe(ledger, "other", to=("down", "copy-folder"))
    kill(ledger)
    done = publish_owed(ledger, settings, "me", clock=lambda: NOON)
    assert [(one.act, one.destination) for one in done.not_made] == [("unpublish", "down")]
    assert [(one.act, one.destination) for one in done.made if one.story == "desk:other"] == [
        ("publish", "copy-folder")
    ]


# --- dead letters of others ------------------------------------------------------------------------------------------------


def give_up(ledger: Engine, *stories: str, to: tuple[str, ...] = ("folder",)) -> None:
    for story in stories:
        owe(ledger, story, to=to)
    moment = NOON
    for _ in range(MOST_ATTEMPTS):
        acts = claim_owed(ledger, "me", now=moment)
        failed_each(ledger, "me", {act.id: Failure("refused") for act in acts}, moment)
        moment += timedelta(days=1)


def test_what_was_given_up_is_seen_and_tried_again(ledger: Engine) -> None:
    give_up(ledger, "ferry", "harbour", to=("folder", "table"))
    lines = owing(ledger, NOON)
    assert {(one.waits, one.attempts, one.error) for one in lines} == {("given up", MOST_ATTEMPTS, "refused")}
    assert [one.story for one in owing(ledger, NOON, story="desk:ferry")] == ["desk:ferry"] * 2
    assert [one.story for one in owing(ledger, NOON, story="harbour", destination="table")] == [
        "desk:harbour"
    ]
    first = lines[0].id
    assert try_again(ledger, later(1), ids=[first]).ids == (first,)
    assert [(act.id, act.attempts) for act in claim_owed(ledger, "me", now=later(1))] == [(first, 1)]
    assert len(try_again(ledger, later(1), destination="table").ids) == 2
    assert len(try_again(ledger, later(1)).ids) == 1
    assert outbox_counts(ledger)["failed"] == 0


def test_what_is_done_or_overtaken_or_unknown_is_not_tried_again(ledger: Engine) -> None:
    give_up(ledger, "ferry")
    [line] = owing(ledger, NOON)
    owe(ledger, text="Newer.")
    assert "overtaken" in try_again(ledger, NOON, ids=[line.id]).refused[0]
    [newer] = claim_owed(ledger, "me", now=NOON)
    assert "under way" in try_again(ledger, NOON, ids=[newer.id]).refused[0]
    made(ledger, "me", {newer.id: {}}, NOON)
    again = try_again(ledger, NOON, ids=[newer.id, 4711])
    assert again.ids == ()
    assert [one.split(":")[0] for one in again.refused] == ["4711", str(newer.id)]
    assert "is done" in again.refused[1]


def test_what_is_held_since_is_not_tried_again(ledger: Engine) -> None:
    give_up(ledger, "ferry")
    [line] = owing(ledger, NOON)
    owe(ledger, text="Hold.", verdict="hold", reasons=["hold"])
    assert try_again(ledger, NOON, ids=[line.id]).ids == ()
    assert claim_owed(ledger, "me", now=later(9999)) == []


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(120.0, 120.0), (0.0, 5.0), (10.0**12, LONGEST_RETRY_AFTER_SECONDS), (math.inf, 5.0), (math.nan, 5.0), (-9.0, 5.0)],
)  # fmt: skip
def test_what_a_destination_asks_for_is_obeyed_within_a_day(
    ledger: Engine, asked: float, wait: float
) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "me", now=NOON)
    due = failed(ledger, "me", act.id, "429", NOON, retry_after=asked, jitter=lambda: 0.5)
    assert due == later(wait)


def test_a_batch_is_written_down_at_once(ledger: Engine) -> None:
    for number in range(5):
        owe(ledger, f"story-{number}")
    acts = claim_owed(ledger, "me", now=NOON)
    ids = [act.id for act in acts]
    due = failed_each(
        ledger, "me", {ids[0]: Failure("refused", 60), ids[1]: Failure("slow"), 99: Failure("?")}, NOON,
        jitter=lambda: 0.5,
    )  # fmt: skip
    assert due == {ids[0]: later(60), ids[1]: later(5)}, "the one that it does not hold was not given up"
    assert made(ledger, "me", {id: {"did": "wrote"} for id in [*ids[2:], 99]}, NOON) == 3
    assert made(ledger, "me", {}, NOON) == 0
    assert outbox_counts(ledger) == {"owed": 2, "made": 3, "overtaken": 0, "failed": 0}


def test_a_lease_is_no_longer_than_a_day(ledger: Engine) -> None:
    with pytest.raises(ValueError, match="longer than"):
        claim_owed(ledger, "me", now=NOON, lease_seconds=10**6)


def test_a_kill_reaches_what_was_tried_before_it_was_requeued(ledger: Engine) -> None:
    """The destination may have done it, and its answer was lost: that somebody has it tried again does not undo that."""
    owe(ledger)
    [act] = claim_owed(ledger, "me", now=NOON)
    failed(ledger, "me", act.id, "the answer was lost", NOON)
    try_again(ledger, NOON, ids=[act.id])
    kill(ledger)
    assert [one.act for one in claim_owed(ledger, "me", now=NOON)] == ["unpublish"]


def test_a_kill_reaches_what_a_dead_publisher_left_and_a_person_requeued(ledger: Engine) -> None:
    owe(ledger)
    [act] = claim_owed(ledger, "dies", now=NOON, lease_seconds=10)
    try_again(ledger, later(20), ids=[act.id])
    kill(ledger)
    assert [one.act for one in claim_owed(ledger, "me", now=later(20))] == ["unpublish"]


def test_a_kill_reaches_what_is_public_and_owed_anew(ledger: Engine) -> None:
    """An editor has saved it again in its CMS: the copy that stands there is owed once more, and stands there."""
    where = WhereTo(("cms",), (), ("cms",))
    for event in ("first", "second"):
        receive(ledger, [arrival("ferry", "Back.", event_id=event)], NOON)
        [row] = claim(ledger, "cleaner", now=NOON)
        [recorded] = record_outcomes(ledger, "cleaner", [outcome_of(row)], lambda *_: where, NOON)
        assert recorded.owed == ("cms",)
        if event == "first":
            do_all(ledger)
    kill(ledger)
    assert [one.act for one in claim_owed(ledger, "me", now=NOON)] == ["unpublish"]


@pytest.mark.parametrize("newer", ["hold", "drop", "embargo"])
def test_a_kill_that_is_cleaned_after_a_newer_version_was_held_is_done(ledger: Engine, newer: str) -> None:
    """Two workers, and the shorter story is done first."""
    owe(ledger)
    do_all(ledger)
    receive(ledger, [arrival(text="KILL KILL KILL"), arrival(text="Held.")], NOON)
    kill_row, held_row = claim(ledger, "cleaner", now=NOON)
    until = {"kind": "embargo", "text": "until tomorrow", "until": later(86_400).isoformat()}
    more: dict[str, Any] = {
        "hold": {"reasons": ["hold"]},
        "drop": {"reasons": ["dropped"], "decided": {"act": "drop"}},
        "embargo": {
            "signals": [until],
            "reasons": [f"embargo: the raw copy says “until tomorrow” (until {until['until']})"],
        },
    }[newer]

    def record(row: Any, **record: Any) -> Any:
        [recorded] = record_outcomes(
            ledger, "cleaner", [outcome_of(row, **record)], lambda *_: ("folder",), NOON
        )
        return recorded

    assert record(held_row, verdict="hold", **more).edition == 2
    late = record(kill_row, verdict="kill", reasons=["kill"])
    assert (late.state, late.edition, late.owed) == ("done", 3, ("folder",))
    [act] = claim_owed(ledger, "me", now=NOON)
    assert act.act == "unpublish"
    made(ledger, "me", {act.id: {}}, NOON)
    assert open_kills(ledger, NOON) == []
    # What is held is held still, and nothing of it goes out, then or tomorrow.
    verdict = {"hold": "hold", "drop": "drop", "embargo": "hold"}[newer]
    with ledger.connect() as connection:
        assert connection.execute(select(STORIES.c.verdict)).scalar_one() == verdict
    assert claim_owed(ledger, "me", now=later(2 * 86_400)) == []


def test_a_kill_that_is_cleaned_after_a_newer_copy_takes_nothing_down(ledger: Engine) -> None:
    receive(ledger, [arrival(text="KILL KILL KILL"), arrival(text="Right again.")], NOON)
    kill_row, newer = claim(ledger, "cleaner", now=NOON)
    for row, record in ((newer, {}), (kill_row, {"verdict": "kill", "reasons": ["kill"]})):
        [recorded] = record_outcomes(
            ledger, "cleaner", [outcome_of(row, **record)], lambda *_: ("folder",), NOON
        )
    assert recorded.state == "overtaken"
    assert [one.act for one in claim_owed(ledger, "me", now=NOON)] == ["publish"]
