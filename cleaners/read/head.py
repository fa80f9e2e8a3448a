"""Head matter of a page: which line is the headline, the section above it, the standfirst below it.

A value is taken only where the page itself shows it to a reader, or its metadata names it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cleaners.read.leaves import Leaf
from cleaners.read.metadata import Claim, Claims
from cleaners.read.plain import key
from cleaners.read.signals import signal_of

_SEPARATOR = re.compile(r"\s+[|\-–—·•:»«‹›/]+\s+|\s*[|»«]\s*")
_STANDFIRST = re.compile(
    r"standfirst|stand-first|sub-?head|sub-?title|sub-?heading|\bdek\b|__dek|-dek\b|\bdeck\b|summary|strapline|teaser|"
    r"excerpt|\bintro\b|-intro\b|\bchapo\b|chapeau|vorspann|entradilla|bajada|sommario|occhiello|article-lead|lead-text",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"{_STANDFIRST.pattern}|lead(?!er)|lede|intro|abstract|perex|ingress|preamble|strap|synopsis|sub-?line|description|zusammenfassung",
    re.IGNORECASE,
)
"""Where the page's description says the same, its own class may be as vague as "lead"."""
_LONGEST_SECTION = 40
_SHORTEST_PART = 20
_NEAR, _FAR = 7, 25
"""So many lines below its headline a standfirst is looked for; farther down, under a share bar and a byline, where it is told twice."""
_WORD = re.compile(r"\w+")
_FEWEST_WORDS = 4
_MOST_WORDS_SHARED = 0.5
_DATED = re.compile(r"\d.*\d.*\d.*\d|^(?:by|von|par|por|di|av|published|updated|posted)\b", re.IGNORECASE)
_NO_SECTION = {
    *(
        "home",
        "menu",
        "search",
        "share",
        "print",
        "email",
        "advertisement",
        "ad",
        "subscribe",
        "log in",
        "sign in",
    ),
    *(
        "skip to content",
        "skip to main content",
        "close",
        "back",
        "facebook",
        "twitter",
        "whatsapp",
        "listen",
        "save",
    ),
    *(
        "startseite",
        "anzeige",
        "accueil",
        "inicio",
        "publicidad",
        "teilen",
        "partager",
        "compartir",
        "follow",
        "comments",
    ),
}


@dataclass(frozen=True, slots=True)
class Head:
    """Head matter with the leaves it was found in (indexes; None: metadata only)."""

    headline: Claim | None = None
    headline_at: int | None = None
    section: Claim | None = None
    section_at: int | None = None
    standfirst: Claim | None = None
    standfirst_at: int | None = None
    standfirst_told: bool = False
    """Its own element is called a standfirst, and a second witness says so: the page's description, or the headline's own header."""


def head_of(page: Sequence[Leaf], claims: Claims, body_starts: int | None) -> Head:
    """The head of a page; ``body_starts`` is the first leaf of the story that is prose."""
    limit = body_starts if body_starts is not None else len(page)
    headline, headline_at = _headline(page, claims, limit)
    section, section_at = _section(page, claims, headline_at)
    return Head(headline, headline_at, section, section_at, *_standfirst(page, claims, headline_at, limit))


def same(one: str, other: str) -> bool:
    """The same words, whatever the case, spaces and punctuation.

    >>> same("Ferry to sail again", "FERRY TO SAIL – AGAIN")
    True
    """
    return key(one) == key(other) != ""


