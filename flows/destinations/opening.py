"""From a destination's configuration to the function that publishes there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from flows.destinations.cms import open_cms
from flows.destinations.feed import open_feed
from flows.destinations.folder import open_folder
from flows.destinations.http import open_http
from flows.destinations.publication import Publisher
from flows.destinations.sql_table import open_table
from flows.destinations.stores import is_remote
from flows.destinations.webhook import open_webhook
from flows.settings import (
    CmsDestination,
    Destination,
    FeedDestination,
    FolderDestination,
    HttpDestination,
    TableDestination,
    WebhookDestination,
)

LONGEST_BATCH_SECONDS = 300.0
"""A batch that asks a server for each story is so short that it ends within this time, if every request takes all the time
that it may. Half of the lease that publishing takes."""

CHEAP_BATCH, STORE_BATCH = 250, 50
"""Stories. A batch lies in memory with its records and renderings: 250 of 100 kB are 25 MB."""


@contextmanager
def open_destination(destination: Destination, data_dir: Path) -> Iterator[Publisher]:
    """The destination's publisher, for as long as it is needed. Relative paths lie in ``data_dir``.

    Raises PublishError and what the destination's driver raises.
    """
    opened: AbstractContextManager[Publisher]
    match destination:
        case FolderDestination():
            opened = open_folder(destination, data_dir)
        case TableDestination():
            opened = open_table(destination, data_dir)
        case HttpDestination():
            opened = open_http(destination)
        case WebhookDestination():
            opened = open_webhook(destination)
        case CmsDestination():
            opened = open_cms(destination)
        case FeedDestination():
            opened = open_feed(destination, data_dir)
    with opened as publisher:
        yield publisher


def most_at_once(destination: Destination) -> int:
    """How many acts the destination is given together: many where that is cheap, few where each may take its time."""
    match destination:
        case HttpDestination() | WebhookDestination() | CmsDestination():
            return max(1, min(STORE_BATCH, int(LONGEST_BATCH_SECONDS / destination.seconds)))
        case FolderDestination() if is_remote(destination.path):
            return STORE_BATCH
        case _:
            return CHEAP_BATCH


def remembers(destination: Destination) -> tuple[str, ...]:
    """The acts at which the destination wants to see its receipts for a story (``Publication.last``)."""
    if isinstance(destination, HttpDestination | CmsDestination):
        return ("publish", "unpublish")
    return () if isinstance(destination, WebhookDestination) else ("unpublish",)
