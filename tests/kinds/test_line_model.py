from __future__ import annotations

import zlib
from collections.abc import Sequence

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.clean import second_look
from cleaners.kinds.line_features import OpenLine, open_lines, own_parts
from cleaners.kinds.line_model import (
    ALWAYS,
    FIELDS,
    LineModel,
    Weights,
    judge_line,
    opinions,
    read_weights,
    shipped_weights,
)
from cleaners.kinds.registry import look
from cleaners.model import Cleaned, Raw
from cleaners.pipeline import Pipeline

HEADLINE = "Ferry returns to the estuary after nine years"
MORE = "The pilots had asked for the survey in the spring, and the town paid for it, which owns both of the quays."
SURE = "Sign up for our daily newsletter"
UNKNOWN = [
    "Most popular in the harbour section",
    "Ferries",
    "Quays",
    "Our apps",
    "Tide tables and timetables",
    "Work for the Harbour Post",
]
STORIES = [
    [HEADLINE, LEAD, NEXT, MORE, LAST, SURE, *UNKNOWN],
    [HEADLINE, "Harbour", "By Ilse Brandvik", "3 March 2026, 10:45", LEAD, NEXT, SURE, "Quays", MORE, LAST],
    [LEAD, "“The Ilse” (1931):", "* The Marta, 12.5 knots", "* www.harbour.example/tides", "@pilots", NEXT],
    [LEAD, "Ferries", NEXT, "Ferries", LAST, "Ferries and quays", "pilots@harbour.example", "© 2026", "…"],
    ["ALLE FÄHREN", "Der Hafen öffnet wieder", LEAD, NEXT, "Größe: 1931 m²", "l’île d’à côté", "₂³"],
    ["港町の新しい船", "船は九年ぶりに港へ帰ってきた。" * 5, "人気の記事", "関連記事：灯台", "１２月３日"],
    ["Ferries", "Quays"],
]


@pytest.fixture(scope="module")
def cleaned(shipped):
    def run(lines: Sequence[str]) -> Cleaned:
        return shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language="en"))

    return run


@pytest.fixture(scope="module")
def seen(shipped) -> list[OpenLine]:
    """Open lines of all sorts: of stories as they come, and as a second opinion is shown them."""
    return [line for lines in STORIES for line in _open(shipped, lines)]


def _open(shipped: Pipeline, lines: Sequence[str]) -> list[OpenLine]:
    story = shipped.read(Raw(id="t", form="lines", content=tuple(lines), language="en"))
    ruleset = shipped.rulebook.ruleset(None, "en", None)
    contexts = look(story, ruleset), second_look(story, ruleset, shipped.cleaners)
    return [line for context in contexts for line in open_lines(context)]


def _left(story: Cleaned) -> list[str]:
    return [block.text for block in story.copy.blocks]


def test_furniture_that_no_rule_knows_goes_under_a_sure_line(cleaned):
    story = cleaned([HEADLINE, LEAD, NEXT, MORE, LAST, SURE, *UNKNOWN])
    assert _left(story) == [LEAD, NEXT, MORE, LAST]
    told = {removal.text: removal for removal in story.removals}
    for line in UNKNOWN:
        assert told[line].rules == ("line_model/remove",)
        assert told[line].why.startswith(
            "It stands under the story's end, parted from it by a line that goes ("
        )


def test_the_same_lines_stay_in_clean_copy(cleaned):
    story = cleaned([HEADLINE, LEAD, NEXT, MORE, LAST, *UNKNOWN])
    assert _left(story) == [LEAD, NEXT, MORE, LAST, *UNKNOWN]
    assert {mark.action for mark in story.suspects} <= {"suspect"}


def test_a_list_under_the_story_stays(cleaned):
    listed = [
        "How to get there",
        "By ferry: from the town quay, at ten and at four",
        "By tram: line 3 to the lighthouse",
        "On foot: an hour along the estuary",
    ]
    assert _left(cleaned([LEAD, NEXT, MORE, LAST, *listed])) == [LEAD, NEXT, MORE, LAST, *listed]


def test_a_list_inside_the_story_stays(cleaned):
    lines = [LEAD, NEXT, "The ferries", "The Ilse, built in 1931", "The Marta, built in 1950", MORE, LAST]
    assert _left(cleaned(lines)) == lines


@pytest.mark.parametrize("lines", STORIES)
def test_twice_is_once(cleaned, lines):
    once = cleaned(lines)
    assert _left(cleaned(_left(once))) == _left(once)


def test_what_the_weights_say_of_a_line():
    weights = Weights(
        ("remove", "byline"), {ALWAYS: (10, -5), "a": (30, 1), "b": (-7, 40), "c": (4, 4), "d": (5, 0)}
    )
    assert judge_line([], weights) == ("remove", 10, ())
    assert judge_line(["a", "unheard-of"], weights) == ("remove", 40, ("a",))
    assert judge_line(["d", "a", "b", "c"], weights) == ("remove", 42, ("a", "d", "c"))
    assert judge_line(["b"], weights) == ("byline", 35, ("b",))
    # Where two labels lead alike, the first one counts.
    assert judge_line(["t"], Weights(("remove", "byline"), {"t": (3, 3)})) == ("remove", 3, ("t",))


