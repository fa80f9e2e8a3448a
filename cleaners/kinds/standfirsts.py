"""Standfirsts that read like a paragraph: told by what stands under them, for they come between the headline and the story's head.

Example: headline, "The ferry is back after nine years. Not everybody is glad.", "By Ilse Brandvik", story. Where the byline or the date
already stood above such a line it may as well be the story's first paragraph, and stays. It is a second opinion, for the headline
and the byline are gone when the story is cut.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from cleaners.kinds.head_matter import same_line
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import reach
from cleaners.model import Mark, Story

_SIGNED = ("byline", "published")
_SHORTEST = 40
"""A longer line between headline and paragraph that nobody knows may be the standfirst itself."""
_TOOLS = ("share", "share-word", "comments")


class Standfirsts(Settings):
    longest: int = Field(default=400, description="Longest standfirst, in characters.")
    reach: int = Field(default=4, description="How far below it a byline or a date may stand, in lines.")


@cleaner(Standfirsts, second=True)
def standfirsts(story: Story, context: Context, settings: Standfirsts) -> Iterable[Mark]:
    """Lift the first paragraph below the headline when a byline, a date or the share buttons stand below it, and none above."""
    fields, blocks = story.fields, story.blocks
    prose = [at for at, stands in enumerate(context.prose) if stands]
    if not fields.headline or fields.standfirst or len(prose) < 3:
        return
    first, second = prose[0], prose[1]
    titles = [at for at, block in enumerate(blocks[:first]) if same_line(block.text, fields.headline)]
    if not titles or len(blocks[first].text) > settings.longest or context.protected(blocks[first]):
        return
    between = blocks[titles[-1] + 1 : first]
    if any(context.is_kind(block, *_SIGNED) for block in between):
        return
    if any(block.number not in context.found and reach(block.text) >= _SHORTEST for block in between):
        return
    below = blocks[first + 1 : min(second, first + 1 + settings.reach)]
    if any(context.is_kind(block, *_SIGNED) and len(block.text) <= 140 for block in below):
        why = "Between headline and byline or date stands the standfirst."
    elif any(context.is_kind(block, *_TOOLS) for block in below[:2]):
        why = "Between headline and share buttons stands the standfirst."
    else:
        return
    yield whole(blocks[first], "lift", "standfirsts/under-headline", why, "standfirst")
