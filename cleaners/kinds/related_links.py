"""Links to other stories: "Read more" and what stands under it.

A line with a cue and a title ("READ MORE: Ferry returns") is a written rule. Here: a label on its own line with the titles under it, and
headlines in capitals that some houses drop between paragraphs. A lone short line between paragraphs is a subhead and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from pydantic import Field

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_capitals, is_quotation, is_title, reach
from cleaners.model import Block, Mark, Story

_LABEL = "related-label"
# Other kinds of lines that stand among links: a date, a writer's name, a counter, a label.
_AMONG = {
    _LABEL,
    "name",
    "agency-name",
    "related",
    "published",
    "byline",
    "byline-label",
    "dated",
    "signed",
    "furniture",
    "ad",
    "share",
    "picture-label",
}


# "7h03 - Japan: exports rise" opens an entry of a live file.
_LIVE_TIME = re.compile(r"\d{1,2} ?[h:.] ?\d{2}\b")


class RelatedLinks(Settings):
    most_titles: int = Field(default=12, description="How many titles under one label may go.")
    least_dated: int = Field(default=3, ge=2, description="How many dates make a list of dated links.")
    capitals: int = Field(
        default=60, description="Shortest line in capitals, in characters, that is a link between paragraphs."
    )
    least_capitals: int = Field(
        default=2, ge=2, description="How many such lines a story needs before they go; fewer are suspects."
    )


@cleaner(RelatedLinks)
def related_links(story: Story, context: Context, settings: RelatedLinks) -> Iterable[Mark]:
    """Mark labels over links, the links under them, and headlines in capitals between paragraphs."""
    blocks = story.blocks
    for position, block in enumerate(blocks if _LABEL in context.all_kinds else ()):
        if context.is_kind(block, _LABEL) and not context.protected(block):
            zone = context.zones[block.number]
            # In the head "Live" or "Opinion" is a kicker, and what stands under it is the headline.
            titles = [] if zone == "head" else _titles(story, position, context, settings)
            if zone != "tail" and not titles and not _sure_alone(block):
                continue
            yield whole(block, "remove", "related_links/label", "A label over links to other stories.")
            for title in titles:
                yield whole(
                    title, "remove", "related_links/under-label", f"It stands under “{block.text[:60]}”."
                )
    yield from _dated(story, context, settings)
    yield from _capitals(story, context, settings)


def _titles(story: Story, position: int, context: Context, settings: RelatedLinks) -> list[Block]:
    """The lines under a label that are links: titles and what stands among them, up to the next sentence."""
    between = context.zones[story.blocks[position].number] == "body"
    found: list[Block] = []
    for block in story.blocks[position + 1 : position + 1 + settings.most_titles]:
        title = (
            is_title(block.text, shortest=25) and reach(block.text) <= 200 and not is_quotation(block.text)
        )
        if (
            context.protected(block)
            or block.kind in ("caption", "embed", "row", "quote")
            or (context.is_prose(block) and not title)
            or context.kinds.get(block.number, frozenset()) - _AMONG
        ):
            break
        known = context.claimed(block)
        # A full stop ends a sentence, and a sentence is no link; a heading under the label is the next subhead.
        if between and not known and (block.kind == "heading" or not title or _LIVE_TIME.match(block.text)):
            break
        if not between and not known and ends_sentence(block.text) and not is_title(block.text):
            break
        found.append(block)
    return found


def _sure_alone(block: Block) -> bool:
    """ "Read more" between paragraphs is a button even when nothing follows; "Live" may be a subhead."""
    return len(block.text.split()) >= 2 or block.text.rstrip().endswith((":", ">", "»", "→"))


def _dated(story: Story, context: Context, settings: RelatedLinks) -> Iterator[Mark]:
    """A list under the story in which each title has its date. A chronology of the story's own is made of sentences.

    Example: "Ferry company wins the spring vote" / "3 March 2026" / "Quay reopens" / "1 March 2026" ...
    """
    if "published" not in context.all_kinds:
        return
    tail = [block for block in story.blocks if context.zones[block.number] == "tail"]
    dates = [at for at, block in enumerate(tail) if context.is_kind(block, "published")]
    if len(dates) < settings.least_dated or not all(b - a <= 2 for a, b in pairwise(dates)):
        return
    first, last = max(0, dates[0] - 1), min(len(tail), dates[-1] + 2)
    listed = [block for block in tail[first:last] if not context.is_kind(block, "published")]
    if not all(is_title(block.text) or context.claimed(block) for block in listed):
        return
    for block in tail[first:last]:
        if not context.protected(block):
            yield whole(
                block, "remove", "related_links/dated", "A list of titles with dates, under the story."
            )


def _capitals(story: Story, context: Context, settings: RelatedLinks) -> Iterator[Mark]:
    """Example: "HARBOUR MASTER SEES THIRD STRAIGHT WIN OVER FERRY COMPANY IN SPRING VOTE" between two paragraphs.

    One such line may be a subhead; a house that drops several headlines in capitals into a story links with them.
    """
    shouted = [
        block
        for position, block in enumerate(story.blocks)
        if 0 < position < len(story.blocks) - 1
        and _is_shouted(block, context, settings)
        and not is_capitals(story.blocks[position - 1].text)
        and not is_capitals(story.blocks[position + 1].text)
    ]
    for block in shouted:
        yield whole(
            block,
            "remove" if len(shouted) >= settings.least_capitals else "suspect",
            "related_links/capitals",
            "A whole headline in capitals between paragraphs links to another story.",
        )


def _is_shouted(block: Block, context: Context, settings: RelatedLinks) -> bool:
    text = block.text
    return (
        len(text) >= settings.capitals
        and is_capitals(text)
        and len(text.split()) >= 7
        and context.zones[block.number] == "body"
        and block.kind != "heading"
        and is_title(text, longest=180)
        and not is_quotation(text)
        and not context.protected(block)
    )
