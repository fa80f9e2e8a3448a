"""Head matter: kicker, headline, standfirst, byline and date above the first paragraph, lifted by order and shape.

The order is the newsroom's own: kicker, headline, standfirst, byline, date, picture, body. Which line is the headline is told by
witnesses: the document's own headline, or the words of its address. Without one the first title is it, where a byline or a date
stands in the head or the case is plain (one title on top of the story), because a raw copy may begin anywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from pydantic import Field
from slugify import slugify

from cleaners.kinds.dates import dates_in
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_dates, is_quotation, is_title, key, reach
from cleaners.model import Block, Mark, Span, Story
from cleaners.read.signals import desk_span
from cleaners.read.zones import is_prose

_OTHER = {
    "byline",
    "published",
    "published-label",
    "share",
    "follow",
    "credit",
    "agency-name",
    "picture-label",
    "role",
    "share-word",
}
_SIGNED = ("byline", "published")
_FROM_HEAD = ("headline", "standfirst", "section", "byline", "published", "updated")
_LONGEST_HEAD = 40
_LONGEST_LINE = 500
"""Longer lines are no headlines, and comparing them would take its time."""
_COLON = (":", "：")


class HeadMatter(Settings):
    longest_kicker: int = Field(default=40, description="Longest kicker, in characters.")
    longest_standfirst: int = Field(default=400, description="Longest standfirst, in characters.")
    reach: int = Field(
        default=4, description="How far under a standfirst like prose a byline or a date may stand, in lines."
    )


@dataclass(frozen=True)
class _Head:
    """The blocks above the story, those that no rule claims, and the headline's lines among them."""

    blocks: list[Block]
    free: list[Block]
    headlines: list[Block]
    witnessed: bool


@cleaner(HeadMatter)
def head_matter(story: Story, context: Context, settings: HeadMatter) -> Iterable[Mark]:
    """Lift what stands above the story."""
    # When the head was read in an earlier round, what is left on top of the story is the story.
    read = any(source == "line" and name in _FROM_HEAD for name, source in story.fields.sources)
    if read and context.all_kinds.isdisjoint(_SIGNED):
        return
    story, context = _without_desk_notes(story, context)
    blocks = _head_blocks(story, context, settings)
    yield from _bylines_and_dates(blocks, context)
    if read:
        return
    if not blocks:
        return
    head = _read_head(blocks, story, context)
    if head.headlines:
        first = head.blocks.index(head.headlines[0])
        last = head.blocks.index(head.headlines[-1])
        for block in head.headlines:
            said = _said(block, story)
            why = "The story's headline stands above it."
            yield Mark(block.number, said.start, said.end, "lift", "head_matter/headline", why, "headline")
        above = [block for block in head.blocks[:first] if block in head.free]
        yield from _above(above, head, settings)
        below = [block for block in head.blocks[first + 1 :] if block not in head.headlines]
    elif any(_is_meta(block, context) for block in head.blocks):
        kickers = [block for block in head.free if _is_kicker(block, settings)]
        at = head.blocks.index(kickers[0]) if kickers else -1
        if at == 0 and not _is_name(kickers[0], context):
            yield whole(
                kickers[0], "lift", "head_matter/section", "A section's name opens the story.", "section"
            )
        below, last = head.blocks[1 if at == 0 else 0 :], -1
    else:
        return
    names = list(_names(below, head, context))
    yield from names
    taken = {mark.block for mark in names}
    yield from _standfirsts(
        [block for block in below if block in head.free and block.number not in taken],
        head,
        context,
        story,
        settings,
        last,
    )


def _without_desk_notes(story: Story, context: Context) -> tuple[Story, Context]:
    """The story as readers will see it: an embargo above the headline is neither headline nor kicker."""
    notes = {
        block.number
        for block in (story.blocks if story.signals else ())
        if desk_span(block.text, story.signals) == Span(0, len(block.text))
    }
    left = context.without(notes) if notes else context
    return left.story, left


