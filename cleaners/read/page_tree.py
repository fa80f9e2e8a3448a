"""A page's tree: parsed once for all who look into it, and without what no reader sees before trafilatura copies it several times over.

Half of a page's bytes are scripts and styles, and a third of its elements are those and the metas and links of its head. trafilatura copies
all of them three times and looks through them with some thirty XPaths before it drops them itself: a fifteenth of its time.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import lxml.html
from lxml import etree

_BEGINNING = 4096
_BREAKS_TO_SPACES = bytes.maketrans(b"\x0b\x0c", b"  ")
_CONTROLS = bytes({*range(9), *range(14, 32)})
_REFERRED = re.compile(
    rb"&#(?:(0*1[12](?!\d)|x0*[bc](?![0-9a-f]))"
    rb"|0*(?:[0-8]|1[4-9]|2\d|3[01]|6553[45])(?!\d)|x0*(?:[0-8ef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
"""The same written as numbers: "a&#11;b", a line break of Word. trafilatura ends at the first of them, and the page has no story."""
_DOCTYPE = re.compile(rb"\A\s*<\s?!\s?DOCTYPE[^>]*>", re.IGNORECASE)
"""libxml2 puts what an XHTML doctype says into the tree; it closes a page at "<html/>"."""
_SELF_CLOSED = re.compile(rb"(<html\b[^<>]*?)\s*/>", re.IGNORECASE)


def page_tree(content: str) -> Any:
    """The page's tree, which trafilatura is given too; its parser's options. None: there is nothing to parse."""
    data = (
        content.replace("\ufffe", "").replace("\uffff", "").encode().translate(_BREAKS_TO_SPACES, _CONTROLS)
    )
    data = _REFERRED.sub(lambda found: b" " if found[1] else b"", data)
    head = _SELF_CLOSED.sub(rb"\1>", _DOCTYPE.sub(b"", data[:_BEGINNING], count=1), count=1)
    try:
        return lxml.html.document_fromstring(head + data[_BEGINNING:], parser=_parser())
    except (etree.ParserError, ValueError):
        return None


@cache
def _parser() -> Any:
    parser = lxml.html.HTMLParser(collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True)
    # lxml.html asks a Python function for the class of every element (an <input> has one of its own): a tenth of trafilatura's time.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement))
    return parser


def lighten(tree: Any) -> None:
    """Take scripts, styles, metas and links out of an lxml.html tree, in place; the text behind each stays. JSON stays: trafilatura reads it.

    For a page whose claims are read. htmldate looks into all of these, so not for one whose date is still to be searched.
    """
    for script in tree.iter("script"):
        if "json" not in (script.get("type") or ""):
            script.tag = "link"  # libxml2 takes all of a name out in half the time
    etree.strip_elements(tree, "link", "style", "meta", with_tail=False)
