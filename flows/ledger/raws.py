"""A raw story as bytes that can be kept, and back: exactly what arrived, under the hash of its content."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Any, NamedTuple

from cleaners.model import Fields, Picture, Raw

GIVEN = ("url", "publisher", "language", "headline", "published", "ednote", "encoding")


class KeptRaw(NamedTuple):
    """A row of the table ``raws``."""

    hash: str
    form: str
    kept_as: str
    content: bytes
    given: dict[str, Any]


def keep(raw: Raw) -> KeptRaw:
    """The raw story as it is kept. Its hash covers all that cleaning sees, and not its id."""
    kept_as, content = _content_bytes(raw.content)
    given: dict[str, Any] = {name: value for name in GIVEN if (value := getattr(raw, name)) is not None}
    if raw.given is not None:
        given["fields"] = {name: value for name, value in asdict(raw.given).items() if value}
    digest = sha256(json.dumps([raw.form, kept_as, given], sort_keys=True).encode())
    digest.update(b"\n")
    digest.update(content)
    return KeptRaw(digest.hexdigest(), raw.form, kept_as, content, given)


def restore(story_id: str, form: Any, kept_as: str, content: bytes, given: dict[str, Any]) -> Raw:
    """The raw story, equal to the one that was kept."""
    known = {name: value for name, value in given.items() if name != "fields"}
    fields = _fields(given["fields"]) if "fields" in given else None
    return Raw(id=story_id, form=form, content=_content_of(kept_as, content), given=fields, **known)


def _fields(kept: dict[str, Any]) -> Fields:
    lists = {
        "tags": tuple(kept.get("tags", ())),
        "pictures": tuple(Picture(**picture) for picture in kept.get("pictures", ())),
        "sources": tuple((name, source) for name, source in kept.get("sources", ())),
    }
    return Fields(**{**kept, **lists})


def _content_bytes(content: str | bytes | tuple[str, ...]) -> tuple[str, bytes]:
    if isinstance(content, bytes):
        return "bytes", content
    if isinstance(content, str):
        return "text", content.encode("utf-8", "surrogatepass")
    return "lines", json.dumps(content).encode()


def _content_of(kept_as: str, content: bytes) -> str | bytes | tuple[str, ...]:
    if kept_as == "bytes":
        return content
    if kept_as == "text":
        return content.decode("utf-8", "surrogatepass")
    return tuple(json.loads(content))
