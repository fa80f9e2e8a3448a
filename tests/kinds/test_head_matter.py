from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

HEADLINE = "Ferry returns to the estuary after nine years"
STANDFIRST = "Harbour office keeps its silence as the dredger comes back without a word to anyone"


@pytest.mark.parametrize(
    "lines",
    [
        [LEAD, "A second step", NEXT],
        [LEAD, NEXT, HEADLINE],
        [
            "By Monday the water had reached the second step of the old custom house, and the clerks had left it.",
            LEAD,
        ],
        ["“Read more,” her grandmother used to tell her.", LEAD],
        ["Not any more.", LEAD],
        ["Correction: An earlier version gave the wrong year.", LEAD],
        ["Amira Haddad, 34", "Piotr Lind, 51"],
    ],
)
def test_spares(said, lines):
    assert said("head_matter", lines) == {}


def test_the_whole_head(said):
    found = said(
        "head_matter",
        ["World", HEADLINE, STANDFIRST, "By Marta Oyelaran", "3 March 2026", LEAD, NEXT],
    )
    assert found == {
        "World": "lift section",
        HEADLINE: "lift headline",
        STANDFIRST: "lift standfirst",
        "By Marta Oyelaran": "lift byline",
        "3 March 2026": "lift published",
    }


def test_the_known_headline_decides(said):
    found = said("head_matter", ["Another title stands first here", HEADLINE, LEAD, NEXT], headline=HEADLINE)
    assert found[HEADLINE] == "lift headline"
    assert found.get("Another title stands first here") != "lift headline"


def test_a_bare_name_beside_a_date_is_the_byline(said):
    found = said("head_matter", [HEADLINE, "Marta Oyelaran", "3 March 2026", LEAD, NEXT])
    assert found["Marta Oyelaran"] == "lift byline"


def test_a_standfirst_like_prose_above_a_byline(said):
    standfirst = "Harbour office keeps its silence as the dredger comes back without a word to anyone."
    found = said("head_matter", [HEADLINE, standfirst, "By Marta Oyelaran", LEAD, NEXT, LAST])
    assert found[standfirst] == "lift standfirst"
    assert LEAD not in found


@pytest.mark.parametrize("line", ["Published: undefined", "Updated: NaN", "Published"])
def test_a_label_without_a_date_is_no_witness(said, line):
    found = said("head_matter", [HEADLINE, STANDFIRST, LEAD, line, NEXT, LAST])
    assert found == {HEADLINE: "lift headline", STANDFIRST: "lift standfirst"}


def test_with_a_standfirst_found_the_first_paragraph_stays(said):
    assert LEAD not in said("head_matter", [HEADLINE, STANDFIRST, LEAD, "3 March 2026", NEXT, LAST])


def test_the_first_title_is_the_headline_where_nothing_names_another(said):
    headline = "Kesten ferry sinks off Sund Point, eleven missing"
    below = "The rescue in the north of the island went on in the dark"
    found = said("head_matter", ["World", headline, below, "By Ann Bell", "3 March 2026", LEAD, NEXT])
    assert found[headline] == "lift headline"
    assert found[below] == "lift standfirst"


def test_results_above_the_first_sentence_are_no_head(said):
    wards = [f"Ward {number} of 60 districts: turnout 7 percent" for number in range(60)]
    assert said("head_matter", [*wards, LEAD, NEXT]) == {}


def test_a_trail_that_ends_in_the_headline_is_not_the_headline(said):
    trail = f"Home Harbour {HEADLINE}"
    found = said("head_matter", [trail, "Harbour", HEADLINE, "By Marta Oyelaran", LEAD, NEXT])
    assert found[HEADLINE] == "lift headline"
    assert found.get(trail) != "lift headline"


def test_the_writer_s_handle_under_a_byline(said):
    found = said("head_matter", [HEADLINE, "By Marta Oyelaran", "@harbourlens", "3 March 2026", LEAD, NEXT])
    assert found["@harbourlens"] == "lift byline"


def test_what_stands_under_the_standfirst_apart_from_it_is_the_picture_s(said):
    caption = "The dredger on the day before it left the estuary for the north"
    found = said("head_matter", [HEADLINE, STANDFIRST, "Share", caption, "By Marta Oyelaran", LEAD, NEXT])
    assert (found[STANDFIRST], found[caption]) == ("lift standfirst", "lift caption")


