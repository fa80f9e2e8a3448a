"""The fields of a page: for each, the surest of its witnesses, and which one that was.

Sources, the surest first: ``given`` (the sender's), ``json-ld``, ``meta``, ``microdata``, ``page`` (what a reader sees, or a link in
the head), ``searched`` (htmldate found a date somewhere in the page).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from htmldate import find_date

from cleaners.model import Fields, Picture
from cleaners.read.addresses import absolute
from cleaners.read.days import iso, most_telling
from cleaners.read.head import Head
from cleaners.read.leaves import Leaf
from cleaners.read.metadata import Claim, Claims, Witness
from cleaners.read.names import Authors, authors_of
from cleaners.read.shown import Place, dates, place_of, writers

_LAST_DAY = "2200-01-01"
"""htmldate's upper limit is today, and reading must not depend on the day (law 10)."""
_MOST_TIMES = 200
_ACCOUNT = re.compile(r"[a-z0-9._-]+\Z|\w*\d\w*\Z")


def page_fields(
    given: Fields,
    claims: Claims,
    head: Head,
    pictures: tuple[Picture, ...],
    elements: Sequence[Any],
    page: Sequence[Leaf],
    language: str | None = None,
    url: str | None = None,
    sent_language: str | None = None,
) -> Fields:
    """What is ``given``, completed by what the page says. ``language`` is the story's, ``sent_language`` its sender's word for it."""
    place = place_of(elements, page, head.headline_at)
    authors, authors_source = _authors(claims, elements, page, place)
    published, updated = _dates(given, claims, elements, page, place, language)
    canonical = next(
        (address for claim in claims.canonical if (address := _address(claim, claims, url))), None
    )
    site = next(iter(claims.sites), None)
    found: dict[str, Claim | None] = {
        "headline": head.headline,
        "standfirst": head.standfirst,
        "section": head.section,
        "published": published,
        "updated": updated,
        "rights": next(iter(claims.rights), None),
        "canonical": canonical,
        "site": site,
    }
    if authors.people:
        found["byline"] = Claim(", ".join(authors.people), authors_source)
    if authors.agencies:
        found["agency"] = Claim(", ".join(authors.agencies), authors_source)
    sources = dict(given.sources)
    values: dict[str, Any] = {}
    for name, claim in found.items():
        if claim is not None and getattr(given, name) is None:
            values[name] = claim.value
            sources[name] = claim.source
    if language:
        said = (claims.language or "").strip().replace("_", "-")
        sources["language"] = (
            "given" if sent_language else claims.language_source or "page" if said == language else "words"
        )
    if claims.tags:
        sources["tags"] = claims.tags_source or "meta"
    if claims.paywalled is not None:
        sources["paywalled"] = claims.paywalled_source or "meta"
    return replace(
        given,
        **values,
        authors=authors.people,
        paywalled=claims.paywalled,
        tags=claims.tags,
        pictures=pictures,
        sources=tuple(sorted(sources.items())),
    )


def _authors(
    claims: Claims, elements: Sequence[Any], page: Sequence[Leaf], place: Place
) -> tuple[Authors, str]:
    """The first witness that names people. Where none does: an agency, an account, an organisation, the house itself."""
    houses = [claim.value for claim in claims.sites]
    weaker: dict[str, tuple[Authors, str]] = {}
    for witness in _witnesses(claims, elements, page, place):
        authors = authors_of(witness.said, houses)
        found = (authors, witness.source)
        if not authors:
            own = authors_of(witness.said)
            if own.people:
                weaker.setdefault("house", (own, witness.source))
        elif not authors.people:
            weaker.setdefault("agency", found)
        elif witness.house:
            weaker.setdefault("organisation", found)
        elif all(_ACCOUNT.match(name) for name in authors.people):
            weaker.setdefault("account", found)
        else:
            return found
    kinds = ("agency", "account", "organisation", "house")
    return next((weaker[kind] for kind in kinds if kind in weaker), (Authors(), ""))


def _witnesses(
    claims: Claims, elements: Sequence[Any], page: Sequence[Leaf], place: Place
) -> Iterator[Witness]:
    yield from (witness for witness in claims.byline if not witness.house)
    yield from writers(elements, page, place)
    yield from (witness for witness in claims.byline if witness.house)


def _dates(
    given: Fields,
    claims: Claims,
    elements: Sequence[Any],
    page: Sequence[Leaf],
    place: Place,
    language: str | None,
) -> tuple[Claim | None, Claim | None]:
    published, updated = list(claims.published), list(claims.updated)
    if not published and given.published is None:
        shown, changed = dates(elements, page, place, language)
        published, updated = shown, updated or changed
        if not published:
            searched = _searched(elements)
            published = [searched] if searched is not None else []
    return _best(published), _best(updated)


def _best(claims: Sequence[Claim]) -> Claim | None:
    return claims[most_telling([claim.value for claim in claims])] if claims else None


def _searched(elements: Sequence[Any]) -> Claim | None:
    """What htmldate finds; "1 January" is what it makes of a year alone.

    It takes milliseconds for each element that may be a date, so an index of hundreds of stories is not searched.
    """
    if sum(element.tag in ("time", "abbr") for element in elements) > _MOST_TIMES:
        return None
    found = find_date(elements[0], original_date=True, extensive_search=True, max_date=_LAST_DAY)
    return Claim(found, "searched") if found and iso(found) and not found.endswith("-01-01") else None


def _address(claim: Claim, claims: Claims, url: str | None) -> Claim | None:
    whole = absolute(claim.value, claims.base, url)
    return Claim(whole, claim.source) if whole else None
