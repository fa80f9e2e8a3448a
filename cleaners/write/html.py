"""HTML: the CMS body byte for byte outside what was removed, or a plain semantic fragment made of the copy's blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape, unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import nh3

from cleaners.apply import cut_raw
from cleaners.model import Block, Cleaned, Picture
from cleaners.write.order import Run, reading_order

_INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q"),
    *("s", "small", "strong", "sub", "sup", "time", "u"),
}
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "hreflang", "title"},
    "abbr": {"title"},
    "time": {"datetime"},
}
_CELL = re.compile(r"\s*\t\s*|\s+\|\s+")


def html(cleaned: Cleaned) -> str:
    """The clean copy as an HTML fragment, without the headline and the other fields that stand beside it.

    A CMS body comes back with everything that was not removed as it was, character by character, scripts and embeds
    included: it is the customer's own document. Any other form is built anew: every character escaped, inline markup of
    a page reduced to a few safe tags, pictures where they stood in the story.
    """
    if cleaned.source.form == "body":
        return cut_raw(cleaned.source, cleaned.removals)
    return "\n".join(fragments(cleaned))


def cells(row: str) -> list[str]:
    """The cells of a table row's text.

    >>> cells("Berlin | 12 °C")
    ['Berlin', '12 °C']
    """
    return _CELL.split(row)


def web_address(url: str | None, base: str | None) -> str | None:
    """``url`` as a full http address, or None: a ``data:`` or ``javascript:`` address is no picture.

    >>> web_address("/harbour.jpg", "https://example.org/news/1")
    'https://example.org/harbour.jpg'
    >>> web_address("javascript:alert(1)", None) is None
    True
    """
    if not url:
        return None
    try:
        whole = urljoin(base or "", url.strip())
        return whole if urlsplit(whole).scheme in ("http", "https") else None
    except ValueError:  # "http://[" is no address
        return None


def fragments(cleaned: Cleaned) -> Iterator[str]:
    """The copy's pieces of HTML made anew of its blocks: headings, paragraphs, lists, tables, figures."""
    for part in reading_order(cleaned):
        if isinstance(part, Picture):
            yield from _figure(part, cleaned.source.url)
        else:
            yield from _run(part, web_address(cleaned.source.url, None))


def _run(run: Run, base: str | None) -> Iterator[str]:
    """``base`` is the page's address: a link "/ferries" leads there from any other site, too."""
    blocks = run.blocks
    match run.kind:
        case "item":
            tag = "ul" if run.first is None else "ol"
            start = f' start="{run.first}"' if run.first is not None and run.first > 1 else ""
            items = "".join(f"<li>{_inline(block, base)}</li>\n" for block in blocks)
            yield f"<{tag}{start}>\n{items}</{tag}>"
        case "quote":
            yield (
                "<blockquote>\n"
                + "".join(f"<p>{_inline(block, base)}</p>\n" for block in blocks)
                + "</blockquote>"
            )
        case "row":
            yield "<table>\n" + "".join(f"<tr>{_row(block)}</tr>\n" for block in blocks) + "</table>"
        case "heading":
            for block in blocks:
                level = min(max(block.level, 2), 6)  # the headline is the page's only <h1>
                yield f"<h{level}>{_inline(block, base)}</h{level}>"
        case "caption":
            for block in blocks:
                yield f"<figure><figcaption>{_inline(block, base)}</figcaption></figure>"
        case "embed":
            for block in blocks:
                address = web_address(block.text, None)
                words = _inline(block, base)
                yield f'<p><a href="{escape(address)}">{words}</a></p>' if address else f"<p>{words}</p>"
        case "paragraph":
            for block in blocks:
                yield f"<p>{_inline(block, base)}</p>"


def _row(block: Block) -> str:
    tag = "th" if block.level else "td"
    return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells(block.text))


def _figure(picture: Picture, base: str | None) -> Iterator[str]:
    address = web_address(picture.url, base)
    parts = []
    if address:
        parts.append(f'<img src="{escape(address)}" alt="{escape(picture.alt or "")}">')
    words = [escape(picture.caption)] if picture.caption else []
    if picture.credit:
        words.append(f"<cite>{escape(picture.credit)}</cite>")
    if words:
        parts.append("<figcaption>" + " ".join(words) + "</figcaption>")
    if parts:
        yield "<figure>" + "".join(parts) + "</figure>"


def _inline(block: Block, base: str | None) -> str:
    """The block's words, with its markup where that says the same words."""
    if block.markup is not None:
        # Half a character of its markup is none; the sanitiser takes whole ones only.
        safe = _sanitiser(base).clean(block.markup.encode("utf-8", "replace").decode())
        if _squeezed(unescape(nh3.clean(safe, tags=set()))) == _squeezed(block.text):
            return safe.strip()
    return escape(block.text, quote=False).replace("\n", "<br>\n")


def _squeezed(text: str) -> str:
    return "".join(text.split())


@lru_cache(maxsize=16)
def _sanitiser(base: str | None) -> nh3.Cleaner:
    """``base`` may be no address after all ("http://port.example:99999/"): then relative links stay as they are."""
    relative: Any = ("rewrite_with_base", base) if base else None
    try:
        nh3.Cleaner(url_relative=relative)
    except ValueError:
        relative = None
    return nh3.Cleaner(
        tags=_INLINE,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        url_relative=relative,
    )
