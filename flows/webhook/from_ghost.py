"""Ghost's webhooks: ``post.published``, ``post.published.edited``, ``post.unpublished``, ``post.deleted``.

Signed as ``X-Ghost-Signature: sha256=<hex>, t=<milliseconds>``, the HMAC-SHA256 of the body and the time after it. An event has no
id; Ghost tries each up to five times, with the same signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from cleaners.model import Raw
from flows.settings import WebhookSource
from flows.sources import cms_ghost
from flows.sources.cms import identity, moment_of, text_at
from flows.webhook.cms_events import posted, taken_down
from flows.webhook.proofs import check_time, named, only, signed_by, unsigned

SIGNATURE = "x-ghost-signature"
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64}), ?t=([1-9][0-9]{11,13})")


def check(headers: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Signature and time. Raises Refused (401)."""
    found = _SIGNATURE.fullmatch(only(headers, SIGNATURE))
    if found is None:
        raise unsigned(
            "bad-signature", f"The header {SIGNATURE} is not sha256=…, t=… (Ghost 5.87 or newer signs so)."
        )
    check_time(int(found[2]))
    return found[1], found[2]


def verify(secrets: Sequence[bytes], proof: tuple[str, str], body: bytes) -> str:
    """The event's id, made of what was signed. Raises Refused (401)."""
    signature, moment = proof
    if not signed_by(secrets, body + moment.encode(), "sha256", signature):
        raise unsigned("wrong-signature", "The signature does not fit the body.")
    return named("ghost", body, moment.encode())


def story(payload: Mapping[str, Any], source: WebhookSource) -> Raw | None:
    """The post as it stands now; one that readers could see and cannot any more is a kill. None: a draft, or a page of the site."""
    event = payload.get("post")
    if not isinstance(event, Mapping):
        return None
    now, before = (
        part if isinstance(part := event.get(key), Mapping) else {} for key in ("current", "previous")
    )
    if text_at(now, "status") == "published":
        return posted(cms_ghost.post_in(now), source)
    if text_at(before, "status") != "published":
        return None
    updated = text_at(now, "updated_at") if now else _a_second_after(text_at(before, "updated_at"))
    return taken_down(identity(now) or identity(before), source, updated)


def _a_second_after(moment: str | None) -> str | None:
    """A deletion has no time of its own, only that of the last save, which may be sent again behind it; and the post never comes back."""
    saved = moment_of(moment)
    return None if saved is None else (saved + timedelta(seconds=1)).isoformat()
