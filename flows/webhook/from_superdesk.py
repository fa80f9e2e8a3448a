"""Superdesk's HTTP push: ninjs items, signed as ``x-superdesk-signature: sha1=<hex>``, the HMAC-SHA1 of the body.

An item has no event id and no signed time; the same bytes are the same event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flows.webhook.proofs import named, only, signed_by, unsigned

SIGNATURE = "x-superdesk-signature"
_SIGNATURE = re.compile(r"sha1=([0-9a-f]{40})")


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
