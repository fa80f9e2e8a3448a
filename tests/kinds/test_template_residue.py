from __future__ import annotations

import pytest

from cleaners.model import Raw


@pytest.mark.parametrize(
    "line",
    [
        "Nan Goldin",
        "Nan Goldin: null and void",
        "Published: a memoir of the harbour",
        "The value is undefined",
        "Undefined",
        "undefined behaviour",
        "Null",
        "NULL POINT",
        "[object permanence]",
        "{ braces } are not a template",
        "Price: 12",
        "Read the notice. Published: undefined",
        "The error message read Updated: null",
        "The template prints {{ headline }} where the title should be.",
        "* * *",
        "—",
        "https://quay.example/2026/03/interview",
    ],
)
def test_spares(said, line):
    assert said("template_residue", [line]) == {}


@pytest.mark.parametrize(
    "line",
    [
        "Published: undefined",
        "PUBLISHED: undefined",
        "Updated:\u00a0undefined",
        "By: null",
        "undefined",
        "NaN",
        "NaN:NaN",
        "NaN min read",
        "[object Object]",
        "Last updated - Invalid Date",
        "{{ article.dateHour }}",
        "{% if premium %}",
        "${headline}",
        "<%= title %>",
        "[/cta",
        "Lorem ipsum dolor sit amet",
        "+",
        "×",
        "https://quay.example/media/2026/03/interview.mp3",
    ],
)
def test_removes_whole_lines(said, line):
    assert said("template_residue", [line]) == {line.strip(): "remove"}


def test_the_address_of_a_sound_is_a_player_in_a_cms_body(shipped):
    body = "<p>The dredger came back to the estuary on Monday.</p>\n\nhttps://quay.example/interview.mp3\n\n<p>Nobody saw it.</p>"
    assert shipped.clean(Raw(id="t", form="body", content=body, language="en")).removals == ()
