"""From a post in a CMS's event to a raw story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from cleaners.model import Fields, Raw
from cleaners.read.wire import status_line
from flows.settings import WebhookSource
from flows.sources.cms import Post, text_at
from flows.sources.records import filled
from flows.webhook.payload import read_payload
from flows.webhook.refusal import Refused

ENTRY = {"id": "documentId", "headline": "title", "body": "body", "published": "publishedAt"}
"""Where the parts of a Strapi entry stand, if its source's map says nothing else."""


def posted(post: Post, source: WebhookSource) -> Raw:
    """The raw story of a post. Raises Refused (400)."""
    if post.raw is None:
        raise _no_story(post.problem or "it has no text")
    return filled(post.raw, source.publisher, source.language)


def mapped_entry(entry: Mapping[str, Any], source: WebhookSource) -> Raw:
    """The raw story of a Strapi entry; the source's map names fields of the entry. Raises Refused (400)."""
    paths = {**ENTRY, **cast(Mapping[str, str], source.map)}
    raw = read_payload(entry, paths, source.publisher, source.language)
    return replace(raw, given=replace(raw.given or Fields(), updated=text_at(entry, "updatedAt")))


def taken_down(id: str | None, source: WebhookSource) -> Raw:
    """A story that its CMS does not show any more: a kill, in the words of ninjs. Raises Refused (400)."""
    if id is None:
        raise _no_story("it has no id")
    note = status_line("canceled")
    return Raw(
        id=id, form="text", content="", ednote=note, publisher=source.publisher, language=source.language
    )


def _no_story(what: str) -> Refused:
    return Refused(
        400, "bad-story", f"The event is no story: {what}.", "Correct the post in the CMS, and save it again."
    )
