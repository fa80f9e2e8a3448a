"""Lines for the desk: kills, embargoes, corrected and new versions, notes to editors. Kept as ``ednote``, never published.

What they mean was read from the raw document before anything was cut (``cleaners.read.signals``); here they are taken out of the copy.
"""

from __future__ import annotations

from collections.abc import Iterable

from cleaners.kinds.registry import Context, Settings, cleaner
from cleaners.model import Mark, Story
from cleaners.read.signals import desk_span

_WHY = "An instruction for editors, and no part of the story."


@cleaner()
def desk_notes(story: Story, context: Context, settings: Settings) -> Iterable[Mark]:
    """Mark each line, or label before a headline, that is one of the story's signals."""
    if not story.signals:
        return
    for block in story.blocks:
        span = desk_span(block.text, story.signals)
        if span is not None:
            yield Mark(
                *(block.number, span.start, span.end),
                action="lift",
                rule="desk_notes/instruction",
                why=_WHY,
                field="ednote",
                may_exceed=True,
            )
