"""What a line looks like, for the line model: its length, ends, capitals, signs and words, whatever stands around it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cleaners.kinds.facts import Facts
from cleaners.kinds.shapes import ends_sentence, is_quotation

LENGTHS = (1, 4, 8, 12, 20, 30, 45, 60, 80, 110, 160, 240, 400)
COUNTS = (1, 2, 3, 4, 6, 9, 13, 20, 40)
STEPS = (0, 1, 2, 3, 5, 8, 13, 21)
_SIGNS = "|/:,@»>(#©?!·•"
_HAS = {
    "time": re.compile(r"\d{1,2}[:.h]\d{2}"),
    "year": re.compile(r"(?:19|20)\d\d"),
    "address": re.compile(r"https?:|www\.|\.(?:com|org|net)\b"),
    "e-mail": re.compile(r"\S@\S+\.\w"),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[^\w\s]")
_ASCII_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[^\w\s]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]{2,}")
_MOST_WORDS = 24


class Shape(NamedTuple):
    """What a line looks like, in words short enough to be read in a list of weights."""

    length: int
    words: int
    ends: str
    starts: str
    capitals: str


def shape_of(line: Facts) -> Shape:
    known: Shape | None = line.noted.get(shape_of)
    if known is None:
        words = line.text.split()
        long_words = [word[0] for word in words if len(word) > 3]
        titled = sum(map(str.isupper, long_words))
        known = line.noted[shape_of] = Shape(
            length=bisect_right(LENGTHS, line.reach),
            words=bisect_right(COUNTS, len(words)),
            ends=ending(line),
            starts=starts(line.text.lstrip()),
            capitals="all"
            if line.capitals
            else f"{4 * titled // len(long_words)}/4"
            if long_words
            else "none",
        )
    return known


def ending(line: Facts) -> str:
    known: str | None = line.noted.get(ending)
    if known is None:
        known = line.noted[ending] = _ends(line.text.rstrip())
    return known


def _ends(text: str) -> str:
    last = text[-1:]
    if last == "…":
        return "dots"
    if ends_sentence(text):
        return "sentence"
    return _ENDS.get(last) or ("digit" if last.isdigit() else "letter" if last.isalpha() else "sign")


def starts(text: str) -> str:
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


def step(number: int, steps: Sequence[int] = STEPS) -> int:
    return bisect_right(steps, number)


def pairs_of(text: str) -> set[str]:
    """The pairs of letters of a script that parts its words by nothing."""
    stretches = _UNSPACED.findall(text[:200])
    return {stretch[at : at + 2] for stretch in stretches for at in range(len(stretch) - 1)}


def signs_of(text: str) -> str:
    return "".join([sign for sign in _SIGNS if sign in text])


def digits_of(text: str) -> int:
    """How many of its characters are digits."""
    return (
        len(text) - len(text.encode().translate(None, b"0123456789"))
        if text.isascii()
        else sum(map(str.isdigit, text))
    )


def has(text: str, digits: int) -> tuple[str, ...]:
    """What it holds of times, years and addresses; without digits there is neither time nor year to be looked for."""
    return tuple([name for name in _possible(text, digits) if _HAS[name].search(text)])


def _possible(text: str, digits: int) -> Iterator[str]:
    """What of ``_HAS`` may be there: plain pieces, without which a pattern finds nothing, are found faster."""
    if digits:
        yield from ("time", "year")
    if "http" in text or "www." in text or ".com" in text or ".org" in text or ".net" in text:
        yield "address"
    if "@" in text:
        yield "e-mail"


def words_of(text: str) -> list[str]:
    """The words of a line: all of a short one's, the first and the last of a long one's; no names of numbers."""
    text = text[:400]
    # Where all letters are ASCII, small ones part no word differently, and are found faster.
    found = _ASCII_WORD.findall(text.lower()) if text.isascii() else _WORD.findall(text)
    words = found if len(found) <= _MOST_WORDS else found[: _MOST_WORDS - 8] + found[-8:]
    return ["0" if word.isdigit() else word.casefold() for word in words]
