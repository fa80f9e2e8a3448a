"""Strapi 5's webhooks: ``entry.publish``, ``entry.update``, ``entry.unpublish``, ``entry.delete``.

Strapi signs nothing. A header that never changes, ``Authorization: Bearer <secret>``, is the only proof that it can give, so its
events should come over TLS or a network of one's own. An event has no id, and is never sent again.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from cleaners.model import Raw
from flows.settings import WebhookSource
from flows.sources import cms_strapi
from flows.sources.cms import text_at
from flows.webhook.cms_events import posted, taken_down
from flows.webhook.proofs import named, only, unsigned
from flows.webhook.refusal import Refused

HEADER = "authorization"
STANDS = ("entry.publish", "entry.update", "entry.create")
GONE = ("entry.unpublish", "entry.delete")


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
    """The entry as readers see it now; one that they could see and cannot any more is a kill.

    None: a draft, which is saved as ``entry.update`` with no ``publishedAt``; an entry of another content type, for one webhook
    tells of all of them; something else (``media.create``, ``trigger-test``). Raises Refused (400).
    """
    event, entry = text_at(payload, "event") or "", payload.get("entry")
    if source.models and text_at(payload, "model") not in source.models:
        return None
    if not isinstance(entry, Mapping):
        if event == "entry.publish":
            # Strapi 5 may send "entry": null, where its own look for it came before its database was ready (its issue 25387).
            raise Refused(
                400,
                "no-entry",
                "The event says that an entry was published, and not which one.",
                "Write missed at this source in config/sources.yaml, so that the entry is asked for.",
            )
        return None
    paths = cast(Mapping[str, str], source.map)
    if event in GONE:
        # A published entry and its draft go with an event each; the draft alone says nothing of what readers see.
        # Not when the event was made: who publishes the entry again unchanged publishes what was saved before that.
        updated = text_at(entry, "updatedAt")
        return (
            taken_down(cms_strapi.identity(entry), source, updated) if has_been_public(event, entry) else None
        )
    if event not in STANDS or not entry.get("publishedAt") or not cms_strapi.has_body(entry, paths):
        return None
    return posted(cms_strapi.post_in(entry, paths), source)


def has_been_public(event: str, entry: Mapping[str, Any]) -> bool:
    """Whether readers could see what an event says is gone."""
    return event == "entry.unpublish" or bool(entry.get("publishedAt"))
