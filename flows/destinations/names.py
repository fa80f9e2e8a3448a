"""File names that every file system and object store takes, and ids in addresses."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from urllib.parse import quote

from flows.destinations.publication import PublishError

LONGEST_SLUG = 60


def file_stem(story: str, headline: str | None) -> str:
    """A name made of the headline (else the id) and a hash of the story's key: readable, unique, and safe everywhere.

    >>> file_stem("demo:harbour-1", "Le port rouvre à Sète: «enfin»")
    'le-port-rouvre-a-sete-enfin-bb33e3b0929f'
    >>> file_stem("demo:harbour-1", None)
    'harbour-1-bb33e3b0929f'
    >>> file_stem("by-hand:/srv/desk/ferry.txt", None).rpartition("-")[0]
    'ferry'
    """
    return f"{slug(headline or '') or slug(last_part(story)) or 'story'}-{story_hash(story)}"


def last_part(story: str) -> str:
    """What of a key ``source:id`` a person knows the story by: an id may be a path or an address."""
    last = re.split(r"[/\\]", story.partition(":")[2].rstrip("/\\"))[-1]
    return re.sub(r"\.(html?|txt)$", "", last, flags=re.IGNORECASE)


def as_step(id: str) -> str:
    """An id as one step of an address, whatever signs it holds. Raises PublishError for one that would lead to another address.

    >>> as_step("../users/1?x=y")
    '..%2Fusers%2F1%3Fx%3Dy'
    """
    if id in ("", ".", ".."):
        raise PublishError(
            f"its id is {id!r}, which leads to another address than a story's. Mend what is taken for the id at its source in sources.yaml",
            final=True,
        )
    return quote(id, safe="", errors="replace")


def story_hash(story: str) -> str:
    return sha256(story.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def slug(text: str) -> str:
    """Small letters, digits and dashes, at most LONGEST_SLUG; empty where the script has no Latin letters.

    The hash that follows keeps it from being a name that Windows reserves ("con", "aux").
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    dashed = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(dashed) <= LONGEST_SLUG:
        return dashed
    return dashed[: LONGEST_SLUG + 1].rpartition("-")[0] or dashed[:LONGEST_SLUG]
