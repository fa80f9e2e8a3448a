"""Bytes to text, as browsers do it, and text that every store can keep.

The order follows the encoding sniffing of the HTML standard (BOM, what the server said, ``<meta charset>``, detection), with
one exception that saved pages need: bytes that are valid UTF-8 beyond ASCII are UTF-8, whatever charset the page claims.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import webencodings

from cleaners.model import Raw, Repair
from cleaners.read.charset import bom, codec_of, declared, detected, escapes, without_mark
from cleaners.read.unreadable import UnreadableStory

_FILES = {b"%PDF": "a PDF file", b"PK\x03\x04": "a ZIP archive or an Office file", b"\x89PNG": "a PNG image"}
_FILES |= {b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"\x1f\x8b": "gzip-compressed data"}
_FILES |= {b"\xd0\xcf\x11\xe0": "an old Office file", b"\x7fELF": "a program", b"Rar!": "a RAR archive"}
_FILES |= {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"BZh": "bzip2-compressed data",
    b"\x28\xb5\x2f\xfd": "zstd-compressed data",
}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LOOKED_AT = 4096
_FEW = 4
"""So many characters of UTF-8 may be two Chinese characters by chance ("联通" was such a case), where the page says GBK."""


class Decoded(NamedTuple):
    """Text of bytes. ``problem``: why a person must look before it is published."""

    text: str
    problem: str | None = None


def no_story(content: bytes) -> str | None:
    """Why a file of these bytes is no story at all, by its first bytes: a PDF, an archive, an image, a program.

    >>> no_story(b"%PDF-1.7 ..."), no_story(b"The ferry sails.")
    ('this is a PDF file, not a story; give its text or its HTML', None)
    """
    name = next((name for magic, name in _FILES.items() if content.startswith(magic)), None)
    return f"this is {name}, not a story; give its text or its HTML" if name else None


def decode(content: bytes, encoding: str | None = None) -> Decoded:
    """Text of ``content``. A BOM is dropped. ``encoding`` is the label that the transport gave (HTTP's ``charset=``).

    Raises ``UnreadableStory`` for what is no text (PDF, ZIP, an image, a program).

    >>> decode('<meta charset="iso-8859-1"><p>Größe'.encode("cp1252")).text
    '<meta charset="iso-8859-1"><p>Größe'
    >>> decode("Größe".encode("cp1252"), "latin1").text
    'Größe'
    """
    if (problem := no_story(content)) is not None:
        raise UnreadableStory(problem)
    marked = bom(content)
    if marked is not None:
        return Decoded(_text(content[marked[1] :], marked[0]))
    wide = without_mark(content)
    if wide is not None:
        return Decoded(_text(content, wide))
    head = content[:_LOOKED_AT]
    if len(_CONTROLS.findall(head)) * 20 > len(head):
        raise UnreadableStory(
            "these bytes are no text (a picture, an archive or a program?); give the story's text or HTML"
        )
    named = [codec for codec in (codec_of(encoding), declared(content)) if codec is not None]
    utf8 = _strictly(content, "utf-8")
    if utf8 is not None and utf8.isascii() and not escapes(content):
        return Decoded(utf8)
    # "GrÃ¶ÃŸe" is nobody's Latin-1.
    open_to_chance = named and "1252" not in named[0]
    if utf8 is not None and not utf8.isascii() and not (open_to_chance and _may_be_chance(utf8)):
        return Decoded(utf8)
    for codec in named:
        text = _strictly(content, codec)
        if text is not None:
            return Decoded(text, _doubt(content, codec, text))
    if utf8 is not None and not utf8.isascii():
        return Decoded(utf8)
    if _mostly_utf8(content):
        return Decoded(_text(content, "utf-8"))
    guess = detected(content)
    if guess.sure:
        return Decoded(_text(content, guess.codec))
    problem = (
        ("its bytes are not in the encoding that it names" if named else "it does not name its encoding")
        + f", and which one it is could not be told for sure (perhaps {guess.name}); look at the letters, or save it as UTF-8"
    )
    return Decoded(_text(content, guess.codec), problem)


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
    return storable(decode(content, raw.encoding).text if isinstance(content, bytes) else content)


def _text(content: bytes, codec: str) -> str:
    """What cannot be read is U+FFFD, and no error."""
    if codec == "x-user-defined":
        return str(webencodings.decode(content, codec)[0])
    return content.decode(codec, errors="replace")


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return _text(content, codec) if codec == "x-user-defined" else content.decode(codec)
    except UnicodeDecodeError:
        return None


def _may_be_chance(utf8: str) -> bool:
    return sum(character > "\x7f" for character in utf8) <= _FEW and max(utf8) <= "\u07ff"


def _doubt(content: bytes, codec: str, text: str) -> str | None:
    """A page that names one encoding and is surely written in another: every browser shows it garbled."""
    guess = detected(content)
    if not guess.sure or guess.codec == codec:
        return None
    other = _strictly(content, guess.codec)
    if other is None or other == text:
        return None
    return f"it says that it is in {codec.removeprefix('sloppy-')} but reads like {guess.name}; look at the letters, or save it as UTF-8"


def _mostly_utf8(content: bytes) -> bool:
    """A UTF-8 document with a few broken bytes (a comment cut in the middle of a character)."""
    text = content.decode("utf-8", errors="replace")
    good = sum(1 for character in text if character > "\x7f" and character != "\ufffd")
    return good > 10 * text.count("\ufffd")
