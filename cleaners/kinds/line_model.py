"""A second opinion on lines that nobody knows: a linear model over their shape, place, words and neighbours.

The weights stand in ``line_model.tsv``: one feature a line, a whole number for each label: how much more it speaks for that label
than for keeping the line, in hundredths. A line's lead for a label is the sum over its features. It goes when the largest lead reaches
its place's limit, and then as that label says; with a smaller one it stays and is a suspect. Whole numbers, so that the sum is
the same on any machine. The weights are made by ``python -m tests.bench.line_model`` from labelled stories and say
nothing of any one of them: each feature was seen at several publishers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import chain, starmap
from struct import Struct
from typing import Any, NamedTuple

from pydantic import Field

from cleaners.kinds.line_cues import in_words
from cleaners.kinds.line_features import WORD, OpenLine, open_lines, own_parts
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.titles import in_address, same_line
from cleaners.model import Mark, Story

FIELDS = {
    "headline": "headline",
    "standfirst": "standfirst",
    "kicker": "section",
    "byline": "byline",
    "date": "published",
    "caption": "caption",
    "credit": "credit",
}
"""The labels that are lifts, and their fields; the other label is "remove"."""

ALWAYS = "always"
"""The feature that every line has."""


class LineModel(Settings):
    """For each place the lead over keeping a line, in hundredths of the model's own unit, at which it goes; at 0 both are even."""

    apart: int = Field(
        default=-100,
        description="Above or under the story, with a line that goes between: that alone nearly tells it.",
    )
    outside: int = Field(default=260, description="Above or under the story, and ends like a sentence.")
    head: int = Field(default=155, description="Above the story, next to it.")
    between: int = Field(default=145, description="Between paragraphs, with lines that go on both sides.")
    sentence: int = Field(default=120, description="Between paragraphs, and reads like one.")
    row: int = Field(default=105, description="Between the first paragraphs, among other open lines.")
    opening: int = Field(default=160, description="Between the first paragraphs, alone.")
    middle: int = Field(default=150, description="Between later paragraphs.")
    late: int = Field(
        default=40, description="Between paragraphs, with page furniture above and little of the story below."
    )
    company: int = Field(default=245, description="Under the story, among lines that others know.")
    tail: int = Field(default=490, description="Under the story, among lines that nobody knows.")
    label: int = Field(default=160, description="With a colon at its end.")
    item: int = Field(
        default=800,
        description="One of a list by its form or by the markup, a bare time, under a label, above a correction.",
    )
    unaided: int = Field(
        default=60,
        description="How much surer it must be where no other cleaner took a line that it could go by.",
    )
    suspect: int = Field(default=30, description="From here on a line that stays is a suspect.")


_MOST_HEARD = 500
"""One line that is surely junk, or surely not, says only so much of its company."""
_MOST_PASSES = 20
_MOST_CUES = 3
_LANE = 32
_REMEMBERED = 1 << 15


class Opinion(NamedTuple):
    """The label that leads, its lead over keeping the line in hundredths, and the features that speak most for it."""

    label: str
    lead: int
    cues: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """``labels`` in the order of each feature's numbers.

    A line's leads are sums over some eighty features and all labels. To be fast, a feature's numbers stand in one whole number, each in
    a lane of its own (a sum never leaves its lane), and what a part of a line's features adds is remembered: few differ from line to line.
    """

    labels: tuple[str, ...]
    of: Mapping[str, tuple[int, ...]]

    def leads(self, line: OpenLine) -> tuple[int, ...]:
        """For each label the sum over the line's features, and half a lane more (``even``)."""
        own: int | None = line.line.noted.get((self, line.zone))
        if own is None:
            *shape, others, (_, words) = own_parts(line.line, line.zone)
            own = self._lanes.get(ALWAYS, 0) + sum(starmap(self._sum, shape)) + self._added(*others)
            own += sum([self._of_words.get(word, 0) for word in set(words)])
            line.line.noted[self, line.zone] = own
        total = own + sum(starmap(self._sum, line.parts)) + self._halves
        return self._struct.unpack(total.to_bytes(self._struct.size, "little"))

    even = 1 << _LANE - 1

    def opinion(self, line: OpenLine, leads: tuple[int, ...]) -> Opinion:
        """``judge_line`` of a line whose leads are known."""
        lead = max(leads)
        best = leads.index(lead)
        *shape, others, words = own_parts(line.line, line.zone)
        told = [self._cues(best, *part) for part in (*shape, *line.parts)]
        speaking = sorted(chain(*told, self._speaking(best, *others), self._speaking(best, *words)))
        return Opinion(self.labels[best], lead - self.even, tuple(name for _, name in speaking[:_MOST_CUES]))

    def _speaking(self, label: int, family: Any, *values: Any) -> list[tuple[int, str]]:
        """What of a part speaks most for the label, the strongest first."""
        known = [(-self.of[name][label], name) for name in family(*values) if name in self.of]
        return sorted(known)[:_MOST_CUES]

    @cached_property
    def _cues(self) -> Any:
        return lru_cache(_REMEMBERED)(self._speaking)

    def _added(self, family: Any, *values: Any) -> int:
        lanes = self._lanes
        return sum([lanes.get(name, 0) for name in family(*values)])

    @cached_property
    def _sum(self) -> Any:
        return lru_cache(_REMEMBERED)(self._added)

    @cached_property
    def _lanes(self) -> Mapping[str, int]:
        return {name: _packed(numbers) for name, numbers in self.of.items()}

    @cached_property
    def _of_words(self) -> Mapping[str, int]:
        return {name.removeprefix(WORD): lane for name, lane in self._lanes.items() if name.startswith(WORD)}

    @cached_property
    def _halves(self) -> int:
        return _packed([self.even] * len(self.labels))

    @cached_property
    def _struct(self) -> Struct:
        return Struct(f"<{len(self.labels)}I")


