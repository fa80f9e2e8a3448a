"""What a page shows of its writers and dates: microdata, ``rel=author``, class names, ``<time>``, and "By Ana Holm" itself.

These speak where the page's metadata is silent or names nobody. All but microdata must stand near the headline, for teasers,
comments and boxes about authors have names and dates, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from cleaners.read.days import iso
from cleaners.read.leaves import FURNITURE, Leaf
from cleaners.read.metadata import Claim, Witness
from cleaners.read.moment import moment_of
from cleaners.read.plain import plain

_AUTHOR = re.compile(
    r"by-?line|author|writer(?!s)|autor|auteur|verfasser|journalist|reporter|contributor|posted-?by|written-?by|firma(?:\b|_)",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"bio|about|avatar|image|img|photo|thumb|follow|social|share|comment|related|recommend|more-from|description|desc\b|authors-list|date|time|authori[sz]|box|job|title|role|position|email",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:author|byline|writer|contributor|autor)s?(?:[-_]+|__)?(?:full)?-?(?:name|link)|\bfn\b", re.IGNORECASE
)
_APART = re.compile(
    r"comment|disqus|related|recommend|teaser|sidebar|widget|popular|trending|latest|most-read|newsletter|promo|read-?next|more-stories|carousel|footer|card-grid|also-like",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"updated|modified|last-?edit|aktualisiert|mis à jour|actualizado|aggiornato|bijgewerkt|oppdatert|uppdaterad|opdateret|обновлено",
    re.IGNORECASE,
)
_BY = re.compile(
    r"(?:By:?\s?(?=[A-Z@])|(?:Von|Par|Por|Di|Door|Av|Af)\s(?=[A-ZÀ-Þ])|(?:Written|Posted|Words|Story|Text|Author|Autor|Autora|Auteur)(?: by)?:?\s)"
)
_AUTHOR_PAGE = re.compile(
    r"/(?:authors?|autor(?:es|en)?|auteurs?|autore|contributors?|by|byline|people|person|profiles?|staff|team|writers?|journalists?|columnists?|reporters?)/[^/?#]+",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:By|Von|Par|Por|Di|Door|Av|Af|Written by|Posted by|Words by|Author|Autor|Auteur)\s?:?\Z",
    re.IGNORECASE,
)
_LONGEST_BYLINE = 160
_BELOW, _ABOVE = 12, 4
"""So many lines below and above the headline its byline is looked for."""
_NEAR = 120
"""So many elements from the headline an author's or date's element is looked for."""
_MOST_DATES = 6
_MOST = 40
"""So many elements of a kind are looked at: a page of forty thousand authors costs no more than one of forty."""
_NO_WITNESS = {"meta", "link", "script", "body", "html", "article", "main", "img", "svg", "input", "form"}
_TOGETHER = 40
_CLOSE = 40
"""So many for a link to somebody's page, which need not be the writer's."""
_HAS_DAY = re.compile(r"\d{1,2}\D.*\d{4}|\d{4}\D.*\d{1,2}|\d月|년")


class Place(NamedTuple):
    """Where the headline stands: its element's number in the page, and its leaf's."""

    element: int | None
    leaf: int | None


def place_of(elements: Sequence[Any], page: Sequence[Leaf], headline_at: int | None) -> Place:
    if headline_at is None:
        return Place(None, None)
    owner = page[headline_at].owner
    return Place(next((at for at, element in enumerate(elements) if element is owner), None), headline_at)


def writers(elements: Sequence[Any], page: Sequence[Leaf], place: Place) -> Iterator[Witness]:
    """Who the page shows as its writers, the surest witness first."""
    microdata: list[tuple[int, Any]] = []
    linked: list[tuple[int, Any]] = []
    named: list[tuple[int, Any]] = []
    classed: list[tuple[int, Any]] = []
    paged: list[tuple[int, Any]] = []
    for at, element in enumerate(elements):
        attributes = element.attrib
        if not attributes or element.tag in _NO_WITNESS:
            continue
        if "author" in (attributes.get("itemprop") or ""):
            microdata.append((at, element))
        elif "author" in (attributes.get("rel") or "").split():
            linked.append((at, element))
        else:
            names = f"{attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('data-testid') or ''}"
            told = _told_by(names)
            if told == "name":
                named.append((at, element))
            elif told == "byline":
                classed.append((at, element))
            elif told is None and element.tag == "a" and _AUTHOR_PAGE.search(attributes.get("href") or ""):
                paged.append((at, element))
    for said in _groups(microdata, place):
        yield Witness(said, "microdata")
    for candidates in (linked, named, classed):
        for said in _groups(candidates, place):
            yield Witness(said, "page")
    yield from _by_lines(page, place)
    if place.element is not None:
        close = [pair for pair in paged if abs(pair[0] - place.element) < _CLOSE]
        for said in _groups(close, place):
            yield Witness(said, "page")


# A page has thousands of elements of a few dozen names.
@lru_cache(maxsize=20_000)
def _told_by(names: str) -> str | None:
    """What class, id and test id say an element is: an author's ``name``, a ``byline``, something ``else`` of an author's; None: nothing of the kind."""
    if not _AUTHOR.search(names):
        return None
    if _NAMED.search(names):
        return "name"
    return "else" if _NO_AUTHOR.search(names) else "byline"


def _groups(candidates: list[tuple[int, Any]], place: Place) -> Iterator[tuple[str, ...]]:
    """The texts of the candidates next below the headline, then of those above; those that stand together are one group."""
    start = place.element or 0
    near = [pair for pair in candidates if _is_near(pair[0], place)]
    near.sort(key=lambda pair: (pair[0] < start, abs(pair[0] - start)))
    near = [pair for pair in near[: 2 * _MOST] if not _is_apart(pair[1])][:_MOST]
    while near:
        first, element = near[0]
        group = [
            pair for pair in near if abs(pair[0] - first) <= _TOGETHER and _share_a_box(element, pair[1])
        ]
        said = tuple(dict.fromkeys(text for _, one in group if (text := _author_text(one))))
        if said:
            yield said
        near = [pair for pair in near[1:] if pair not in group]


def _is_near(at: int, place: Place) -> bool:
    return place.element is None or -_NEAR < at - place.element < 3 * _NEAR


def _is_apart(element: Any) -> bool:
    """Whether an element stands in a teaser, a comment, a box beside the story."""
    for up, each in enumerate((element, *element.iterancestors())):
        if each.tag in ("body", "html", "main") or (each.tag == "article" and up > 3):
            return False
        if each.tag in FURNITURE and each.tag != "aside":
            return True
        if up and _APART.search(f"{each.get('class') or ''} {each.get('id') or ''}"):
            return True
    return False


def _share_a_box(one: Any, other: Any) -> bool:
    mine = [one, *(each for _, each in zip(range(3), one.iterancestors(), strict=False))]
    theirs = [other, *(each for _, each in zip(range(3), other.iterancestors(), strict=False))]
    return any(
        each is box for each in mine for box in theirs if each.tag not in ("body", "main", "article", "html")
    )


def _author_text(element: Any) -> str | None:
    name = next(
        (each for each in element.iter() if isinstance(each.tag, str) and each.get("itemprop") == "name"),
        None,
    )
    text = (name.get("content") if name is not None else None) or _text(name if name is not None else element)
    return text if text and len(text) <= _LONGEST_BYLINE else None


def _text(element: Any) -> str | None:
    """An element's text, its parts apart: "<b>By</b><a>Ana Holm</a><time>3 March</time>" has three."""
    parts: list[str] = []
    size = 0
    for each in element.iter():
        size += 1 + len(each.text or "")
        if size > 2_000:
            return None
        if not isinstance(each.tag, str) or each.tag in ("script", "style", "svg", "button", "noscript"):
            if each.tail and each is not element:
                parts.append(each.tail)
            continue
        if each.tag in ("p", "div", "li", "br", "time", "h2", "h3", "h4", "h5"):
            parts.append("\n")
        parts.append(each.text or "")
        if each is not element and each.tail:
            if each.tag in ("p", "div", "li", "time", "h2", "h3", "h4", "h5"):
                parts.append("\n")
            parts.append(each.tail)
    lines = [" ".join(line.split()) for line in "".join(parts).split("\n")]
    return plain(" • ".join(line for line in lines if line))


