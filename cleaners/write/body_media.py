"""What a CMS body shows beside its blocks: the markup inside them, images without a figure, players and posts.

A body comes back byte for byte where it is asked for as HTML. For news formats it is built anew of its blocks, and this finds
again what blocks do not know.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from lxml.html import Element

from cleaners.model import Block, Cleaned, Picture, Span
from cleaners.read.addresses import absolute
from cleaners.read.embeds import TAGS, embed_of
from cleaners.read.markup import Event, events
from cleaners.write.html import web_address
from cleaners.write.safe_text import safe

_HIDDEN = {"noscript", "template", "button", "select", "textarea", "svg", "script", "style"}
_NAMING = {
    *(
        "src",
        "data-src",
        "data-lazy-src",
        "data-litespeed-src",
        "data",
        "videoid",
        "data-videoid",
        "data-tweetid",
    ),
}
_SMALLEST = 32
"""Pixels. Smaller images are counters, icons and emoji."""
_SIGNS = ("emoji", "smiley", "avatar", "icon")


class _Shown(NamedTuple):
    """Where in the body something begins: an image that nobody knew, the picture of this index, or the address of what a player shows."""

    at: int
    picture: Picture | None = None
    known: int | None = None
    address: str | None = None


def with_media(cleaned: Cleaned) -> Cleaned:
    """A CMS body's story with the markup of its blocks, its images and embeds as pictures and blocks; any other story as it is.

    As in the body itself, an image stays where the words beside it were removed: no rule takes images.
    """
    if cleaned.source.form != "body" or not cleaned.source.raw:
        return cleaned
    return _with_shown(_with_markup(cleaned), list(_shown(cleaned)))


def _with_markup(cleaned: Cleaned) -> Cleaned:
    """Blocks that lost nothing get their part of the body as markup; whoever writes it makes it safe first."""
    source = {block.number: block for block in cleaned.source.blocks}
    blocks = tuple(
        replace(block, markup=_raw(cleaned.source.raw, source[block.number]))
        if block.text == source[block.number].text and block.kind != "row"
        else block
        for block in cleaned.copy.blocks
    )
    return replace(cleaned, copy=cleaned.copy.with_blocks(blocks))


def _raw(raw: str, block: Block) -> str | None:
    span = block.element or _span(block)
    return raw[span.start : span.end] if span is not None else None


def _span(block: Block) -> Span | None:
    if not block.segments:
        return None
    return Span(block.segments[0].raw_start, block.segments[-1].raw_end)


def _with_shown(cleaned: Cleaned, found: list[_Shown]) -> Cleaned:
    """Each as a block of its own before the block that stands behind it in the body."""
    if not found:
        return cleaned
    blocks = list(cleaned.source.blocks)
    starts = list(accumulate((span.start if (span := _span(block)) else 0 for block in blocks), max))
    pictures = list(cleaned.copy.fields.pictures)
    number = max((block.number for block in blocks), default=-1)
    added: dict[int, list[Block]] = {}
    embeds: list[Block] = []
    for one in found:
        number += 1
        if one.picture is not None:
            block = Block(number, "", "caption", picture=len(pictures))
            pictures.append(one.picture)
        elif one.known is not None:
            block = Block(number, "", "caption", picture=one.known)
        else:
            block = Block(number, one.address or "", "embed")
            embeds.append(block)
        added.setdefault(bisect_right(starts, one.at), []).append(block)
    placed = [block for at in range(len(blocks) + 1) for block in (*added.get(at, ()), *blocks[at : at + 1])]
    return replace(
        cleaned,
        source=cleaned.source.with_blocks(tuple(placed)),
        copy=replace(
            cleaned.copy,
            blocks=(*cleaned.copy.blocks, *embeds),
            fields=replace(cleaned.copy.fields, pictures=tuple(pictures)),
        ),
    )


def _shown(cleaned: Cleaned) -> Iterator[_Shown]:
    base = cleaned.source.url
    pictures = [web_address(one.url, base) for one in cleaned.copy.fields.pictures]
    # A figure without a caption has no block, and so no place.
    placed = {
        pictures[at]
        for one in cleaned.source.blocks
        if (at := one.picture) is not None and at < len(pictures)
    }
    hidden: list[str] = []
    player: int | None = None
    for token in events(cleaned.source.raw):
        if hidden:
            if token.kind == "start" and token.name == hidden[-1]:
                hidden.append(token.name)
            elif token.kind == "end" and token.name == hidden[-1]:
                hidden.pop()
            continue
        if token.kind != "start":
            continue
        if token.name in ("img", "amp-img"):
            picture = _picture(token)
            address = web_address(picture.url, base) if picture is not None else None
            if address is None or address in placed:
                continue
            placed.add(address)
            known = pictures.index(address) if address in pictures else None
            yield _Shown(token.start, None if known is not None else picture, known)
        elif token.name == "source" and player is not None:
            # <video><source src="…">: of several the first.
            if (address := absolute((token.attributes or {}).get("src"), base)) is not None:
                yield _Shown(player, address=address)
                player = None
        elif token.name in TAGS:
            address = embed_of(_element(token), base)
            player = token.start if token.name in ("video", "audio") and address is None else None
            if address is not None:
                yield _Shown(token.start, address=address)
        elif token.name in _HIDDEN:
            hidden.append(token.name)


def _picture(token: Event) -> Picture | None:
    attributes = token.attributes or {}
    url = next(
        (
            value
            for key in ("src", "data-src", "data-lazy-src", "data-original")
            if (value := attributes.get(key)) and not value.startswith("data:")
        ),
        None,
    )
    small = any(
        (value := attributes.get(side) or "").isdecimal() and int(value[:6]) <= _SMALLEST
        for side in ("width", "height")
    )
    named = (attributes.get("class") or "").lower()
    if url is None or small or any(sign in named for sign in _SIGNS):
        return None
    return Picture(url=url, alt=attributes.get("alt") or None)


def _element(token: Event) -> object:
    """The start tag as ``embed_of`` reads it: of its attributes, which may be called anything, those that name what it shows."""
    known = {key: safe(value) for key, value in (token.attributes or {}).items() if key in _NAMING and value}
    return Element(token.name, known)
