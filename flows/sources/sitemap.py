"""Sitemaps: addresses of pages with the day of their last change; news sitemaps; an index of other sitemaps; packed ones.

https://www.sitemaps.org/protocol.html, https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from flows.sources.http import Fetched, FetchError, unpacked

MOST_BYTES = 52_428_800
"""What the protocol allows one sitemap, unpacked."""
MOST_ADDRESSES = 50_000
"""What the protocol allows one sitemap; what stands behind is not read."""


class BrokenSitemap(ValueError):
    """The bytes are no sitemap. The message says what came instead."""


@dataclass(frozen=True, slots=True)
class Page:
    """One ``<url>``: ``changed`` is its lastmod as it is written; the others are a news sitemap's."""

    url: str
    changed: str | None = None
    headline: str | None = None
    published: str | None = None
    language: str | None = None

    @property
    def moment(self) -> datetime | None:
        """When it was changed, else published; None: it does not say so that it can be read."""
        return moment(self.changed) or moment(self.published)


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one sitemap holds: pages, or (an index) other sitemaps with the day of their last change."""

    pages: tuple[Page, ...] = ()
    sitemaps: tuple[Page, ...] = ()


def parse_sitemap(fetched: Fetched) -> Sitemap:
    """The sitemap that was fetched before. Raises BrokenSitemap."""
    content = fetched.body
    if content.startswith(b"\x1f\x8b"):
        content = _unpacked(content, fetched.url)
    pages: list[Page] = []
    sitemaps: list[Page] = []
    for element in _elements(content, fetched.url, fetched.content_type):
        found = _page(element, fetched.url)
        if found is not None:
            (pages if _name(element) == "url" else sitemaps).append(found)
        if len(pages) + len(sitemaps) >= MOST_ADDRESSES:
            break
    return Sitemap(tuple(pages), tuple(sitemaps))


def moment(text: str | None) -> datetime | None:
    """A W3C date or time as a moment; a day is its beginning in UTC.

    >>> moment("2026-03-03").isoformat(), moment("2026-03-03T07:00:00+02:00").isoformat(), moment("yesterday")
    ('2026-03-03T00:00:00+00:00', '2026-03-03T07:00:00+02:00', None)
    """
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unpacked(content: bytes, url: str) -> bytes:
    body = bytearray()
    try:
        for piece in unpacked([content], url, MOST_BYTES):
            body += piece
            if len(body) > MOST_BYTES:
                raise BrokenSitemap(f"{url}: unpacked larger than {MOST_BYTES:,} bytes, and is not read")
    except FetchError as error:
        raise BrokenSitemap(str(error)) from None
    return bytes(body)


def _elements(content: bytes, url: str, content_type: str) -> Iterator[Any]:
    """The ``<url>`` and ``<sitemap>`` elements, one after the other; the tree never holds more than one."""
    # No entity is expanded (billion laughs), nothing is fetched, no tree is huge.
    events = etree.iterparse(
        io.BytesIO(content),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    if re.match(rb"\s*<!DOCTYPE html", content, re.IGNORECASE):
        raise _no_sitemap(url, content_type)  # a page in its place: maintenance, a log-in
    if b"<!DOCTYPE" in content[:100_000]:
        raise BrokenSitemap(f"{url}: declares a document type, which no sitemap needs, and is not read")
    root: Any = None
    try:
        for event, element in events:
            if root is None:
                root = element
                if _name(root) not in ("urlset", "sitemapindex"):
                    raise _no_sitemap(url, content_type)
            if event == "end" and element.getparent() is root and _name(element) in ("url", "sitemap"):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del root[0]
    except etree.XMLSyntaxError as error:
        if root is None:
            raise _no_sitemap(url, content_type) from None
        line, column = error.position
        raise BrokenSitemap(
            f"{url}: not well-formed XML in line {line}, column {column}: {error.msg}"
        ) from None


def _no_sitemap(url: str, content_type: str) -> BrokenSitemap:
    kind = content_type.partition(";")[0] or "unknown content"
    return BrokenSitemap(f"{url}: no sitemap, but {kind}. Open the address in a browser and look")


def _page(element: Any, base: str) -> Page | None:
    said: dict[str, str] = {}
    # <image:loc> is another address than <loc>, and a video has a title, too.
    for part in (*element, *(inner for child in element if _name(child) == "news" for inner in child.iter())):
        text = (part.text or "").strip() if isinstance(part.tag, str) else ""
        if text:
            said.setdefault(_name(part), text)
    if "loc" not in said:
        return None
    try:
        url = urljoin(base, said["loc"])
    except ValueError:
        return None
    return Page(
        url, said.get("lastmod"), said.get("title"), said.get("publication_date"), said.get("language")
    )


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].casefold() if isinstance(tag, str) else ""