def _said(block: Block, story: Story) -> Span:
    """Of a headline what readers see: "UPDATE 2-" is before it, "(CORRECTED)" behind it."""
    label = desk_span(block.text, story.signals) if story.signals else None
    if label is None or label == Span(0, len(block.text)):
        return Span(0, len(block.text))
    return Span(0, label.start) if label.start else Span(label.end, len(block.text))


# --- where the head ends -------------------------------------------------------------------------------------------


def _read_head(blocks: list[Block], story: Story, context: Context) -> _Head:
    free = [block for block in blocks if not context.protected(block) and not _taken(block, context)]
    headlines, witnessed = _headlines(free, blocks, story, context)
    return _Head(blocks, free, headlines, witnessed)


def _head_blocks(story: Story, context: Context, settings: HeadMatter) -> list[Block]:
    """Down to the first prose; or to the byline or date below a standfirst that reads like prose.

    A standfirst like prose is told only where it is the one line between the headline and a byline or a date. A label
    without a date is no witness: "Published: undefined" may stand under the story's first paragraph.
    """
    blocks = list(story.blocks)
    prose = [position for position, stands in enumerate(context.prose) if stands]
    if not prose:
        return []
    end = first = prose[0]
    if story.fields.standfirst is None and _only_title_above(blocks[:first], context):
        for position in range(first + 1, min(len(blocks), first + 1 + settings.reach)):
            above = [p for p in prose if p < position]
            if (
                _is_dated_or_signed(blocks[position], context)
                and not _after_colon(blocks, position, context)
                and len(above) == 1
                and len(prose) - 1 >= 2
                and len(blocks[first].text) <= settings.longest_standfirst
            ):
                end = position + 1
    # A head is short; a hundred lines above the first sentence are results or a table, and the story's.
    return blocks[:end] if end <= _LONGEST_HEAD else []


def _only_title_above(above: list[Block], context: Context) -> bool:
    """Nothing but kickers and a headline stands on top: the line that follows may be the standfirst."""
    open_lines = [block for block in above if not context.claimed(block) and reach(block.text) >= 40]
    return len(open_lines) <= 1 and not any(context.is_kind(block, "byline", "published") for block in above)


def _is_dated_or_signed(block: Block, context: Context) -> bool:
    return len(block.text) <= 140 and context.is_kind(block, "byline", "published")


def _is_meta(block: Block, context: Context) -> bool:
    return len(block.text) <= 140 and context.is_kind(block, "byline", "published", "published-label")


def _after_colon(blocks: list[Block], position: int, context: Context) -> bool:
    """A date under a label of the story's own ("Date of the hearing:") is the story's."""
    above = blocks[position - 1] if position else None
    return above is not None and above.text.endswith(_COLON) and not context.claimed(above)


def _taken(block: Block, context: Context) -> bool:
    """Another rule or cleaner speaks for this line."""
    return (
        block.kind in ("caption", "row", "embed")
        or context.is_kind(block, *_OTHER)
        or any(
            hit.rule.action in ("remove", "lift") and (not hit.rule.zone or "head" in hit.rule.zone)
            for hit in context.facts(block).hits
        )
    )


def _bylines_and_dates(head: list[Block], context: Context) -> Iterator[Mark]:
    signed = any(context.is_kind(block, "byline") and not context.is_kind(block, "credit") for block in head)
    for position, block in enumerate(head):
        # "PUBLISHED: March 8, 2026 at 11:30 p.m. | UPDATED: March 9, 2026 at 12:21 a.m." ends like a sentence and is none.
        prose = is_prose(block.text) and not is_dates(block.text)
        if context.protected(block) or prose or _after_colon(head, position, context):
            continue
        if context.is_kind(block, "published"):
            yield from _dates(block, context)
        elif context.is_kind(block, "byline") and not (signed and context.is_kind(block, "credit")):
            # "Jon Blythe/Reuters" is a byline or a credit: beside a plain byline it is the picture's.
            yield whole(
                block, "lift", "head_matter/byline", "The writer's name stands above the story.", "byline"
            )


