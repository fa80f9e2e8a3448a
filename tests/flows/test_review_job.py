"""The review form and what it does, without Prefect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from held_newsroom import CLEAN, NEW, STORY, UNDEFINED, WITH_JOIN, Desk, cleaner, sent
from newsroom import NOON, small_settings
from prefect.utilities.callables import parameter_schema
from sqlalchemy import create_engine, text

from flows.ledger import NotDecided, again, open_ledger, receive
from flows.review_story import review_story
from flows.settings import Settings
from flows.tasks.drain import drain
from flows.tasks.review import THE_LIST, Review, removals_named, review
from flows.tasks.workers import make_clean

FORM: dict[str, Any] = {"who": "Ida Holm", "why": "I have read it."}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return small_settings(tmp_path, workers=1)


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Iterator[Desk]:
    """A ledger with one held story, cleaned by the configuration that the settings name."""
    clean = cleaner(settings.config_dir)
    engine = open_ledger(settings.ledger_url)
    desk = Desk(engine, clean)
    desk.arrives(headline="Harbour closed")
    yield desk
    engine.dispose()


def noon() -> datetime:
    return NOON


def public(settings: Settings) -> list[str]:
    return [path.read_text().strip() for path in (settings.data_dir / "published").glob("*.txt")]


def test_nothing_chosen_lists_what_is_held_and_what_to_paste(desk: Desk, settings: Settings) -> None:
    result = review(settings, Review())
    assert result.message == "1 held story"
    [row] = result.rows
    assert (row["Story"], row["Paste this"], row["Would go"]) == (
        "Harbour closed",
        "desk:ferry, edition 1",
        2,
    )
    desk.decides("drop")
    assert review(settings, Review()) == ("No story is held", (), (), False)


def test_look_only_shows_the_story_and_changes_nothing(desk: Desk, settings: Settings) -> None:
    result = review(settings, Review(key="desk:ferry", **FORM))
    assert result.message == "desk:ferry, edition 1: held. Nothing was changed"
    [page] = result.shown
    assert page.key == "story-desk-ferry"
    assert "paste `desk:ferry, edition 1` as its key" in page.text
    assert "~~Published: undefined~~" in page.text
    assert "**removed** #1 by `english/published-undefined`" in page.text
    assert desk.verdict() == (1, "hold")


@pytest.mark.parametrize(
    ("decision", "put_back", "copy"),
    [
        ("publish as cleaned", "", CLEAN),
        ("publish with some removals put back", "2", WITH_JOIN),
        ("publish with some removals put back", "english/join-us", WITH_JOIN),
        ("publish raw, with everything put back", "", STORY.strip()),
        ("drop, never publish", "", None),
    ],
)
@pytest.mark.parametrize("picked", [True, False])
def test_a_decision_is_made_and_published(
    desk: Desk, settings: Settings, decision: Any, put_back: str, copy: str | None, picked: bool
) -> None:
    named = {"story": "desk:ferry, edition 1: Harbour closed"} if picked else {"key": "desk:ferry, edition 1"}
    form = Review(**named, decision=decision, put_back=put_back, **FORM)
    result = review(settings, form)
    assert public(settings) == ([] if copy is None else [copy])
    assert "by Ida Holm" in result.message
    [page] = result.shown
    assert result.message.split(":")[0] in page.text
    if copy is not None:
        assert result.message.endswith("At copy-folder now")
        assert "**PUBLISH**" in page.text
        assert "~~Join us" not in page.text or decision == "publish as cleaned"
    # A run that is tried again finds its decision made.
    assert review(settings, form).message.startswith(result.message.partition(". At")[0])
    assert len(desk.copies()) == 2


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"decision": "publish as cleaned"}, "Choose the story that you decide about"),
        ({"key": "desk:ferry", "decision": "publish as cleaned"}, "Say which edition of desk:ferry you look"),
        ({"key": "ferry"}, "'ferry' names no story: write SOURCE:ID"),
        ({"key": "desk:ferry, edition 1", "decision": "drop, never publish", "why": ""}, "Say in words why"),
        ({"key": "desk:ferry, edition 1", "decision": "drop, never publish", "who": ""}, "Say who decides"),
        (
            {
                "key": "desk:ferry, edition 1",
                "decision": "publish with some removals put back",
                "put_back": "7",
            },
            "there is no removal 7; the removals are 1 to 2",
        ),
        (
            {"key": "desk:ferry, edition 1", "decision": "publish as cleaned", "put_back": "1"},
            "Removals are put back only where that is what you decide",
        ),
    ],
)
def test_a_mistake_in_the_form_is_a_sentence(
    desk: Desk, settings: Settings, form: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotDecided, match=said):
        review(settings, Review(**{**FORM, **form}))
    assert (public(settings), desk.verdict()) == ([], (1, "hold"))


def test_an_embargo_needs_the_switch(desk: Desk, settings: Settings) -> None:
    desk.arrives("EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026\n" + STORY)
    form = Review(key="desk:ferry, edition 2", decision="publish as cleaned", **FORM)
    with pytest.raises(NotDecided, match=r"until 2026-03-06T00:01:00\+00:00"):
        review(settings, form, clock=noon)
    looked = review(settings, Review(key="desk:ferry"), clock=noon)
    assert "**Under embargo**" in looked.shown[0].text
    done = review(settings, form.model_copy(update={"despite_embargo": True}), clock=noon)
    assert "The embargo was not waited for" in done.shown[0].text


def test_an_instruction_to_editors_that_comes_back_is_told(desk: Desk, settings: Settings) -> None:
    from flows.ledger import Decided
    from flows.tasks.review import cautions

    lifted = ({"number": 3, "field": "ednote"}, {"number": 4, "field": None})
    done = Decided("desk:ferry", "raw", "Ida Holm", "why", NOON, 1, 2, lifted)
    assert cautions(done) == ["An instruction to editors stands in the published text: #3."]


def test_the_words_of_a_story_are_no_markdown(desk: Desk, settings: Settings) -> None:
    desk.arrives(STORY + "<img src=https://evil.example/a.png> said ![x](https://evil.example/b.png).\n")
    form = Review(
        key="desk:ferry, edition 2", decision="publish as cleaned", who="<img src=x>", why="![x](y) z"
    )
    text = review(settings, form).shown[0].text
    live = re.sub(r"`[^`]*`", "", text)
    assert not re.search(r"(?<!\\)<img|(?<!\\)!(?<!\\)\[", live)
    assert "evil.example/b.png" in text


def test_the_form_offers_what_is_held_and_its_defaults_are_safe(
    desk: Desk, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANCOPY_LEDGER", settings.ledger_url)
    monkeypatch.setenv("CLEANCOPY_CONFIG", str(settings.config_dir))
    schema = parameter_schema(review_story.fn)
    fields: dict[str, Any] = schema.definitions["Review"]["properties"]
    assert all(field["title"] and field["description"] for field in fields.values())
    assert fields["story"]["enum"] == [THE_LIST, "desk:ferry, edition 1: Harbour closed"]
    assert fields["decision"]["enum"][0] == "look only"
    default = schema.properties["review"]["default"]
    assert (default["story"], default["decision"], default["despite_embargo"]) == (
        THE_LIST,
        "look only",
        False,
    )


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.sqlite", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_form_without_a_ledger_is_a_form(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from flows.tasks.review import offer_held

    monkeypatch.setenv("CLEANCOPY_LEDGER", url)
    schema: dict[str, Any] = {}
    offer_held(schema)
    assert schema["enum"] == [THE_LIST]
    # Nor does a look make a ledger of any database.
    other = tmp_path / "other.sqlite"
    engine = create_engine(f"sqlite:///{other}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE cats (name TEXT)"))
    monkeypatch.setenv("CLEANCOPY_LEDGER", f"sqlite:///{other}")
    offer_held(schema)
    assert schema["enum"] == [THE_LIST]
    with engine.begin() as connection:
        assert connection.execute(text("SELECT name FROM sqlite_master")).scalars().all() == ["cats"]
    engine.dispose()


def test_numbers_and_rules_as_people_write_them() -> None:
    assert removals_named("") == ((), ())
    assert removals_named("1, 3") == ((1, 3), ())
    assert removals_named("#2\n#2;4–6 captions rule:english/follow-us") == (
        (2, 4, 5, 6),
        ("captions", "english/follow-us"),
    )
    with pytest.raises(NotDecided, match="no story has so many"):
        removals_named("1-99999999")


def test_a_run_shows_a_decided_story_as_it_stands(desk: Desk, settings: Settings) -> None:
    """Cleaned by the real workers: held by the rules, published by a person, and the run says so."""
    review(
        settings,
        Review(
            key="desk:ferry, edition 1",
            decision="publish with some removals put back",
            put_back="2",
            **FORM,
        ),
    )
    received = receive(desk.ledger, again([sent(headline="Harbour closed")], "again"), NOON)
    with_new_rule = settings.config_dir / "rules" / "english.yaml"
    with_new_rule.write_text(with_new_rule.read_text() + NEW)
    summary = drain(desk.ledger, settings, ids=received.ids, make=make_clean)
    [line] = summary.stories
    assert (line.row.outcome, line.edition, line.owed) == ("publish", 3, ())
    assert line.row.reasons == ("published by Ida Holm with 1 removal put back (#2): I have read it.",)
    assert line.artifact is not None
    assert "**PUBLISH**" in line.artifact
    assert line.report is not None
    assert "published by Ida Holm" in line.report.read_text()
    assert public(settings) == [WITH_JOIN]
    # And where the decision no longer fits, the run says that it is held again, and why.
    with_new_rule.write_text("language: en\nrules:\n" + UNDEFINED.replace("undefined:", "other:"))
    received = receive(desk.ledger, again([sent(headline="Harbour closed")], "once more"), NOON)
    [line] = drain(desk.ledger, settings, ids=received.ids, make=make_clean).stories
    assert (line.row.outcome, desk.verdict()) == ("publish", (4, "publish")), "the same copy again"
