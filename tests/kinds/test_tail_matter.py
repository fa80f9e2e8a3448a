from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.model import Raw


def test_names_without_a_label_stay(said):
    assert said("tail_matter", [LEAD, NEXT, "Amira Haddad", "Walnut Creek"]) == {}


def test_a_label_between_paragraphs_stays(said):
    assert said("tail_matter", [LEAD, "Topics", NEXT]) == {}


def test_topics_under_their_label(said):
    found = said("tail_matter", [LEAD, NEXT, "Related topics", "Harbour", "Ferry"])
    assert found == {"Related topics": "remove", "Harbour": "lift tags", "Ferry": "lift tags"}


def test_the_writer_s_box(said):
    found = said("tail_matter", [LEAD, NEXT, "About the author", "Writes about tides"])
    assert found == {"About the author": "remove", "Writes about tides": "remove"}


BOX = "Marta Oyelaran is the harbour correspondent of the Harbour Post and has written two books about pilots and tides."


def test_the_writer_s_box_without_a_label(shipped):
    headline = "Ferry returns to the estuary after nine years"
    lines = (headline, "By Marta Oyelaran", LEAD, NEXT, LAST, "Marta Oyelaran", BOX)
    story = shipped.clean(Raw(id="t", form="lines", content=lines, language="en"))
    assert [block.text for block in story.copy.blocks] == [LEAD, NEXT, LAST]
    assert {removal.rules for removal in story.removals if removal.text == BOX} == {("tail_matter/writer",)}


@pytest.mark.parametrize(
    "lines",
    [
        # Somebody else's portrait: names above paragraphs are its subheads.
        ["By Jon Blythe", LEAD, NEXT, LAST, "Marta Oyelaran", BOX],
        # Not the last paragraph.
        ["By Marta Oyelaran", LEAD, NEXT, "Marta Oyelaran", BOX, LAST],
    ],
)
def test_a_name_above_a_paragraph_about_it_stays(shipped, lines):
    story = shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language="en"))
    assert {"Marta Oyelaran", BOX} <= {block.text for block in story.copy.blocks}


OF_THE_HOUSE = "Ilse Brandvik was with the Harbour Post when it still had a boat. She grew up in Kesten and sails on Sundays."


def _copy(shipped, lines, url="https://www.harbourpost.example/ferry"):
    story = shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language="en", url=url))
    return [block.text for block in story.copy.blocks]


def test_the_byline_s_writer_in_the_last_paragraph(shipped):
    headline = "Ferry returns to the estuary after nine years"
    assert _copy(shipped, [headline, "By Ilse Brandvik", LEAD, NEXT, LAST, OF_THE_HOUSE]) == [
        LEAD,
        NEXT,
        LAST,
    ]


@pytest.mark.parametrize(
    "lines",
    [
        # The story is about her.
        [
            LEAD,
            "The council heard Ilse Brandvik on Monday, and it heard nobody else.",
            "Ilse Brandvik",
            OF_THE_HOUSE,
        ],
        # Nothing above says that she wrote it.
        [LEAD, NEXT, OF_THE_HOUSE],
    ],
)
def test_a_person_of_the_house_in_the_story_stays(shipped, lines):
    assert OF_THE_HOUSE in _copy(shipped, lines)


def test_a_house_writes_about_its_own_people(shipped):
    died = "Jo Marsh was editor of the Harbour Post for nineteen years. A funeral will be held on Friday at St Mary's."
    assert died in _copy(shipped, [LEAD, NEXT, LAST, "Jo Marsh", died])


@pytest.mark.parametrize(("language", "label"), [("en", "About Ilse Brandvik"), ("de", "Über Ilse Brandvik")])
def test_a_box_under_a_label_with_the_writer_s_name(shipped, language, label):
    box = "Ilse Brandvik ist für die Häfen zuständig und hat neun Jahre lang selbst ein Boot gefahren, bevor sie schrieb."
    lines = (LEAD, NEXT, LAST, label, box)
    story = shipped.clean(Raw(id="t", form="lines", content=lines, language=language))
    assert [block.text for block in story.copy.blocks] == [LEAD, NEXT, LAST]


def test_a_section_about_somebody_in_the_story_stays(shipped):
    about = "The council heard Ilse Brandvik on Monday, and it heard nobody else."
    assert OF_THE_HOUSE in _copy(shipped, [LEAD, about, "About Ilse Brandvik", OF_THE_HOUSE])


@pytest.mark.parametrize("line", ["jho", "(continued)", "and/or", "Orla/Kesten", "(Ana)", "1/2"])
def test_short_words_under_the_last_sentence_are_no_initials(said, line):
    assert said("tail_matter", [LEAD, NEXT, "The quay", line]) == {}
    if line != "and/or":
        assert said("tail_matter", [LEAD, NEXT, line]) == {}


@pytest.mark.parametrize("line", ["(nz)", "jho/dpa", "(abc/jho/PAP)", "aja/PAP"])
def test_the_desk_s_initials_right_under_the_last_sentence(said, line):
    assert said("tail_matter", [LEAD, line, NEXT]) == {}
    assert said("tail_matter", [LEAD, NEXT, line, "Tide tables"])[line] == "lift byline"
