"""Web archives (WARC): the pages in their responses, read as a stream, record by record.

warcio reads the headers of a record and of the answer in it. The way from record to record is ours: warcio ends, or goes on
in silence, at the first record that is damaged, and an archive of a million pages must not be lost to one of them.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, BinaryIO, NamedTuple

from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParserException

from cleaners.model import Raw
from flows.sources.archive_record import Position, Record, day_of
from flows.sources.http import Fetched

HEAD_BYTES = 1_000_000
"""What a record may have beside its page: the headers, and the packing of the answer."""

_LINE_BYTES = 65_536
_GZIP = b"\x1f\x8b\x08"
_NO_ANSWERS = ("warcinfo", "request", "metadata", "revisit", "resource", "conversion", "continuation")
_HTML = ("text/html", "application/xhtml+xml")


class _Broken(Exception):
    """A record that cannot be read; the next one may be."""


class _CutOff(_Broken):
    """A record that the file ends in."""


class _Found(NamedTuple):
    raw: Raw | None = None
    problem: str | None = None
    skipped: str | None = None
    day: date | None = None


def read_warc(file: BinaryIO, name: str, start: Position, story_bytes: int) -> Iterator[Record]:
    """The records from ``start`` on, each with its page, its problem, or why it is passed over."""
    file.seek(0)
    if file.read(len(_GZIP)) == _GZIP:
        return _packed(file, name, start, story_bytes)
    return _plain(file, name, start, story_bytes)


def _plain(file: BinaryIO, name: str, start: Position, story_bytes: int) -> Iterator[Record]:
    number, at = start.records, start.at
    while True:
        stream = _Bounded(_Passing(file, at))
        try:
            while line := _first_line(stream):
                at = stream.tell() - len(line)
                found = _read(stream, line, story_bytes)
                yield _told(found, name, number + 1, at, Position(number + 1, stream.tell()))
                number += 1
            return
        except _Broken as error:
            following = _find(file, at + 1, b"\r\n\r\nWARC/1.", lambda where: True)
            yield _damaged(error, name, number + 1, at, None if following is None else following + 4)
            if following is None:
                return
            number, at = number + 1, following + 4


def _packed(file: BinaryIO, name: str, start: Position, story_bytes: int) -> Iterator[Record]:
    """Each record is usually a gzip member of its own; several in one member are read, too."""
    number, at, inside = start
    while True:
        member = _Member(file, at)
        stream = _Bounded(member)
        passed = 0
        try:
            while line := _first_line(stream):
                passed += 1
                found = _read(stream, line, story_bytes)
                if passed <= inside:
                    continue
                is_last = not stream.peek(1)
                then = Position(number + 1, member.end) if is_last else Position(number + 1, at, passed)
                yield _told(found, name, number + 1, at, then)
                number += 1
            if member.is_empty:
                return
            at, inside = member.end, 0
        except (_Broken, zlib.error) as error:
            following = _find(file, at + 1, _GZIP, lambda where: _begins_record(file, where))
            yield _damaged(error, name, number + 1, at, following)
            if following is None:
                return
            number, at, inside = number + 1, following, 0


def _told(found: _Found, name: str, number: int, at: int, then: Position) -> Record:
    place = f"{name}, record {number}"
    problems = () if found.problem is None else (f"{place} (byte {at}): {found.problem}",)
    raws = () if found.raw is None else (found.raw,)
    return Record(number, at, place, then, raws, problems, found.skipped, found.day)


def _damaged(error: Exception, name: str, number: int, at: int, following: int | None) -> Record:
    place = f"{name}, record {number}"
    if following is not None:
        said = f"{place} (byte {at}): is damaged ({error}); reading goes on at byte {following}"
        return Record(number, at, place, Position(number, following), problems=(said,))
    said = f"{place} (byte {at}): is damaged ({error}), and nothing that can be read follows it"
    # It may still be written: then it is whole at the next look.
    return Record(number, at, place, Position(number - 1, at), problems=(said,))


def _first_line(stream: _Bounded) -> bytes:
    """The first line that is not blank; empty at the end."""
    while line := stream.readline():
        if line.strip():
            return line
    return b""


def _read(stream: _Bounded, line: bytes, story_bytes: int) -> _Found:
    """One record, and the blank line behind it. Raises _Broken."""
    loader = ArcWarcRecordLoader(verify_http=False, arc2warc=False)
    try:
        record = loader.parse_record_stream(stream, line, "warc", no_record_parse=True)
    except (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError):
        raise _Broken("no WARC record begins here") from None
    if not str(record.rec_headers.get_header("Content-Length") or "").strip().isdecimal():
        raise _Broken("it does not say how long it is")
    found = _judged(loader, record, story_bytes)
    while record.raw_stream.read(_LINE_BYTES):
        pass
    if record.raw_stream.limit > 0:
        raise _CutOff("the file ends before the record does")
    # A length that is too small cuts a page short, and its rest is taken for the next record.
    if stream.readline().strip():
        raise _Broken("it is longer than its Content-Length says")
    if stream.peek(2)[:2] == b"\r\n":
        stream.read(2)
    return found


def _judged(loader: Any, record: Any, story_bytes: int) -> _Found:
    headers = record.rec_headers
    day = day_of(headers.get_header("WARC-Date"))
    if record.rec_type in _NO_ANSWERS:
        return _Found(skipped=record.rec_type, day=day)
    if record.rec_type != "response":
        return _Found(problem=f"no kind of record is called {str(record.rec_type)[:40]!r}", day=day)
    url = headers.get_header("WARC-Target-URI")
    if not url or not url.startswith(("http:", "https:")):
        return _Found(skipped="not from the web", day=day)
    if (reason := headers.get_header("WARC-Truncated")) is not None:
        return _Found(problem=f"{url}: the crawler cut it short ({reason})", day=day)
    if record.length > story_bytes + HEAD_BYTES:
        return _Found(problem=f"{url}: larger than {story_bytes} bytes", day=day)
    try:
        http = loader.load_http_headers(record.rec_type, url, record.raw_stream, record.length)
        status = http.get_statuscode() if http is not None else ""
    except (EOFError, StatusAndHeadersParserException, ValueError):
        status = ""
    if not status:
        return _Found(problem=f"{url}: holds no answer of a server", day=day)
    if status != "200":
        return _Found(skipped=f"answered {status[:3]}", day=day)
    kind = http.get_header("Content-Type") or ""
    if kind and kind.partition(";")[0].strip().lower() not in _HTML:
        return _Found(skipped="not HTML", day=day)
    try:
        page = _payload(http, record.raw_stream, story_bytes)
    except _Broken as error:
        return _Found(problem=f"{url}: {error}", day=day)
    if not kind and not page.lstrip().startswith(b"<"):
        return _Found(skipped="not HTML", day=day)
    if not page.strip():
        return _Found(skipped="empty", day=day)
    encoding = Fetched(url, page, kind).encoding
    return _Found(Raw(id=url, form="page", content=page, url=url, encoding=encoding), day=day)


def _payload(http: Any, stream: Any, story_bytes: int) -> bytes:
    """The page, unpacked, at most ``story_bytes``."""
    if (http.get_header("Transfer-Encoding") or "").strip().lower() == "chunked":
        stream = ChunkedDataReader(stream)
    content: bytes = stream.read(story_bytes + HEAD_BYTES)
    packing = (http.get_header("Content-Encoding") or "identity").strip().lower()
    if packing in ("gzip", "x-gzip", "deflate"):
        content = _unpacked(content, story_bytes)
    elif packing not in ("identity", ""):
        raise _Broken(f"packed as {packing!r}, which cannot be unpacked here")
    if len(content) > story_bytes:
        raise _Broken(f"larger than {story_bytes} bytes")
    return content


def _unpacked(content: bytes, story_bytes: int) -> bytes:
    # Many crawlers unpack the page and keep the header that says it is packed.
    for width in (47, -15):
        unpacker = zlib.decompressobj(width)
        try:
            page = unpacker.decompress(content, story_bytes + 1)
        except zlib.error as error:
            if content[:2] == _GZIP[:2]:
                raise _Broken(f"the packed page is damaged ({error})") from None
            continue
        if not unpacker.eof and len(page) <= story_bytes:
            raise _Broken("the packed page ends too early")
        return page
    return content


class _Bounded(io.BufferedReader):
    """A stream whose lines end somewhere: a header of a gigabyte without a line end is none."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw, _LINE_BYTES)

    def readline(self, size: int | None = -1, /) -> bytes:
        most = _LINE_BYTES if size is None or size < 0 else min(size, _LINE_BYTES)
        return super().readline(most)


