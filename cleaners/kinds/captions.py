"""Picture captions and credits: lifted into the picture they belong to, never lost.

A caption gives itself away by what surrounds it: it comes twice (as alternative text and as caption), a credit is glued to it or
stands beside it, a viewer's label stands above it. A full sentence with none of these stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from statistics import median

from pydantic import Field

from cleaners.kinds.facts import NO_CLAIM
from cleaners.kinds.picture_credits import credit_at_end, credit_start, is_plain, note_plain, under_figures
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import begins_again, ends_sentence, is_quotation, reach
from cleaners.model import Block, Mark, Story

_GLUE = re.compile(r"^[\s\-–—|/•·,;:(\[]*")


class Captions(Settings):
    longest: int = Field(default=400, description="Longest caption, in characters.")
    longest_credit: int = Field(default=70, description="Longest credit, in characters.")


@cleaner(Captions)
def captions(story: Story, context: Context, settings: Captions) -> Iterable[Mark]:
    """Lift captions and credits."""
    longest = settings.longest + settings.longest_credit
    note_plain(context, longest)
    worth_asking = _worth_asking(story, context, longest)
    if not worth_asking:
        return
    last = max((at for at, stands in enumerate(context.prose) if stands), default=-1)
    credited = sum(
        "credit" in facts.kinds and context.zones[block.number] != "tail"
        for block, facts in zip(story.blocks, context.lines, strict=True)
    )
    rhythm = _rhythm(story, context) if credited >= _LEAST_RHYTHM else frozenset()
    for position in worth_asking:
        block, facts = story.blocks[position], context.lines[position]
        if "credit" in facts.kinds and under_figures(story, position, context):
            continue
        if _next_begins_alike(context, position):
            yield from _repeated(story, position, settings, context)
        if begins_again(facts.text):
            yield from _twice_inside(block, settings, context)
        if block.kind == "caption":
            yield from _with_credit(block, context, "captions/figure", "The line is a picture's caption.")
        elif context.is_kind(block, "credit") and len(block.text) > settings.longest_credit:
            # "Image: The harbour master, left, with the captain of the dredger at the quay on Monday"
            yield whole(
                block, "lift", "captions/labelled", "The line is labelled as a picture's caption.", "caption"
            )
        elif context.is_kind(block, "credit"):
            yield whole(block, "lift", "captions/credit", "The line names who took the picture.", "credit")
            if _captioned_above(story, position, context) or position in rhythm:
                why = "Between a picture's label and its credit, or above its credit as in the whole story, stands its caption."
                yield from _with_credit(story.blocks[position - 1], context, "captions/above-credit", why)
            elif _under_the_head(story, position, context):
                why = "Above the first credit, where the story has hardly begun, stands the caption of its lead picture."
                yield from _with_credit(story.blocks[position - 1], context, "captions/lead-picture", why)
            elif credited >= 2:
                yield from _above_credit(story, position, context, last)
        elif context.zones[block.number] != "tail" and _is_rights_line(block.text):
            # "© Jon Blythe The ferry at the quay on Monday" has no seam; what is longer than a name is the caption's.
            field = "credit" if len(block.text) <= settings.longest_credit else "caption"
            yield whole(
                block, "lift", "captions/rights", "The line says who has the rights in the picture.", field
            )
        elif context.is_kind(block, "caption"):
            why = "The line says of itself that it is a picture's caption."
            yield from _with_credit(block, context, "captions/says-so", why)
        elif "caption-where" in facts.kinds:
            if _where_pictures_stand(position, context):
                yield from _with_credit(block, context, "captions/says-where", _WHERE)
            else:
                yield whole(block, "suspect", "captions/says-where", _WHERE)
        elif facts.kinds.isdisjoint(("byline", "related", "copyright")):
            if credit_at_end(block, context, last=position >= last):
                yield from _with_credit(
                    block, context, "captions/ends-in-credit", "The line ends in a picture credit."
                )
            elif (
                (label := _label_above(position, context)) is not None
                and not context.kinds_at(label - 1) & {"credit"}
                and _may_be_caption(block, context)
            ):
                yield from _with_credit(
                    block, context, "captions/under-label", "The line stands under a picture's label."
                )


_WHERE = "The line says who stands where, as captions do."
_NEAR_PICTURES = {"credit", "caption", "caption-where", "caption-label", "picture-label"}


def _where_pictures_stand(position: int, context: Context) -> bool:
    """On top of the story, beside another caption or credit, with a credit of its own, or without a sentence's end."""
    line = context.lines[position]
    near = [context.kinds_at(position + step) for step in (-2, -1, 1, 2)]
    beside = any(
        context.story.blocks[at].kind == "caption"
        for at in (position - 1, position + 1)
        if 0 <= at < len(context.lines)
    )
    return (
        sum(context.prose[:position]) <= 1
        or beside
        or not frozenset().union(*near).isdisjoint(_NEAR_PICTURES)
        or not line.ends_sentence
        or credit_start(context.story.blocks[position], context) is not None
    )


