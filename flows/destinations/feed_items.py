"""What a feed says of a story, kept as JSON values from which RSS and JSON Feed are both written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flows.destinations.publication import Publication

LONGEST_SUMMARY = 400
"""Characters of a summary that is made of a story's beginning."""

_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What no XML document may hold: control characters, and halves of characters."""


def item_of(publication: Publication) -> dict[str, Any]:
    """Without its dates, which the feed's own table keeps. HTML is sanitised: readers show it as their own."""
    # Imported here: most destinations want none of the writers.
    from cleaners.write.item import corrections_in
    from cleaners.write.safe_body import safe_body

    record = publication.record
    text = clean(record.get("text"))
    return {
        "url": web_address(record.get("canonical")) or web_address(record.get("url")),
        "title": line(record.get("headline")),
        "summary": line(record.get("standfirst")) or _beginning(text),
        "html": safe_body(publication.rendered["html"]),
        "authors": _authors(record),
        "byline": line(record.get("byline")),
        "agency": line(record.get("agency")),
        "section": line(record.get("section")),
        "corrections": list(corrections_in({"protected": record.get("protected")})),
        "tags": _tags(record),
        "language": line(record.get("language")),
        "rights": line(record.get("rights")),
        "pictures": [
            {"url": web_address(one.get("url"))}
            | {name: line(one.get(name)) for name in ("caption", "credit", "alt")}
            for one in record.get("pictures") or ()
            if web_address(one.get("url")) or line(one.get("caption")) or line(one.get("credit"))
        ],
        "edition": publication.edition,
        "revision": publication.revision,
        "ledger": publication.ledger,
    }


def readable(said: Mapping[str, Any]) -> dict[str, Any]:
    """An item as it was kept, without what no feed may hold: older versions let pass what stood in HTML as an entity."""
    from cleaners.write.safe_body import safe_body

    html = said["html"]
    return {**_cleaned(said), "html": html if clean(html) == html else safe_body(html)}


def _cleaned(said: Any) -> Any:
    if isinstance(said, str):
        return clean(said)
    if isinstance(said, Mapping):
        return {name: _cleaned(value) for name, value in said.items()}
    return [_cleaned(one) for one in said] if isinstance(said, list) else said


def stated_moment(record: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the story says that it was published. A day counts from its beginning, a time without a zone as UTC.

    None where it says nothing that is a date, or one to come: a story "of 2099" would stand first for ever.
    """
    found = _moment(record.get("published"))
    return found if found is not None and found <= now + timedelta(days=1) else None


def freed_moment(record: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the last embargo of the story ended, if it had one that is over: before that it was not published, whatever it says.

    A story that came three days before its embargo's end would else stand among those of three days ago, or not at all.
    """
    ends = (_moment(one.get("until")) for one in record.get("signals") or () if one.get("kind") == "embargo")
    return max((end for end in ends if end is not None and end <= now), default=None)


def _moment(said: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(said.strip()) if isinstance(said, str) else None
        if found is None:
            return None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def clean(text: str | None) -> str:
    return _NEVER.sub("", text or "")


def line(text: str | None) -> str | None:
    """A field on one line; None where nothing is left.

    >>> line(" The \\n ferry\\x00 "), line(" ")
    ('The ferry', None)
    """
    return " ".join(clean(text).split()) or None


def web_address(url: str | None) -> str | None:
    """The address, if it is one of the web and has no signs that an address cannot have.

    >>> web_address("https://example.org/ferry"), web_address("javascript:alert(1)"), web_address("/ferry")
    ('https://example.org/ferry', None, None)
    """
    url = line(url)
    if url is None or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _authors(record: Mapping[str, Any]) -> list[str]:
    names = [line(one) for one in record.get("authors") or ()] or [line(record.get("byline"))]
    return list(dict.fromkeys(name for name in names if name))


def _tags(record: Mapping[str, Any]) -> list[str]:
    names = [line(record.get("section")), *(line(one) for one in record.get("tags") or ())]
    return list(dict.fromkeys(name for name in names if name))


def _beginning(text: str) -> str | None:
    """The first words of the copy, ended between two of them."""
    first = line(text)
    if first is None or len(first) <= LONGEST_SUMMARY:
        return first
    return first[:LONGEST_SUMMARY].rpartition(" ")[0].rstrip(" ,;:–-") + " …"