def test_under_the_standfirst_and_above_a_credit_stands_the_caption(said):
    caption = "The dredger on the day before it left the estuary for the north"
    found = said(
        "head_matter", [HEADLINE, STANDFIRST, caption, "Photo: Jon Blythe", "By Ann Bell", LEAD, NEXT]
    )
    assert (found[STANDFIRST], found[caption]) == ("lift standfirst", "lift caption")


def test_two_lines_of_a_standfirst_stand_together(said):
    second = "The harbour office says nothing, and the captain says less"
    found = said("head_matter", [HEADLINE, STANDFIRST, second, "By Marta Oyelaran", LEAD, NEXT])
    assert found[second] == "lift standfirst"


def test_a_name_with_its_agency_beside_a_byline_is_a_credit(said):
    lines = [HEADLINE, "Jon Blythe/Reuters", "By Marta Oyelaran", LEAD, NEXT]
    assert "Jon Blythe/Reuters" not in said("head_matter", lines)
    assert said("captions", lines)["Jon Blythe/Reuters"] == "lift credit"


QUESTION = "Who owns the old north quay of Kesten, and why does nobody at the harbour office want to say?"
ADDRESS = (
    "https://harbourpost.example/news/who-owns-the-old-north-quay-of-kesten-and-why-does-nobody-want-to-say"
)
QUAY = "Who owns the old north quay in the town of Kesten has been a riddle for years, is it not?"


@pytest.mark.parametrize(
    "lines",
    [
        # A first paragraph that says what the address says.
        [QUAY + " Nobody knows.", LEAD, NEXT, LAST],
        # A subhead under the first paragraph.
        [LEAD, "Who owns the old north quay of Kesten", NEXT, LAST],
        # A question that the address does not know, with nothing below.
        ["Does anybody remember the day when the ferry came back to the island of Vorre?", LEAD, NEXT, LAST],
    ],
)
def test_what_the_address_says_too_may_be_the_story_s(said, lines):
    assert said("head_matter", lines, url=ADDRESS) == {}


def test_the_address_vouches_for_a_headline_that_ends_like_a_sentence(said):
    found = said("head_matter", ["Harbour", QUESTION, LEAD, NEXT, LAST], url=ADDRESS)
    assert found == {"Harbour": "lift section", QUESTION: "lift headline"}


def test_the_address_vouches_for_a_headline_under_a_promotion_like_prose(said):
    promotion = "Type in your postcode and see at once which ferries leave from your own quay, and when."
    found = said(
        "head_matter", [promotion, QUESTION, "By Ilse Brandvik", LEAD, NEXT, LAST, LEAD], url=ADDRESS
    )
    assert found[QUESTION] == "lift headline"
    assert promotion not in found


def test_a_question_above_a_byline_is_the_headline(said):
    found = said("head_matter", [QUESTION, "By Ilse Brandvik", LEAD, NEXT, LAST])
    assert found == {QUESTION: "lift headline", "By Ilse Brandvik": "lift byline"}


def test_a_question_of_two_sentences_above_a_byline_may_be_the_story_s_first(said):
    line = "The old quay of Kesten belongs to somebody who does not want to be named. But who is it?"
    assert said("head_matter", [line, "By Ilse Brandvik", LEAD, NEXT, LAST]).get(line) != "lift headline"


def test_the_date_above_the_headline_does_not_part_it_from_its_standfirst(said):
    standfirst = STANDFIRST + "."
    url = "https://harbourpost.example/ferry-returns-to-the-estuary"
    lines = ["3 March 2026", HEADLINE, standfirst, "By Ilse Brandvik", "Staff Writer", LEAD, NEXT, LAST]
    found = said("head_matter", lines, url=url)
    assert found == {
        "3 March 2026": "lift published",
        HEADLINE: "lift headline",
        standfirst: "lift standfirst",
        "By Ilse Brandvik": "lift byline",
        "Staff Writer": "lift byline",
    }


