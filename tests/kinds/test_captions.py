from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.model import Raw

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


@pytest.mark.parametrize(
    ("line", "caption", "credit"),
    [
        (
            f"{CAPTION}. (Marta Oyelaran/Quay-Lens, Inc via Getty Images)",
            f"{CAPTION}.",
            "(Marta Oyelaran/Quay-Lens, Inc via Getty Images)",
        ),
        (f"{CAPTION}. (Ana Duarte/Quaylens)", f"{CAPTION}.", "(Ana Duarte/Quaylens)"),
        (f"{CAPTION} on March 3, 2026. (Harbour 5)", f"{CAPTION} on March 3, 2026.", "(Harbour 5)"),
        (f"{CAPTION}.Blythe / Getty Images", f"{CAPTION}.", "Blythe / Getty Images"),
        (f"{CAPTION} in Orla. AP", f"{CAPTION} in Orla.", "AP"),
        (f"{CAPTION}. Supplied", f"{CAPTION}.", "Supplied"),
    ],
)
def test_houses_joined_behind_a_sentence_or_glued_to_it(said, line, caption, credit):
    assert said("captions", [LEAD, line, NEXT, LAST]) == {caption: "lift caption", credit: "lift credit"}


@pytest.mark.parametrize(
    "line",
    [
        "The harbour office stayed closed. (Nobody had told the captain.)",
        "The joint venture belongs to the two oldest houses on the quay (Quaylens/Harbour Media).",
        "The bill was passed at the harbour on March 3, 2026. (see page 4)",
        "The old harbour master was born in Orla on March 3, 1926. (Ana Duarte)",
        "Nobody asked the captain of the ferry about it. Not any more",
        "The two of them had met at the BBC",
    ],
)
def test_brackets_and_short_ends_of_the_story_s_own(said, line):
    assert said("captions", [LEAD, line, NEXT, LAST]) == {}


def test_a_house_s_name_under_the_last_paragraph_signs_it(said):
    assert said("captions", [LEAD, NEXT, "The office confirmed the plan late on Monday. AP"]) == {}


def test_between_a_picture_s_label_and_its_credit(said):
    sentence = "The dredger is the oldest on the whole estuary and still works every day."
    found = said("captions", [LEAD, NEXT, "Image 2 of 5", sentence, "(Image credit: Jon Blythe)", LAST])
    assert found == {sentence: "lift caption", "(Image credit: Jon Blythe)": "lift credit"}


def test_a_sentence_above_one_credit_is_a_doubt_at_most(said):
    sentence = "The dredger is the oldest on the whole estuary and still works every day."
    found = said("captions", [LEAD, NEXT, sentence, "Photo: Jon Blythe", LAST])
    assert found == {"Photo: Jon Blythe": "lift credit"}


def test_a_few_words_and_a_year_above_a_credit(said):
    found = said("captions", [LEAD, "The old captain in 1987.", "Photo: Jon Blythe", NEXT, LAST])
    assert found == {"The old captain in 1987.": "lift caption", "Photo: Jon Blythe": "lift credit"}


def _with_credits(lines: list[str]) -> list[str]:
    paragraph = f"{LEAD} {NEXT} {LAST}"
    return [paragraph, *(one for line in lines for one in (line, "Photo: Jon Blythe", paragraph)), LEAD]


def test_the_rhythm_of_captions_above_their_credits(said):
    lines = [
        f"The {place} is the oldest part of the harbour town today." for place in ("quay", "lock", "mill")
    ]
    found = said("captions", _with_credits(lines))
    assert {line: found.get(line) for line in lines} == dict.fromkeys(lines, "lift caption")


@pytest.mark.parametrize(
    "change", ["two credits", "a quotation", "a credit right under a paragraph", "subheads"]
)
def test_no_rhythm_no_captions(said, change):
    lines = [
        f"The {place} is the oldest part of the harbour town today." for place in ("quay", "lock", "mill")
    ]
    if change == "two credits":
        lines = lines[:2]
    elif change == "a quotation":
        lines[1] = "“The lock is the oldest part of the harbour town today.”"
    elif change == "subheads":
        lines = ["1. The quay", "2. The lock that nobody ever opened", "3. The mill"]
    story = _with_credits(lines)
    if change == "a credit right under a paragraph":
        story += ["Photo: Jon Blythe", LAST]
    assert "lift caption" not in said("captions", story).values()


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("© Jon Blythe", "credit"),
        ("© Jon Blythe The dredger at the old quay on Monday, before it left for the estuary", "caption"),
    ],
)
def test_rights_in_a_picture(said, line, field):
    assert said("captions", [LEAD, line, NEXT]) == {line: f"lift {field}"}


@pytest.mark.parametrize("line", ["© 2026 Harbour Post", "© Harbour Post. All rights reserved."])
def test_the_house_s_own_rights_are_no_credit(said, line):
    assert said("captions", [LEAD, line, NEXT]) == {}


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Harbour master Jon Blythe, left, greets the captain of the ferry.", "en"),
        ("Von links: Ana Duarte, Jon Blythe und Marta Holm", "de"),
        ("La cheffe du port Ana Duarte (à gauche) avec le capitaine du ferry", "fr"),
    ],
)
def test_a_line_that_says_where_people_stand(said, line, language):
    assert said("captions", [LEAD, line, NEXT, LAST], language) == {line: "lift caption"}


