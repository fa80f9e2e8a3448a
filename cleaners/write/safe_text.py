"""Text and addresses that every XML and JSON reader takes: what no such document may hold is left out."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

from cleaners.write.html import web_address

_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HALF = re.compile("[\ud800-\udfff]")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = "!$&'()*+,;=:@~%"
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*", re.ASCII)
_MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
}


def safe(text: str) -> str:
    """``text`` without the control characters that XML forbids, half characters as U+FFFD.

    >>> safe("The\\x00 ferry\\x0b") + safe("\\ud83d")
    'The ferry�'
    """
    return _HALF.sub("\ufffd", _NEVER.sub("", text))


def line(text: str | None) -> str | None:
    """A field on one line; None where nothing is left.

    >>> line(" The \\n ferry "), line("\\x00 ")
    ('The ferry', None)
    """
    return " ".join(safe(text).split()) or None if text else None


def lines(text: str | None) -> tuple[str, ...]:
    """The lines of a field that has several: a standfirst of two decks, notes to editors."""
    return tuple(said for one in safe(text or "").splitlines() if (said := line(one)))


def web_uri(url: str | None, base: str | None = None) -> str | None:
    """``url`` as a URI by RFC 3986, or None where it is no web address.

    >>> web_uri("/hafen fähre.jpg?a=1|2", "https://example.org/news/1")
    'https://example.org/hafen%20f%C3%A4hre.jpg?a=1%7C2'
    >>> web_uri("data:image/png;base64,iVBO") is None
    True
    """
    address = web_address(safe(url), base) if url else None
    if address is None:
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if not host:
        return None
    place = parts.netloc if "[" in parts.netloc else quote(parts.netloc, safe=_UNRESERVED)
    rest = (
        quote(_STRAY_PERCENT.sub("%25", part), safe=_UNRESERVED + "/?")
        for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, _STRAY_PERCENT.sub("%25", place), *rest))


def language_tag(language: str | None) -> str | None:
    """A tag in the form of BCP 47, or None.

    >>> language_tag("pt-BR"), language_tag("en_GB"), language_tag("Deutsch (Schweiz)")
    ('pt-BR', 'en-GB', None)
    """
    tag = (language or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def picture_type(url: str | None) -> str | None:
    """The media type that an address's ending tells.

    >>> picture_type("https://example.org/quay.JPG?w=800"), picture_type("https://example.org/quay")
    ('image/jpeg', None)
    """
    name = urlsplit(url or "").path.rpartition("/")[2]
    return _MEDIA_TYPES.get(name.rpartition(".")[2].lower()) if "." in name else None
