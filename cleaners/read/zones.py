"""Head, body, tail: where the story's prose begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from cleaners.model import Block, Zone

_SENTENCE_ENDS = ".!?…。！？｡．।॥؟۔።։"
_CLOSERS = "\"'”’»«›‹)]}）」』】〉》〟*_ \u00a0\u200f"
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Kana, Han and Hangul: one character says about as much as three Latin ones."""
SENTENCE = 60
PARAGRAPH = 200


_HEAD: tuple[Zone, ...] = ("head",)
_BODY: tuple[Zone, ...] = ("body",)
_TAIL: tuple[Zone, ...] = ("tail",)


# Reader, cleaners and judge ask the same of a line.
@lru_cache(maxsize=512)
def is_prose(text: str) -> bool:
    """A sentence-like paragraph, in any language: 60 characters that end like a sentence, or 200 of any kind.

    >>> is_prose("The ferry will sail again on Monday, the harbour master told reporters.")
    True
    >>> is_prose("Former rivals strike a pragmatic tone as the harbour seeks to keep its trade")
    False
    """
    return _length(text) >= PARAGRAPH or is_sentence(text)


def is_sentence(text: str) -> bool:
    """60 characters that end like a sentence: 200 of any kind may be a menu.

    >>> is_sentence("The ferry will sail again on Monday, the harbour master told reporters.")
    True
    >>> is_sentence("News Weather Sport " * 20)
    False
    """
    if _length(text) < SENTENCE:
        return False
    bare = text.rstrip(_CLOSERS)
    return bool(bare) and bare[-1] in _SENTENCE_ENDS


def _length(text: str) -> int:
    length = len(text)
    return length if length >= PARAGRAPH or text.isascii() else length + 2 * len(_DENSE.findall(text))


def zones_of(prose: Sequence[bool]) -> tuple[Zone, ...]:
    """The zone of each block, given which blocks are prose.

    >>> zones_of([False, True, False, True, False])
    ('head', 'body', 'body', 'body', 'tail')
    >>> zones_of([False, False])
    ('body', 'body')
    """
    if True not in prose:
        return _BODY * len(prose)
    above = prose.index(True)
    below = list(reversed(prose)).index(True)
    return _HEAD * above + _BODY * (len(prose) - above - below) + _TAIL * below


def with_zones(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks with their zones set. Headings, captions and table rows are never prose."""
    known = tuple(blocks)
    prose = [block.kind in ("paragraph", "item", "quote") and is_prose(block.text) for block in known]
    return tuple(
        block if block.zone == zone else replace(block, zone=zone)
        for block, zone in zip(known, zones_of(prose), strict=True)
    )
