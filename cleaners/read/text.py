"""Pasted or wire copy: a block a line, or a paragraph where the lines are wrapped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cleaners.model import TEXT_FIELDS, Block, Fields, Kind, Picture, Raw, Repair, Segment, Span, Story
from cleaners.read.decode import document, storable
from cleaners.read.language import language_of
from cleaners.read.limits import BODY_CHARACTERS, ELEMENTS, too_large, unread
from cleaners.read.mail import subject_of
from cleaners.read.names import authors_of
from cleaners.read.paragraphs import Paragraph, paragraphs
from cleaners.read.pieces import Piece, segments, text_of
from cleaners.read.repair import lines_may_need_repair, may_need_repair, repair, repair_field
from cleaners.read.shortcodes import is_shortcodes
from cleaners.read.signals import signals_of
from cleaners.read.unreadable import UnreadableStory
from cleaners.read.zones import is_prose, zones_of

_AS_SENT = ("published", "updated", "ednote")


def read_text(raw: Raw) -> Story:
    """One block for each line that is not empty, or for each paragraph where a program wrapped the lines.

    ``Block.line`` counts all lines, from 0; of a paragraph it is the first. A block's element are its lines with their line breaks.
    """
    content, repairs = document(raw)
    return _story(raw, content, content.split("\n"), repairs)


def read_lines(raw: Raw) -> Story:
    """As ``read_text``, for a tuple of lines. ``Block.line`` is the index in the tuple, whatever a line contains."""
    if not isinstance(raw.content, tuple):
        raise TypeError(f"story {raw.id}: form 'lines' takes a tuple of lines")
    mended = [storable(line) for line in raw.content]
    repairs = tuple(dict.fromkeys(note for _, notes in mended for note in notes))
    lines = [line for line, _ in mended]
    return _story(raw, "\n".join(lines), lines, repairs)


def given_fields(raw: Raw) -> Fields:
    """What the sender knows beside the body."""
    fields = raw.given or Fields()
    known = {name: value for name in TEXT_FIELDS if (value := getattr(fields, name))}
    for name, value in (("headline", raw.headline), ("published", raw.published), ("ednote", raw.ednote)):
        if value:
            known[name] = value
    # Headlines and their like may have been through an editor; dates, and what is for editors, stay as they were sent.
    tidy = {
        name: storable(value)[0].strip() if name in _AS_SENT else repair_field(name, storable(value)[0])
        for name, value in known.items()
    }
    filled = {name: value for name, value in tidy.items() if value}
    texts: dict[str, Any] = dict(filled)
    if "byline" in filled and not fields.authors:
        texts["authors"] = authors_of([filled["byline"]]).people
    return replace(fields, **texts, sources=tuple((name, "given") for name in sorted(filled)))


def with_given_pictures(shown: tuple[Picture, ...], given: tuple[Picture, ...]) -> tuple[Picture, ...]:
    """The body's own pictures, completed by what the sender says of them, and then the sender's others, each once."""
    sent = {picture.url: picture for picture in given if picture.url}
    completed = []
    for own in shown:
        known = sent.pop(own.url, own) if own.url else own
        completed.append(
            Picture(own.url, own.caption or known.caption, own.credit or known.credit, own.alt or known.alt)
        )
    others = (one for one in given if not one.url or one.url in sent)
    return (*completed, *(one for one in others if one not in completed))


def _story(raw: Raw, content: str, lines: list[str], repairs: tuple[Repair, ...]) -> Story:
    if len(content) > BODY_CHARACTERS:
        return too_large(raw, content, repairs, given_fields(raw))
    breaks = content.count("\n")
    if breaks > ELEMENTS:
        problem = f"the {raw.form} has more than {ELEMENTS:,} lines; clean it by hand"
        return unread(raw, content, repairs, given_fields(raw), problem)
    read, notes = (paragraphs(content) if raw.form == "text" else None) or _by_line(content, lines, breaks)
    kinds: list[Kind] = ["embed" if is_shortcodes(one.text) else "paragraph" for one in read]
    zones = zones_of(
        [kind == "paragraph" and is_prose(one.text) for kind, one in zip(kinds, read, strict=True)]
    )
    blocks = tuple(
        Block(number, one.text, kind, zone, 0, one.line, one.element, one.segments)
        for number, (kind, zone, one) in enumerate(zip(kinds, zones, read, strict=True))
    )
    if not blocks:
        raise UnreadableStory(
            f"story {raw.id}: there is no text in it; send the story's text, or leave it out"
        )
    texts = [block.text for block in blocks]
    subjects = [said for text in texts if (said := subject_of(text))] if raw.form == "text" else []
    language = language_of(raw.language, None, "\n".join(texts))
    return Story(
        id=raw.id,
        form=raw.form,
        raw=content,
        blocks=blocks,
        fields=given_fields(raw),
        url=raw.url,
        publisher=raw.publisher,
        language=language,
        signals=signals_of(raw, [*subjects, *texts], content.split("\n"), language),
        repairs=(*repairs, *notes),
    )


def _by_line(content: str, lines: list[str], breaks: int) -> tuple[list[Paragraph], list[Repair]]:
    """A paragraph for each line that is not empty; ``lines`` stand in ``content``, joined by its line breaks."""
    read: list[Paragraph] = []
    notes: list[Repair] = []
    end, length = -1, len(content)
    # A line of the form ``lines`` may have a break of its own.
    broken = breaks >= len(lines) or lines_may_need_repair(content)
    for index, whole in enumerate(lines):
        start, end = end + 1, end + 1 + len(whole)
        line = whole.removesuffix("\r")
        if broken and may_need_repair(line):
            mended = repair([Piece(line, start, start + len(line))])
            text, runs = text_of(mended.pieces), segments(mended.pieces)
            notes += [note._replace(block=len(read)) for note in mended.repairs if text]
        else:
            text = line.strip()
            at = start + (len(line) - len(line.lstrip()) if len(text) < len(line) else 0)
            runs = (Segment(0, len(text), at, at + len(text)),)
        if text:
            # With the break after it; the last line has none.
            read.append(Paragraph(text, index, Span(start, end + 1 if end < length else length), runs))
    return read, notes
