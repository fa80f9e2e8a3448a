"""What the publisher's own selectors say of a page's lines (``page:`` in its file, and imported site files).

They were applied while the page was read, for only then are there elements; here they become marks like any other, so that a
protected passage stays, every removal has its rule and reason, and what takes too much is held.
"""

from __future__ import annotations

from collections.abc import Iterable

from cleaners.kinds.registry import Context, Settings, cleaner
from cleaners.model import Mark, Story


@cleaner()
def site_rules(story: Story, context: Context, settings: Settings) -> Iterable[Mark]:
    """Mark what stands under the elements that the site's selectors name."""
    for block in story.blocks:
        for start, end, action, rule, why, field, may_exceed in block.site_marks:
            yield Mark(block.number, start, end, action, rule, why, field, may_exceed)
