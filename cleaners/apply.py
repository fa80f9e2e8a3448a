"""The one module that cuts, and the one that puts back.

``apply`` takes decided cuts out of a story; ``cut_raw`` takes removals out of the raw document (a CMS body or a text),
leaving every other character as it was; ``restore`` gives any of them back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cleaners.fields import lift
from cleaners.model import Block, Cut, Removal, Span, Story


def apply(story: Story, cuts: Sequence[Cut]) -> Story:
    """The story without the cut spans; lifted text fills its fields. Block numbers and zones stay."""
    by_block: dict[int, list[Cut]] = defaultdict(list)
    for cut in cuts:
        by_block[cut.block].append(cut)
    blocks: list[Block] = []
    for block in story.blocks:
        here = by_block.get(block.number)
        if not here:
            blocks.append(block)
            continue
        if here[0].end - here[0].start == len(block.text):
            continue  # nearly every cut is a whole line
        left = without(block.text, [Span(cut.start, cut.end) for cut in here])
        if left.strip():
            # A part cut out of running text leaves no markup that could be trusted to fit it, and no place of a selector's.
            blocks.append(replace(block, text=left, segments=(), markup=None, site_marks=()))
    return replace(story, blocks=tuple(blocks), fields=lift(story, cuts))


def without(text: str, spans: Iterable[Span]) -> str:
    """``text`` without the spans, which may touch or overlap.

    >>> without("Read more. The minister resigned.", [Span(0, 11)])
    'The minister resigned.'
    """
    kept = []
    at = 0
    for start, end in merge(spans):
        kept.append(text[at:start])
        at = end
    kept.append(text[at:])
    return "".join(kept)


def merge(spans: Iterable[Span]) -> list[Span]:
    """The spans sorted, with touching and overlapping ones joined.

    >>> merge([Span(4, 6), Span(0, 2), Span(2, 4)])
    [Span(start=0, end=6)]
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(Span(start, end))
    return merged


def raw_spans(story: Story, removals: Sequence[Removal]) -> dict[int, tuple[Span, ...]]:
    """For each block that loses something, the ranges of ``story.raw`` that go with it.

    A block that goes whole takes its element along (``<p>…</p>``, or the line with its line break); of a block that
    goes in part, only characters of text go, never a tag. Blocks of a page have no place in the raw document: none.
    """
    blocks = {block.number: block for block in story.blocks}
    gone: dict[int, list[Span]] = defaultdict(list)
    for removal in removals:
        gone[removal.block].append(Span(removal.start, removal.end))
    spans: dict[int, tuple[Span, ...]] = {}
    for number, cut in gone.items():
        block = blocks[number]
        merged = merge(cut) if len(cut) > 1 else cut
        whole = merged == [Span(0, len(block.text))] if block.text else True
        if whole and block.element is not None:
            spans[number] = (block.element,)
        else:
            spans[number] = tuple(merge(_raw_parts(block, cut)))
    return spans


def _raw_parts(block: Block, cut: Sequence[Span]) -> list[Span]:
    parts: list[Span] = []
    for segment in block.segments:
        linear = segment.end - segment.start == segment.raw_end - segment.raw_start
        for start, end in cut:
            low, high = max(start, segment.start), min(end, segment.end)
            if low >= high:
                continue
            if linear:
                shift = segment.raw_start - segment.start
                parts.append(Span(low + shift, high + shift))
            else:
                parts.append(Span(segment.raw_start, segment.raw_end))
    return parts


def cut_raw(story: Story, removals: Sequence[Removal]) -> str:
    """The raw document without the removals: byte for byte the same everywhere else (laws 2 and 5)."""
    return without(story.raw, [span for spans in raw_spans(story, removals).values() for span in spans])


def as_copy(story: Story, view: Story, removals: Sequence[Removal]) -> Story:
    """``view``, which is ``story`` without ``removals``, as a document of its own: its places are no longer the source's."""
    if not removals:
        return view
    # Written out: dataclasses.replace takes twice the time, and this is done for every block of every story.
    blocks = tuple(
        Block(
            b.number,
            b.text,
            b.kind,
            b.zone,
            b.level,
            b.line,
            None,
            (),
            b.picture,
            b.markup,
            b.lead,
            b.cues,
            b.site_marks,
        )
        for b in view.blocks
    )
    raw = view.raw if story.form == "page" else cut_raw(story, removals)
    return replace(view, blocks=blocks, raw=raw)


def restore(story: Story, removals: Sequence[Removal], back: Sequence[Removal] = ()) -> Story:
    """Undo some removals: the source without all ``removals`` that are not in ``back``.

    With ``back`` equal to ``removals`` the source comes back as it was; with no ``back`` it is what cleaning left. Fields
    stay as the source had them, with the lifts that are still standing, each made from what its round saw.
    """
    given = set(back)
    seen, fields = story, story.fields
    gone: dict[int, list[Span]] = {}
    for number in sorted({removal.round for removal in removals}):
        found = [removal for removal in removals if removal.round == number]
        standing = [removal for removal in found if removal not in given]
        fields = lift(replace(seen, fields=fields), _as_seen(standing, gone))
        seen = apply(seen, _as_seen(found, gone))
        for removal in found:
            gone[removal.block] = merge([*gone.get(removal.block, []), Span(removal.start, removal.end)])
    left = [_cut(removal, removal.start, removal.end) for removal in removals if removal not in given]
    return replace(apply(story, left), fields=fields)


def _as_seen(removals: Sequence[Removal], gone: dict[int, list[Span]]) -> list[Cut]:
    """The removals of one round as cuts of what that round saw: the story without what was ``gone``.

    What was one cut, and is several removals because something was gone from its middle, is one again.
    """
    cuts: list[Cut] = []
    last: Removal | None = None
    for removal in sorted(removals, key=lambda one: (one.block, one.start)):
        before = sum(
            min(span.end, removal.start) - span.start
            for span in gone.get(removal.block, ())
            if span.start < removal.start
        )
        cut = _cut(removal, removal.start - before, removal.end - before)
        same = last is not None and replace(removal, start=0, end=0, text="", number=0) == replace(
            last, start=0, end=0, text="", number=0
        )
        if last is not None and same and cuts[-1].end == cut.start and last.end < removal.start:
            cuts[-1] = cuts[-1]._replace(end=cut.end)
        else:
            cuts.append(cut)
        last = removal
    return cuts


def _cut(removal: Removal, start: int, end: int) -> Cut:
    return Cut(
        removal.block,
        start,
        end,
        removal.action,
        removal.field,
        removal.rules,
        removal.why,
        removal.may_exceed,
    )


def restore_raw(story: Story, removals: Sequence[Removal], back: Sequence[Removal]) -> str:
    """The raw document with the removals in ``back`` put back; all of them give ``story.raw``, byte for byte."""
    given = set(back)
    return cut_raw(story, [removal for removal in removals if removal not in given])
