from __future__ import annotations

import pytest
from conftest import LAST, LEAD, NEXT  # type: ignore[import-not-found]

CAPTION = "The harbour master with the dredger's captain"


@pytest.mark.parametrize(
    "lines",
    [
        [LEAD, "A full sentence about the quay stands here.", NEXT],
        [LEAD, "Not any more.", "Not any more.", NEXT],
        [
            LEAD,
            "“We were told to wait and to sign everything”",
            "“We were told to wait and to sign everything”",
            NEXT,
        ],
        [LEAD, "The stamp on the back reads “Photo by Ana Duarte”, and nobody asked who that was.", NEXT],
        [LEAD, NEXT, "The ministry confirmed the plan late on Monday and gave no further comment. (ANI)"],
        [LEAD, "A second step", NEXT],
        [LEAD, "Photo by photo, the archive of the closed mill is being put back together.", NEXT],
        [LEAD, "“It was ours,” she said. [Harbour Post]", NEXT],
        [
            LEAD,
            "The dose was set by the environment agency of the federal government in Washington (EPA).",
            NEXT,
            LAST,
        ],
        [
            LEAD,
            "Passengers were asked to book their places with the new application for telephones (app)",
            NEXT,
            LAST,
        ],
    ],
)
def test_spares(said, lines):
    assert said("captions", lines) == {}


def test_a_caption_that_comes_twice(marks_by):
    marks = marks_by("captions", ["Head", CAPTION, CAPTION + "  @harbourlens/X", LEAD])
    assert {(m.block, m.field) for m in marks} == {(1, "caption"), (2, "caption"), (2, "credit")}


def test_the_caption_twice_without_a_credit(said):
    assert said("captions", [CAPTION, CAPTION, LEAD]) == {CAPTION: "lift caption"}


@pytest.mark.parametrize(
    ("line", "caption", "credit"),
    [
        (f"{CAPTION} (AFP)", CAPTION, "(AFP)"),
        (
            f"{CAPTION}. (Photo by Jon Blythe/Getty Images)",
            f"{CAPTION}.",
            "(Photo by Jon Blythe/Getty Images)",
        ),
        (f"{CAPTION}. Photo: Jon Blythe", f"{CAPTION}.", "Photo: Jon Blythe"),
        (f"{CAPTION}. Jon Blythe/Reuters", f"{CAPTION}.", "Jon Blythe/Reuters"),
        (f"{CAPTION} | Jon Blythe / AP", CAPTION, "| Jon Blythe / AP"),
    ],
)
def test_a_credit_at_the_end_tells_a_caption(said, line, caption, credit):
    assert said("captions", [LEAD, line, NEXT, LAST]) == {caption: "lift caption", credit: "lift credit"}


def test_the_line_under_a_picture_s_label(said):
    found = said("captions", [LEAD, "Open this photo in gallery:", CAPTION, NEXT])
    assert found == {CAPTION: "lift caption"}


def test_a_credit_of_its_own(said):
    assert said("captions", [LEAD, "Photo: Jon Blythe", NEXT]) == {"Photo: Jon Blythe": "lift credit"}


def test_german_words_of_credit(said):
    found = said("captions", [LEAD, "Der Hafenmeister am Kai. Foto: Jana Holm", NEXT, LAST], "de")
    assert found == {"Der Hafenmeister am Kai.": "lift caption", "Foto: Jana Holm": "lift credit"}


@pytest.mark.parametrize("line", ["Ours the quay, ours the tide", "Published: undefined for a long time"])
def test_a_line_that_merely_comes_twice_is_a_doubt(said, line):
    assert said("captions", [LEAD, line, line, NEXT]) == {line: "suspect"}


def test_what_a_rule_knows_is_no_caption(said):
    line = "Follow us on Twitter and Facebook"
    assert said("captions", [LEAD, line, line, NEXT]) == {}


def test_both_lines_of_a_picture_in_one_paragraph(marks_by):
    line = f"{CAPTION} {CAPTION} @harbourlens/X"
    marks = marks_by("captions", ["Head", line, LEAD, NEXT])
    assert {(line[m.start : m.end].strip(), m.field) for m in marks} >= {
        (CAPTION, "caption"),
        ("@harbourlens/X", "credit"),
    }
