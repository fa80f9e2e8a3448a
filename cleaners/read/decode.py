"""Bytes to text, as browsers do it, and text that every store can keep.

The order follows the encoding sniffing of the HTML standard (BOM, then ``<meta charset>``), with one exception that
saved pages need: bytes that are valid UTF-8 beyond ASCII are UTF-8, whatever single-byte charset the page claims.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from cleaners.model import Raw, Repair
from cleaners.read.unreadable import UnreadableStory

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_SNIFFED = 4096  # the standard looks at 1,024 bytes; saved pages often carry a banner first
# What the encoding standard reads these labels as.
_READ_AS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "utf-16": "utf-8",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}
_FILES = {b"%PDF": "a PDF file", b"PK\x03\x04": "a ZIP archive or an Office file", b"\x89PNG": "a PNG image"}
_FILES |= {b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"\x1f\x8b": "gzip-compressed data"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def decode(content: bytes) -> str:
    """Text of ``content``. A BOM is dropped.

    Raises ``UnreadableStory`` for a file that is no text (PDF, ZIP, an image).

    >>> decode('<meta charset="iso-8859-1"><p>Größe'.encode("cp1252"))
    '<meta charset="iso-8859-1"><p>Größe'
    """
    for magic, name in _FILES.items():
        if content.startswith(magic):
            raise UnreadableStory(f"this is {name}, not a story; give its text or its HTML")
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return content[len(bom) :].decode(encoding, errors="replace")
    try:
        utf8: str | None = content.decode("utf-8")
    except UnicodeDecodeError:
        utf8 = None
    declared = _declared(content)
    if utf8 is not None and (declared is None or not utf8.isascii() or declared == "utf-8"):
        if declared is not None and codecs.lookup(declared).name.startswith("iso2022"):
            return content.decode(declared, errors="replace")  # all of it is ASCII bytes, and still Japanese
        return utf8
    if declared is not None:
        try:
            return content.decode(declared)
        except UnicodeDecodeError:
            if utf8 is not None:
                return utf8
            if declared != "utf-8":
                return content.decode(declared, errors="replace")
    if utf8 is not None:
        return utf8
    if _mostly_utf8(content):
        return content.decode("utf-8", errors="replace")
    best = from_bytes(content[:20_000]).best()
    encoding = best.encoding if best is not None else "cp1252"
    return content.decode(encoding, errors="replace")


def storable(text: str) -> tuple[str, tuple[Repair, ...]]:
    """``text`` without what databases and lxml cannot hold: NUL goes, half a surrogate pair becomes U+FFFD.

    Repairs of the document as a whole carry the block number -1.

    >>> storable("Rates\\x00 rise")[0]
    'Rates rise'
    """
    if "\x00" not in text and _has_utf8(text):
        return text, ()
    repairs = []
    if "\x00" in text:
        repairs.append(Repair(-1, "nul", f"{text.count(chr(0))} × U+0000", ""))
        text = text.replace("\x00", "")
    paired = _PAIR.sub(lambda found: found[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    if paired != text:
        repairs.append(Repair(-1, "surrogate", "two halves of a character", "one character"))
        text = paired
    lone = len(_UNSTORABLE.findall(text))
    if lone:
        repairs.append(Repair(-1, "surrogate", f"{lone} × half a character", "\ufffd"))
        text = _UNSTORABLE.sub("\ufffd", text)
    return text, tuple(repairs)


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def document(raw: Raw) -> tuple[str, tuple[Repair, ...]]:
    """The decoded document of a page, body or text, fit to be stored, and what had to be repaired for that."""
    content = raw.content
    if isinstance(content, tuple):
        raise TypeError(f"story {raw.id}: form {raw.form!r} takes text, not a tuple of lines")
    return storable(decode(content) if isinstance(content, bytes) else content)


def _declared(content: bytes) -> str | None:
    found = _META.search(content[:_SNIFFED])
    if found is None:
        return None
    label = found[1].decode("ascii").lower()
    name = _READ_AS.get(label, label)
    try:
        info = codecs.lookup(name)
    except LookupError:
        return None
    return info.name if getattr(info, "_is_text_encoding", True) else None


def _mostly_utf8(content: bytes) -> bool:
    """A UTF-8 document with a few broken bytes (a comment cut in the middle of a character)."""
    text = content.decode("utf-8", errors="replace")
    good = sum(1 for character in text if character > "\x7f" and character != "\ufffd")
    return good > 10 * text.count("\ufffd")
