"""WordPress shortcodes: what a CMS puts into square brackets is its own, like an embed."""

from __future__ import annotations

import re

_LONGEST = 2_000
# No possessive quantifiers ("*+"): Python 3.11.2, which Debian 12 ships, matches some of them wrongly.
_ATTRIBUTE = r"""(?:[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s\]"']+)|"[^"]*"|'[^']*'|https?://[^\s\]]+)"""
_SHORTCODE = rf"\[(?:/[a-z][a-z0-9_-]*|[a-z][a-z0-9_-]*(?:\s+{_ATTRIBUTE})*)\s*/?\]"
_SHORTCODES = re.compile(rf"(?:{_SHORTCODE}\s*)+")
# "[advertisement]" is a word of the page's, and no shortcode.
_WORDS = {"[advertisement]", "[advertising]", "[anzeige]", "[werbung]", "[publicidad]", "[sponsored]"}


def is_shortcodes(text: str) -> bool:
    """Nothing but shortcodes: ``[name key="value"]``, ``[/name]``, or several of them.

    >>> is_shortcodes('[vc_row][caption id="1"]'), is_shortcodes("[/caption]"), is_shortcodes("[Read more]")
    (True, True, False)
    """
    return (
        text[:1] == "["
        and text[-1:] == "]"
        and len(text) <= _LONGEST
        and text not in _WORDS
        and _SHORTCODES.fullmatch(text) is not None
    )