def test_the_fast_sum_is_the_sum_over_the_names(seen):
    every = {name for line in seen for name in line.features}
    invented = {name: _numbers(name) for name in {ALWAYS, *every}}
    for weights in (shipped_weights(), Weights(("remove", "headline", "date"), invented)):
        for line in [*seen, *seen]:  # the second time it is remembered
            leads = [number - weights.even for number in weights.leads(line)]
            named = [weights.of[name] for name in (ALWAYS, *line.features) if name in weights.of]
            assert leads == [sum(numbers) for numbers in zip(*named, strict=True)]
            assert max(leads) == judge_line(line.features, weights).lead
            assert weights.opinion(line, weights.leads(line)) == judge_line(line.features, weights)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(zlib.crc32(f"{name} {at}".encode()) % 2001 - 1000 for at in range(3))


def test_no_name_comes_twice_of_a_line(seen):
    assert len({line.place for line in seen}) > 3
    for line in seen:
        told = [
            name for family, *of in (*own_parts(line.line, line.zone), *line.parts) for name in family(*of)
        ]
        assert tuple(sorted(told)) == line.features


def test_limits_are_the_places_own(shipped):
    story = shipped.read(Raw(id="t", form="lines", content=(LEAD, NEXT, *UNKNOWN), language="en"))
    context = look(story, shipped.rulebook.ruleset(None, "en", None))
    weights = Weights(("remove",), {ALWAYS: (150,)})

    def acts(unaided: int = 0, **limits: int) -> set[str]:
        marks = opinions(context, LineModel(unaided=unaided, **limits), weights)
        return {mark.action for mark in marks if context.zones[mark.block] == "tail"}

    assert acts(tail=150) == {"remove"}
    assert acts(tail=151) == {"suspect"}
    assert acts(tail=151, suspect=151) == set()
    # Where nothing else was found, one must be surer.
    assert acts(tail=150, unaided=1) == {"suspect"}


def test_a_plain_paragraph_inside_the_story_is_not_open(shipped):
    assert not {3, 4} & {line.block.number for line in _open(shipped, [LEAD, NEXT, MORE, LAST, MORE, NEXT])}


def test_the_weights_file():
    weights = shipped_weights()
    assert weights.labels == ("remove", *FIELDS)
    assert ALWAYS in weights.of
    for name, numbers in weights.of.items():
        assert len(numbers) == len(weights.labels)
        assert max(map(abs, numbers)) < 10_000
        # Of a story's words a feature may hold a few, never a sentence.
        assert len(name.split()) <= 3
        assert name == name.strip()
        assert len(name) <= 80


def test_weights_are_whole_numbers():
    with pytest.raises(ValueError, match=r"1\.5"):
        read_weights("feature\tremove\nends=colon\t1.5\n")
    assert read_weights("feature\tremove\nends=colon\t-3\n").of == {"ends=colon": (-3,)}


def _weights_by_length() -> Weights:
    """Short lines speak for going, long ones for staying."""
    return Weights(
        ("remove",), {ALWAYS: (0,), **{f"length={step}": (300 if step < 6 else -200,) for step in range(14)}}
    )


def test_lines_in_a_row_are_judged_together(shipped):
    """One title under another is a list of links, or of the story's; a line alone is judged by itself."""

    def gone(*row: str) -> set[str]:
        lines = (LEAD, *row, NEXT, MORE, LAST, NEXT, MORE)
        story = shipped.read(Raw(id="t", form="lines", content=lines, language="en"))
        context = look(story, shipped.rulebook.ruleset(None, "en", None))
        marks = opinions(
            context, LineModel(row=250, opening=250, middle=250, unaided=0), _weights_by_length()
        )
        return {lines[mark.block] for mark in marks if mark.action == "remove"} & set(row)

    long = "What the pilots found when they went out to the old lighthouse"
    assert gone("Quays old and new") == {"Quays old and new"}
    assert gone("Quays old and new", "Ferries of the town") == {"Quays old and new", "Ferries of the town"}
    assert gone("Quays old and new", long, long) == set()


def test_on_top_a_line_is_what_it_is_known_to_be(cleaned):
    """The date of a story whose head nobody could read goes into its field, not away."""
    story = cleaned(
        [LEAD, "3 March 2026, 10:45", "Share", "Facebook", "Twitter", NEXT, MORE, LAST, NEXT, MORE, LAST]
    )
    dates = [removal for removal in story.removals if removal.text == "3 March 2026, 10:45"]
    assert all(removal.field == "published" for removal in dates)


@pytest.mark.parametrize(
    "ending",
    [
        ["It will cost 40 million."],
        ["He was not hurt.", "The inquest continues on Monday."],
        ["Ruth Amsel, 94", "Ben Oakes, 71", "Joseph Tull, 66"],
        ["Built: 1912", "Length: 48 metres", "Crew: 11"],
        ["The ferry was sold", "Correction: An earlier version gave the wrong year."],
    ],
)
def test_what_ends_the_story_under_a_line_that_goes_stays(cleaned, ending):
    lines = [HEADLINE, LEAD, NEXT, MORE, LAST, "Advertisement", *ending]
    assert _left(cleaned(lines))[-len(ending) :] == ending