def test_no_headline_ends_in_a_credit(said):
    caption = "The ferry that returns to the estuary. Photo: Jon Blythe"
    url = "https://harbourpost.example/ferry-returns-to-the-estuary"
    found = said("head_matter", [caption, "Harbour", HEADLINE, LEAD, NEXT], url=url)
    assert found.get(caption) != "lift headline"
    assert found[HEADLINE] == "lift headline"


@pytest.mark.parametrize(
    "line", ["… as the pilots of Kesten cry foul", "...as the pilots of Kesten cry foul"]
)
def test_a_standfirst_that_goes_on_with_the_headline(said, line):
    found = said("head_matter", [HEADLINE, "By Ilse Brandvik", line, LEAD, NEXT])
    assert found[line] == "lift standfirst"
    assert said("head_matter", [HEADLINE, "By Ilse Brandvik", line.strip(".… "), LEAD, NEXT]) == {
        HEADLINE: "lift headline",
        "By Ilse Brandvik": "lift byline",
    }


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("PUBLISHED: March 3, 2026 at 11:30 p.m.", "published"),
        ("Ilse Brandvik | Published 7 months ago", "byline"),
        ("Ilse Brandvik3 March 2026, 19:35", "byline"),
        ("Ferries Published On March 3, 2026 01:52 PM", "published"),
        ("By Ilse Brandvik | Special to the Harbour Post", "byline"),
        ("ByIlse Brandvik", "byline"),
        ("Ilse Brandvik Published on March 3, 2026 01:52 PM", "byline"),
        ("Updated at 10:45", "updated"),
        ("in harbour news – 3 March 2026, 10:45", "published"),
    ],
)
def test_more_forms_of_byline_and_date(said, line, field):
    assert said("head_matter", [HEADLINE, line, LEAD, NEXT])[line] == f"lift {field}"


@pytest.mark.parametrize(
    ("published", "between", "updated"),
    [
        ("PUBLISHED: March 3, 2026 at 11:30 p.m.", "|", "UPDATED: March 4, 2026 at 12:21 a.m."),
        ("3 March 2026", "·", "updated 4 March 2026"),
    ],
)
def test_when_it_came_out_and_when_it_was_changed_on_one_line(said, published, between, updated):
    line = f"{published} {between} {updated}"
    found = said("head_matter", [HEADLINE, line, LEAD, NEXT])
    assert (found[published], found[updated]) == ("lift published", "lift updated")
    assert found[between] == "remove"


@pytest.mark.parametrize("line", ["Orla 3 March 2026.", "The ferry law came out on 3 March 2026"])
def test_a_place_and_a_sentence_with_a_date_are_the_story_s(said, line):
    assert line not in said("head_matter", [HEADLINE, STANDFIRST, "By Ilse Brandvik", line, LEAD, NEXT])


def test_under_a_label_stands_who_wrote_it(said):
    found = said("head_matter", [HEADLINE, "Article by", "harbournews", LEAD, NEXT])
    assert found["harbournews"] == "lift byline"
    assert "harbournews" not in said("head_matter", [HEADLINE, "By Ilse Brandvik", "harbournews", LEAD, NEXT])


def test_an_agency_above_a_date_is_the_byline_though_a_credit_stands_above(said):
    found = said("head_matter", [HEADLINE, "Getty Images", "Reuters", "3 March 2026", LEAD, NEXT])
    assert found["Reuters"] == "lift byline"


def test_a_name_above_a_credit_is_in_the_picture_where_another_signs(said):
    lines = [HEADLINE, "3 March 2026", "Jon Blythe", "Photo: Harbour Office", "Ilse Brandvik", LEAD, NEXT]
    found = said("head_matter", lines)
    assert found["Jon Blythe"] == "lift caption"
    assert found["Ilse Brandvik"] == "lift byline"
    alone = said("head_matter", [HEADLINE, "Jon Blythe", "Photo: Harbour Office", "3 March 2026", LEAD, NEXT])
    assert alone.get("Jon Blythe") != "lift caption"


def test_a_label_right_above_the_headline_or_its_repeat_is_a_kicker(said):
    shouted, repeat = "WHO OWNS THE QUAY?", "Old Harbours"
    lines = [shouted, HEADLINE, repeat, HEADLINE, "By Ilse Brandvik", LEAD, NEXT]
    found = said("head_matter", lines, url="https://harbourpost.example/ferry-returns-to-the-estuary")
    assert found[shouted] == found[repeat] == "lift section"


