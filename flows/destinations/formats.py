"""The formats in which destinations write an edition: how each is called, and how it is made of a publication."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from flows.destinations.publication import Publication
from flows.settings import Format


class Written(NamedTuple):
    """A format: the ending of its files, its media type, and the function that makes its bytes."""

    suffix: str
    media_type: str
    write: Callable[[Publication], bytes]


def _record(publication: Publication) -> bytes:
    return _bytes(json.dumps(publication.record, ensure_ascii=False, indent=2) + "\n")


def _rendered(name: Format) -> Callable[[Publication], bytes]:
    return lambda publication: _bytes(publication.rendered[name])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


FORMATS: dict[Format, Written] = {
    "json": Written(".json", "application/json", _record),
    "html": Written(".html", "text/html; charset=utf-8", _rendered("html")),
    "markdown": Written(".md", "text/markdown; charset=utf-8", _rendered("markdown")),
    "text": Written(".txt", "text/plain; charset=utf-8", _rendered("text")),
}
