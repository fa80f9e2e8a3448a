"""Repeats inside one story: the headline again, and furniture that comes back and back.

Repetition is evidence, never proof: datelines, questions and refrains repeat too. So a repeated line goes only if it repeats the
headline, or if it is no sentence, comes at least three times between paragraphs, and is not a label that speaks ("BBC:").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pydantic import Field

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_quotation, reach
from cleaners.kinds.titles import in_address, same_line
from cleaners.model import Block, Mark, Story


class Repeats(Settings):
    least: int = Field(default=3, ge=2, description="How often a line of furniture must come.")
    longest: int = Field(default=60, description="Longest line, in characters, that counts as furniture.")


@cleaner(Repeats)
def repeats(story: Story, context: Context, settings: Repeats) -> Iterable[Mark]:
    """Mark repeats of the headline outside the body, and furniture that returns."""
    headline = story.fields.headline
    if headline and reach(headline) >= 15:
        for block in story.blocks:
            if (
                context.zones[block.number] != "body"
                and same_line(block.text, headline)
                and not context.protected(block)
            ):
                yield whole(block, "lift", "repeats/headline", "The line repeats the headline.", "headline")
    again: dict[str, list[Block]] = defaultdict(list)
    short = [
        (block, line)
        for block, line in zip(story.blocks, context.lines, strict=True)
        if len(line.text) <= settings.longest and block.kind in ("paragraph", "item")
    ]
    for block, line in short if len(short) >= settings.least else ():
        if line.words >= 2:
            again[line.key].append(block)
    for found in again.values():
        if len(found) < settings.least or not _is_furniture(found[0].text):
            continue
        titled = not headline and in_address(found[0].text, story.url) and found[0].text.count(" ") >= 3
        for block in found:
            # What a rule knows needs no counting, and its reason is the better one.
            if not context.claimed(block) and titled:
                why = "The line stands several times in this story and in its address."
                yield whole(block, "lift", "repeats/headline", why, "headline")
            elif not context.claimed(block):
                yield whole(
                    block,
                    "remove",
                    "repeats/furniture",
                    f"The same short line stands {len(found)} times in this story.",
                )


def _is_furniture(text: str) -> bool:
    return (
        not ends_sentence(text)
        and not is_quotation(text)
        and text[-1] not in ":—–-"
        and text[0] not in "—–-("
        and any(character.isalpha() for character in text)
    )
