"""A newsletter box goes as one block: title, promise, field, consent, button.

The promise carries no cue of its own ("What we're reading this week"): it goes only with its box, that is between two lines that rules know.
A list of what subscribers get ("— Crosswords every day") goes with the line that it stands under.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import Field

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.model import Mark, Story

_SURE = {"newsletter", "subscribe"}
_LABELS = {"newsletter-label"}
_BULLETS = "-–—•·*►▶✓✔+■◆●"


class NewsletterBoxes(Settings):
    widest_gap: int = Field(
        default=1, description="How many unknown lines may stand between two lines of the box."
    )
    longest_promise: int = Field(default=260, description="Longest unknown line inside a box, in characters.")


@cleaner(NewsletterBoxes)
def newsletter_boxes(story: Story, context: Context, settings: NewsletterBoxes) -> Iterable[Mark]:
    """Mark the labels and promises of each box that holds at least one line that a rule is sure of."""
    if context.all_kinds.isdisjoint(_SURE | _LABELS):
        return
    sure = [bool(facts.kinds & _SURE) for facts in context.lines]
    label = [bool(facts.kinds & _LABELS) for facts in context.lines]
    known = [position for position in range(len(story.blocks)) if sure[position] or label[position]]
    yield from _offers(story, context, sure)
    for box in _boxes(known, settings.widest_gap + 1):
        labels = sum(label[position] for position in box)
        if not any(sure[position] for position in box) and labels < 3:
            continue
        for position in range(box[0], box[-1] + 1):
            block = story.blocks[position]
            if context.protected(block) or sure[position]:
                continue
            if label[position]:
                yield whole(
                    block, "remove", "newsletter_boxes/label", "A button or heading of a newsletter box."
                )
            elif len(block.text) <= settings.longest_promise:
                yield whole(block, "remove", "newsletter_boxes/promise", "It stands inside a newsletter box.")


def _offers(story: Story, context: Context, sure: list[bool]) -> Iterator[Mark]:
    """Example: "Join now or renew to get:" / "— Local news from the quays" / "— Crosswords every day"."""
    for position, block in enumerate(story.blocks):
        if not sure[position] or block.text[-1] not in ":：" or context.protected(block):
            continue
        for offer in story.blocks[position + 1 :]:
            if offer.text[0] not in _BULLETS or context.protected(offer) or context.is_prose(offer):
                break
            why = f"It is listed under “{block.text[:60]}”."
            yield whole(offer, "remove", "newsletter_boxes/offer", why)


def _boxes(positions: list[int], gap: int) -> list[list[int]]:
    """Positions grouped so that neighbours in a group are at most ``gap`` apart."""
    boxes: list[list[int]] = []
    for position in positions:
        if boxes and position - boxes[-1][-1] <= gap:
            boxes[-1].append(position)
        else:
            boxes.append([position])
    return boxes
