"""What the line model sees of a line: its shape, its place, its words, its neighbours and what is known of them.

A feature is a name with a value ("ends=colon", "word=newsletter"), two joined by "&". They are made only for lines that are open: no
rule and no other cleaner speaks for them, and they are no plain paragraph inside the story.

A line's features come in parts: a family, which is a function that gives names, with the few values that the names are made of.
The names are wanted in training and for a reason; at work only what a part adds to a sum, which is remembered (``Weights``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, takewhile
from typing import Any, Literal, NamedTuple

from cleaners.kinds.facts import Facts
from cleaners.kinds.registry import Context
from cleaners.kinds.shapes import ends_sentence, is_quotation
from cleaners.model import Block, Zone

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


Part = tuple[Any, ...]
"""A family and its values."""


class _Shape(NamedTuple):
    """What a line looks like, in words short enough to be read in a list of weights."""

    length: int
    words: int
    ends: str
    starts: str
    capitals: str


def _shape(line: Facts) -> _Shape:
    known: _Shape | None = line.noted.get(_shape)
    if known is None:
        words = line.text.split()
        long_words = [word[0] for word in words if len(word) > 3]
        titled = sum(map(str.isupper, long_words))
        known = line.noted[_shape] = _Shape(
            length=bisect_right(_LENGTHS, line.reach),
            words=bisect_right(_COUNTS, len(words)),
            ends=_ending(line),
            starts=_starts(line.text.lstrip()),
            capitals="all"
            if line.capitals
            else f"{4 * titled // len(long_words)}/4"
            if long_words
            else "none",
        )
    return known


def _ending(line: Facts) -> str:
    known: str | None = line.noted.get(_ending)
    if known is None:
        known = line.noted[_ending] = _ends(line.text.rstrip())
    return known


def _ends(text: str) -> str:
    last = text[-1:]
    if last == "…":
        return "dots"
    if ends_sentence(text):
        return "sentence"
    return _ENDS.get(last) or ("digit" if last.isdigit() else "letter" if last.isalpha() else "sign")


def _starts(text: str) -> str:
    first = text[:1]
    if is_quotation(text):
        return "quote"
    known = _STARTS.get(first)
    if known or first.isdigit():
        return known or "digit"
    if first.isupper():
        return "capital"
    return "small" if first.islower() else "letter" if first.isalpha() else "sign"


def _by_sign(**names: str) -> dict[str, str]:
    return {sign: name for name, signs in names.items() for sign in signs}


_ENDS = _by_sign(colon=":：", bracket=")]）】", quote="\"'”»’")
_STARTS = _by_sign(bullet="-–—•·*►▶>→+■◆●", at="@", hash="#", copyright="©", bracket="([（【")


def _step(number: int, steps: Sequence[int] = _STEPS) -> int:
    return bisect_right(steps, number)


class _Page:
    """The story's lines with running counts, so that each line's features cost the same however long the story is."""

    def __init__(self, context: Context) -> None:
        blocks = context.story.blocks
        self.lines = context.lines
        self.zones = [context.zones[block.number] for block in blocks]
        self.kinds = [_kinds(line) if line.hits else _NO_KINDS for line in self.lines]
        self.gone = [block.number in context.found for block in blocks]
        self.prose = context.prose
        known = [gone or bool(kinds) for gone, kinds in zip(self.gone, self.kinds, strict=True)]
        self.times = Counter([line.key for line in self.lines])
        self.known_above = _above(known)
        self.gone_above = _above(self.gone)
        self.prose_above = _above(self.prose)
        self.tail_above = _above(
            [
                bool(kinds) and above > 0 and not kinds.isdisjoint(_TAIL_KINDS)
                for above, kinds in zip(self.prose_above, self.kinds, strict=False)
            ]
        )
        self.letters_above = _above(
            [len(line.text) if prose else 0 for line, prose in zip(self.lines, self.prose, strict=True)]
        )
        self.listed = _step(
            sum(
                zone == "body" and not prose and not sure and _ending(line) != "sentence"
                for zone, prose, sure, line in zip(self.zones, self.prose, known, self.lines, strict=True)
            )
        )
        self.first = next((at for at, prose in enumerate(self.prose) if prose), None)
        self.last = next((at for at in range(len(self.prose) - 1, -1, -1) if self.prose[at]), None)
        self.runs = _runs(self.prose, known)
        self.nearest_above = _nearest(self.kinds)
        self.nearest_below = _nearest(self.kinds[::-1])[::-1]

    def left(self, at: int) -> int:
        """How much of the story is still below the line: 0 is nothing, 7 is most of it."""
        letters = self.letters_above[-1] or 1
        return _step(100 * (letters - self.letters_above[at + 1]) // letters, _SHARES)

    def in_list(self, at: int) -> bool:
        """Three lines in a row that begin with a number or a sign, whatever else goes among them: "2 May: …", "11 May: …"."""
        own = _starts(self.lines[at].text)
        if own not in ("digit", "bullet"):
            return False
        left = [line for line, gone in zip(self.lines, self.gone, strict=True) if not gone]
        here = at - self.gone_above[at]
        above = takewhile(lambda line: _starts(line.text) == own, reversed(left[:here]))
        below = takewhile(lambda line: _starts(line.text) == own, left[here + 1 :])
        return len(list(above)) + len(list(below)) >= 2

    def place(self, at: int, touch: str, left: int) -> Place:
        if self.zones[at] == "body":
            if touch == "apart":
                return "between"
            if left == len(_SHARES):
                return "opening"
            if self.tail_above[at] and self.lines[at].sentence_like:
                return "paragraph"
            return "late" if left <= 2 and self.tail_above[at] >= 2 else "middle"
        run, _, sure = self.runs[at]
        company = 5 * sure >= run > 0
        if self.zones[at] == "tail" and self.in_list(at):
            return "tail"
        # A long list of which one line happens to be known is a list of the story's.
        if touch == "apart" and (company or run <= _LONGEST_UNKNOWN):
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


def _kinds(line: Facts) -> frozenset[str]:
    return frozenset({"protected"}) if line.protected else line.kinds - {"name"}


_NO_KINDS: frozenset[str] = frozenset()


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
    """A line nobody speaks for. ``parts`` are those that follow from where it stands; ``own_parts`` gives the others."""

    block: Block
    line: Facts
    zone: Zone
    place: Place
    parts: Sequence[Part]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all its features."""
        return names((*own_parts(self.line, self.zone), *self.parts))


