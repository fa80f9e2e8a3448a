from __future__ import annotations

import pytest
from conftest import LAST, LEAD, NEXT  # type: ignore[import-not-found]

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
