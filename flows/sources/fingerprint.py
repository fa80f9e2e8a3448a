"""Whether a page says something else than before: a hash of what it says, not of its bytes.

A page that is asked for twice is rarely the same twice: nonces, counters, "12 minutes ago", the most read. A story is cleaned again
when its words have changed, and not each time that somebody looks.
"""

from __future__ import annotations

import re
from hashlib import sha256

from lxml import etree, html

from cleaners.read import UnreadableStory
from cleaners.read.decode import decode

# Not "form": whole pages stand in one (ASP.NET).
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "nav", "footer", "button")
_ENOUGH = 400
"""Characters in paragraphs from which these stand for the page; a page with fewer is taken with all of its text."""


def page_fingerprint(body: bytes, encoding: str | None = None) -> str:
    """A hash of title, headline and paragraphs of a page (of all its text, where it has no paragraphs)."""
    try:
        # As bytes: lxml refuses text that declares an encoding.
        tree = html.document_fromstring(
            re.sub(r"\A\s*<\?xml[^>]*\?>", "", decode(body, encoding).text).encode(),
            parser=html.HTMLParser(encoding="utf-8"),
        )
    except (UnreadableStory, etree.ParserError, etree.XMLSyntaxError, ValueError):
        return sha256(body).hexdigest()
    etree.strip_elements(tree, *_UNSEEN, with_tail=False)
    heads = [_words(element) for element in tree.iter("title", "h1")]
    paragraphs = [_words(element) for element in tree.iter("p")]
    said = paragraphs if sum(map(len, paragraphs)) >= _ENOUGH else [_words(tree)]
    return sha256("\n".join([*heads, "", *said]).encode("utf-8", "replace")).hexdigest()


def _words(element: html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())
