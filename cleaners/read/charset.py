"""What encoding bytes are in: the labels and the order of the HTML standard, and detection where nothing is said.

https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding and https://encoding.spec.whatwg.org/
"""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser
from typing import NamedTuple

import cchardet
import ftfy.bad_codecs  # noqa: F401 - registers the "sloppy" codecs
import webencodings

_SNIFFED = 4096  # the standard looks at 1,024 bytes; saved pages often carry a banner first
_CHARSET = re.compile(r"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODE = re.compile(rb"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_HIGH = re.compile(rb"[\x80-\xff]")
# Quotation marks, dashes, dots, no-break space, "©", "«", "®", "·", "»": the same bytes in windows-1250 to windows-1258.
_SAME_IN_WINDOWS = re.compile(
    rb"[\x80\x82\x84-\x87\x89\x8b\x91-\x97\x99\x9b\xa0\xa6\xa7\xa9\xab-\xae\xb0\xb1\xb5-\xb7\xbb]+"
)
_ESCAPED = re.compile(
    rb"\x1b\$[@B]|\x1b\([JI]|~\{"
)  # ISO-2022-JP and HZ: all bytes are ASCII, and still not English
_ENOUGH, _ENOUGH_ACCENTS = 80, 6
"""So many bytes beyond ASCII are needed to tell encodings apart in which every letter is one, and for Latin letters with accents."""
# The detector's names that are no labels. Its KOI8-R knows no Ukrainian; KOI8-U is the same but for the letters that only Ukrainian has.
_ITS_NAMES = {
    "KOI8-R": "koi8-u",
    "UHC": "euc-kr",
    "MACCYRILLIC": "x-mac-cyrillic",
    "MAC-CYRILLIC": "x-mac-cyrillic",
}
_LATIN = ("windows-1250", "windows-1252", "windows-1254", "windows-1257", "iso8859-2", "iso8859-13")
_SURE = 0.5
_NULS = 1_000
# What no text has: C1 controls (windows-1257 read as ISO-8859-13), and a foreign letter before a figure ("£5" read as "Ł5").
_IMPLAUSIBLE = re.compile("[\x80-\x9f]|(?<![^\\W\\d_])[\xc0-\u024f][0-9]")


class Guess(NamedTuple):
    """An encoding that was told from the bytes. ``sure``: enough of them to publish by."""

    codec: str
    name: str
    sure: bool


def bom(content: bytes) -> tuple[str, int] | None:
    """The codec that a byte order mark names, and its length."""
    return next(((codec, len(mark)) for mark, codec in _BOMS if content.startswith(mark)), None)


def codec_of(label: str | None) -> str | None:
    """Python's codec for a label of the Encoding standard, or None for what is no label there (``utf-7``, ``base64``).

    >>> codec_of("latin1"), codec_of(" GB2312 "), codec_of("x-user-defined"), codec_of("unicode_escape")
    ('sloppy-windows-1252', 'gb18030', 'x-user-defined', None)
    """
    encoding = webencodings.lookup(label) if label else None
    if (
        encoding is None or encoding.name == "replacement"
    ):  # ISO-2022-KR and others that browsers refuse to read
        return None
    # Python leaves five bytes of windows-1252 undefined; for the standard they are C1 controls.
    sloppy = f"sloppy-{encoding.name}"
    if _is_known(sloppy):
        return sloppy
    # The standard reads GBK as GB18030, of which it is a part.
    return "gb18030" if encoding.name == "gbk" else str(encoding.codec_info.name)


def declared(content: bytes) -> str | None:
    """The codec that a page names in its first 4,096 bytes: ``<meta charset>``, ``<meta http-equiv>`` or the XML declaration.

    >>> declared(b'<!-- <meta charset=big5> --><meta http-equiv="Content-Type" content="text/html; charset=koi8-r">')
    'koi8-r'
    """
    if b"charset" not in content[:_SNIFFED].lower() and b"encoding" not in content[:200]:
        return None
    scan = _Prescan()
    scan.feed(content[:_SNIFFED].decode("latin-1"))
    return scan.codec


def without_mark(content: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: of ASCII markup every second byte is NUL, or three of four."""
    head = content[:_NULS]
    if not head or head.count(0) * 4 < len(head):
        return None
    rows = [head[start::4].count(0) * 4 / len(head) for start in range(4)]
    for codec, nul in (
        ("utf-32-le", (1, 2, 3)),
        ("utf-32-be", (0, 1, 2)),
        ("utf-16-le", (1, 3)),
        ("utf-16-be", (0, 2)),
    ):
        if all(rows[at] > 0.25 if at in nul else rows[at] < 0.05 for at in range(4)):
            return codec
    return None


def escapes(content: bytes) -> bool:
    """Whether bytes that are all ASCII hold Japanese or Chinese (ISO-2022-JP, HZ)."""
    return _ESCAPED.search(content) is not None


def detected(content: bytes) -> Guess:
    """What the bytes themselves look like. ASCII that escapes nothing is UTF-8."""
    text = _CODE.sub(b" ", content)
    high = len(_HIGH.findall(text))
    if not high and not escapes(text):
        return Guess("utf-8", "UTF-8", True)
    if _SAME_IN_WINDOWS.fullmatch(b"".join(_HIGH.findall(text))):
        return Guess("sloppy-windows-1252", "windows-1252", True)
    found = cchardet.detect(text)
    name = str(found["encoding"] or "")
    codec = codec_of(_ITS_NAMES.get(name.upper(), name))
    if codec is None or codec == "utf-8":
        return Guess("sloppy-windows-1252", name or "nothing known", False)
    # Its verdict changes where it is in doubt: with the markup, and without.
    agreed = cchardet.detect(content)["encoding"] == found["encoding"]
    enough = 0 if not high else _ENOUGH_ACCENTS if codec.removeprefix("sloppy-") in _LATIN else _ENOUGH
    sure = agreed and high >= enough and (found["confidence"] or 0) >= _SURE
    return Guess(codec, name, sure and _IMPLAUSIBLE.search(text.decode(codec, "replace")) is None)


class _Prescan(HTMLParser):
    """The standard's prescan for a meta element, on the standard library's tokenizer (comments and attributes are its)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.codec: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta" or self.codec is not None:
            return
        named: dict[str, str] = {}
        for name, value in attrs:
            named.setdefault(name, value or "")
        label = named.get("charset")
        if label is None and named.get("http-equiv", "").strip().lower() == "content-type":
            found = _CHARSET.search(named.get("content", ""))
            label = next(filter(None, found.groups()), None) if found else None
        self._take(label)

    def handle_pi(self, data: str) -> None:
        found = re.match(r"xml\s.*?\bencoding\s*=\s*[\"']([^\"']*)[\"']", data, re.DOTALL)
        if found is not None and self.codec is None:
            self._take(found[1])

    def _take(self, label: str | None) -> None:
        codec = codec_of(label)
        if codec is not None and codec.startswith("utf-16"):
            codec = "utf-8"  # a page whose meta can be read byte by byte is not in UTF-16
        # Fonts of one's own that a server may name; in a page it means windows-1252.
        self.codec = "sloppy-windows-1252" if codec == "x-user-defined" else codec


def _is_known(codec: str) -> bool:
    try:
        codecs.lookup(codec)
    except LookupError:
        return False
    return True