def _packed(numbers: Iterable[int]) -> int:
    return sum(number << _LANE * at for at, number in enumerate(numbers))


@cleaner(LineModel, second=True)
def line_model(story: Story, context: Context, settings: LineModel) -> Iterator[Mark]:
    """Mark open lines that are almost certainly not the story's, and suspect those that probably are not."""
    return settled(context, settings, shipped_weights())


def settled(context: Context, settings: LineModel, weights: Weights) -> Iterator[Mark]:
    """The opinions on ``context``, on what they leave of it, and so on until they leave all: a story's edge goes line by line.

    With the source before them they are asked once. A story that loses its edge for longer than ``_MOST_PASSES`` is left to the next round.
    """
    for _ in range(_MOST_PASSES):
        told = opinions(context, settings, weights)
        yield from told
        gone = {mark.block for mark in told if mark.action != "suspect"}
        if not gone or context.found:
            return
        context = context.without(gone)


def opinions(context: Context, settings: LineModel, weights: Weights) -> list[Mark]:
    """What the weights say of each open line as it stands."""
    lines = open_lines(context)
    headless = not context.story.fields.headline
    leads = [weights.leads(line) for line in lines]
    highest = [max(numbers) - weights.even for numbers in leads]
    marks = []
    for line, own, numbers in zip(lines, highest, leads, strict=True):
        lead = _in_company(own, [highest[at] for at in line.company])
        limit = getattr(settings, line.place) + (0 if context.found else settings.unaided)
        if lead < min(limit, settings.suspect):
            continue
        opinion = weights.opinion(line, numbers)
        label = _known_as(line, opinion.label, context, headless)
        headless = headless and label != "headline"
        field = FIELDS.get(label)
        action = "suspect" if lead < limit else "lift" if field else "remove"
        rule, why = f"line_model/{label}", _why(line, opinion)
        marks.append(whole(line.block, action, rule, why, field if action == "lift" else None))
    return marks


_BY_KIND = {"published": "date", "byline": "byline", "role": "byline", "credit": "credit"}


def _known_as(line: OpenLine, label: str, context: Context, headless: bool) -> str:
    """On top of the story a line that goes is what it is known to be: a date there is the story's own, and so is a name beside one.

    ``headless``: no headline was found. Then the first title above the story is rather its own than the page's furniture.
    """
    fields, kinds = context.story.fields, line.line.kinds
    if label == "headline" and fields.headline and not same_line(line.block.text, fields.headline):
        return "standfirst"  # a story has one headline
    if label == "standfirst" and "credit" in context.kinds_at(line.at + 1):
        return "caption"
    near = context.kinds_at(line.at - 1) | context.kinds_at(line.at + 1)
    signs = "name" in kinds and line.line.words > 1 and not near.isdisjoint(_BY_KIND)
    if label == "kicker" and (signs or _names_writers(line.block.text, fields.byline)):
        return "byline"
    if label != "remove" or not line.on_top:
        return label
    known = next((known for kind, known in _BY_KIND.items() if kind in kinds), None)
    if known or signs:
        return known or "byline"
    text = line.block.text
    if fields.headline:
        return "headline" if same_line(text, fields.headline) else label
    titled = line.zone == "head" and line.place != "apart" and line.line.title and line.line.words >= 4
    return "headline" if in_address(text, context.story.url) or (headless and titled) else label


def _names_writers(text: str, byline: str | None) -> bool:
    """Whether a line has the names of all who wrote the story: "Ana Duarte and Bo Lind" is no section."""
    return byline is not None and all(name.strip() in text for name in byline.split(","))


def _in_company(own: int, others: Sequence[int]) -> int:
    """The mean of a line's lead and its company's: one title under another, each doubtful alone, are links; a subhead stands alone."""
    if not others:
        return own
    company = sum(max(-_MOST_HEARD, min(other, _MOST_HEARD)) for other in others)
    return (own + company // len(others)) // 2


def _why(line: OpenLine, opinion: Opinion) -> str:
    """Where the line stands, and its strongest cues in words; two that say the same are told once."""
    cues = "; ".join(dict.fromkeys(map(in_words, opinion.cues)))
    if line.place == "apart":
        where = "above the story's beginning" if line.zone == "head" else "under the story's end"
        return f"It stands {where}, parted from it by a line that goes ({cues})."
    return f"Lines like this one are not the story's ({cues})."


def judge_line(features: Iterable[str], weights: Weights) -> Opinion:
    """What the weights say of one line, by its features' names."""
    known = [(name, weights.of[name]) for name in (ALWAYS, *features) if name in weights.of]
    leads = [sum(numbers) for numbers in zip(*(numbers for _, numbers in known), strict=True)]
    lead, best = max((lead, -at) for at, lead in enumerate(leads))
    speaking = sorted((-numbers[-best], name) for name, numbers in known if name != ALWAYS)
    return Opinion(weights.labels[-best], lead, tuple(name for _, name in speaking[:_MOST_CUES]))


def read_weights(text: str) -> Weights:
    """Weights from the text of a file: "feature" and the labels in the first line, a feature and its numbers in each other."""
    first, *lines = text.splitlines()
    rows = (line.split("\t") for line in lines)
    return Weights(tuple(first.split("\t")[1:]), {row[0]: tuple(map(int, row[1:])) for row in rows})


@cache
def shipped_weights() -> Weights:
    return read_weights(files("cleaners.kinds").joinpath("line_model.tsv").read_text(encoding="utf-8"))
