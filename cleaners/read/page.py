"""A web page: its publisher's selectors or trafilatura find the story, the page's own tree gives back what was dropped without a word.

One lxml parse serves all of it. trafilatura's text is the story's text; its ``deduplicate`` is never used. What it drops and the story has comes
back at its place: what ``dropped`` knows, and what the page model is sure of (so that a removal is always ours, with a rule and a reason).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trafilatura import bare_extraction

from cleaners.model import Block, Fields, Kind, Raw, Repair, SiteRules, Story
from cleaners.read.align import align
from cleaners.read.decode import document
from cleaners.read.dropped import REACH, dropped, pulled
from cleaners.read.embeds import embed_of
from cleaners.read.head import Head, head_of
from cleaners.read.language import language_of
from cleaners.read.leaves import FURNITURE, Leaf, is_deeper, leaves, told_leaves
from cleaners.read.limits import DEPTH, ELEMENTS, LINES, PAGE_BYTES, too_large, unread
from cleaners.read.metadata import Claims, claims_of
from cleaners.read.page_fields import page_fields
from cleaners.read.page_model import PageWeights, Seen, Standing, see, shipped_page_weights, standings
from cleaners.read.page_tree import lighten, page_tree
from cleaners.read.pictures import pictures_of
from cleaners.read.pieces import Piece, text_of
from cleaners.read.raw_lines import raw_lines
from cleaners.read.repair import repair
from cleaners.read.signals import signals_of
from cleaners.read.site import (
    Site,
    kept_in,
    marks_of,
    name_captions,
    removed_in,
    site_of,
    story_of,
    without_removed,
)
from cleaners.read.text import given_fields
from cleaners.read.unglue import unglued
from cleaners.read.unreadable import UnreadableStory
from cleaners.read.zones import is_prose, is_sentence, with_zones

_NOT_FOUND = "the page has text, but no story was found in it: clean it by hand or give the story's text"
_NO_SEARCH = (
    "no body selector of its publisher matches the page, and its rules forbid to search: mend the selectors"
)
_ADDED = 0
"""A leaf that trafilatura dropped and that leads so far is the story's, until a cleaner says otherwise."""
_LITTLE = 250
_LITTLE_OF_THE_PAGE = 0.3
"""trafilatura's own rules are asked alone unless they have fewer letters than this, or less than this share of the page's sentences.

Measured on 1,140 pages: of 57 that are asked again its other extractors (readability, justext) mend 27 and spoil 4; of the rest they would
mend 6 and spoil 9, by taking the longest of several texts, at a quarter of the time."""
_HOLDERS: dict[Kind, tuple[str, ...]] = {
    "item": ("ul", "ol", "dl"),
    "quote": ("blockquote",),
    "row": ("table",),
}
_PICTURED = {"figure", "img", "amp-img", "picture"}


@dataclass(frozen=True, slots=True)
class _Line:
    """A block to be: from the extracted story, from the page, or from both."""

    text: str
    kind: Kind
    level: int
    leaf: int | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """The story's lines, where in the page each stands, and which other lines of the page belong between them.

    ``document`` is trafilatura's; None: a ``body`` selector found the story.
    """

    lines: Sequence[Leaf]
    places: Sequence[int | None]
    document: Any = None
    extra: frozenset[int] = frozenset()


