"""XML from outside: no entity is resolved, nothing is fetched, no tree is huge; and what agencies often get wrong is mended first.

Mended before parsing: characters that XML does not allow, entities of HTML ("&eacute;" without a DTD), bare ampersands ("R&D").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from itertools import islice
from typing import Any

from lxml import etree

from cleaners.read.decode import decode, storable
from cleaners.read.wire.item import MESSAGE_BYTES, BrokenWire

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,500}\?>")
_PROLOG = re.compile(
    r"\A\s*(?:<\?[^>]{0,2000}\?>\s*|<!--.{0,20000}?-->\s*|<!DOCTYPE[^\[>]{0,2000}(?:\[[^\]]{0,20000}\]\s*)?>\s*)*",
    re.DOTALL,
)
_ROOT = re.compile(r"<((?:[\w.-]+:)?[A-Za-z][\w.-]*)")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.DOTALL)
_AMPERSAND = re.compile(r"&(?:(#\d{1,7};|#x[0-9A-Fa-f]{1,6};)|([A-Za-z][A-Za-z0-9]{1,31});)?")
MOST_PIECES = 500
"""A broken message of more items is told as a whole."""
_BREAK = "\x1f"
"""Stands for a ``<br>`` while texts are put together; XML has no such character, and ``split()`` takes it for a space."""
_XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}


def document_of(content: bytes | str) -> str:
    """The message as text, without a byte order mark. The encoding is found as for a page; a declared one that is wrong is seen through.

    Raises BrokenWire where it is too large.
    """
    if len(content) > MESSAGE_BYTES:
        raise BrokenWire(
            f"is larger than {MESSAGE_BYTES:,} bytes; split the message, or ask for single items"
        )
    text = decode(content).text if isinstance(content, bytes) else content
    return storable(text)[0].removeprefix("\ufeff")


def root_name(document: str) -> str | None:
    """The local name of the root element, in small letters; None where the document does not begin as XML does.

    >>> root_name('<?xml version="1.0"?><!-- wire --><n:newsItem xmlns:n="x">')
    'newsitem'
    """
    start = _PROLOG.match(document)
    found = _ROOT.match(document, start.end() if start is not None else 0)
    return found[1].rpartition(":")[2].casefold() if found is not None else None


def parse(document: str) -> Any:
    """The root element. Raises BrokenWire with line and column of the first fault."""
    text = mended(document)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise BrokenWire(f"not well-formed XML in line {line}, column {column}: {error.msg}") from None


def mended(document: str) -> str:
    """The document without its declaration, its entities of HTML as characters, its bare ampersands escaped.

    Raises BrokenWire where the document declares entities of its own: nothing of an agency's needs them, and bombs do.
    """
    start = _PROLOG.match(document)
    if "<!ENTITY" in document[: start.end() if start is not None else 0] or "<!ENTITY" in document[:20_000]:
        raise BrokenWire(
            "declares entities of its own, which are not read; ask its sender for a message without <!ENTITY …>"
        )
    # Spaces take the declaration's place, so that lines and columns stay what they are in the file.
    bare = _DECLARATION.sub(lambda found: re.sub(r"\S", " ", found[0]), document, count=1)
    text = _NOT_XML.sub("", bare).rstrip()
    if "&" not in text:
        return text
    parts = _CDATA.split(text)
    return "".join(part if at % 2 else _AMPERSAND.sub(_entity, part) for at, part in enumerate(parts))


def _entity(found: re.Match[str]) -> str:
    if found[1] is not None:
        return found[0]
    if found[2] is None:
        return "&amp;"
    if found[2] in _XML_ENTITIES:
        return found[0]
    character = html5.get(f"{found[2]};")
    if character is None:
        return "&amp;" + found[0][1:]
    return "".join(f"&#{ord(one)};" for one in character)


def pieces(document: str, names: tuple[str, ...]) -> Iterator[str]:
    """The elements called ``names`` as documents of their own, for a message that is broken somewhere: the others are still read.

    Each stands alone in the message's root element, whose namespaces it needs.
    """
    text = mended(document)
    start = _PROLOG.match(text)
    at = start.end() if start is not None else 0
    opening = re.compile(r"<((?:[\w.-]+:)?[A-Za-z][\w.-]*)\b[^<>]*>").match(text, at)
    if opening is None:
        return
    found = re.compile(rf"<((?:[\w.-]+:)?(?:{'|'.join(names)}))(?=[\s>])[^<>]*>", re.IGNORECASE)
    at = opening.start() if opening[1].rpartition(":")[2].casefold() in names else opening.end()
    items = list(islice(found.finditer(text, at), MOST_PIECES + 1))
    if len(items) > MOST_PIECES:
        return
    lines, counted = 0, 0
    for number, item in enumerate(items):
        # An item that never ends is all that stands before the next one.
        limit = items[number + 1].start() if number + 1 < len(items) else len(text)
        close = f"</{item[1]}>"
        end = text.find(close, item.end(), limit)
        end = end + len(close) if end >= 0 else limit
        lines += text.count("\n", counted, item.start())
        counted = item.start()
        above = "\n" * (lines - opening[0].count("\n"))
        yield f"{opening[0]}{above}{text[item.start() : end]}</{opening[1]}>"


def local(element: Any) -> str:
    """An element's name without its namespace, in small letters; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].casefold() if isinstance(tag, str) else ""


def every(element: Any, *names: str) -> Iterator[Any]:
    """The elements called ``names`` (small letters) inside ``element``, itself among them, in document order."""
    return (one for one in element.iter() if local(one) in names)


def first(element: Any, *names: str) -> Any | None:
    return next(every(element, *names), None)


def children(element: Any, *names: str) -> list[Any]:
    return [one for one in element if local(one) in names]


def attribute(element: Any, name: str) -> str | None:
    """An attribute's value, whatever the case and namespace of its name; None where it is not there."""
    if element is None:
        return None
    return next(
        (value for key, value in element.attrib.items() if key.rpartition("}")[2].casefold() == name), None
    )


def text_of(element: Any, without: tuple[str, ...] = ()) -> str | None:
    """All text in an element on one line; None where there is none."""
    if element is None:
        return None
    return " ".join("".join(_texts(element, without)).split()) or None


def lines_of(element: Any) -> tuple[str, ...]:
    """The lines of an element that has paragraphs or line breaks: the standfirst of two decks, a caption of two sentences.

    >>> lines_of(parse("<abstract><p>The quay is ready.</p><p>The ferry<br/>is not.</p></abstract>"))
    ('The quay is ready.', 'The ferry', 'is not.')
    """
    if element is None:
        return ()
    parts = children(element, "p") or [element]
    said = (line for part in parts for line in "".join(_texts(part, ())).split(_BREAK))
    return tuple(line for one in said if (line := " ".join(one.split())))


def _texts(element: Any, without: tuple[str, ...]) -> Iterator[str]:
    if element.text:
        yield element.text
    for child in element:
        if local(child) == "br":
            yield _BREAK
        if local(child) and local(child) not in without:
            yield from _texts(child, without)
        if child.tail:
            yield child.tail
