"""The matcher: indexed is one by one, offsets belong to the untouched line, and nothing hangs."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from cleaners.model import Span
from cleaners.rules import Matcher, Place, Rule, Ruleset, fold, load_rulebook, matcher, norm
from cleaners.rules.patterns import options
from cleaners.rules.rulebook import BASE_WORDS, join_words

Write = Callable[..., Path]
WORDS = {"by": ("By", "Von", "by the"), "months": ("März", "мая"), "tag": ("#news", "»")}


def rule(name: str, **keys: object) -> Rule:
    keys = {
        key: (value,) if key in ("line", "starts", "ends", "pattern") and isinstance(value, str) else value
        for key, value in keys.items()
    }
    return Rule(
        name=f"test/{name}", pack="test", why="w", kind=name, matches=("x",), spares=("y",),
        source=Place("x.yaml", 1, 1), **keys,  # type: ignore[arg-type]
    )  # fmt: skip


def ruleset(*rules: Rule) -> Ruleset:
    return Ruleset(rules, join_words([BASE_WORDS, WORDS]))


def spans(found: Ruleset, line: str) -> list[tuple[str, str]]:
    assert found.hits(line) == found.hits_one_by_one(line)
    return [(hit.rule.kind, line[hit.start : hit.end]) for hit in found.hits(line)]


def test_lines_without_slots_are_equal_when_folded() -> None:
    found = ruleset(
        rule("share", line="Share this story"),
        rule("exact", line="NaN", case="exact"),
        rule("stars", line="***"),
    )
    for line in (
        "Share this story",
        "» SHARE\u00a0 this\tstory:",
        "• share this story…",
        "share this story |",
    ):
        assert spans(found, line) == [("share", line)]
    for line in ("Share this story.", "Share this story!", "Share this story now", "Sharethis story"):
        assert spans(found, line) == []
    assert spans(found, "NaN") == [("exact", "NaN")]
    assert spans(found, "Nan") == []
    assert spans(found, "***") == [("stars", "***")]
    assert spans(found, "") == []


def test_folding_is_more_than_lower_case() -> None:
    found = ruleset(
        rule("street", line="Straße"), rule("size", line="Größe"), rule("slot", line="Große {number}")
    )
    assert spans(found, "STRASSE") == [("street", "STRASSE")]
    assert spans(found, "Gro\u0308ße") == [("size", "Gro\u0308ße")]
    assert spans(found, "GROSSE 7") == [("slot", "GROSSE 7")]


def test_offsets_are_of_the_untouched_line() -> None:
    found = ruleset(
        rule("lead", starts="Read more:", cut="match"),
        rule("tail", ends="({handle})", cut="match"),
        rule("credit", line="{any} Photo: {name}", action="lift", field="credit", value="name"),
    )
    line = "»\u00a0Read\u00a0\u00a0more:\u2009“Ärger” 😀 in Köln (@desk)"
    assert spans(found, line) == [
        ("lead", "»\u00a0Read\u00a0\u00a0more:\u2009"),
        ("tail", " (@desk)"),
    ]
    line = "“😀” für\u00a0alle Photo:\u00a0Jörg\u00a0Größe »"
    (hit,) = found.hits(line)
    assert hit[1:3] == (0, len(line))
    assert isinstance(hit.value, Span)
    assert line[hit.value.start : hit.value.end] == "Jörg\u00a0Größe"


def test_values_of_patterns_and_of_alternatives_not_taken() -> None:
    found = ruleset(
        rule("a", pattern=r"Foto: (?P<who>\w+)", action="lift", field="credit", value="who"),
        rule("b", line="{Picture|Picture {name}}", action="lift", field="credit", value="name"),
    )
    (hit,) = found.hits("FOTO: Ärger")
    assert hit.value == Span(6, 11)
    (hit,) = found.hits("Picture")
    assert hit.value is None
    (hit,) = found.hits("Picture Ana")
    assert hit.value == Span(8, 11)


def test_lengths_count_characters() -> None:
    found = ruleset(rule("short", starts="Ä", longest=3), rule("long", starts="Ä", shortest=3))
    assert spans(found, "Ä") == [("short", "Ä")]
    assert spans(found, "Ä 😀") == [("long", "Ä 😀"), ("short", "Ä 😀")]
    assert spans(found, "Ä 😀 b") == [("long", "Ä 😀 b")]


def test_one_hit_for_each_rule_and_span() -> None:
    found = ruleset(
        rule("b", line=["By Ana", "{by} {name}"], starts="By"), rule("a", starts="By", cut="match")
    )
    assert spans(found, "By Ana") == [("a", "By "), ("b", "By Ana")]


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|a)*b", "(.*a){20}", "(a*)*c"])
def test_a_pattern_that_hangs_re_is_harmless(pattern: str, write_config: Write) -> None:
    text = f"""
        rules:
          bad: {{why: w, pattern: '{pattern}', matches: aaaa, spares: "!"}}
    """
    found = load_rulebook(write_config(common=dedent(text))).ruleset(None, None)
    line = "a" * 200_000 + "!"
    assert found.hits(line) == found.hits_one_by_one(line) == ()


def test_odd_lines_are_harmless() -> None:
    found = ruleset(rule("any", line="{any}", longest=5), rule("x", ends="x"))
    for line in ("\ud800x", "\x00x", "\U0010fffex", "\u2028x", "x\n"):
        assert found.hits(line) == found.hits_one_by_one(line)
        assert [hit.end for hit in found.hits(line) if hit.rule.kind == "any"] == [2]


def test_rules_are_values_that_travel_and_sets_stay_at_home() -> None:
    given_rule = rule("share", starts="Share")
    assert pickle.loads(pickle.dumps(given_rule)) == given_rule
    assert Matcher([]).hits("Share") == ()


PIECES = (
    *("By", "by", "Von", "Share", "share this", "Straße", "STRASSE", "Ana", "Duarte", "von der", "Größe", "März"),
    *("3", "2026", "10:45", "@desk", "example.org", "a@b.example", "»", "•", "#", "#news", ":", "|", "…", ".", "-", "–"),
    *(" ", "\u00a0", "\u2009", "\t", "“", "”", "’", "ı", "İ", "ſ", "K", "ς", "हिन्दी", "मार्च", "王小明", "年", "😀", "o\u0308"),
)  # fmt: skip
SLOTS = ("{date}", "{time}", "{number}", "{any}", "{by}", "{tag}", "{absent}")
COSTLY = ("{name}", "{handle}", "{url}", "{email}", "{ |by {name}}")
"""Slots that RE2 needs a tenth of a second for: {handle} is sixty times the letters of all languages."""
CHOICES = ("{a|}", "{»|Share }", "{3|{date}}", "{|{any}}")
PATTERNS = (
    r"\w+", r".*\d.*", r"\W+", r"[\w ]+", r"[^\w]*\w.*", r"\S+\s\S+", r"\D*", r"(?P<who>\w+) .*", r"#.*", r"»?.*:", r"[^\s]+|", r"By|.*März"
)  # fmt: skip

lines = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=8).map(
    lambda parts: " ".join(parts)
) | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
templates = (
    st.lists(st.sampled_from(PIECES + SLOTS + CHOICES), min_size=1, max_size=4)
    .flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))
    .filter(lambda text: bool(norm(text).strip()))
)


def costly_shapes() -> Iterator[dict[str, object]]:
    """Rules with costly slots among pieces of all kinds: always the same ones, so that each is compiled once for all examples."""
    chosen = random.Random(1)
    for turn, slot in enumerate(COSTLY * 8):
        beside = chosen.choices(PIECES + SLOTS + CHOICES, k=turn // len(COSTLY) % 4)
        beside.insert(chosen.randint(0, len(beside)), slot)
        anchor = chosen.choice(["line", "starts", "ends"])
        value = chosen.choice([None, "name"]) if "name" in slot else chosen.choice([None, slot.strip("{}")])
        case = chosen.choice(["fold", "exact"])
        yield {anchor: (chosen.choice([" ", ""]).join(beside),), "case": case, "value": value}


SHAPES = tuple(costly_shapes())


@st.composite
def rule_lists(draw: st.DrawFn) -> Sequence[Rule]:
    made = []
    for number in range(draw(st.integers(1, 5))):
        anchor = draw(st.sampled_from(["line", "starts", "ends", "pattern", "costly"]))
        if anchor == "costly":
            keys = dict(draw(st.sampled_from(SHAPES)))
        else:
            texts = st.sampled_from(PATTERNS) if anchor == "pattern" else templates
            keys = {
                anchor: tuple(draw(st.lists(texts, min_size=1, max_size=2))),
                "case": draw(st.sampled_from(["fold", "exact"])),
                "value": draw(st.sampled_from([None, "name", "date", "who", "by"])),
            }
        if {"starts", "ends"} & keys.keys():
            keys["cut"] = draw(st.sampled_from(["line", "match"]))
        keys["longest"] = draw(st.none() | st.integers(1, 40))
        made.append(rule(f"r{number}", **keys))
    return made


@pytest.fixture(scope="module", autouse=True)
def compiled_once() -> Iterator[None]:
    """The same pattern is the same to RE2 in every matcher of every example: it is compiled once. Only the matchers' own sets are new."""
    compile_anew = re2.compile

    @lru_cache(maxsize=500)
    def kept(pattern: str, max_memory: int) -> Any:
        return compile_anew(pattern, options(max_memory))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(re2, "compile", lambda pattern, chosen: kept(pattern, chosen.max_mem))
        patched.setattr(matcher, "_yes_or_no", lru_cache(maxsize=500)(matcher._yes_or_no))
        yield


