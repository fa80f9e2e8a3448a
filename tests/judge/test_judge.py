"""What holds a story: loss, doubt, signals. And what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleaners.judge import Budget, judge, words
from cleaners.model import Block, Mark, Removal, Signal, Story

PARAGRAPH = (
    "The dredger came back to the estuary on Monday, nine years after it had left, the harbour office said."
)


def story(*texts: str, **more: object) -> Story:
    blocks = tuple(Block(number, text, line=number) for number, text in enumerate(texts))
    return Story(id="t", form="lines", raw="\n".join(texts), blocks=blocks, **more)  # type: ignore[arg-type]


def gone(whole: Story, *numbers: int, action: str = "remove", field: str | None = None) -> list[Removal]:
    return [
        Removal(n, 0, len(whole.blocks[n].text), whole.blocks[n].text, action, field, ("x/y",), "because")  # type: ignore[arg-type]
        for n in numbers
    ]


def verdict(whole: Story, removals: list[Removal], **more: object) -> tuple[str, str]:
    left = whole.with_blocks(tuple(b for b in whole.blocks if b.number not in {r.block for r in removals}))
    said, reasons = judge(whole, left, removals, more.pop("overruled", ()), Budget(), **more)  # type: ignore[arg-type]
    return said, "; ".join(reasons)


def test_nothing_lost_is_published():
    assert verdict(story(PARAGRAPH, PARAGRAPH), []) == ("publish", "")


def test_a_footer_holds_nothing():
    whole = story(PARAGRAPH, PARAGRAPH, PARAGRAPH, PARAGRAPH, "Advertisement", "Read more")
    assert verdict(whole, gone(whole, 4, 5))[0] == "publish"


@pytest.mark.parametrize(
    ("numbers", "action", "field"), [((0, 1), "remove", None), ((0, 1, 2), "lift", "caption")]
)
def test_too_many_sentences_hold_even_as_captions(numbers, action, field):
    whole = story(*[PARAGRAPH] * 5)
    said, reasons = verdict(whole, gone(whole, *numbers, action=action, field=field))
    assert said == "hold"
    assert "words" in reasons


def test_a_long_paragraph_and_a_quotation_hold():
    long = " ".join(["word"] * 61) + "."
    quote = "“We were told to wait and to say nothing to anyone,” she said."
    whole = story(*[PARAGRAPH] * 20, long, quote, PARAGRAPH)
    assert "a paragraph of 61 words" in verdict(whole, gone(whole, 20))[1]
    assert "a quotation" in verdict(whole, gone(whole, 21))[1]


FOOTER = "This material may not be published, broadcast, rewritten or redistributed without permission of the agency."


def test_a_short_story_is_not_held_for_its_footer():
    whole = story(PARAGRAPH, PARAGRAPH, FOOTER, "Share", FOOTER)
    assert whole.blocks[4].zone == "body", "it looks like prose"
    assert verdict(whole, gone(whole, 2, 3, 4)) == ("publish", "")
    assert verdict(whole, gone(whole, 0, 1))[0] == "hold", "the head of a story is no footer"


def test_what_is_longer_than_a_footer_is_the_story():
    whole = story(*[PARAGRAPH] * 4, *[FOOTER] * 8)
    said, reasons = verdict(whole, gone(whole, *range(4, 12)))
    assert said == "hold"
    assert "body words would go" in reasons


def test_a_quotation_at_the_end_is_no_footer():
    whole = story(
        PARAGRAPH, PARAGRAPH, "“We were told to wait and to say nothing to anyone until May,” she said."
    )
    assert "a quotation" in verdict(whole, gone(whole, 2))[1]


def test_a_copy_without_a_sentence_is_never_published():
    whole = story("Ferry", *[PARAGRAPH] * 2, "Region")
    allowed = [replace(removal, may_exceed=True) for removal in gone(whole, 1, 2)]
    assert verdict(whole, allowed) == ("hold", "no sentence is left to publish")


def test_a_rule_that_may_exceed_holds_nothing():
    long = " ".join(["word"] * 61) + "."
    whole = story(PARAGRAPH, PARAGRAPH, long, PARAGRAPH)
    assert verdict(whole, [replace(removal, may_exceed=True) for removal in gone(whole, 2)])[0] == "publish"


def test_the_time_of_an_embargo_is_said():
    signals = (Signal("embargo", "EMBARGOED UNTIL FRIDAY", "2026-03-06"), Signal("embargo", "EMBARGOED"))
    reasons = verdict(story(PARAGRAPH, signals=signals), [])[1]
    assert "(until 2026-03-06)" in reasons
    assert "no time that can be read" in reasons


def test_an_empty_copy_is_never_published():
    whole = story("Advertisement")
    said, reasons = verdict(whole, gone(whole, 0))
    assert said == "hold"
    assert "nothing is left to publish" in reasons
    assert verdict(story(), [])[0] == "hold"


def test_a_protected_passage_that_was_hit_holds():
    mark = Mark(0, 0, 5, "remove", "english/newsletter", "because")
    said, reasons = verdict(story(PARAGRAPH), [], overruled=(mark,))
    assert said == "hold"
    assert "english/newsletter" in reasons


def test_unsettled_and_unread_hold():
    assert "did not settle" in verdict(story(PARAGRAPH), [], settled=False)[1]
    assert verdict(story(PARAGRAPH, problems=("the page is too large",)), []) == (
        "hold",
        "the page is too large",
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("kill", "kill"),
        ("withdrawn", "kill"),
        ("embargo", "hold"),
        ("hold", "hold"),
        ("advisory", "hold"),
        ("correction", "publish"),
    ],
)
def test_signals_decide_first(kind, expected):
    assert verdict(story(PARAGRAPH, signals=(Signal(kind, "the line"),)), [])[0] == expected


def test_words_of_scripts_without_spaces():
    assert words("港は来年の春に再開する") > 3


def test_an_embargo_that_cannot_be_read_says_what_is_missing(pipeline) -> None:
    from cleaners.model import Raw

    text = "EMBARGOED UNTIL 0600 GMT 6 MARCH\nThe dredger came back to the estuary on Monday, the harbour office said."
    cleaned = pipeline.clean(Raw("s", "text", text, language="en"))
    assert cleaned.verdict == "hold"
    assert "it names no year" in cleaned.reasons[0]
