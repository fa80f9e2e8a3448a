"""Links to other stories: "Read more" and what stands under it.

A line with a cue and a title ("READ MORE: Ferry returns") is a written rule. Here: a label on its own line with the titles under it, and
headlines in capitals that some houses drop between paragraphs. A lone short line between paragraphs is a subhead and stays, unless what
stands above or below it says that it is a link.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise, takewhile, zip_longest

from pydantic import Field

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_capitals, is_quotation, is_title, reach
from cleaners.model import Block, Mark, Story

_LABEL = "related-label"
# Other kinds of lines that stand among links: a date, a writer's name, a counter, a label.
_AMONG = {
    _LABEL,
    "name",
    "agency-name",
    "related",
    "published",
    "byline",
    "byline-label",
    "dated",
    "signed",
    "furniture",
    "ad",
    "share",
    "picture-label",
}


# "7h03 - Japan: exports rise" opens an entry of a live file.
_LIVE_TIME = re.compile(r"\d{1,2} ?[h:.] ?\d{2}\b")


class RelatedLinks(Settings):
    most_titles: int = Field(default=12, description="How many titles under one label may go.")
    least_dated: int = Field(default=3, ge=2, description="How many dates make a list of dated links.")
    capitals: int = Field(
        default=60, description="Shortest line in capitals, in characters, that is a link between paragraphs."
    )
    least_capitals: int = Field(
        default=2, ge=2, description="How many such lines a story needs before they go; fewer are suspects."
    )
    sure_capitals: int = Field(
        default=70,
        description="A line in capitals of so many characters needs no company: no subhead is as long.",
    )
    longest_card: int = Field(default=3, description="How many lines a card between two labels may have.")
    least_teaser: int = Field(
        default=90, description="Shortest line, in characters, that may be a teaser which the page cut off."
    )


@cleaner(RelatedLinks)
def related_links(story: Story, context: Context, settings: RelatedLinks) -> Iterable[Mark]:
    """Mark labels over links, the links under them, and headlines in capitals between paragraphs."""
    blocks = story.blocks
    for position, block in enumerate(blocks if _LABEL in context.all_kinds else ()):
        if context.is_kind(block, _LABEL) and not context.protected(block):
            zone = context.zones[block.number]
            yield from _above(story, position, context, settings)
            # In the head "Live" or "Opinion" is a kicker, and what stands under it is the headline.
            titles = [] if zone == "head" else _titles(story, position, context, settings)
            if zone != "tail" and not titles and not _sure_alone(block):
                continue
            yield whole(block, "remove", "related_links/label", "A label over links to other stories.")
            for title in titles:
                yield whole(
                    title, "remove", "related_links/under-label", f"It stands under “{block.text[:60]}”."
                )
    yield from _bracketed(story, context)
    yield from _dated(story, context, settings)
    yield from _capitals(story, context, settings)
    yield from _cut_off(story, context, settings)


def _above(story: Story, position: int, context: Context, settings: RelatedLinks) -> Iterator[Mark]:
    """What a label between paragraphs stands under: the button "Read more" of a card, whose title is above it.

    Either the card has a label on top, too ("Read next" / "Ilse Brandvik" / "Why I left the island" / "Read more"), or it is one title
    between a paragraph and its button, under which the story goes on.
    """
    label, blocks = story.blocks[position], story.blocks
    reached = blocks[max(0, position - settings.longest_card - 1) : position]
    card = list(takewhile(lambda block: _may_stand_in_card(block, context), reversed(reached)))
    top = position - len(card) - 1
    if not 1 <= len(card) <= settings.longest_card or top < 0:
        return
    if context.zones[label.number] != "body" or not _sure_alone(label):
        return
    one_title = (
        len(card) == 1
        and _may_be_link(card[0])
        and not context.claimed(card[0])
        and context.is_prose(blocks[top])
        and position + 1 < len(blocks)
        and context.is_prose(blocks[position + 1])
    )
    if one_title or context.is_kind(blocks[top], _LABEL):
        for block in card:
            yield whole(block, "remove", "related_links/above-label", f"It stands above “{label.text[:60]}”.")


def _may_stand_in_card(block: Block, context: Context) -> bool:
    return (
        block.kind == "paragraph"
        and not context.is_kind(block, _LABEL)
        and not context.protected(block)
        and not context.is_prose(block)
        and not ends_sentence(block.text)
    )


_BRACKETS = {"[": "]", "(": ")"}


def _bracketed(story: Story, context: Context) -> Iterator[Mark]:
    """A line in brackets that is a link without them: "[Related: Five bridges that never opened]"."""
    for block, line in zip(story.blocks, context.lines, strict=True):
        if line.text[-1] == _BRACKETS.get(line.text[0]) and not line.protected:
            hits = context.ruleset.hits(line.text[1:-1].strip())
            if any(hit.rule.kind == "related" and hit.rule.action == "remove" for hit in hits):
                yield whole(
                    block, "remove", "related_links/bracketed", "A link to another story, in brackets."
                )


def _titles(story: Story, position: int, context: Context, settings: RelatedLinks) -> list[Block]:
    """The lines under a label that are links: titles and what stands among them, up to the next sentence."""
    between = context.zones[story.blocks[position].number] == "body"
    found: list[Block] = []
    under = story.blocks[position + 1 : position + 2 + settings.most_titles]
    for block, below in zip_longest(under[: settings.most_titles], under[1:]):
        title = _may_be_link(block)
        if (
            context.protected(block)
            or block.kind in ("caption", "row", "quote")
            or (context.is_prose(block) and not title)
            or context.kinds.get(block.number, frozenset()) - _AMONG
        ):
            break
        known = context.claimed(block)
        # A full stop ends a sentence, and a sentence is no link; a heading under the label is the next subhead.
        leads = below is not None and _may_be_link(below)
        listed = len(found) > 1 and _names_people(found[-2])
        # Among titles stand their writers, and their kickers in capitals.
        beside = (_names_people(block) and bool(found) and (listed or leads)) or (
            is_capitals(block.text) and leads
        )
        if (
            between
            and not known
            and not beside
            and (block.kind == "heading" or not title or _LIVE_TIME.match(block.text))
        ):
            break
        if not between and not known and ends_sentence(block.text) and not is_title(block.text):
            break
        found.append(block)
    return found


# "Ilse Brandvik", "Jon Blythe, Ana Duarte": under every second line of a list stand the writers of the title above
# A name's words stand apart: where they need not, a long word in Cyrillic is split in every way there is, and that takes minutes.
_AND = ("and", "und", "et", "y", "e", "og", "och", "de", "von", "van", "der", "la", "al")
_PEOPLE = re.compile(rf"[^\W\d_][\w.'’-]*(?:(?: (?:{'|'.join(_AND)}) | |, | & )[^\W\d_][\w.'’-]*){{1,11}}")


def _may_be_link(block: Block) -> bool:
    return is_title(block.text, shortest=25) and reach(block.text) <= 200 and not is_quotation(block.text)


def _names_people(block: Block) -> bool:
    small = [word for word in block.text.split() if word[0].islower() and word not in _AND]
    return not small and _PEOPLE.fullmatch(block.text) is not None


def _sure_alone(block: Block) -> bool:
    """ "Read more" between paragraphs is a button even when nothing follows; "Live" may be a subhead."""
    return len(block.text.split()) >= 2 or block.text.rstrip().endswith((":", ">", "»", "→"))


def _dated(story: Story, context: Context, settings: RelatedLinks) -> Iterator[Mark]:
    """A list under the story in which each title has its date. A chronology of the story's own is made of sentences.

    Example: "Ferry company wins the spring vote" / "3 March 2026" / "Quay reopens" / "1 March 2026" ...
    """
    if "published" not in context.all_kinds:
        return
    tail = [block for block in story.blocks if context.zones[block.number] == "tail"]
    dates = [at for at, block in enumerate(tail) if context.is_kind(block, "published")]
    if len(dates) < settings.least_dated or not all(b - a <= 2 for a, b in pairwise(dates)):
        return
    first, last = max(0, dates[0] - 1), min(len(tail), dates[-1] + 2)
    listed = [block for block in tail[first:last] if not context.is_kind(block, "published")]
    if not all(is_title(block.text) or context.claimed(block) for block in listed):
        return
    for block in tail[first:last]:
        if not context.protected(block):
            yield whole(
                block, "remove", "related_links/dated", "A list of titles with dates, under the story."
            )


def _capitals(story: Story, context: Context, settings: RelatedLinks) -> Iterator[Mark]:
    """Example: "HARBOUR MASTER SEES THIRD STRAIGHT WIN OVER FERRY COMPANY IN SPRING VOTE" between two paragraphs.

    One such line may be a subhead; a house that drops several headlines in capitals into a story links with them.
    """
    if True not in [facts.capitals for facts in context.lines]:
        return
    shouted = [
        block
        for position, block in enumerate(story.blocks)
        if 0 < position < len(story.blocks) - 1
        and _is_shouted(block, context, settings)
        and not is_capitals(story.blocks[position - 1].text)
        # "The banner read:" quotes what stands below it.
        and story.blocks[position - 1].text[-1] not in ":："
        and not is_capitals(story.blocks[position + 1].text)
    ]
    for block in shouted:
        yield whole(
            block,
            "remove"
            if len(shouted) >= settings.least_capitals or len(block.text) >= settings.sure_capitals
            else "suspect",
            "related_links/capitals",
            "A whole headline in capitals between paragraphs links to another story.",
        )


def _is_shouted(block: Block, context: Context, settings: RelatedLinks) -> bool:
    text = block.text
    return (
        len(text) >= settings.capitals
        and is_capitals(text)
        and len(text.split()) >= 7
        and context.zones[block.number] == "body"
        and block.kind != "heading"
        and is_title(text, longest=180)
        and not is_quotation(text)
        and not context.protected(block)
    )


_CUT = ("...", "…", "[...]", "[…]")


def _cut_off(story: Story, context: Context, settings: RelatedLinks) -> Iterator[Mark]:
    """Lines of one length to the letter that break off in dots, each under a title: the page cut them, and they open other stories."""
    cut: dict[int, list[Block]] = defaultdict(list)
    for position, (block, line) in enumerate(zip(story.blocks, context.lines, strict=True)):
        above = story.blocks[position - 1] if position else None
        if (
            line.text.endswith(_CUT)
            and above is not None
            and not context.is_prose(above)
            and _may_be_link(above)
            and len(line.text) >= settings.least_teaser
            and block.kind == "paragraph"
            and not line.protected
            and not line.quotation
        ):
            cut[len(line.text)].append(block)
    for teasers in cut.values():
        for block in teasers if len(teasers) > 1 else ():
            why = f"{len(teasers)} lines break off after {len(block.text)} characters: the page cut them off."
            yield whole(block, "remove", "related_links/cut-off", why)
