"""A publisher's selectors applied to its page: where the story is, what in it goes, and what stands beside it.

Nothing is taken out here. What a selector names is written down beside the lines of the page (``Leaf.told``), and becomes marks on
the story's blocks; so each removal has its rule, can be undone, and counts against the budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from lxml import etree

from cleaners.model import Action, Fields, Selector, SiteMark, SiteRules
from cleaners.read.days import iso
from cleaners.read.decode import storable
from cleaners.read.leaves import BLOCKS, Leaf, leaves, told_leaves
from cleaners.read.metadata import Claim, Claims
from cleaners.read.moment import moment_of
from cleaners.read.names import authors_of
from cleaners.read.repair import repair_text
from cleaners.read.zones import is_prose

_SURE = 500
"""Characters in sentences that are a story, whatever else stands on the page."""
_LEAST = 0.1
"""A selection with a smaller share of the page's sentences is no story, but a teaser or a box."""
_LONGEST = {"standfirst": 1_000, "headline": 500, "caption": 2_000, "credit": 300}
_USUAL = 200
"""Characters of any other field: what is longer was no byline, and the selector too wide."""
_MANY = 5_000
"""Elements above which no selector is used that looks at other elements once for each: 48,000 took one more than 20 s (law 9)."""
_NEIGHBOURS = re.compile(r"(?:preceding|following)(?:-sibling)?::")
_FROM_THE_TOP = re.compile(r"[\[(,|=<>+]\s*//?(?=[\w*@])")
_DATES = ("published", "updated")
_SPACES = re.compile(r"\s+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_WHOLE = ("html", "body")


class Said(NamedTuple):
    """What a selector says of an element. ``story``: it is the story, or a part of it."""

    action: Action | Literal["story"]
    rule: str
    why: str
    field: str | None = None
    may_exceed: bool = False


@dataclass
class Site:
    """What the selectors found on one page.

    ``told`` is for the leaves of the page. ``values`` are the fields. ``search`` is whether trafilatura may look for the story where
    ``body`` finds none. ``notes`` are for the desk: what did not match. ``day`` is the story's own, for dates of validity; ``size`` are the page's
    elements; ``hidden`` are parts of addresses of pictures that the site hides.
    """

    told: dict[Any, tuple[Said, ...]] = field(default_factory=dict)
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    search: bool = True
    notes: list[str] = field(default_factory=list)
    day: date | None = None
    size: int = 0
    hidden: tuple[str, ...] = ()

    def say(self, element: Any, said: Said) -> None:
        known = self.told.get(element, ())
        if said not in known:
            self.told[element] = (*known, said)

    def removes(self, element: Any) -> bool:
        """Whether the element, or one around it, is to go."""
        while self.told and element is not None:
            if any(said.action == "remove" for said in self.told.get(element, ())):
                return True
            element = element.getparent()
        return False

    def seen(self, claims: Claims) -> Claims:
        """What the page claims, with the selectors' values before it and without pictures that the site hides."""
        first = {
            name: tuple(Claim(value, "selector") for value in self.values[name])
            for name in ("headline", "section")
            if name in self.values
        }
        return replace(
            claims,
            headline=first.get("headline", ()) + claims.headline,
            section=first.get("section", ()) + claims.section,
            image=tuple(
                claim for claim in claims.image if not any(part in claim.value for part in self.hidden)
            ),
        )

    def fill(self, fields: Fields) -> Fields:
        """The fields with the selectors' values; what the sender gave stands."""
        sources = dict(fields.sources)
        new: dict[str, Any] = {}
        if self.hidden:
            shown = [
                one for one in fields.pictures if not any(part in (one.url or "") for part in self.hidden)
            ]
            new["pictures"] = tuple(shown)
        for name, values in self.values.items():
            if sources.get(name) == "given":
                continue
            new[name] = values if name == "tags" else _joined(name, values)
            sources[name] = "selector"
        if "byline" in new:
            new["authors"] = authors_of(self.values["byline"]).people
        return replace(fields, **new, sources=tuple(sorted(sources.items()))) if new else fields


def site_of(
    tree: Any, alive: Sequence[Any], rules: SiteRules, given: Fields, language: str | None, claims: Claims
) -> Site:
    """Apply all selectors but ``body`` to the page ``tree``, whose elements are ``alive``."""
    site = Site(search=rules.search, size=len(alive))
    day = _day(given.published or next((claim.value for claim in claims.published), None))
    fields = dict(rules.fields)
    if day is None and "published" in fields:
        _take_field(tree, site, "published", fields.pop("published"), language)
        day = _day(next(iter(site.values.get("published", ())), None))
    site.day = day
    for name, selectors in fields.items():
        _take_field(tree, site, name, _in_force(selectors, day), language)
    removing = _in_force(rules.remove, day)
    for selector in removing:
        if selector.way == "xpath":
            _say_all(site, _elements(tree, selector, site), _remove(selector))
    _by_name(site, alive, [one for one in removing if one.way == "id-or-class"])
    hidden = [one for one in removing if one.way == "image-src"]
    for selector in hidden:
        pictures = [one for one in alive if one.tag == "img" and selector.query in (one.get("src") or "")]
        _say_all(site, pictures, _remove(selector))
    site.hidden = tuple(one.query for one in hidden)
    for selector in _in_force(rules.keep, day):
        _say_all(site, _elements(tree, selector, site), Said("protect", selector.rule, selector.why))
    return site


def story_of(tree: Any, rules: SiteRules, site: Site, reach: int) -> tuple[list[Leaf], list[int]] | None:
    """The page's leaves, and which of them are the story, where a ``body`` selector finds it; the page ends ``reach`` leaves behind it."""
    selectors = _in_force(rules.body, site.day)
    matched = False
    for selector in selectors:
        elements = _outermost(_elements(tree, selector, site))
        if not elements:
            continue
        matched = True
        story = Said("story", selector.rule, selector.why)
        told = dict(site.told)
        for element in elements:
            told[element] = (*told.get(element, ()), story)
        page, chosen = _until(told_leaves(tree, told, _start(tree, elements)), elements[-1], story, reach)
        if _is_story(page, chosen):
            return page, chosen
        site.notes.append(
            f"{selector.rule} ({selector.place}) matches too little of the page to be the story; look at the page and mend it"
        )
    if selectors and not matched:
        site.notes.append(
            f"no body selector of {rules.name} matches this page ({', '.join(one.place for one in selectors[:3])}); "
            "the site may have a new layout: mend them, or give them until:"
        )
    return None


def without_removed(tree: Any, site: Site) -> Any:
    """The page as trafilatura is to see it. The copy alone loses elements: ``tree`` is what the lines are accounted by."""
    if not site.told:
        return tree
    gone = [
        at
        for at, element in enumerate(tree.iter())
        if element.tag in BLOCKS and any(said.action == "remove" for said in site.told.get(element, ()))
    ]
    if not gone:
        return tree
    twin = deepcopy(tree)
    elements = list(twin.iter())
    for at in gone:
        if elements[at].getparent() is not None:
            elements[at].drop_tree()
    return twin


def removed_in(page: Sequence[Leaf]) -> list[int]:
    """The leaves of which something is to go."""
    return [at for at, leaf in enumerate(page) if any(said.action == "remove" for _, _, said in leaf.told)]


def kept_in(page: Sequence[Leaf]) -> set[int]:
    """The leaves that are to stay, wherever they stand."""
    return {at for at, leaf in enumerate(page) if any(said.action == "protect" for _, _, said in leaf.told)}


def name_captions(page: Iterable[Leaf]) -> None:
    """A line that a selector names a caption is one, in whatever element it stands; and one of a caption and a credit, side by side."""
    for leaf in page:
        told = [(start, end) for start, end, said in leaf.told if said.field in ("caption", "credit")]
        if any(said.field == "caption" for _, _, said in leaf.told) and _covers(told, _size(leaf.text)):
            leaf.kind = "caption"


def _covers(spans: Iterable[tuple[int, int]], size: int) -> bool:
    """Whether nothing of the characters 0 to ``size`` is left between the spans.

    >>> _covers([(5, 9), (0, 5)], 9), _covers([(0, 4), (5, 9)], 9)
    (True, False)
    """
    at = 0
    for start, end in sorted(spans):
        if start > at:
            return False
        at = max(at, end)
    return at >= size


def marks_of(leaf: Leaf, text: str, site: Site) -> tuple[SiteMark, ...]:
    """What was told of ``leaf``, as marks on the block whose text is ``text``. What cannot be placed stays, and is noted."""
    marks = []
    for start, end, said in leaf.told:
        if said.action == "story":
            continue
        whole = start == 0 and end >= _size(leaf.text)
        if said.action == "lift" and not _may_lift(said.field or "", leaf, whole):
            continue
        if whole or said.action == "protect":
            span: tuple[int, int] | None = (0, len(text))
        else:
            span = _place(text, leaf.text, start, end)
        if span is None:
            site.notes.append(
                f"{said.rule}: a part of a line that was repaired could not be found again; it stays"
            )
        else:
            marks.append(SiteMark(*span, said.action, said.rule, said.why, said.field, said.may_exceed))
    return tuple(marks)


def _take_field(
    tree: Any, site: Site, name: str, selectors: Iterable[Selector], language: str | None
) -> None:
    """The value of the first selector that gives one; a line that it names whole leaves the copy for its field."""
    for selector in selectors:
        found = _evaluate(tree, selector, site)
        values = tuple(dict.fromkeys(filter(None, (_value(name, one, language) for one in found))))
        elements = [one for one in map(_shown, found) if one is not None]
        if name not in ("caption", "credit"):
            if not values:
                continue
            if len(_joined(name, values)) > _LONGEST.get(name, _USUAL) and name != "tags":
                site.notes.append(
                    f"{selector.rule} ({selector.place}) gives far too long a text; it was not used"
                )
                continue
            site.values[name] = values
        _say_all(site, elements, Said("lift", selector.rule, selector.why, name))
        if name not in ("caption", "credit"):
            return


def _value(name: str, found: Any, language: str | None) -> str | None:
    if isinstance(found, str):
        text = found
    elif isinstance(found.tag, str):
        text = _text_of(name, found)
    else:
        return None
    text = repair_text(_SPACES.sub(" ", storable(text)[0]).strip())
    if name in _DATES and text:
        return iso(text) or moment_of(text, None, language)
    return text or None


def _text_of(name: str, element: Any) -> str:
    if element.tag == "meta":
        return element.get("content") or ""
    if name in _DATES and element.get("datetime"):
        return str(element.get("datetime"))
    return " ".join(leaf.text for leaf in leaves(element))


def _shown(found: Any) -> Any:
    """The element whose text a reader sees; of an attribute that of ``<time datetime=…>`` alone says the same."""
    if isinstance(found, str):
        parent = found.getparent() if isinstance(found, etree._ElementUnicodeResult) else None
        return parent if parent is not None and parent.tag == "time" else None
    return found if isinstance(found.tag, str) else None


def _joined(name: str, values: Sequence[str]) -> str:
    if name == "standfirst":
        return "\n".join(values)
    return ", ".join(values) if name in ("byline", "agency", "rights") else values[0]


def _by_name(site: Site, alive: Sequence[Any], selectors: Sequence[Selector]) -> None:
    """Elements whose id or class holds one of many texts: the page is gone through once, not once for each text."""
    if not selectors:
        return
    some = _any(tuple(one.query for one in selectors))
    for element in alive:
        names = (element.get("class") or "", element.get("id") or "") if isinstance(element.tag, str) else ()
        if any(some.search(name) for name in names):
            for selector in selectors:
                if any(selector.query in name for name in names):
                    _say_all(site, [element], _remove(selector))


@lru_cache(maxsize=64)
def _any(texts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(text) for text in texts))


