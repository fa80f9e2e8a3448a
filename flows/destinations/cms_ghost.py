"""Ghost as a destination."""

from __future__ import annotations

from flows.destinations.client import Client
from flows.destinations.in_place import Connector
from flows.settings import CmsDestination


def connect(client: Client, destination: CmsDestination, secret: str) -> Connector:
    raise NotImplementedError
