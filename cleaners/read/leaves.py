"""The leaves of a parsed page in document order: every run of text, with what stands around it.

The same walk reads the page's own tree and the tree that trafilatura gives back (whose ``head``, ``item``, ``quote``,
``row``, ``cell``, ``lb`` are HTML's ``h1``, ``li``, ``blockquote``, ``tr``, ``td``, ``br``). It does not recurse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from lxml.etree import iterwalk

from cleaners.model import Kind

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {
    *(
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
    ),
    *(
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "head",
        "header",
        "hgroup",
        "hr",
        "html",
        "item",
        "li",
    ),
    *(
        "legend",
        "list",
        "main",
        "menu",
        "nav",
        "noscript",
        "ol",
        "p",
        "pre",
        "quote",
        "section",
        "summary",
        "table",
    ),
    *("tbody", "td", "tfoot", "th", "thead", "tr", "row", "cell", "ul", "caption", "doc", *_HEADINGS),
}
_SKIPPED = {
    *(
        "script",
        "style",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "select",
        "textarea",
        "canvas",
        "video",
    ),
    *("audio", "button", "input", "option", "noscript", "title", "meta", "link", "datalist"),
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
_ROWS = {"tr", "row"}
_CELLS = {"td", "th", "cell"}
_LINKS = {"a", "ref"}
_INLINE = {
    *(
        "a",
        "abbr",
        "b",
        "cite",
        "code",
        "del",
        "em",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "strong",
        "sub",
    ),
    *("sup", "time", "u"),
}
_SPACES = re.compile(r"[ \t\n\r\f]+")
FURNITURE = {"nav", "aside", "footer", "form", "menu", "dialog", "noscript"}


@dataclass(eq=False, slots=True)
class Leaf:
    """A run of text of a page.

    ``owner`` is the innermost block element around it, ``regions`` the tags of all elements above, ``linked`` how many of
    its characters are links, ``links`` how many links it has, ``markup`` its inline HTML.
    """

    text: str
    owner: Any
    kind: Kind
    level: int
    tags: tuple[str, ...]
    linked: int
    links: int
    markup: str | None
    cell: Any = None

    @property
    def furniture(self) -> bool:
        return not FURNITURE.isdisjoint(self.tags)


@dataclass(slots=True)
class _Run:
    """The text since the last block began; ``parts`` are its texts (escaped only for a run with markup) and tags."""

    text: list[str] = field(default_factory=list)
    parts: list[tuple[bool, str]] = field(default_factory=list)
    linked: int = 0
    links: int = 0
    tagged: bool = False

    @property
    def html(self) -> str:
        return "".join(escape(part, quote=False) if is_text else part for is_text, part in self.parts)


def leaves(root: Any) -> list[Leaf]:
    """All leaves below ``root``, an lxml element; table rows are one leaf each."""
    return list(_rows_joined(_walk(root)))


def depth_and_size(root: Any, most: int) -> tuple[int, int]:
    """How deep and how large a tree is; counting stops beyond ``most`` elements."""
    deepest = size = 0
    level = [root]
    while level and size <= most:
        size += len(level)
        deepest += 1
        level = [child for element in level for child in element]
    return deepest, size


def _walk(root: Any) -> Iterator[Leaf]:
    path: list[Any] = []  # open block elements
    tags: list[str] = []  # and their names
    inline: list[Any] = []  # open inline elements that markup keeps
    links = 0  # open links
    run = _Run()

    def flush() -> Leaf | None:
        """The run's leaf, if it has text; a new run begins."""
        nonlocal run
        leaf = None
        if run.text:
            text = _SPACES.sub(" ", "".join(run.text)).strip()
            if text and path:
                leaf = _leaf(text, path, tuple(tags), run, inline)
        if run.parts or run.links or inline or links:
            run = _Run(parts=[(False, _opening(element)) for element in inline], links=links)
        return leaf

    def add(text: str | None) -> None:
        if text:
            run.text.append(text)
            run.parts.append((True, text))
            if links:
                run.linked += len(text.strip())

    # lxml walks without recursion, and for an element that is left out it skips all below.
    walk = iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            tag = element.tag
            if tag in _SKIPPED:
                walk.skip_subtree()
                continue
            if tag in _BREAKS:
                if (leaf := flush()) is not None:
                    yield leaf
                walk.skip_subtree()
                continue
            if tag in _BLOCKS or element is root:
                if (leaf := flush()) is not None:
                    yield leaf
                path.append(element)
                tags.append(tag)
            else:
                if tag in _LINKS:
                    links += 1
                    run.links += 1
                if tag in _INLINE:
                    inline.append(element)
                    run.parts.append((False, _opening(element)))
                    run.tagged = True
            if tag == "pre":
                for line in (element.text or "").split("\n"):
                    add(line)
                    if (leaf := flush()) is not None:
                        yield leaf
            else:
                add(element.text)
            continue
        if event == "end":
            tag = element.tag
            if tag in _SKIPPED or tag in _BREAKS:
                pass
            elif tag in _BLOCKS:
                if (leaf := flush()) is not None:
                    yield leaf
                path.pop()
                tags.pop()
            else:
                links -= tag in _LINKS
                if inline and inline[-1] is element:
                    run.parts.append((False, f"</{tag}>"))
                    inline.pop()
        if element is not root:
            add(element.tail)
    if (leaf := flush()) is not None:
        yield leaf


def _leaf(text: str, path: list[Any], tags: tuple[str, ...], run: _Run, inline: list[Any]) -> Leaf:
    owner = path[-1]
    kind: Kind = "paragraph"
    level = 0
    if tags[-1] in _HEADINGS:
        kind, level = "heading", _HEADINGS[tags[-1]]
    elif tags[-1] == "head":
        kind, level = "heading", _HEADINGS.get(owner.get("rend") or "", 2)
    else:
        kind = next((_KINDS[tag] for tag in reversed(tags) if tag in _KINDS), "paragraph")
    markup = None
    if run.tagged or inline:
        closed = run.html + "".join(f"</{element.tag}>" for element in reversed(inline))
        markup = _SPACES.sub(" ", closed).strip()
    cell = None
    if not _CELLS.isdisjoint(tags):
        cell = next(
            element for element, tag in zip(reversed(path), reversed(tags), strict=True) if tag in _CELLS
        )
    return Leaf(text, owner, kind, level, tags, run.linked, run.links, markup, cell)


def _opening(element: Any) -> str:
    if element.tag == "a" and element.get("href"):
        return f'<a href="{escape(element.get("href"))}">'
    return f"<{element.tag}>"


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
        0,
        first.tags,
        sum(leaf.linked for leaf in cells),
        sum(leaf.links for leaf in cells),
        None,
        first.cell,
    )
