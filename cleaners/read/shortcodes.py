"""WordPress shortcodes: what a CMS puts into square brackets is its own, like an embed."""

from __future__ import annotations

import re

_LONGEST = 2_000
# No possessive quantifiers ("*+"): Python 3.11.2, which Debian 12 ships, matches some of them wrongly.
_ATTRIBUTE = r"""(?:[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s\]"']+)|"[^"]*"|'[^']*'|https?://[^\s\]]+)"""
_SHORTCODE = rf"\[(?:/[a-z][a-z0-9_-]*|[a-z][a-z0-9_-]*(?:\s+{_ATTRIBUTE})*)\s*/?\]"
# Drupal: [[nid:77]], [[{"fid":"7", …}]]
_NUMBERED = r"\[\[(?:[a-z_]{1,20}:[\w:./-]{1,200}|\{[^\[\]]*\})\]\]"
# [embed width="560"]https://video.example/1[/embed]
_ADDRESS = r"(?:\s*https?://[^\s\[\]]+(?=\s*\[/))?"
_SHORTCODES = re.compile(rf"(?:(?:{_SHORTCODE}{_ADDRESS}|{_NUMBERED})\s*)+")
_CAPTION = re.compile(
    rf"\[(?:wp_)?caption(?:\s+{_ATTRIBUTE})+\s*\]\s*(?P<said>[^\[\]]*[^\[\]\s])\s*\[/(?:wp_)?caption\]"
)
# "[advertisement]" is a word of the page's, and no shortcode.
_WORDS = {"[advertisement]", "[advertising]", "[anzeige]", "[werbung]", "[publicidad]", "[sponsored]"}


def is_shortcodes(text: str) -> bool:
    """Nothing but shortcodes: ``[name key="value"]``, ``[/name]``, or several of them, perhaps around an address.

    >>> is_shortcodes('[vc_row][caption id="1"]'), is_shortcodes("[/caption]"), is_shortcodes("[Read more]")
    (True, True, False)
    >>> is_shortcodes("[embed]https://video.example/1[/embed]"), is_shortcodes("[see] https://video.example/1")
    (True, False)
    """
    return (
        text[:1] == "["
        and text[-1:] == "]"
        and len(text) <= _LONGEST
        and text not in _WORDS
        and _SHORTCODES.fullmatch(text) is not None
    )


def captioned(text: str) -> tuple[int, int] | None:
    """Where the caption stands in ``[caption id="1"] The quay at dawn[/caption]``; None: the text is nothing of that kind.

    >>> captioned("[caption id='1'] The quay[/caption]"), captioned("[caption id='1']")
    ((17, 25), None)
    """
    found = _CAPTION.fullmatch(text) if text[:1] == "[" and len(text) <= _LONGEST else None
    return found.span("said") if found is not None else None