def _by_lines(page: Sequence[Leaf], place: Place) -> Iterator[Witness]:
    """ "By Ana Holm", or "By" and the name on the next line, near the headline."""
    if place.leaf is None:
        return
    below = range(place.leaf + 1, min(place.leaf + 1 + _BELOW, len(page)))
    above = range(place.leaf - 1, max(place.leaf - 1 - _ABOVE, -1), -1)
    for at in (*below, *above):
        leaf = page[at]
        if leaf.furniture or len(leaf.text) > _LONGEST_BYLINE or leaf.kind == "caption":
            continue
        if _LABEL.match(leaf.text) and at + 1 < len(page) and len(page[at + 1].text) <= 80:
            yield Witness((page[at + 1].text,), "page")
        elif _BY.match(leaf.text) and not leaf.text.rstrip().endswith(("?", "!", ":")):
            yield Witness((leaf.text,), "page")


def dates(
    elements: Sequence[Any], page: Sequence[Leaf], place: Place, language: str | None
) -> tuple[list[Claim], list[Claim]]:
    """Days of publication and of the last change that the page shows, the surest first."""
    published: list[Claim] = []
    updated: list[Claim] = []
    shown: list[Claim] = []
    tried = 0
    start = place.element or 0
    for at, element in enumerate(elements):
        if element.tag in ("meta", "script", "link"):
            continue
        if len(published) + len(updated) + len(shown) >= _MOST_DATES:
            break
        prop = element.get("itemprop") or ""
        if "datePublished" in prop or "dateModified" in prop:
            if tried < _MOST and not _is_apart(element):
                tried += 1
                value = _date_of(element, language)
                if value:
                    (published if "datePublished" in prop else updated).append(Claim(value, "microdata"))
        elif (
            element.tag == "time"
            and tried < _MOST
            and at >= start - _NEAR
            and _is_near(at, place)
            and not _is_apart(element)
        ):
            tried += 1
            value = _date_of(element, language)
            if value:
                (updated if _is_updated(element) else shown).append(Claim(value, "page"))
    if not published and not shown:
        shown = list(_dated_lines(page, place, language))
    return published + shown, updated


