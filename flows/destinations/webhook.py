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
from flows.destinations.formats import published_html, published_record
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

    A story that is held or killed is only named. Its headline may be the very thing that must not be said, and the reasons
    quote the raw copy: neither leaves the house. Its address is told to whom it was told before.
    """
    public = publication.act == "publish"
    return {
        "type": f"story.{EVENTS[publication.act]}",
        "timestamp": (publication.made_at or moment).astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": _named(publication) | (_told(publication, content) if public else {}),
    }


def _named(publication: Publication) -> dict[str, Any]:
    """Which edition of which story it is."""
    from cleaners.write import Edition
    from cleaners.write.edition import names_a_file

    record = publication.record
    id = record.get("id")
    named = {
        # Example: "by-hand:/home/ilse/bridge.html", which nobody outside needs to know.
        "story": Edition(publication.story, ledger=publication.ledger).known_as,
        "id": None if names_a_file(id or "") else id,
        "edition": publication.edition,
        "revision": publication.revision,
        "ledger": publication.ledger,
        "verdict": record.get("verdict"),
    }
    return named | ({"url": record.get("url")} if publication.previous is not None else {})


def _told(publication: Publication, content: str) -> dict[str, Any]:
    record = publication.record
    told = {name: record.get(name) for name in ("headline", "url", "publisher", "language")}
    match content:
        case "record":
            named = _named(publication)
            return told | {"record": published_record(publication) | {"id": named["id"] or named["story"]}}
        case "copy":
            return told | {"text": publication.rendered["text"], "html": published_html(publication)}
        case _:
            return told


def signed(secrets: Sequence[Webhook], id: str, moment: datetime, body: str) -> dict[str, str]:
    """The three headers, signed with every secret: while secrets change, the subscriber knows one of them."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(secret.sign(id, moment.astimezone(UTC), body) for secret in secrets),
    }
