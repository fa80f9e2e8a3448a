"""read(raw): the form decides who reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cleaners.model import Form, Raw, SiteRules, Story
from cleaners.read.body import read_body
from cleaners.read.decode import decode, storable
from cleaners.read.garbled import fields_mended, garbled
from cleaners.read.limits import LINES, unread
from cleaners.read.page import read_page
from cleaners.read.page_model import PageWeights
from cleaners.read.signals import says_stop, without_label
from cleaners.read.text import given_fields, read_lines, read_text
from cleaners.read.unreadable import UnreadableStory
from cleaners.read.walls import walls

_PAGE = re.compile(r"<!doctype\s+html|<(?:html|head|body)(?:\s[^<>]*)?>", re.IGNORECASE)
# Without a tag from end to end: what an interface answers where a page was expected.
_JSON = re.compile(r"\s*(?:\{\s*\"[^<]*\}|\[[^<]*\])\s*")
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
    raw, doubt = _as_text(raw)
    try:
        story = _read_page(raw, site, weights) if raw.form == "page" else _READERS[raw.form](raw)
    except UnreadableStory as error:
        # A kill or an embargo often comes without the story that it stops.
        if not says_stop(raw):
            raise
        return _unlabelled(not_read(raw, str(error)))
    if len(story.blocks) > LINES:
        return not_read(raw, f"the {raw.form} has more than {LINES:,} blocks; shorten it or clean it by hand")
    story = fields_mended(_unlabelled(story))
    problems = (*doubt, *garbled(story), *walls(story))
    return replace(story, problems=(*story.problems, *problems)) if problems else story


def _read_page(raw: Raw, site: SiteRules | None, weights: PageWeights | None) -> Story:
    if _JSON.fullmatch(str(raw.content)) is not None:
        raise UnreadableStory(
            f"story {raw.id}: this is JSON, not a web page; give it as a record, or give the page itself"
        )
    return read_page(raw, site, weights)


def not_read(raw: Raw, problem: str) -> Story:
    """The story without blocks, for a person to look at: only its signals are read. Raises ``UnreadableStory``.

    For a story that ended the process that read it: a kill in it is a kill all the same.
    """
    raw, _ = _as_text(raw)
    content = "\n".join(raw.content) if isinstance(raw.content, tuple) else str(raw.content)
    text, repairs = storable(content)
    return unread(raw, text, repairs, given_fields(raw), problem)


def _as_text(raw: Raw) -> tuple[Raw, tuple[str, ...]]:
    """The raw story with its bytes decoded, and the doubt that there is in how."""
    if not isinstance(raw.content, bytes):
        return raw, ()
    try:
        decoded = decode(raw.content, raw.encoding)
    except UnreadableStory as error:
        raise UnreadableStory(f"story {raw.id}: {error}") from None
    return replace(raw, content=decoded.text), (decoded.problem,) if decoded.problem else ()


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
