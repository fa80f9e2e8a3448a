"""Shapes of a line that several cleaners ask about: a title, a sentence, a credit. No language, only form."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CLOSERS = "'\"”’»)]」』"
_ENDS = frozenset(".!?…。！？।؟")
_STOPS = frozenset(".。।")
_QUOTES = frozenset("\"“„«「『‘'‹")
_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
_SIGNS_BUT_BREAKS = _SIGNS.replace(b"\n", b"")
_NO_LETTER = re.compile(r"[\W_]+")
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def reach(text: str) -> int:
    """Length as a reader feels it: a character of Chinese, Japanese, Korean or Thai says about what three letters say.

    >>> reach("Hafen"), reach("港町")
    (5, 6)
    """
    return len(text) if text.isascii() else len(text) + 2 * len(_UNSPACED.findall(text))


def ends_sentence(text: str) -> bool:
    return _last(text) in _ENDS


def _last(text: str) -> str:
    """The last character but quotation marks and brackets that close after it; a last line break does not count."""
    return text.removesuffix("\n").rstrip(_CLOSERS)[-1:]


def is_quotation(text: str) -> bool:
    """The line opens with a quotation mark: somebody speaks, or is quoted."""
    return text[:1] in _QUOTES


def is_title(text: str, shortest: int = 12, longest: int = 200) -> bool:
    """A line that could be a headline: letters, not too long, and no full stop at its end.

    >>> is_title("Ferry returns to the estuary after nine years")
    True
    >>> is_title("He agreed.")
    False
    """
    return (
        len(text) <= longest
        and shortest <= reach(text)
        and _last(text) not in _STOPS
        and text[-1] not in ",;:"
        and bool(_LETTER.search(text))
    )


def is_capitals(text: str) -> bool:
    """All letters are capitals, in a script that has them.

    >>> is_capitals("FERRY RETURNS, 9 YEARS ON"), is_capitals("港町")
    (True, False)
    """
    return text.isupper()


_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_NUMBER = re.compile(r"\d+")


def is_dates(text: str) -> bool:
    """Hardly a word beside days, times and their labels.

    >>> is_dates("UPDATED: November 9, 2026 at 12:21 a.m."), is_dates("Update: On 9 November 2026 the ferry's name was put right.")
    (True, False)
    """
    return 2 * len(_LONG_WORD.findall(text)) <= len(_NUMBER.findall(text))


def key(text: str) -> str:
    """What two lines that say the same have in common: letters and digits, without case.

    >>> key("Ferry returns!") == key("FERRY RETURNS")
    True
    """
    folded = text.casefold().encode(errors="surrogatepass").translate(None, _SIGNS)
    bare = folded.decode(errors="surrogatepass")
    return bare if bare.isascii() else _NO_LETTER.sub("", bare)


def keys(texts: Sequence[str]) -> list[str]:
    """``key`` of each text, those of ASCII in one go.

    >>> keys(["Ferry returns!", "Größe", "FERRY RETURNS"])
    ['ferryreturns', 'grösse', 'ferryreturns']
    """
    plain = [text for text in texts if text.isascii() and "\n" not in text]
    made = "\n".join(plain).lower().encode().translate(None, _SIGNS_BUT_BREAKS).decode().split("\n")
    found = dict(zip(plain, made, strict=False))
    return [key(text) if (known := found.get(text)) is None else known for text in texts]


def begins_again(text: str) -> bool:
    """Whether all that stands before it comes once more at some place in the text."""
    opening = text[:20]
    at = text.find(opening, 20)
    while at > 0:
        if text.startswith(text[:at].rstrip(), at):
            return True
        at = text.find(opening, at + 1)
    return False