def _dates(block: Block, context: Context) -> Iterator[Mark]:
    """When the story came out, and when it was changed: two fields, and what stands between them is neither."""
    words = context.ruleset.words
    rule, end = "head_matter/date", 0
    for part in dates_in(block.text, words.get("published", ()), words.get("updated", ())):
        why = "When the story came out stands above it."
        if part.field == "updated":
            why = "When the story was changed stands above it."
        if end < part.start:
            yield Mark(block.number, end, part.start, "remove", rule, "It parts one date from the other.")
        yield Mark(block.number, part.start, part.end, "lift", rule, why, part.field)
        end = part.end
    if end < len(block.text):
        yield Mark(block.number, end, len(block.text), "remove", rule, "It parts one date from the other.")


# --- which line is the headline ------------------------------------------------------------------------------------


def _headlines(
    free: list[Block], head: list[Block], story: Story, context: Context
) -> tuple[list[Block], bool]:
    """The headline's line and its repeats in the head, and whether a witness stands for it."""
    known = story.fields.headline
    said = {block.number: block.text[slice(*_said(block, story))] for block in free}
    labelled = next((said[block.number] for block in free if said[block.number] != block.text), None)
    known = known or labelled  # no other line has the desk's label
    if known:
        return [block for block in free if same_line(said[block.number], known)], True
    slug = _slug_words(story.url)
    # The address may vouch for what else would be two sentences: "Ferry returns. Harbour master resigns".
    titles = [
        block
        for block in free
        if _may_be_headline(block)
        and (not _SENTENCE_INSIDE.search(block.text) or _share(block.text, slug) >= 0.5)
    ]
    # No headline stands under its own byline; what does is the story's.
    writer = next((at for at, block in enumerate(head) if context.is_kind(block, "byline")), len(head))
    titles = [block for block in titles if head.index(block) < writer] or titles
    if not titles:
        return [], False
    named = [block for block in titles if _share(block.text, slug) >= 0.5]
    titles = [block for block in titles if not _leads_to(block, titles)]
    named = [block for block in named if block in titles]
    best = max(named, key=lambda block: (_share(block.text, slug), -block.number)) if named else titles[0]
    if named or any(_is_meta(block, context) for block in head) or _plain_case(best, free, head):
        return [block for block in titles if same_line(block.text, best.text)], bool(named)
    return [], False


def _leads_to(trail: Block, titles: list[Block]) -> bool:
    """It is a breadcrumb trail to a later title: "Home Harbour Ferry returns to the estuary", "Ferry returns to the estuary"."""
    return any(
        title.number > trail.number and len(title.text) >= 20 and title.text in trail.text[4:]
        for title in titles
    )


# "… says. | Getty Harbour master resigns": a caption glued to a title is neither.
_SENTENCE_INSIDE = re.compile(r"[^\W\d_]{3,}[.。][\"”’»)]* +\W*[^\W\d_]")


def _may_be_headline(block: Block) -> bool:
    words = len(block.text.split())
    enough = words >= 4 or (words >= 2 and reach(block.text) >= 22) or reach(block.text) >= 40
    return enough and is_title(block.text, shortest=16, longest=220) and block.text[:1] not in "-•·*…"


def in_address(text: str, url: str | None) -> bool:
    """Half of the title's words stand in the story's address."""
    return _share(text, _slug_words(url)) >= 0.5


def _share(text: str, slug: frozenset[str]) -> float:
    """How much of the title stands in the address, or of the address's last part in the title: an address may be shorter."""
    own = _words(text)
    both = own & slug
    if not both:
        return 0.0
    return max(len(both) / len(own), len(both) / len(slug) if len(both) >= 3 else 0.0)