@given(rule_lists(), st.lists(lines, min_size=1, max_size=6))
def test_indexed_is_one_by_one(rules: Sequence[Rule], some: list[str]) -> None:
    found = ruleset(*rules)
    templates_as_lines = [text for item in rules for text in (*item.line, *item.starts, *item.ends)]
    for line in some + templates_as_lines:
        hits = found.hits(line)
        assert hits == found.hits_one_by_one(line)
        assert list(hits) == sorted(hits, key=lambda hit: (hit.rule.name, hit.start, hit.end))
        for hit in hits:
            assert 0 <= hit.start < hit.end <= len(line)
            assert hit.value is None or 0 <= hit.value.start < hit.value.end <= len(line)


@pytest.fixture(scope="module")
def costly_rules(compiled_once: None) -> Ruleset:
    alone = [{anchor: (slot,)} for slot in COSTLY[:4] for anchor in ("line", "starts", "ends")]
    return ruleset(*(rule(f"r{number}", **keys) for number, keys in enumerate([*alone, *SHAPES])))


@given(line=lines)
def test_costly_slots_indexed_are_one_by_one(costly_rules: Ruleset, line: str) -> None:
    """Each example tries all of them: what a slot's narrowing forgets is soon found."""
    assert costly_rules.hits(line) == costly_rules.hits_one_by_one(line)


