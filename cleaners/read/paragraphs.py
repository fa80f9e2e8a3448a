"""Paragraphs of a text that came through a mail program: its coding undone, its wrapped lines joined; both are repairs.

Every character of the raw text keeps its place: a joined line break is a space that knows where it stood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from cleaners.model import Repair, Segment, Span
from cleaners.read.pieces import Edit, Piece, edited, segments, text_of, trimmed
from cleaners.read.quoted_printable import quoted_printable
from cleaners.read.repair import repair
from cleaners.read.wrapped import wraps

_BREAK = re.compile(r"[ \t\r]*\n[ \t]*")


class Paragraph(NamedTuple):
    """``line`` is the index of its first line in the raw text; ``element`` are its lines with their breaks."""

    text: str
    line: int
    element: Span
    segments: tuple[Segment, ...]


class _Line(NamedTuple):
    pieces: list[Piece]
    ends: Piece | None  # its line break
    element: Span


def paragraphs(content: str) -> tuple[list[Paragraph], list[Repair]] | None:
    """The paragraphs and the repairs that made them; None: the text is neither coded nor wrapped, each line is a paragraph."""
    coded = quoted_printable(content)
    whole = [Piece(content, 0, len(content))]
    lines = _lines(edited(whole, coded), len(content))
    going_on = wraps([text_of(line.pieces) for line in lines])
    if not coded and not going_on:
        return None
    found: list[Paragraph] = []
    notes: list[Repair] = []
    number = at = coded_at = 0
    first = 0
    for last in range(len(lines)):
        if last in going_on:
            continue
        element = Span(lines[first].element.start, lines[last].element.end)
        number += content.count("\n", at, element.start)
        at = element.start
        pieces, joined = _joined(lines[first : last + 1])
        first = last + 1
        mended = repair(pieces)
        text = text_of(mended.pieces)
        decoded = []
        while coded_at < len(coded) and coded[coded_at].start < element.end:
            decoded.append(coded[coded_at])
            coded_at += 1
        if not text:
            continue
        block = len(found)
        notes += [
            Repair(block, "quoted-printable", content[one.start : one.end], one.after) for one in decoded
        ]
        notes += [Repair(block, "wrapped-line", before, after) for before, after in joined]
        notes += [note._replace(block=block) for note in mended.repairs]
        found.append(Paragraph(text, number, element, segments(mended.pieces)))
    return found, notes


def _joined(lines: Sequence[_Line]) -> tuple[list[Piece], list[tuple[str, str]]]:
    pieces: list[Piece] = []
    for line in lines:
        pieces += line.pieces
        if line is not lines[-1] and line.ends is not None:
            pieces.append(line.ends)
    pieces = trimmed(pieces)
    if len(lines) == 1:
        return pieces, []
    text = text_of(pieces)
    edits = [Edit(found.start(), found.end(), _between(text, found)) for found in _BREAK.finditer(text)]
    return edited(pieces, edits), [(text[one.start : one.end], one.after) for one in edits]


def _between(text: str, found: re.Match[str]) -> str:
    """A space; nothing behind the hyphen of a word that goes on: "long-⏎term". The hyphen stays, whoever set it."""
    before, after = text[max(found.start() - 2, 0) : found.start()], text[found.end() : found.end() + 1]
    return "" if before[-1:] == "-" and before[:1].isalpha() and len(before) == 2 and after.islower() else " "


def _lines(pieces: Sequence[Piece], length: int) -> list[_Line]:
    lines: list[_Line] = []
    here: list[Piece] = []
    start = 0
    for piece in pieces:
        if not piece.linear or "\n" not in piece.text:
            here.append(piece)
            continue
        at = 0
        for part in piece.text.split("\n"):
            low = piece.raw_start + at
            if part:
                here.append(Piece(part, low, low + len(part)))
            at += len(part) + 1
            if at <= len(piece.text):
                end = low + len(part) + 1
                lines.append(_Line(here, Piece("\n", end - 1, end), Span(start, end)))
                here, start = [], end
    lines.append(_Line(here, None, Span(start, length)))
    return lines
