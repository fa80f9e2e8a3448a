"""What a publisher's file, or an imported site file, says about the publisher's pages: selectors, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from cleaners.model.marks import Action

Way = Literal["xpath", "id-or-class", "image-src"]
"""How ``Selector.query`` is meant: as XPath 1.0, as a text that an element's id or class holds, or that an image's address holds."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector. ``rule`` is its name in reports (``national-herald/remove .promo``), ``why`` its reason.

    ``place`` is file and line below the configuration folder. ``since`` and ``until`` are compared with the story's own date; an
    undated story is always in.
    """

    rule: str
    query: str
    why: str
    place: str
    way: Way = "xpath"
    since: date | None = None
    until: date | None = None
    may_exceed: bool = False


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The selectors for the pages of one host.

    ``body``: the first that matches is the story. ``remove`` and ``keep``: all that match. ``fields``: for each field its selectors, the
    first that matches is the value. ``search``: whether the story is looked for where no ``body`` matches. ``tested`` are addresses that
    the selectors were written for.
    """

    name: str
    body: tuple[Selector, ...] = ()
    remove: tuple[Selector, ...] = ()
    keep: tuple[Selector, ...] = ()
    fields: tuple[tuple[str, tuple[Selector, ...]], ...] = ()
    search: bool = True
    tested: tuple[str, ...] = ()


class SiteMark(NamedTuple):
    """What a site's selector says of ``text[start:end]`` of a block: remove, lift to ``field``, or protect."""

    start: int
    end: int
    action: Action
    rule: str
    why: str
    field: str | None = None
    may_exceed: bool = False
