"""The record of a cleaned story as JSON: the contract that files, tables, webhooks and benchmarks read."""

from __future__ import annotations

from typing import Any

from cleaners.model import Cleaned, Picture, Removal
from cleaners.write.html import html
from cleaners.write.text import text


def record(cleaned: Cleaned) -> dict[str, Any]:
    """The story as JSON-ready values, its keys always there and always in this order; what is not known is None.

    A held or killed story's record still shows the copy that is proposed. ``removed`` has offsets into the source
    block's text.
    """
    story, fields = cleaned.source, cleaned.copy.fields
    return {
        "id": story.id,
        "url": story.url,
        "publisher": story.publisher,
        "verdict": cleaned.verdict,
        "reasons": list(cleaned.reasons),
        "headline": fields.headline,
        "standfirst": fields.standfirst,
        "section": fields.section,
        "byline": fields.byline,
        "published": fields.published,
        "language": story.language,
        "pictures": [_picture(picture) for picture in fields.pictures],
        "text": text(cleaned),
        "html": html(cleaned),
        "removed": [_removed(removal) for removal in cleaned.removals],
        "ruleset": cleaned.ruleset,
    }


def _picture(picture: Picture) -> dict[str, str | None]:
    return {"url": picture.url, "caption": picture.caption, "credit": picture.credit}


def _removed(removal: Removal) -> dict[str, Any]:
    return {
        "block": removal.block,
        "start": removal.start,
        "end": removal.end,
        "text": removal.text,
        "action": removal.action,
        "field": removal.field,
        "rules": list(removal.rules),
        "why": removal.why,
    }
