"""What happened to each line of the source: the one walk that the report, the decisions, ``explain`` and the artifact share."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from cleaners.model import Block, Cleaned, Mark, Removal

Effect = Literal["kept", "removed", "lifted", "protected", "suspect"]


class Piece(NamedTuple):
    """``block.text[start:end]`` of the source and its fate.

    ``rules`` asked for it (the strongest first), ``why`` is their reason; both are empty for ``kept``. ``field`` is set
    for ``lifted``, ``number`` for what was cut: it names the removal for undo. ``overruled`` are the rules that would have removed the piece, had no protection stood against it.
    """

    start: int
    end: int
    text: str
    effect: Effect
    rules: tuple[str, ...] = ()
    why: str = ""
    field: str | None = None
    overruled: tuple[str, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One block of the source with its pieces, which join to the block's text. A block without text has no pieces."""

    block: Block
    pieces: tuple[Piece, ...]

    @property
    def index(self) -> int:
        """The input's line where the input had lines, else the block's number; both count from 0."""
        return self.block.number if self.block.line is None else self.block.line

    @property
    def gone(self) -> bool:
        """Nothing of the line is left in the copy, or nothing but space."""
        cut = [piece.effect in ("removed", "lifted") for piece in self.pieces]
        return any(cut) and all(
            gone or not piece.text.strip() for gone, piece in zip(cut, self.pieces, strict=True)
        )

    @property
    def field(self) -> str | None:
        """The field that most characters of the line were lifted to."""
        lifted = self._largest("lifted")
        return lifted.field if lifted else None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The removals that took something from the line."""
        return tuple(dict.fromkeys(piece.number for piece in self.pieces if piece.number is not None))

    @property
    def effect(self) -> Effect | Literal["trimmed"]:
        """The line's fate as a whole: ``trimmed`` lost a part and stays.

        A line that is gone is ``lifted`` if any of it became a field: of "Published: 3 March 2026" the label is
        removed and the date lifted.
        """
        effects = {piece.effect for piece in self.pieces}
        if self.gone:
            return "lifted" if "lifted" in effects else "removed"
        if effects & {"removed", "lifted"}:
            return "trimmed"
        if "protected" in effects:
            return "protected"
        return "suspect" if "suspect" in effects else "kept"

    @property
    def cause(self) -> Piece | None:
        """The piece that best explains the line's fate: its rule is the line's rule. None for a line that is kept."""
        effect = self.effect
        if effect == "kept":
            return None
        if effect == "trimmed":
            return self._largest("removed", "lifted")
        return self._largest(effect)

    def _largest(self, *effects: Effect) -> Piece | None:
        pieces = [piece for piece in self.pieces if piece.effect in effects]
        if not pieces:
            return None
        size: Counter[str | None] = Counter()
        for piece in pieces:
            size[piece.field] += piece.end - piece.start
        # A caption with its credit is a caption, however long the credit.
        return max(
            pieces,
            key=lambda piece: (
                piece.field == "caption",
                size[piece.field],
                piece.end - piece.start,
                -piece.start,
            ),
        )


def changes(cleaned: Cleaned) -> tuple[Line, ...]:
    """Every block of the source in reading order, with its kept, removed, lifted, protected and suspect pieces.

    All offsets are those of the source's blocks. Where spans overlap, what was cut is shown as cut, a protection before a
    suspicion. Marks and removals of blocks that the source does not have are an error of the program (KeyError).
    """
    blocks = {block.number: block for block in cleaned.source.blocks}
    spans: dict[int, list[Piece]] = defaultdict(list)
    for removal in sorted(cleaned.removals, key=lambda one: (one.round, one.start, one.end)):
        spans[removal.block].append(_cut(blocks[removal.block], removal))
    overruled: dict[int, list[Mark]] = defaultdict(list)
    for mark in cleaned.overruled:
        overruled[mark.block].append(mark)
    for mark in cleaned.protected:
        spans[mark.block].append(_noted(blocks[mark.block], mark, "protected", overruled[mark.block]))
    for mark in cleaned.suspects:
        spans[mark.block].append(_noted(blocks[mark.block], mark, "suspect", ()))
    return tuple(Line(block, _paint(block.text, spans[block.number])) for block in cleaned.source.blocks)


def _cut(block: Block, removal: Removal) -> Piece:
    return Piece(
        removal.start,
        removal.end,
        block.text[removal.start : removal.end],
        "lifted" if removal.action == "lift" else "removed",
        removal.rules,
        removal.why,
        removal.field,
        number=removal.number or None,
    )


def _noted(block: Block, mark: Mark, effect: Effect, overruled: Sequence[Mark]) -> Piece:
    spared = {other.rule for other in overruled if other.start < mark.end and mark.start < other.end}
    return Piece(
        mark.start,
        mark.end,
        block.text[mark.start : mark.end],
        effect,
        (mark.rule,),
        mark.why,
        overruled=tuple(sorted(spared)),
    )


def _paint(text: str, spans: Sequence[Piece]) -> tuple[Piece, ...]:
    """``text`` in pieces: each stretch goes to the first of ``spans`` that covers it, the rest is kept."""
    if not text:
        return ()
    edges = sorted({0, len(text), *(min(at, len(text)) for span in spans for at in (span.start, span.end))})
    owners: list[Piece | None] = [None] * (len(edges) - 1)
    for span in spans:
        for stretch in range(bisect_left(edges, span.start), bisect_left(edges, min(span.end, len(text)))):
            owners[stretch] = owners[stretch] or span
    pieces: list[Piece] = []
    last: Piece | None = None
    for (start, end), owner in zip(pairwise(edges), owners, strict=True):
        if pieces and owner is last:
            pieces[-1] = pieces[-1]._replace(end=end, text=text[pieces[-1].start : end])
        else:
            piece = owner or Piece(start, end, "", "kept")
            pieces.append(piece._replace(start=start, end=end, text=text[start:end]))
        last = owner
    return tuple(pieces)
