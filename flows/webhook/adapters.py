"""What posts to us: how each system proves that an event is its own, and what the event says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from cleaners.model import Raw
from flows.settings import WebhookSource
from flows.settings.signing_secrets import read_secrets, read_words
from flows.webhook import from_ghost, from_strapi, from_superdesk, from_wordpress, signature
from flows.webhook.payload import read_payload

Headers = Iterable[tuple[str, str]]


class Adapter(NamedTuple):
    """The ways of one system.

    ``read_secrets``: (value, name of the variable) → its live secrets; raises SecretError. ``check``: the request's headers → what they
    prove with, each there once and well formed; before the body is read. ``verify``: (secrets, what ``check`` gave, the body as it was
    sent) → the event's id, the same whenever the event is sent again. ``story``: (the body's JSON, the source) → the raw story; None
    for an event that tells of none. The last three raise Refused.
    """

    read_secrets: Callable[[str, str], tuple[Any, ...]]
    check: Callable[[Headers], Any]
    verify: Callable[[Sequence[Any], Any, bytes], str]
    story: Callable[[Mapping[str, Any], WebhookSource], Raw | None]


def mapped(payload: Mapping[str, Any], source: WebhookSource) -> Raw:
    """The story of an event whose parts stand where the source's map says."""
    return read_payload(payload, cast(Mapping[str, str], source.map), source.publisher, source.language)


ADAPTERS: dict[str, Adapter] = {
    "standard": Adapter(read_secrets, signature.check_headers, signature.verify, mapped),
    "ghost": Adapter(read_words, from_ghost.check, from_ghost.verify, from_ghost.story),
    "wordpress": Adapter(read_secrets, signature.check_headers, signature.verify, from_wordpress.story),
    "strapi": Adapter(read_words, from_strapi.check, from_strapi.verify, from_strapi.story),
    "superdesk": Adapter(read_words, from_superdesk.check, from_superdesk.verify, from_superdesk.story),
}
