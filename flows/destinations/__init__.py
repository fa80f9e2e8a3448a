"""Where clean copy goes. One file a kind; ``open_destination`` picks it by the configuration."""

from flows.destinations.opening import open_destination
from flows.destinations.publication import Publication, Publisher, PublishError, Receipt

__all__ = ["Publication", "PublishError", "Publisher", "Receipt", "open_destination"]