def _date_of(element: Any, language: str | None) -> str | None:
    for name in ("datetime", "content", "data-datetime", "data-time", "title"):
        value = element.get(name)
        if value and (
            found := iso(value) or (_HAS_DAY.search(value) and moment_of(value, language=language))
        ):
            return found
    text = " ".join(element.text_content().split())
    return moment_of(text, language=language) if 6 <= len(text) <= 60 and _HAS_DAY.search(text) else None


def _is_updated(element: Any) -> bool:
    own = " ".join(element.get(name) or "" for name in ("class", "id", "itemprop"))
    parent = element.getparent()
    label = (element.text_content() or "")[:40]
    before = ""
    if parent is not None:
        own += f" {parent.get('class') or ''}"
        previous = element.getprevious()
        before = (previous.tail or previous.text_content() if previous is not None else parent.text) or ""
    return (
        _UPDATED.search(own) is not None
        or _UPDATED.search(label) is not None
        or _UPDATED.search(before[-40:]) is not None
    )


def _dated_lines(page: Sequence[Leaf], place: Place, language: str | None) -> Iterator[Claim]:
    """Short lines next to the headline that name a whole day."""
    if place.leaf is None:
        return
    for at in range(max(place.leaf - _ABOVE, 0), min(place.leaf + _BELOW, len(page))):
        leaf = page[at]
        if at == place.leaf or leaf.furniture or len(leaf.text) > 90 or not _HAS_DAY.search(leaf.text):
            continue
        if _UPDATED.search(leaf.text):
            continue
        value = moment_of(leaf.text, language=language)
        if value:
            yield Claim(value, "page")
            return
