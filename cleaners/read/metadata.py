"""What a page says about itself in its head: JSON-LD, then parse.ly, OpenGraph, Dublin Core and other ``<meta>``. Nothing is guessed here.

schema.org: NewsArticle (headline, alternativeHeadline, description, articleSection, author, datePublished, dateModified,
keywords, copyrightNotice, isAccessibleForFree, publisher).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from html import unescape
from typing import Any, NamedTuple

from cleaners.read.days import iso
from cleaners.read.json_ld import Linked, Node, bare_address, values
from cleaners.read.plain import key, plain

_LONGEST_NAME = 200
_LONGEST_BODY = 200_000
_TAG = re.compile(r"<[^<>]{0,500}>")
_NO = re.compile(r"(?:.*/)?false\Z|no\Z|0\Z", re.IGNORECASE)
_YES = re.compile(r"(?:.*/)?true\Z|yes\Z|1\Z", re.IGNORECASE)
_LOCKED_CLASS = re.compile(
    r"(?:^|\s)(?:is-)?(?:paywalled|premium-article|article--premium|article-premium|subscriber-only|locked-article|is-paywalled|has-paywall)(?:\s|$)"
)


class Claim(NamedTuple):
    """A value and where the page says it: ``json-ld``, ``meta``, ``microdata``, ``page`` or ``searched``."""

    value: str
    source: str


class Witness(NamedTuple):
    """Authors as one place names them, in its words; ``house`` where the place says that it is an organisation."""

    said: tuple[str, ...]
    source: str
    house: bool = False


@dataclass(frozen=True, slots=True)
class Claims:
    """All that a page claims, each list best first."""

    headline: tuple[Claim, ...] = ()
    description: tuple[Claim, ...] = ()
    section: tuple[Claim, ...] = ()
    byline: tuple[Witness, ...] = ()
    published: tuple[Claim, ...] = ()
    updated: tuple[Claim, ...] = ()
    rights: tuple[Claim, ...] = ()
    canonical: tuple[Claim, ...] = ()
    sites: tuple[Claim, ...] = ()
    image: tuple[Claim, ...] = ()
    image_alt: str | None = None
    tags: tuple[str, ...] = ()
    tags_source: str | None = None
    paywalled: bool | None = None
    paywalled_source: str | None = None
    base: str | None = None
    title: str | None = None
    language: str | None = None
    language_source: str | None = None
    linked: Linked | None = None
    story: Node | None = None

    @property
    def site(self) -> str | None:
        return self.sites[0].value if self.sites else None

    @property
    def body(self) -> str | None:
        """The story as JSON-LD has it (``articleBody``), for comparing: a witness, never the copy."""
        told = (self.story or {}).get("articleBody")
        return _TAG.sub(" ", unescape(told[:_LONGEST_BODY])) if isinstance(told, str) else None


_META: dict[str, tuple[str, ...]] = {
    "headline": ("og:title", "twitter:title", "dc.title", "dcterms.title", "dc:title", "parsely-title", "sailthru.title", "citation_title", "headline", "hdl"),
    "description": ("og:description", "description", "twitter:description", "sailthru.description", "dc.description", "dcterms.description"),
    "section": ("article:section", "og:article:section", "parsely-section", "cxenseparse:recs:section", "section", "cxenseparse:recs:articlesection", "prism.section"),
    "byline": (
        *("parsely-author", "author", "article:author", "og:article:author", "og:author", "sailthru.author", "dc.creator", "dc:creator"),
        *("dcterms.creator", "dc.creator.aut", "byl", "authors", "cxenseparse:author", "vf:author", "author_name", "creator"),
        *("shareaholic:article_author_name", "article:author_name", "rbauthors", "articleauthor"),
    ),
    "published": (
        *("article:published_time", "og:article:published_time", "og:published_time", "article:published", "parsely-pub-date", "datepublished"),
        *("sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.date", "dc.date.created", "dcterms.created", "dc.date", "dc:date", "pubdate"),
        *("pub_date", "publish-date", "publish_date", "publication_date", "publication-date", "published_date", "publisheddate", "date", "rnews:datepublished"),
        *("cxenseparse:recs:publishtime", "shareaholic:article_published_time", "originalpublicationdate", "citation_publication_date", "citation_date"),
        *("article.published", "published-date", "bt:pubdate", "displaydate", "article_date_original", "datecreated", "created"),
    ),
    "updated": (
        *("article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "lastmod", "last-modified", "dcterms.modified"),
        *("dc.date.modified", "article.updated", "modified-date", "revised", "shareaholic:article_modified_time"),
    ),
    "rights": ("copyright", "dc.rights", "dcterms.rights", "dcterms.rightsholder", "dc:rights", "rights", "og:copyright"),
    "canonical": ("og:url", "parsely-link", "twitter:url"),
    "sites": ("og:site_name", "application-name", "parsely-site", "dc.publisher", "dcterms.publisher", "publisher", "citation_journal_title"),
    "image": ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "parsely-image-url", "sailthru.image.full"),
    "image_alt": ("og:image:alt", "twitter:image:alt"),
    "tags": ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "keywords", "dcterms.subject", "dc.subject"),
    "language": ("og:locale", "language", "dc.language", "dcterms.language", "content-language"),
    "tier": ("article:content_tier", "cxenseparse:recs:paywall", "paywall", "article:paywall"),
}  # fmt: skip
_READ = {name for names in _META.values() for name in names}
_ALSO_READ = ("parsely-page", "parsely-metadata")
_PARSELY = {
    "title": "headline", "section": "section", "author": "byline", "authors": "byline", "pub_date": "published",
    "link": "canonical", "image_url": "image", "tags": "tags",
}  # fmt: skip
_LABELLED = re.compile(r"twitter:(?:label|data)\d\Z")
_WRITTEN_BY = {"written by", "by", "author", "verfasst von", "geschrieben von", "escrito por", "écrit par", "scritto da", "autor"}  # fmt: skip
_SEVERAL = {"byline", "tags"}
_RIGHTS_TAG = "license"

_Metas = dict[str, list[str]]


def claims_of(elements: Iterable[Any], url: str | None = None) -> Claims:
    """What a page claims; ``elements`` are those of its lxml tree, in document order, ``url`` is where it came from."""
    head = _Head(url)
    for element in elements:
        read = _READERS.get(element.tag)
        if read is not None:
            read(head, element)
    return _claims(head)


class _Head:
    """The head of a page while it is walked."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url
        self.metas: _Metas = {}
        self.scripts: list[str] = []
        self.title: str | None = None
        self.language: str | None = None
        self.base: str | None = None
        self.canonical: str | None = None
        self.license: str | None = None
        self.locked = False


