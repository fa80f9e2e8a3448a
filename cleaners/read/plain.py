"""A claim of a page as text that can be shown and compared."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from cleaners.read.decode import storable
from cleaners.read.repair import may_need_repair, repair_text

_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_SPACES = re.compile(r"\s+")
_SIGNS = re.compile(r"[\W_]+")
_ASCII_SIGNS = bytes(sign for sign in range(128) if not chr(sign).isalnum())
_LONGEST = 2_000


def plain(value: Any) -> str | None:
    """``value`` as one line of text, entities and tags undone (many CMS escape their JSON-LD as HTML); None if it has none.

    >>> plain("Fish &amp;amp; <b>chips</b>"), plain({"@value": "Ferry"}), plain(3)
    ('Fish & chips', 'Ferry', None)
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
        value = value[0] if isinstance(value, list) and value else value
    if not isinstance(value, str):
        return None
    text, _ = storable(value[:_LONGEST])
    for _ in range(2):
        if "&" in text:
            text = unescape(text)
    if "<" in text:
        text = _TAGS.sub("", text)
    text = _SPACES.sub(" ", text).strip()
    return (repair_text(text) if may_need_repair(text) else text) or None


def key(text: str) -> str:
    """Letters and digits, to compare what differs in case, spaces and punctuation."""
    if text.isascii():  # most lines; translating is several times faster
        return text.lower().encode().translate(None, _ASCII_SIGNS).decode()
    return _SIGNS.sub("", text.casefold())
