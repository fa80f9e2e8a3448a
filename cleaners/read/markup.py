"""An HTML fragment as events with exact positions: the stdlib parser tells where each begins, the next where it ended."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Literal, NamedTuple

_MOST_UNFINISHED = 20
_BREAK_OF_WORD = re.compile(r"&#(?:0*11|[xX]0*[bB]);?")
"""Word's line break within a paragraph, "The crane&#11;stays"; ``unescape`` says that it is nothing, which would join the words."""
EventKind = Literal["start", "end", "text", "entity", "comment", "other", "blank"]
"""``blank`` is a blank line that parts two paragraphs, see ``cleaners.read.blank_lines``."""


class Event(NamedTuple):
    """One token of the fragment: ``raw[start:end]``. ``name`` is a tag's name, or a comment's or an entity's text."""

    kind: EventKind
    start: int
    end: int
    name: str
    attributes: dict[str, str | None] | None = None


def events(raw: str) -> list[Event]:
    """All tokens of ``raw`` in order. Every character of ``raw`` stands in one, or in a gap that the parser skipped.

    >>> [(event.kind, raw[event.start:event.end]) for raw in ["<p>R&amp;D"] for event in events(raw)]
    [('start', '<p>'), ('text', 'R'), ('entity', '&amp;'), ('text', 'D')]
    """
    tokenizer = _Tokenizer(raw)
    try:
        tokenizer.feed(raw)
        tokenizer.close()
    except _TooBroken as broken:
        # What the parser itself makes of a tag that never ends: text.
        tokenizer.found.append(Event("text", broken.at, len(raw), raw[broken.at :]))
    found = tokenizer.found
    done: list[Event] = []
    for index, event in enumerate(found):
        limit = found[index + 1].start if index + 1 < len(found) else len(raw)
        # Text tells its own length; any other token ends where the next begins.
        done.append(event if event.end >= 0 else event._replace(end=limit))
    return done


class _TooBroken(Exception):
    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class _Tokenizer(HTMLParser):
    """The parser looks for the end of every unfinished tag again, each time to the end of the document.

    "<a <a <a …" (60 kB) took it 23 seconds; after ``_MOST_UNFINISHED`` of them the rest is text.
    """

    def __init__(self, raw: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[Event] = []
        self._raw = raw
        self._unfinished = 0
        self._starts = [0]
        at = raw.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = raw.find("\n", at + 1)

    def _at(self) -> int:
        line, column = self.getpos()  # the parser counts lines by "\n" alone, so "\r\n" needs no care
        return self._starts[line - 1] + column

    def _add(self, kind: EventKind, name: str, attributes: dict[str, str | None] | None = None) -> None:
        self.found.append(Event(kind, self._at(), -1, name, attributes))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add("start", tag, dict(reversed(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # in HTML "<div/>" opens a div
        if tag in ("svg", "math"):  # these are XML, and end here
            end = self._at() + len(self.get_starttag_text() or "")
            self.found.append(Event("end", end, end, tag))

    def handle_endtag(self, tag: str) -> None:
        self._add("end", tag)

    def handle_data(self, data: str) -> None:
        start = self._at()
        self.found.append(Event("text", start, start + len(data), data))

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name}")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name}")

    def _reference(self, written: str) -> None:
        start = self._at()
        end = start + len(written)
        if self._raw[end : end + 1] == ";":
            end += 1
            written += ";"
        text = " " if _BREAK_OF_WORD.fullmatch(written) else unescape(written)
        self.found.append(Event("entity", start, end, text))

    def handle_comment(self, data: str) -> None:
        self._add("comment", data)

    def handle_decl(self, decl: str) -> None:
        self._add("other", decl)

    def unknown_decl(self, data: str) -> None:
        self._add("other", data)

    def handle_pi(self, data: str) -> None:
        self._add("other", data)

    def parse_starttag(self, i: int) -> int:
        return self._finished(super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        return self._finished(super().parse_endtag(i))

    def parse_comment(self, i: int, report: bool = True) -> int:
        return self._finished(super().parse_comment(i, report))

    def parse_html_declaration(self, i: int) -> int:
        return self._finished(super().parse_html_declaration(i))

    def parse_pi(self, i: int) -> int:
        return self._finished(super().parse_pi(i))

    def _finished(self, end: int) -> int:
        if end < 0:
            self._unfinished += 1
            if self._unfinished > _MOST_UNFINISHED:
                raise _TooBroken(self._at())
        return end
