"""Held stories and decisions: what they make, what they refuse, and what cleaning again makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from held_newsroom import (
    BOTH,
    CLEAN,
    JOIN,
    NEW,
    STORY,
    UNDEFINED,
    WIDE,
    WITH_JOIN,
    Desk,
    at,
    cleaner,
    seeing,
    sent,
)
from newsroom import NOON, later
from sqlalchemy import Engine, select

from cleaners.undo import undo
from cleaners.write import cleaned_from
from flows.ledger import (
    NotDecided,
    again,
    claim,
    held_count,
    held_stories,
    look_at_story,
    newest_record,
    open_ledger,
    receive,
    record_outcomes,
)
from flows.ledger.tables import COPIES, DECISIONS, PUBLICATIONS, REMOVALS

RAW = STORY.rstrip("\n")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Engine]:
    engine = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture
def desk(ledger: Engine, tmp_path: Path) -> Desk:
    desk = Desk(ledger, cleaner(tmp_path / "rules-1"))
    assert desk.arrives().owed == ()
    return desk


def test_what_is_held_is_listed_with_what_would_go(desk: Desk) -> None:
    [held] = held_stories(desk.ledger)
    assert (held.key, held.edition, held.revision, held.since) == ("desk:ferry", 1, 1, NOON)
    assert held.removals == (("english/join-us", 1), ("english/published-undefined", 1))
    assert "body words would go" in held.reasons[0]
    assert (held.newer_waits, held.public, held_count(desk.ledger)) == (False, (), 1)
    assert held_stories(desk.ledger, source="other") == []
    receive(desk.ledger, [sent("A newer version.")], desk.now)
    assert held_stories(desk.ledger)[0].newer_waits


def test_a_story_is_held_since_it_was_held_without_a_break(desk: Desk, tmp_path: Path) -> None:
    desk.now = later(60)
    desk.cleaned_again(cleaner(tmp_path / "rules-2", UNDEFINED))
    assert [(one.edition, one.since) for one in held_stories(desk.ledger)] == [(2, NOON)]
    desk.cleaned_again(cleaner(tmp_path / "rules-3", "  x: {why: w, line: A, matches: [A], spares: [B]}\n"))
    assert held_stories(desk.ledger) == []
    desk.now = later(120)
    desk.cleaned_again()
    assert [(one.edition, one.since) for one in held_stories(desk.ledger)] == [(4, later(120))]


def test_one_story_is_held_whatever_the_others_are(desk: Desk, tmp_path: Path) -> None:
    wide = cleaner(tmp_path / "wide", share=WIDE)
    for story in ("a", "b"):
        for minute, clean in enumerate((desk.clean, wide, desk.clean), start=1):
            desk.now = later(minute * 60)
            receive(desk.ledger, again([sent(story=story)], str(minute)), desk.now)
            desk.work(clean)
    assert [(one.key, one.edition, one.since) for one in held_stories(desk.ledger)] == [
        ("desk:b", 3, later(180)),
        ("desk:a", 3, later(180)),
        ("desk:ferry", 1, NOON),
    ]
    assert [one.key for one in held_stories(desk.ledger, limit=1)] == ["desk:b"]


@pytest.mark.parametrize(
    ("act", "more", "public", "told", "left"),
    [
        ("publish", {}, CLEAN, "published by Ida Holm: I have read it.", [1, 2]),
        (
            "restore",
            {"numbers": (2,)},
            WITH_JOIN,
            "published by Ida Holm with 1 removal put back (#2): I have read it.",
            [1],
        ),
        (
            "restore",
            {"rules": ("english/join-us",)},
            WITH_JOIN,
            "published by Ida Holm with 1 removal put back (#2): I have read it.",
            [1],
        ),
        (
            "restore",
            {"rules": ("english",)},
            RAW,
            "published by Ida Holm with 2 removals put back (#1, #2): I have read it.",
            [],
        ),
        ("raw", {}, RAW, "published raw by Ida Holm: I have read it.", []),
    ],
)
def test_a_decision_is_a_new_edition_that_is_published(
    desk: Desk, act: str, more: dict[str, object], public: str, told: str, left: list[int]
) -> None:
    done = desk.decides(act, **more)
    assert (done.edition, done.seen_edition, done.owed, done.told) == (2, 1, ("folder",), told)
    assert desk.publishes() == [("publish", 2)]
    assert desk.public == {"folder": public}
    assert held_stories(desk.ledger) == []
    record = newest_record(desk.ledger, "desk", "ferry")
    assert record is not None
    assert (record["verdict"], record["reasons"]) == ("publish", [told])
    assert "body words would go" in record["decided"]["held_for"][0]
    # Law 5 holds for what a person decided: source = copy + removals, and each can be undone alone.
    assert [one["number"] for one in record["removed"]] == left
    assert undo(cleaned_from(record), everything=True).copy.raw == STORY
    for number in left:
        back = undo(cleaned_from(record), numbers=[number])
        assert [removal.number for removal in back.removals] == [one for one in left if one != number]
    with desk.ledger.connect() as connection:
        row = connection.execute(select(DECISIONS)).one()
        removals = connection.execute(select(REMOVALS.c.copy_id).where(REMOVALS.c.copy_id == row.copy_id))
        assert len(removals.all()) == len(left)
    assert (row.who, row.why, row.act, row.seen_edition, row.edition) == (
        "Ida Holm",
        "I have read it.",
        act,
        1,
        2,
    )
    assert sorted({*(one["number"] for one in row.restored), *left}) == [1, 2]


def test_a_dropped_story_is_not_held_and_never_published(desk: Desk, tmp_path: Path) -> None:
    done = desk.decides("drop", why="A test page of the CMS.")
    assert (done.edition, done.owed, desk.publishes()) == (2, (), [])
    assert (held_count(desk.ledger), desk.verdict()) == (0, (2, "drop"))
    record = newest_record(desk.ledger, "desk", "ferry")
    assert record is not None
    assert record["reasons"][0] == "dropped by Ida Holm: A test page of the CMS."
    assert cleaned_from(record).verdict == "hold"
    assert desk.cleaned_again().changed is False
    # Whatever the rules say now.
    wide = desk.cleaned_again(cleaner(tmp_path / "wide", share=WIDE))
    assert (wide.edition, wide.owed, desk.verdict(), desk.publishes()) == (3, (), (3, "drop"), [])
    assert wide.decided is not None
    assert wide.decided["reasons"] == ["dropped by Ida Holm: A test page of the CMS."]


def test_a_dropped_story_may_be_published_after_all(desk: Desk) -> None:
    desk.decides("drop")
    desk.decides("publish", 2, why="It is none, the desk says.")
    assert desk.publishes() == [("publish", 3)]
    record = newest_record(desk.ledger, "desk", "ferry")
    assert record is not None
    assert "would go" in record["decided"]["held_for"][0]
    assert [one.act for one in look_at_story(desk.ledger, "desk", "ferry", NOON).decisions] == [
        "publish",
        "drop",
    ]
    assert desk.cleaned_again().owed == ()
    assert desk.verdict() == (3, "publish")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"why": " .. "}, "Say in words why"),
        ({"who": "  "}, "Say who decides"),
        ({"edition": 2}, "has no edition 2: the newest is 1"),
        ({"act": "restore"}, "Say which removals come back"),
        ({"act": "restore", "numbers": (3,)}, "there is no removal 3; the removals are 1 to 2"),
        ({"act": "restore", "rules": ("french",)}, "no removal is by french; there are removals by english"),
        ({"act": "publish", "numbers": (1,)}, "Removals are put back only where"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_written(
    desk: Desk, more: dict[str, object], said: str
) -> None:
    with pytest.raises(NotDecided, match=said):
        desk.decides(**more)
    with desk.ledger.connect() as connection:
        assert connection.execute(select(DECISIONS)).all() == []
        assert connection.execute(select(PUBLICATIONS)).all() == []
    assert desk.verdict() == (1, "hold")


def test_a_story_that_is_not_there_or_not_clean(desk: Desk) -> None:
    with pytest.raises(NotDecided, match=r"no story desk:harbour\. `cleancopy review` lists"):
        look_at_story(desk.ledger, "desk", "harbour", NOON)
    receive(desk.ledger, [sent(story="harbour")], NOON)
    with pytest.raises(NotDecided, match="not cleaned yet"):
        look_at_story(desk.ledger, "desk", "harbour", NOON)


def test_an_empty_copy_is_not_published(ledger: Engine, tmp_path: Path) -> None:
    desk = Desk(ledger, cleaner(tmp_path / "rules"))
    desk.arrives("Published: undefined\n")
    with pytest.raises(NotDecided, match="no text to publish"):
        desk.decides()
    desk.decides("raw")
    assert desk.publishes() == [("publish", 2)]


def test_a_decision_made_twice_counts_once_and_another_is_refused(desk: Desk) -> None:
    first = desk.decides("restore", numbers=(2,))
    assert desk.decides("restore", numbers=(2,)).edition == first.edition
    assert desk.publishes() == [("publish", 2)]
    for more in ({"act": "raw"}, {"act": "restore", "numbers": (1,)}, {"act": "restore", "numbers": (1, 2)}):
        with pytest.raises(
            NotDecided, match=r"was decided already on 2026-03-03 12:00 UTC: published by Ida"
        ):
            desk.decides(**more)  # type: ignore[arg-type]
    with pytest.raises(
        NotDecided, match=r"not held: its newest edition \(2\) is to be published \(published by"
    ):
        desk.decides(edition=2)


def test_what_is_published_can_be_put_back_and_nothing_else_be_decided(desk: Desk, tmp_path: Path) -> None:
    desk.decides("publish")
    assert desk.publishes() == [("publish", 2)]
    for act in ("publish", "drop", "hold"):
        with pytest.raises(NotDecided, match="can be put back; nothing else can be decided"):
            desk.decides(act, 2)
    first = desk.decides("restore", 2, numbers=(2,))
    assert first.told == "published by Ida Holm with 1 removal put back (#2): I have read it."
    assert desk.decides("restore", 2, numbers=(2,)).edition == first.edition == 3
    desk.publishes()
    assert desk.public == {"folder": WITH_JOIN}
    second = desk.decides("restore", 3, numbers=(1,))
    assert second.told == "published by Ida Holm with 1 removal put back (#1): I have read it."
    desk.publishes()
    assert desk.public == {"folder": RAW}
    with pytest.raises(NotDecided, match="nothing is taken out of it that could be put back"):
        desk.decides("raw", 4)
    # Cleaned again, both decisions stand: what the first one put back is not taken out quietly either.
    assert not desk.cleaned_again().changed
    desk.cleaned_again(cleaner(tmp_path / "join-alone", JOIN, WIDE))
    desk.publishes()
    assert desk.public == {"folder": RAW}


def test_what_came_meanwhile_is_not_decided_unseen(desk: Desk, tmp_path: Path) -> None:
    receive(desk.ledger, [sent("KILL KILL KILL\n" + STORY)], later(60))
    with pytest.raises(
        NotDecided, match=r"A newer version of desk:ferry arrived on .* and waits to be cleaned"
    ):
        desk.decides()
    desk.work()
    with pytest.raises(NotDecided, match=r"you saw edition 1, and edition 2 came"):
        desk.decides()
    with pytest.raises(
        NotDecided, match=r"was killed \(kill: the raw copy says .*not published by a decision"
    ):
        desk.decides("raw", 2)
    assert desk.publishes() == []


def test_a_newer_version_that_could_not_be_cleaned_is_not_passed_over(desk: Desk) -> None:
    receive(desk.ledger, [sent("Newer.")], desk.now)
    [row] = claim(desk.ledger, "me", now=desk.now)
    from flows.ledger import Outcome

    record_outcomes(desk.ledger, "me", [Outcome(row.id, "ferry", error="no story in it")], desk.where, NOON)
    with pytest.raises(NotDecided, match=r"could not be cleaned \(no story in it\)\. Clean it again"):
        desk.decides()


def test_a_decision_reaches_no_newer_version(desk: Desk) -> None:
    desk.decides()
    desk.publishes()
    desk.arrives(STORY + "And a tenth boat came on the tide, the harbour master said in the evening.\n")
    assert desk.verdict() == (3, "hold")
    [held] = held_stories(desk.ledger)
    assert (held.revision, held.public) == (2, (("folder", 2),))
    assert (desk.publishes(), desk.public["folder"]) == ([], CLEAN)


def test_a_kill_takes_down_what_a_person_published(desk: Desk, tmp_path: Path) -> None:
    desk.decides()
    desk.publishes()
    desk.arrives("KILL KILL KILL\n" + STORY)
    assert desk.publishes() == [("unpublish", 3)]
    desk.arrives()
    assert desk.verdict() == (4, "hold"), "what comes after a kill is decided anew"


def test_the_destinations_of_a_decision_are_those_of_the_last_arrival(desk: Desk) -> None:
    from dataclasses import replace

    wish = [replace(one, destinations=("table",)) for one in again([sent()], "by hand")]
    receive(desk.ledger, wish, desk.now)
    desk.work()
    assert desk.decides().owed == ("table",)


# Cleaned again.


@pytest.mark.parametrize("act", ["publish", "restore", "raw"])
@pytest.mark.parametrize("published_before", [True, False])
def test_cleaning_again_with_the_same_rules_changes_nothing(
    desk: Desk, act: str, published_before: bool
) -> None:
    desk.decides(act, numbers=(2,) if act == "restore" else ())
    if published_before:
        desk.publishes()
    redone = desk.cleaned_again()
    assert (redone.edition, redone.changed, redone.owed) == (2, False, ())
    assert redone.decided is not None
    assert desk.publishes() == ([] if published_before else [("publish", 2)])
    assert len(desk.copies()) == 2


@pytest.mark.parametrize("act", ["publish", "restore", "raw"])
def test_other_rules_with_the_same_copy_leave_the_decision(desk: Desk, act: str, tmp_path: Path) -> None:
    desk.decides(act, numbers=(2,) if act == "restore" else ())
    desk.publishes()
    public = dict(desk.public)
    redone = desk.cleaned_again(cleaner(tmp_path / "rules-2", BOTH + NEW))
    assert (redone.edition, redone.changed, redone.owed) == (3, True, ())
    assert (desk.publishes(), desk.public, desk.verdict()) == ([], public, (3, "publish"))
    assert desk.copies()[2].reasons == desk.copies()[1].reasons
    # And once more, under a decision that is carried on.
    assert desk.cleaned_again(cleaner(tmp_path / "rules-3", BOTH + NEW)).changed is False


def test_a_raw_copy_stands_whatever_would_be_removed(desk: Desk, tmp_path: Path) -> None:
    desk.decides("raw")
    desk.publishes()
    for name, rules, share in (("a", UNDEFINED, 0.01), ("b", JOIN, WIDE), ("c", BOTH, WIDE)):
        assert desk.cleaned_again(cleaner(tmp_path / name, rules, share)).owed == ()
        assert (desk.verdict()[1], desk.publishes(), desk.public["folder"]) == ("publish", [], RAW)


def test_other_rules_with_another_copy_hold_the_story_again(desk: Desk, tmp_path: Path) -> None:
    desk.decides()
    desk.publishes()
    redone = desk.cleaned_again(cleaner(tmp_path / "rules-2", UNDEFINED))
    assert (redone.edition, redone.owed, desk.verdict()) == (3, (), (3, "hold"))
    [held] = held_stories(desk.ledger)
    assert held.reasons[-1] == (
        "a decision of 3 March 2026 (published by Ida Holm: I have read it.) was made on another result of cleaning; "
        "decide again"
    )
    assert (desk.publishes(), desk.public["folder"]) == ([], CLEAN), "what is public stays"
    # Back to the old rules: it is what was approved.
    assert desk.cleaned_again().owed == ()
    assert (desk.verdict(), desk.publishes()) == ((4, "publish"), [])


def test_what_is_publishable_by_itself_needs_no_decision(desk: Desk, tmp_path: Path) -> None:
    desk.decides()
    desk.publishes()
    assert desk.cleaned_again(cleaner(tmp_path / "wide", share=WIDE)).owed == (), "the same copy"
    assert desk.cleaned_again(cleaner(tmp_path / "other", UNDEFINED, WIDE)).owed == ("folder",)
    assert (desk.publishes(), desk.public["folder"]) == ([("publish", 4)], WITH_JOIN)


def test_what_was_put_back_is_not_taken_out_again_quietly(desk: Desk, tmp_path: Path) -> None:
    desk.decides("restore", numbers=(2,))
    desk.publishes()
    assert desk.cleaned_again(cleaner(tmp_path / "wide", share=WIDE)).owed == ()
    assert (desk.verdict(), desk.public["folder"]) == ((3, "publish"), WITH_JOIN)
    # With the passage back it is another copy than was approved.
    assert desk.cleaned_again(cleaner(tmp_path / "join", JOIN, WIDE)).owed == ()
    assert (desk.verdict(), desk.publishes(), desk.public["folder"]) == ((4, "hold"), [], WITH_JOIN)
    assert held_stories(desk.ledger)[0].reasons == (
        "what Ida Holm put back on 3 March 2026 would be taken out again (#1); decide again",
    )
    # The rule was mended: nothing to decide any more.
    assert desk.cleaned_again(cleaner(tmp_path / "mended", UNDEFINED, WIDE)).owed == ()
    assert (desk.verdict(), desk.public["folder"]) == ((5, "publish"), WITH_JOIN)


def test_a_signal_that_was_not_seen_holds_the_story_again(desk: Desk) -> None:
    desk.decides()
    redone = desk.cleaned_again(seeing(desk.clean, "embargo", "hold"))
    assert (redone.owed, desk.verdict(), desk.publishes()) == ((), (3, "hold"), [])
    # Approved with the signal in sight, it stands.
    desk.decides("publish", 3, despite_embargo=True)
    assert desk.cleaned_again(seeing(desk.clean, "embargo", "hold")).changed is False
    assert desk.publishes() == [("publish", 4)]


@pytest.mark.parametrize("act", ["publish", "raw", "drop"])
def test_a_kill_ends_every_decision(desk: Desk, act: str) -> None:
    desk.decides(act)
    desk.publishes()
    killed = desk.cleaned_again(seeing(desk.clean, "kill", "kill"))
    assert killed.decided is None
    assert desk.verdict() == (3, "kill")
    assert desk.publishes() == ([] if act == "drop" else [("unpublish", 3)])
    # It was the rules' mistake, it turns out: a person decides anew.
    assert desk.cleaned_again().owed == ()
    assert desk.verdict() == (4, "hold")
    desk.decides("publish", 4)
    assert desk.publishes() == [("publish", 5)]


def test_a_worker_that_was_at_it_when_the_decision_fell_overturns_nothing(desk: Desk) -> None:
    receive(desk.ledger, again([sent()], "slow"), desk.now)
    [row] = claim(desk.ledger, "slow", now=desk.now)
    outcome = desk.clean(row)
    desk.decides()
    [recorded] = record_outcomes(desk.ledger, "slow", [outcome], desk.where, desk.now)
    assert (recorded.changed, desk.publishes(), desk.verdict()) == (False, [("publish", 2)], (2, "publish"))


# Embargoes.

EMBARGO = "EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026\n"


def test_an_embargo_needs_a_second_yes_until_it_is_over(ledger: Engine, tmp_path: Path) -> None:
    desk = Desk(ledger, cleaner(tmp_path / "rules"))
    desk.arrives(EMBARGO + STORY)
    with pytest.raises(
        NotDecided, match=r"under embargo: the raw copy says .* \(until 2026-03-06T00:01:00\+00:00\)"
    ):
        desk.decides()
    desk.now = at("2026-03-06T00:00:59+00:00")
    with pytest.raises(NotDecided, match="under embargo"):
        desk.decides("raw")
    desk.now = at("2026-03-06T00:01:00+00:00")
    assert desk.decides().embargo is None
    assert desk.publishes() == [("publish", 2)]


def test_the_second_yes_is_written_down(ledger: Engine, tmp_path: Path) -> None:
    desk = Desk(ledger, cleaner(tmp_path / "rules"))
    desk.arrives(EMBARGO + STORY)
    assert "2026-03-06" in str(desk.decides(despite_embargo=True).embargo)
    with ledger.connect() as connection:
        assert "2026-03-06" in connection.execute(select(DECISIONS.c.embargo)).scalar_one()


@pytest.mark.parametrize(
    ("line", "over_at"),
    [
        ("EMBARGOED UNTIL 6 MARCH 2026", "2026-03-07T12:00:00+00:00"),
        ("EMBARGOED UNTIL 10:00 FRIDAY 6 MARCH 2026", "2026-03-06T22:00:00+00:00"),
        ("EMBARGOED UNTIL FURTHER NOTICE", None),
    ],
)
def test_an_embargo_is_never_over_early(
    ledger: Engine, tmp_path: Path, line: str, over_at: str | None
) -> None:
    desk = Desk(ledger, cleaner(tmp_path / "rules"))
    desk.arrives(f"{line}\n{STORY}")

    def embargo(moment: str) -> str | None:
        return look_at_story(ledger, "desk", "ferry", at(moment)).embargo

    if over_at is None:
        assert "no time can be read" in str(embargo("2030-01-01T00:00:00+00:00"))
        return
    moment = at(over_at)
    assert embargo(moment.replace(year=2025).isoformat()) is not None
    assert embargo(over_at) is None
    from datetime import timedelta

    assert embargo((moment - timedelta(seconds=1)).isoformat()) is not None


def test_a_drop_needs_no_second_yes(ledger: Engine, tmp_path: Path) -> None:
    desk = Desk(ledger, cleaner(tmp_path / "rules"))
    desk.arrives(EMBARGO + STORY)
    assert desk.decides("drop").act == "drop"


def test_a_decision_and_its_edition_are_written_together_or_not_at_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.ledger import reviews

    def breaks(*_: object, **__: object) -> tuple[str, ...]:
        raise OSError("the disk is full")

    monkeypatch.setattr(reviews, "owe_copy", breaks)
    with pytest.raises(OSError, match="disk is full"):
        desk.decides()
    with desk.ledger.connect() as connection:
        assert len(connection.execute(select(COPIES.c.id)).all()) == 1
        assert connection.execute(select(DECISIONS.c.id)).all() == []
    assert desk.verdict() == (1, "hold")


def test_of_many_who_decide_at_once_one_does(desk: Desk) -> None:
    def decides(number: int) -> str:
        try:
            return desk.decides(("publish", "raw", "drop")[number % 3], who=f"Editor {number}").told
        except NotDecided as refused:
            return f"refused: {refused}"

    with ThreadPoolExecutor(8) as people:
        said = list(people.map(decides, range(8)))
    [made] = [one for one in said if not one.startswith("refused")]
    assert all(one.endswith(made) for one in said)
    assert len(desk.copies()) == 2
