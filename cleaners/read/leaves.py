"""The leaves of a parsed page in document order: every run of text, with what stands around it.

The same walk reads the page's own tree and the tree that trafilatura gives back (whose ``head``, ``item``, ``quote``,
``row``, ``cell``, ``lb`` are HTML's ``h1``, ``li``, ``blockquote``, ``tr``, ``td``, ``br``). It does not recurse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from lxml import etree

from cleaners.model import Kind
from cleaners.read.embeds import TAGS as EMBEDS

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = {
    *_HEADINGS,
    *"address article aside blockquote body caption cell center dd details dialog div dl doc dt fieldset".split(),
    *"figcaption figure footer form head header hgroup hr html item legend li list main menu nav noscript".split(),
    *"ol p pre quote row section summary table tbody td tfoot th thead tr ul".split(),
}
_SKIPPED = {
    *EMBEDS,
    *"button canvas datalist input link math meta noscript option script select style svg".split(),
    *"template textarea title".split(),
}
_BREAKS = {"br", "lb"}
_KINDS: dict[str, Kind] = {
    "figcaption": "caption",
    "li": "item",
    "item": "item",
    "dt": "item",
    "dd": "item",
    "blockquote": "quote",
    "quote": "quote",
}
_KIND_TAGS = frozenset(_KINDS)
_CELLS = {"td", "th", "cell"}
_INLINE = set("a abbr b cite code del em i ins kbd mark q s small strong sub sup time u".split())
_SPACES = re.compile(r"[ \t\n\r\f]{2,}|[\t\n\r\f]")
"""What becomes one space; a space alone is one already."""
FURNITURE = {"nav", "aside", "footer", "form", "menu", "dialog", "noscript"}


Told = tuple[int, int, Any]
_Piece = Any
"""Of inline HTML: a text, an element that opens, or a tuple of the tag that closes."""
_NOTHING: Mapping[Any, tuple[Any, ...]] = {}


@dataclass(eq=False, slots=True)
class Leaf:
    """A run of text of a page.

    ``owner`` is the innermost block element around it, ``regions`` the tags of all elements above, ``linked`` how many of
    its characters are links, ``links`` how many links it has, ``pieces`` what its inline HTML is made of. ``told`` is what was said of the
    elements around and in it, each with the range of the text that it covers, in characters that are no spaces. ``after`` are the players and
    frames that stand in it or behind it, before the next.
    """

    text: str
    owner: Any
    kind: Kind
    level: int
    tags: tuple[str, ...]
    linked: int
    links: int
    pieces: tuple[_Piece, ...] | None
    cell: Any = None
    told: tuple[Told, ...] = ()
    after: tuple[Any, ...] = ()

    @property
    def markup(self) -> str | None:
        """Its inline HTML; None: there is none but the text. Most leaves of a page are never asked."""
        if self.pieces is None:
            return None
        return _SPACES.sub(" ", "".join(map(_written, self.pieces))).strip()

    @property
    def furniture(self) -> bool:
        return not FURNITURE.isdisjoint(self.tags)


@dataclass(slots=True)
class _Run:
    """Text up to the next boundary of a block. ``pieces`` is empty as long as no inline element speaks in it."""

    text: list[str] = field(default_factory=list)
    pieces: list[_Piece] = field(default_factory=list)
    linked: int = 0
    links: int = 0
    tagged: bool = False
    told: list[Told] = field(default_factory=list)

    def length(self) -> int:
        """Its characters that are no spaces."""
        return len("".join("".join(self.text).split()))

    def open(self, element: Any) -> None:
        if not self.pieces:
            self.pieces += self.text
        self.pieces.append(element)


def leaves(root: Any) -> list[Leaf]:
    """All leaves below ``root``, an lxml element; table rows are one leaf each."""
    return list(told_leaves(root, _NOTHING))


def told_leaves(root: Any, told: Mapping[Any, tuple[Any, ...]], start: Any = None) -> Iterator[Leaf]:
    """As ``leaves``, one by one; of each what ``told`` says of elements around and in it. What ends before the element ``start`` is passed over."""
    return _rows_joined(_walk(root, told, _before(start)))


def _before(start: Any) -> set[Any]:
    """The elements that stand before ``start`` and its ancestors, each with all in it."""
    passed: set[Any] = set()
    while start is not None:
        passed.update(start.itersiblings(preceding=True))
        start = start.getparent()
    return passed


def is_deeper(root: Any, most: int) -> bool:
    """Whether elements stand more than ``most`` deep in an lxml tree. XPath counts them in C: a page of thousands of elements takes microseconds."""
    return bool(_chain(most)(root))


@cache
def _chain(length: int) -> etree.XPath:
    return etree.XPath("boolean(" + "/*" * (length + 1) + ")")


def _walk(root: Any, told: Mapping[Any, tuple[Any, ...]], passed: set[Any]) -> Iterator[Leaf]:
    path: list[Any] = []  # open block elements
    tags: list[str] = []  # their tags
    spoken: list[
        tuple[Any, int]
    ] = []  # open elements of which something is told, and where their text begins
    inline: list[Any] = []  # open inline elements that markup keeps
    links = 0  # open links
    run = _Run()
    last: Leaf | None = None
    waiting: list[Any] = []  # embeds for the leaf that is being read

    def ended() -> Leaf | None:
        """The run that ends here, if it has text; a new one begins."""
        nonlocal run, last
        text = "".join(run.text).strip()
        leaf = None
        if text and path:
            if spoken:
                end = run.length()
                run.told += [(start, end, said) for one, start in spoken for said in told[one]]
            leaf = last = _leaf(_SPACES.sub(" ", text), path, tags, run, inline)
            if waiting:
                leaf.after = tuple(waiting)
                waiting.clear()
        run = _Run(links=links)
        if spoken:
            spoken[:] = [(one, 0) for one, _ in spoken]
        for element in inline:
            run.open(element)
        return leaf

    def add(text: str) -> None:
        if run.text or run.pieces or not text.isspace():  # nearly every tag has its indentation before it
            run.text.append(text)
            if run.pieces:
                run.pieces.append(text)
            if links:
                run.linked += len(text.strip())

    # iterwalk does not recurse: pages are nested deeper than Python likes to call
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _SKIPPED or (passed and element in passed):
                walk.skip_subtree()
                if tag in EMBEDS and element not in passed:
                    if last is None or run.text:
                        waiting.append(element)
                    else:
                        last.after += (element,)
                continue
            if tag in _BREAKS:
                if (run.text or run.pieces or run.links != links) and (leaf := ended()) is not None:
                    yield leaf
                continue
            if tag in BLOCKS or element is root:
                if (run.text or run.pieces or run.links != links) and (leaf := ended()) is not None:
                    yield leaf
                path.append(element)
                tags.append(tag)
            else:
                if tag in ("a", "ref"):
                    links += 1
                    run.links += 1
                if tag in _INLINE:
                    inline.append(element)
                    run.open(element)
                    run.tagged = True
            if told and element in told:
                spoken.append((element, run.length()))
            if tag == "pre":
                for line in (element.text or "").split("\n"):
                    if line:
                        add(line)
                    if (run.text or run.pieces or run.links != links) and (leaf := ended()) is not None:
                        yield leaf
            elif text := element.text:
                add(text)
            continue
        if event == "end" and not (tag in _SKIPPED or tag in _BREAKS or (passed and element in passed)):
            if tag in BLOCKS or element is root:
                if (run.text or run.pieces or run.links != links) and (leaf := ended()) is not None:
                    yield leaf
                path.pop()
                tags.pop()
                if spoken and spoken[-1][0] is element:
                    spoken.pop()
            else:
                if spoken and spoken[-1][0] is element:
                    start, end = spoken.pop()[1], run.length()
                    run.told += [(start, end, said) for said in told[element] if start < end]
                links -= tag in ("a", "ref")
                if inline and inline[-1] is element:
                    run.pieces.append((tag,))
                    inline.pop()
        if element is not root and (text := element.tail):
            add(text)


def _leaf(text: str, path: list[Any], tags: list[str], run: _Run, inline: list[Any]) -> Leaf:
    owner = path[-1]
    kind: Kind = "paragraph"
    level = 0
    if tags[-1] in _HEADINGS:
        kind, level = "heading", _HEADINGS[tags[-1]]
    elif tags[-1] == "head":
        kind, level = "heading", _HEADINGS.get(owner.get("rend") or "", 2)
    elif not _KIND_TAGS.isdisjoint(tags):
        kind = next(_KINDS[tag] for tag in reversed(tags) if tag in _KINDS)
    pieces = None
    if run.tagged or inline:
        pieces = (*run.pieces, *((element.tag,) for element in reversed(inline)))
    cell = None
    if not _CELLS.isdisjoint(tags):
        cell = next(element for element in reversed(path) if element.tag in _CELLS)
    return Leaf(text, owner, kind, level, tuple(tags), run.linked, run.links, pieces, cell, tuple(run.told))


def _written(piece: _Piece) -> str:
    """A piece as HTML: text, an element that opens, or the tag of one that closes."""
    if isinstance(piece, str):
        return escape(piece, quote=False)
    if isinstance(piece, tuple):
        return f"</{piece[0]}>"
    if piece.tag == "a" and piece.get("href"):
        return f'<a href="{escape(piece.get("href"))}">'
    return f"<{piece.tag}>"


def _rows_joined(found: Iterator[Leaf]) -> Iterator[Leaf]:
    """Cells of one table row become one leaf, joined by bars; a row that holds paragraphs is layout and stays apart."""
    row: Any = None
    cells: list[Leaf] = []
    for leaf in found:
        parent = leaf.cell.getparent() if leaf.cell is not None else None
        if parent is not None and parent is row:
            cells.append(leaf)
            continue
        yield from _row(cells)
        row, cells = parent, [leaf] if parent is not None else []
        if parent is None:
            yield leaf
    yield from _row(cells)


def _row(cells: list[Leaf]) -> Iterator[Leaf]:
    by_cell: dict[int, list[Leaf]] = {}
    for leaf in cells:
        by_cell.setdefault(id(leaf.cell), []).append(leaf)
    if len(by_cell) < 2 or any(len(lines) > 3 for lines in by_cell.values()):
        yield from cells
        return
    first = cells[0]
    text = " | ".join(" ".join(leaf.text for leaf in lines) for lines in by_cell.values())
    yield Leaf(
        text,
        first.cell.getparent(),
        "row",
        int(all(leaf.cell.tag == "th" for leaf in cells)),
        first.tags,
        sum(leaf.linked for leaf in cells),
        sum(leaf.links for leaf in cells),
        None,
        first.cell,
        tuple(_told_of_row(by_cell.values())),
        tuple(element for leaf in cells for element in leaf.after),
    )


def _told_of_row(cells: Iterable[list[Leaf]]) -> Iterator[Told]:
    """What is told of a row's cells, counted in the row's text: a bar stands between two cells."""
    at = 0
    for cell in cells:
        for leaf in cell:
            for start, end, said in leaf.told:
                yield at + start, at + end, said
            at += len("".join(leaf.text.split()))
        at += 1
