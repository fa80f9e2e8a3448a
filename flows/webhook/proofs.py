"""What the proofs of several systems have in common: one header, a hash in hexadecimal, an id for an event that has none."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable, Sequence
from hashlib import sha256

from flows.webhook.refusal import Refused

TOLERANCE_SECONDS = 300
"""A signed time further away than this is refused, as Standard Webhooks does it."""

LONGEST_HEADER = 4096


def only(headers: Iterable[tuple[str, str]], name: str) -> str:
    """The value of the header, which is there once. Raises Refused (401)."""
    found = [value for key, value in headers if key.lower() == name]
    if not found or not found[0]:
        raise unsigned("no-signature", f"The header {name} is missing.")
    if len(found) > 1:
        raise unsigned("two-headers", f"The header {name} is there {len(found)} times.")
    if len(found[0]) > LONGEST_HEADER:
        raise unsigned("long-signature", f"The header {name} is longer than {LONGEST_HEADER} characters.")
    return found[0]


def signed_by(secrets: Sequence[bytes], content: bytes, digest: str, hexadecimal: str) -> bool:
    """Whether one of the secrets made this HMAC of the content; each is tried, in constant time."""
    given = hexadecimal.encode()
    hits = [
        hmac.compare_digest(hmac.new(secret, content, digest).hexdigest().encode(), given)
        for secret in secrets
    ]
    return any(hits)


def check_time(milliseconds: int) -> None:
    """Raises Refused (401) for a signed time that is too far from now."""
    if abs(time.time() - milliseconds / 1000) > TOLERANCE_SECONDS:
        raise Refused(
            401,
            "stale-timestamp",
            "The event's timestamp is more than five minutes away from now.",
            "Set the sender's clock, and let it send the event anew.",
        )


def named(kind: str, *parts: bytes) -> str:
    """An id for an event that brings none: the same for the same bytes, however often they are sent."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return f"{kind}-{digest.hexdigest()[:40]}"


def unsigned(code: str, error: str) -> Refused:
    return Refused(401, code, error, "Put the source's secret into the webhook's settings in the CMS.")
