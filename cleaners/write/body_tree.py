"""The copy's body as a tree of XHTML: what ninjs, NewsML-G2 and NITF are made of. Well-formed, and safe: see ``_VOCABULARY``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any
from urllib.parse import quote

from lxml import etree, html

from cleaners.model import Block, Cleaned
from cleaners.read.markup import events
from cleaners.read.shortcodes import is_shortcodes
from cleaners.write.body_media import with_media
from cleaners.write.html import fragments
from cleaners.write.safe_text import safe, web_uri
from cleaners.write.text import has_words

VOID = {"br", "img"}
_VOCABULARY: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("p h2 h3 h4 h5 h6 ul li blockquote table tr th td figure figcaption".split(), ()),
    **dict.fromkeys("b bdi bdo br cite code del em i ins kbd mark q s small strong sub sup u".split(), ()),
    "ol": ("start",),
    "img": ("src", "alt"),
    "a": ("href", "hreflang", "title"),
    "abbr": ("title",),
    "time": ("datetime",),
}
"""Every element that a body may hold, and its attributes beside ``dir`` and ``lang``."""
_DEEPEST = 40
"""Elements inside each other in one block. Readers of XML refuse a document of more than 256; a block of more keeps its words alone."""
_OTHER_SCHEMES = ("mailto:", "tel:")


def body_tree(cleaned: Cleaned) -> Any:
    """A ``<body>`` element without a namespace: the copy's blocks and pictures in reading order, nothing of the fields beside it.

    A shortcode ("[gallery]") is nothing outside its CMS and left out; the words of a post are somebody else's, and quoted. Addresses are whole,
    and URIs by RFC 3986.
    """
    base = cleaned.source.url or cleaned.copy.fields.canonical
    cleaned = _writable(with_media(replace(cleaned, source=replace(cleaned.source, url=base))))
    written = safe("\n".join(fragments(cleaned)))
    parser = html.HTMLParser(huge_tree=True)
    body = html.document_fromstring(f"<html><body>{written}</body></html>", parser=parser).find("body")
    _simplify(body, base)
    _drop_empty(body)
    return body


def safe_html(cleaned: Cleaned) -> str:
    """The copy as a semantic fragment that is safe in any page, a CMS body's, too: what news formats hold.

    ``html`` gives a CMS body back as the customer wrote it, scripts and all; this makes every form anew of its blocks.
    """
    return inner(body_tree(cleaned))


def _writable(cleaned: Cleaned) -> Cleaned:
    """The story with blocks that XML can hold: posts as quotations, no shortcodes, no markup that is nested without end."""
    shown = [one for one in cleaned.copy.blocks if not (one.kind == "embed" and is_shortcodes(one.text))]
    posts = {one.number for one in shown if one.kind == "embed" and one.text and has_words(one)}

    def quoted(blocks: Iterable[Block]) -> Iterator[Block]:
        return (replace(one, kind="quote") if one.number in posts else one for one in blocks)

    blocks = (replace(one, text=safe(one.text), markup=_markup(one)) for one in quoted(shown))
    return replace(
        cleaned,
        source=cleaned.source.with_blocks(tuple(quoted(cleaned.source.blocks))),
        copy=cleaned.copy.with_blocks(tuple(blocks)),
    )


def _markup(block: Block) -> str | None:
    if block.markup is None or (block.markup.count("<") > _DEEPEST and _depth(block.markup) > _DEEPEST):
        return None
    return safe(block.markup)


def _depth(markup: str) -> int:
    steps = {"start": 1, "end": -1}
    kinds = (steps.get(one.kind, 0) for one in events(markup) if one.name not in VOID)
    return max(accumulate(kinds), default=0)


def outer(element: Any) -> str:
    """The element as text that is XML and HTML at once: ``<br/>`` has no end tag, ``<td></td>`` has one."""
    for one in element.iter():
        if one.tag not in VOID and one.text is None and len(one) == 0:
            one.text = ""
    written: str = etree.tostring(element, encoding="unicode", with_tail=False)
    return written


def inner(element: Any) -> str:
    """The element's children, one under the other."""
    return "\n".join(outer(child) for child in element)


def _simplify(body: Any, base: str | None) -> None:
    for element in list(body.iterdescendants()):
        if not isinstance(element.tag, str):
            element.drop_tree()
        elif element.tag not in _VOCABULARY:
            element.drop_tag()
        else:
            _keep_attributes(element, base)
            if element.tag == "a" and not element.get("href"):
                element.drop_tag()


def _keep_attributes(element: Any, base: str | None) -> None:
    kept = {*_VOCABULARY[element.tag], "dir", "lang"}
    for name, value in list(element.attrib.items()):
        if name in ("href", "src"):
            address = _address(value, base)
            if address is not None:
                element.set(name, address)
                continue
        elif name in kept:
            continue
        del element.attrib[name]


def _address(value: str, base: str | None) -> str | None:
    """A link to a place in the page itself ("#sources") is none outside of it."""
    if value.lower().startswith(_OTHER_SCHEMES):
        return quote(value, safe="!$&'()*+,;=:@~%?/")
    return None if value.startswith("#") else web_uri(value, base)


def _drop_empty(body: Any) -> None:
    """What has no words and no picture, from the inside out; cells stay in their rows."""
    for element in reversed(list(body.iterdescendants())):
        if element.tag in ("td", "th", *VOID) or len(element) or (element.text or "").strip():
            if element.tag == "img" and not element.get("src"):
                element.drop_tree()
            continue
        element.drop_tree()
