"""Blocks that trafilatura took for the story's and that the page's own markup tells from it: share bars, teasers, boxes, lists of links.

How far a block leads or trails is worked out while the page is read (``cleaners.read.page_model``); other forms know nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.model import Mark, Story


class PageModel(Settings):
    trails: int = Field(
        default=190, description="A block goes that trails so far, in hundredths of the model's unit."
    )
    suspect: int = Field(default=100, description="From here on a block that stays is a suspect.")


@cleaner(PageModel)
def page_model(story: Story, context: Context, settings: PageModel) -> Iterator[Mark]:
    """Mark the blocks of a page that trail, and suspect those that trail less."""
    for block in story.blocks:
        if block.lead is not None and block.lead <= -settings.suspect:
            goes = block.lead <= -settings.trails
            why = f"The page's markup speaks against it ({'; '.join(block.cues)})."
            yield whole(block, "remove" if goes else "suspect", "page_model/trails", why)
