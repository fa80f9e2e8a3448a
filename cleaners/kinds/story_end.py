"""Where the story has ended, nothing of it comes after: under the page's furniture stands more of it.

Below its last sentence a raw copy goes on with buttons, topics, other stories and forms. The first line of that kind which the other
cleaners are sure of is the end; the short lines under it go with it, whatever they say, unless a rule protects them. Lines between
the last sentence and the first sure one are left alone: a letter's signature and a list of winners stand there.
Measured on the development set: of the lines under such an end that no rule knew, 195 were junk and none was the story's.
"""

from __future__ import annotations

from collections.abc import Iterable

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_quotation
from cleaners.model import Block, Mark, Story

_BETWEEN_PARAGRAPHS = {
    "ad",
    "channel",
    "consent",
    "credit",
    "follow",
    "furniture",
    "name",
    "newsletter",
    "newsletter-label",
    "picture-label",
    "published",
    "related",
    "related-label",
    "subscribe",
}
"""Kinds that also stand inside a story: a short sentence under one of them may still be the story's last."""


@cleaner(second=True)
def story_end(story: Story, context: Context, settings: Settings) -> Iterable[Mark]:
    """Mark what stands in the tail under the first line that another cleaner removes."""
    ended = surely = False
    for block in story.blocks:
        if context.zones[block.number] != "tail" or block.kind in ("caption", "row"):
            continue
        if block.number in context.found:
            ended = True
            surely = surely or not context.kinds.get(block.number, frozenset()) <= _BETWEEN_PARAGRAPHS
        elif ended and block.number not in context.found and not _is_the_storys(block, context, surely):
            yield whole(
                block, "remove", "story_end/under", "It stands under the story's end, among the page's own lines."
            )


def _is_the_storys(block: Block, context: Context, surely: bool) -> bool:
    sentence = ends_sentence(block.text) or is_quotation(block.text)
    return context.protected(block) or (sentence and not surely)
