"""What the line model sees of a line: its shape, its place, its words, its neighbours and what is known of them.

A feature is a name with a value ("ends=colon", "word=newsletter"), two joined by "&". They are made only for lines that are open: no
rule and no other cleaner speaks for them, and they are no plain paragraph inside the story.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple

from cleaners.kinds.registry import Context
from cleaners.kinds.shapes import ends_sentence, is_capitals, is_quotation, key, reach
from cleaners.model import Block
from cleaners.read.zones import is_prose

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[^\w\s]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]{2,}")
_HAS = {
    "time": re.compile(r"\d{1,2}[:.h]\d{2}"),
    "year": re.compile(r"(?:19|20)\d\d"),
    "address": re.compile(r"https?:|www\.|\.(?:com|org|net)\b"),
    "e-mail": re.compile(r"\S@\S+\.\w"),
}
_SIGNS = "|/:,@»>(#©?!·•"
_LENGTHS = (1, 4, 8, 12, 20, 30, 45, 60, 80, 110, 160, 240, 400)
_COUNTS = (1, 2, 3, 4, 6, 9, 13, 20, 40)
_STEPS = (0, 1, 2, 3, 5, 8, 13, 21)
_FEW = (0, 1, 2, 3, 5, 10)
_SHARES = (0, 2, 5, 10, 20, 40, 70)
_SHORT = 6
"""A line of at most so many words is told by its words alone, wherever they stand in it."""
_MOST_WORDS = 24
_LONGEST_UNKNOWN = 8
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


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a line looks like, in words short enough to be read in a list of weights."""

    length: int
    words: int
    ends: str
    starts: str
    capitals: str
    prose: bool


@lru_cache(maxsize=4096)
def _shape(text: str) -> _Shape:
    words = text.split()
    long_words = [word for word in words if len(word) > 3]
    titled = sum(word[0].isupper() for word in long_words)
    return _Shape(
        length=bisect_right(_LENGTHS, reach(text)),
        words=bisect_right(_COUNTS, len(words)),
        ends=_ends(text.rstrip()),
        starts=_starts(text.lstrip()),
        capitals="all"
        if is_capitals(text)
        else f"{4 * titled // len(long_words)}/4"
        if long_words
        else "none",
        prose=is_prose(text),
    )


def _ends(text: str) -> str:
    last = text[-1:]
    if last == "…":
        return "dots"
    if ends_sentence(text):
        return "sentence"
    for name, signs in (("colon", ":："), ("bracket", ")]）】"), ("quote", "\"'”»’")):
        if last in signs:
            return name
    return "digit" if last.isdigit() else "letter" if last.isalpha() else "sign"


def _starts(text: str) -> str:
    first = text[:1]
    if is_quotation(text):
        return "quote"
    for name, signs in (
        ("bullet", "-–—•·*►▶>→+■◆●"),
        ("at", "@"),
        ("hash", "#"),
        ("copyright", "©"),
        ("bracket", "([（【"),
    ):
        if first in signs:
            return name
    if first.isdigit():
        return "digit"
    return (
        "capital"
        if first.isupper()
        else "small"
        if first.islower()
        else "letter"
        if first.isalpha()
        else "sign"
    )


def _step(number: int, steps: Sequence[int] = _STEPS) -> int:
    return bisect_right(steps, number)