_KINDS = ("credit", "caption", "caption-where", "copyright")


def _worth_asking(story: Story, context: Context, longest: int) -> list[int]:
    """The positions of the lines that anything speaks for a picture of: hardly any in most stories."""
    lines = context.lines
    labelled = "picture-label" in context.all_kinds
    below = [*[facts.text for facts in lines[1:]], ""]
    return [
        at
        for at, (block, facts) in enumerate(zip(story.blocks, lines, strict=True))
        if len(facts.text) <= longest
        and not facts.protected
        and (
            labelled
            or block.kind == "caption"
            or (facts.hits and not facts.kinds.isdisjoint(_KINDS))
            or not is_plain(facts)
            or (below[at].startswith(facts.text[:12].rstrip(".")) and _next_begins_alike(context, at))
        )
    ]


def _next_begins_alike(context: Context, position: int) -> bool:
    if position + 1 == len(context.lines):
        return False
    first, second = context.lines[position].text, context.lines[position + 1].text
    return first[:1] in (second[:1], ".") and second.startswith(first.rstrip("."))


def _repeated(story: Story, position: int, settings: Captions, context: Context) -> Iterator[Mark]:
    """A caption that comes twice in a row, the second time perhaps with its credit glued on.

    Example: "The quay at dawn" and "The quay at dawn  @harbourlens/X". A line that merely comes twice may be a chant or a
    refrain: without a credit it counts above the story, or beside a credit or a picture's label; elsewhere it is a doubt.
    """
    first, second = story.blocks[position], story.blocks[position + 1]
    if (
        not 20 <= reach(first.text) <= settings.longest
        or len(second.text) > settings.longest + settings.longest_credit
        or is_quotation(first.text)
        or not {first.kind, second.kind} <= {"paragraph", "caption"}
        or _spoken_for(first, context)
        or _spoken_for(second, context)
    ):
        return
    why = "The caption comes twice in a row."
    rest = second.text[len(first.text.rstrip(".")) :].lstrip(".")
    glue = _GLUE.match(rest)
    credit = rest[glue.end() if glue else 0 :]
    if not credit.strip(" .)]"):
        near = context.kinds_at(position - 1) | context.kinds_at(position + 2)
        sure = (
            context.zones[first.number] == "head"
            or "caption" in (first.kind, second.kind)
            or bool(near & {"credit", "picture-label"})
        )
        action, field = ("lift", "caption") if sure else ("suspect", None)
        yield whole(first, action, "captions/repeated", why, field)
        yield whole(second, action, "captions/repeated", why, field)
    elif len(credit) <= settings.longest_credit and not ends_sentence(credit):
        at = len(second.text) - len(credit)
        yield whole(first, "lift", "captions/repeated", why, "caption")
        yield Mark(second.number, 0, at, "lift", "captions/repeated", why, "caption")
        yield Mark(
            second.number,
            at,
            len(second.text),
            "lift",
            "captions/glued-credit",
            "What the second caption adds is its credit.",
            "credit",
        )