def names(parts: Iterable[Part]) -> tuple[str, ...]:
    return tuple(sorted({name for family, *values in parts for name in family(*values)}))


def open_lines(context: Context) -> Iterator[OpenLine]:
    """Each open line with its features, in the order of the story."""
    page: _Page | None = None
    for at, (block, line) in enumerate(zip(context.story.blocks, context.lines, strict=True)):
        if block.kind == "embed" or line.protected or block.number in context.found:
            continue
        page = page or _Page(context)
        if _is_open(page, at):
            touch, left = page.touch(at), page.left(at)
            place = page.place(at, touch, left)
            yield OpenLine(block, line, page.zones[at], place, _parts(page, at, touch, left))


# "www.harbour.example", "@harbourlens": a list of sources or of handles looks like the page's own furniture
_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?|(?:[A-Z]{2}: ?)?@[\w.]+", re.IGNORECASE)


_PICTURE_KINDS = frozenset({"credit", "picture-label"})


def _is_open(page: _Page, at: int) -> bool:
    """A plain paragraph is open only at the story's edges, among its first and under page furniture, and beside a picture."""
    line = page.lines[at]
    if (
        page.zones[at] == "body"
        and line.sentence_like
        and page.prose_above[at] > 2
        and not page.tail_above[at]
        and _ending(line) == "sentence"
    ):
        near = page.kinds[max(0, at - 1) : at] + page.kinds[at + 1 : at + 2]
        if all(kinds.isdisjoint(_PICTURE_KINDS) for kinds in near):
            return False
    return not _ADDRESS.fullmatch(line.text)