def test_the_times_of_a_live_file_stay(cleaned):
    entries = ["18:42", "Tay bridge shut", "18:30", "Trains cancelled", "18:02", "Ferries stay in port"]
    left = _left(
        cleaned(["Storm over the estuary: latest updates", "Share", *entries, LEAD, NEXT, MORE, LAST])
    )
    assert [line for line in left if line in entries] == entries


def test_subheads_in_capitals_stay_to_the_last(cleaned):
    """The last one has no paragraph below, only what its label leads to."""
    lines = [HEADLINE, LEAD, "TIDES AND TIMES", NEXT, "PILOTS AHEAD", MORE, LAST, "UP NEXT"]
    below = ["Harbour: Host the pilots on Friday.", "Share", "Facebook", "Most read"]
    assert _left(cleaned([*lines, *below]))[-2:] == ["UP NEXT", "Harbour: Host the pilots on Friday."]


def test_an_item_of_the_markup_is_no_line_of_the_page(shipped):
    """The same words in a text may be a list of links; here the markup says that they are the story's."""

    def place(element: str) -> str:
        items = "".join(
            f"<{element}>{line}</{element}>" for line in ("Tide tables", "Chart of the bar", "Oilskins")
        )
        body = f"<p>{LEAD}</p><p>{NEXT}</p><p>{MORE}</p>" + (
            f"<ul>{items}</ul>" if element == "li" else items
        )
        story = shipped.read(Raw(id="t", form="body", content=body, language="en"))
        context = look(story, shipped.rulebook.ruleset(None, "en", None))
        [found] = {line.place for line in open_lines(context) if line.block.text == "Chart of the bar"}
        return found

    assert (place("li"), place("p")) == ("item", "tail")


def test_a_standfirst_above_a_credit_is_its_picture_s_caption(shipped):
    lines = ("Nobody was hurt in the fog.", "Photo: Jon Blythe", LEAD, NEXT, MORE)
    story = shipped.read(Raw(id="t", form="lines", content=lines, language="en"))
    context = look(story, shipped.rulebook.ruleset(None, "en", None))
    weights = Weights(("remove", "standfirst"), {ALWAYS: (0, 900)})
    [mark] = [mark for mark in opinions(context, LineModel(), weights) if mark.block == 0]
    assert (mark.action, mark.field) == ("lift", "caption")


def test_a_quotation_of_a_cms_body_is_never_the_model_s(shipped):
    body = "".join(f"<p>{line}</p>" for line in (LEAD, NEXT, "Sign up for our newsletter"))
    body += "<blockquote><p>Hi</p></blockquote>" + "".join(
        f"<p>{line}</p>" for line in ("Advertisement", MORE, LAST)
    )
    story = shipped.clean(Raw(id="t", form="body", content=body, language="en"))
    assert "Hi" in _left(story)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("line", ["{}. quay", "{}:30", "Ferry quay number {}", "Quay {}: shut"])
def test_a_list_of_thousands_of_lines_takes_no_more_than_its_time(cleaned, line):
    listed = [line.format(number) for number in range(8_000)]
    story = cleaned([HEADLINE, LEAD, NEXT, MORE, LAST, "Advertisement", *listed])
    assert story.verdict in ("publish", "hold")
    assert LAST in _left(story)


def test_highlights_above_the_story_stay(cleaned):
    highlights = [
        "Story highlights The company lost its grant in June",
        "The council pays for one more winter",
    ]
    assert _left(cleaned([HEADLINE, *highlights, LEAD, NEXT, MORE, LAST]))[:2] == highlights


@pytest.mark.parametrize(
    "figures",
    [
        ["Results", "Linden - Dal 2-1", "Haven - Molen 0-0", "Referee: Jon Blythe"],
        ["Requirements", "Age: 18", "Salary: 1,100 crowns", "Until 30 April"],
        ["Winning numbers", "4, 11, 19, 23, 37, 41", "Bonus: 8"],
        ["Buses", "Linden-Valle 7.10", "Valle-Linden 18.40"],
    ],
)
def test_figures_that_stand_together_are_the_story_s(cleaned, figures):
    lines = [
        HEADLINE,
        LEAD,
        NEXT,
        MORE,
        LAST,
        *figures,
        "Share",
        "Facebook",
        "Most read",
        "Five bridges that never opened",
    ]
    assert _left(cleaned(lines))[-len(figures) :] == figures


def test_a_subhead_stays_when_the_table_of_contents_goes(cleaned):
    one, two, three = "What the council said", "Who pays for it", "What comes next"
    lines = [HEADLINE, "In this article", one, two, three, LEAD, one, NEXT, two, MORE, three, LAST]
    assert _left(cleaned(lines)) == [LEAD, one, NEXT, two, MORE, three, LAST]
