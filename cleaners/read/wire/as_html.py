"""NITF and XHTML as the HTML fragment that the body reader takes: every word of the text, and the markup that HTML knows."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from cleaners.model import Form, Picture
from cleaners.read.reader import guess_form
from cleaners.read.wire.safe_xml import attribute, children, every, first, local, text_of

_AS = {
    "hl1": "h2",
    "hl2": "h2",
    "block": "div",
    "bq": "blockquote",
    "fn": "aside",
    "lang": "span",
    "datasource": "p",
    "tagline": "p",
    "credit": "cite",
}
"""Names of NITF and what HTML calls them."""
_KEPT = {
    *(
        "a",
        "abbr",
        "acronym",
        "article",
        "aside",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
    ),
    *(
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
    ),
    *(
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "iframe",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "ol",
        "p",
        "picture",
        "pre",
        "q",
        "s",
    ),
    *(
        "samp",
        "section",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
    ),
    *("th", "thead", "time", "tr", "tt", "u", "ul", "var", "video", "audio", "script"),
}
_VOID = {"br", "hr", "img", "col", "source"}
_LEFT_OUT = {
    "head",
    "title",
    "style",
    "nitf-table-metadata",
    "custom-table",
    "media-metadata",
    "media-object",
}
_UNKNOWN_BLOCKS = {
    "body",
    "body.content",
    "html",
    "nitf-table",
    "note",
    "dateline",
    "byline",
    "abstract",
    "para",
    "paragraph",
}
"""Their text is the story's, their tags are nothing to HTML; text around them stays apart."""


def body_of(element: Any) -> tuple[str, Form]:
    """The story in ``element`` (``<body.content>``, ``<html>``, ``<inlineXML>``), and its form.

    Agencies also put it in as escaped HTML or as bare text: then it is what it says, character by character.
    """
    own = "".join(element.itertext()) if not any(True for child in element if local(child)) else None
    if own is not None:
        return own.strip("\r\n"), "text" if guess_form(own) == "text" else "body"
    start = first(element, "body") if first(element, "html") is not None else None
    return "".join(_inner(element if start is None else start)).strip(), "body"


def pictures_of(element: Any) -> tuple[Picture, ...]:
    """The pictures of NITF ``<media>`` elements, with what only they say: caption and credit."""
    return tuple(_picture(media) for media in every(element, "media") if _shows_picture(media))


def _inner(element: Any) -> Iterator[str]:
    if element.text:
        yield _text(element, element.text)
    for child in element:
        yield from _outer(child)
        if child.tail:
            yield escape(child.tail, quote=False)


def _text(element: Any, text: str) -> str:
    """Escaped, unless it is HTML that was escaped once too often: "&lt;p&gt;The ferry …&lt;/p&gt;" in a ``<p>``."""
    return (
        text
        if len(element) == 0 and "<" in text and guess_form(text) == "body"
        else escape(text, quote=False)
    )


def _outer(element: Any) -> Iterator[str]:
    name = local(element)
    if not name:
        # An entity that nobody knows: shown as it was written, and a person sees it.
        yield escape(str(element.text or ""), quote=False)
        return
    if name in _LEFT_OUT:
        return
    if name == "media":
        yield from _figure(element)
        return
    tag = _AS.get(name, name if name in _KEPT else None)
    if tag is None:
        apart = name in _UNKNOWN_BLOCKS
        yield "\n<div>" if apart else ""
        yield from _inner(element)
        yield "</div>\n" if apart else ""
        return
    if tag == "cite" and local(element.getparent()) in ("bq", "blockquote"):
        yield f"<p><cite>{escape(text_of(element) or '', quote=False)}</cite></p>"
        return
    yield f"<{tag}{_attributes(element)}>"
    if tag not in _VOID:
        yield from [element.text or ""] if tag == "script" else _inner(element)
        yield f"</{tag}>"


def _attributes(element: Any) -> str:
    """Those of HTML: what is in a namespace, or NITF's own, is left out."""
    kept = ""
    for key, value in element.attrib.items():
        if "}" in key or key.startswith(("nitf", "xml")):
            continue
        kept += f' {key}="{escape(value)}"'
    return kept


def _figure(media: Any) -> Iterator[str]:
    picture = _picture(media)
    yield "\n<figure>"
    if picture.url:
        alt = f' alt="{escape(picture.alt)}"' if picture.alt else ""
        yield f'<img src="{escape(picture.url)}"{alt}>'
    if picture.caption:
        yield f"<figcaption>{escape(picture.caption, quote=False)}</figcaption>"
    yield "</figure>\n"


def _shows_picture(media: Any) -> bool:
    kind = (attribute(media, "media-type") or "image").casefold()
    return kind.startswith(("image", "photo", "picture", "graphic"))


def _picture(media: Any) -> Picture:
    """Of several sizes the largest; a producer or a byline is the credit."""
    references = children(media, "media-reference")
    largest = max(references, key=lambda one: _number(attribute(one, "width")), default=None)
    captions = [said for one in children(media, "media-caption") if (said := text_of(one, ("byline",)))]
    credit = (
        text_of(first(media, "media-producer"))
        or text_of(first(media, "byline"))
        or attribute(largest, "source-credit")
    )
    return Picture(
        url=attribute(largest, "source"),
        caption=" ".join(captions) or None,
        credit=credit,
        alt=attribute(largest, "alternate-text"),
    )


def _number(value: str | None) -> int:
    return int(value) if value is not None and value.isdecimal() and len(value) < 9 else 0
