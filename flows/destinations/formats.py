"""The formats in which destinations write an edition: how each is called, and how it is made of a publication."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flows.destinations.publication import Publication
from flows.settings import Format

if TYPE_CHECKING:
    from cleaners.model import Cleaned
    from cleaners.write import Edition


class Written(NamedTuple):
    """A format: the ending of its files, its media type, and the function that makes its bytes.

    The news formats write an ``unpublish``, too: as the message that the story is canceled, with nothing of its content.
    """

    suffix: str
    media_type: str
    write: Callable[[Publication], bytes]


def _record(publication: Publication) -> bytes:
    return _bytes(json.dumps(publication.record, ensure_ascii=False, indent=2) + "\n")


def _rendered(name: Format) -> Callable[[Publication], bytes]:
    return lambda publication: _bytes(publication.rendered[name])


def _news(name: str) -> Callable[[Publication], bytes]:
    """One of the news formats of ``cleaners.write``. Raises BrokenRecord for a record that cannot be read any more."""

    def write(publication: Publication) -> bytes:
        # Imported here: most destinations want none of them.
        from cleaners import write as writers

        cleaned = writers.cleaned_from(publication.record) if publication.act == "publish" else None
        writer: Callable[[Cleaned | None, Edition], str] = getattr(writers, name)
        return _bytes(writer(cleaned, edition_of(publication)))

    return write


def edition_of(publication: Publication) -> Edition:
    """The edition as receivers know it. What is published may be used: an embargo that it had is over, or was lifted by a person."""
    from cleaners.write import Edition

    record = publication.record
    return Edition(
        story=publication.story,
        number=publication.edition,
        made=publication.made_at,
        status="usable" if publication.act == "publish" else "canceled",
        previous=publication.previous,
        ledger=publication.ledger,
        provider=record.get("site") or record.get("publisher"),
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


FORMATS: dict[Format, Written] = {
    "json": Written(".json", "application/json", _record),
    "html": Written(".html", "text/html; charset=utf-8", _rendered("html")),
    "markdown": Written(".md", "text/markdown; charset=utf-8", _rendered("markdown")),
    "text": Written(".txt", "text/plain; charset=utf-8", _rendered("text")),
    "ninjs": Written(".ninjs.json", "application/json", _news("ninjs")),
    "nitf": Written(".nitf.xml", "application/xml", _news("nitf")),
    "newsml-g2": Written(".newsml.xml", "application/xml", _news("newsml_g2")),
    "json-ld": Written(".ld.json", "application/ld+json", _news("json_ld")),
}
