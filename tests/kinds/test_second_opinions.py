from __future__ import annotations

from collections.abc import Iterator

from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.clean import clean
from cleaners.kinds.registry import Cleaner, Context, Settings, whole
from cleaners.model import Mark, Raw, Story


def above_what_goes(story: Story, context: Context, settings: Settings) -> Iterator[Mark]:
    """A second opinion that takes the line right above one that goes, and knows nothing else."""
    for block, below in zip(story.blocks, story.blocks[1:], strict=False):
        if below.number in context.found and block.number not in context.found and len(block.text) < 20:
            yield whole(block, "remove", "above/what-goes", "The line below it goes.")


def test_they_are_asked_again_when_more_was_found(shipped):
    """Each look shows what the look before has found; the story's own sentences end it."""
    lines = (LEAD, NEXT, LAST, "Quays", "Ferries", "Follow us on Facebook")
    story = shipped.read(Raw(id="t", form="lines", content=lines, language="en"))
    ruleset = shipped.rulebook.ruleset(None, "en", None)
    rules = next(pair for pair in shipped.cleaners if pair[0].name == "written_rules")
    second = Cleaner("above", Settings, above_what_goes, second=True)
    cleaned = clean(story, ruleset, [rules, (second, Settings())])
    assert [block.text for block in cleaned.copy.blocks] == [LEAD, NEXT, LAST]