def test_captions_and_the_trail_do_not_part_a_kicker_from_the_headline(said):
    lines = [
        "Courts",
        f"Home Courts {HEADLINE}",
        "The ferry at the quay. Photo: Jon Blythe",
        "Share",
        HEADLINE,
        "By Ilse Brandvik",
        LEAD,
        NEXT,
    ]
    assert said("head_matter", lines)["Courts"] == "lift section"


@pytest.mark.parametrize(
    ("line", "language", "lifted"),
    [
        ("Aktualizacja: 3.3.2026 19:45", "pl", True),
        ("Update: 3.3.2026 10:45", "de", True),
        ("Update: 3.3.2026: Der Hafen nannte eine andere Zahl.", "de", False),
    ],
)
def test_a_label_with_nothing_but_a_date_is_no_note(said, line, language, lifted):
    found = said("head_matter", [HEADLINE, line, LEAD, NEXT], language)
    assert found.get(line) == ("lift updated" if lifted else None)


@pytest.mark.parametrize(
    "line", ["Horoscope for 3 March 2026", "Nine years on, the ferry sails again on 3 March 2026, at 10:45."]
)
def test_a_day_in_a_title_or_a_sentence_is_not_when_the_story_came_out(said, line):
    assert said("head_matter", [HEADLINE, "By Ilse Brandvik", line, LEAD, NEXT]).get(line) != "lift published"


def test_links_and_labels_above_the_headline_are_not_the_headline(said):
    other, headline = "Ferry company wins the spring vote", "Dredger returns to the estuary after nine years"
    found = said("head_matter", [other, "Harbour", "Courts", headline, "By Ilse Brandvik", LEAD, NEXT])
    assert found[headline] == "lift headline"
    assert found.get(other) != "lift headline"


def test_under_the_headline_stands_its_standfirst(said):
    found = said("head_matter", [HEADLINE, STANDFIRST, "By Ilse Brandvik", LEAD, NEXT])
    assert (found[HEADLINE], found[STANDFIRST]) == ("lift headline", "lift standfirst")


def test_a_date_above_the_one_title_does_not_part_it_from_its_standfirst(said):
    standfirst = STANDFIRST + "."
    lines = ["3 March 2026", HEADLINE, standfirst, "By Ilse Brandvik", LEAD, NEXT, LAST]
    assert said("head_matter", lines)[standfirst] == "lift standfirst"
    below = [HEADLINE, "3 March 2026", standfirst, "By Ilse Brandvik", LEAD, NEXT, LAST]
    assert standfirst not in said("head_matter", below)


def test_the_address_speaks_against_a_lone_title(said):
    lines = [HEADLINE, LEAD, NEXT]
    assert said("head_matter", lines) == {HEADLINE: "lift headline"}
    assert said("head_matter", lines, url="https://harbourpost.example/a3f9/4711") == {
        HEADLINE: "lift headline"
    }
    assert said("head_matter", lines, url="https://harbourpost.example/quays-and-pilots-in-march") == {}


def test_without_a_headline_the_title_above_the_date_is_it(said):
    title = "Pilots. More than nine of them stay ashore in Kesten"
    found = said("head_matter", [title, "3 March 2026", LEAD, NEXT, LAST])
    assert found == {title: "lift headline", "3 March 2026": "lift published"}
    known = said("head_matter", [title, "3 March 2026", LEAD, NEXT, LAST], headline=HEADLINE)
    assert known[title] == "lift standfirst"
    goes_on = "… as more than nine pilots stay ashore in Kesten"
    assert said("head_matter", [goes_on, "3 March 2026", LEAD, NEXT, LAST])[goes_on] == "lift standfirst"


def test_a_name_before_its_dates_on_one_line(said):
    line = "By Ilse Brandvik | Published: 3 March 2026 | Updated: 4 March 2026"
    found = said("head_matter", [HEADLINE, line, LEAD, NEXT])
    assert found["By Ilse Brandvik"] == "lift byline"
    assert found["Published: 3 March 2026"] == "lift published"
    assert found["Updated: 4 March 2026"] == "lift updated"
