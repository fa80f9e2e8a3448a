"""schema.org's NewsArticle as JSON-LD: what a web page says of its story to search engines and archives.

With what Google recommends for articles and pictures (headline, image, dates, author with name, creditText), and a CorrectionComment for each correction.
It is for readers: notes for editors are left out.
"""

from __future__ import annotations

import json
from typing import Any

from cleaners.model import Cleaned
from cleaners.write.edition import Edition
from cleaners.write.item import Item, ItemPicture, item_of
from cleaners.write.moments import rfc3339, truncated
from cleaners.write.safe_text import picture_type


def json_ld(cleaned: Cleaned | None, edition: Edition) -> str:
    """The edition as one JSON-LD object; what is not known is left out. It may stand in a ``<script>`` as it is.

    A canceled one needs no story.
    """
    written = json.dumps(_article(item_of(cleaned, edition)), ensure_ascii=False, indent=2)
    # "</script>" in a headline would end the element that the object stands in.
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written + "\n"


def _article(item: Item) -> dict[str, Any]:
    edition = item.edition
    said = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": edition.uri,
        "identifier": [one for one in (edition.uri, item.key) if one],
        "version": str(edition.number),
        "creativeWorkStatus": edition.status,
        "conditionsOfAccess": _conditions(edition),
        "url": item.url,
        "mainEntityOfPage": {"@type": "WebPage", "@id": item.url} if item.url else None,
        "headline": item.headline,
        "description": "\n".join(item.standfirst),
        "articleSection": item.section,
        "author": [{"@type": "Person", "name": name} for name in item.authors],
        "creditText": item.byline,
        "sourceOrganization": _organization(item.agency),
        "publisher": _organization(item.site),
        "sdPublisher": _organization(item.provider),
        "datePublished": truncated(item.published),
        "dateModified": truncated(item.updated),
        "sdDatePublished": rfc3339(edition.made) if edition.made else None,
        "inLanguage": item.language,
        "keywords": list(item.tags),
        "isAccessibleForFree": item.free,
        "copyrightNotice": item.rights,
        "image": [_image(one) for one in item.pictures],
        "correction": [{"@type": "CorrectionComment", "text": one} for one in item.corrections],
        "articleBody": item.text,
        "wordCount": len(item.text.split()),
    }
    return {key: value for key, value in said.items() if value or value is False}


def _conditions(edition: Edition) -> str | None:
    """schema.org knows no embargo: it is said in words."""
    if edition.status != "withheld":
        return None
    return f"Embargoed until {rfc3339(edition.embargo)}" if edition.embargo else "Withheld from publication"


def _organization(name: str | None) -> dict[str, str] | None:
    return {"@type": "Organization", "name": name} if name else None


def _image(picture: ItemPicture) -> dict[str, str]:
    said = {
        "@type": "ImageObject",
        "@id": picture.uri,
        "url": picture.url,
        "contentUrl": picture.url,
        "encodingFormat": picture_type(picture.url),
        "caption": picture.caption,
        "description": picture.alt,
        "creditText": picture.credit,
    }
    return {key: value for key, value in said.items() if value}