@given(rule_lists(), lines, st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(rules: Sequence[Rule], line: str, chance: random.Random) -> None:
    shuffled = list(rules)
    chance.shuffle(shuffled)
    assert ruleset(*rules).hits(line) == ruleset(*shuffled).hits(line)


@given(st.text())
def test_norm_keeps_the_length_and_is_settled(text: str) -> None:
    assert len(norm(text)) == len(text)
    assert norm(norm(text)) == norm(text)
    assert fold(norm(text)) == fold(text)
    if any(char.isalnum() for char in text):
        assert fold(f"» {text} :") == fold(text)


def test_a_set_that_is_too_large_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaners.rules.matcher._SET_MEMORY", 100_000)
    monkeypatch.setattr("cleaners.rules.matcher._MEMORY_A_PATTERN", 0)
    found = ruleset(*(rule(f"r{number}", starts=f"Share story {number} of") for number in range(300)))
    assert spans(found, "Share story 217 of them") == [("r217", "Share story 217 of them")]
    assert len(found.matcher._index.sets) > 1


@given(rule_lists(), st.lists(lines, max_size=8))
def test_a_story_at_once_is_line_by_line(rules: Sequence[Rule], some: list[str]) -> None:
    """Lines prepared together may only narrow (law 6), and what is remembered of a line is what would be found again."""
    found = ruleset(*rules)
    story = [*some, *(text for item in rules for text in (*item.line, *item.starts, *item.ends)), *some]
    expected = [found.hits_one_by_one(line) for line in story]
    assert found.hits_of(story) == expected
    assert found.hits_of(story) == expected


@given(rule_lists(), rule_lists(), st.lists(lines, min_size=1, max_size=4), st.sets(st.integers(0, 4)))
def test_layers_are_one_ruleset(
    shared: Sequence[Rule], own: Sequence[Rule], some: list[str], disabled: set[int]
) -> None:
    """A publisher's rules over the packs' index: disabled and changed rules, and words of its own."""
    below = ruleset(*shared)
    kept = {item.name: item for number, item in enumerate(shared) if number not in disabled}
    words = join_words([BASE_WORDS, WORDS, {"by": ("Ana",), "months": ("Duarte",)}])
    rules = tuple((kept | {item.name: item for item in own[:2]}).values())
    layered = Ruleset(rules, words, None, below)
    flat = Ruleset(rules, words)
    for line in [*some, *(text for item in rules for text in (*item.line, *item.starts, *item.ends))]:
        hits = flat.hits(line)
        assert layered.hits(line) == hits == flat.hits_one_by_one(line)
        assert layered.hits_one_by_one(line) == hits
        for kind in {item.kind for item in rules}:
            expected = tuple(hit for hit in hits if hit.rule.kind == kind)
            assert layered.of_kind(kind).hits(line) == expected


@given(rule_lists(), st.lists(lines, min_size=1, max_size=4))
def test_an_end_that_is_hit_is_never_passed_over(rules: Sequence[Rule], some: list[str]) -> None:
    found = ruleset(*rules)
    for line in [*some, *(text for item in rules for text in (*item.line, *item.starts, *item.ends))]:
        if not found.may_hit_end(line):  # the ends are tried where it says that none of them is hit
            assert not any(found.hits(line[at:].strip(" .")) for at in range(len(line)))


def test_a_disabled_rule_of_the_packs_is_silent_and_the_index_is_shared(write_config: Write) -> None:
    config = write_config(
        common='rules: {share: {why: w, line: Share, matches: Share, spares: "Share it"}}',
        publishers={"post": "disable: [common/share]", "herald": "name: Herald"},
    )
    book = load_rulebook(config)
    assert book.ruleset("post", None).hits("Share") == ()
    assert book.ruleset("herald", None).hits("Share") == book.ruleset(None, None).hits("Share") != ()
    assert book.ruleset("herald", None).matcher is book.ruleset(None, None).matcher
