"""Wire items: ninjs, NITF, NewsML-G2 and feeds. From bytes to raw stories, whose notes to editors say what stops them.

    for item in read_wire(content):
        item.raw or item.problem

One file a format. An item that is broken is told in its place, and never takes the others along.
"""

from __future__ import annotations

from typing import Literal

from cleaners.read.wire.entries import Entry, entry_story, feed_entries, read_feed
from cleaners.read.wire.item import MESSAGE_BYTES, BrokenWire, Item, in_order
from cleaners.read.wire.newsml_g2 import ITEMS, read_newsml_g2
from cleaners.read.wire.ninjs import is_ninjs, parse_json, read_ninjs
from cleaners.read.wire.nitf import read_nitf
from cleaners.read.wire.safe_xml import document_of, every, parse, pieces, root_name
from cleaners.read.wire.status import embargo_line, instructions, status_line

Format = Literal["ninjs", "nitf", "newsml-g2", "feed"]

_ROOTS: dict[str, Format] = {
    "nitf": "nitf",
    "newsmessage": "newsml-g2",
    "newsitem": "newsml-g2",
    "packageitem": "newsml-g2",
    "rss": "feed",
    "feed": "feed",
    "rdf": "feed",
}
_BEGINNING = 30_000


def guess_wire(content: bytes | str) -> Format | None:
    """Which wire format ``content`` is in; None: none of them. A page and a text are none.

    >>> guess_wire('<nitf><body/></nitf>'), guess_wire('{"uri": "urn:x:1", "pubstatus": "usable"}'), guess_wire("<p>Ferry")
    ('nitf', 'ninjs', None)
    """
    try:
        document = document_of(content if len(content) < _BEGINNING else content[:_BEGINNING])
    except ValueError:  # no text at all, or a file of another kind
        return None
    start = document.lstrip()[:1]
    if start == "<":
        name = root_name(document)
        if name in _ROOTS:
            return _ROOTS[name]
        # Some agencies put their items into envelopes of their own.
        beginning = document.casefold()
        if name in ("html", "head", "body", None) or not document.lstrip().startswith("<?xml"):
            return None
        return next(
            (found for key, found in _ROOTS.items() if f"<{key} " in beginning or f"<{key}>" in beginning),
            None,
        )
    if start in ("{", "["):
        try:
            return "ninjs" if is_ninjs(parse_json(document_of(content))) else None
        except ValueError:
            return None
    return None


def read_wire(content: bytes | str, place: str = "the message") -> tuple[Item, ...]:
    """The items of a message, in its order, those of one id by version. ``place`` names it in problems.

    Raises BrokenWire where nothing can be read of it.
    """
    document = document_of(content)
    if document.lstrip()[:1] in ("{", "["):
        return read_ninjs(parse_json(document), place)
    form = guess_wire(document)
    if form is None:
        name = root_name(document)
        said = f"its root element is <{name}>" if name else "it is neither XML nor JSON"
        raise BrokenWire(
            f"no ninjs, NITF, NewsML-G2, RSS or Atom: {said}. For a page or a text, say so: --from page, --from text"
        )
    if form == "feed":
        return read_feed(content, place)
    try:
        root = parse(document)
    except BrokenWire as error:
        return _pieces(document, place, error)
    found = _read(root, place)
    if not found:
        raise BrokenWire(
            "holds no text item: only pictures, packages or an empty envelope; nothing is to be cleaned"
        )
    return in_order(found)


def _read(root: object, place: str) -> tuple[Item, ...]:
    items = read_newsml_g2(root, place) if next(every(root, *ITEMS), None) is not None else ()
    if items:
        return items
    stories = list(every(root, "nitf"))
    return tuple(
        read_nitf(story, f"{place}, item {number}" if len(stories) > 1 else place)
        for number, story in enumerate(stories, start=1)
    )


def _pieces(document: str, place: str, error: BrokenWire) -> tuple[Item, ...]:
    """The items that can be read of a message that is broken somewhere. Which of them is told, and why."""
    names = ITEMS if any(f"{name}" in document.casefold() for name in ITEMS) else ("nitf",)
    found: list[Item] = []
    for number, piece in enumerate(pieces(document, names), start=1):
        where = f"{place}, item {number}"
        try:
            found += [
                item._replace(place=item.place.replace(place, where, 1))
                for item in _read(parse(piece), place)
            ]
        except BrokenWire as broken:
            found.append(Item(where, None, f"{broken}. {_ask(piece)}"))
    if not any(item.raw for item in found):
        raise BrokenWire(f"{error}. {_ask(document)}")
    return in_order(found)


def _ask(broken: str) -> str:
    """What to do about an item that cannot be read; if it seems to stop a story, above all that."""
    said = broken.casefold()
    word = next((word for word in ("canceled", "withheld", "embargoed", "kill") if word in said), None)
    first = f"It says “{word}”: look whether a story must be taken back or held. " if word else ""
    return f"{first}Ask its sender for it again"


__all__ = [
    "MESSAGE_BYTES",
    "BrokenWire",
    "Entry",
    "Format",
    "Item",
    "embargo_line",
    "entry_story",
    "feed_entries",
    "guess_wire",
    "instructions",
    "is_ninjs",
    "parse_json",
    "read_ninjs",
    "read_wire",
    "status_line",
]
