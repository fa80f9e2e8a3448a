"""Superdesk's HTTP push: ninjs items, signed as ``x-superdesk-signature: sha1=<hex>``, the HMAC-SHA1 of the body.

An item has no event id and no signed time; the same bytes are the same event. Superdesk sends an item again after a 5xx, and never
after a 4xx: then its publish queue shows it as failed. So what is no story is answered as well done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cleaners.model import Raw
from cleaners.read.wire import status_line
from flows.settings import WebhookSource
from flows.sources.cms import text_at
from flows.webhook.cms_events import taken_down
from flows.webhook.payload import read_payload
from flows.webhook.proofs import named, only, signed_by, unsigned
from flows.webhook.refusal import Refused

SIGNATURE = "x-superdesk-signature"
_SIGNATURE = re.compile(r"sha1=([0-9a-f]{40})")

TEXTS = ("text", "preformatted")
"""The types of items that are stories. Others: pictures, audio, video, events and planning items, packages."""


def check(headers: Iterable[tuple[str, str]]) -> str:
    """The signature. Raises Refused (401)."""
    found = _SIGNATURE.fullmatch(only(headers, SIGNATURE))
    if found is None:
        raise unsigned("bad-signature", f"The header {SIGNATURE} is not sha1= and 40 hexadecimal digits.")
    return found[1]


def verify(secrets: Sequence[bytes], signature: str, body: bytes) -> str:
    """The event's id, made of its body. Raises Refused (401)."""
    if not signed_by(secrets, body, "sha1", signature):
        raise unsigned("wrong-signature", "The signature does not fit the body.")
    return named("superdesk", body)


def story(payload: Mapping[str, Any], source: WebhookSource) -> Raw | None:
    """The item's story. None: a picture, a planning item, or a package, whose texts are sent before it. Raises Refused (400)."""
    guid, kind = text_at(payload, "guid"), (text_at(payload, "type") or "text").lower()
    if guid is None:
        raise _refused("it has no guid", "Let the subscriber's destination send the format ninjs.")
    if kind not in TEXTS:
        if _holds_texts(payload):
            raise _refused(
                "it is a package with its stories inside",
                "Switch packaged off at the destination in Superdesk, so that each story is sent by itself.",
            )
        return None
    if (status_line(payload.get("pubstatus")) or "").startswith("STORY WITHDRAWN"):
        # A kill repeats what must not be used any more: none of it is kept.
        return taken_down(guid, source, text_at(payload, "versioncreated"))
    return read_payload(payload, {}, source.publisher, source.language)


def _holds_texts(payload: Mapping[str, Any]) -> bool:
    parts = payload.get("associations")
    return isinstance(parts, Mapping) and any(
        isinstance(one, Mapping)
        and one.get("type") in TEXTS
        and any(isinstance(one.get(key), str) and one[key].strip() for key in ("body_html", "body_text"))
        for one in parts.values()
    )


def _refused(what: str, hint: str) -> Refused:
    return Refused(400, "bad-story", f"The event is no story: {what}.", hint)
