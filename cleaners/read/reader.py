"""read(raw): the form decides who reads."""

from __future__ import annotations

import re

from cleaners.model import Form, Raw, Story
from cleaners.read.body import read_body
from cleaners.read.page import read_page
from cleaners.read.text import read_lines, read_text

_PAGE = re.compile(r"<!doctype\s+html|<(?:html|head|body)(?:\s[^<>]*)?>", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"<(?:p|div|br|h[1-6]|ul|ol|li|figure|figcaption|blockquote|table|tr|td|section|article|main|aside|pre|dl|hr|img)(?:\s[^<>]*)?/?>"
    r"|</(?:p|a|b|i|em|strong|span|div|li|h[1-6]|blockquote|figcaption)\s*>"
    r"|<!--\s*wp:",
    re.IGNORECASE,
)


def read(raw: Raw) -> Story:
    """Read one story. The same input always gives the same story; nothing is cut.

    Raises ``UnreadableStory`` when there is no text to read. What is readable in part, or too large, is a story whose
    ``problems`` say so.
    """
    match raw.form:
        case "page":
            return read_page(raw)
        case "body":
            return read_body(raw)
        case "text":
            return read_text(raw)
        case "lines":
            return read_lines(raw)


def guess_form(content: str) -> Form:
    """What ``content`` is: a whole web page, an HTML fragment, or text.

    >>> guess_form("<!DOCTYPE html><title>Ferry</title>"), guess_form("<p>Ferry</p>"), guess_form("2 < 3")
    ('page', 'body', 'text')
    """
    if _PAGE.search(content) is not None:
        return "page"
    return "body" if _FRAGMENT.search(content) is not None else "text"