@pytest.mark.parametrize(
    "line", ["Getty Images", "Shutterstock", "Marta Oyelaran/Quay Lens via Getty Images"]
)
def test_houses_of_pictures_alone(said, line):
    assert said("captions", [LEAD, line, NEXT]) == {line: "lift credit"}


WHERE = "Joseph Tull, left, and his brother look on as the dredger ties up at the north quay on Monday."


def test_who_stands_where_is_a_caption_where_a_picture_can_be(said) -> None:
    deep = [LEAD, NEXT, LAST]
    for lines in (
        [WHERE, *deep],
        [LEAD, WHERE, NEXT, LAST],
        [*deep, WHERE, "Photo: Jon Blythe", NEXT],
        [*deep, WHERE.rstrip("."), NEXT],
        [*deep, WHERE, "Ana Duarte, right, hands the rope to Jon Blythe.", NEXT],
    ):
        assert said("captions", lines)[WHERE.rstrip(".") if WHERE not in lines else WHERE] == "lift caption"


def test_deep_among_paragraphs_it_may_be_a_sentence(said, shipped) -> None:
    lines = [LEAD, NEXT, LAST, WHERE, NEXT]
    assert said("captions", lines) == {WHERE: "suspect"}
    story = shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language="en")).copy
    assert WHERE in story.text


def test_a_name_under_a_picture_s_label_though_a_sign_stands_between(said):
    assert said("captions", [LEAD, "Jon Blythe", NEXT, LAST]) == {}
    found = said("captions", [LEAD, "View photo", ".", "Jon Blythe", NEXT, LAST])
    assert found == {"Jon Blythe": "lift caption"}


@pytest.mark.parametrize(
    ("line", "lifted"),
    [
        ("© Harbour Post Media Group, Kesten 2026", False),
        ("© 2026 Jon Blythe for the Harbour Post", False),
        ("© Jon Blythe Pilots at the north quay in Orla, in the morning of May 18, 2018.", True),
    ],
)
def test_the_year_of_a_picture_is_not_the_year_of_the_rights(said, line, lifted):
    assert ("lift caption" in said("captions", [LEAD, line, NEXT]).values()) is lifted


def test_a_few_words_and_a_year_above_a_credit_on_top_of_the_story(said):
    found = said("captions", ["The old captain in 1987.", "Photo: Jon Blythe", LEAD, NEXT, LAST])
    assert found == {"The old captain in 1987.": "lift caption", "Photo: Jon Blythe": "lift credit"}


@pytest.mark.parametrize("line", ["Photo by harbourlens /Getty Images/iStock", "via GIPHY"])
def test_more_forms_of_a_credit(said, line):
    assert said("captions", [LEAD, line, NEXT]) == {line: "lift credit"}


@pytest.mark.parametrize("line", ["Via the north quay", "Photo by the old wall of the customs house"])
def test_what_begins_like_a_credit(said, line):
    assert "lift credit" not in said("captions", [LEAD, line, NEXT]).values()


SENTENCE = "The harbour master waited on the quay with a flask of tea and the only key, which he had kept."


@pytest.mark.parametrize(
    ("head", "lifted"),
    [
        (["By Ilse Brandvik", SENTENCE], True),
        (["3 March 2026", "The town had given up on her, and then she came.", SENTENCE], True),
        # Right under the headline it may be the standfirst, and under two sentences the story has begun.
        (["The dredger is back", SENTENCE], False),
        (["By Ilse Brandvik", LEAD, NEXT, SENTENCE], False),
        (["By Ilse Brandvik", LEAD, "Photo: Ana Duarte", SENTENCE], False),
        (
            [
                "By Ilse Brandvik",
                "“The town had given up on her,” the harbour master said, “all of it, and for good.”",
            ],
            False,
        ),
    ],
)
def test_the_sentence_above_the_first_credit_is_the_lead_picture_s(marks_by, head, lifted):
    marks = marks_by("captions", [*head, "Photo: Jon Blythe", LAST, NEXT, LAST + " So it goes."])
    rules = {mark.rule for mark in marks if mark.block == len(head) - 1}
    assert ("captions/lead-picture" in rules) is lifted


def test_of_a_story_that_ends_there_it_is_the_story(said):
    assert SENTENCE not in said("captions", ["By Ilse Brandvik", SENTENCE, "Photo: Jon Blythe", LAST])


def test_a_name_in_capitals_behind_the_sentence_took_the_picture(said):
    found = said(
        "captions", [LEAD, "Pilots count the crates on the quay. By HARBOUR POLICE OF KESTEN", NEXT, LAST]
    )
    assert found == {
        "Pilots count the crates on the quay.": "lift caption",
        "By HARBOUR POLICE OF KESTEN": "lift credit",
    }
    assert said("captions", [LEAD, "The report was written by the HARBOUR POLICE OF KESTEN", NEXT]) == {}
