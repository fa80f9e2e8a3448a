from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.model import Cleaned, Raw

HEADLINE = "Ferry returns to the estuary after nine years"
STANDFIRST = "Harbour office keeps its silence as the dredger comes back without a word to anyone."
MORE = "The pilots had asked for the survey in the spring, and the town paid for it, which owns both of the quays."


@pytest.fixture
def lifted(shipped):
    """What goes into the standfirst's field, and what stays of the paragraphs."""

    def run(*lines: str) -> tuple[str | None, list[str]]:
        raw = Raw(id="t", form="lines", content=lines, language="en")
        story: Cleaned = shipped.clean(raw)
        paragraphs = {STANDFIRST, LEAD, NEXT, MORE, LAST}
        kept = [block.text for block in story.copy.blocks if block.text in paragraphs]
        return story.copy.fields.standfirst, kept

    return run


@pytest.mark.parametrize(
    "below",
    [
        ["By Ilse Brandvik"],
        ["Photo: Jon Blythe", "3 March 2026"],
        ["Share", "Facebook", "Twitter"],
    ],
)
def test_a_paragraph_above_byline_date_or_share_buttons(lifted, below):
    assert lifted("Harbour", HEADLINE, STANDFIRST, *below, LEAD, NEXT, MORE, LAST) == (
        STANDFIRST,
        [LEAD, NEXT, MORE, LAST],
    )


@pytest.mark.parametrize(
    "lines",
    [
        # The byline stands above: what follows may as well be the story.
        [HEADLINE, "By Ilse Brandvik", LEAD, "Share", "Facebook", NEXT, MORE, LAST],
        # Nothing stands below it.
        [HEADLINE, LEAD, NEXT, MORE, LAST],
        # No headline, no standfirst.
        [LEAD, "By Ilse Brandvik", NEXT, MORE, LAST],
        # A correction is the record's.
        [
            HEADLINE,
            "Correction: An earlier version gave the wrong year for the survey.",
            "3 March 2026",
            LEAD,
            NEXT,
        ],
    ],
)
def test_spares(lifted, lines):
    assert lifted(*lines) == (None, [line for line in lines if line in {LEAD, NEXT, MORE, LAST}])


DATED = "ORLA (AP) — The dredger came back to the estuary on Monday, nine years after it had left it."


def test_a_paragraph_above_the_dateline(lifted):
    assert lifted(HEADLINE, STANDFIRST, DATED, LEAD, NEXT, MORE) == (STANDFIRST, [LEAD, NEXT, MORE])


def test_a_round_up_of_several_places_opens_with_its_own_paragraph(lifted):
    other = "TESMER (AP) — The council voted for the lighthouse on Monday, by seven votes to two, and for the quay."
    assert lifted(HEADLINE, LEAD, DATED, NEXT, other, MORE) == (None, [LEAD, NEXT, MORE])


def test_the_standfirst_that_is_known_stays_the_only_one(lifted):
    known = "Nine years without a dredger, and not a word from the office"
    lines = [HEADLINE, known, LEAD, "Share", "Facebook", "Twitter", NEXT, MORE, LAST]
    standfirst, kept = lifted(*lines)
    assert standfirst == known
    assert kept == [LEAD, NEXT, MORE, LAST]
