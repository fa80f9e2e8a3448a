"""Secrets of Standard Webhooks (https://www.standardwebhooks.com): those that sources sign with, and those that we sign with."""

from __future__ import annotations

import base64
import binascii

from standardwebhooks import Webhook

SHORTEST_SECRET = 24
"""Bytes, as the Standard-Webhooks specification asks for."""


class SecretError(ValueError):
    """A secret that cannot be used. The message says which and why, and never shows it."""


def read_secrets(value: str, name: str) -> tuple[Webhook, ...]:
    """The live secrets in ``value``, the content of the environment variable ``name``: one, or several between spaces.

    Each is ``whsec_`` and base64, or base64 alone, of at least 24 bytes. Raises SecretError.
    """
    words = value.split()
    if not words:
        raise SecretError(
            f"{name} is not set: put a secret into it, whsec_ and the base64 of 24 random bytes or more"
        )
    return tuple(Webhook(_secret_bytes(word, f"{name}, secret {n}")) for n, word in enumerate(words, start=1))


def read_words(value: str, name: str) -> tuple[bytes, ...]:
    """The live secrets in ``value`` for a CMS that takes any words: each as it stands there, of at least 24 bytes. Raises SecretError."""
    words = [word.encode() for word in value.split()]
    if not words:
        raise SecretError(
            f"{name} is not set: put a secret into it, {SHORTEST_SECRET} random signs or more without spaces"
        )
    for number, word in enumerate(words, start=1):
        if len(word) < SHORTEST_SECRET:
            raise SecretError(
                f"{name}, secret {number} has {len(word)} signs: make it {SHORTEST_SECRET} random signs or more"
            )
    return tuple(words)


def _secret_bytes(word: str, place: str) -> bytes:
    encoded = word.removeprefix("whsec_")
    try:
        secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        # "from None": the cause would carry the secret into a traceback.
        raise SecretError(
            f"{place} is not base64: write whsec_ and the base64 of 24 random bytes or more"
        ) from None
    if len(secret) < SHORTEST_SECRET:
        raise SecretError(f"{place} has {len(secret)} bytes: make it {SHORTEST_SECRET} random bytes or more")
    return secret
