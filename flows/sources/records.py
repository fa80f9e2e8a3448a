"""A JSON record as a raw story: what the command line, a drop folder and a webhook have in common.

    {"id": "harbour-1", "url": …, "publisher": …, "lang": …} with one of
    "lines": […] | "body": "<p>…" | "html": "<!doctype html>…" (a whole page) | "text": "…"

``headline`` and ``published`` are taken where the sender knows them; ``language`` is another word for ``lang``. What
is for editors is a signal: ``ednote``, ``embargoed`` (until when) and ``pubstatus`` (canceled, withheld), as in ninjs. Every
other key is ignored. Where several kinds of content are given, the first in the order above is read: lines, because
decisions are told by line. A record that cleancopy wrote itself can be read again: its ``html`` is the body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cleaners.model import Form, Raw
from cleaners.read.decode import no_story
from cleaners.read.signals import says_stop
from cleaners.read.wire import Item, embargo_line, instructions, is_ninjs, read_ninjs, status_line

FORM_OF_KEY: Mapping[str, Form] = {"lines": "lines", "body": "body", "html": "page", "text": "text"}
"""Which key holds which form of content, in the order of preference."""

UTF8_MARK = b"\xef\xbb\xbf"
"""The byte order mark that some editors put in front of a file."""

_READ = {"id", "url", "publisher", "lang", "language", "headline", "published", *FORM_OF_KEY}
_READ |= {"ednote", "pubstatus", "embargoed", "uri", "guid"}


class BrokenRecord(ValueError):
    """A record that is no story. The message says what is wrong and what to give instead."""


def parse_record(line: str) -> Raw:
    """The raw story in one line of JSON.

    >>> parse_record('{"id": "a", "text": "One line."}').form
    'text'

    Raises BrokenRecord.
    """
    return raw_from_record(_parsed(line))


def filled(raw: Raw, publisher: str | None, language: str | None = None) -> Raw:
    """The story with what its source says of all its stories; what it says itself goes before that."""
    return replace(raw, publisher=raw.publisher or publisher, language=raw.language or language)


def items_in(line: str, place: str) -> tuple[Item, ...]:
    """The stories in one line of JSON: one of cleancopy's records, or ninjs, where one may hold several.

    Raises BrokenRecord.
    """
    record = _parsed(line)
    return read_ninjs(record, place) if is_ninjs(record) else (Item(place, raw_from_record(record)),)


def _parsed(line: str) -> Any:
    try:
        return json.loads(line, object_pairs_hook=without_doubles)
    except json.JSONDecodeError as error:
        raise BrokenRecord(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise BrokenRecord("not a story: nested too deeply") from None


def decoded(content: bytes) -> str:
    """Bytes in UTF-8 as text, with their line ends as they are. Raises BrokenRecord."""
    if (problem := no_story(content)) is not None:
        raise BrokenRecord(problem)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f" in line {line}" if b"\n" in content.rstrip() else ""
        raise BrokenRecord(
            f"is not UTF-8: byte 0x{content[error.start]:02x}{where}. Convert it first, e.g. iconv -f WINDOWS-1252 -t UTF-8"
        ) from None


def raw_from_record(record: object) -> Raw:
    """The raw story that a decoded JSON object holds. Raises BrokenRecord."""
    if not isinstance(record, dict):
        raise BrokenRecord(
            f'not a record: a JSON object such as {{"id": …, "text": …}} is needed, not {_kind(record)}'
        )
    key, form = _content_key(record)
    return Raw(
        id=_identity(record),
        form=form,
        content=_lines(record[key]) if form == "lines" else _optional(record, key) or "",
        url=_optional(record, "url"),
        publisher=_optional(record, "publisher"),
        language=_optional(record, "lang") or _optional(record, "language"),
        headline=_optional(record, "headline"),
        published=_optional(record, "published"),
        ednote=_ednote(record),
    )


def _content_key(record: dict[str, Any]) -> tuple[str, Form]:
    if record.get("html") is not None and "ruleset" in record and "removed" in record:
        return "html", "body"  # our own output, e.g. `cleancopy clean … | cleancopy clean`
    for key, form in FORM_OF_KEY.items():
        if record.get(key) is not None:
            return key, form
    if says_stop(Raw("", "text", "", ednote=_ednote(record))):
        return "text", "text"  # a kill rarely repeats the story
    raise BrokenRecord('no content: give one of "html" (a page), "body", "text" or "lines"')


def _identity(record: dict[str, Any]) -> str:
    found = record.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if not isinstance(found, str) or not found.strip():
        raise BrokenRecord('no "id": every record needs one, a string that is not empty')
    return _checked(found, "id")


def _optional(record: dict[str, Any], key: str) -> str | None:
    return None if record.get(key) is None else _string(record, key) or None


def _ednote(record: dict[str, Any]) -> str | None:
    """The sender's instructions, one a line. A status that is not known holds, as an instruction that is not known does."""
    status, embargoed = record.get("pubstatus"), record.get("embargoed")
    return instructions(
        (
            status_line(status) if status not in (None, "") else None,
            embargo_line(embargoed) if embargoed not in (None, "", False) else None,
            _optional(record, "ednote"),
        )
    )


def _string(record: dict[str, Any], key: str) -> str:
    value = record[key]
    if not isinstance(value, str):
        raise BrokenRecord(f'"{key}" must be a string, not {_kind(value)}')
    return _checked(value, key)


def _lines(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BrokenRecord(f'"lines" must be a list of strings, not {_kind(value)}')
    for number, line in enumerate(value):
        if not isinstance(line, str):
            raise BrokenRecord(f'"lines" must be a list of strings, but number {number} is {_kind(line)}')
        _checked(line, f"lines, number {number}")
    return tuple(value)


def _checked(text: str, where: str) -> str:
    """The text, unless it holds half a character, which no file and no database can keep (JSON lets ``\\ud83d`` pass)."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = ascii(text[error.start])[1:-1]
        raise BrokenRecord(f'"{where}" holds half a character ({half}) at position {error.start}') from None
    return text


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A decoded JSON object. Raises BrokenRecord where a key that is read stands twice in it."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next((key for key in keys if key in _READ and keys.count(key) > 1), None)
        if twice is not None:
            raise BrokenRecord(f'"{twice}" stands twice in one object: which one counts?')
    return found


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
