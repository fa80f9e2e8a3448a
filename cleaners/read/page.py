"""A web page: trafilatura finds the story, the page's own tree gives back what it drops without a word.

One lxml parse serves both. trafilatura's text is the story's text; its ``deduplicate`` is never used. What it loses and a
newsroom must not lose is re-attached at its place: captions of figures in the story, corrections and editor's notes, and
plain paragraphs that stand between the story's own (so that a removal is always ours, with a rule and a reason).
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import lxml.html
from trafilatura import bare_extraction, load_html

from cleaners.model import Block, Fields, Kind, Picture, Raw, Repair, Story
from cleaners.read.align import align
from cleaners.read.decode import document
from cleaners.read.head import Head, head_of, near
from cleaners.read.language import language_of
from cleaners.read.leaves import Leaf, depth_and_size, leaves
from cleaners.read.limits import DEPTH, ELEMENTS, LINES, PAGE_BYTES, too_large, unread
from cleaners.read.metadata import Claim, Claims, claims_of, iso
from cleaners.read.pieces import Piece, text_of
from cleaners.read.raw_lines import raw_lines
from cleaners.read.repair import repair
from cleaners.read.signals import signals_of
from cleaners.read.text import given_fields
from cleaners.read.unreadable import UnreadableStory
from cleaners.read.zones import is_prose, with_zones

_NOTE = re.compile(
    r"(?:corrections?|clarifications?|editor[’']?s?[’']? note|update|amended|berichtigung|korrektur|anmerkung der redaktion|"
    r"hinweis der redaktion|rectificatif|correction|note de la rédaction|corrección|fe de errores|nota de la redacción|"
    r"nota del editor)\s*[:(–—].{15,}"
    r"|(?:this|an earlier version of this) (?:article|story|report)(?: published on [\w ,]+)? (?:was|has been|is) "
    r"(?:amended|corrected|updated|revised|changed)\b.{10,}"
    r"|an earlier version of this (?:article|story|report|headline|caption)\b.{15,}",
    re.IGNORECASE | re.DOTALL,
)
_NOTE_REACH = 25  # a correction stands at the foot, below tags and share buttons
_DATES = {"original_date": True, "extensive_search": True, "max_date": "2200-01-01"}
"""htmldate's upper limit is today, and reading must not depend on the day (law 10)."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A block to be: from the extracted story, from the page, or from both."""

    text: str
    kind: Kind
    level: int
    leaf: int | None = None


def read_page(raw: Raw) -> Story:
    """Read a web page.

    Raises ``UnreadableStory`` when the page has no text at all. A page that is too large, too deep or in which no story is
    found is a story with a problem, for a person to look at.
    """
    content, notes = document(raw)
    given = given_fields(raw)
    size = len(raw.content) if isinstance(raw.content, bytes) else len(content)
    if size > PAGE_BYTES:
        return too_large(raw, content, notes, given)
    if content.count("<") > 4 * ELEMENTS:
        return unread(
            raw, content, notes, given, f"the page has more than {ELEMENTS:,} elements; clean it by hand"
        )
    tree = _tree(content)
    if tree is None:
        raise UnreadableStory(f"story {raw.id}: the page has no text; check that it was saved whole")
    # lxml makes a new Python object for an element whenever none is alive; holding them all makes identity mean something.
    alive = list(tree.iter())
    depth, elements = depth_and_size(tree, ELEMENTS)
    if elements > ELEMENTS:
        return unread(
            raw, content, notes, given, f"the page has more than {ELEMENTS:,} elements; clean it by hand"
        )
    if depth > DEPTH:
        return unread(
            raw, content, notes, given, f"the page is nested {depth} elements deep; clean it by hand"
        )
    claims = claims_of(tree)
    page = leaves(tree)
    if not page:
        raise UnreadableStory(
            f"story {raw.id}: the page has no text but in scripts; save it as a browser shows it"
        )
    if len(page) > LINES:
        problem = f"the page has more than {LINES:,} lines of text; clean it by hand"
        return unread(raw, content, notes, given, problem)
    found = _extract(tree, raw.url)
    if found is None:
        fields = _fields(given, claims, head_of(page, claims, None), None, ())
        problem = "the page has text, but no story was found in it: clean it by hand or give the story's text"
        return unread(raw, content, notes, fields, problem)
    story = _story(raw, content, notes, page, found, claims, given)
    del alive
    return story


def _tree(content: str) -> Any:
    """The page parsed as trafilatura parses it."""
    tree = load_html(content)
    if tree is None or tree.tag != "html":
        try:
            tree = lxml.html.document_fromstring(content)
        except (lxml.etree.ParserError, ValueError):
            return None
    return tree


def _extract(tree: Any, url: str | None) -> Any:
    """trafilatura's document, or None. It copies the tree before it works on it."""
    return bare_extraction(
        tree,
        url=url,
        with_metadata=True,
        include_comments=False,
        deduplicate=False,
        date_extraction_params=dict(_DATES),
    )


