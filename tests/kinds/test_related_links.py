from __future__ import annotations

import pytest
from around import LEAD, NEXT  # type: ignore[import-not-found]

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
    line = "HARBOUR MASTER SEES A THIRD WIN OVER FERRY COMPANY IN SPRING VOTE"
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


BUTTON = "Read more"


def test_a_card_between_two_labels_goes_whole(said):
    card = ["Read next", "Ilse Brandvik", "I gave up my boat. It's the best decision I've ever made", BUTTON]
    assert said("related_links", [LEAD, *card, NEXT]) == dict.fromkeys(card, "remove")


def test_a_title_above_its_button(said):
    assert said("related_links", [LEAD, TITLE, BUTTON, NEXT]) == dict.fromkeys([TITLE, BUTTON], "remove")


@pytest.mark.parametrize(
    "lines",
    [
        # A subhead is shorter, or what follows the button is its title.
        [LEAD, "A quiet harbour", BUTTON, NEXT],
        [LEAD, "How the ferry was lost and found", BUTTON, TITLE, NEXT],
        # Two lines between paragraph and button are the story's until something else says otherwise.
        [LEAD, "Built in 1912 by the island's own yard", TITLE, BUTTON, NEXT],
        # "Live" may be a subhead, and so may what stands above it.
        [LEAD, "How the ferry was lost and found", "Live", NEXT],
        # A paragraph is no card.
        [LEAD, "Read next", NEXT, BUTTON, LEAD],
    ],
)
def test_what_stands_above_a_button_and_is_the_story_s(said, lines):
    assert not ({lines[1], NEXT, LEAD} - {"Read next"}) & said("related_links", lines).keys()


def test_the_last_writer_in_a_list_of_titles_and_writers(said):
    links = ["Ana Duarte, Jon Blythe", "What the harbour office never said", "Per Holm"]
    found = said("related_links", [LEAD, "Related articles", TITLE, *links, NEXT])
    assert found == dict.fromkeys(["Related articles", TITLE, *links], "remove")


def test_a_name_under_titles_without_writers_is_a_subhead(said):
    lines = [LEAD, "Related articles", TITLE, "What the harbour office never said", "Per Holm", NEXT]
    assert "Per Holm" not in said("related_links", lines)


def test_a_long_headline_in_capitals_needs_no_company(said):
    line = "HARBOUR MASTER SEES THIRD STRAIGHT WIN OVER THE FERRY COMPANY IN THE ISLAND'S SPRING VOTE"
    assert said("related_links", [LEAD, line, NEXT]) == {line: "remove"}
    assert said("related_links", [LEAD, "The banner on the quay read:", line, NEXT]) == {}


TEASERS = [
    "The minister told the islanders that the bridge would be built before the winter, and the islanders asked hi...",
    "Nobody knew what had been in the crates that the dredger brought up from the bottom of the estuary until Fri...",
]


def test_lines_cut_off_at_one_length(said):
    assert len(set(map(len, TEASERS))) == 1
    lines = [LEAD, TITLE, TEASERS[0], NEXT, TITLE + " again", TEASERS[1], LEAD]
    assert said("related_links", lines) == dict.fromkeys(TEASERS, "remove")
    assert said("related_links", [LEAD, TEASERS[0], NEXT, TEASERS[1], LEAD]) == {}


@pytest.mark.parametrize("other", [TEASERS[1][:-6] + "...", TEASERS[1][:-1] + "!"])
def test_a_sentence_that_trails_off_stays(said, other):
    assert said("related_links", [LEAD, TITLE, TEASERS[0], NEXT, TITLE + " again", other, LEAD]) == {}


def test_a_link_in_brackets(said):
    line = f"[Related: {TITLE}]"
    assert said("related_links", [LEAD, line, NEXT]) == {line: "remove"}


def test_a_remark_in_brackets_stays(said):
    assert said("related_links", [LEAD, "[Applause from the quay]", NEXT]) == {}


def test_kickers_in_capitals_among_the_titles(said):
    links = [
        "Most read in world news",
        "RANDY HARRY",
        TITLE,
        "TIME TRAVELLER",
        "Ferry from 1912 seen in the fog again",
    ]
    assert said("related_links", [LEAD, *links, NEXT]) == dict.fromkeys(links, "remove")
