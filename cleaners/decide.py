"""From marks to one decision: protection wins, spans do not overlap, every rule that asked is named.

Marks are a set: their order, and the order of the cleaners that made them, never matters (law 3). A removal mark
that touches a protected span is overruled whole: half a correction is worse than a footer left standing.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from cleaners.model import LIFT_FIELDS, Cut, Decision, Mark, Story

_FIELD_RANK = {name: rank for rank, name in enumerate(LIFT_FIELDS)}


def decide(story: Story, marks: Iterable[Mark]) -> Decision:
    """Decide what is cut from ``story``.

    Marks on blocks that the story does not have, or with an empty or impossible span, are a cleaner's bug:
    ``ValueError`` names the rule.
    """
    marks = set(marks)
    if not marks:
        return Decision(())
    texts = {block.number: block.text for block in story.blocks}
    by_block: dict[int, list[Mark]] = defaultdict(list)
    for mark in sorted(marks, key=_order):
        _check(mark, texts)
        by_block[mark.block].append(mark)

    cuts: list[Cut] = []
    protected: list[Mark] = []
    overruled: list[Mark] = []
    suspects: list[Mark] = []
    for number, here in by_block.items():  # sorted, for the marks were
        if len(here) == 1 and here[0].action in ("remove", "lift"):
            cuts += _cuts(texts[number], here)
            continue
        standing = [mark for mark in here if mark.action in ("remove", "lift")]
        shields = [mark for mark in here if mark.action == "protect"]
        if shields:
            spared = [mark for mark in standing if any(_overlap(mark, shield) for shield in shields)]
            standing = [mark for mark in standing if mark not in spared]
            protected += shields
            overruled += spared
        if standing:
            cuts += _cuts(texts[number], standing)
        else:
            suspects += [mark for mark in here if mark.action == "suspect"]
    return Decision(tuple(cuts), tuple(protected), tuple(overruled), tuple(suspects))


def _check(mark: Mark, texts: dict[int, str]) -> None:
    block, start, end = mark[:3]
    text = texts.get(block)
    if text is None or not 0 <= start < end <= len(text):
        raise ValueError(
            f"rule {mark.rule} marks [{start}, {end}) of block {block}, "
            f"which {'has ' + str(len(text)) + ' characters' if text is not None else 'the story does not have'}; "
            "a cleaner may only mark what it was shown"
        )
    if (mark.action == "lift") != (mark.field is not None):
        raise ValueError(f"rule {mark.rule}: a lift names its field, and only a lift does")


def _order(mark: Mark) -> tuple[object, ...]:
    block, start, end, action, rule, why, field, may_exceed = mark
    return block, start, end, action, rule, field or "", why, may_exceed


def _overlap(one: Mark, other: Mark) -> bool:
    return one.start < other.end and other.start < one.end


def _strength(mark: Mark) -> tuple[object, ...]:
    """A lift is stronger than a removal (nothing that belongs beside the copy is lost); the narrower span is the more precise one."""
    return (
        mark.action != "lift",
        mark.end - mark.start,
        _FIELD_RANK.get(mark.field or "", 99),
        mark.rule,
        mark.why,
    )


def _cuts(text: str, marks: list[Mark]) -> list[Cut]:
    """Cut the union of the marks into pieces, each with the strongest mark that covers it."""
    if len(marks) == 1:
        (mark,) = marks
        return _with_spaces(text, [_cut(mark.start, mark.end, (mark,))])
    edges = sorted({edge for mark in marks for edge in (mark.start, mark.end)})
    pieces: list[tuple[int, int, tuple[Mark, ...]]] = []
    for start, end in itertools.pairwise(edges):
        over = tuple(sorted((m for m in marks if m.start <= start and m.end >= end), key=_strength))
        if not over:
            continue
        if pieces and pieces[-1][1] == start and _same_act(pieces[-1][2][0], over[0]):
            last_start, _, before = pieces[-1]
            merged = tuple(sorted({*before, *over}, key=_strength))
            pieces[-1] = (last_start, end, merged)
        else:
            pieces.append((start, end, over))
    return _with_spaces(text, [_cut(start, end, over) for start, end, over in pieces])


def _same_act(one: Mark, other: Mark) -> bool:
    return one.action == other.action and one.field == other.field


def _cut(start: int, end: int, over: tuple[Mark, ...]) -> Cut:
    first = over[0]
    if len(over) == 1:
        action: Literal["remove", "lift"] = "lift" if first.action == "lift" else "remove"
        return Cut(first.block, start, end, action, first.field, (first.rule,), first.why, first.may_exceed)
    act: list[Mark] = [mark for mark in over if _same_act(mark, first)]
    rest = [mark for mark in over if not _same_act(mark, first)] if len(act) < len(over) else []
    rules = tuple(dict.fromkeys(mark.rule for mark in [*act, *rest]))
    return Cut(
        block=first.block,
        start=start,
        end=end,
        action="lift" if first.action == "lift" else "remove",
        field=first.field,
        rules=rules,
        why=first.why,
        may_exceed=all(mark.may_exceed for mark in act),
    )


def _with_spaces(text: str, cuts: list[Cut]) -> list[Cut]:
    """Let a cut take the space beside it, so that what stays is neither padded nor doubly spaced.

    Example: "Sign up here.  The minister said" cut at the first sentence leaves "The minister said".
    """
    if len(cuts) == 1 and cuts[0].end - cuts[0].start == len(text):
        return cuts  # nearly every cut is a whole line
    grown: list[Cut] = []
    for index, cut in enumerate(cuts):
        start, end = cut.start, cut.end
        floor = grown[-1].end if grown else 0
        ceiling = cuts[index + 1].start if index + 1 < len(cuts) else len(text)
        while end < ceiling and text[end].isspace():
            end += 1
        at_edge = end == len(text) or end == ceiling != len(text)
        if at_edge:
            while start > floor and text[start - 1].isspace():
                start -= 1
        grown.append(cut if end - start == cut.end - cut.start else cut._replace(start=start, end=end))
    return grown
