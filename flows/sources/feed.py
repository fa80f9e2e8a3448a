"""RSS and Atom: the entries of a feed as stories, from the entry itself or from the page that it links to."""

from __future__ import annotations

from cleaners.model import Raw
from cleaners.read.wire import Entry, feed_entries
from flows.sources.http import Fetched


class BrokenFeed(ValueError):
    """The bytes are no feed. The message says what came instead."""


def parse_feed(fetched: Fetched) -> list[Entry]:
    """The entries of a feed that was fetched before, in its order. Raises BrokenFeed."""
    entries = feed_entries(fetched.body, fetched.content_type, fetched.url)
    if entries is None:
        kind = fetched.content_type.partition(";")[0] or "unknown content"
        raise BrokenFeed(
            f"{fetched.url}: no RSS or Atom feed, but {kind}. Open the address in a browser and look"
        )
    return entries


def raw_from_page(entry: Entry, page: Fetched, publisher: str | None, language: str | None) -> Raw:
    """The story on the page that the entry links to; what the feed says about publishing it counts there, too."""
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
        ednote=entry.ednote,
    )
