from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

ONE, TWO, THREE = "What the dredger found", "Who pays for the lock", "When the ferry sails"
BODY = [ONE, NEXT, TWO, LAST, THREE, NEXT + " Again."]


@pytest.mark.parametrize(
    "lines",
    [
        # A refrain, and two lines without a label.
        [LEAD, ONE, NEXT, ONE, LAST, ONE, NEXT],
        [LEAD, ONE, TWO, NEXT, ONE, LAST, TWO, NEXT],
        # In another order it is something else.
        [LEAD, THREE, TWO, ONE, *BODY],
        # A list that comes twice as a list.
        [LEAD, ONE, TWO, THREE, NEXT, ONE, TWO, THREE, LAST],
        # A label of the story's own.
        [LEAD, "In this article", NEXT, LAST],
    ],
)
def test_spares(said, lines):
    assert said("contents_list", lines) == {}


def test_three_lines_that_come_again(said):
    assert said("contents_list", [LEAD, ONE, TWO, THREE, *BODY]) == dict.fromkeys([ONE, TWO, THREE], "remove")


def test_two_under_a_label(said):
    found = said("contents_list", [LEAD, "Table of contents", ONE, TWO, *BODY])
    assert found == dict.fromkeys(["Table of contents", ONE, TWO], "remove")


def test_the_subheads_stay(marks_by):
    lines = [LEAD, ONE, TWO, THREE, *BODY]
    assert {mark.block for mark in marks_by("contents_list", lines)} == {1, 2, 3}


def test_numbers_and_bullets_do_not_count(said):
    listed = [f"{number}. {line}" for number, line in enumerate((ONE, TWO, THREE), start=1)]
    assert said("contents_list", [LEAD, *listed, *BODY]) == dict.fromkeys(listed, "remove")