# "The quay at dawn The quay at dawn @harbourlens/X": both of a picture's lines in one paragraph
_TWICE = re.compile(r"(?P<one>.{20,200}?)(?P<seam>\s+)(?P=one)(?P<rest>.*)", re.DOTALL)


def _twice_inside(block: Block, settings: Captions, context: Context) -> Iterator[Mark]:
    if _spoken_for(block, context) or is_quotation(block.text):
        return
    found = _TWICE.fullmatch(block.text)
    if not found or ends_sentence(found["rest"]) or len(found["rest"]) > settings.longest_credit:
        return
    why = "The caption comes twice in one paragraph."
    half, second = found.end("one"), found.start("rest")
    yield Mark(block.number, 0, half, "lift", "captions/repeated", why, "caption")
    yield Mark(block.number, half, second, "lift", "captions/repeated", why, "caption")
    if found["rest"].strip():
        why = "What the second caption adds is its credit."
        yield Mark(block.number, second, len(block.text), "lift", "captions/glued-credit", why, "credit")


def _spoken_for(block: Block, context: Context) -> bool:
    """Another rule knows the line: "Published: undefined" twice is no caption."""
    return bool(context.facts(block).kinds - NO_CLAIM - {"credit"})


def _with_credit(block: Block, context: Context, rule: str, why: str) -> Iterator[Mark]:
    """The block is a caption; a credit at its end goes into its own field."""
    at = credit_start(block, context)
    if at is None or at == 0:
        yield whole(block, "lift", rule, why, "credit" if at == 0 else "caption")
        return
    yield Mark(block.number, 0, at, "lift", rule, why, "caption")
    yield Mark(
        block.number,
        at,
        len(block.text),
        "lift",
        "captions/credit-at-end",
        "A caption's end names who took the picture.",
        "credit",
    )


def _label_above(position: int, context: Context) -> int | None:
    """Where the picture's label stands that this line follows; a sign between them ("View photo", ".") parts nothing."""
    at = position - 1
    while at > 0 and not any(map(str.isalnum, context.lines[at].text)):
        at -= 1
    return at if "picture-label" in context.kinds_at(at) else None


def _may_be_caption(block: Block, context: Context) -> bool:
    return (
        not context.claimed(block)
        and (reach(block.text) >= 15 or (context.is_kind(block, "name") and " " in block.text))
        and len(block.text) <= 300
        and (
            credit_start(block, context) is not None
            or not (is_quotation(block.text) or ends_sentence(block.text))
        )
    )


# "© Jon Blythe", but not "© 2026 Harbour Post" and not "© Harbour Post. All rights reserved."
_RIGHTS = re.compile(r"(?:©|\(c\)) ?(?=[^\W\d_]).{3,}", re.IGNORECASE)
# A picture's year stands in its caption: "© Jon Blythe The quay of Orla on May 18, 2018."
_OF_THE_HOUSE = re.compile(
    r"^.{0,12}(?:19|20)\d\d|^.{0,60}(?:19|20)\d\d\W*$|right|reserved|permission|licen[cs]|recht|derecho|droit|diritt|direito|praw|права|reprodu|copyright",
    re.IGNORECASE,
)


def _is_rights_line(text: str) -> bool:
    return text[0] in "©(" and bool(_RIGHTS.fullmatch(text)) and not _OF_THE_HOUSE.search(text)


_LONGEST_ABOVE = 300
_LEAST_RHYTHM = 3
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d[.。]$")


def _free_above(story: Story, position: int, context: Context) -> Block | None:
    """The line above the credit at ``position``, if nobody knows it and it is not longer than a caption."""
    above = story.blocks[position - 1] if position else None
    if (
        above is None
        or above.kind != "paragraph"
        or context.zones[above.number] == "tail"
        or context.claimed(above)
        or len(above.text) > _LONGEST_ABOVE
    ):
        return None
    return above