def _slug_words(url: str | None) -> frozenset[str]:
    """The words of an address's last part: "/harbour/ferry-returns-4711.html" says "ferry returns"."""
    parts = [_words(part) for part in unquote(urlsplit(url or "").path).split("/")]
    return max(reversed(parts), key=len)


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    """The words as an address has them: "Überfahrt" and "uberfahrt" are one, and so are "порт" and "port"."""
    return frozenset(
        word
        # The tables are named: looked for anew at each call, they would depend on what is installed, and take seven times as long.
        for word in slugify(text, backend="text-unidecode").split("-")
        if (len(word) >= 3 and not word.isdigit()) or (word.isdigit() and len(word) <= 4)
    )


def _plain_case(best: Block, free: list[Block], head: list[Block]) -> bool:
    """One title on top, under at most a kicker, over at most one standfirst: no witness is needed."""
    at = head.index(best)
    if best.text[:1].islower() or any(len(block.text) > 40 for block in head[:at]) or at > 3:
        return False
    below = [block for block in free if head.index(block) > at]
    single = [block for block in below if not _comes_twice(block, below)]
    return len(single) <= 1


def _comes_twice(block: Block, others: list[Block]) -> bool:
    """A caption comes twice in a row, the second time perhaps with its credit: it speaks for a head, and is no standfirst."""
    return any(
        other is not block and (other.text.startswith(block.text) or block.text.startswith(other.text))
        for other in others
    )


def same_line(one: str, other: str) -> bool:
    """Two headlines that say the same, give or take a site's name or a changed word.

    >>> same_line("Ferry returns to the estuary", "Ferry returns to the estuary | Harbour Post")
    True
    """
    if max(len(one), len(other)) > _LONGEST_LINE:
        return False
    a, b = key(one), key(other)
    if not a or not b:
        return False
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) < 20 or len(long) > 2 * len(short):
        return False
    return long.startswith(short) or _alike(a, b)


def _alike(a: str, b: str) -> bool:
    """Nine tenths of their letters are in common, in order. First the letters are counted, which no order can outdo."""
    size = len(a) + len(b)
    if 2.0 * min(len(a), len(b)) / size < 0.9 or 2.0 * (Counter(a) & Counter(b)).total() / size < 0.9:
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.9


# --- what stands above and below it --------------------------------------------------------------------------------


def _is_kicker(block: Block, settings: HeadMatter) -> bool:
    return (
        len(block.text) <= settings.longest_kicker
        and len(block.text.split()) <= 5
        and not ends_sentence(block.text)
        and block.text[:1] not in "@#"
        and not block.text.endswith(_COLON)
        and any(character.isalpha() for character in block.text)
    )


def _above(above: list[Block], head: _Head, settings: HeadMatter) -> Iterator[Mark]:
    """Short lines close above the headline name the section, the nearest best; what stands further up is the page's."""
    top = head.blocks.index(head.headlines[0])
    for block in above:
        if _is_kicker(block, settings) and top - head.blocks.index(block) <= 3:
            yield whole(
                block,
                "lift",
                "head_matter/section",
                "The section's name stands above the headline.",
                "section",
            )
        elif _is_kicker(block, settings):
            yield whole(
                block,
                "remove",
                "head_matter/navigation",
                "A short line above headline and section is the page's navigation.",
            )
        elif head.witnessed and is_title(block.text):
            yield whole(
                block,
                "remove",
                "head_matter/other-story",
                "A title above the story's own headline leads to another story.",
            )


