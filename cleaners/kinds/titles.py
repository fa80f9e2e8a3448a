"""Titles: what may be one, which say the same, and which an address vouches for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from slugify import slugify

from cleaners.kinds.shapes import is_title, key, reach
from cleaners.model import Block

_LONGEST_LINE = 500
"""Longer lines are no headlines, and comparing them would take its time."""


def may_be_headline(block: Block) -> bool:
    words = len(block.text.split())
    enough = words >= 4 or (words >= 2 and reach(block.text) >= 22) or reach(block.text) >= 40
    return enough and is_title(block.text, shortest=16, longest=220) and block.text[:1] not in "-•·*…"


def same_line(one: str, other: str) -> bool:
    """Two headlines that say the same, give or take a site's name or a changed word.

    >>> same_line("Ferry returns to the estuary", "Ferry returns to the estuary | Harbour Post")
    True
    """
    if max(len(one), len(other)) > _LONGEST_LINE:
        return False
    a, b = key(one), key(other)
    if not a or not b:
        return False
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) < 20 or len(long) > 2 * len(short):
        return False
    return long.startswith(short) or _alike(a, b)


def _alike(a: str, b: str) -> bool:
    """Nine tenths of their letters are in common, in order. First the letters are counted, which no order can outdo."""
    size = len(a) + len(b)
    if 2.0 * min(len(a), len(b)) / size < 0.9 or 2.0 * (Counter(a) & Counter(b)).total() / size < 0.9:
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.9


def leads_to(trail: Block, titles: Iterable[Block]) -> bool:
    """It is a breadcrumb trail to a later title: "Home Harbour Ferry returns to the estuary", "Ferry returns to the estuary"."""
    return any(
        title.number > trail.number and len(title.text) >= 20 and title.text in trail.text[4:]
        for title in titles
    )


# "… says. | Getty Harbour master resigns": a caption glued to a title is neither.
SENTENCE_INSIDE = re.compile(r"[^\W\d_]{3,}[.。][\"”’»)]* +\W*[^\W\d_]")


def in_address(text: str, url: str | None) -> bool:
    """Half of the title's words stand in the story's address."""
    return share(text, slug_words(url)) >= 0.5


def share(text: str, slug: frozenset[str]) -> float:
    """How much of the title stands in the address, or of the address's last part in the title: an address may be shorter."""
    own = words_of(text)
    both = own & slug
    if not both:
        return 0.0
    return max(len(both) / len(own), len(both) / len(slug) if len(both) >= 3 else 0.0)


def slug_words(url: str | None) -> frozenset[str]:
    """The words of an address's last part: "/harbour/ferry-returns-4711.html" says "ferry returns"."""
    parts = [words_of(part) for part in unquote(urlsplit(url or "").path).split("/")]
    return max(reversed(parts), key=len)


@lru_cache(maxsize=1024)
def words_of(text: str) -> frozenset[str]:
    """The words as an address has them: "Überfahrt" and "uberfahrt" are one, and so are "порт" and "port"."""
    return frozenset(
        word
        # The tables are named: looked for anew at each call, they would depend on what is installed, and take seven times as long.
        for word in slugify(text, backend="text-unidecode").split("-")
        if (len(word) >= 3 and not word.isdigit()) or (word.isdigit() and len(word) <= 4)
    )
