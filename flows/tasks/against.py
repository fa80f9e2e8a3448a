"""What a new copy changes in the one before: shown before it is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from cleaners.write.escapes import markdown_text

_FIELDS = ("headline", "standfirst", "section", "byline", "published", "updated")
_MOST = 40
"""Lines that are shown of a difference; the report has the whole story."""


class Against(NamedTuple):
    """A copy beside the one before. ``published``: that one was published; otherwise it was only cleaned.

    ``lines`` are the lines of the body that go ("-") and that come ("+"), in order; ``fields`` those that read otherwise, with
    what stood in them and what would.
    """

    published: bool
    lines: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str, str], ...]

    @property
    def same(self) -> bool:
        return not (self.lines or self.fields)

    @property
    def said(self) -> str:
        """In a few words, for a table: "2 lines less, 1 more; other headline"."""
        if self.same:
            return "as published" if self.published else "as before"
        signs = [sign for sign, _ in self.lines]
        less, more = signs.count("-"), signs.count("+")
        parts = [
            ", ".join(
                filter(
                    None,
                    (
                        f"{less} {'line' if less == 1 else 'lines'} less" if less else "",
                        f"{more} {'line' if more == 1 else 'lines'} more" if more else "",
                    ),
                )
            ),
            "other " + ", ".join(name for name, _, _ in self.fields) if self.fields else "",
        ]
        return "; ".join(filter(None, parts))


def against(before: Mapping[str, Any], after: Mapping[str, Any], published: bool) -> Against:
    """The record of a copy beside that of the one before.

    >>> against({"text": "One.\\nTwo."}, {"text": "One."}, True).said
    '1 line less'
    """
    fields = tuple(
        (name, _said(before.get(name)), _said(after.get(name)))
        for name in _FIELDS
        if _said(before.get(name)) != _said(after.get(name))
    )
    return Against(published, tuple(_lines(before.get("text") or "", after.get("text") or "")), fields)


def against_markdown(one: Against) -> str:
    """The difference as Markdown, every word of the story escaped; lines that go are struck through."""
    of = "the copy that is published" if one.published else "the copy of the last cleaning"
    if one.same:
        return f"### Against {of}\n\nNo difference: publishing it would change nothing."
    shown = [
        f"{name}: ~~{_safe(before)}~~ → {_safe(after)}" if before else f"{name}: **+** {_safe(after)}"
        for name, before, after in one.fields
    ]
    shown += [f"~~{_safe(line)}~~" if sign == "-" else f"**+** {_safe(line)}" for sign, line in one.lines]
    more = [f"… and {len(shown) - _MOST} more, in the report"] if len(shown) > _MOST else []
    return f"### Against {of}\n\n" + "\n".join(f"- {line}" for line in [*shown[:_MOST], *more])


def _lines(before: str, after: str) -> Iterator[tuple[str, str]]:
    old, new = before.split("\n") if before else [], after.split("\n") if after else []
    for what, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            yield from (("-", line) for line in old[start:end])
            yield from (("+", line) for line in new[new_start:new_end])


def _said(value: object) -> str:
    return "" if value is None else str(value)


def _safe(text: str) -> str:
    short = " ".join(text.split())
    short = short if len(short) <= 400 else short[:399] + "…"
    return markdown_text(short, "code", at_start=False) or "(nothing)"