def _remove(selector: Selector) -> Said:
    return Said("remove", selector.rule, selector.why, may_exceed=selector.may_exceed)


def _say_all(site: Site, elements: Iterable[Any], said: Said) -> None:
    for element in elements:
        if (
            element.tag not in _WHOLE
        ):  # "article" in an id or class of <body>: the page itself is nobody's box
            site.say(element, said)


def _elements(tree: Any, selector: Selector, site: Site) -> list[Any]:
    return [
        one
        for one in _evaluate(tree, selector, site)
        if not isinstance(one, str) and isinstance(one.tag, str)
    ]


def _evaluate(tree: Any, selector: Selector, site: Site) -> list[Any]:
    """What a selector gives, as a list; a condition that fails only on this page gives nothing, and is noted."""
    if site.size > _MANY and looks_around(selector.query):
        site.notes.append(
            f"{selector.rule} ({selector.place}) was not used: it compares elements with each other, and this page has {site.size:,}"
        )
        return []
    try:
        found = _compiled(selector.query)(tree)
    except etree.XPathError as error:
        site.notes.append(f"{selector.rule} ({selector.place}) cannot be used on this page: {error}")
        return []
    return found if isinstance(found, list) else [found] if isinstance(found, str) else []


@lru_cache(maxsize=1_000)
def looks_around(query: str) -> bool:
    """Whether a query may look at all other elements for each element: its time grows with the square of the page's size.

    >>> looks_around("//h2/following-sibling::p"), looks_around("//p[count(//h2) = 1]"), looks_around("//p[@id='a'] | //h2")
    (True, True, False)
    """
    bare = _QUOTED.sub("''", query)
    conditions = (bare[: found.end()] for found in _FROM_THE_TOP.finditer(bare))
    return _NEIGHBOURS.search(bare) is not None or any(one.count("[") > one.count("]") for one in conditions)


