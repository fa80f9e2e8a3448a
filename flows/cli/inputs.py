"""What `cleancopy clean` reads: files, standard input, JSON lines. A broken file or record is told, and the rest goes on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from cleaners.model import Form, Raw
from cleaners.read.wire import Item, guess_wire, is_ninjs, read_ninjs
from flows.cli.options import From
from flows.sources.records import UTF8_MARK, BrokenRecord, decoded, items_in, raw_from_record, without_doubles
from flows.sources.wire import WIRE_ENDINGS, is_mail_file, mail_story, wire_items

STDIN = "-"
_JSON_LINES = (".jsonl", ".ndjson")


class Arrival(NamedTuple):
    """One story, or the problem that stands in its place. ``place`` is the file, with its line for JSON lines; ``size`` bytes."""

    place: str
    raw: Raw | None
    problem: str | None
    size: int


class Input(NamedTuple):
    """One file that was opened: its stories, and whether it holds records (many stories) or is itself one story."""

    records: bool
    arrivals: Iterator[Arrival]


@dataclass(frozen=True)
class Defaults:
    """What is known of stories that do not say it themselves."""

    url: str | None = None
    publisher: str | None = None
    language: str | None = None

    def fill(self, raw: Raw) -> Raw:
        return replace(
            raw,
            url=raw.url or self.url,
            publisher=raw.publisher or self.publisher,
            language=raw.language or self.language,
        )


def open_input(name: str, form: From, defaults: Defaults) -> Input:
    """The stories of one file, or of standard input for ``-``. Nothing is opened before its first story is asked for.

    Only standard input is looked at here, where its form is to be found out: its first line tells records from a story, and
    all of it a wire item that spans several lines.
    """
    place = "stdin" if name == STDIN else name
    suffix = Path(name).suffix.lower()
    ahead = [sys.stdin.buffer.readline()] if form is From.auto and name == STDIN else []
    if form is From.jsonl or (
        form is From.auto and (suffix in _JSON_LINES or (ahead and _is_record(ahead[0])))
    ):
        return Input(True, _told(_records(_lines(name, ahead), place, defaults), place))
    if form is From.auto and ahead and ahead[0].removeprefix(UTF8_MARK).lstrip()[:1] in (b"<", b"{", b"["):
        ahead = [ahead[0] + sys.stdin.buffer.read()]
    if form is From.wire or (
        form is From.auto and (suffix in WIRE_ENDINGS or (ahead and guess_wire(ahead[0]) is not None))
    ):
        return Input(True, _told(_wire(_lines(name, ahead), place, defaults), place))
    if form is From.auto and suffix == ".json":
        return Input(True, _told(_whole_json(_lines(name, ahead), place, defaults), place))
    return Input(False, _told(_story(_lines(name, ahead), place, form, defaults), place))


class Found(NamedTuple):
    """One JSON value and its place, or the problem that stands there instead."""

    place: str
    value: object
    problem: str | None
    size: int


def read_json(name: str) -> Iterator[Found]:
    """The records of a file, or of standard input for ``-``: JSON lines, one JSON record, or a list of records."""
    place = "stdin" if name == STDIN else name
    try:
        lines = _lines(name, [])
        first = next(lines, b"")
        if Path(name).suffix.lower() in _JSON_LINES or _is_record(first.removeprefix(UTF8_MARK)):
            for number, line in enumerate(chain([first], lines), start=1):
                if line.strip():
                    yield from _values(line, f"{place}:{number}")
        else:
            yield from _values(first + b"".join(lines), place)
    except OSError as error:
        yield Found(place, None, _why(error), 0)


def _values(content: bytes, place: str) -> Iterator[Found]:
    size = len(content)
    try:
        value = json.loads(decoded(content.removeprefix(UTF8_MARK)))
    except json.JSONDecodeError as error:
        line = f":{error.lineno}" if error.lineno > 1 else ""
        yield Found(f"{place}{line}", None, f"not JSON: {error.msg} in column {error.colno}", size)
    except (BrokenRecord, RecursionError) as error:
        yield Found(place, None, str(error) or "nested too deeply", size)
    else:
        if not isinstance(value, list):
            yield Found(place, value, None, size)
            return
        for number, one in enumerate(value, start=1):
            yield Found(f"{place}, record {number}", one, None, size // len(value))


def total_size(names: Iterable[str]) -> int:
    """Bytes to be read; 0 when that is unknown, because some of it comes from standard input."""
    sizes = []
    for name in names:
        if name == STDIN:
            return 0
        try:
            sizes.append(Path(name).stat().st_size)
        except OSError:
            continue
    return sum(sizes)


def _lines(name: str, ahead: list[bytes]) -> Iterator[bytes]:
    """The lines of a file; of standard input ``ahead`` were read already."""
    if name == STDIN:
        yield from ahead
        yield from sys.stdin.buffer
    else:
        with Path(name).open("rb") as file:
            yield from file


def _told(arrivals: Iterator[Arrival], place: str) -> Iterator[Arrival]:
    """The arrivals; a file that cannot be read (any further) is told in place of what it would have held."""
    try:
        yield from arrivals
    except OSError as error:
        yield Arrival(place, None, _why(error), 0)


def _records(lines: Iterable[bytes], place: str, defaults: Defaults) -> Iterator[Arrival]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{place}:{number}"
        try:
            items = items_in(decoded(line.removeprefix(UTF8_MARK)), where)
        except BrokenRecord as error:
            yield Arrival(where, None, str(error), len(line))
        else:
            yield from _arrivals(items, defaults, len(line))


def _wire(lines: Iterable[bytes], place: str, defaults: Defaults) -> Iterator[Arrival]:
    """A message of one or several wire items."""
    content = b"".join(lines)
    try:
        items = wire_items(content, place)
    except BrokenRecord as error:
        yield Arrival(place, None, str(error), len(content))
    else:
        yield from _arrivals(items, defaults, len(content))


def _arrivals(items: Sequence[Item], defaults: Defaults, size: int) -> Iterator[Arrival]:
    for item in items:
        raw = defaults.fill(item.raw) if item.raw is not None else None
        yield Arrival(item.place, raw, item.problem, size // len(items))


def _whole_json(lines: Iterable[bytes], place: str, defaults: Defaults) -> Iterator[Arrival]:
    """A .json file: one record, or a list of records."""
    content = b"".join(lines)
    try:
        found = json.loads(decoded(content.removeprefix(UTF8_MARK)), object_pairs_hook=without_doubles)
    except json.JSONDecodeError as error:
        yield Arrival(
            f"{place}:{error.lineno}", None, f"not JSON: {error.msg} in column {error.colno}", len(content)
        )
        return
    except (BrokenRecord, RecursionError) as error:
        yield Arrival(place, None, str(error) or "nested too deeply", len(content))
        return
    if is_ninjs(found):
        yield from _arrivals(read_ninjs(found, place), defaults, len(content))
        return
    several = isinstance(found, list)
    records = found if isinstance(found, list) else [found]
    for number, record in enumerate(records, start=1):
        where = f"{place}, record {number}" if several else place
        try:
            yield Arrival(where, defaults.fill(raw_from_record(record)), None, len(content) // len(records))
        except BrokenRecord as error:
            yield Arrival(where, None, str(error), len(content) // len(records))


def _story(lines: Iterable[bytes], place: str, form: From, defaults: Defaults) -> Iterator[Arrival]:
    content = b"".join(lines)
    if not content.strip():
        yield Arrival(place, None, "is empty", len(content))
        return
    if form is From.mail or (form is From.auto and is_mail_file(place, content)):
        try:
            yield Arrival(place, defaults.fill(mail_story(content, place)), None, len(content))
        except BrokenRecord as error:
            yield Arrival(place, None, str(error), len(content))
        return
    found = _guessed(content) if form is From.auto else _FORMS[form]
    try:
        # A page names its own encoding, so its reader is given the bytes.
        # A byte order mark stays: undo gives the file back byte for byte, and the readers look through it.
        whole = content if found == "page" else decoded(content)
    except BrokenRecord as error:
        yield Arrival(place, None, str(error), len(content))
        return
    yield Arrival(place, defaults.fill(Raw(id=place, form=found, content=whole)), None, len(content))


_FORMS: dict[From, Form] = {From.page: "page", From.body: "body", From.text: "text"}


def _guessed(content: bytes) -> Form:
    from cleaners.read import guess_form

    return guess_form(content.decode("utf-8", errors="replace"))


def _is_record(line: bytes) -> bool:
    """Whether a first line is a JSON record. A story that opens with a brace is none."""
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "is a folder; name its files, e.g. with folder/*.html"
    return f"cannot be read: {error.strerror}"
