"""Copy that was broken into lines of 72 columns: which line breaks are the machine's, and which are the writer's.

A machine breaks a line where the next word would not have fitted. So a break after which the next word would have fitted
is the writer's: a headline, a list, a verse, a signature, the end of a paragraph. Whether a text is wrapped at all is
decided for the whole of it, and in doubt it is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NARROWEST, _WIDEST = 45, 100
_LIST = re.compile(r"\s*(?:[-–—*•·▪◦‣]\s|\(?\d{1,3}[.)]\s|\(?[a-zA-Z][.)]\s)")
_COLUMNS = re.compile(r"\S(?:\t| {3,})\S|\S\s*\|\s*\S")
_QUOTED = re.compile(r"\s*>")
_ENDS = re.compile(r"[.!?…:]['\"’”»)\]]*\Z")
_HEADER = re.compile(r"[A-Z][\w-]{1,20}: \S")
_LEAST_BREAKS = 2
_LONGEST_WORD = 25
_MOST_LONG = 0.1
"""More lines than these that are wider than any terminal: a text of one paragraph a line."""
_MOSTLY = 0.6
_OPEN = 0.5
"""So many of the machine's breaks stand in the middle of a sentence; of a list of sentences none does."""
_SMALL = 0.15
"""So many of the next lines begin with a small letter, even in German; of a list of headlines none does."""


def wraps(lines: Sequence[str]) -> frozenset[int]:
    """The indexes of the lines that go on in the next line; empty where the text is not wrapped.

    >>> sorted(wraps([
    ...     "The ferry will sail again on Monday, the port said in a letter to all",
    ...     "who had asked for it. Nobody stood on the quay when the letter came,",
    ...     "and nobody had been told.",
    ... ]))
    [0, 1]
    >>> wraps(["The ferry will sail again on Monday.", "Nobody stood on the quay.", "Nobody had been told."])
    frozenset()
    """
    text = [line.rstrip() for line in lines]
    written = [line for line in text if line]
    if len(written) <= _LEAST_BREAKS or sum(len(line) > _WIDEST + 20 for line in written) > _MOST_LONG * len(
        written
    ):
        return frozenset()
    pairs = [at for at in range(len(text) - 1) if _may_go_on(text[at], text[at + 1])]
    if len(pairs) < _LEAST_BREAKS:
        return frozenset()
    # The widest line may be an address that no machine could break.
    widths = sorted({len(text[at]) for at in pairs if _NARROWEST <= len(text[at]) <= _WIDEST}, reverse=True)
    for width in widths[:3]:
        # Verses and signatures are short lines, and say nothing about the others.
        wide = [at for at in pairs if len(text[at]) >= _MOSTLY * width]
        full = [at for at in wide if _is_full(text[at], text[at + 1], width)]
        if len(full) >= max(_LEAST_BREAKS, _MOSTLY * len(wide)) and _is_running_text(text, full):
            return frozenset(full)
    return _by_blank_lines(text, pairs)


def _by_blank_lines(text: Sequence[str], pairs: Sequence[int]) -> frozenset[int]:
    """A text with blank lines between its paragraphs, broken raggedly: from a PDF, or by a program with other letters."""
    if not any(not line for line in text[:-1]):
        return frozenset()
    lengths = sorted(len(text[at]) for at in pairs)
    open_ended = [at for at in pairs if not _ENDS.search(text[at]) and _small(text[at + 1])]
    if len(pairs) < 4 or lengths[len(lengths) // 2] < _NARROWEST or len(open_ended) < _MOSTLY * len(pairs):
        return frozenset()
    return frozenset(at for at in pairs if at in open_ended or len(text[at]) >= _NARROWEST)


def _is_full(line: str, following: str, width: int) -> bool:
    """The next line's first word would not have fitted."""
    word = following.split(None, 1)[0]
    return len(line) + 1 + len(word) > width


def _is_running_text(text: Sequence[str], full: Sequence[int]) -> bool:
    open_ended = sum(_ENDS.search(text[at]) is None for at in full)
    small = sum(_small(text[at + 1]) for at in full)
    return open_ended >= _OPEN * len(full) and small >= _SMALL * len(full)


def _small(line: str) -> bool:
    """It begins with a small letter, or with one of a script that has only one kind."""
    first = line.lstrip("\"'“„«‘ ")[:1]
    return first.isalpha() and not first.isupper()


def _may_go_on(line: str, following: str) -> bool:
    """Two lines that are neither list, table, quotation nor a headline in capitals above its text."""
    if not line or not following.strip():
        return False
    # Chinese and Japanese are broken anywhere, and a space would be a word too many.
    if line.count(" ") * _LONGEST_WORD < len(line):
        return False
    if _LIST.match(following) or _QUOTED.match(line) or _QUOTED.match(following):
        return False
    if (
        _COLUMNS.search(line)
        or _COLUMNS.search(following)
        or line.strip() == "--"
        or following.strip() == "--"
    ):
        return False
    if line.isupper() != following.isupper() and any(character.isalpha() for character in following):
        return False
    if _HEADER.match(line) and _HEADER.match(following):
        return False
    # An indented line opens a paragraph, but under a list's mark it goes on.
    return _indent(following) <= _indent(line) or _LIST.match(line) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
