"""Before and after as Markdown, for the page that Prefect shows beside a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TypeAlias

from cleaners.judge import words
from cleaners.model import Cleaned
from cleaners.write.changes import Effect, Line, Piece, changes
from cleaners.write.escapes import code, markdown_text, one_line

MOST_BYTES = 100_000
"""Prefect's page grows slow with artifacts above this."""
_ROOM_FOR_NOTE = 200
_LONGEST_PIECE = 6_000
_Reason: TypeAlias = tuple[Effect, tuple[str, ...], str]
_UNDO = "---\n\nEach removal can be put back alone, by its number: `cleancopy undo --removal`."


def before_after_markdown(cleaned: Cleaned, most_bytes: int = MOST_BYTES) -> str:
    """The story with its removed lines struck through, each with its rule and reason; at most ``most_bytes`` of UTF-8.

    A reason that the line above gives too is not said again: twenty share buttons in a row say theirs once.

    Prefect renders Markdown and HTML: story text is escaped so that none of its images, links or tags is. A story that
    is too long loses lines from its middle, kept ones first, and a note says how many.
    """
    head = _head(cleaned)
    lines = changes(cleaned)
    foot = [_UNDO] if cleaned.removals else []
    shown = [_line(line, _reasons(above)) for above, line in zip((None, *lines), lines, strict=False)]
    if _size([*head, *shown, *foot]) > most_bytes:
        # The line above may be among those left out, and with it the reason.
        shown = _shorten(lines, [_line(line) for line in lines], most_bytes - _size([*head, *foot]))
    return "\n\n".join([*head, *shown, *foot]) + "\n"


def _head(cleaned: Cleaned) -> list[str]:
    story, fields = cleaned.source, cleaned.copy.fields
    title = fields.headline or story.id
    parts = [f"## {_short(title, 300)}", f"**{cleaned.verdict.upper()}**" + _figures(cleaned)]
    reasons = [*cleaned.reasons]
    for signal in story.signals:
        if not any(signal.text in reason for reason in cleaned.reasons):
            reasons.append(f"signal in the raw copy: {signal.kind}: {signal.text}")
    reasons += [f"for the desk: {note}" for note in story.notes]
    by_rule = Counter(removal.rules[0] for removal in cleaned.removals if removal.rules)
    ranked = sorted(by_rule.items(), key=lambda pair: (-pair[1], pair[0]))
    if ranked:
        more = f" and {len(ranked) - 20} more" if len(ranked) > 20 else ""
        parts.append(
            "By rule: " + ", ".join(f"{code(_cut(rule, 100))} {count}" for rule, count in ranked[:20]) + more
        )
    parts += _list("Why", [_short(reason, 300) for reason in reasons], 20)
    known = [
        (name, getattr(fields, name))
        for name in ("section", "standfirst", "byline", "published", "updated", "agency", "rights", "ednote")
    ]
    if fields.authors:
        known.append(("authors", "; ".join(fields.authors)))
    for picture in fields.pictures:
        known += [("caption", picture.caption), ("credit", picture.credit)]
    parts += _list("Fields", [f"{name}: {_short(value, 300)}" for name, value in known if value], 30)
    return [*parts, "---"]


def _list(title: str, items: list[str], most: int) -> list[str]:
    """The items as one list under a title (without it, Markdown takes two lists for one), if there are any; of many the first ones."""
    more = [f"and {len(items) - most} more, in the report"] if len(items) > most else []
    return [f"**{title}**", "\n".join(f"- {item}" for item in [*items[:most], *more])] if items else []


def _figures(cleaned: Cleaned) -> str:
    before = sum(words(block.text) for block in cleaned.source.blocks)
    after = sum(words(block.text) for block in cleaned.copy.blocks)
    counts = Counter(removal.action for removal in cleaned.removals)
    return (
        f" · {before} words before, {after} after · {counts['remove']} removed, {counts['lift']} lifted to fields"
        + (f" · {len({mark.block for mark in cleaned.suspects})} in doubt, kept" if cleaned.suspects else "")
    )


def _short(text: str, most: int) -> str:
    return one_line(_cut(" ".join(text.split()), most), "code")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _line(line: Line, said: Collection[_Reason] = ()) -> str:
    """``said`` are the reasons that the line above gives."""
    shown = ""
    for piece in line.pieces:
        part = _piece(piece, at_start=not shown)
        # "story~~Published~~": without the space, Markdown would take the signs for letters.
        glued = shown and part and not shown[-1].isspace() and "~~" in (shown[-2:], part[:2])
        shown += (" " if glued else "") + part
    return shown.strip() + _notes(line, said)


def _piece(piece: Piece, at_start: bool) -> str:
    words_in = piece.text.strip()
    if not words_in:
        return " " if piece.text else ""
    before = " " if piece.text[0].isspace() and not at_start else ""
    after = " " if piece.text[-1].isspace() else ""
    cut = piece.effect in ("removed", "lifted")
    if len(words_in) > _LONGEST_PIECE:
        half = _LONGEST_PIECE // 2
        words_in = (
            f"{words_in[:half]} [… {len(words_in) - 2 * half} characters left out …] {words_in[-half:]}"
        )
    safe = markdown_text(words_in, "code", at_start=at_start and not cut)
    if cut:
        safe = f"~~{safe}~~"
    return before + safe + after


def _notes(line: Line, said: Collection[_Reason]) -> str:
    notes = list(dict.fromkeys(_note(piece, said) for piece in line.pieces if piece.effect != "kept"))
    return "".join("\\\n→ " + note for note in notes)


def _note(piece: Piece, said: Collection[_Reason]) -> str:
    effect = f"lifted to {piece.field}" if piece.effect == "lifted" else piece.effect
    rules = ", ".join(code(rule) for rule in piece.rules)
    spared = ", ".join(code(rule) for rule in piece.overruled)
    number = f" #{piece.number}" if piece.number is not None else ""
    why = "" if _reason(piece) in said else f": {_short(piece.why, 500)}"
    return f"**{effect}**{number} by {rules}{why}" + (f" (against {spared})" if spared else "")


def _reason(piece: Piece) -> _Reason:
    return piece.effect, piece.rules, piece.why


def _reasons(line: Line | None) -> set[_Reason]:
    return {_reason(piece) for piece in line.pieces} if line else set()


def _size(parts: list[str]) -> int:
    return sum(len(part.encode(errors="replace")) + 2 for part in parts) + 1


def _shorten(lines: tuple[Line, ...], shown: list[str], room: int) -> list[str]:
    """Lines from both ends as far as there is room; lines with a fate take up the room before kept ones do."""
    room -= _ROOM_FOR_NOTE
    sizes = [len(part.encode(errors="replace")) + 2 for part in shown]
    inwards = sorted(range(len(shown)), key=lambda number: min(number, len(shown) - 1 - number))
    taken: set[int] = set()
    for wanted in (True, False):
        for number in inwards:
            if (lines[number].effect != "kept") is not wanted:
                continue
            note = 0 if {number - 1, number + 1} & taken else _ROOM_FOR_NOTE
            if sizes[number] + note > room:
                continue
            room -= sizes[number] + note
            taken.add(number)
    parts: list[str] = []
    left_out = 0
    for number, part in enumerate(shown):
        if number in taken:
            if left_out:
                parts.append(_left_out(left_out))
                left_out = 0
            parts.append(part)
        else:
            left_out += 1
    return [*parts, _left_out(left_out)] if left_out else parts


def _left_out(count: int) -> str:
    return f"*… {count} {'line is' if count == 1 else 'lines are'} left out here: this page has a limit. The report shows them all. …*"