def _headline(page: Sequence[Leaf], claims: Claims, limit: int) -> tuple[Claim | None, int | None]:
    titles = [claim.value for claim in claims.headline] + ([claims.title] if claims.title else [])
    site = key(claims.site or "")
    keys = {key(part) for title in titles for part in _parts(title)} - {"", site}
    tops = [at for at, leaf in enumerate(page) if leaf.kind == "heading" and leaf.level == 1]
    in_reach = [at for at in tops if at <= limit and not page[at].furniture] or tops
    # The h1 that the title names; then a line of any kind that it names; then the only h1.
    for at in in_reach:
        if key(page[at].text) in keys:
            return Claim(page[at].text, "page"), at
    for at in in_reach:
        mine = key(page[at].text)
        if len(mine) > 20 and any(mine in other or other in mine for other in keys if len(other) > 20):
            return Claim(page[at].text, "page"), at
    likely = _likely(page, in_reach, titles, claims)
    if likely is not None:
        return Claim(page[likely].text, "page"), likely
    for at in range(min(limit, len(page)) - 1, -1, -1):
        leaf = page[at]
        if len(leaf.text) >= 15 and not leaf.furniture and leaf.kind != "caption" and key(leaf.text) in keys:
            return Claim(leaf.text, "page"), at
    if claims.headline and len(in_reach) != 1:
        return Claim(_without_site(claims.headline[0].value, claims.site), claims.headline[0].source), None
    if len(in_reach) == 1 and (not claims.headline or _looks_like_headline(page[in_reach[0]].text, claims)):
        return Claim(page[in_reach[0]].text, "page"), in_reach[0]
    if claims.headline:
        return Claim(_without_site(claims.headline[0].value, claims.site), claims.headline[0].source), None
    if claims.title:
        return Claim(_without_site(claims.title, claims.site), "meta"), None
    return None, None


def _likely(page: Sequence[Leaf], tops: Sequence[int], titles: Sequence[str], claims: Claims) -> int | None:
    """The h1 that has most words in common with a title: search engines and readers are often told two headlines.

    A short one, "History of coffee" of "History of coffee | Origin and facts | …", must begin the title, and be no link: that is a logo.
    """
    said = [set(_WORD.findall(title.casefold())) for title in titles]
    sites = {key(claim.value) for claim in claims.sites}
    best: tuple[float, int] | None = None
    for at in tops:
        text = page[at].text
        words = _WORD.findall(text.casefold())
        if key(text) in sites or page[at].linked == len(text) or len(words) < 2:
            continue
        if len(words) >= _FEWEST_WORDS:
            share = max((sum(word in title for word in words) / len(words) for title in said), default=0.0)
            if share >= _MOST_WORDS_SHARED and (best is None or share > best[0]):
                best = (share, at)
        elif any(key(title).startswith(key(text)) and len(key(text)) >= 8 for title in titles):
            best = best or (1.0, at)
    return best[1] if best is not None else None


def _looks_like_headline(text: str, claims: Claims) -> bool:
    """An h1 that says only the site's name is a logo."""
    return len(text) >= 25 and not (claims.site and same(text, claims.site))


def _parts(title: str) -> list[str]:
    """A title whole, and without its last or first parts: "Ferry sails again | World | The Harbour Herald".

    A short part is a site or a section, and its h1 a logo.
    """
    cuts = [(found.start(), found.end()) for found in _SEPARATOR.finditer(title)]
    parts = [title[:start] for start, _ in cuts] + [title[end:] for _, end in cuts]
    return [title] + [part for part in parts if len(part) >= _SHORTEST_PART]


def _without_site(title: str, site: str | None) -> str:
    """The title without a site name that ``og:site_name`` gives.

    >>> _without_site("Ferry sails again | Harbour Herald", "Harbour Herald")
    'Ferry sails again'
    >>> _without_site("Jazz | A history", None)
    'Jazz | A history'
    """
    if site:
        for found in _SEPARATOR.finditer(title):
            if same(title[found.end() :], site):
                return title[: found.start()].strip()
            if same(title[: found.start()], site):
                return title[found.end() :].strip()
    return title


def _section(
    page: Sequence[Leaf], claims: Claims, headline_at: int | None
) -> tuple[Claim | None, int | None]:
    at = section_line(page, headline_at) if headline_at is not None else None
    if claims.section:
        claim = claims.section[0]
        shown = at is not None and same(page[at].text, claim.value)
        return claim, at if shown else None
    return (Claim(page[at].text, "page"), at) if at is not None else (None, None)


def section_line(page: Sequence[Leaf], headline_at: int) -> int | None:
    """The short line directly above the headline, in the same container."""
    at = headline_at - 1
    if at < 0 or not near(page[at], page[headline_at]):
        return None
    leaf = page[at]
    text = leaf.text
    if (
        leaf.furniture
        or leaf.kind not in ("paragraph", "heading")
        or len(text) > _LONGEST_SECTION
        or len(text.split()) > 4
        or leaf.links > 1
        or text.casefold().rstrip(" :") in _NO_SECTION
        or text[-1] in ".!?…"
        or any(character.isdigit() or character in "/>»›@©" for character in text)
        or not any(character.isalpha() for character in text)
    ):
        return None
    return at


