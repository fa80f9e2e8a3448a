from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

HEADLINE = "Ferry returns to the estuary after nine years"


@pytest.mark.parametrize("line", ["HARBOUR POST:", "Not any more.", "* * *", "“Ours to keep”", "— he said"])
def test_refrains_stay(said, line):
    assert said("repeats", [LEAD, line, NEXT, line, LAST, line, NEXT]) == {}


def test_twice_is_no_proof(said):
    assert said("repeats", [LEAD, "harbour live box", NEXT, "harbour live box", LAST]) == {}


def test_furniture_that_returns(said):
    lines = [LEAD, "harbour live box", NEXT, "harbour live box", LAST, "harbour live box", NEXT]
    assert said("repeats", lines) == {"harbour live box": "remove"}


def test_what_a_rule_knows_is_left_to_it(said):
    assert (
        said("repeats", [LEAD, "Article content", NEXT, "Article content", LAST, "Article content", NEXT])
        == {}
    )


def test_the_headline_again(said):
    assert said("repeats", [HEADLINE, LEAD, NEXT], headline=HEADLINE) == {HEADLINE: "lift headline"}
    assert said("repeats", [LEAD, HEADLINE, NEXT], headline=HEADLINE) == {}


def test_a_line_of_the_address_that_returns_is_the_headline(said):
    line = "Dredger returns to the old estuary"
    lines = [line, LEAD, line, NEXT, line, LAST]
    assert said("repeats", lines) == {line: "remove"}
    assert said("repeats", lines, url="https://harbourpost.example/dredger-returns-to-the-old-estuary") == {
        line: "lift headline"
    }
