"""What every wire format comes to: items, each a raw story or the problem that stands in its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from html import unescape
from typing import NamedTuple

from cleaners.model import Fields, Raw
from cleaners.read.raw_lines import raw_lines

MESSAGE_BYTES = 20_000_000
"""A message of many items; each of its stories has the reader's own limit."""
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_NUMBER = re.compile(r"\d+")


class BrokenWire(ValueError):
    """The bytes are no message that can be read. The message says what was found and what to do."""


class Item(NamedTuple):
    """One item of a message. ``place`` names it in it ("item 2, urn:example:9"); ``version`` orders those of one id."""

    place: str
    raw: Raw | None
    problem: str | None = None
    version: str = ""


def story_of(
    place: str,
    known: str | None,
    body: str | None,
    form: str,
    fields: Fields,
    lines: Iterable[str | None],
    *,
    url: str | None = None,
    language: str | None = None,
    version: str = "",
) -> Item:
    """A raw story of what a format's reader found.

    An item without a body is a story all the same where the envelope stops it: the kill of a story rarely repeats it.
    """
    from cleaners.read.signals import says_stop
    from cleaners.read.wire.status import instructions

    ednote = instructions(lines)
    raw = Raw(
        id=known or _name_of(fields.headline, body),
        form="body" if form == "body" else "text",
        content=body or "",
        url=url,
        language=language,
        headline=fields.headline,
        published=fields.published,
        ednote=ednote,
        given=fields if fields != Fields() else None,
    )
    where = f"{place}, {known}" if known else place
    if not (body or "").strip() and not says_stop(raw):
        return Item(
            where, None, "the item has no text; ask its sender for the whole item, or leave it out", version
        )
    return Item(where, raw, None, version)


def in_order(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items of one id by version: a message may send the kill of version 3 before version 2 of the same story."""
    places: dict[str, list[int]] = {}
    for at, item in enumerate(items):
        if item.raw is not None:
            places.setdefault(item.raw.id, []).append(at)
    ordered = list(items)
    for ats in places.values():
        for at, item in zip(ats, sorted((items[at] for at in ats), key=_rank), strict=True):
            ordered[at] = item
    return tuple(ordered)


def _rank(item: Item) -> tuple[int, ...]:
    return tuple(int(number[:18]) for number in _NUMBER.findall(item.version))


def _name_of(headline: str | None, body: str | None) -> str:
    """A name for an item that has none: the same content, the same name."""
    return "item-" + hashlib.sha256(f"{headline}\n{body}".encode(errors="replace")).hexdigest()[:16]


def plain(text: str | None) -> str | None:
    """A field's text on one line, without the markup that some agencies put into it; None where nothing is left.

    >>> plain("Ferry <b>sails</b>&nbsp;again <br/> 3 < 4")
    'Ferry sails again 3 < 4'
    """
    if text is None:
        return None
    if _TAG.search(text) is not None:
        text = " ".join(raw_lines(text))
    return " ".join(unescape(text).split()) or None


def repeats(summary: str, body: str) -> bool:
    """Whether a summary is only the beginning of the body, or a passage from it."""
    key = _key(" ".join(raw_lines(summary)))[:80]
    return bool(key) and key in _key(" ".join(raw_lines(body[:200_000])))


def _key(text: str) -> str:
    return "".join(character for character in unescape(text).casefold() if character.isalnum())
