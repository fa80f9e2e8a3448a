from __future__ import annotations

import pytest
from around import LEAD, NEXT  # type: ignore[import-not-found]


@pytest.mark.parametrize(
    "line",
    [
        "TikTok",
        "Facebook fined",
        "Share this, the caption ordered",
        "He posted it on Facebook and Twitter.",
        "Print",
        "2019",
    ],
)
def test_a_lone_line_between_paragraphs_stays(said, line):
    assert said("social_promotion", [LEAD, line, NEXT]) == {}


@pytest.mark.parametrize(
    "bar",
    [
        ["Facebook", "Twitter"],
        ["Share", "Email", "Print"],
        ["Share on Facebook", "X"],
        ["Tweet 0", "Share 14K"],
    ],
)
def test_company_tells_a_share_bar(said, bar):
    assert said("social_promotion", [LEAD, *bar, NEXT]) == dict.fromkeys(bar, "remove")


@pytest.mark.parametrize(
    "line", ["Facebook", "Facebook Twitter WhatsApp", "Share this article", "Email", "Copy link"]
)
def test_head_and_tail_are_places_for_it(said, line):
    assert said("social_promotion", [line, LEAD, NEXT]) == {line: "remove"}
    assert said("social_promotion", [LEAD, NEXT, line]) == {line: "remove"}


def test_words_of_the_story_s_language(said):
    assert said("social_promotion", ["Artikel teilen", LEAD], "de") == {"Artikel teilen": "remove"}
    assert said("social_promotion", ["Artikel teilen", LEAD], "en") == {}
