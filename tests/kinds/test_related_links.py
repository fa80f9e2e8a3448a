from __future__ import annotations

import pytest
from conftest import LEAD, NEXT  # type: ignore[import-not-found]

TITLE = "Harbour town prepares for the last ferry"


@pytest.mark.parametrize(
    "lines",
    [
        [LEAD, TITLE, NEXT],
        [LEAD, "DEATH BEHIND BARS", NEXT],
        [LEAD, "WAS ANYONE ELSE INVOLVED?", NEXT],
        [LEAD, "Live", NEXT],
        [LEAD, "Read more books, the minister urged.", NEXT],
        [LEAD, "“WE WERE TOLD TO WAIT AND TO SIGN EVERYTHING THAT WAS PUT ON THE TABLE”", NEXT],
    ],
)
def test_spares(said, lines):
    assert said("related_links", lines) == {}


def test_a_label_and_the_titles_under_it(said):
    found = said("related_links", [LEAD, "Related articles", TITLE, "Dredger returns to the estuary", NEXT])
    assert found == dict.fromkeys(["Related articles", TITLE, "Dredger returns to the estuary"], "remove")


def test_a_button_alone(said):
    assert said("related_links", [LEAD, "Read more", NEXT]) == {"Read more": "remove"}


def test_a_headline_in_capitals_between_paragraphs_is_a_doubt(said):
    line = "HARBOUR MASTER SEES THIRD STRAIGHT WIN OVER FERRY COMPANY IN SPRING VOTE"
    assert said("related_links", [LEAD, line, NEXT]) == {line: "suspect"}


def test_the_tail_s_list_of_links(said):
    found = said("related_links", [LEAD, NEXT, "Most read", TITLE, "Quay reopens"])
    assert found == dict.fromkeys(["Most read", TITLE, "Quay reopens"], "remove")


def test_a_list_with_dates_under_the_story(said):
    links = [
        TITLE,
        "3 March 2026",
        "Quay reopens to boats",
        "1 March 2026",
        "Lock closed for repairs",
        "27 February 2026",
    ]
    assert said("related_links", [LEAD, NEXT, *links]) == dict.fromkeys(links, "remove")


def test_a_chronology_of_sentences_stays(said):
    events = [
        "3 March 2026",
        "The ferry sails.",
        "1 March 2026",
        "The lock opens.",
        "27 February 2026",
        "It is shut.",
    ]
    assert said("related_links", [LEAD, NEXT, *events]) == {}


@pytest.mark.parametrize("kicker", ["LIVE", "Opinion"])
def test_a_kicker_takes_no_headline_along(said, kicker):
    assert said("related_links", [kicker, TITLE, LEAD, NEXT]) == {}
