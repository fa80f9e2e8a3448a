"""Plain text and word lists as RE2."""

from __future__ import annotations

import re
from functools import lru_cache

from cleaners.rules.norm import norm


@lru_cache(maxsize=1024)
def alternation(words: tuple[str, ...], exact_case: bool = False) -> str:
    """One of the words, the longest first."""
    ordered = sorted({norm(word).strip() for word in words}, key=lambda word: (-len(word), word))
    return "|".join(literal(word, exact_case) for word in ordered)


def literal(text: str, exact_case: bool = False) -> str:
    """A text as RE2: one or more spaces for a space; "ß" is "ss" where the case does not matter."""
    written = []
    for piece in re.split(r"( +)", norm(text)):
        if piece.startswith(" "):
            written.append(" +")
        else:
            escaped = "".join(_escaped(char) for char in piece)
            written.append(escaped if exact_case else escaped.replace("ß", "(?:ß|ss)"))
    return "".join(written)


def _escaped(char: str) -> str:
    return char if char.isalnum() or ord(char) > 127 or char == "_" else f"\\x{ord(char):02x}"