def read_page(raw: Raw, rules: SiteRules | None = None, weights: PageWeights | None = None) -> Story:
    """Read a web page; ``rules`` are its publisher's own selectors, ``weights`` those of a page model other than the shipped one.

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
    tree = page_tree(content)
    if tree is None:
        raise UnreadableStory(f"story {raw.id}: the page has no text; check that it was saved whole")
    # lxml makes a new Python object for an element whenever none is alive; holding them all makes identity mean something.
    alive = list(tree.iter())
    if len(alive) > ELEMENTS:
        return unread(
            raw, content, notes, given, f"the page has more than {ELEMENTS:,} elements; clean it by hand"
        )
    claims = claims_of(alive, raw.url)
    site = site_of(tree, alive, rules, given, raw.language or claims.language, claims) if rules else Site()
    claims = site.seen(claims)
    selected = story_of(tree, rules, site, REACH) if rules else None
    if selected is None and is_deeper(tree, DEPTH):
        return unread(
            raw,
            content,
            notes,
            given,
            f"the page is nested more than {DEPTH} elements deep; clean it by hand",
        )
    page, chosen = selected or (list(told_leaves(tree, site.told)), None)
    if not page:
        raise UnreadableStory(
            f"story {raw.id}: the page has no text but in scripts; save it as a browser shows it"
        )
    if len(page) > LINES:
        problem = f"the page has more than {LINES:,} lines of text; clean it by hand"
        return unread(raw, content, notes, given, problem)
    name_captions(page)
    if chosen is None and (given.published or claims.published):
        lighten(tree)
    found = _find(tree, page, chosen, site, raw.url)
    if found is None:
        fields = page_fields(given, claims, head_of(page, claims, None), (), alive, page, url=raw.url)
        story = unread(raw, content, notes, site.fill(fields), _NOT_FOUND if site.search else _NO_SEARCH)
    else:
        story = _story(
            raw, content, notes, page, found, claims, given, site, alive, weights or shipped_page_weights()
        )
    return replace(story, notes=tuple(dict.fromkeys(site.notes))) if site.notes else story


def _find(
    tree: Any, page: list[Leaf], chosen: list[int] | None, site: Site, url: str | None
) -> _Found | None:
    """The story: what a selector chose, else what trafilatura finds."""
    if chosen is not None:
        return _Found([page[at] for at in chosen], chosen, extra=frozenset(kept_in(page)))
    if not site.search:
        return None
    found = _search(without_removed(tree, site), page, url)
    return _accounted(found, tree, page, site, url) if site.told else found


def _search(tree: Any, page: list[Leaf], url: str | None) -> _Found | None:
    """What trafilatura finds: its own rules first, and its whole cascade of extractors where they have little of what the page says."""
    quick = _as_found(_extract(tree, url, fast=True), page)
    if quick is not None and sum(len(leaf.text) for leaf in quick.lines) >= _LITTLE:
        placed = {at for at in quick.places if at is not None}
        said = {
            at for at, leaf in enumerate(page) if leaf.linked * 3 < len(leaf.text) and is_sentence(leaf.text)
        }
        if _letters(page, said & placed) >= _LITTLE_OF_THE_PAGE * _letters(page, said):
            return quick
    return _as_found(_extract(tree, url, fast=False), page) or quick


def _letters(page: Sequence[Leaf], which: Iterable[int]) -> int:
    return sum(len(page[at].text) for at in which)


def _as_found(document: Any, page: list[Leaf]) -> _Found | None:
    if document is None:
        return None
    kept = unglued(leaves(document.body), page)
    return _Found(kept, align([leaf.text for leaf in kept], [leaf.text for leaf in page]), document)


def _accounted(
    found: _Found | None, tree: Any, page: list[Leaf], site: Site, url: str | None
) -> _Found | None:
    """With the lines that would be the story's but for a selector: shown as removed, and counted as removed."""
    extra, removed = kept_in(page), removed_in(page)
    placed = [at for at in found.places if at is not None] if found is not None else []
    extra |= {at for at in removed if placed and min(placed) < at < max(placed)}
    outside = [page[at] for at in removed if at not in extra]
    if any(is_prose(leaf.text) and not leaf.furniture for leaf in outside):
        whole = _search(tree, page, url)
        if whole is not None:
            extra |= set(removed).intersection(at for at in whole.places if at is not None)
            found = found if placed else whole
    return replace(found, extra=frozenset(extra)) if found is not None else None


def _extract(tree: Any, url: str | None, fast: bool) -> Any:
    """trafilatura's document, or None. It copies the tree before it works on it."""
    return bare_extraction(
        tree,
        url=url,
        fast=fast,
        with_metadata=False,
        include_comments=False,
        deduplicate=False,
    )


def page_as_seen(content: str, url: str | None) -> tuple[list[str], set[int], Seen] | None:
    """The leaves' texts of a page, those that trafilatura has, and what the page model sees of them: what it is trained on."""
    tree = page_tree(content)
    if tree is None:
        return None
    alive = list(tree.iter())
    claims, page = claims_of(alive, url), leaves(tree)
    found = _search(tree, page, url)
    own = {at for at in found.places if at is not None} if found is not None else set()
    return ([leaf.text for leaf in page], own, see(page, own, claims)) if page else None


