"""RSS 2.0 (https://www.rssboard.org/rss-specification) and JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

Both hold the same items under the same ids, and are the same bytes for the same items: no clock is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from lxml import etree

from flows.destinations.feed_items import clean
from flows.settings import FeedDestination

RSS, JSON = "rss.xml", "feed.json"
ABOUT = "https://www.jsonfeed.org/version/1.1/#extensions"

_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    # For what RSS and its common modules have no place: our own, which readers pass over.
    "cleancopy": "urn:x-cleancopy:feed",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A story in a feed. ``story`` is its key, by which readers know it again when its address or headline changes."""

    story: str
    published: datetime
    modified: datetime
    said: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its id in the feed: its URI where its key holds what no feed may hold."""
        # Imported here: most destinations want none of the writers.
        from cleaners.write import Edition

        edition = Edition(self.story, ledger=self.said["ledger"])
        return edition.known_as if clean(self.story) == self.story else edition.uri


def rss(feed: FeedDestination, items: Sequence[Item]) -> bytes:
    root = etree.Element("rss", {"version": "2.0"}, nsmap=_NAMESPACES)
    channel = etree.SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.home)
    _add(channel, "description", feed.description or feed.title)
    _add(channel, "language", feed.language)
    etree.SubElement(
        channel,
        _named("atom:link"),
        {"href": _beside(feed.url, RSS), "rel": "self", "type": "application/rss+xml"},
    )
    if items:
        _add(channel, "lastBuildDate", _rfc822(max(item.modified for item in items)))
    _add(channel, "generator", "cleancopy")
    for item in items:
        _rss_item(etree.SubElement(channel, "item"), item)
    etree.indent(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written + b"\n"


def _rss_item(element: etree._Element, item: Item) -> None:
    said = item.said
    _add(element, "title", said["title"])
    _add(element, "link", said["url"])
    _add(element, "description", said["summary"])
    # Never a permalink: an address that changes would make a second item of the story.
    _add(element, "guid", item.name, isPermaLink="false")
    _add(element, "pubDate", _rfc822(item.published))
    for author in said["authors"]:
        # RSS's own <author> is an e-mail address.
        _add(element, "dc:creator", author)
    for tag in said["tags"]:
        _add(element, "category", tag)
    _add(element, "dc:contributor", said.get("agency"))
    _add(element, "dc:language", said["language"])
    _add(element, "dc:rights", said["rights"])
    # As it is printed, which says more than the names: "By Ana Duarte in Halvik".
    _add(element, "cleancopy:byline", said.get("byline"))
    _add(element, "cleancopy:section", said.get("section"))
    for correction in said.get("corrections", ()):
        _add(element, "cleancopy:correction", correction)
    _add(element, "cleancopy:edition", str(said["edition"]))
    # What is withdrawn is in no feed.
    _add(element, "cleancopy:pubstatus", "usable")
    _add(element, "content:encoded", said["html"])
    for picture in said["pictures"]:
        if picture["url"] is None:
            # Example: a caption that stood alone in a CMS's body, and was lifted out of it.
            _add(element, "media:credit", picture["credit"])
            continue
        # Not <enclosure>, which needs the picture's length in bytes, and has no room for a credit.
        media = etree.SubElement(element, _named("media:content"), {"url": picture["url"], "medium": "image"})
        _add(media, "media:credit", picture["credit"])
        _add(media, "media:description", picture["caption"])
        _add(media, "media:title", picture["alt"])


def json_feed(feed: FeedDestination, items: Sequence[Item]) -> bytes:
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": _beside(feed.url, JSON),
        "description": feed.description,
        "language": feed.language,
        "items": [_json_item(item) for item in items],
    }
    return (json.dumps(_known(whole), ensure_ascii=False, indent=1) + "\n").encode()


def _json_item(item: Item) -> dict[str, Any]:
    said = item.said
    pictures = said["pictures"]
    return _known(
        {
            "id": item.name,
            "url": said["url"],
            "title": said["title"],
            "content_html": said["html"],
            "summary": said["summary"],
            "image": next((one["url"] for one in pictures if one["url"]), None),
            "date_published": _rfc3339(item.published),
            "date_modified": _rfc3339(item.modified),
            "authors": [{"name": name} for name in said["authors"]],
            "tags": said["tags"],
            "language": said["language"],
            "_cleancopy": _known(
                {
                    "about": ABOUT,
                    "edition": said["edition"],
                    "revision": said["revision"],
                    "ledger": said["ledger"],
                    "pubstatus": "usable",
                    "byline": said.get("byline"),
                    "agency": said.get("agency"),
                    "section": said.get("section"),
                    "corrections": said.get("corrections"),
                    "rights": said["rights"],
                    "pictures": [_known(one) for one in pictures],
                }
            ),
        }
    )


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known: an empty string for a title is a title. ``items`` and ``content_html`` must be there."""
    return {
        name: value
        for name, value in fields.items()
        if name in ("items", "content_html") or value not in (None, "", [])
    }


def _add(parent: etree._Element, name: str, text: str | None, **attributes: str) -> None:
    if text:
        etree.SubElement(parent, _named(name), attributes).text = text


def _named(name: str) -> str:
    prefix, colon, local = name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}" if colon else name


def _beside(url: str, name: str) -> str:
    return f"{url.rstrip('/')}/{name}"


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
