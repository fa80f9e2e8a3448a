"""clean(story): rounds of mark → decide → cut until nothing more is found, then the verdict.

Every round sees only the story as the round before left it, its fields included, and no memory beside it; so cleaning
the clean story finds nothing by construction (law 4). Example: "Share this storyPublished: undefined" needs two rounds: the label must go from the end
of the line before "Share this story" is a line of its own.

When the others have no more to say, second opinions are asked: with the whole source before them and all that was found in it, again when
more was found since (in the first rounds), then, as in every round, with nothing but the story that is left. All of them together have five rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from cleaners.apply import apply, as_copy, merge
from cleaners.decide import decide
from cleaners.judge import Budget, judge
from cleaners.kinds.facts import Facts
from cleaners.kinds.registry import Cleaner, Context, Settings, look
from cleaners.model import Cleaned, Cut, Decision, Mark, Removal, Span, Story
from cleaners.rules import Ruleset

MOST_ROUNDS = 5
_LAST_LOOK_BACK = 4
"""The round of the last look at the whole source: what it finds is settled in those that are left."""


def clean(
    story: Story,
    ruleset: Ruleset,
    cleaners: Sequence[tuple[Cleaner, Settings]],
    budget: Budget | None = None,
    version: str = "",
) -> Cleaned:
    """Clean one story.

    ``version`` is what goes into ``Cleaned.ruleset``; the default is the ruleset's own version. A story that still
    finds something to cut after five rounds is held.
    """
    texts = {block.number: block.text for block in story.blocks}
    gone: dict[int, list[Span]] = {}
    found: list[_Found] = []
    overruled: set[Mark] = set()
    doubts: set[Mark] = set()
    known: dict[str, Facts] = {}
    view = story
    decision = Decision(())
    settled = False
    looked_back_at = 0
    first = [each for each in cleaners if not each[0].second]
    second = [each for each in cleaners if each[0].second]
    for rounds in range(1, MOST_ROUNDS + 2):  # the last one only looks whether all is settled
        context = _look(view, ruleset, known)
        told = _told(context, first)
        decision = decide(view, told)
        if not decision.cuts and second and len(found) > looked_back_at and rounds <= _LAST_LOOK_BACK:
            looked_back_at = len(found)
            back = _told(_behind(story, view, ruleset, known), second)
            decision = decide(view, told | _of_whole_blocks(back, view))
            doubts.update(note for note in decision.suspects if note in back)
        if not decision.cuts and second:
            decision = decide(view, told | _told(context, second))
        overruled.update(
            _at_source(note, gone, texts) for note in decision.overruled if note.action == "remove"
        )
        if not decision.cuts:
            settled = True
            break
        new = [_Found(cut.block, span, rounds, cut) for cut in decision.cuts for span in _spans(cut, gone)]
        found += new
        for block, span, _, _ in new:
            before = gone.get(block)
            gone[block] = merge([*before, span]) if before else [span]
        view = apply(view, decision.cuts)
    found.sort(key=lambda each: (each.block, each.span))
    removals = [_removal(each, texts[each.block], number) for number, each in enumerate(found, start=1)]
    copy = as_copy(story, view, removals)
    verdict, reasons = judge(story, copy, removals, sorted(overruled), budget or Budget(), settled)
    return Cleaned(
        source=story,
        copy=copy,
        removals=tuple(removals),
        verdict=verdict,
        reasons=reasons,
        ruleset=version or ruleset.version,
        rounds=rounds,
        protected=tuple(_at_source(note, gone, texts) for note in decision.protected),
        overruled=tuple(sorted(overruled)),
        suspects=_suspects(decision, doubts, gone, texts),
    )


def mark(story: Story, ruleset: Ruleset, cleaners: Sequence[tuple[Cleaner, Settings]]) -> set[Mark]:
    """All marks of all cleaners on ``story``: a set, for their order never matters."""
    return _told(_look(story, ruleset, {}), cleaners)


def second_look(story: Story, ruleset: Ruleset, cleaners: Sequence[tuple[Cleaner, Settings]]) -> Context:
    """What a second opinion is shown when the other cleaners have no more to say. The line model is trained on this."""
    view = clean(story, ruleset, [each for each in cleaners if not each[0].second]).copy
    return _behind(story, view, ruleset, {})


def _behind(story: Story, view: Story, ruleset: Ruleset, known: dict[str, Facts]) -> Context:
    """The source again, and of each of its blocks that is in ``view`` no more, that it was taken."""
    left = {block.number for block in view.blocks}
    found = frozenset(block.number for block in story.blocks if block.number not in left)
    return replace(_look(replace(story, fields=view.fields), ruleset, known), found=found)


def _of_whole_blocks(marks: set[Mark], view: Story) -> set[Mark]:
    """The marks over blocks of which nothing was cut yet: of others they know neither text nor offsets."""
    lengths = {block.number: len(block.text) for block in view.blocks}
    return {mark for mark in marks if mark.start == 0 and lengths.get(mark.block) == mark.end}


def _look(story: Story, ruleset: Ruleset, known: dict[str, Facts]) -> Context:
    """What the cleaners are shown: an embed ("[vc_row]", a post, a player) is the CMS's own, and none of them sees it."""
    if any(block.kind == "embed" for block in story.blocks):
        story = replace(story, blocks=tuple(block for block in story.blocks if block.kind != "embed"))
    return look(story, ruleset, known)