@lru_cache(maxsize=1_000)
def _compiled(query: str) -> Any:
    return etree.XPath(query)


def _in_force(selectors: Iterable[Selector], day: date | None) -> list[Selector]:
    """Those whose dates hold the story's own; an undated story is always in."""
    return [
        one
        for one in selectors
        if day is None
        or ((one.since is None or one.since <= day) and (one.until is None or day <= one.until))
    ]


def _day(stated: str | None) -> date | None:
    try:
        return date.fromisoformat((stated or "")[:10])
    except ValueError:
        return None


def _outermost(elements: Sequence[Any]) -> list[Any]:
    """In the order of the page, without those that stand inside another."""
    chosen = set(elements)
    return [
        one for one in dict.fromkeys(elements) if not any(above in chosen for above in one.iterancestors())
    ]


def _until(found: Iterator[Leaf], last: Any, story: Said, reach: int) -> tuple[list[Leaf], list[int]]:
    """The page's leaves, and the positions of the story's; no further than ``reach`` behind it, once it is surely the story."""
    page: list[Leaf] = []
    chosen: list[int] = []
    sure, reached = 0, False
    for leaf in found:
        if any(said is story for *_, said in leaf.told):
            chosen.append(len(page))
            sure += len(leaf.text) if is_prose(leaf.text) else 0
            reached = reached or _inside(leaf.owner, last)
        page.append(leaf)
        if reached and sure >= _SURE and len(page) > chosen[-1] + reach:
            break
    return page, chosen


