"""Head matter: kicker, headline, standfirst, byline and date above the first paragraph, lifted by order and shape.

The order is the newsroom's own: kicker, headline, standfirst, byline, date, picture, body. Where the document's metadata knows the
headline, the line that says the same is it; where not, the first line that reads like a title is. A standfirst that reads like a
paragraph is only told when a byline or a date stands between it and the story.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from pydantic import Field

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_quotation, is_title, key, reach
from cleaners.model import Block, Mark, Story

_ABOVE = "navigation stands above it"
# What may stand in the head and is neither headline nor standfirst.
_OTHER = {"byline", "published", "published-label", "share", "follow", "credit", "agency-name", "picture-label"}


class HeadMatter(Settings):
    most_lines: int = Field(
        default=14, description="How many lines below the headline may still be head matter."
    )
    longest_kicker: int = Field(default=40, description="Longest kicker, in characters.")
    longest_standfirst: int = Field(default=400, description="Longest standfirst, in characters.")


@cleaner(HeadMatter)
def head_matter(story: Story, context: Context, settings: HeadMatter) -> Iterable[Mark]:
    """Lift what stands above the story."""
    head = _head(story, context, settings)
    if not head:
        return
    free = [
        block for block in head if not context.protected(block) and not _taken(block, context, story)
    ]
    yield from _bylines_and_dates(head, context)
    headline = _headline(free, story)
    if headline is not None:
        yield whole(headline, "lift", "head_matter/headline", "The story's headline stands above it.", "headline")
    top = head.index(headline) if headline is not None else -1
    if headline is not None:
        yield from _kickers([block for block in head[:top] if block in free], story, settings)
    elif story.fields.headline or any(_is_meta(block, context) for block in head):
        yield from _kickers([b for b in free if _is_kicker(b, settings)][:1], story, settings)
    yield from _standfirsts([block for block in head[top + 1 :] if block in free], head, context, story, settings)
    yield from _names(head[top + 1 :], free, context, headline is not None)


def _head(story: Story, context: Context, settings: HeadMatter) -> list[Block]:
    """The blocks above the story; down to the last byline or date line, if one follows a standfirst that looks like prose."""
    blocks = list(story.blocks)
    prose = [position for position, block in enumerate(blocks) if context.is_prose(block)]
    if not prose:
        return []
    end = prose[0]
    for position in range(end, min(len(blocks), end + 6)):
        above = [p for p in prose if p < position]
        below = [p for p in prose if p > position]
        if (
            _is_meta(blocks[position], context)
            and len(above) <= 2
            and len(below) >= max(2, len(above))
            and all(len(blocks[p].text) <= settings.longest_standfirst for p in above)
        ):
            end = position + 1
    return blocks[:end]


def _is_meta(block: Block, context: Context) -> bool:
    return len(block.text) <= 140 and context.is_kind(block, "byline", "published", "published-label")


def _taken(block: Block, context: Context, story: Story) -> bool:
    """Another rule or cleaner speaks for this line."""
    return (
        block.kind in ("caption", "row", "embed")
        or context.is_kind(block, *_OTHER)
        or any(hit.rule.action in ("remove", "lift") for hit in context.hits.get(block.number, ()))
    )


def _bylines_and_dates(head: list[Block], context: Context) -> Iterator[Mark]:
    for block in head:
        if context.protected(block):
            continue
        if context.is_kind(block, "published") and not _starts_like_byline(block, context):
            yield whole(
                block, "lift", "head_matter/date", "When the story came out stands above it.", "published"
            )
        elif context.is_kind(block, "byline"):
            yield whole(
                block, "lift", "head_matter/byline", "The writer's name stands above the story.", "byline"
            )


def _starts_like_byline(block: Block, context: Context) -> bool:
    return context.is_kind(block, "byline")


def _headline(free: list[Block], story: Story) -> Block | None:
    known = story.fields.headline
    if known:
        alike = [block for block in free if same_line(block.text, known)]
        return alike[-1] if alike else None
    for block in free:
        words = len(block.text.split())
        enough = words >= 4 or (words >= 2 and reach(block.text) >= 24) or reach(block.text) >= 40
        if enough and is_title(block.text, shortest=18, longest=220) and not _is_list_entry(block):
            return block
    return None


def _is_list_entry(block: Block) -> bool:
    return block.kind == "item" or block.text[:1] in "-•·*"


def same_line(one: str, other: str) -> bool:
    """Two headlines that say the same, give or take a site's name or a changed word.

    >>> same_line("Ferry returns to the estuary", "Ferry returns to the estuary | Harbour Post")
    True
    """
    a, b = key(one), key(other)
    if not a or not b:
        return False
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) >= 20 and long.startswith(short):
        return True
    return len(short) >= 20 and SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.9


def _is_kicker(block: Block, settings: HeadMatter) -> bool:
    return (
        len(block.text) <= settings.longest_kicker
        and len(block.text.split()) <= 5
        and not ends_sentence(block.text)
        and any(character.isalpha() for character in block.text)
    )


def _kickers(above: list[Block], story: Story, settings: HeadMatter) -> Iterator[Mark]:
    """The line nearest the headline is the section; short lines further up are the page's navigation."""
    section = next((block for block in reversed(above) if _is_kicker(block, settings)), None)
    for block in above:
        if block is section:
            yield whole(
                block, "lift", "head_matter/section", "The section's name stands above the headline.", "section"
            )
        elif _is_kicker(block, settings):
            yield whole(
                block,
                "remove",
                "head_matter/navigation",
                "A short line above headline and section is the page's navigation.",
            )
        elif story.fields.headline is None or not same_line(block.text, story.fields.headline):
            if is_title(block.text):
                yield whole(
                    block, "suspect", "head_matter/above-headline", "A title above the headline may be another story's."
                )


def _standfirsts(
    below: list[Block], head: list[Block], context: Context, story: Story, settings: HeadMatter
) -> Iterator[Mark]:
    """Lines under the headline, above byline, date and story."""
    for block in below:
        if len(block.text) > settings.longest_standfirst or is_quotation(block.text) and ends_sentence(block.text):
            continue
        known = story.fields.standfirst
        if (known and same_line(block.text, known)) or reach(block.text) >= 40 or (
            block.text[:1] in "-…•" and reach(block.text) >= 25
        ):
            yield whole(
                block, "lift", "head_matter/standfirst", "The standfirst stands between headline and story.", "standfirst"
            )


def _names(below: list[Block], free: list[Block], context: Context, under_headline: bool) -> Iterator[Mark]:
    """A bare name, role or agency next to a byline or a date is the byline."""
    for position, block in enumerate(below):
        if context.is_kind(block, "agency-name") and not context.is_kind(block, "byline"):
            yield whole(block, "lift", "head_matter/agency", "An agency's name stands above the story.", "byline")
            continue
        if block not in free or reach(block.text) >= 40 or ends_sentence(block.text):
            continue
        neighbours = [below[other] for other in (position - 1, position + 1) if 0 <= other < len(below)]
        if any(_is_meta(other, context) for other in neighbours) and _is_name(block, context):
            yield whole(
                block, "lift", "head_matter/name", "A name or a role beside a byline or a date.", "byline"
            )


def _is_name(block: Block, context: Context) -> bool:
    return any(hit.rule.kind == "name" for hit in context.hits.get(block.number, ()))