def _captioned_above(story: Story, position: int, context: Context) -> bool:
    """Label, caption, credit, as galleries have it; or a few words that end in the picture's year: "The captain in 1987."."""
    above = _free_above(story, position, context)
    if above is None:
        return False
    if "picture-label" in context.kinds_at(position - 2):
        return True
    return (
        context.zones[above.number] != "tail"
        and not context.facts(above).sentence_like
        and not is_quotation(above.text)
        and bool(_YEAR.search(above.text))
    )


_HEAD = frozenset(("byline", "published", "dated"))
_LEAST_STORY = 2
"""Paragraphs that must follow a lead picture: of a story that is over with it, its sentence may be the only one."""


def _under_the_head(story: Story, position: int, context: Context) -> bool:
    """The sentence above the story's first credit, with at most one above it: a standfirst, or nothing but the story's head.

    Of 19 such lines in the benchmark's raw copy none was the story's; with two paragraphs above it may be. Without a sentence above it
    must stand under a byline or a date: right under the headline it may be the standfirst, and the picture have no caption.
    """
    above = _free_above(story, position, context)
    if above is None or not context.facts(above).sentence_like or is_quotation(above.text):
        return False
    before = context.lines[: position - 1]
    sentences = sum(line.sentence_like for line in before)
    return (
        sentences <= 1
        and not any("credit" in line.kinds for line in before)
        and (sentences == 1 or not all(line.kinds.isdisjoint(_HEAD) for line in before))
        and sum(context.prose[position + 1 :]) >= _LEAST_STORY
    )


def _rhythm(story: Story, context: Context) -> frozenset[int]:
    """The credits between paragraphs, if all of them have a caption above.

    One paragraph above one credit may be the story's. Where above each of three credits or more stands one short line, and the
    story's other paragraphs are of quite another length, these lines are the captions.
    """
    credits = [
        position
        for position, block in enumerate(story.blocks)
        if "credit" in context.lines[position].kinds and context.zones[block.number] == "body"
    ]
    above = [_free_above(story, position, context) for position in credits]
    short = [block for block in above if block and _like_a_sentence_of_a_caption(block.text)]
    if len(short) < max(len(credits), _LEAST_RHYTHM):
        return frozenset()
    numbers = {block.number for block in short}
    others = [
        len(block.text)
        for block, stands in zip(story.blocks, context.prose, strict=True)
        if stands and block.number not in numbers
    ]
    if len(others) < _LEAST_RHYTHM or median(others) < 1.7 * median(len(block.text) for block in short):
        return frozenset()
    return frozenset(credits)


_LONGEST_RHYTHM = 200
_SHORTEST_RHYTHM = 30


def _like_a_sentence_of_a_caption(text: str) -> bool:
    """A sentence of a caption's length: above the credits of a list of places stand the places' names, and these are the story's."""
    return (
        reach(text) >= (_SHORTEST_RHYTHM if text[-1] in ".。" else 2 * _SHORTEST_RHYTHM)
        and len(text) <= _LONGEST_RHYTHM
        and text[-1] not in ":?"
        and not text[0].isdigit()
        and not is_quotation(text)
    )


def _above_credit(story: Story, position: int, context: Context, last: int) -> Iterator[Mark]:
    """In a story whose pictures carry credits on their own lines, the line above each may be its caption.

    It stays a doubt: a credit of the lead picture may follow any paragraph.
    """
    if position == 0:
        return
    above = story.blocks[position - 1]
    if (
        above.kind == "paragraph"
        and context.zones[above.number] != "tail"
        and not context.claimed(above)
        and not is_quotation(above.text)
        and len(above.text) <= 300
        and context.is_prose(above)
        and position - 1 != last
    ):
        yield whole(above, "suspect", "captions/above-credit", "The line stands above a picture credit.")
