"""RSS and Atom: the entries of a feed as stories, from the entry itself or from the page that it links to."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import feedparser

from cleaners.model import Raw
from flows.sources.http import Fetched


class BrokenFeed(ValueError):
    """The bytes are no feed. The message says what came instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``id`` is what the feed calls it, else its link; ``body`` is HTML; ``published`` as the feed writes it."""

    id: str
    link: str | None
    headline: str | None
    published: str | None
    body: str
    language: str | None


def parse_feed(fetched: Fetched) -> list[Entry]:
    """The entries of a feed that was fetched before, in its order. Raises BrokenFeed.

    feedparser is given a stream of bytes and never an address, which it would fetch without bounds.
    """
    parsed = feedparser.parse(
        # A stream: feedparser takes a bare string of bytes for the name of a local file first.
        io.BytesIO(fetched.body),
        response_headers={"content-type": fetched.content_type, "content-location": fetched.url},
        sanitize_html=False,
        resolve_relative_uris=True,
    )
    if not parsed.get("version") and not parsed.entries:
        kind = fetched.content_type.partition(";")[0] or "unknown content"
        raise BrokenFeed(
            f"{fetched.url}: no RSS or Atom feed, but {kind}. Open the address in a browser and look"
        )
    language = parsed.feed.get("language")
    return [_entry(entry, language) for entry in parsed.entries]


def raw_from_entry(entry: Entry, publisher: str | None, language: str | None) -> Raw:
    """The story that stands in the entry itself."""
    return Raw(
        id=entry.id,
        form="body",
        content=entry.body,
        url=entry.link,
        publisher=publisher,
        language=language or entry.language,
        headline=entry.headline,
        published=entry.published,
    )


def raw_from_page(entry: Entry, page: Fetched, publisher: str | None, language: str | None) -> Raw:
    """The story on the page that the entry links to."""
    return Raw(
        id=entry.id,
        form="page",
        content=page.body,
        encoding=page.encoding,
        url=page.url,
        publisher=publisher,
        language=language,
        headline=entry.headline,
        published=entry.published,
    )


def _entry(entry: Any, language: str | None) -> Entry:
    bodies = [part.get("value") or "" for part in entry.get("content", ())] + [entry.get("summary") or ""]
    # Where a feed gives both a summary and the whole story, the story is the longer one.
    body = max(bodies, key=len)
    link = entry.get("link") or None
    headline = entry.get("title") or None
    known = entry.get("id") or link or hashlib.sha256(f"{headline}\n{body}".encode()).hexdigest()[:16]
    return Entry(
        id=known,
        link=link,
        headline=headline,
        published=entry.get("published") or entry.get("updated") or None,
        body=body,
        language=(entry.get("language") or language or None),
    )
