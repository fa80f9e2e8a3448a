from __future__ import annotations

import pytest


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
    ],
)
def test_removes_whole_lines(said, line):
    assert said("template_residue", [line]) == {line.strip(): "remove"}
