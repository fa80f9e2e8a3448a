"""Strapi's webhooks: ``entry.publish``, ``entry.update``, ``entry.unpublish``, ``entry.delete``.

Strapi signs nothing. A header that never changes, ``Authorization: Bearer <secret>``, is the only proof that it can give, so its
events should come over TLS or a network of one's own. An event has no id, and is never sent again.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cleaners.model import Raw
from flows.settings import WebhookSource
from flows.sources.cms import text_at
from flows.webhook.cms_events import mapped_entry, taken_down
from flows.webhook.proofs import named, only, unsigned

HEADER = "authorization"


def check(headers: Iterable[tuple[str, str]]) -> str:
    """The token. Raises Refused (401)."""
    kind, _, token = only(headers, HEADER).partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise unsigned("bad-signature", "The header Authorization is not Bearer and a token.")
    return token.strip()


def verify(secrets: Sequence[bytes], token: str, body: bytes) -> str:
    """The event's id, made of its body (it says when it was made). Raises Refused (401)."""
    hits = [hmac.compare_digest(secret, token.encode()) for secret in secrets]
    if not any(hits):
        raise unsigned("wrong-signature", "The token is not this source's.")
    return named("strapi", body)


def story(payload: Mapping[str, Any], source: WebhookSource) -> Raw | None:
    """The published entry; one that was taken down is a kill. None: a draft, or an event about something else (``media.create``)."""
    event, entry = text_at(payload, "event"), payload.get("entry")
    if not isinstance(entry, Mapping):
        return None
    if event in ("entry.unpublish", "entry.delete"):
        return taken_down(text_at(entry, "documentId"), source)
    if event not in ("entry.publish", "entry.update", "entry.create") or not entry.get("publishedAt"):
        return None
    return mapped_entry(entry, source)