def _meta(head: _Head, element: Any) -> None:
    content = element.get("content")
    if not content:
        return
    names = (
        element.get("property")
        or element.get("name")
        or element.get("itemprop")
        or element.get("http-equiv")
        or ""
    )
    for name in names.lower().split():
        if name in _READ or _LABELLED.match(name):
            value = plain(content)
            if value:
                head.metas.setdefault(name, []).append(value)
        elif name in _ALSO_READ:
            head.metas.setdefault(name, []).append(content)


def _script(head: _Head, element: Any) -> None:
    if "ld+json" in (element.get("type") or "").lower() and element.text:
        head.scripts.append(element.text)


def _title(head: _Head, element: Any) -> None:
    parent = element.getparent()
    if head.title is None and (
        parent is None or parent.tag in ("head", "html", "body")
    ):  # no <title> of an SVG
        head.title = plain(element.text_content())


def _html(head: _Head, element: Any) -> None:
    head.language = element.get("lang") or element.get("{http://www.w3.org/XML/1998/namespace}lang") or None
    _body(head, element)


def _body(head: _Head, element: Any) -> None:
    head.locked = head.locked or _LOCKED_CLASS.search(element.get("class") or "") is not None


def _link(head: _Head, element: Any) -> None:
    rels = (element.get("rel") or "").lower().split()
    address = (element.get("href") or "").strip()
    if not address:
        return
    if "canonical" in rels and head.canonical is None:
        head.canonical = address
    elif "license" in rels and head.license is None:
        head.license = address


