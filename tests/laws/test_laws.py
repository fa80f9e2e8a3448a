"""The laws of DESIGN.md as properties of the shipped pipeline, over random stories."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st
from law_stories import lines, raw_body, raw_lines

from cleaners.apply import cut_raw, merge, restore, restore_raw, without
from cleaners.clean import clean, mark
from cleaners.decide import decide
from cleaners.model import Block, Mark, Span, Story
from cleaners.write import record
from tests.laws.examples import LAW

texts = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=30)


@LAW
@given(content=lines)
def test_laws_of_a_story_that_was_cleaned(pipeline, content):
    """Several laws of one example: most of an example's time is the cleaning, and each law is held to all of them."""
    raw = raw_lines(content)
    cleaned = pipeline.clean(raw)
    copy_is_a_subsequence_of_its_source(cleaned)
    source_is_copy_plus_removals(cleaned)
    nothing_is_published_empty(cleaned)
    cleaning_clean_copy_changes_nothing(cleaned, pipeline.clean_story(cleaned.copy))
    assert record(pipeline.clean(raw)) == record(cleaned), "the same input gives the same bytes"


def copy_is_a_subsequence_of_its_source(cleaned):
    source = {block.number: block.text for block in cleaned.source.blocks}
    numbers = [block.number for block in cleaned.copy.blocks]
    assert numbers == sorted(numbers)
    for block in cleaned.copy.blocks:
        characters = iter(source[block.number])
        assert all(character in characters for character in block.text)


def source_is_copy_plus_removals(cleaned):
    copy = {block.number: block.text for block in cleaned.copy.blocks}
    for block in cleaned.source.blocks:
        spans = [Span(r.start, r.end) for r in cleaned.removals if r.block == block.number]
        assert without(block.text, spans).strip() == copy.get(block.number, "").strip()
        for removal in cleaned.removals:
            if removal.block == block.number:
                assert block.text[removal.start : removal.end] == removal.text
                assert removal.rules
                assert removal.why


def nothing_is_published_empty(cleaned):
    assert cleaned.copy.blocks or cleaned.verdict == "hold"
    assert bool(cleaned.reasons) == (cleaned.verdict != "publish")


def cleaning_clean_copy_changes_nothing(cleaned, again):
    assert not any("settle" in reason for reason in cleaned.reasons)
    assert again.removals == ()
    assert again.copy.text == cleaned.copy.text
    assert again.copy.fields == cleaned.copy.fields


@LAW
@given(content=lines, seed=st.integers(0, 2**16))
def test_order_of_cleaners_never_matters(pipeline, content, seed):
    shuffled = list(pipeline.cleaners)
    random.Random(seed).shuffle(shuffled)
    story = pipeline.read(raw_lines(content))
    ruleset = pipeline.rulebook.ruleset(None, "en", None)
    one = clean(story, ruleset, pipeline.cleaners)
    assert clean(story, ruleset, shuffled) == one
    marks_stay_inside_their_blocks(story, mark(story, ruleset, shuffled))


def marks_stay_inside_their_blocks(story, found):
    sizes = {block.number: len(block.text) for block in story.blocks}
    for note in found:
        assert 0 <= note.start < note.end <= sizes[note.block]
        assert note.why


@LAW
@given(content=lines)
def test_body_comes_back_byte_for_byte_and_each_removal_alone(pipeline, content):
    cleaned = pipeline.clean(raw_body(content))
    raw = cleaned.source.raw
    assert restore_raw(cleaned.source, cleaned.removals, cleaned.removals) == raw
    assert cut_raw(cleaned.source, cleaned.removals) == cleaned.copy.raw
    assert '<iframe src="https://x.example/e"></iframe></div>' in cleaned.copy.raw
    for removal in cleaned.removals:
        others = [other for other in cleaned.removals if other != removal]
        assert restore_raw(cleaned.source, cleaned.removals, [removal]) == cut_raw(cleaned.source, others)
        back = restore(cleaned.source, cleaned.removals, [removal])
        assert removal.text in {block.number: block.text for block in back.blocks}[removal.block]


@LAW
@given(content=lines)
def test_protected_lines_are_never_touched(pipeline, content):
    correction = "Correction: An earlier version of this story gave the wrong year."
    cleaned = pipeline.clean(raw_lines((*content, correction)))
    assert cleaned.copy.blocks[-1].text == correction


spans = st.tuples(st.integers(0, 20), st.integers(1, 12))
marks = st.lists(
    st.tuples(
        spans,
        st.sampled_from(["remove", "lift", "protect", "suspect"]),
        st.sampled_from(["a/x", "b/y", "c/z"]),
        st.sampled_from(["caption", "credit"]),
    ),
    max_size=8,
)


# Two cuts with one space between them: only one of the two may take it.
@example(
    text="0000000\r0",
    asked=[((0, 7), "remove", "a/x", "caption"), ((8, 1), "remove", "a/x", "caption")],
    seed=0,
)
@LAW
@given(text=texts, asked=marks, seed=st.integers(0, 2**16))
def test_decision_is_a_function_of_the_set_of_marks(text, asked, seed):
    story = Story(id="law", form="text", raw=text, blocks=(Block(0, text),))
    found = []
    for (start, length), action, rule, name in asked:
        end = min(start + length, len(text))
        if start < end:
            found.append(Mark(0, start, end, action, rule, "because", name if action == "lift" else None))
    one = decide(story, found)
    random.Random(seed).shuffle(found)
    assert decide(story, [*found, *found]) == one
    for left, right in pairwise(one.cuts):
        assert left.end <= right.start
    shields = [m for m in found if m.action == "protect"]
    for cut in one.cuts:
        assert cut.rules
        for shield in shields:
            kept = text[shield.start : shield.end].strip()
            gone = range(cut.start, cut.end)
            assert all(text[at].isspace() for at in range(shield.start, shield.end) if at in gone), (
                kept,
                cut,
            )
    asked_for = [m for m in found if m.action in ("remove", "lift") and m not in one.overruled]
    for m in asked_for:
        assert any(cut.start <= m.start and m.start < cut.end for cut in one.cuts)


@LAW
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: Span(min(p), max(p)))))
def test_merge_joins_without_loss(found):
    merged = merge(found)
    assert {at for s in found for at in range(*s)} == {at for s in merged for at in range(*s)}
    assert all(one.end < other.start for one, other in pairwise(merged))


def test_another_process_gives_the_same_bytes(config_dir):
    """Law 10 across processes: sets and dicts are ordered by another hash in each."""
    demo = sorted(str(path) for path in (config_dir / "demo").iterdir())

    def run(seed: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", "clean", "--to", "jsonl", "--config", str(config_dir), *demo],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        return done.stdout

    one = run("0")
    assert one.count(b"\n") >= len(demo)
    assert run("77") == one