def _names(below: list[Block], head: _Head, context: Context) -> Iterator[Mark]:
    """A bare name, role or agency under the headline or beside a byline or date is the byline."""
    marked: set[int] = set()
    for position, block in enumerate(below):
        near = [below[other] for other in (position - 1, position + 1) if 0 <= other < len(below)]
        beside = any(_is_meta(other, context) or other.number in marked for other in near)
        if context.is_kind(block, "role") or (
            context.is_kind(block, "agency-name") and not context.is_kind(block, "byline", "credit")
        ):
            if not any(other.kind == "caption" or context.is_kind(other, "credit") for other in near):
                marked.add(block.number)
                yield whole(
                    block, "lift", "head_matter/role", "A role or an agency stands above the story.", "byline"
                )
        elif block in head.free and _is_name(block, context):
            first = not any(_is_meta(other, context) for other in below[:position])
            if beside or (head.headlines and first and len(block.text.split()) in (2, 3)):
                marked.add(block.number)
                if (
                    len(block.text.split()) == 1
                    and reach(block.text) == len(block.text)
                    and block.text[0] != "@"
                ):
                    # "Harbour" or "Norwegen": nobody signs with one word, where words are parted by spaces
                    yield whole(
                        block,
                        "lift",
                        "head_matter/section",
                        "A single word stands above the story.",
                        "section",
                    )
                else:
                    yield whole(
                        block, "lift", "head_matter/name", "A bare name stands above the story.", "byline"
                    )


def _is_name(block: Block, context: Context) -> bool:
    return (
        len(block.text) <= 60
        and context.is_kind(block, "name")
        # "@harbourlens" under a byline is the writer's; rules know it as an address of the writer's box.
        and (not context.claimed(block) or block.text.startswith("@"))
        and not block.text.endswith(_COLON)
    )


def _standfirsts(
    below: list[Block], head: _Head, context: Context, story: Story, settings: HeadMatter, last: int
) -> Iterator[Mark]:
    """Lines under the headline, above byline, date and story, long enough to be no label.

    Where the headline is not among the lines (a page's reader took it), a line on top may as well be the story's
    first: then only the document's own standfirst, or a byline or date below, tells one.
    """
    at = {block.number: position for position, block in enumerate(head.blocks)}
    meta = [
        position for position, block in enumerate(head.blocks) if position > last and _is_meta(block, context)
    ]
    known = story.fields.standfirst
    lifted: list[int] = []
    for block in below:
        text, position = block.text, at[block.number]
        if len(text) > settings.longest_standfirst:
            continue
        if known and same_line(text, known):
            lifted.append(position)
            yield _standfirst(block)
        elif (
            position < last
            or _comes_twice(block, head.free)
            or text.endswith(_COLON)
            or "//" in text
            or reach(text) < (25 if text[:1] in "-…•" else 40)
            or (is_quotation(text) and ends_sentence(text))
        ):
            continue
        elif meta and position > meta[0]:
            yield _caption_or_doubt(block, head.blocks[max(0, position - 1) : position + 2], context)
        elif head.headlines or (meta and position < meta[0]):
            if lifted and _is_picture_s(position, lifted, head, context):
                yield whole(block, "lift", "head_matter/caption", _CAPTION, "caption")
                continue
            lifted.append(position)
            yield _standfirst(block)


def _standfirst(block: Block) -> Mark:
    why = "The standfirst stands between headline and story."
    return whole(block, "lift", "head_matter/standfirst", why, "standfirst")


_CAPTION = "Between headline, standfirst, byline or date and the story stands the picture's caption."


def _is_picture_s(position: int, standfirsts: list[int], head: _Head, context: Context) -> bool:
    """Under a standfirst, parted from it by another line or with a credit right below: a picture's, for standfirsts stand together."""
    below = head.blocks[position + 1 : position + 2]
    return position - 1 not in standfirsts or any(context.is_kind(other, "credit") for other in below)


def _caption_or_doubt(block: Block, near: list[Block], context: Context) -> Mark:
    """Kicker, headline, standfirst, byline, date, picture, body: under the date a caption may stand, or the story's first line."""
    if any(context.is_kind(other, "credit", "picture-label") for other in near):
        return whole(block, "lift", "head_matter/caption", _CAPTION, "caption")
    return whole(block, "suspect", "head_matter/caption", _CAPTION)
