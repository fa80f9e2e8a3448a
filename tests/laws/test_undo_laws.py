"""Law 5 as undo keeps it: alone, in any order, over several rounds, and from a record as from the story itself."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from law_stories import lines, raw_body

from cleaners.apply import cut_raw
from cleaners.clean import clean
from cleaners.kinds.registry import Cleaner, Settings
from cleaners.model import Block, Cleaned, Mark, Raw, Removal, Segment, Span, Story
from cleaners.pipeline import Pipeline
from cleaners.undo import undo
from cleaners.write import cleaned_from, record
from tests.laws.examples import LAW


def raw_text(content: tuple[str, ...]) -> Raw:
    return Raw(id="law", form="text", content="\r\n\r\n".join(content) + "\n", language="en")


def through_json(cleaned: Cleaned) -> Cleaned:
    return cleaned_from(json.loads(json.dumps(record(cleaned))))


@LAW
@given(content=lines, body=st.booleans())
def test_a_record_is_the_whole_story_and_undoing_all_gives_the_source_byte_for_byte(pipeline, content, body):
    raw = raw_body(content) if body else raw_text(content)
    cleaned = pipeline.clean(raw)
    recorded = through_json(cleaned)
    assert recorded == cleaned
    whole = undo(recorded, everything=True)
    assert whole.copy == cleaned.source
    assert whole.copy.raw == raw.content.replace("\0", "")
    assert whole.removals == ()


@LAW
@given(content=lines, seed=st.integers(0, 2**16))
def test_any_order_of_undoing_gives_the_same(pipeline, content, seed):
    cleaned = pipeline.clean(raw_body(content))
    check_any_order(cleaned, seed)


@LAW
@given(content=lines)
def test_undoing_a_rule_leaves_nothing_of_it(pipeline, content):
    cleaned = pipeline.clean(raw_text(content))
    for name in {rule for removal in cleaned.removals for rule in removal.rules}:
        left = undo(cleaned, rules=[name])
        assert all(name not in removal.rules for removal in left.removals)
        place = undo(cleaned, rules=[name.split("/")[0]])
        assert set(place.removals) <= set(left.removals)


def check_any_order(cleaned: Cleaned, seed: int) -> None:
    order = [removal.number for removal in cleaned.removals]
    random.Random(seed).shuffle(order)
    half = order[: len(order) // 2]
    at_once = undo(cleaned, numbers=half)
    one_by_one = cleaned
    for number in half:
        one_by_one = undo(one_by_one, numbers=[number])
    assert sorted(at_once.copy.text) == sorted(one_by_one.copy.text)
    assert [block.text for block in at_once.copy.blocks] == [block.text for block in one_by_one.copy.blocks]
    assert at_once.copy.raw == one_by_one.copy.raw
    assert at_once.removals == one_by_one.removals
    assert undo(at_once, everything=True).copy.blocks == cleaned.source.blocks


# Cleaning with marks that are anything at all: what a round finds may lie around what the round before took.
spans = st.tuples(st.integers(0, 20), st.integers(1, 12))
rounds_of_marks = st.lists(
    st.lists(st.tuples(spans, st.sampled_from([None, "byline", "section"])), min_size=1, max_size=3),
    max_size=4,
)


def cleaned_in_rounds(text: str, rounds: list, pipeline: Pipeline) -> Cleaned:
    """``text`` cleaned by a cleaner that finds something else each time it looks."""
    asked = iter(rounds)

    def look(story, context, settings):
        for (start, length), field in next(asked, ()):
            end = min(start + length, len(story.blocks[0].text)) if story.blocks else 0
            if start < end:
                yield Mark(0, start, end, "lift" if field else "remove", f"a/{start}", "because", field)

    size = len(text)
    block = Block(0, text, element=Span(0, size), segments=(Segment(0, size, 0, size),))
    story = Story(id="law", form="text", raw=text, blocks=(block,))
    ruleset = pipeline.rulebook.ruleset(None, None, None)
    return clean(story, ruleset, [(Cleaner("law", Settings, look), Settings())])


letters = st.text("abcde .", min_size=1, max_size=30).filter(lambda text: text == text.strip() != "")


@LAW
@given(text=letters, rounds=rounds_of_marks, seed=st.integers(0, 2**16))
def test_rounds_that_lie_around_each_other_stay_exact(pipeline, text, rounds, seed):
    cleaned = cleaned_in_rounds(text, rounds, pipeline)
    for one, other in pairwise(cleaned.removals):
        assert one.end <= other.start
    assert undo(cleaned, numbers=()) == cleaned
    check_any_order(cleaned, seed)
    for removal in cleaned.removals:
        alone = undo(cleaned, numbers=[removal.number])
        assert alone.copy.raw == without_others(cleaned, removal)
        there = "".join(block.text for block in alone.copy.blocks)
        assert removal.text.strip() in there
    assert cut_raw(cleaned.source, cleaned.removals) == cleaned.copy.raw


def without_others(cleaned: Cleaned, mine: Removal) -> str:
    gone = {at for one in cleaned.removals if one != mine for at in range(one.start, one.end)}
    return "".join(character for at, character in enumerate(cleaned.source.raw) if at not in gone)


def test_a_removal_inside_a_later_one_comes_back_alone(pipeline):
    rounds = [[((5, 3), None)], [((0, 6), "byline")]]
    cleaned = cleaned_in_rounds("By A [x] Bo. The ferry sails.", rounds, pipeline)
    assert [(one.number, one.text) for one in cleaned.removals] == [(1, "By A "), (2, "[x] "), (3, "B")]
    assert cleaned.copy.fields.byline == "By A B"
    back = undo(cleaned, numbers=[2])
    assert back.copy.text == "[x] o. The ferry sails."
    assert back.copy.fields.byline == "By A B"
    assert undo(cleaned, numbers=[1, 3]).copy.fields.byline is None


def test_a_lift_that_is_undone_leaves_its_field(pipeline):
    story = "Region\nFerry sails again after a winter of repairs in the yard\nBy Marta Oyelaran\n" + (
        "The ferry sailed at six on Monday, the harbour office said, with nobody on board but the crew.\n" * 3
    )
    cleaned = pipeline.clean(Raw("s", "text", story, language="en"))
    lift = next(removal for removal in cleaned.removals if removal.field == "byline")
    assert cleaned.copy.fields.byline
    back = undo(cleaned, numbers=[lift.number])
    assert back.copy.fields.byline is None
    assert back.copy.fields == replace(
        cleaned.copy.fields, byline=None, authors=(), sources=back.copy.fields.sources
    )
    assert "By Marta Oyelaran" in back.copy.text
