"""The formats in which destinations write an edition: how each is called, and how it is made of a publication."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.destinations.feed_items import clean
from flows.destinations.publication import Publication
from flows.destinations.with_fields import html_article, markdown_document, status_of
from flows.settings import Format

if TYPE_CHECKING:
    from cleaners.model import Cleaned
    from cleaners.write import Edition


CORRECTED = "corrected"
"""The ledger tells by this name, in ``Publication.last``, the corrections that the edition had which was published before."""
_MADE_ANEW = ("page", "text", "lines")
"""The forms whose HTML ``cleaners.write.html`` makes of their blocks."""


class Written(NamedTuple):
    """A format: the ending of its files, its media type, and the function that makes its bytes.

    The news formats write an ``unpublish``, too: as the message that the story is canceled, with nothing of its content.
    """

    suffix: str
    media_type: str
    write: Callable[[Publication], bytes]


def published_html(publication: Publication) -> str:
    """The copy as an HTML fragment that is safe in any page.

    In the ledger a CMS body is the customer's own document, scripts and all: so it goes back into that CMS (see
    ``flows.destinations.in_place``). To everybody else it goes sanitised. Of other forms HTML is made anew, and safe.
    """
    return _safe(publication.rendered["html"], publication.record)


def published_record(publication: Publication) -> dict[str, Any]:
    """The record with its ``html`` as in ``published_html``. The raw document stands in ``source`` only, for undo."""
    record = publication.record
    return {**record, "html": _safe(record["html"], record)} if record.get("html") else {**record}


def _safe(html: str, record: Mapping[str, Any]) -> str:
    if (record.get("source") or {}).get("form") in _MADE_ANEW and clean(html) == html:
        return html
    # Imported here: most stories need it not.
    from cleaners.write.safe_body import safe_body

    return safe_body(html)


def _record(publication: Publication) -> bytes:
    return _bytes(json.dumps(published_record(publication), ensure_ascii=False, indent=2) + "\n")


def _html(publication: Publication) -> bytes:
    return _bytes(clean(html_article(publication, published_html(publication))))


def _markdown(publication: Publication) -> bytes:
    return _bytes(markdown_document(publication, publication.rendered["markdown"]))


def _text(publication: Publication) -> bytes:
    return _bytes(publication.rendered["text"])


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
        status=status_of(publication),
        previous=publication.previous,
        ledger=publication.ledger,
        provider=record.get("site") or record.get("publisher"),
        corrected=tuple(publication.last.get(CORRECTED, ())),
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


FORMATS: dict[Format, Written] = {
    "json": Written(".json", "application/json", _record),
    "html": Written(".html", "text/html; charset=utf-8", _html),
    "markdown": Written(".md", "text/markdown; charset=utf-8", _markdown),
    "text": Written(".txt", "text/plain; charset=utf-8", _text),
    "ninjs": Written(".ninjs.json", "application/json", _news("ninjs")),
    "nitf": Written(".nitf.xml", "application/xml", _news("nitf")),
    "newsml-g2": Written(".newsml.xml", "application/xml", _news("newsml_g2")),
    "json-ld": Written(".ld.json", "application/ld+json", _news("json_ld")),
}
