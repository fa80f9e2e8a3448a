"""One shape for lines that look alike, without moving a single character.

``norm`` is one character for one character, so offsets found in ``norm(text)`` are offsets of ``text``.
``fold`` is for comparing whole lines and may change the length.
"""

from __future__ import annotations

import re
import sys
import unicodedata

LEADING = "•·‣◦▪■●-–—►▶»›>|*#✉ "
"""Bullets and symbols before a line that do not matter."""
TRAILING = ":»›>→|… "
"""Marks after a line that do not matter. A full stop, "?" and "!" do."""

_SPACES = "".join(chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace() and chr(code) != " ")
_SINGLE = "‘’‚‛"
_DOUBLE = "“”„‟"
_QUOTES = (*((curly, "'") for curly in _SINGLE), *((curly, '"') for curly in _DOUBLE), ("\u00a0", " "))
_ODD = re.compile(f"[{re.escape(_SPACES)}\ud800-\udfff]")
_TABLE = dict.fromkeys(_SPACES, " ")


def norm(text: str) -> str:
    """Any Unicode space becomes a space, curly quotes straight ones; the length stays.

    A lone surrogate becomes U+FFFD (it has no UTF-8, and RE2 reads UTF-8).

    >>> norm("Follow\\u00a0us: “X”")
    'Follow us: "X"'
    """
    if not text.isascii():
        for curly, straight in _QUOTES:
            text = text.replace(curly, straight)
    # All spaces but " ", and surrogates, are unprintable: most lines have nothing more to change.
    return text if text.isprintable() else _ODD.sub(_plain, text)


def _plain(found: re.Match[str]) -> str:
    return _TABLE.get(found[0], "\ufffd")


def fold(text: str) -> str:
    """What two lines must share to be the same line: no case, no decoration, single spaces.

    >>> fold("» SHARE  THIS story:")
    'share this story'
    >>> fold("***")
    '***'
    """
    return canonical(text).casefold() if text.isascii() else _nfc(_nfc(canonical(text)).casefold())


def folds(text: str) -> tuple[str, str]:
    """``fold`` and ``fold_exact`` of the same text, for the price of one.

    >>> folds("» SHARE  THIS story:")
    ('share this story', 'SHARE THIS story')
    """
    exact = fold_exact(text)
    return exact.casefold() if text.isascii() else _nfc(exact.casefold()), exact


def fold_exact(text: str) -> str:
    """As ``fold``, keeping the case."""
    return canonical(text) if text.isascii() else _nfc(canonical(text))


def canonical(text: str) -> str:
    """``norm`` with single spaces and without decoration; a line that is nothing but decoration keeps it."""
    spaced = " ".join(norm(text).split())
    return spaced.lstrip(LEADING).rstrip(TRAILING) or spaced


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
