"""Story text made safe for Markdown, so that it reads as it was written and nothing in it is rendered."""

from __future__ import annotations

import re
from typing import Literal

_SPECIAL = re.compile(r"[\\`*_\[\]<~|]|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(?:([#+\-=>:])|(\d{1,9})([.)]))", re.ASCII)
# What Markdown renderers turn into links by themselves (GitHub's extended autolinks, and their relatives).
# Searched in one run of characters without a space, so that a page of Chinese costs no more than its length.
_LINK_LIKE = re.compile(r"://|www\.|(?:mailto|xmpp):|[\w.+\-]@[\w\-]+\.", re.IGNORECASE)
_RUN = re.compile(r"[^\s<>]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"“”|]+[^\s<>\"“”|.,;:!?)\]»’']", re.IGNORECASE)


def markdown_text(text: str, addresses: Literal["link", "code"] = "link", at_start: bool = True) -> str:
    r"""``text`` as Markdown that renders to the same characters; line breaks become hard ones.

    Web addresses become autolinks (``link``), or inert code with everything else that a renderer could take for a link
    (``code``, for artifacts that people open without knowing the story). ``at_start``: the text begins a paragraph.

    >>> markdown_text("1. *Nine* <b>lives</b>")
    '1\\. \\*Nine\\* \\<b>lives\\</b>'
    >>> markdown_text("See https://example.org/a_b.")
    'See <https://example.org/a_b>.'
    >>> markdown_text("See https://example.org/a_b.", "code")
    'See `https://example.org/a_b.`'
    """
    lines = [line.strip() for line in text.splitlines()]
    return "\\\n".join(
        _line(line, addresses, at_start or number > 0) for number, line in enumerate(lines) if line
    )


def one_line(text: str, addresses: Literal["link", "code"] = "link") -> str:
    r"""``text`` as the words of a heading or of a table's cell.

    >>> one_line("Plan B #")
    'Plan B \\#'
    """
    line = markdown_text(" ".join(text.split()), addresses, at_start=False)
    # "## Plan B ##" would lose its last signs.
    return line[:-1] + "\\#" if line.endswith("#") else line


def _line(line: str, addresses: Literal["link", "code"], at_start: bool) -> str:
    parts: list[str] = []
    at = 0
    for match in (_ADDRESS if addresses == "link" else _RUN).finditer(line):
        if addresses == "code" and not _LINK_LIKE.search(match[0]):
            continue
        parts.append(_words(line[at : match.start()], at_start and at == 0))
        parts.append(f"<{match[0]}>" if addresses == "link" else code(match[0]))
        at = match.end()
    parts.append(_words(line[at:], at_start and at == 0))
    return "".join(parts)


def _words(words: str, at_start: bool) -> str:
    safe = _SPECIAL.sub(lambda match: "\\" + match[0], words)
    if at_start:
        safe = _LINE_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", safe)
    return safe


def code(text: str) -> str:
    """``text`` as inline code, whatever backticks it holds.

    >>> code("a`b")
    '``a`b``'
    """
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"
