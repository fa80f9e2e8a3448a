"""Addresses in a page, made whole."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit


def absolute(address: str | None, *bases: str | None) -> str | None:
    """``address`` as a whole http address, seen from the first of ``bases`` that is one (a base may lean on the next).

    None where it has no place on the web: ``data:``, ``blob:``, ``javascript:``, or nothing to make it whole with.

    >>> absolute("../quay.jpg", "/static/", "https://example.org/news/1")
    'https://example.org/quay.jpg'
    >>> absolute("//cdn.example.org/a b.jpg"), absolute("data:image/gif;base64,R0"), absolute("quay.jpg")
    ('https://cdn.example.org/a%20b.jpg', None, None)
    """
    whole = (address or "").strip().replace(" ", "%20")
    if not whole:
        return None
    try:
        for base in bases:
            if base and not urlsplit(whole).netloc:
                whole = urljoin(base.strip(), whole)
        if whole.startswith("//"):
            whole = "https:" + whole
        parts = urlsplit(whole)
    except ValueError:  # "http://[" is no address
        return None
    return whole if parts.scheme in ("http", "https") and parts.netloc else None


def is_address(text: str) -> bool:
    """Whether a text is one whole http address and nothing else.

    >>> is_address("https://example.org/1"), is_address("See https://example.org/1"), is_address("/1")
    (True, False, False)
    """
    return absolute(text) == text and not any(map(str.isspace, text))