def near(leaf: Leaf, other: Leaf) -> bool:
    """Two leaves of the same container, or one wrapper apart."""
    mine = _containers(leaf)
    return any(container is theirs for container in mine for theirs in _containers(other))


def _containers(leaf: Leaf) -> list[object]:
    owner = leaf.owner
    found = [owner]
    for _ in range(2):
        parent = found[-1].getparent()
        if parent is None or parent.tag in ("html", "ul", "ol"):
            break
        found.append(parent)
    return list(found)


def _standfirst(
    page: Sequence[Leaf], claims: Claims, headline_at: int | None, limit: int
) -> tuple[Claim | None, int | None, bool]:
    """The standfirst, where it stands, and whether it is told twice."""
    if headline_at is None:
        return None, None, False
    descriptions = {key(claim.value) for claim in claims.description}
    for at in range(headline_at + 1, min(headline_at + _FAR, len(page))):
        leaf = page[at]
        if leaf.furniture or leaf.kind == "caption":
            continue
        told = _is_told(leaf, page[headline_at], claims)
        # A summary often repeats the first paragraph, and that stays a paragraph.
        named = at <= min(limit, headline_at + _NEAR) and (
            _named_standfirst(leaf) or (at < limit and key(leaf.text) in descriptions)
        )
        if (told or named) and not _for_desks(leaf):
            return Claim(leaf.text, "page"), at, told
    at = headline_at + 1
    if at < min(limit, len(page)) and near(page[at], page[headline_at]):
        leaf = page[at]
        long_enough = 30 <= len(leaf.text) <= 300 and len(leaf.text.split()) > 4
        plain_words = not leaf.furniture and not leaf.linked and not _DATED.search(leaf.text)
        if long_enough and plain_words and not _for_desks(leaf):
            if leaf.kind == "heading" and leaf.level in (2, 3):
                return Claim(leaf.text, "page"), at, False
            if (
                leaf.kind == "paragraph"
                and leaf.owner.tag in ("p", "div", "header", "section", "article", "main")
                and not _has_class(leaf)
            ):
                return Claim(leaf.text, "page"), at, False
    return None, None, False


def _for_desks(leaf: Leaf) -> bool:
    """A note to editors ("(Adds quote from pianist, background)") may stand where a standfirst does, and is not for readers."""
    return signal_of(leaf.text) is not None


def _is_told(leaf: Leaf, headline: Leaf, claims: Claims) -> bool:
    """<p class="lead"> or <p itemprop="description">, and a description that says the same or is cut off within it.

    Or <p class="gh-article-excerpt"> in one <header> with the headline.
    """
    owner = leaf.owner
    names = f"{owner.get('class') or ''} {owner.get('id') or ''}"
    if _STANDFIRST.search(names) and _in_one_header(owner, headline.owner) and not leaf.linked:
        return len(leaf.text) >= 2 * _SHORTEST_PART
    if owner.get("itemprop") not in ("alternativeHeadline", "description") and not _CALLED.search(names):
        return False
    said = key(leaf.text)
    return len(said) > _SHORTEST_PART and any(
        said == other or (len(other) > _SHORTEST_PART and said.startswith(other))
        for other in (key(claim.value) for claim in claims.description)
    )


def _in_one_header(one: Any, other: Any) -> bool:
    header = next(one.iterancestors("header"), None)
    return header is not None and any(each is header for each in other.iterancestors("header"))


def _named_standfirst(leaf: Leaf) -> bool:
    if not 20 <= len(leaf.text) <= 600 or (len(leaf.text) < 60 and _DATED.search(leaf.text)):
        return False
    element = leaf.owner
    for _ in range(2):
        if element is None or element.tag in ("body", "html", "article", "main"):
            return False
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        prop = element.get("itemprop") or ""
        if prop in ("alternativeHeadline", "description") or _STANDFIRST.search(names):
            return len(element.text_content()) < 800
        element = element.getparent()
    return False


def _has_class(leaf: Leaf) -> bool:
    """A class tells that the line is something in particular, and perhaps a byline."""
    return leaf.owner.tag in ("p", "div") and bool(leaf.owner.get("class"))