class _Page:
    """The story's lines with running counts, so that each line's features cost the same however long the story is."""

    def __init__(self, blocks: Sequence[Block], context: Context) -> None:
        self.blocks = blocks
        self.shapes = [_shape(block.text) for block in blocks]
        self.keys = [key(block.text) for block in blocks]
        self.times = Counter(self.keys)
        self.zones = [context.zones[block.number] for block in blocks]
        self.kinds = [_kinds(block, context) for block in blocks]
        self.gone = [block.number in context.found for block in blocks]
        self.prose = [context.is_prose(block) for block in blocks]
        known = [gone or bool(kinds) for gone, kinds in zip(self.gone, self.kinds, strict=True)]
        self.known_above = _above(known)
        self.gone_above = _above(self.gone)
        self.prose_above = _above(self.prose)
        body = [above > 0 for above in self.prose_above[:-1]]
        self.tail_above = _above(
            [below and bool(kinds & _TAIL_KINDS) for below, kinds in zip(body, self.kinds, strict=True)]
        )
        self.letters_above = _above(
            [len(block.text) if prose else 0 for block, prose in zip(blocks, self.prose, strict=True)]
        )
        inside = [zone == "body" for zone in self.zones]
        self.listed = sum(
            within and not prose and not sure and shape.ends != "sentence"
            for within, prose, sure, shape in zip(inside, self.prose, known, self.shapes, strict=True)
        )
        self.first = next((at for at, prose in enumerate(self.prose) if prose), None)
        self.last = next((at for at in range(len(blocks) - 1, -1, -1) if self.prose[at]), None)
        self.runs = _runs(self.prose, known)
        self.nearest_above = _nearest(self.kinds)
        self.nearest_below = _nearest(self.kinds[::-1])[::-1]

    def left(self, at: int) -> int:
        """How much of the story is still below the line: 0 is nothing, 7 is most of it."""
        letters = self.letters_above[-1] or 1
        return _step(100 * (letters - self.letters_above[at + 1]) // letters, _SHARES)

    def _in_list(self, at: int) -> bool:
        """Three lines in a row that begin with a number or a sign, whatever else goes among them: "2 May: …", "11 May: …"."""
        own = self.shapes[at].starts
        if own not in ("digit", "bullet"):
            return False
        run = [shape.starts == own for shape, gone in zip(self.shapes, self.gone, strict=True) if not gone]
        here = at - self.gone_above[at]
        first = here
        while first > 0 and run[first - 1]:
            first -= 1
        while here + 1 < len(run) and run[here + 1]:
            here += 1
        return here - first >= 2

    def place(self, at: int) -> Place:
        if self.zones[at] == "body":
            if self.touch(at) == "apart":
                return "between"
            if self.left(at) == len(_SHARES):
                return "opening"
            if self.tail_above[at] and self.shapes[at].prose:
                return "paragraph"
            return "late" if self.left(at) <= 2 and self.tail_above[at] >= 2 else "middle"
        run, _, sure = self.runs[at]
        company = 5 * sure >= run > 0
        if self.zones[at] == "tail" and self._in_list(at):
            return "tail"
        # A long list of which one line happens to be known is a list of the story's.
        if self.touch(at) == "apart" and (company or run <= _LONGEST_UNKNOWN):
            return "apart"
        if self.zones[at] == "head":
            return "head"
        return "company" if company else "tail"

    def touch(self, at: int) -> str:
        """Whether only open lines stand between this one and the story, or one that goes."""
        if self.zones[at] == "head" and self.first is not None:
            between = self.gone_above[self.first] - self.gone_above[at + 1]
        elif self.zones[at] == "tail" and self.last is not None:
            between = self.gone_above[at] - self.gone_above[self.last]
        else:
            run, place, _ = self.runs[at]
            between = min(
                self.gone_above[at] - self.gone_above[at - place],
                self.gone_above[at - place + run] - self.gone_above[at],
            )
        return "apart" if between else "touching"


def _above(counts: Sequence[int | bool]) -> list[int]:
    """For each line the sum over the lines above it; one more at the end for the whole."""
    return list(accumulate(counts, initial=0))


def _kinds(block: Block, context: Context) -> frozenset[str]:
    if context.protected(block):
        return frozenset({"protected"})
    return context.kinds.get(block.number, frozenset()) - {"name"}


def _runs(prose: Sequence[bool], known: Sequence[bool]) -> list[tuple[int, int, int]]:
    """For each line: how many lines its run between two paragraphs has, its place in it, how many of them are known."""
    runs: list[tuple[int, int, int]] = []
    while len(runs) < len(prose):
        first = len(runs)
        if prose[first]:
            runs.append((0, 0, 0))
            continue
        last = next((at for at in range(first, len(prose)) if prose[at]), len(prose))
        sure = sum(known[first:last])
        runs += [(last - first, at - first, sure) for at in range(first, last)]
    return runs


def _nearest(kinds: Sequence[frozenset[str]], far: int = 12) -> list[str]:
    """For each line the kind of the nearest known line before it, at most ``far`` lines away."""
    found: list[str] = []
    kind, distance = "none", 0
    for each in kinds:
        found.append(kind if distance <= far else "far")
        if each:
            kind, distance = min(each), 0
        distance += 1
    return found


Place = Literal["apart", "head", "between", "opening", "paragraph", "middle", "late", "company", "tail"]
"""Where an open line stands, for how sure one must be differs from place to place.

Above or under the story: ``apart``, with a line that goes between; ``head``; ``tail``, with ``company`` when lines that are known stand
by it. Between paragraphs: ``between``, with lines that go on both sides; ``opening``, with most of the story still below; ``paragraph``, a sentence with page furniture above;
``late``, a line with page furniture above and little of the story below; ``middle``.
"""


class OpenLine(NamedTuple):
    """A line nobody speaks for."""

    block: Block
    features: tuple[str, ...]
    place: Place


def open_lines(context: Context) -> Iterator[OpenLine]:
    """Each open line with its features, in the order of the story."""
    blocks = context.story.blocks
    page: _Page | None = None
    for at, block in enumerate(blocks):
        if block.kind == "embed" or block.number in context.found or context.protected(block):
            continue
        page = page or _Page(blocks, context)
        if _is_open(page, at):
            yield OpenLine(block, tuple(sorted(_features(page, at))), page.place(at))


# "www.harbour.example", "@harbourlens": a list of sources or of handles looks like the page's own furniture
_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?|(?:[A-Z]{2}: ?)?@[\w.]+", re.IGNORECASE)


_PICTURE_KINDS = frozenset({"credit", "picture-label"})


def _is_open(page: _Page, at: int) -> bool:
    """A plain paragraph is open only at the story's edges, among its first and under page furniture, and beside a picture."""
    shape = page.shapes[at]
    if _ADDRESS.fullmatch(page.blocks[at].text):
        return False
    if page.zones[at] != "body" or not shape.prose or page.prose_above[at] <= 2 or page.tail_above[at] > 0:
        return True
    near = page.kinds[max(0, at - 1) : at] + page.kinds[at + 1 : at + 2]
    return shape.ends != "sentence" or any(kinds & _PICTURE_KINDS for kinds in near)


def _features(page: _Page, at: int) -> set[str]:
    shape, zone, text = page.shapes[at], page.zones[at], page.blocks[at].text
    last = len(page.blocks) - 1
    prose = "paragraph" if shape.prose else "line"
    run, place, sure = page.runs[at]
    below = page.prose_above[-1] - page.prose_above[at + 1]
    above = page.prose_above[at]
    tail = min(page.tail_above[at], 4)
    left = page.left(at)
    known_below = _fifth(page.known_above[-1] - page.known_above[at + 1], last - at)
    known_share = _fifth(sure, run) if run else "none"
    edge = _from_edge(page, at)
    own = {
        f"length={shape.length}",
        f"words={shape.words}",
        f"ends={shape.ends}",
        f"starts={shape.starts}",
        f"capitals={shape.capitals}",
        prose,
        f"form={shape.length},{shape.ends}",
    }
    names = own | {f"{zone}&{name}" for name in own}
    names |= {
        zone,
        edge,
        f"from-top={_step(at)}",
        f"from-end={_step(last - at)}",
        f"{zone}&run={_step(run)}",
        f"{zone}&run={_step(run)}&known={known_share}",
        f"{zone}&run={_step(run)}&{prose}",
        f"{zone}&place={_step(place)}",
        f"furniture-above={tail}&below={_step(below, _FEW)}",
        f"furniture-above={tail}&{zone}&{prose}",
        f"furniture-above={tail}&left={left}&{prose}",
        f"furniture-above={tail}&known-below={known_below}&{prose}",
        f"below={_step(below, _FEW)}&{prose}",
        f"above={_step(above, _FEW)}&{prose}",
        f"known-below={known_below}&below={_step(below, _FEW)}&{prose}",
        f"known-above={_fifth(page.known_above[at], at)}&above={_step(above, _FEW)}&{prose}",
        f"{page.touch(at)}&{zone}",
        f"{page.touch(at)}&{zone}&known={known_share}",
        f"gone-above={_fifth(page.gone_above[at], at)}&{zone}",
        f"left={left}&known-below={known_below}&{prose}",
        f"nearest-above={page.nearest_above[at]}&{zone}",
        f"nearest-above={page.nearest_above[at]}&{prose}&length={shape.length}",
        f"nearest-above={page.nearest_above[at]}&furniture-above={tail}&ends={shape.ends}",
        f"nearest-below={page.nearest_below[at]}&{zone}&{prose}",
        f"list={_step(page.listed)}&{zone}&{prose}",
        f"list={_step(page.listed)}&{zone}&furniture-above={tail}",
    }
    if page.times[page.keys[at]] > 1:
        names |= {"repeated", f"repeated&{zone}&length={shape.length}"}
    names |= {
        name for kind in page.kinds[at] or ("unknown",) for name in (f"kind={kind}", f"kind={kind}&{zone}")
    }
    names |= _neighbours(page, at, shape, zone, prose)
    return names | _signs(text, zone) | _words(text, zone)


def _fifth(part: int, whole: int) -> str:
    return f"{5 * part // whole}/5" if whole > 0 else "none"


def _from_edge(page: _Page, at: int) -> str:
    if page.first is None or page.last is None:
        return "no-paragraph"
    if at < page.first:
        return f"above-story={_step(page.first - at)}"
    if at > page.last:
        return f"under-story={_step(at - page.last)}"
    return f"inside={min(_step(at - page.first), 5)}"


def _neighbours(page: _Page, at: int, shape: _Shape, zone: str, prose: str) -> set[str]:
    names = set()
    for offset, name in ((-2, "before2"), (-1, "before"), (1, "after"), (2, "after2")):
        other = at + offset
        if not 0 <= other < len(page.blocks):
            names.add(f"{name}=edge")
            continue
        near = page.shapes[other]
        names.add(f"{name}={'paragraph' if near.prose else 'line'}")
        names |= {f"{name}={kind}" for kind in page.kinds[other]}
        if page.gone[other]:
            names.add(f"{name}=gone")
        if abs(offset) == 2:
            continue
        form = f"{name}:form={near.length},{near.ends}"
        names |= {
            f"{name}:length={near.length}",
            f"{name}:ends={near.ends}",
            f"{name}:capitals={near.capitals}",
            f"{form}&{prose}&{zone}",
            f"{name}:length={near.length}&length={shape.length}",
        }
        names |= {f"{name}={kind}&{prose}&length={shape.length}" for kind in page.kinds[other]}
        if page.gone[other]:
            names.add(f"{name}=gone&{zone}&{prose}&length={shape.length}")
        own, theirs = page.keys[at], page.keys[other]
        if len(own) > 8 and theirs and (own.startswith(theirs) or theirs.startswith(own)):
            names.add(f"{name}:same-start")
    return names


def _signs(text: str, zone: str) -> set[str]:
    names = {f"has={sign}" for sign in _SIGNS if sign in text}
    for name, pattern in _HAS.items():
        if pattern.search(text):
            names |= {f"has={name}", f"has={name}&{zone}"}
    digits = sum(character.isdigit() for character in text)
    if digits:
        names.add(f"digits={4 * digits // len(text)}/4")
    return names


def _words(text: str, zone: str) -> set[str]:
    """The words of a line: all of a short one's, the first and the last of a long one's; no names of numbers."""
    found = ["0" if word.isdigit() else word.casefold() for word in _WORD.findall(text[:400])]
    words = found if len(found) <= _MOST_WORDS else found[: _MOST_WORDS - 8] + found[-8:]
    names = {f"word={word}" for word in words}
    if words:
        names |= {
            f"first={words[0]}",
            f"last={words[-1]}",
            f"first={' '.join(words[:2])}",
            f"first={' '.join(words[:3])}",
        }
    if len(words) <= _SHORT:
        names |= {name for word in words for name in (f"short={word}", f"{zone}&short={word}")}
    for stretch in _UNSPACED.findall(text[:200]):
        names |= {f"pair={stretch[at : at + 2]}" for at in range(len(stretch) - 1)}
    return names