def _parts(page: _Page, at: int, touch: str, left: int) -> list[Part]:
    """What follows from where a line stands. The families of a line's parts never give the same name twice."""
    line, zone = page.lines[at], page.zones[at]
    length, _, ends, _, _ = _shape(line)
    last = len(page.lines) - 1
    prose = "paragraph" if line.sentence_like else "line"
    run, place, sure = page.runs[at]
    below = _step(page.prose_above[-1] - page.prose_above[at + 1], _FEW)
    above = _step(page.prose_above[at], _FEW)
    tail = min(page.tail_above[at], 4)
    known_below = _fifth(page.known_above[-1] - page.known_above[at + 1], last - at)
    known_above = _fifth(page.known_above[at], at)
    gone_above = _fifth(page.gone_above[at], at)
    parts: list[Part] = [
        (_edges, zone, _from_edge(page, at), _step(at), _step(last - at)),
        (_run, zone, prose, _step(run), _step(place), _fifth(sure, run), touch, gone_above),
        (_below, zone, prose, tail, below, left, known_below),
        (_prose_above, prose, above, known_above),
        (_after, page.nearest_above[at], zone, prose, length, tail, ends),
        (_ahead, page.nearest_below[at], page.listed, page.kinds[at], zone, prose, tail),
    ]
    if page.times[line.key] > 1:
        parts.append((_repeated, zone, length))
    for offset, name in ((-2, "before2"), (-1, "before"), (1, "after"), (2, "after2")):
        other = at + offset
        if not 0 <= other <= last:
            parts.append((_no_neighbour, name))
            continue
        near, kinds, gone = page.lines[other], page.kinds[other], page.gone[other]
        parts.append((_neighbour, name, near.sentence_like, kinds, gone))
        if abs(offset) == 2:
            continue
        shape = _shape(near)
        parts.append((_near_form, name, shape.length, shape.ends, shape.capitals, zone, prose, length))
        if kinds or gone:
            parts.append((_near_kinds, name, kinds, gone, zone, prose, length))
        own, theirs = line.key, near.key
        if len(own) > 8 and theirs and (own.startswith(theirs) or theirs.startswith(own)):
            parts.append((_same_start, name))
    return parts


