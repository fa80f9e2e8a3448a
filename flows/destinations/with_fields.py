"""HTML and Markdown as they are published: the copy with what a reader or an archive must know of it beside the words.

The ledger keeps the copy alone, in ``Publication.rendered``. Fields stand around it only here, so that a change in how they are
written publishes no story anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape, unescape
from typing import Any, Literal

from flows.destinations.publication import Publication

_TAG = re.compile(r"<[^>]*>")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def html_article(publication: Publication, body: str) -> str:
    """``body`` as an ``<article>`` with its fields, which programs find by the names of schema.org (microdata)."""
    record = publication.record
    language = f' lang="{escape(record["language"])}"' if record.get("language") else ""
    return "\n".join(
        [
            f'<article itemscope itemtype="https://schema.org/NewsArticle"{language}>',
            *_element("header", _header(record)),
            *_element("div", [body] if body else [], ' itemprop="articleBody"'),
            *_element("footer", _footer(record, body)),
            *_unseen(publication),
            "</article>\n",
        ]
    )


def markdown_document(publication: Publication, body: str) -> str:
    """``body`` under its fields as YAML front matter, as static site generators, note books and archives read it."""
    fields = {
        name: value for name, value in _front_matter(publication).items() if value not in (None, "", [])
    }
    lines = (f"{name}: {_yaml(value)}\n" for name, value in fields.items())
    return f"---\n{''.join(lines)}---\n\n{body}"


def _header(record: Mapping[str, Any]) -> Iterator[str]:
    yield from _said("p", "articleSection", record.get("section"))
    yield from _said("h1", "headline", record.get("headline"))
    yield from _said("p", "description", record.get("standfirst"))
    byline = record.get("byline") or ", ".join(record.get("authors") or ())
    yield from _said("p", "creditText", byline)
    yield from _said("p", "sourceOrganization", record.get("agency"))
    yield from _time("datePublished", record.get("published"))
    yield from _time("dateModified", record.get("updated"))


def _footer(record: Mapping[str, Any], body: str) -> Iterator[str]:
    """A caption or credit that was lifted out of a CMS body stands nowhere in it any more."""
    shown = _letters(unescape(_TAG.sub("", body)))
    for picture in record.get("pictures") or ():
        missing = {
            name: words
            for name in ("caption", "credit")
            if (words := picture.get(name)) and _letters(words) not in shown
        }
        if missing:
            caption = escape(missing.get("caption") or picture.get("caption") or "")
            credit = f"<cite>{escape(picture['credit'])}</cite>" if picture.get("credit") else ""
            yield f"<figure><figcaption>{' '.join(filter(None, (caption, credit)))}</figcaption></figure>"
    yield from _said("p", "copyrightNotice", record.get("rights"))


def _unseen(publication: Publication) -> Iterator[str]:
    """What programs ask for, and nobody reads."""
    record = publication.record
    for name in record.get("authors") or ():
        yield (
            '<span itemprop="author" itemscope itemtype="https://schema.org/Person">'
            f'<meta itemprop="name" content="{escape(name)}"></span>'
        )
    if record.get("tags"):
        yield _meta("keywords", ", ".join(record["tags"]))
    if address := record.get("canonical") or record.get("url"):
        yield f'<link itemprop="url" href="{escape(address)}">'
    yield _meta("identifier", _uri(publication))
    yield _meta("version", str(publication.edition))
    yield _meta("creativeWorkStatus", status_of(publication))


def _front_matter(publication: Publication) -> dict[str, Any]:
    """By the names that Hugo, Jekyll and their like know, and else by the record's own."""
    record = publication.record
    return {
        "title": record.get("headline"),
        "description": record.get("standfirst"),
        "section": record.get("section"),
        "byline": record.get("byline"),
        "authors": list(record.get("authors") or ()),
        "agency": record.get("agency"),
        "date": record.get("published"),
        "lastmod": record.get("updated"),
        "lang": record.get("language"),
        "tags": list(record.get("tags") or ()),
        "canonical": record.get("canonical") or record.get("url"),
        "rights": record.get("rights"),
        "pictures": [
            {name: value for name, value in one.items() if value} for one in record.get("pictures") or ()
        ],
        "story": _uri(publication),
        "edition": publication.edition,
        "status": status_of(publication),
    }


def status_of(publication: Publication) -> Literal["usable", "canceled"]:
    """IPTC's word for it. What is published may be used: an embargo that it had is over."""
    return "usable" if publication.act == "publish" else "canceled"


def _uri(publication: Publication) -> str:
    from cleaners.write import Edition

    return Edition(publication.story, ledger=publication.ledger).uri


def _element(tag: str, content: Iterator[str] | list[str], attributes: str = "") -> Iterator[str]:
    inside = list(content)
    if inside:
        yield f"<{tag}{attributes}>"
        yield from inside
        yield f"</{tag}>"


def _said(tag: str, property: str, words: str | None) -> Iterator[str]:
    if words and words.strip():
        shown = escape(words.strip(), quote=False).replace("\n", "<br>\n")
        yield f'<{tag} itemprop="{property}">{shown}</{tag}>'


def _time(property: str, said: str | None) -> Iterator[str]:
    """A date as the story says it; one that is no date has no place in ``datetime``."""
    from cleaners.write.moments import truncated

    if said and said.strip():
        exact = truncated(said)
        moment = f' datetime="{escape(exact)}"' if exact else ""
        tag = "time" if exact else "span"
        yield f'<p><{tag} itemprop="{property}"{moment}>{escape(said.strip(), quote=False)}</{tag}></p>'


def _meta(property: str, content: str) -> str:
    return f'<meta itemprop="{property}" content="{escape(content)}">'


def _letters(words: str) -> str:
    return "".join(words.split())


def _yaml(value: Any) -> str:
    """As JSON, which is YAML, too; signs that no YAML file may hold are escaped."""
    return _UNPRINTABLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(value, ensure_ascii=False))
