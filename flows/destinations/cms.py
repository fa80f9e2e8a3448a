"""A CMS as a destination: its own posts are cleaned where they stand, other stories become posts of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flows.destinations import cms_ghost, cms_strapi, cms_superdesk, cms_wordpress
from flows.destinations.client import Client, from_variable, open_client
from flows.destinations.http import each
from flows.destinations.in_place import Connector, publish_in_place
from flows.destinations.publication import Publication, Publisher, PublishError, Receipt
from flows.settings import CmsDestination
from flows.sources.echoed import hidden

_CONNECT: dict[str, Callable[[Client, CmsDestination, str], Connector]] = {
    "ghost": cms_ghost.connect,
    "wordpress": cms_wordpress.connect,
    "strapi": cms_strapi.connect,
    "superdesk": cms_superdesk.connect,
}


@contextmanager
def open_cms(destination: CmsDestination) -> Iterator[Publisher]:
    """Raises PublishError where the variable with the secret is not set, or does not hold what its CMS wants."""
    with _asking(destination) as (client, secret):
        connector = _CONNECT[destination.api](client, destination, secret)

        def act(publication: Publication) -> Receipt:
            source = publication.story.partition(":")[0]
            if source not in destination.in_place:
                return connector.publish(publication)
            if connector.editor is None:
                raise PublishError(f"{destination.api} does not let its stories be cleaned in place")
            return publish_in_place(connector.editor, publication)

        yield each(client, act)


def has_plugin(wordpress: CmsDestination) -> bool:
    """Whether our plugin is in this WordPress, and can lock posts. Nothing is written. Raises PublishError."""
    with _asking(wordpress) as (client, secret):
        client.begin()
        return cms_wordpress.site_of(client, wordpress, secret).has_plugin


@contextmanager
def _asking(destination: CmsDestination) -> Iterator[tuple[Client, str]]:
    """A client for this CMS, and the secret for it. Raises PublishError."""
    secret = from_variable(destination.name, destination.secret_env)
    with open_client(
        destination.name,
        destination.url,
        seconds=destination.seconds,
        connect_seconds=destination.connect_seconds,
        headers={},
        secrets=hidden(secret),
    ) as client:
        yield client, secret
