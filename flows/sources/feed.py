"""RSS and Atom: the entries of a feed, their versions, and for how long the feed asks to be left alone."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from hashlib import sha256

from cleaners.read.wire import Entry, feed_entries
from flows.sources.http import Fetched

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


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


def rest_seconds(body: bytes) -> float | None:
    """For how long a feed says that it need not be asked again: ``<ttl>`` in minutes, or ``sy:updatePeriod``; None: it does not.

    >>> rest_seconds(b"<rss><channel><ttl>30</ttl>"), rest_seconds(b"<sy:updatePeriod>hourly</sy:updatePeriod>")
    (1800.0, 3600.0)
    """
    head = re.split(rb"<(?:item|entry)[\s>]", body[:20_000], maxsplit=1)[0]
    if found := re.search(rb"<ttl>\s*(\d{1,6})\s*</ttl>", head):
        return float(found[1]) * 60
    period = re.search(rb"updatePeriod>\s*([a-z]{5,7})\s*<", head)
    seconds = _PERIODS.get(period[1].decode()) if period else None
    if seconds is None:
        return None
    times = re.search(rb"updateFrequency>\s*(\d{1,4})\s*<", head)
    return seconds / max(1, int(times[1]) if times else 1)


def entry_version(entry: Entry) -> str | None:
    """When the entry was changed last, as the feed writes it; None: it does not say."""
    return (entry.given.updated if entry.given else None) or entry.published


def entry_hash(entry: Entry) -> str:
    """A hash of all that the feed says of the story: another one is another version."""
    return sha256(json.dumps(asdict(entry), sort_keys=True).encode("utf-8", "replace")).hexdigest()
