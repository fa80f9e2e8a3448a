"""Standfirsts that read like a paragraph: told by what stands under them, for they come between the headline and the story's head.

Example: headline, "The ferry is back after nine years. Not everybody is glad.", "By Ilse Brandvik", story. Where the byline or the date
already stood above such a line it may as well be the story's first paragraph, and stays; but a dateline ("ORLA (AP) — …") opens the story,
whatever stands above it. A page's own markup may tell one, too: <p class="lead">. It is a second opinion, for the headline and the byline are gone when the story is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import reach
from cleaners.kinds.titles import same_line
from cleaners.model import Mark, Story

_SIGNED = ("byline", "published", "dated")
_SHORTEST = 40
"""A longer line between headline and paragraph that nobody knows may be the standfirst itself."""
_TOLD = "The page's markup calls it a standfirst, and its description or its header says the same."
_PICTURE = ("credit", "picture-label")
_TOOLS = ("share", "share-word", "comments")


class Standfirsts(Settings):
    longest: int = Field(default=400, description="Longest standfirst, in characters.")
    reach: int = Field(default=4, description="How far below it a byline or a date may stand, in lines.")


@cleaner(Standfirsts, second=True)
def standfirsts(story: Story, context: Context, settings: Standfirsts) -> Iterator[Mark]:
    """Lift the story's first paragraph where what follows tells that the story has not begun yet."""
    prose = [at for at, stands in enumerate(context.prose) if stands]
    told = next((block for block in story.blocks if block.standfirst and not context.protected(block)), None)
    if told is not None:
        if any(story.blocks[at] is not told for at in prose):
            yield whole(told, "lift", "standfirsts/told", _TOLD, "standfirst")
        return
    if len(prose) < 3 or story.fields.standfirst:
        return
    first = story.blocks[prose[0]]
    if len(first.text) > settings.longest or context.protected(first):
        return
    if _above_dateline(story, context, prose):
        near = context.kinds_at(prose[0] - 1) | context.kinds_at(prose[0] + 1)
        field = "standfirst" if near.isdisjoint(_PICTURE) else "caption"
        yield whole(
            first, "lift", "standfirsts/above-dateline", "The story opens with its dateline, below.", field
        )
    elif why := _under_headline(story, context, settings, *prose[:2]):
        yield whole(first, "lift", "standfirsts/under-headline", why, "standfirst")


def _above_dateline(story: Story, context: Context, prose: Sequence[int]) -> bool:
    """The second paragraph has the story's only dateline. A round-up of several places begins with a paragraph of its own."""
    dated = [at for at in prose if context.is_kind(story.blocks[at], "dateline")]
    return dated == [prose[1]]


def _under_headline(
    story: Story, context: Context, settings: Standfirsts, first: int, second: int
) -> str | None:
    """Why the first paragraph is the standfirst: it stands between the headline and what is signed, dated or shared."""
    blocks, headline = story.blocks, story.fields.headline
    titles = [at for at, block in enumerate(blocks[:first]) if headline and same_line(block.text, headline)]
    if not titles:
        return None
    between = blocks[titles[-1] + 1 : first]
    if any(context.is_kind(block, *_SIGNED) for block in between):
        return None
    if any(block.number not in context.found and reach(block.text) >= _SHORTEST for block in between):
        return None
    below = blocks[first + 1 : min(second, first + 1 + settings.reach)]
    if any(context.is_kind(block, *_SIGNED) and len(block.text) <= 140 for block in below):
        return "Between headline and byline or date stands the standfirst."
    if any(context.is_kind(block, *_TOOLS) for block in below[:2]):
        return "Between headline and share buttons stands the standfirst."
    return None
