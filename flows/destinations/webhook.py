"""Telling a subscriber of stories: an event for each act, signed as https://www.standardwebhooks.com says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from flows.destinations.client import Client, Refused, open_client
from flows.destinations.http import each
from flows.destinations.publication import Publication, Publisher, PublishError, Receipt
from flows.settings import WebhookDestination
from flows.settings.signing_secrets import SecretError, read_secrets

EVENTS = {"publish": "cleaned", "hold": "held", "unpublish": "killed"}


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_webhook(destination: WebhookDestination, clock: Callable[[], datetime] = now) -> Iterator[Publisher]:
    """Raises PublishError where the secret is not set or is none."""
    value = os.environ.get(destination.secret_env, "")
    try:
        secrets = read_secrets(value, destination.secret_env)
    except SecretError as error:
        raise PublishError(f"{destination.name}: {error}") from None
    with open_client(
        destination.name,
        destination.url,
        seconds=destination.seconds,
        connect_seconds=destination.connect_seconds,
        headers={"Content-Type": "application/json"},
        secrets=value.split(),
    ) as client:
        yield each(client, lambda one: tell(client, destination, secrets, one, clock()))


def tell(
    client: Client,
    destination: WebhookDestination,
    secrets: Sequence[Webhook],
    publication: Publication,
    moment: datetime,
) -> Receipt:
    """Send one event. The same act again is the same ``webhook-id``, by which a subscriber drops repeats.

    ``moment`` is when it is sent, which is signed; when it happened stands in the body. Raises PublishError; that of a 410
    is ``final``.
    """
    name = EVENTS[publication.act]
    if name not in destination.events:
        return Receipt("left")
    body = json.dumps(
        event(publication, destination.content, moment), ensure_ascii=True, separators=(",", ":")
    )
    try:
        client.ask(
            "POST", destination.url, body.encode(), signed(secrets, publication.idempotency_key, moment, body)
        )
    except Refused as refused:
        if refused.status == 410:
            raise PublishError(
                f"{refused}. The subscriber wants no more events: take {destination.name} out of destinations.yaml",
                final=True,
            ) from refused
        raise
    return Receipt("told", (destination.url.partition("?")[0],))


def event(publication: Publication, content: str, moment: datetime) -> dict[str, Any]:
    """The body: what happened, when, and with which story; the same bytes at every try.

    ``moment`` stands for a publication's own, where it has none.

    ``edition`` grows with every event of a story in one ``ledger``: a subscriber who is told of an older one after a newer
    drops it.
    """
    record = publication.record
    data: dict[str, Any] = {
        "story": publication.story,
        "id": record.get("id"),
        "edition": publication.edition,
        "revision": publication.revision,
        "ledger": publication.ledger,
        "headline": record.get("headline"),
        "url": record.get("url"),
        "publisher": record.get("publisher"),
        "language": record.get("language"),
        "verdict": record.get("verdict"),
        "reasons": list(record.get("reasons") or ()),
    }
    return {
        "type": f"story.{EVENTS[publication.act]}",
        "timestamp": (publication.made_at or moment).astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": data | _content(publication, content),
    }


def _content(publication: Publication, content: str) -> dict[str, Any]:
    """Copy that is held or killed leaves the house by no door."""
    if publication.act != "publish" or content == "link":
        return {}
    if content == "record":
        return {"record": dict(publication.record)}
    return {"text": publication.rendered["text"], "html": publication.rendered["html"]}


def signed(secrets: Sequence[Webhook], id: str, moment: datetime, body: str) -> dict[str, str]:
    """The three headers, signed with every secret: while secrets change, the subscriber knows one of them."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(secret.sign(id, moment.astimezone(UTC), body) for secret in secrets),
    }
