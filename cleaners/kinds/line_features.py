"""What the line model is told of a line: features of its shape, its place, its words, its neighbours and what is known of them.

A feature is a name with a value ("ends=colon", "word=newsletter"), two joined by "&"; ``line_cues.py`` says in words what each means.
They are made only for lines that are open: no rule and no other cleaner speaks for them, and they are no plain paragraph inside the story.

A line's features come in parts: a family, which is a function that gives names, with the few values that the names are made of.
The names are wanted in training and for a reason; at work only what a part adds to a sum, which is remembered (``Weights``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cleaners.kinds.facts import Facts
from cleaners.kinds.line_page import IN_COMPANY, SHARES, Page, Place, Run
from cleaners.kinds.line_shape import digits_of, has, pairs_of, shape_of, signs_of, step, words_of
from cleaners.kinds.registry import Context
from cleaners.model import Block, Zone

_FEW = (0, 1, 2, 3, 5, 10)
WORD = "word="
_SHORT = 6
"""A line of at most so many words is told by its words alone, wherever they stand in it."""

Part = tuple[Any, ...]
"""A family and its values."""


class OpenLine(NamedTuple):
    """A line nobody speaks for, ``at`` a position of the story. ``on_top``: nearly all of the story is still below. ``parts`` are those that follow from where it stands; ``own_parts`` gives the others.

    ``company`` are those of the story's open lines that it is judged together with, by their positions among all open lines.
    """

    at: int
    block: Block
    line: Facts
    zone: Zone
    place: Place
    on_top: bool
    parts: Sequence[Part]
    company: Sequence[int]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all its features."""
        return names((*own_parts(self.line, self.zone), *self.parts))


def names(parts: Iterable[Part]) -> tuple[str, ...]:
    return tuple(sorted({name for family, *values in parts for name in family(*values)}))


def open_lines(context: Context) -> list[OpenLine]:
    """Each open line with its features, in the order of the story."""
    page = Page(context)
    number = {at: count for count, at in enumerate(page.open)}
    lines = []
    for at in page.open:
        run, left = page.run(at), page.left(at)
        touch = page.touch(at, run)
        place = page.place(at, run, touch, left)
        company = [number[other] for other in page.company(at, run)] if place in IN_COMPANY else ()
        parts = _parts(page, at, run, touch, left)
        block, line, zone = context.story.blocks[at], page.lines[at], page.zones[at]
        lines.append(OpenLine(at, block, line, zone, place, left == len(SHARES), parts, company))
    return lines


def own_parts(line: Facts, zone: Zone) -> list[Part]:
    """What follows from the text and its zone alone. The last two parts are of the line's words, which are hardly ever those of another."""
    text = line.text
    digits, words = digits_of(text), words_of(text)
    prose = "paragraph" if line.sentence_like else "line"
    return [
        (_form, zone, prose, *shape_of(line)),
        (_signs, zone, signs_of(text), has(text, digits), 4 * digits // len(text) if digits else None),
        (_first_and_last, zone, words, () if text.isascii() else pairs_of(text)),
        (_words, words),
    ]


def _parts(page: Page, at: int, run: Run, touch: str, left: int) -> list[Part]:
    """What follows from where a line stands. The families of a line's parts never give the same name twice."""
    lines, kinds, gone = page.lines, page.kinds, page.gone
    line, zone = lines[at], page.zones[at]
    length, _, ends, _, _ = shape_of(line)
    last = len(lines) - 1
    prose = "paragraph" if line.sentence_like else "line"
    prose_above, known_above = page.prose_above, page.known_above
    below = step(prose_above[-1] - prose_above[at + 1], _FEW)
    tail = min(page.tail_above[at], 4)
    known_below = _fifth(known_above[-1] - known_above[at + 1], last - at)
    nearest_above, nearest_below = page.nearest(at)
    parts: list[Part] = [
        (_edges, zone, page.from_edge(at), step(at), step(last - at)),
        (
            *(_run, zone, prose, step(run.length), step(run.place), _fifth(run.known, run.length)),
            *(touch, _fifth(page.gone_above[at], at)),
        ),
        (_below, zone, prose, tail, below, left, known_below),
        (_prose_above, prose, step(prose_above[at], _FEW), _fifth(known_above[at], at)),
        (_after, nearest_above, zone, prose, length, tail, ends),
        (_ahead, nearest_below, page.listed, kinds[at], zone, prose, tail),
    ]
    if page.times[line.key] > 1:
        parts.append((_repeated, zone, length))
    for other, name in ((at - 2, "before2"), (at + 2, "after2")):
        if 0 <= other <= last:
            parts.append((_neighbour, name, lines[other].sentence_like, kinds[other], gone[other]))
        else:
            parts.append((_no_neighbour, name))
    for other, name in ((at - 1, "before"), (at + 1, "after")):
        if not 0 <= other <= last:
            parts.append((_no_neighbour, name))
            continue
        near = lines[other]
        of = (name, near.sentence_like, kinds[other], gone[other])
        theirs, _, near_ends, _, capitals = shape_of(near)
        parts.append((_next, *of, theirs, near_ends, capitals, zone, prose, length))
        own, other_key = line.key, near.key
        if len(own) > 8 and other_key and (own.startswith(other_key) or other_key.startswith(own)):
            parts.append((_same_start, name))
    return parts


def _fifth(part: int, whole: int) -> str:
    return _FIFTHS[5 * part // whole] if whole > 0 else "none"


_FIFTHS = [f"{number}/5" for number in range(6)]


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


def _words(words: Sequence[str]) -> Iterable[str]:
    return [WORD + word for word in set(words)]


def _first_and_last(zone: str, words: Sequence[str], pairs: Iterable[str]) -> Iterable[str]:
    told = [f"pair={pair}" for pair in pairs]
    if words:
        told.append(f"last={words[-1]}")
        told += [f"first={' '.join(words[:count])}" for count in range(1, min(len(words), 3) + 1)]
    if len(words) <= _SHORT:
        for word in set(words):
            told += (f"short={word}", f"{zone}&short={word}")
    return told


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


def _next(
    name: str,
    near_prose: bool,
    kinds: frozenset[str],
    gone: bool,
    near_length: int,
    ends: str,
    capitals: str,
    zone: str,
    prose: str,
    length: int,
) -> Iterable[str]:
    """The line right above or below: what it is, what it looks like, and both beside this line's own length."""
    yield from _neighbour(name, near_prose, kinds, gone)
    yield f"{name}:length={near_length}"
    yield f"{name}:ends={ends}"
    yield f"{name}:capitals={capitals}"
    yield f"{name}:form={near_length},{ends}&{prose}&{zone}"
    yield f"{name}:length={near_length}&length={length}"
    yield from (f"{name}={kind}&{prose}&length={length}" for kind in kinds)
    if gone:
        yield f"{name}=gone&{zone}&{prose}&length={length}"


def _same_start(name: str) -> Iterable[str]:
    return (f"{name}:same-start",)