def _story(
    raw: Raw,
    content: str,
    notes: tuple[Repair, ...],
    page: list[Leaf],
    found: _Found,
    claims: Claims,
    given: Fields,
    site: Site,
    elements: list[Any],
    weights: PageWeights,
) -> Story:
    kept, places = found.lines, found.places
    body_starts = next(
        (at for leaf, at in zip(kept, places, strict=True) if at is not None and is_prose(leaf.text)), None
    )
    head = head_of(page, claims, body_starts)
    # Where a selector names the story nobody is asked for a second opinion.
    own = {at for at in places if at is not None}
    stand = standings(page, own, claims, weights) if found.document is not None else None
    lines = _lines(found, page, head, stand)
    lines = _with_embeds(lines, page, head.headline_at, site, (claims.base, raw.url))
    shown = [line.leaf for line in lines if line.leaf is not None]
    pictures = pictures_of(_shown(elements, site), page, shown, head.headline_at, claims, raw.url)
    blocks: list[Block] = []
    holders: dict[Any, str] = {}
    repairs = list(notes)
    for line in lines:
        leaf = page[line.leaf] if line.leaf is not None else None
        number = len(blocks)
        if line.kind == "embed":
            blocks.append(Block(number, line.text, kind="embed"))
            continue
        mended = repair([Piece(line.text, 0, len(line.text))])
        text = text_of(mended.pieces)
        if not text:
            continue
        repairs += [note._replace(block=number) for note in mended.repairs]
        blocks.append(
            Block(
                number,
                text,
                kind=line.kind,
                level=line.level,
                picture=pictures.of(leaf),
                markup=leaf.markup if leaf is not None and leaf.text == text else None,
                lead=stand[line.leaf].lead if stand and line.leaf is not None else None,
                cues=stand[line.leaf].cues if stand and line.leaf is not None else (),
                site_marks=marks_of(leaf, text, site) if leaf is not None and leaf.told else (),
                standfirst=head.standfirst_told and line.leaf == head.standfirst_at,
                within=_within(leaf, line.kind, holders) if leaf is not None else None,
            )
        )
    if not blocks:
        fields = page_fields(given, claims, head, (), elements, page, url=raw.url)
        return unread(raw, content, notes, site.fill(fields), _NOT_FOUND)
    body = "\n".join(block.text for block in blocks)
    heads = [head.headline.value] if head.headline else []
    language = language_of(raw.language, claims.language, body)
    fields = page_fields(
        given,
        claims,
        head,
        pictures.pictures,
        elements,
        page,
        language=language,
        url=raw.url,
        sent_language=raw.language,
    )
    return Story(
        id=raw.id,
        form="page",
        raw=content,
        blocks=with_zones(blocks),
        fields=site.fill(fields),
        url=raw.url or fields.canonical,
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


def _within(leaf: Leaf, kind: Kind, holders: dict[Any, str]) -> str | None:
    """The nearest list, quotation or table around a leaf; ``holders`` are those that were met before."""
    tags = _HOLDERS.get(kind)
    if tags is None:
        return None
    element = next((one for one in (leaf.owner, *leaf.owner.iterancestors()) if one.tag in tags), None)
    if element is None:
        return None
    return holders.setdefault(element, f"{element.tag} {len(holders) + 1}")


def _shown(elements: list[Any], site: Site) -> list[Any]:
    """The page's elements without pictures that its publisher's selectors remove."""
    if not site.told:
        return elements
    return [one for one in elements if one.tag not in _PICTURED or not site.removes(one)]


def _lines(found: _Found, page: Sequence[Leaf], head: Head, stand: Sequence[Standing] | None) -> list[_Line]:
    """The extracted story with what it dropped, in the page's order."""
    kept, places = found.lines, found.places
    placed = [at for at in places if at is not None]
    lines = [
        _line(leaf, page[at] if at is not None else None, at) for leaf, at in zip(kept, places, strict=True)
    ]
    if not placed:
        return lines
    chosen = found.document is None
    led = {at for at, (lead, _) in enumerate(stand or ()) if lead >= _ADDED}.difference(removed_in(page))
    led -= pulled(page, led, placed)
    lost = deque(sorted((dropped(page, set(placed), head, chosen) | found.extra | led).difference(placed)))
    merged: list[_Line] = []
    for line, at in zip(lines, places, strict=True):
        while at is not None and lost and lost[0] < at:
            merged.append(_own(page, lost.popleft()))
        merged.append(line)
    return merged + [_own(page, at) for at in lost]


def _with_embeds(
    lines: list[_Line],
    page: Sequence[Leaf],
    headline_at: int | None,
    site: Site,
    bases: tuple[str | None, ...],
) -> list[_Line]:
    """With the players, posts, maps and charts that stand between headline and last line, each once, at their places."""
    places = [line.leaf for line in lines if line.leaf is not None]
    if not places:
        return lines
    at = min(places) if headline_at is None else min(headline_at, *places)
    told: set[str] = set()
    merged: list[_Line] = []
    for line in lines:
        while line.leaf is not None and at < line.leaf:
            merged += _embeds(page[at], site, bases, told)
            at += 1
        merged.append(line)
    return merged + _embeds(page[at], site, bases, told)


def _embeds(leaf: Leaf, site: Site, bases: tuple[str | None, ...], told: set[str]) -> list[_Line]:
    found = []
    for element in leaf.after:
        address = embed_of(element, *bases)
        if address is None or address in told or site.removes(element):
            continue
        if any(one.tag in FURNITURE for one in element.iterancestors()):
            continue
        told.add(address)
        found.append(_Line(address, "embed", 0))
    return found


def _line(leaf: Leaf, own: Leaf | None, at: int | None) -> _Line:
    kind, level = leaf.kind, leaf.level
    if own is not None and kind == "paragraph":
        kind, level = own.kind, own.level  # trafilatura makes a paragraph of a caption that it does not drop
    elif own is not None and kind == own.kind == "row":
        level = own.level  # and a cell of every <th>
    return _Line(leaf.text, kind, level, at)


def _own(page: Sequence[Leaf], at: int) -> _Line:
    leaf = page[at]
    return _Line(leaf.text, leaf.kind, leaf.level, at)
