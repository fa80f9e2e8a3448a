"""Text that remembers where in the raw document every character stood.

A block is read as pieces; repairs are edits on them; in the end each piece is a ``Segment``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cleaners.model import Segment


class Piece(NamedTuple):
    """A run of text and the run ``[raw_start, raw_end)`` it was read from.

    Equally long runs map character by character; others (``&amp;``) are one piece.
    """

    text: str
    raw_start: int
    raw_end: int

    @property
    def linear(self) -> bool:
        return len(self.text) == self.raw_end - self.raw_start


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``after``."""

    start: int
    end: int
    after: str


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def edited(pieces: Sequence[Piece], edits: Sequence[Edit]) -> list[Piece]:
    """The pieces after ``edits`` (sorted, not overlapping, offsets into the joined text).

    What an edit touches becomes one piece; where a tag stands in between, the text before the tag becomes the piece. Text that an edit drops altogether takes its
    raw characters to the piece before it (or after it, at the beginning), so that a later cut takes them too.

    >>> edited([Piece("a  b", 10, 14)], [Edit(1, 3, " ")])
    [Piece(text='a', raw_start=10, raw_end=11), Piece(text=' ', raw_start=11, raw_end=13), Piece(text='b', raw_start=13, raw_end=14)]
    """
    if not edits:
        return list(pieces)
    done: list[Piece] = []
    pending: Piece | None = None  # an edit that is still running over several pieces
    at = 0
    queue = list(edits)
    index = 0
    for piece in pieces:
        end = at + len(piece.text)
        cursor = at
        while index < len(queue) and queue[index].start < end:
            edit = queue[index]
            if edit.start > cursor:
                _push(done, _part(piece, at, cursor, edit.start))
            touched = _part(piece, at, max(edit.start, cursor), min(edit.end, end))
            if pending is None:
                pending = Piece(edit.after, touched.raw_start, touched.raw_end)
            elif pending.raw_end >= touched.raw_start:
                pending = Piece(pending.text, pending.raw_start, touched.raw_end)
            else:
                # A tag stands between ("word <b> word"): the edit's text stays on this side of it.
                _push(done, pending)
                pending = Piece("", touched.raw_start, touched.raw_end)
            cursor = min(edit.end, end)
            if edit.end > end:
                break
            _push(done, pending)
            pending = None
            index += 1
        if cursor < end and pending is None:
            _push(done, _part(piece, at, cursor, end))
        at = end
    return _gathered(done)


def trimmed(pieces: Sequence[Piece]) -> list[Piece]:
    """Without leading and trailing space. An atomic piece that starts or ends with space keeps its raw range."""
    text = text_of(pieces)
    return clipped(pieces, len(text) - len(text.lstrip()), len(text.rstrip()))


def clipped(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """``[start, end)`` of the joined text. What is left of an atomic piece keeps its raw range."""
    kept: list[Piece] = []
    at = 0
    for piece in pieces:
        low, high = max(start - at, 0), min(end - at, len(piece.text))
        if low < high:
            if piece.linear:
                kept.append(Piece(piece.text[low:high], piece.raw_start + low, piece.raw_start + high))
            else:
                kept.append(Piece(piece.text[low:high], piece.raw_start, piece.raw_end))
        at += len(piece.text)
    return kept


def segments(pieces: Sequence[Piece]) -> tuple[Segment, ...]:
    """Segments that cover the joined text exactly and in order."""
    made: list[Segment] = []
    at = 0
    for piece in pieces:
        if not piece.text:
            continue
        end = at + len(piece.text)
        last = made[-1] if made else None
        if (
            last is not None
            and piece.linear
            and last.end - last.start == last.raw_end - last.raw_start
            and last.raw_end == piece.raw_start
        ):
            made[-1] = Segment(last.start, end, last.raw_start, piece.raw_end)
        else:
            made.append(Segment(at, end, piece.raw_start, piece.raw_end))
        at = end
    return tuple(made)


def _part(piece: Piece, at: int, start: int, end: int) -> Piece:
    """``[start, end)`` of the joined text, inside ``piece``, which begins at ``at``."""
    low, high = start - at, end - at
    if piece.linear:
        return Piece(piece.text[low:high], piece.raw_start + low, piece.raw_start + high)
    return Piece(piece.text[low:high], piece.raw_start, piece.raw_end)


def _push(done: list[Piece], piece: Piece) -> None:
    """Append; parts of the same atomic piece become one again, for its raw characters can only be cut together."""
    if done and piece.raw_start < done[-1].raw_end:
        last = done[-1]
        if last.linear and len(last.text) > 1:
            inside = max(piece.raw_start - last.raw_start, 0)
            done[-1] = Piece(last.text[:inside], last.raw_start, last.raw_start + inside)
            last = Piece(last.text[inside:], last.raw_start + inside, last.raw_end)
            done.append(last)
        done[-1] = Piece(
            last.text + piece.text,
            min(last.raw_start, piece.raw_start),
            max(last.raw_end, piece.raw_end),
        )
    else:
        done.append(piece)


def _gathered(done: Sequence[Piece]) -> list[Piece]:
    """Pieces without text give their raw range to a neighbour's character."""
    kept: list[Piece] = []
    carried: Piece | None = None
    for piece in done:
        if not piece.text:
            if kept and kept[-1].raw_end == piece.raw_start:
                last = kept.pop()
                if last.linear and len(last.text) > 1:
                    kept.append(Piece(last.text[:-1], last.raw_start, last.raw_end - 1))
                    last = Piece(last.text[-1], last.raw_end - 1, last.raw_end)
                kept.append(Piece(last.text, last.raw_start, piece.raw_end))
            elif not kept:
                carried = piece if carried is None else Piece("", carried.raw_start, piece.raw_end)
            continue
        if carried is not None and carried.raw_end == piece.raw_start:
            head, rest = piece, None
            if piece.linear and len(piece.text) > 1:
                head = Piece(piece.text[0], piece.raw_start, piece.raw_start + 1)
                rest = Piece(piece.text[1:], piece.raw_start + 1, piece.raw_end)
            kept.append(Piece(head.text, carried.raw_start, head.raw_end))
            if rest is not None:
                kept.append(rest)
        else:
            kept.append(piece)
        carried = None
    return kept
