"""JSON lines of any size, line by line with flat memory; packed as gzip or, where its library is there, as Zstandard."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO, cast

from flows.sources.archive_record import Position, Record
from flows.sources.records import UTF8_MARK, BrokenRecord, decoded, items_in

_PIECE = 1_000_000


def read_lines(file: BinaryIO, name: str, start: Position, story_bytes: int) -> Iterator[Record]:
    """The records of the lines from ``start`` on. A broken line is told and the rest goes on.

    A line that does not end is not taken for whole unless it can be read: the file may be growing. Raises ValueError where
    it cannot be unpacked at all.
    """
    number, at = start.records, start.at
    lines = unpacked(file, name)
    try:
        _pass_over(lines, at)
        while line := lines.readline(story_bytes + 1):
            here, number = at, number + 1
            place = f"{name}, line {number}"
            whole = line.endswith(b"\n")
            at += len(line)
            if not whole and len(line) > story_bytes:
                at += _rest_of_line(lines)
                said = f"{place}: larger than {story_bytes} bytes"
                yield Record(number, here, place, Position(number, at), problems=(said,))
            elif line.strip():
                yield _record(line, number, here, place, whole)
    except (OSError, EOFError, zlib.error, _zstd_error()) as error:
        place = f"{name}, after line {number}"
        said = (
            f"{place} (byte {at} unpacked): cannot be read any further ({error}). What follows is not taken"
        )
        yield Record(number, at, place, Position(number, at), problems=(said,))


def unpacked(file: BinaryIO, name: str) -> BinaryIO:
    """The file's bytes unpacked, by the ending of its name. Raises ValueError where the library is missing."""
    if name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if name.lower().endswith(".zst"):
        zstandard = _zstandard()
        if zstandard is None:
            raise ValueError(f'{name}: Zstandard is not installed: pip install "cleancopy[zstd]"')
        reader = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(
            file, read_across_frames=True
        )
        return cast(BinaryIO, io.BufferedReader(reader, _PIECE))
    return file


def _record(line: bytes, number: int, at: int, place: str, whole: bool) -> Record:
    then = Position(number, at + len(line))
    try:
        items = items_in(decoded(line.removeprefix(UTF8_MARK)), place)
    except BrokenRecord as error:
        if whole:
            return Record(number, at, place, then, problems=(f"{place} (byte {at}): {error}",))
        said = f"{place} (byte {at}): the last line is not whole ({error}); it is read again when the file has grown"
        return Record(number, at, place, Position(number - 1, at), problems=(said,))
    raws = tuple(item.raw for item in items if item.raw is not None)
    problems = tuple(f"{item.place} (byte {at}): {item.problem}" for item in items if item.raw is None)
    return Record(number, at, place, then, raws, problems)


def _rest_of_line(lines: BinaryIO) -> int:
    """Read to the end of a line that is too long to be kept; how many bytes that was."""
    passed = 0
    while piece := lines.readline(_PIECE):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed


def _pass_over(lines: BinaryIO, count: int) -> None:
    if isinstance(lines, io.BufferedReader | gzip.GzipFile) or lines.seekable():
        try:
            lines.seek(count)
            return
        except (OSError, io.UnsupportedOperation):
            pass
    while count > 0 and (piece := lines.read(min(count, _PIECE))):
        count -= len(piece)


def _zstandard() -> Any:
    try:
        return import_module("zstandard")
    except ImportError:
        return None


def _zstd_error() -> type[Exception]:
    zstandard = _zstandard()
    found: type[Exception] = zstandard.ZstdError if zstandard is not None else EOFError
    return found
