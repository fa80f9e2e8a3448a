"""Where a line stands, for the line model: its place, its run of lines between two paragraphs, and what is known above and below."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise, takewhile
from typing import Literal, NamedTuple

from cleaners.kinds.contents_list import subheads_of_contents
from cleaners.kinds.dates import holds_day
from cleaners.kinds.facts import Facts
from cleaners.kinds.line_shape import ending, step
from cleaners.kinds.registry import Context
from cleaners.model import Block

SHARES = (0, 2, 5, 10, 20, 40, 70)
_LONGEST_UNKNOWN = 8
_LONGEST_SENTENCE = 250
"""A longer paragraph is taken for the story's: by its form alone none was ever told from it."""
_FAR = 12
"""Of lines further away than this nobody knows what they are."""
_COMPANY = 6
"""How many lines away a line of the same run still keeps it company."""
_TAIL_KINDS = frozenset(
    [
        "agency-footer",
        "author-bio",
        "bio-label",
        "channel",
        "comments",
        "copyright",
        "donation",
        "follow",
        "furniture",
        "navigation",
        "newsletter",
        "related",
        "related-label",
        "share",
        "share-word",
        "subscribe",
        "tags",
        "tags-label",
    ]
)
_PICTURE_KINDS = frozenset({"credit", "picture-label"})
_NEVER_OPEN = ("quote", "row")
"""A quotation, a post or a table row in a CMS body says by its element that it is the story's."""
_NO_KINDS: frozenset[str] = frozenset()
# "www.harbour.example", "@harbourlens": a list of sources or of handles looks like the page's own furniture
_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?|(?:[A-Z]{2}: ?)?@[\w.]+", re.IGNORECASE)

Place = Literal[
    "apart",
    "outside",
    "head",
    "company",
    "tail",
    "between",
    "sentence",
    "row",
    "opening",
    "late",
    "middle",
    "label",
    "item",
]
"""Where an open line stands, for how sure one must be differs from place to place.

Above or under the story: ``outside``, a line that ends like a sentence, for the story's own beginning and end may be short; ``apart``,
with a line that goes between; ``head``; ``tail``, with ``company`` when lines that are known stand by it.

Between paragraphs: ``between``, with lines that go on both sides; ``sentence``, a line that reads like a paragraph; ``row``, with most of
the story still below and other open lines beside it; ``opening``, the same alone; ``late``, with page furniture above and little of the
story below; ``middle``.

Anywhere: ``label``, with a colon at its end; ``item``, which speaks for the story by itself: one of a list by its form ("Built: 1912", "18:42",
results) or by the markup, where it is no link; under a label of the story's; above a correction; a subhead of the markup's that leads.
"""

_LIKE_ITEMS: frozenset[Place] = frozenset({"label", "tail", "outside"})

IN_COMPANY: frozenset[Place] = frozenset({"head", "row", "middle"})
"""Places where a line is judged together with the open lines of its run: titles under a label go or stay as one."""


class Run(NamedTuple):
    """A run of lines between two paragraphs: how many it has, which of them this one is, how many are known."""

    length: int
    place: int
    known: int


_NO_RUN = Run(0, 0, 0)
_LEADS = 50
_LEAST_SUBHEADS = 2
_LINK = re.compile(r"<a\b[^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")


def _is_vouched_for(block: Block, raw: str) -> bool:
    """Whether the markup says that a block is the story's. <li>Three salmon at <a>the old bridge</a></li> is; an item that is all link leads away from it.

    So is a subhead that the page model lets lead: "Nobody applies" under a newsletter's box.
    """
    if block.kind == "heading":
        return block.lead is not None and block.lead >= _LEADS
    if block.kind != "item":
        return False
    html = block.markup or (raw[slice(*block.element)] if block.element is not None else "")
    return 2 * sum(len(_TAG.sub("", inside)) for inside in _LINK.findall(html)) <= len(block.text)


