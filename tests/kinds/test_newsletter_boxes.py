from __future__ import annotations

import pytest
from around import LEAD, NEXT  # type: ignore[import-not-found]


@pytest.mark.parametrize(
    "lines",
    [[LEAD, "Sign up", NEXT], [LEAD, "Newsletter", NEXT], [LEAD, "What we are reading this week", NEXT]],
)
def test_a_label_alone_is_no_box(said, lines):
    assert said("newsletter_boxes", lines) == {}


def test_the_box_goes_as_one_block(said):
    box = ["Newsletter", "What we are reading this week", "Sign up for our daily newsletter", "Email address"]
    found = said("newsletter_boxes", [LEAD, *box, NEXT])
    assert found == dict.fromkeys(["Newsletter", "What we are reading this week", "Email address"], "remove")


def test_a_paragraph_beside_the_box_stays(said):
    assert LEAD not in said("newsletter_boxes", [LEAD, "Sign up for our daily newsletter", "Sign up", NEXT])


OFFERS = ["— Local news from every quay", "— Crosswords and tide tables"]


def test_what_subscribers_get_is_listed_under_the_offer(said):
    found = said("newsletter_boxes", [LEAD, NEXT, "Join now or renew to get:", *OFFERS])
    assert found == dict.fromkeys(OFFERS, "remove")


@pytest.mark.parametrize("label", ["Join now or renew to get more.", "What the islanders get:"])
def test_a_list_under_anything_else_stays(said, label):
    assert said("newsletter_boxes", [LEAD, NEXT, label, *OFFERS]) == {}
