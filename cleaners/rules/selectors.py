"""A selector as it is written, CSS or XPath, as XPath 1.0 that lxml runs; what lxml refuses is refused while rules load."""

from __future__ import annotations

import re
from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError
from lxml import etree
from lxml.html import document_fromstring

LONGEST = 1_000
"""Characters. Site files have unions of a few hundred; what is longer is more likely a mistake."""
_DEEPEST = 4
"""Conditions inside conditions: each level looks at the page once for every element of the level above (law 9)."""
_AROUND = re.compile(r"(?:preceding|following)(?:-sibling)?::")
_XPATH = re.compile(r"[/(]|\./|(?:string|concat|normalize-space|translate|substring(?:-before|-after)?)\s*\(")
_NAMES = re.compile(r"(?<![@\w$-])[a-z][a-z0-9-]*(?![\w(:-])")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class BadSelector(ValueError):
    """What is wrong with a selector, in ``message``, and what to write instead, in ``hint``."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_xpath(written: str) -> bool:
    """Whether a selector is XPath: it begins with ``/``, ``(``, ``./`` or one of XPath's functions of text.

    >>> is_xpath("//div[@id='story']"), is_xpath("substring-after(//h4, 'By ')"), is_xpath("article .story")
    (True, True, False)
    """
    return _XPATH.match(written) is not None


def query_of(written: str, elements: bool) -> str:
    """The selector as XPath. ``elements``: it must give elements; else a text will do (``//meta[@name='author']/@content``).

    Raises BadSelector.

    >>> query_of("article > p", elements=True)
    'descendant-or-self::article/p'
    """
    written = written.strip()
    if len(written) > LONGEST:
        raise BadSelector(
            f"the selector has {len(written):,} characters; {LONGEST:,} are allowed",
            "Write several selectors instead",
        )
    query = written if is_xpath(written) else _of_css(written)
    check_query(query, written, elements)
    return query


def _of_css(written: str) -> str:
    try:
        query = HTMLTranslator().css_to_xpath(written)
    except SelectorError as error:
        raise BadSelector(
            f"{written!r} is no CSS selector: {error}",
            "Write one such as article .story-body; XPath begins with / or ( or ./",
        ) from error
    if "[0]" in query:  # "a:hover": nothing hovers over a page that was fetched
        raise BadSelector(
            f"{written!r} can never match", "Leave out what only a browser knows, such as :hover"
        )
    return query


def check_query(query: str, written: str, elements: bool) -> None:
    """``BadSelector`` for XPath that lxml refuses, that gives no elements, or that could take a page's time many times over."""
    if _nesting(query) > _DEEPEST:
        raise BadSelector(
            f"{written!r} has conditions more than {_DEEPEST} deep",
            "Name the element by its own class or id",
        )
    bare = _QUOTED.sub("", query)
    if any(
        bare.count("[", 0, one.start()) - bare.count("]", 0, one.start()) > 1
        for one in _AROUND.finditer(bare)
    ):
        raise BadSelector(
            f"{written!r} looks at neighbours in a condition inside a condition",
            "Name the element by its own class or id",
        )
    try:
        compiled = etree.XPath(query)
        found = compiled(_probe(_names_in(query)))
    except etree.XPathError as error:
        raise BadSelector(
            f"{written!r} is no XPath that can be used: {error}", "XPath 1.0 is understood"
        ) from error
    if isinstance(found, bool | float):
        raise BadSelector(f"{written!r} gives a number or yes and no", "Name the elements themselves")
    if elements and not isinstance(found, list):
        raise BadSelector(f"{written!r} gives a text", "Name the elements themselves")
    if elements and re.search(r"/@[\w:-]+\s*\Z|/text\(\)\s*\Z", query):
        raise BadSelector(f"{written!r} gives texts and no elements", "End it with the element")


def _nesting(query: str) -> int:
    deepest = depth = 0
    for character in _QUOTED.sub("", query):
        depth += (character == "[") - (character == "]")
        deepest = max(deepest, depth)
    return deepest


def _names_in(query: str) -> tuple[str, ...]:
    """The elements that a query names, in its order: on a page without them a wrong condition is never reached."""
    return tuple(_NAMES.findall(_QUOTED.sub("''", query)))


@lru_cache(maxsize=256)
def _probe(names: tuple[str, ...]) -> etree._Element:
    """A small page with those elements, each inside the one before."""
    tree = document_fromstring("<html><head><title>t</title><meta content='c'></head><body></body></html>")
    inside = tree[-1]
    for name in names or ("div",):
        inside = etree.SubElement(inside, name)
        inside.text = "x"
        for key in ("id", "class", "name", "property", "content", "itemprop", "href", "src"):
            inside.set(key, "x")
    return tree
