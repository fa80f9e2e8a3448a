"""Lines of text of a document that is not parsed, for what must be read even where parsing loses it: signals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*)?[^<>]{0,2000}>")
_INLINE = {
    *(
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
    ),
    *("q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
}
_CELLS = {"td", "th"}
_CODE = re.compile(r"<(script|style)\b", re.IGNORECASE)


@lru_cache(maxsize=1)  # signals and walls ask for the same page, one after the other
def raw_lines(content: str) -> tuple[str, ...]:
    """The lines of ``content``: every tag but an inline one ends a line, cells are set apart by a bar. Linear.

    Scripts and styles that end are left out; one that never ends hides nothing.

    >>> raw_lines("<td>Note</td><td>A <b>kill</b></td><p>One<br>Two<style>")
    ('Note |  | A kill', 'One', 'Two')
    """
    pieces = _TAG.split("".join(_without_code(content)))  # text, name, text, name, …, text
    pieces[1::2] = [_instead(name) for name in pieces[1::2]]
    return tuple([line for part in "".join(pieces).split("\n") if part and (line := part.strip(" |"))])


@lru_cache(maxsize=1_000)  # a page has thousands of tags of a few dozen names
def _instead(name: str | None) -> str:
    name = (name or "").lower().lstrip("/")
    if name in _INLINE:
        return ""
    return " | " if name in _CELLS else "\n"


def _without_code(content: str) -> Iterator[str]:
    at = 0
    endless: set[str] = set()
    for found in _CODE.finditer(content):
        name = found[1].lower()
        if found.start() < at or name in endless:
            continue
        end = _end_of(name, content, found.end())
        if end < 0:
            endless.add(name)
            continue
        yield content[at : found.start()]
        yield "\n"
        at = end
    yield content[at:]


def _end_of(name: str, content: str, at: int) -> int:
    """Where ``</name`` stands next, in letters of any size; -1: nowhere. In a script there are few tags to look at."""
    at = content.find("</", at)
    while at >= 0 and content[at + 2 : at + 2 + len(name)].lower() != name:
        at = content.find("</", at + 2)
    return at
