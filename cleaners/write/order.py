"""The clean copy in reading order: runs of like blocks, and the pictures where they stood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from cleaners.model import Block, Cleaned, Kind, Picture


class Run(NamedTuple):
    """Consecutive blocks of one kind: the items of one list, the rows of one table, the paragraphs of one quote.

    ``first`` is the number of the first item of a numbered list, which goes on behind a picture or a list in it; else None.
    """

    kind: Kind
    blocks: tuple[Block, ...]
    first: int | None = None


def reading_order(cleaned: Cleaned) -> Iterator[Run | Picture]:
    """What a writer writes, from first to last; blocks without text are left out.

    A picture stands at its figure, or where its caption or its credit was lifted from, or first. A caption that is still in
    the copy is not told twice. Runs are those of the source: two lists with a paragraph between them stay two lists
    when the paragraph goes.
    """
    pictures = _pictures(cleaned)
    shown = [one for some in pictures.values() for one in some if one.caption]
    told = {letters(f"{one.caption}{credit}") for one in shown for credit in ("", one.credit or "")}
    left = {block.number: block for block in cleaned.copy.blocks if block.text}
    yield from pictures.get(None, ())
    counted: Counter[str | None] = Counter()

    def run_of(kind: Kind, within: str | None, blocks: list[Block]) -> Iterator[Run]:
        if blocks:
            before = counted[within]
            counted[within] += len(blocks)
            yield Run(kind, tuple(blocks), before + 1 if within and within.startswith("ol ") else None)

    for (kind, within), run in groupby(cleaned.source.blocks, key=lambda block: (block.kind, block.within)):
        blocks: list[Block] = []
        for block in run:
            if block.number in pictures:
                yield from run_of(kind, within, blocks)
                blocks = []
                yield from pictures[block.number]
            kept = left.get(block.number)
            if kept is not None and not (kind == "caption" and letters(kept.text) in told):
                blocks.append(kept)
        yield from run_of(kind, within, blocks)


def letters(text: str) -> str:
    """Only letters and digits, to compare a caption with the line that it came from: "(AFP)" is "AFP"."""
    return "".join(character for character in text if character.isalnum())


def _pictures(cleaned: Cleaned) -> dict[int | None, list[Picture]]:
    figures: dict[int, int] = {}
    for block in cleaned.source.blocks:
        if block.picture is not None:
            figures.setdefault(block.picture, block.number)
    lifted: dict[tuple[str, str], int] = {}
    for removal in cleaned.removals:
        if removal.field in ("caption", "credit"):
            lifted.setdefault((removal.field, letters(removal.text)), removal.block)
    places: dict[int | None, list[Picture]] = {}
    for index, picture in enumerate(cleaned.copy.fields.pictures):
        place = figures.get(index)
        if place is None and picture.caption:
            place = lifted.get(("caption", letters(picture.caption)))
        if place is None and picture.credit:
            place = lifted.get(("credit", letters(picture.credit)))
        places.setdefault(place, []).append(picture)
    return places
