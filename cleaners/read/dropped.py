"""What trafilatura drops without a word and the story has: captions of its figures, corrections and editor's notes, quotations and their
attributions, the key points above it, plain paragraphs between its own, and the lines above it on a page that does not name its headline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cleaners.read.head import Head, near
from cleaners.read.leaves import Leaf
from cleaners.read.plain import key
from cleaners.read.zones import is_prose

_NOTE = re.compile(
    r"(?:corrections?|clarifications?|editor[’']?s?[’']? note|update|amended|berichtigung|korrektur|anmerkung der redaktion|"
    r"hinweis der redaktion|rectificatif|correction|note de la rédaction|corrección|fe de errores|nota de la redacción|"
    r"nota del editor)\s*[:(–—].{15,}"
    r"|(?:this|an earlier version of this) (?:article|story|report)(?: published on [\w ,]+)? (?:was|has been|is) "
    r"(?:amended|corrected|updated|revised|changed)\b.{10,}"
    r"|an earlier version of this (?:article|story|report|headline|caption)\b.{15,}",
    re.IGNORECASE | re.DOTALL,
)
_MOST_POINTS = 8
_POINT = 40
"""So many letters a key point has on average; the entries of a menu have fewer."""
REACH = 25
"""So many leaves below the story a correction may stand: at the foot, under tags and share buttons."""


def dropped(page: Sequence[Leaf], kept: set[int], head: Head, chosen: bool = False) -> set[int]:
    """The indexes of what else in ``page`` is the story's, ``kept`` being what was found of it.

    ``chosen``: a selector named the story, and of plain lines it lost none.
    """
    first, last = min(kept), max(kept)
    top = min(first, head.headline_at if head.headline_at is not None else first)
    lost: set[int] = set()
    for at in range(top, min(last + REACH, len(page))):
        if at in kept:
            continue
        leaf = page[at]
        if leaf.kind == "caption":
            # Between headline and last line; a picture of a teaser stands in a link, a list or an aside.
            if at <= last and not leaf.furniture and "li" not in leaf.tags and leaf.linked != len(leaf.text):
                lost.add(at)
        elif (
            _NOTE.match(leaf.text) is not None and "nav" not in leaf.tags and leaf.linked * 2 < len(leaf.text)
        ):
            lost.add(at)
    if chosen:
        return lost
    quoted = {_quotation(page[at]) for at in kept} - {None}
    lost |= {at for at in range(first, last) if at not in kept and _quotation(page[at]) in quoted}
    lost |= _quotations(page, kept)
    if head.headline_at is None:
        lost |= _above(page, first, kept)
    else:
        lost |= _key_points(page, head.headline_at + 1, first)
    return lost | _siblings(page, kept)


def _quotations(page: Sequence[Leaf], kept: set[int]) -> set[int]:
    """Quotations between the story's lines: of 75 in the benchmarks 69 are the story's. One that says its words again is a pull quote."""
    between = {
        at
        for at in range(min(kept), max(kept))
        if at not in kept and page[at].kind == "quote" and not page[at].furniture and not page[at].links
    }
    return between - pulled(page, between, kept)


def pulled(page: Sequence[Leaf], which: set[int], kept: Iterable[int]) -> set[int]:
    """Those of ``which`` that are none of the story's lines: a pull quote, or a box beside it, that says the words of ``kept`` again."""
    apart = [at for at in which if page[at].furniture or page[at].kind == "quote"]
    said = " ".join(key(page[at].text) for at in sorted(kept)) if apart else ""
    return {at for at in apart if key(page[at].text) in said}


def _key_points(page: Sequence[Leaf], top: int, first: int) -> set[int]:
    """A short list of sentences without links between headline and story: "<ul><li>The price of water stays as it is …"."""
    lists: dict[Any, list[int]] = {}
    for at in range(top, first):
        if page[at].owner.tag == "li" and not page[at].furniture:
            lists.setdefault(page[at].owner.getparent(), []).append(at)
    return {
        at
        for points in lists.values()
        if 2 <= len(points) <= _MOST_POINTS
        and not any(page[at].links for at in points)
        and sum(len(page[at].text) for at in points) >= _POINT * len(points)
        for at in points
    }


def _quotation(leaf: Leaf) -> Any:
    """The quotation that a leaf stands in: "— Ida Holm, letter of 2 February" under its words belongs to them."""
    if "blockquote" not in leaf.tags:
        return None
    return next((one for one in (leaf.owner, *leaf.owner.iterancestors()) if one.tag == "blockquote"), None)


def _above(page: Sequence[Leaf], first: int, kept: set[int]) -> set[int]:
    """Lines above the story's first prose, of the same container, on a page that does not name its headline."""
    found: set[int] = set()
    for at in range(first - 1, max(first - 4, -1), -1):
        if not _is_head_line(page[at], page[first]):
            break
        found.add(at)
    for at in range(first + 1, min(first + 6, len(page))):
        if is_prose(page[at].text):
            break
        if at not in kept and _is_head_line(page[at], page[first]) and not page[at].links:
            found.add(at)
    return found


def _is_head_line(leaf: Leaf, other: Leaf) -> bool:
    return not leaf.furniture and leaf.links <= 1 and len(leaf.text) <= 300 and near(leaf, other)


def _siblings(page: Sequence[Leaf], kept: set[int]) -> set[int]:
    """Plain paragraphs of the story's own container that were dropped, between its lines and directly after them."""
    containers = Counter(page[at].owner.getparent() for at in kept if page[at].owner.tag == "p")
    if not containers:
        return set()
    main, count = containers.most_common(1)[0]
    own = [at for at, leaf in enumerate(page) if leaf.owner.tag == "p" and leaf.owner.getparent() is main]
    if count * 2 < len(own):
        return set()
    inside = [at for at in own if at in kept]
    first, last = inside[0], inside[-1]
    lost = {at for at in own if first < at < last and at not in kept and _is_plain(page[at])}
    for at in own:
        if at > last:
            if not _is_plain(page[at]):
                break
            lost.add(at)
    return lost


def _is_plain(leaf: Leaf) -> bool:
    return not leaf.links and not leaf.owner.get("class") and leaf.kind == "paragraph"
