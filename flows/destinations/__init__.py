"""Where clean copy goes. One file a kind; ``open_destination`` picks it by the configuration."""

from flows.destinations.opening import most_at_once, open_destination, remembers
from flows.destinations.publication import Answer, Publication, Publisher, PublishError, Receipt

__all__ = [
    "Answer",
    "Publication",
    "PublishError",
    "Publisher",
    "Receipt",
    "most_at_once",
    "open_destination",
    "remembers",
]
