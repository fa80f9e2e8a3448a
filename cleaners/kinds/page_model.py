"""Blocks that trafilatura took for the story's and that the page's own markup tells from it: share bars, teasers, boxes, lists of links.

How far a block leads or trails is worked out while the page is read (``cleaners.read.page_model``); other forms know nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cleaners.kinds.page_cues import in_words
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.model import Block, Mark, Story

_NEVER = ("quote", "row")
"""A table with some of its rows is worse than none; a quotation says by its element that it is the story's."""
_FEW = 200
"""So many letters may trail on any page: a short one has little else beside its buttons."""
_TOLD = 3
"""A sentence goes only where so many others lead: who knows no paragraph of a page does not know the page."""


class PageModel(Settings):
    trails: int = Field(
        default=135, description="A block goes that trails so far, in hundredths of the model's unit."
    )
    long: int = Field(
        default=250,
        description="The same for a paragraph of more than ``longest`` characters, where an error costs most.",
    )
    longest: int = Field(default=350, description="In characters.")
    suspect: int = Field(default=80, description="From here on a block that stays is a suspect.")
    most: float = Field(
        default=0.35,
        description="Where so large a share of the page's letters trails, the model does not know such pages: all stays, as suspects.",
    )


@cleaner(PageModel)
def page_model(story: Story, context: Context, settings: PageModel) -> Iterator[Mark]:
    """Mark the blocks of a page that trail, and suspect those that trail less."""
    behind = [
        block
        for block in story.blocks
        if block.lead is not None and block.lead <= -settings.suspect and not context.protected(block)
    ]
    going = sum(len(block.text) for block in behind if _trails(block, settings))
    sure = going <= max(_FEW, settings.most * sum(len(block.text) for block in story.blocks))
    told = sum(
        block.lead is not None and block.lead >= 0 and context.is_prose(block) for block in story.blocks
    )
    for block in behind:
        known = sure and (told >= _TOLD or not context.is_prose(block))
        action = "remove" if known and _trails(block, settings) else "suspect"
        cues = "; ".join(dict.fromkeys(map(in_words, block.cues)))
        why = f"By the page's markup it is not the story's ({cues})."
        yield whole(block, action, "page_model/trails", why)


def _trails(block: Block, settings: PageModel) -> bool:
    if block.lead is None or block.kind in _NEVER:
        return False
    return block.lead <= -(settings.long if len(block.text) > settings.longest else settings.trails)
