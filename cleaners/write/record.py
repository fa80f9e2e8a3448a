"""The record of a cleaned story as JSON: the contract that files, tables, webhooks and benchmarks read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cleaners.model import Cleaned, Mark, Picture, Removal
from cleaners.write.html import html
from cleaners.write.recorded import source_of
from cleaners.write.text import text


def record(cleaned: Cleaned) -> dict[str, Any]:
    """The story as JSON-ready values, its keys always there and always in this order; what is not known is None. Each is described in
    ``record.schema.json``.

    ``sources`` tells of each field where its value came from (see ``Fields``). A held or killed story's record still shows the copy that is proposed. ``removed`` and what was ``protected``,
    ``overruled`` and left ``suspect`` have offsets into the source block's text; ``number`` names a removal for undo. ``source`` is
    all that undo needs: ``cleaners.write.cleaned_from`` makes the whole story of it again.
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
        "authors": list(fields.authors),
        "agency": fields.agency,
        "published": fields.published,
        "updated": fields.updated,
        "language": story.language,
        "tags": list(fields.tags),
        "canonical": fields.canonical,
        "site": fields.site,
        "rights": fields.rights,
        "paywalled": fields.paywalled,
        "sources": dict(fields.sources),
        "pictures": [_picture(picture) for picture in fields.pictures],
        "text": text(cleaned),
        "html": html(cleaned),
        "ednote": fields.ednote,
        "signals": [
            {"kind": signal.kind, "text": signal.text, "until": signal.until} for signal in story.signals
        ],
        "removed": [_removed(removal) for removal in cleaned.removals],
        "suspects": _noted(cleaned, cleaned.suspects),
        "protected": _noted(cleaned, cleaned.protected),
        "overruled": _noted(cleaned, cleaned.overruled),
        "ruleset": cleaned.ruleset,
        "rounds": cleaned.rounds,
        "source": source_of(story),
    }


def _picture(picture: Picture) -> dict[str, str | None]:
    return {"url": picture.url, "caption": picture.caption, "credit": picture.credit, "alt": picture.alt}


def _removed(removal: Removal) -> dict[str, Any]:
    return {
        "number": removal.number,
        "block": removal.block,
        "start": removal.start,
        "end": removal.end,
        "text": removal.text,
        "action": removal.action,
        "field": removal.field,
        "rules": list(removal.rules),
        "why": removal.why,
        "round": removal.round,
        "may_exceed": removal.may_exceed,
    }


def _noted(cleaned: Cleaned, marks: Sequence[Mark]) -> list[dict[str, Any]]:
    texts = {block.number: block.text for block in cleaned.source.blocks}
    return [
        {
            "block": mark.block,
            "start": mark.start,
            "end": mark.end,
            "text": texts[mark.block][mark.start : mark.end],
            "action": mark.action,
            "field": mark.field,
            "rule": mark.rule,
            "why": mark.why,
            "may_exceed": mark.may_exceed,
        }
        for mark in marks
    ]
