"""read(raw): the form decides who reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cleaners.model import Form, Raw, SiteRules, Story
from cleaners.read.body import read_body
from cleaners.read.decode import storable
from cleaners.read.limits import unread
from cleaners.read.page import read_page
from cleaners.read.page_model import PageWeights
from cleaners.read.signals import says_stop, without_label
from cleaners.read.text import given_fields, read_lines, read_text
from cleaners.read.unreadable import UnreadableStory

_PAGE = re.compile(r"<!doctype\s+html|<(?:html|head|body)(?:\s[^<>]*)?>", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"<(?:p|div|br|h[1-6]|ul|ol|li|figure|figcaption|blockquote|table|tr|td|section|article|main|aside|pre|dl|hr|img)(?:\s[^<>]*)?/?>"
    r"|</(?:p|a|b|i|em|strong|span|div|li|h[1-6]|blockquote|figcaption)\s*>"
    r"|<!--\s*wp:",
    re.IGNORECASE,
)


def read(raw: Raw, site: SiteRules | None = None, weights: PageWeights | None = None) -> Story:
    """Read one story. The same input always gives the same story; nothing is cut. ``site``: its publisher's selectors, for a page;
    ``weights``: a page model other than the shipped one, for measuring.

    Raises ``UnreadableStory`` when there is no text to read. What is readable in part, or too large, is a story whose
    ``problems`` say so.
    """
    try:
        story = read_page(raw, site, weights) if raw.form == "page" else _READERS[raw.form](raw)
    except UnreadableStory as error:
        # A kill or an embargo often comes without the story that it stops.
        if not says_stop(raw):
            raise
        story = unread(raw, _shown(raw), (), given_fields(raw), str(error))
    return _unlabelled(story)


def _shown(raw: Raw) -> str:
    lines = raw.content if isinstance(raw.content, tuple) else (raw.content,)
    shown = (line.decode("utf-8", "replace") if isinstance(line, bytes) else line for line in lines)
    return storable("\n".join(shown))[0]


_READERS: dict[Form, Callable[[Raw], Story]] = {
    "body": read_body,
    "text": read_text,
    "lines": read_lines,
}


def _unlabelled(story: Story) -> Story:
    """The desk's label before a known headline ("UPDATE 2-Ferry to sail again") is a note to editors, and no part of it."""
    fields = story.fields
    headline, label = without_label(fields.headline) if fields.headline else ("", "")
    if not headline or not label:
        return story
    sources = dict(fields.sources)
    sources.setdefault("ednote", sources.get("headline", "given"))
    ednote = "\n".join(filter(None, (fields.ednote, label)))
    fields = replace(fields, headline=headline, ednote=ednote, sources=tuple(sorted(sources.items())))
    return replace(story, fields=fields)


def guess_form(content: str) -> Form:
    """What ``content`` is: a whole web page, an HTML fragment, or text.

    >>> guess_form("<!DOCTYPE html><title>Ferry</title>"), guess_form("<p>Ferry</p>"), guess_form("2 < 3")
    ('page', 'body', 'text')
    """
    if _PAGE.search(content) is not None:
        return "page"
    return "body" if _FRAGMENT.search(content) is not None else "text"
