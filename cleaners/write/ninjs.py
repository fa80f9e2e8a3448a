"""ninjs 3.1: IPTC's news in JSON. https://iptc.org/std/ninjs/userguide/, schema ninjs-schema_3.1.json.

ninjs 3 has no place for a section, a page's address, an alternative text, or a correction: they stand where its
arrays take them by a role (``subjects``, ``renditions``, ``descriptions``), and ``cleaners.read.wire.ninjs`` reads them there.
"""

from __future__ import annotations

import json
from typing import Any

from cleaners.model import Cleaned
from cleaners.write.body_tree import inner
from cleaners.write.edition import Edition
from cleaners.write.item import Item, ItemPicture, item_of
from cleaners.write.moments import moment, rfc3339
from cleaners.write.safe_text import picture_type

_STANDARD = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
}


def ninjs(cleaned: Cleaned | None, edition: Edition) -> str:
    """The edition as one ninjs object; what is not known is left out. A canceled one needs no story."""
    return json.dumps(_item(item_of(cleaned, edition)), ensure_ascii=False, indent=2) + "\n"


def _item(item: Item) -> dict[str, Any]:
    edition = item.edition
    published = moment(item.published)
    canceled = edition.status == "canceled"
    said = {
        "standard": _STANDARD,
        "uri": edition.uri,
        "type": "text",
        "representationType": None if canceled else "full",
        "profile": None if canceled else ("text-photo" if item.pictures else "text-only"),
        "version": str(edition.number),
        "contentCreated": rfc3339(published) if published else None,
        "versionCreated": rfc3339(edition.made) if edition.made else None,
        "embargoedUntil": rfc3339(edition.embargo) if edition.embargo else None,
        "pubStatus": edition.status,
        "copyrightNotice": item.rights,
        "edNote": "\n".join(item.ednotes),
        "language": item.language,
        "headlines": [{"role": "main", "value": item.headline}] if item.headline else [],
        "descriptions": _descriptions(item),
        "by": item.byline or ", ".join(item.authors),
        "people": [{"name": name, "rel": "author"} for name in item.authors],
        "infoSources": _sources(item),
        "subjects": _subjects(item),
        "bodies": [] if canceled else _bodies(item),
        "renditions": [{"name": "web", "href": item.url, "contentType": "text/html"}] if item.url else [],
        "associations": [_picture(one, number) for number, one in enumerate(item.pictures, start=1)],
        "altIds": [{"role": "story", "value": item.key}] if item.key else [],
    }
    return {key: value for key, value in said.items() if value}


def _descriptions(item: Item) -> list[dict[str, str]]:
    standfirst = [{"role": "summary", "value": "\n".join(item.standfirst)}] if item.standfirst else []
    return standfirst + [{"role": "correction", "value": one} for one in item.corrections]


def _sources(item: Item) -> list[dict[str, str]]:
    named = (("agency", item.agency), ("provider", item.provider))
    return [{"name": name, "role": role} for role, name in named if name]


def _subjects(item: Item) -> list[dict[str, str]]:
    section = [{"name": item.section, "rel": "section"}] if item.section else []
    return section + [{"name": tag, "rel": "tag"} for tag in item.tags]


def _bodies(item: Item) -> list[dict[str, Any]]:
    """HTML that is XML, too, and the plain text; counts are of the text, which has no captions."""
    counts = {"charCount": len(item.text), "wordCount": len(item.text.split())}
    return [
        {"role": "html", "contentType": "text/html", **counts, "value": inner(item.body)},
        {"role": "text", "contentType": "text/plain", **counts, "value": item.text},
    ]


def _picture(picture: ItemPicture, number: int) -> dict[str, Any]:
    described = (("caption", picture.caption), ("alt", picture.alt))
    kind = picture_type(picture.url)
    rendition = {"name": "original", "href": picture.url, **({"contentType": kind} if kind else {})}
    said = {
        "name": f"picture-{number}",
        "uri": picture.uri,
        "type": "picture",
        "representationType": "partial",
        "by": picture.credit,
        "descriptions": [{"role": role, "value": value} for role, value in described if value],
        "renditions": [rendition] if picture.url else [],
    }
    return {key: value for key, value in said.items() if value}