class Page:
    """The story's lines with running counts, so that each line's features cost the same however long the story is."""

    def __init__(self, context: Context) -> None:
        found = context.found
        blocks = context.story.blocks
        self.lines = lines = context.lines
        self.vouched = [_is_vouched_for(block, context.story.raw) for block in blocks]
        self.zones = zones = list(context.zones.values())
        self.kinds = [_kinds(line) if line.hits else _NO_KINDS for line in lines]
        self.gone = [block.number in found for block in blocks] if found else [False] * len(blocks)
        self.prose = context.prose
        known = [gone or bool(kinds) for gone, kinds in zip(self.gone, self.kinds, strict=True)]
        self.known_above = _above(known)
        self.gone_above = _above(self.gone)
        self.prose_above = _above(self.prose)
        self.paragraphs = [at for at, prose in enumerate(self.prose) if prose]
        self.first = self.paragraphs[0] if self.paragraphs else None
        self.last = self.paragraphs[-1] if self.paragraphs else None
        self.named = [at for at, kinds in enumerate(self.kinds) if kinds]
        furniture = [False] * len(lines)
        for at in self.named:
            furniture[at] = self.prose_above[at] > 0 and not self.kinds[at].isdisjoint(_TAIL_KINDS)
        self.tail_above = _above(furniture)
        self.letters_above = _above(
            [len(line.text) if prose else 0 for line, prose in zip(lines, self.prose, strict=True)]
        )
        led_to = subheads_of_contents(context) | self._subheads_in_capitals()
        self.open = [
            at
            for at, (block, line) in enumerate(zip(blocks, lines, strict=True))
            if not (line.protected or self.gone[at] or block.kind in _NEVER_OPEN or at in led_to)
            # Most lines of a story are paragraphs inside it.
            and not (line.sentence_like and zones[at] == "body" and self._is_plain(at, line))
            and not _is_address(line)
        ]
        self._open = frozenset(self.open)
        self._known = known

    def _subheads_in_capitals(self) -> set[int]:
        """Lines in capitals above a sentence, if as many as two of the story's stand between paragraphs: "CLOSING STRETCH", …, "UP NEXT"."""
        capitals = [
            at
            for at, (line, below) in enumerate(pairwise(self.lines))
            if line.capitals and not line.claimed and below.ends_sentence and not below.claimed
        ]
        between = sum(at > 0 and self.prose[at - 1] and self.prose[at + 1] for at in capitals)
        return set(capitals) if between >= _LEAST_SUBHEADS else set()

    def _is_plain(self, at: int, line: Facts) -> bool:
        """A plain paragraph is open only at the story's edges, among its first and under page furniture, and beside a picture."""
        if len(line.text) > _LONGEST_SENTENCE:
            return True
        if self.prose_above[at] <= 2 or self.tail_above[at] or ending(line) != "sentence":
            return False
        return self._apart_from_pictures(at - 1) and self._apart_from_pictures(at + 1)

    def _apart_from_pictures(self, at: int) -> bool:
        return not 0 <= at < len(self.kinds) or self.kinds[at].isdisjoint(_PICTURE_KINDS)

    @cached_property
    def times(self) -> Counter[str]:
        """How often each line comes, whatever its case and signs."""
        return Counter([line.key for line in self.lines])

    @cached_property
    def last_protected(self) -> int:
        return max((at for at, line in enumerate(self.lines) if line.protected), default=-1)

    @cached_property
    def listed(self) -> int:
        """How many lines between the paragraphs nobody knows, as a step."""
        return step(
            sum(
                not known and zone == "body" and ending(line) != "sentence"
                for zone, prose, known, line in zip(
                    self.zones, self.prose, self._known, self.lines, strict=True
                )
                if not prose
            )
        )

    def run(self, at: int) -> Run:
        """The run that the line stands in; a paragraph has none."""
        if self.prose[at]:
            return _NO_RUN
        above = self.prose_above[at]
        start = self.paragraphs[above - 1] + 1 if above else 0
        end = self.paragraphs[above] if above < len(self.paragraphs) else len(self.lines)
        return Run(end - start, at - start, self.known_above[end] - self.known_above[start])

    def nearest(self, at: int) -> tuple[str, str]:
        """The kinds of the nearest known lines above and below, if they are not too far away."""
        above = bisect_left(self.named, at)
        below = above + (above < len(self.named) and self.named[above] == at)
        return (
            self._kind_at(self.named[above - 1], at) if above else _none_within(at),
            self._kind_at(self.named[below], at)
            if below < len(self.named)
            else _none_within(len(self.lines) - 1 - at),
        )

    def _kind_at(self, other: int, at: int) -> str:
        return min(self.kinds[other]) if abs(other - at) <= _FAR else "far"

    def left(self, at: int) -> int:
        """How much of the story is still below the line: 0 is nothing, 7 is most of it."""
        letters = self.letters_above[-1] or 1
        return step(100 * (letters - self.letters_above[at + 1]) // letters, SHARES)

    def company(self, at: int, run: Run) -> list[int]:
        """The other open lines near it in its run."""
        start = at - run.place
        near = range(max(start, at - _COMPANY), min(start + run.length, at + _COMPANY + 1))
        return [other for other in near if other != at and other in self._open]

    def in_list(self, at: int) -> bool:
        """Lines of one form in a row, whatever else goes among them, are a list of the story's: "Ruth Amsel, 94", "Ben Oakes, 71", …

        Times and years stand on every other line: "1811", "First stone laid", "1947", "Breached by the flood".
        """
        here = at - self.gone_above[at]
        # No line further away is asked for its form.
        first = max(0, here - _SEEN_OF_LIST)
        forms = [_form_of(line) for line in self.left_lines[first : here + _SEEN_OF_LIST + 1]]
        here -= first
        if forms[here] and _stands_among(forms, here, 1, _LEAST_LISTED):
            return True
        near = [other for other in (here - 1, here, here + 1) if 0 <= other < len(forms)]
        return any(
            forms[other] == "clock" and _stands_among(forms, other, 2, _LEAST_CLOCKS) for other in near
        )

    def in_figures(self, at: int) -> bool:
        """Short lines with numbers stand together, or right below it: results, prices, hours, and what is written over them.

        Example: "Results", "Linden - Dal 2-1", "Haven - Molen 0-0", "Referee: Jon Blythe". A link or a button has no such company.
        """
        if self._is_figure(at) or _form_of(self.lines[at]) == "labelled":
            return self._is_figure(at - 1) or self._is_figure(at + 1)
        return self._is_figure(at + 1) and self._is_figure(at + 2)

    def _is_figure(self, at: int) -> bool:
        if not 0 <= at < len(self.lines) or self.gone[at]:
            return False
        line = self.lines[at]
        return (
            not line.claimed
            and line.reach <= _LONGEST_FIGURE
            and (
                _NUMBER.search(line.text) is not None
                or (line.reach <= _SHORT_FIGURE and _YEAR.search(line.text) is not None)
            )
            # A day is the page's rather than the story's, in whatever words it stands.
            and not holds_day(line.text)
        )

    @cached_property
    def left_lines(self) -> list[Facts]:
        """The lines that are not gone."""
        return [line for line, gone in zip(self.lines, self.gone, strict=True) if not gone]

    def place(self, at: int, run: Run, touch: str, left: int) -> Place:
        if self.vouched[at] and self.zones[at] == "body":
            return "item"
        place = self._place(at, run, touch, left)
        return "item" if self.vouched[at] and place in _LIKE_ITEMS else place

    def _place(self, at: int, run: Run, touch: str, left: int) -> Place:
        if self.zones[at] == "body":
            if touch == "apart":
                return "between"
            if _form_of(self.lines[at]) == "clock" or self.in_figures(at):
                return "item"
            if ending(self.lines[at]) == "colon":
                return "label"
            if self.prose[at] or self.lines[at].sentence_like:
                return "sentence"
            if left == len(SHARES):
                return "row" if self.company(at, run) else "opening"
            return "late" if left <= 2 and self.tail_above[at] >= 2 else "middle"
        company = 5 * run.known >= run.length > 0
        if ending(self.lines[at]) == "sentence":
            return "outside"
        # What stands above a correction is the story's, whatever goes above it.
        under = self.zones[at] == "tail" and (at < self.last_protected or self.in_figures(at))
        if under or self.in_list(at):
            return "item"
        # A long list of which one line happens to be known is a list of the story's.
        if touch == "apart" and (company or run.length <= _LONGEST_UNKNOWN):
            return "apart"
        # "Release date:" leads to something of the story's, and that is it.
        if self._under_label(at):
            return "item"
        if ending(self.lines[at]) == "colon":
            return "label"
        if self.zones[at] == "head":
            return "head"
        return "company" if company else "tail"

    def _under_label(self, at: int) -> bool:
        """Above it stands a label of the story's own, or the first of its highlights."""
        above = self.lines[at - 1] if at else None
        if above is None or self.gone[at - 1]:
            return False
        return "highlights" in above.kinds or (not above.claimed and ending(above) == "colon")

    def touch(self, at: int, run: Run) -> str:
        """Whether only open lines stand between this one and the story, or one that goes."""
        if self.zones[at] == "head" and self.first is not None:
            between = self.gone_above[self.first] - self.gone_above[at + 1]
        elif self.zones[at] == "tail" and self.last is not None:
            between = self.gone_above[at] - self.gone_above[self.last]
        else:
            between = min(
                self.gone_above[at] - self.gone_above[at - run.place],
                self.gone_above[at - run.place + run.length] - self.gone_above[at],
            )
        return "apart" if between else "touching"

    def from_edge(self, at: int) -> str:
        if self.first is None or self.last is None:
            return "no-paragraph"
        if at < self.first:
            return f"above-story={step(self.first - at)}"
        if at > self.last:
            return f"under-story={step(at - self.last)}"
        return f"inside={min(step(at - self.first), 5)}"


def _none_within(lines: int) -> str:
    return "none" if lines <= _FAR else "far"


_FORMS = {
    # "12:40", "18.42 Uhr", "1947"
    "clock": re.compile(
        r"(?:(?:ore|at|um|kl\.?|à|às|a las) )?(?:\d{1,2}[:.h]\d{2}|\d{1,2} ?h|1\d{3}|20\d\d)(?: ?[ap]\.?m\.?| Uhr)?:?"
    ),
    # "Ruth Amsel, 94"
    "aged": re.compile(r"[^\W\d].{2,60}, \d{1,3}"),
    # "Built: 1912"
    "labelled": re.compile(r"[^:]{2,24}: \S.*"),
    "digit": re.compile(r"\d.*"),
    "bullet": re.compile(r"[-–—•·*►▶>→+■◆●].*"),
}
# "Regatta 2018: all the videos" is a link's title; "Rates 2018" may stand over figures
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_NUMBER = re.compile(rf"(?!{_YEAR.pattern})(?<!\d)\d")
_SHORT_FIGURE = 12
_LONGEST_FIGURE = 60
_LEAST_LISTED = 3
_LEAST_CLOCKS = 2
_SEEN_OF_LIST = 3


def _form_of(line: Facts) -> str:
    form: str | None = line.noted.get(_form_of)
    if form is None:
        form = line.noted[_form_of] = next(
            (name for name, shape in _FORMS.items() if shape.fullmatch(line.text.strip())), ""
        )
    return form


def _stands_among(forms: Sequence[str], here: int, stride: int, least: int) -> bool:
    """Whether every ``stride``-th line around ``here``, ``least`` in a row with it, has its form."""
    reach = stride * (least - 1)
    above = range(here - stride, max(-1, here - reach - 1), -stride)
    below = range(here + stride, min(len(forms), here + reach + 1), stride)
    alike = [len(list(takewhile(lambda at: forms[at] == forms[here], side))) for side in (above, below)]
    return 1 + sum(alike) >= least


def _above(counts: Sequence[int | bool]) -> list[int]:
    """For each line the sum over the lines above it; one more at the end for the whole."""
    return list(accumulate(counts, initial=0))


def _is_address(line: Facts) -> bool:
    known: bool | None = line.noted.get(_is_address)
    if known is None:
        known = line.noted[_is_address] = _ADDRESS.fullmatch(line.text) is not None
    return known


def _kinds(line: Facts) -> frozenset[str]:
    return frozenset({"protected"}) if line.protected else line.kinds - {"name"}
