"""Paragraphs of a CMS that writes no ``<p>``: WordPress keeps blank lines between them, and makes tags of them when it shows the page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cleaners.read.markup import Event, EventKind

_BLANK = re.compile(r"\n[ \t\r]*\n\s*")
_PARAGRAPHS = {"p", "br"}
_KEPT_LINES = {"pre", "textarea", "script", "style"}


def with_blank_lines(tokens: Sequence[Event]) -> list[Event]:
    """The tokens with each blank line in a text as a ``blank`` of its own; as they are where the body has paragraphs or line breaks.

    >>> [token.kind for token in with_blank_lines([Event("text", 0, 13, "Ferry.\\n\\nQuay.")])]
    ['text', 'blank', 'text']
    """
    if any(token.kind == "start" and token.name in _PARAGRAPHS | _KEPT_LINES for token in tokens):
        return list(tokens)
    found: list[Event] = []
    for token in tokens:
        found += _parts(token) if token.kind == "text" and "\n" in token.name else [token]
    return found


def _parts(token: Event) -> list[Event]:
    parts: list[Event] = []
    at = 0
    for blank in _BLANK.finditer(token.name):
        parts += _event("text", token, at, blank.start()) + _event("blank", token, *blank.span())
        at = blank.end()
    return parts + _event("text", token, at, len(token.name))


def _event(kind: EventKind, token: Event, start: int, end: int) -> list[Event]:
    text = token.name[start:end]
    if not text:
        return []
    return [Event(kind, token.start + start, token.start + end, text)]
