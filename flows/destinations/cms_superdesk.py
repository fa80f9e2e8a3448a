"""Superdesk's ninjs, pushed as Superdesk pushes it: to Superdesk Publisher, Newshub, or whatever else takes its items.

Each edition is a POST of the whole item: a new ``version`` under the same ``guid``, signed as ``x-superdesk-signature: sha1=<hex>``, the
HMAC-SHA1 of the body. Who receives it keeps the highest version: one that is carried out late comes under a newer one, and the same
edition sent twice is the same version. A story that is taken back is a version with ``pubstatus: canceled``.

The shape is that of Superdesk's formatter, an extension of ninjs 1.1
(https://superdesk.readthedocs.io/en/latest/publishing.html): ``guid`` in place of ``uri``, ``version`` a text that holds a number,
times to the second with ``+0000``.
"""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.destinations.client import Client
from flows.destinations.formats import edition_of, published_html
from flows.destinations.in_place import Connector
from flows.destinations.names import last_part, slug, story_hash
from flows.destinations.publication import Publication, PublishError, Receipt, refuse_holds
from flows.settings import CmsDestination
from flows.settings.signing_secrets import SHORTEST_SECRET

if TYPE_CHECKING:
    from cleaners.write import Edition
    from cleaners.write.item import Item, ItemPicture

SIGNATURE = "x-superdesk-signature"
PRIORITY = 5
"""What Superdesk writes where nobody has given an item a priority."""


def connect(client: Client, destination: CmsDestination, secret: str) -> Connector:
    """Raises PublishError for a secret that is too short. Items can only be sent: there is no editor."""
    if len(secret) < SHORTEST_SECRET:
        raise PublishError(
            f"{destination.name}: the secret in {destination.secret_env} has {len(secret)} signs: make it {SHORTEST_SECRET} random "
            "signs or more, and write the same into the destination's secret_token"
        )
    return Connector(lambda one: push(client, destination, secret, one))


def push(client: Client, destination: CmsDestination, secret: str, publication: Publication) -> Receipt:
    """Send one edition. Raises PublishError."""
    refuse_holds(publication)
    item = item_for(publication)
    body = json.dumps(item, ensure_ascii=True).encode()
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Idempotency-Key": publication.idempotency_key,
        SIGNATURE: signature(secret, body),
    }
    client.ask("POST", destination.url, body, headers)
    return Receipt("removed" if publication.act == "unpublish" else "wrote", (item["guid"],))


def signature(secret: str, body: bytes) -> str:
    """As Superdesk signs.

    >>> signature("123456789", b"test payload")
    'sha1=8be62a607898504f87559cb52dc23f9ebee65a21'
    """
    return f"sha1={hmac.new(secret.encode(), body, 'sha1').hexdigest()}"


def item_for(publication: Publication) -> dict[str, Any]:
    """The edition as an item; what is not known is left out. Of a canceled one nothing of the story is said. Raises PublishError."""
    from cleaners.write import BrokenRecord, cleaned_from
    from cleaners.write.item import WITHDRAWN, item_of

    edition = edition_of(publication)
    head = {
        "guid": edition.uri,
        "version": str(edition.number),
        "type": "text",
        "pubstatus": edition.status,
        "versioncreated": _moment(edition.made),
        "slugline": slug(last_part(publication.story)) or story_hash(publication.story),
        "priority": PRIORITY,
    }
    if edition.status == "canceled":
        return _known(
            {**head, "headline": "Withdrawn", "ednote": WITHDRAWN, "body_html": f"<p>{WITHDRAWN}</p>"}
        )
    try:
        item = item_of(cleaned_from(publication.record), edition)
    except BrokenRecord as error:
        raise PublishError(f"its record cannot be read: {error}") from error
    return _known(head | _content(item, edition, published_html(publication)))


def _content(item: Item, edition: Edition, body: str) -> dict[str, Any]:
    pictures = [_picture(one, edition) for one in item.pictures if one.url]
    names = ["featuremedia", *(f"editor_{number}" for number in range(len(pictures)))]
    return {
        "headline": item.headline,
        "byline": item.byline,
        "authors": [{"name": name} for name in item.authors],
        "description_text": "\n".join(item.standfirst),
        "body_html": body,
        "language": item.language,
        "source": item.agency or item.provider,
        "copyrightnotice": item.rights,
        "service": [{"name": item.section, "code": slug(item.section)}] if item.section else [],
        "keywords": list(item.tags),
        "ednote": "\n".join(item.ednotes),
        "firstpublished": _moment(_read(item.published)),
        "charcount": len(item.text),
        "wordcount": len(item.text.split()),
        "associations": dict(zip(names, pictures, strict=False)),
    }


def _picture(picture: ItemPicture, edition: Edition) -> dict[str, Any]:
    from cleaners.write.safe_text import picture_type

    rendition = {"href": picture.url, "mimetype": picture_type(picture.url)}
    return _known(
        {
            "guid": picture.uri,
            "version": str(edition.number),
            "type": "picture",
            "pubstatus": "usable",
            "headline": picture.alt,
            "body_text": picture.alt,
            "description_text": picture.caption,
            "byline": picture.credit,
            "renditions": {"original": _known(rendition)},
        }
    )


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def _read(published: str | None) -> datetime | None:
    from cleaners.write.moments import moment

    return moment(published) if published else None


def _moment(when: datetime | None) -> str | None:
    """As Superdesk writes times.

    >>> _moment(datetime(2026, 3, 3, 6, 10, tzinfo=UTC))
    '2026-03-03T06:10:00+0000'
    """
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000") if when else None