def _base(head: _Head, element: Any) -> None:
    head.base = head.base or (element.get("href") or "").strip() or None


_READERS: dict[Any, Any] = {
    "meta": _meta,
    "script": _script,
    "title": _title,
    "html": _html,
    "body": _body,
    "article": _body,
    "link": _link,
    "base": _base,
}


def _claims(head: _Head) -> Claims:
    metas = head.metas
    for content in [text for name in _ALSO_READ for text in metas.get(name, ())]:
        _parsely(content, metas)
    linked = Linked(head.scripts)
    titles = {key(value) for name in _META["headline"] for value in metas.get(name, ())}
    if head.title:
        titles.add(key(head.title))
    address = head.canonical or next(iter(metas.get("og:url", ())), None) or head.url
    story = linked.article(titles - {""}, bare_address(address) if address else None)
    about = [story, linked.page()]

    def claims(name: str, structured: Iterable[str | None] = ()) -> tuple[Claim, ...]:
        found = [Claim(value, "json-ld") for value in structured if value]
        found += [Claim(value, "meta") for word in _META.get(name, ()) for value in metas.get(word, ())]
        return tuple(dict.fromkeys(found))

    spoken = [Claim(head.language, "page")] if head.language else []
    language = next(iter([*spoken, *claims("language", (plain(story.get("inLanguage")),))]), None)
    publisher = next((one for one in linked.each(story.get("publisher")) if one), None)
    tags, tags_source = _tags(story, linked, metas)
    paywalled, paywalled_source = _paywalled(story, linked, metas, head.locked)
    canonical = ([Claim(head.canonical, "page")] if head.canonical else []) + list(claims("canonical"))
    return Claims(
        headline=claims("headline", (plain(story.get("headline")) or plain(story.get("name")),)),
        description=claims(
            "description", (plain(story.get("alternativeHeadline")), plain(story.get("description")))
        ),
        section=claims("section", _texts(story.get("articleSection"))) + _crumb(linked, titles),
        byline=tuple(_byline(story, linked, metas)),
        published=_dates(claims("published", [plain(node.get("datePublished")) for node in about])),
        updated=_dates(claims("updated", [plain(node.get("dateModified")) for node in about])),
        rights=_rights(
            claims(
                "rights", (plain(story.get("copyrightNotice")), _name(linked, story.get("copyrightHolder")))
            ),
            head,
        ),
        canonical=tuple(canonical),
        sites=_sites(metas, plain(publisher), linked),
        image=claims("image"),
        image_alt=next((metas[name][0] for name in _META["image_alt"] if name in metas), None),
        tags=tags,
        tags_source=tags_source,
        paywalled=paywalled,
        paywalled_source=paywalled_source,
        base=head.base,
        title=head.title,
        language=language.value if language else None,
        language_source=language.source if language else None,
        linked=linked,
        story=story,
    )


def _crumb(linked: Linked, titles: Set[str]) -> tuple[Claim, ...]:
    """The last breadcrumb above the story's own: Home > Islands > "Ferry to sail again"."""
    above = [name for name in linked.crumbs()[1:] if key(name) not in titles]
    return (Claim(above[-1], "json-ld"),) if above else ()


def _parsely(content: str, metas: _Metas) -> None:
    """``<meta name="parsely-page" content='{"author": "Ana Holm", …}'>`` says what parse.ly's single metas say."""
    said = next(iter(values(content)), None)
    if not isinstance(said, dict):
        return
    for word, name in _PARSELY.items():
        found = _texts(said.get(word))
        if found:
            metas.setdefault(
                _META[name][0] if name == "tags" else f"parsely-{_OWN.get(name, name)}", []
            ).extend(found)


_OWN = {
    "headline": "title",
    "byline": "author",
    "published": "pub-date",
    "canonical": "link",
    "image": "image-url",
}