def _story(
    raw: Raw,
    content: str,
    notes: tuple[Repair, ...],
    page: list[Leaf],
    found: Any,
    claims: Claims,
    given: Fields,
) -> Story:
    kept = leaves(found.body)
    places = align([leaf.text for leaf in kept], [leaf.text for leaf in page])
    body_starts = next(
        (at for leaf, at in zip(kept, places, strict=True) if at is not None and is_prose(leaf.text)), None
    )
    head = head_of(page, claims, body_starts)
    lines = _lines(kept, page, places, head)
    pictures, figures = _pictures(lines, page, claims)
    blocks: list[Block] = []
    repairs = list(notes)
    for line in lines:
        leaf = page[line.leaf] if line.leaf is not None else None
        mended = repair([Piece(line.text, 0, len(line.text))])
        text = text_of(mended.pieces)
        if not text:
            continue
        number = len(blocks)
        repairs += [note._replace(block=number) for note in mended.repairs]
        figure = _figure_of(leaf)
        blocks.append(
            Block(
                number,
                text,
                kind=line.kind,
                level=line.level,
                picture=figures.get(figure) if figure is not None else None,
                markup=leaf.markup if leaf is not None and leaf.text == text else None,
            )
        )
    if not blocks:
        problem = "the page has text, but no story was found in it: clean it by hand or give the story's text"
        return unread(raw, content, notes, _fields(given, claims, head, found, pictures), problem)
    body = "\n".join(block.text for block in blocks)
    heads = [head.headline.value] if head.headline else []
    language = language_of(raw.language, claims.language, body)
    return Story(
        id=raw.id,
        form="page",
        raw=content,
        blocks=with_zones(blocks),
        fields=_fields(given, claims, head, found, pictures),
        url=raw.url or found.url,
        publisher=raw.publisher,
        language=language,
        signals=signals_of(
            raw,
            [*heads, *(leaf.text for leaf in page if not leaf.furniture)],
            raw_lines(content),
            language,
        ),
        repairs=tuple(repairs),
    )


def _lines(
    kept: Sequence[Leaf], page: Sequence[Leaf], places: Sequence[int | None], head: Head
) -> list[_Line]:
    """The extracted story with what it dropped, in the page's order."""
    placed = [at for at in places if at is not None]
    lines = [
        _line(leaf, page[at] if at is not None else None, at) for leaf, at in zip(kept, places, strict=True)
    ]
    if not placed:
        return lines
    lost = deque(sorted(_lost(page, set(placed), head)))
    merged: list[_Line] = []
    for line, at in zip(lines, places, strict=True):
        while at is not None and lost and lost[0] < at:
            merged.append(_own(page, lost.popleft()))
        merged.append(line)
    return merged + [_own(page, at) for at in lost]


def _line(leaf: Leaf, own: Leaf | None, at: int | None) -> _Line:
    kind, level = leaf.kind, leaf.level
    if own is not None and kind == "paragraph":
        kind, level = own.kind, own.level  # trafilatura makes a paragraph of a caption that it does not drop
    return _Line(leaf.text, kind, level, at)


def _own(page: Sequence[Leaf], at: int) -> _Line:
    leaf = page[at]
    return _Line(leaf.text, leaf.kind, leaf.level, at)


def _lost(page: Sequence[Leaf], kept: set[int], head: Head) -> set[int]:
    first, last = min(kept), max(kept)
    top = min(first, head.headline_at if head.headline_at is not None else first)
    lost: set[int] = set()
    for at in range(top, min(last + _NOTE_REACH, len(page))):
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
    if head.headline_at is None:
        lost |= _above(page, first, kept)
    return lost | _siblings(page, kept)


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


def _figure_of(leaf: Leaf | None) -> Any:
    element = leaf.owner if leaf is not None and leaf.kind == "caption" else None
    while element is not None and element.tag != "figure":
        element = element.getparent()
    return element


def _pictures(
    lines: Sequence[_Line], page: Sequence[Leaf], claims: Claims
) -> tuple[tuple[Picture, ...], dict[Any, int]]:
    """Pictures of the figures whose captions are in the story; the page's own picture if there are none."""
    pictures: list[Picture] = []
    figures: dict[Any, int] = {}
    for line in lines:
        figure = _figure_of(page[line.leaf]) if line.leaf is not None else None
        if figure is not None and figure not in figures:
            figures[figure] = len(pictures)
            pictures.append(_picture(figure))
    if not pictures and claims.image:
        pictures.append(Picture(url=claims.image[0].value))
    return tuple(pictures), figures


def _picture(figure: Any) -> Picture:
    for image in figure.iter("img"):
        for name in ("src", "data-src", "data-lazy-src", "data-original"):
            url = (image.get(name) or "").strip()
            if url and not url.startswith("data:"):
                return Picture(url=url, alt=image.get("alt") or None)
        candidates = (image.get("srcset") or image.get("data-srcset") or "").split()
        if candidates:
            return Picture(url=candidates[0].rstrip(","), alt=image.get("alt") or None)
    for source in figure.iter("source"):
        candidates = (source.get("srcset") or source.get("data-srcset") or "").split()
        if candidates:
            return Picture(url=candidates[0].rstrip(","))
    return Picture()


def _fields(given: Fields, claims: Claims, head: Head, found: Any, pictures: tuple[Picture, ...]) -> Fields:
    values: dict[str, str] = {}
    sources = dict(given.sources)
    guessed_byline = Claim(found.author, "page") if found is not None and found.author else None
    guessed_date = Claim(found.date, "page") if found is not None and found.date and iso(found.date) else None
    for name, claim in (
        ("headline", head.headline),
        ("standfirst", head.standfirst),
        ("section", head.section),
        ("byline", next(iter(claims.byline), guessed_byline)),
        ("published", next(iter(claims.published), guessed_date)),
        ("updated", next(iter(claims.updated), None)),
    ):
        if claim is not None and getattr(given, name) is None:
            values[name] = claim.value
            sources[name] = claim.source
    return replace(
        given, **values, tags=claims.tags, pictures=pictures, sources=tuple(sorted(sources.items()))
    )