def own_parts(line: Facts, zone: Zone) -> list[Part]:
    """What follows from the text and its zone alone."""
    shape, text = _shape(line), line.text
    words = _words(text)
    signs = "".join([sign for sign in _SIGNS if sign in text])
    # The digits are counted first: without any there is neither time nor year to be looked for.
    digits = sum(map(text.count, "0123456789")) if text.isascii() else sum(map(str.isdigit, text))
    has = tuple([name for name in _possible(text, digits) if _HAS[name].search(text)])
    prose = "paragraph" if line.sentence_like else "line"
    parts: list[Part] = [
        (_form, zone, prose, *shape),
        (_signs, zone, signs, has, 4 * digits // len(text) if digits else None),
    ]
    parts += [(_word, word) for word in set(words)]
    if words:
        parts.append((_last, words[-1]))
        parts += [(_first, " ".join(words[:count])) for count in range(1, min(len(words), 3) + 1)]
    if len(words) <= _SHORT:
        parts += [(_short, zone, word) for word in set(words)]
    if not text.isascii():
        stretches = _UNSPACED.findall(text[:200])
        pairs = {stretch[at : at + 2] for stretch in stretches for at in range(len(stretch) - 1)}
        parts += [(_pair, pair) for pair in pairs]
    return parts


def _possible(text: str, digits: int) -> Iterator[str]:
    """What of ``_HAS`` may be there: plain pieces, without which a pattern finds nothing, are found faster."""
    if digits:
        yield from ("time", "year")
    if "http" in text or "www." in text or ".com" in text or ".org" in text or ".net" in text:
        yield "address"
    if "@" in text:
        yield "e-mail"


def _words(text: str) -> list[str]:
    """The words of a line: all of a short one's, the first and the last of a long one's; no names of numbers."""
    found = _WORD.findall(text[:400])
    words = found if len(found) <= _MOST_WORDS else found[: _MOST_WORDS - 8] + found[-8:]
    return ["0" if word.isdigit() else word.casefold() for word in words]


def _fifth(part: int, whole: int) -> str:
    return _FIFTHS[5 * part // whole] if whole > 0 else "none"


_FIFTHS = [f"{number}/5" for number in range(6)]


def _from_edge(page: _Page, at: int) -> str:
    if page.first is None or page.last is None:
        return "no-paragraph"
    if at < page.first:
        return f"above-story={_step(page.first - at)}"
    if at > page.last:
        return f"under-story={_step(at - page.last)}"
    return f"inside={min(_step(at - page.first), 5)}"


# The families.


def _form(
    zone: str, prose: str, length: int, words: int, ends: str, starts: str, capitals: str
) -> Iterable[str]:
    own = (
        f"length={length}",
        f"words={words}",
        f"ends={ends}",
        f"starts={starts}",
        f"capitals={capitals}",
        prose,
        f"form={length},{ends}",
    )
    return (*own, *(f"{zone}&{name}" for name in own))


def _signs(zone: str, signs: str, has: tuple[str, ...], digits: int | None) -> Iterable[str]:
    yield from (f"has={name}" for name in (*signs, *has))
    yield from (f"has={name}&{zone}" for name in has)
    if digits is not None:
        yield f"digits={digits}/4"


def _word(word: str) -> Iterable[str]:
    return (f"word={word}",)


def _first(words: str) -> Iterable[str]:
    return (f"first={words}",)


def _last(word: str) -> Iterable[str]:
    return (f"last={word}",)


def _short(zone: str, word: str) -> Iterable[str]:
    return (f"short={word}", f"{zone}&short={word}")


def _pair(pair: str) -> Iterable[str]:
    return (f"pair={pair}",)


def _edges(zone: str, edge: str, top: int, end: int) -> Iterable[str]:
    return (zone, edge, f"from-top={top}", f"from-end={end}")


def _run(
    zone: str, prose: str, run: int, place: int, known: str, touch: str, gone_above: str
) -> Iterable[str]:
    return (
        f"{zone}&run={run}",
        f"{zone}&run={run}&known={known}",
        f"{zone}&run={run}&{prose}",
        f"{zone}&place={place}",
        f"{touch}&{zone}",
        f"{touch}&{zone}&known={known}",
        f"gone-above={gone_above}&{zone}",
    )


def _below(zone: str, prose: str, tail: int, below: int, left: int, known_below: str) -> Iterable[str]:
    return (
        f"furniture-above={tail}&below={below}",
        f"furniture-above={tail}&{zone}&{prose}",
        f"furniture-above={tail}&left={left}&{prose}",
        f"furniture-above={tail}&known-below={known_below}&{prose}",
        f"below={below}&{prose}",
        f"known-below={known_below}&below={below}&{prose}",
        f"left={left}&known-below={known_below}&{prose}",
    )


def _prose_above(prose: str, above: int, known_above: str) -> Iterable[str]:
    return (f"above={above}&{prose}", f"known-above={known_above}&above={above}&{prose}")


def _after(kind: str, zone: str, prose: str, length: int, tail: int, ends: str) -> Iterable[str]:
    return (
        f"nearest-above={kind}&{zone}",
        f"nearest-above={kind}&{prose}&length={length}",
        f"nearest-above={kind}&furniture-above={tail}&ends={ends}",
    )


def _ahead(below: str, listed: int, kinds: frozenset[str], zone: str, prose: str, tail: int) -> Iterable[str]:
    yield f"nearest-below={below}&{zone}&{prose}"
    yield f"list={listed}&{zone}&{prose}"
    yield f"list={listed}&{zone}&furniture-above={tail}"
    for kind in kinds or ("unknown",):
        yield from (f"kind={kind}", f"kind={kind}&{zone}")


def _repeated(zone: str, length: int) -> Iterable[str]:
    return ("repeated", f"repeated&{zone}&length={length}")


def _no_neighbour(name: str) -> Iterable[str]:
    return (f"{name}=edge",)


def _neighbour(name: str, prose: bool, kinds: frozenset[str], gone: bool) -> Iterable[str]:
    yield f"{name}={'paragraph' if prose else 'line'}"
    yield from (f"{name}={kind}" for kind in kinds)
    if gone:
        yield f"{name}=gone"


def _near_form(
    name: str, length: int, ends: str, capitals: str, zone: str, prose: str, own_length: int
) -> Iterable[str]:
    return (
        f"{name}:length={length}",
        f"{name}:ends={ends}",
        f"{name}:capitals={capitals}",
        f"{name}:form={length},{ends}&{prose}&{zone}",
        f"{name}:length={length}&length={own_length}",
    )


def _near_kinds(
    name: str, kinds: frozenset[str], gone: bool, zone: str, prose: str, length: int
) -> Iterable[str]:
    yield from (f"{name}={kind}&{prose}&length={length}" for kind in kinds)
    if gone:
        yield f"{name}=gone&{zone}&{prose}&length={length}"


def _same_start(name: str) -> Iterable[str]:
    return (f"{name}:same-start",)
