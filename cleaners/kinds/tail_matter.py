"""What stands under the story: topics, the writer's box, the way to the comments.

A label decides ("Tags", "About the author"): the short lines under it go with it, up to the next sentence. Without a label a list of names is left
alone: victims, signatories and letter writers look just the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from pydantic import Field

from cleaners.kinds.facts import Facts
from cleaners.kinds.house import names_house
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, key, reach
from cleaners.model import Block, Mark, Story

_LABELS = {
    "tags-label": ("tags", "tags", "A topic of the page, under its label."),
    "bio-label": ("author-bio", None, "It stands in the writer's box."),
}
_SHORTEST_NAME = 6
_LONGEST_BIO = 600
_LONGEST_BOX = 3
"""Lines of a writer's box: name, role, address. More under "About the author" may be a story's section of that name."""


class TailMatter(Settings):
    most_lines: int = Field(default=15, description="How many lines under one label may go.")
    longest_tag: int = Field(default=120, description="Longest line under a topics label, in characters.")


@cleaner(TailMatter)
def tail_matter(story: Story, context: Context, settings: TailMatter) -> Iterable[Mark]:
    """Mark labels in the tail and the lines under them, and lines about the writer named in the byline."""
    yield from _initials(story, context)
    writers = _writers(story.fields.byline or "")
    yield from _writers_box(story, context, writers)
    if not writers and context.all_kinds.isdisjoint(_LABELS):
        return
    for position, block in enumerate(story.blocks):
        if context.zones[block.number] != "tail" or context.protected(block):
            continue
        for label, (kind, field, why) in _LABELS.items():
            if not context.is_kind(block, label):
                continue
            yield whole(block, "remove", f"tail_matter/{label}", "A label under the story.")
            under = list(_under(story, position, context, settings))
            if label == "bio-label" and (
                len(under) > _LONGEST_BOX or any(ends_sentence(line.text) for line in under)
            ):
                under = []
            for line in under:
                yield whole(line, "lift" if field else "remove", f"tail_matter/{kind}", why, field)
        if _is_about(context.facts(block), writers):
            yield whole(
                block,
                "remove",
                "tail_matter/writer",
                "The line under the story is about the writer named in the byline.",
            )


# "(nz)", "jho/dpa", "(abc/jho/PAP)": small letters, in brackets or with a stroke
_INITIALS = re.compile(r"\([^\W\d_]{2,4}(?:/[^\W\d_]{2,8}){0,3}\)|[^\W\d_]{2,4}(?:/[^\W\d_]{2,8}){1,3}")


def _initials(story: Story, context: Context) -> Iterable[Mark]:
    """The desk signs with its initials, right under the story's last sentence."""
    last = max((at for at, prose in enumerate(context.prose) if prose), default=-1)
    for block in story.blocks[last + 1 : last + 2] if last >= 1 else ():
        first = block.text.split("/")[0]
        if _INITIALS.fullmatch(block.text) and first.islower() and not context.protected(block):
            why = "Under the last sentence the desk signs with its initials."
            yield whole(block, "lift", "tail_matter/initials", why, "byline")


def _writers(byline: str) -> tuple[str, ...]:
    """The writers' names as keys, with the byline's first word and without: "By Marta Oyelaran" names Marta Oyelaran.

    >>> _writers("By Marta Oyelaran")
    ('bymartaoyelaran', 'martaoyelaran')
    """
    parts = [part.split() for part in byline.split(",")]
    names = [words[skip:] for words in parts for skip in (0, 1)]
    return tuple(
        key("".join(words)) for words in names if len(words) > 1 and len("".join(words)) >= _SHORTEST_NAME
    )


def _writers_box(story: Story, context: Context, writers: tuple[str, ...]) -> Iterable[Mark]:
    """A bare name above a line about its bearer, without a label: "Ilse Brandvik", "Ilse Brandvik covers ports for the Harbour Post."

    The line is one that rules know, or the story's last and about the writer of the byline: a story that portrays several people has
    a name above each paragraph, too.
    """
    why = "Under the story stands a box about the writer."
    last = max((at for at, prose in enumerate(context.prose) if prose), default=0)
    for at in _box_at_the_end(story, context, last, writers):
        yield whole(story.blocks[at], "remove", "tail_matter/writer", why)
    if "name" not in context.all_kinds:
        return
    for position, (block, below) in enumerate(pairwise(story.blocks)):
        if not context.is_kind(block, "name") or context.protected(block) or context.protected(below):
            continue
        if context.zones[block.number] == "tail" and context.is_kind(below, "author-bio"):
            yield whole(block, "remove", "tail_matter/writer", why)
        elif position + 1 == last and context.facts(block).key in writers:
            line = context.facts(below)
            if _is_about(line, (context.facts(block).key,)) and line.key not in writers:
                yield whole(block, "remove", "tail_matter/writer", why)
                yield whole(below, "remove", "tail_matter/writer", why)


def _box_at_the_end(story: Story, context: Context, last: int, writers: tuple[str, ...]) -> tuple[int, ...]:
    """Where the box stands if the story's last paragraph is about a writer: the paragraph, and a name or a label above it.

    It opens with the name of the byline's writer and names the house; or a label above it ("About Ilse Brandvik") names somebody of whom
    the story says nothing before. A bare name above does not do: a house buries its own people in its own pages.
    """
    if not last:
        return ()
    line, above = context.lines[last], context.lines[last - 1]
    if line.protected or above.protected or line.reach > _LONGEST_BIO:
        return ()
    opens = line.key.startswith(writers)
    label = "bio-label" in above.kinds
    if not (opens or label):
        return ()
    name = key(above.text.split(maxsplit=1)[-1])
    if (
        label
        and len(name) >= _SHORTEST_NAME
        and name in line.key
        and not any(name in other.key for other in context.lines[: last - 1] if "byline" not in other.kinds)
    ):
        return last - 1, last
    return (last,) if opens and names_house(line.text, story) else ()


def _under(story: Story, position: int, context: Context, settings: TailMatter) -> Iterable[Block]:
    for block in story.blocks[position + 1 : position + 1 + settings.most_lines]:
        if (
            context.protected(block)
            or context.is_prose(block)
            or context.claimed(block)
            or len(block.text) > settings.longest_tag
            or (ends_sentence(block.text) and reach(block.text) > 30)
        ):
            return
        yield block


def _is_about(line: Facts, writers: tuple[str, ...]) -> bool:
    """The tail's line is a writer's name, or opens with it: "Marta Oyelaran covers ports."."""
    return line.key in writers or (line.reach <= 400 and line.key.startswith(writers))