def _start(tree: Any, elements: Sequence[Any]) -> Any:
    """The innermost element around the headline and the story: menus before it need not be read. None: there is no ``h1`` up to the story."""
    first = elements[0]
    inside = next(first.iter("h1"), None)
    headline = inside if inside is not None else next(iter(_compiled("preceding::h1[1]")(first)), None)
    if headline is None:
        return None
    around = set(headline.iterancestors())
    return next((above for above in first.iterancestors() if above in around), None)


def _inside(element: Any, other: Any) -> bool:
    while element is not None:
        if element is other:
            return True
        element = element.getparent()
    return False


def _is_story(page: Sequence[Leaf], chosen: Sequence[int]) -> bool:
    """Whether the lines are a story and not a teaser or a box that an old selector still meets."""
    if not chosen:
        return False
    own = sum(len(page[at].text) for at in chosen if is_prose(page[at].text))
    if own >= _SURE:
        return True
    every = sum(len(leaf.text) for leaf in page if not leaf.furniture and is_prose(leaf.text))
    return own >= _LEAST * every


def _size(text: str) -> int:
    return len("".join(text.split()))


def _may_lift(name: str, leaf: Leaf, whole: bool) -> bool:
    """A line goes to a field whole; a name in a sentence stays there, and its field has it too. Caption and credit may share a line."""
    if name in ("caption", "credit") and leaf.kind == "caption":
        return True
    return whole and len(leaf.text) <= _LONGEST.get(name, _USUAL)


def _place(text: str, source: str, start: int, end: int) -> tuple[int, int] | None:
    """Where in ``text`` the characters ``start`` to ``end`` of ``source`` are, spaces not counted; ``text`` is ``source``, repaired.

    >>> _place("Sign up here. The ferry sails.", "Sign up here.  The ferry sails.", 0, 11)
    (0, 13)
    """
    bare = "".join(source.split())
    if "".join(text.split()) != bare:
        return None
    places = [at for at, character in enumerate(text) if not character.isspace()]
    return places[start], places[end - 1] + 1