def _byline(story: Node, linked: Linked, metas: _Metas) -> Iterator[Witness]:
    people: list[str] = []
    houses: list[str] = []
    for word in ("author", "creator"):
        for author in linked.each(story.get(word)):
            name = _full_name(author)
            house = isinstance(author, dict) and "Organization" in str(author.get("@type"))
            if name:
                (houses if house else people).append(name)
        if people or houses:
            break
    if people:
        yield Witness(tuple(people), "json-ld")
    for name in _META["byline"]:
        if name in metas:
            yield Witness(tuple(metas[name]), "meta")
    for number in "1234":
        label = next(iter(metas.get(f"twitter:label{number}", ())), "")
        if label.casefold().rstrip(": ") in _WRITTEN_BY:
            yield Witness(tuple(metas.get(f"twitter:data{number}", ())[:1]), "meta")
    if houses:
        yield Witness(tuple(houses), "json-ld", house=True)


def _full_name(author: Any) -> str | None:
    if isinstance(author, dict):
        names = author.get("name")
        if isinstance(names, list):
            return ", ".join(_texts(names)) or None
        parts = [plain(author.get(word)) for word in ("givenName", "additionalName", "familyName")]
        return plain(names) or " ".join(part for part in parts if part) or plain(author.get("alternateName"))
    return plain(author)


def _name(linked: Linked, value: Any) -> str | None:
    return next((name for one in linked.each(value) if (name := plain(one))), None)


def _sites(metas: _Metas, publisher: str | None, linked: Linked) -> tuple[Claim, ...]:
    found = [Claim(value, "meta") for value in metas.get("og:site_name", ())[:1]]
    if publisher:
        found.append(Claim(publisher, "json-ld"))
    for node in linked.nodes:
        if node.get("@type") in ("WebSite", "NewsMediaOrganization") and (name := plain(node.get("name"))):
            found.append(Claim(name, "json-ld"))
            break
    found += [Claim(value, "meta") for word in _META["sites"] for value in metas.get(word, ())]
    return tuple(
        dict.fromkeys(
            claim for claim in found if "://" not in claim.value and not claim.value.startswith("@")
        )
    )


def _rights(claims: Sequence[Claim], head: _Head) -> tuple[Claim, ...]:
    return (*claims, *([Claim(head.license, "page")] if head.license else []))


def _paywalled(story: Node, linked: Linked, metas: _Metas, locked: bool) -> tuple[bool | None, str | None]:
    """Whether readers must pay, and who says so. Part of a story may be free: a part that is not makes it paid for."""
    free = _truth(story.get("isAccessibleForFree"))
    parts = [
        _truth(part.get("isAccessibleForFree"))
        for part in linked.each(story.get("hasPart"))
        if isinstance(part, dict)
    ]
    if free is False or False in parts:
        return True, "json-ld"
    if free is True:
        return False, "json-ld"
    for name in _META["tier"]:
        for value in metas.get(name, ()):
            tier = value.casefold()
            if tier in ("locked", "metered", "paid", "premium", "subscriber", "true", "yes", "hard"):
                return True, "meta"
            if tier in ("free", "false", "no", "open", "none"):
                return False, "meta"
    return (True, "page") if locked else (None, None)


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    said = plain(value)
    if said is None:
        return None
    return False if _NO.match(said) else True if _YES.match(said) else None


def _tags(story: Node, linked: Linked, metas: _Metas) -> tuple[tuple[str, ...], str | None]:
    """The tags of the first place that has any."""
    words = [word for one in linked.each(story.get("keywords")) if (word := plain(one))]
    for found, source in [
        (metas.get("article:tag", []), "meta"),
        (words, "json-ld"),
        *((metas[name], "meta") for name in _META["tags"][1:] if name in metas),
    ]:
        if len(found) == 1:
            found = re.split(r"[,;]", found[0])
        bare = dict.fromkeys(" ".join(word.split()) for word in found if word.strip())
        if bare:
            return tuple(bare), source
    return (), None


def _dates(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    dated = ((iso(claim.value), claim.source) for claim in claims)
    return tuple(Claim(value, source) for value, source in dated if value)


def _texts(value: Any) -> list[str]:
    members = value if isinstance(value, list) else [value]
    return [text for text in (plain(one) for one in members) if text]