class _Passing(io.RawIOBase):
    """A file from a byte on."""

    def __init__(self, file: BinaryIO, at: int) -> None:
        self._file = file
        file.seek(at)

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        piece = self._file.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


class _Member(io.RawIOBase):
    """One gzip member of a file, unpacked; it ends where the member does. Raises zlib.error and _CutOff while reading."""

    def __init__(self, file: BinaryIO, at: int) -> None:
        self._file = file
        self._at = at
        self._fed = 0
        self._unpacker = zlib.decompressobj(31)
        file.seek(at)

    @property
    def end(self) -> int:
        """The byte of the file behind the member."""
        return self._at + self._fed - len(self._unpacker.unused_data)

    @property
    def is_empty(self) -> bool:
        """The file ended before the member began."""
        return self._fed == 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        while not self._unpacker.eof:
            piece = self._unpacker.unconsumed_tail
            if not piece:
                piece = self._file.read(_LINE_BYTES)
                self._fed += len(piece)
            if not piece:
                if self.is_empty:
                    return 0
                raise _CutOff("the file ends before the record does")
            out = self._unpacker.decompress(piece, len(view))
            if out:
                view[: len(out)] = out
                return len(out)
        return 0


def _find(file: BinaryIO, at: int, pattern: bytes, is_one: Callable[[int], bool]) -> int | None:
    """The first place from ``at`` on where ``pattern`` stands and is what it seems."""
    kept = b""
    while True:
        file.seek(at + len(kept))
        block = file.read(1_000_000)
        if not block:
            return None
        window = kept + block
        found = window.find(pattern)
        while found >= 0:
            if is_one(at + found):
                return at + found
            found = window.find(pattern, found + 1)
        kept = window[-(len(pattern) - 1) :]
        at += len(window) - len(kept)


def _begins_record(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    try:
        return zlib.decompressobj(31).decompress(file.read(_LINE_BYTES), 5) == b"WARC/"
    except zlib.error:
        return False
