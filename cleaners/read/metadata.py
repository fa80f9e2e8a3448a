"""What a page says about itself: JSON-LD, then OpenGraph and other ``<meta>``. Nothing is guessed here.

schema.org: NewsArticle (headline, alternativeHeadline, description, articleSection, author, datePublished, dateModified).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from cleaners.read.decode import storable
from cleaners.read.repair import repair_text

_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|OpinionNewsArticle|Blog Post)\Z")
_TAGS = re.compile(r"<[^<>]{0,500}>")
_SPACES = re.compile(r"\s+")
_MOST_NODES = 5_000
_DEEPEST = 40
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A value and where the page says it: ``json-ld`` or ``meta``."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Claims:
    """All that a page claims, each list best first."""

    headline: tuple[Claim, ...] = ()
    description: tuple[Claim, ...] = ()
    section: tuple[Claim, ...] = ()
    byline: tuple[Claim, ...] = ()
    published: tuple[Claim, ...] = ()
    updated: tuple[Claim, ...] = ()
    image: tuple[Claim, ...] = ()
    tags: tuple[str, ...] = ()
    site: str | None = None
    title: str | None = None
    language: str | None = None


_META = {
    "headline": ("og:title", "twitter:title", "dc.title", "parsely-title", "sailthru.title"),
    "description": ("og:description", "description", "twitter:description", "sailthru.description"),
    "section": (
        "article:section",
        "og:article:section",
        "parsely-section",
        "cxenseparse:recs:section",
        "section",
    ),
    "byline": (
        "author",
        "article:author",
        "og:article:author",
        "parsely-author",
        "sailthru.author",
        "dc.creator",
        "byl",
    ),
    "published": (
        "article:published_time",
        "og:article:published_time",
        "og:published_time",
        "parsely-pub-date",
        "datepublished",
        "sailthru.date",
        "dc.date.issued",
        "dcterms.created",
        "dc.date",
        "pubdate",
        "publish-date",
        "date",
    ),
    "updated": (
        "article:modified_time",
        "og:article:modified_time",
        "og:updated_time",
        "datemodified",
        "lastmod",
    ),
    "image": ("og:image", "og:image:url", "twitter:image"),
}


_SITE = ("og:site_name", "application-name")
_READ = frozenset([*(name for names in _META.values() for name in names), *_SITE, "article:tag"])
"""Every ``<meta>`` that is asked for: a page has fifty others, for phones and shops."""


def claims_of(tree: Any) -> Claims:
    """What the page ``tree`` (an lxml ``html`` element) claims."""
    metas = _metas(tree)
    article = _article(list(_nodes(tree)), metas)
    title = next((_plain(element.text_content()) for element in tree.iter("title")), None)
    site = next((metas[name][0] for name in _SITE if name in metas), None)

    def claims(name: str, structured: Iterable[str | None]) -> tuple[Claim, ...]:
        found = [Claim(value, "json-ld") for value in structured if value]
        found += [Claim(value, "meta") for key in _META[name] for value in metas.get(key, ())]
        return tuple(dict.fromkeys(found))

    return Claims(
        headline=claims("headline", (_plain(article.get("headline")),)),
        description=claims(
            "description", (_plain(article.get("alternativeHeadline")), _plain(article.get("description")))
        ),
        section=claims("section", _texts(article.get("articleSection"))),
        byline=tuple(
            claim for claim in claims("byline", (_names(article.get("author")),)) if _is_name(claim.value)
        ),
        published=_dates(claims("published", (_plain(article.get("datePublished")),))),
        updated=_dates(claims("updated", (_plain(article.get("dateModified")),))),
        image=claims("image", ()),
        tags=tuple(dict.fromkeys(_keywords(article, metas))),
        site=site,
        title=title or None,
        language=tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or None,
    )


def iso(value: str) -> str | None:
    """``value`` as an ISO 8601 string, with its zone if it has one; None when it is no date.

    >>> iso("2026-03-03T10:15:00Z"), iso("2026-03-03"), iso("Tuesday")
    ('2026-03-03T10:15:00+00:00', '2026-03-03', None)
    """
    value = value.strip()
    value = re.sub(r"(?<=\d) (?=[+-]\d{2}:?\d{2}\Z)", "", value)  # "2026-03-03 10:15:00 +0100"
    value = re.sub(r" ?UTC\Z| ?GMT\Z", "+00:00", value)
    value = re.sub(r"(\.\d{6})\d+", r"\1", value)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    if not 1800 <= parsed.year <= 2200:
        return None
    return parsed.date().isoformat() if len(value) <= 10 else parsed.isoformat()


def _dates(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    dated = ((iso(claim.value), claim.source) for claim in claims)
    return tuple(Claim(value, source) for value, source in dated if value)


def _metas(tree: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = (
            (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        )
        value = _plain(element.get("content")) if name in _READ else None
        if value:
            found.setdefault(name, []).append(value)
    return found


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of the page's JSON-LD, outermost first."""
    seen = 0
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        data = _json(script.text or "")
        queue: list[tuple[Any, int]] = [(data, 0)]
        while queue:
            value, depth = queue.pop(0)
            seen += 1
            if seen > _MOST_NODES or depth > _DEEPEST:
                return
            if isinstance(value, dict):
                yield value
                # Teasers of other stories hang under these.
                skipped = ("hasPart", "itemListElement", "mentions", "relatedLink", "comment", "review")
                queue += [(child, depth + 1) for key, child in value.items() if key not in skipped]
            elif isinstance(value, list):
                queue += [(child, depth + 1) for child in value]


def _json(text: str) -> Any:
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip()
    text = (
        text.removeprefix("//<![CDATA[")
        .removeprefix("<![CDATA[")
        .removesuffix("//]]>")
        .removesuffix("]]>")
        .strip()
    )
    try:
        return json.loads(text.rstrip(";"), strict=False)
    except (ValueError, RecursionError):
        return None


def _article(nodes: list[dict[str, Any]], metas: dict[str, list[str]]) -> dict[str, Any]:
    """The object that describes this page's story; an empty one if there is none."""
    articles = [node for node in nodes if any(_ARTICLE.search(kind) for kind in _texts(node.get("@type")))]
    titles = {_key(value) for name in _META["headline"] for value in metas.get(name, ())}
    for node in articles:
        headline = _plain(node.get("headline"))
        if headline and _key(headline) in titles:
            return node
    with_headline = [node for node in articles if _plain(node.get("headline"))]
    return (with_headline or articles or [{}])[0]


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in (_plain(one) for one in values) if text]


def _plain(value: Any) -> str | None:
    """A claim as text: entities and tags are undone (many CMS escape their JSON-LD as HTML)."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    if not isinstance(value, str):
        return None
    text, _ = storable(value[:_LONGEST])
    if "&" in text:
        text = unescape(text)
    if "<" in text:
        text = _TAGS.sub("", text)
    return repair_text(_SPACES.sub(" ", text)) or None


def _names(value: Any) -> str | None:
    names = [name for name in _texts(value) if _is_name(name)]
    return ", ".join(dict.fromkeys(names)) or None


def _is_name(text: str) -> bool:
    return "://" not in text and not text.startswith(("@", "www.")) and len(text) <= 200


def _keywords(article: dict[str, Any], metas: dict[str, list[str]]) -> Iterator[str]:
    words = _texts(article.get("keywords"))
    if len(words) == 1:
        words = words[0].split(",")
    for word in [*metas.get("article:tag", ()), *(words if not metas.get("article:tag") else ())]:
        if word.strip():
            yield word.strip()


def _key(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