def _told(context: Context, cleaners: Sequence[tuple[Cleaner, Settings]]) -> set[Mark]:
    return {note for kind, settings in cleaners for note in kind.mark(context.story, context, settings)}


def _suspects(
    decision: Decision, doubts: set[Mark], gone: dict[int, list[Span]], texts: dict[int, str]
) -> tuple[Mark, ...]:
    """What stays in doubt in the end, and what was in doubt while the source was still whole, if nothing was cut of it since."""
    last = {_at_source(note, gone, texts) for note in decision.suspects}
    spoken_for = {note.block for note in (*last, *decision.protected)} | gone.keys()
    return tuple(sorted(last | {note for note in doubts if note.block not in spoken_for}))


class _Found(NamedTuple):
    """A cut of one round, or a part of it, by its span in the source."""

    block: int
    span: Span
    round: int
    cut: Cut


def _spans(cut: Cut, gone: dict[int, list[Span]]) -> list[Span]:
    """The cut in the source; in several spans where a round before took something from its middle, which is not its own."""
    before = gone.get(cut.block)
    if not before:
        return [Span(cut.start, cut.end)]
    whole = _source_span(before, cut.start, cut.end)
    edges = [whole.start]
    for span in before:
        if whole.start < span.start and span.end < whole.end:
            edges += [span.start, span.end]
    edges.append(whole.end)
    return [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _removal(found: _Found, text: str, number: int) -> Removal:
    block, (start, end), rounds, cut = found
    return Removal(
        block=block,
        start=start,
        end=end,
        text=text[start:end],
        action=cut.action,
        field=cut.field,
        rules=cut.rules,
        why=cut.why,
        round=rounds,
        may_exceed=cut.may_exceed,
        number=number,
    )


def _at_source(note: Mark, gone: dict[int, list[Span]], texts: dict[int, str]) -> Mark:
    before = gone.get(note.block)
    if not before:
        return note
    span = _source_span(before, note.start, note.end)
    return note._replace(start=span.start, end=min(span.end, len(texts[note.block])))


def _source_span(gone: Sequence[Span], start: int, end: int) -> Span:
    """Offsets in a block from which ``gone`` was cut, as offsets into the untouched block.

    >>> _source_span([Span(0, 5)], 0, 3)
    Span(start=5, end=8)
    """
    return Span(_source_offset(gone, start), _source_offset(gone, end - 1) + 1)


def _source_offset(gone: Sequence[Span], offset: int) -> int:
    for span in gone:
        if span.start > offset:
            break
        offset += span.end - span.start
    return offset
