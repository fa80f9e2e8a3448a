"""Strict YAML: every scalar is a string, every value knows its place, and nothing is clever.

Aliases, anchors, tags, duplicate keys, deep nesting and large files are refused. ``no``, ``10:45`` and ``1.10`` stay
what they are; a key without a value is ``None``. The tree is built from the parser's events and not by PyYAML's
composer: the composer recurses (in C it crashes the process on deep nesting) and resolves aliases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from cleaners.rules.errors import ConfigError, Place, error_at

MAX_BYTES = 1_000_000
MAX_DEPTH = 20

Data = str | None | list["Data"] | dict[str, "Data"]
Steps = tuple[str | int, ...]

# libyaml's event parser keeps its own stack on the heap, so it is safe as well as fast.
FAST_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file as plain ``dict``/``list``/``str``/``None`` in ``data``, and the place of every key and value.

    A value's address is the tuple of keys and indexes that leads to it: ``("rules", "share", "line", 0)``.
    """

    path: str
    data: Data
    values: dict[Steps, Place] = field(default_factory=dict)
    keys: dict[Steps, Place] = field(default_factory=dict)

    def place(self, steps: Steps = (), *, key: bool = False) -> Place:
        """Where the value (or its key) stands; for an address the file does not have, its nearest ancestor."""
        while steps and steps not in self.values:
            steps = steps[:-1]
        if key and steps in self.keys:
            return self.keys[steps]
        return self.values.get(steps, Place(self.path, 1, 1))

    def error(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> ConfigError:
        return error_at(self.place(steps, key=key), message, hint)


def load_yaml(path: Path) -> YamlFile:
    """Read a YAML file. ``ConfigError`` says what is refused and where; a missing file is one, too."""
    try:
        size = path.stat().st_size
        content = b"" if size > MAX_BYTES else path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), 1, 1, f"the file cannot be read ({error.strerror})") from error
    if size > MAX_BYTES:
        raise ConfigError(
            str(path),
            1,
            1,
            f"the file has {size:,} bytes; {MAX_BYTES:,} are allowed",
            "Split it into several files",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        raise ConfigError(
            str(path),
            before.count(b"\n") + 1,
            error.start - (before.rfind(b"\n") + 1) + 1,
            "this is not UTF-8",
            "Save the file as UTF-8",
        ) from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, path: str, loader: type = FAST_LOADER) -> YamlFile:
    """Parse YAML text; ``path`` is only what errors call it. Letters and their marks are written as one, as in what is read."""
    text = normalize("NFC", text)
    file = YamlFile(path, None)
    try:
        data = _document(yaml.parse(text, Loader=loader), file)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        raise ConfigError(
            path,
            before.count("\n") + 1,
            len(before) - before.rfind("\n"),
            f"the character {error.character!r} is not allowed in YAML",
            "Delete it, or write it as an escape in double quotes",
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = ", ".join(part for part in (error.problem, error.context) if part)
        raise ConfigError(path, line, column, f"this is not YAML: {said}", _yaml_hint(said)) from error
    return YamlFile(path, data, file.values, file.keys)


def _yaml_hint(said: str) -> str:
    if "mapping values are not allowed" in said:
        return 'Put quotes around a text that holds ": "'
    if "found character" in said and "cannot start any token" in said:
        return "Put quotes around a text that begins with @, ` or %; indent with spaces, not tabs"
    if "alias" in said or "anchor" in said:
        return "Put quotes around a text that begins with * or &"
    return "Check the indentation, and put quotes around texts with special characters"


def _document(events: Iterator[Event], file: YamlFile) -> Data:
    data: Data = None
    documents = 0
    for event in events:
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise error_at(
                    _place(file, event),
                    "a second document begins here",
                    "Keep one document a file: delete ---",
                )
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
            data = _node(event, events, (), file)
    return data


def _node(event: Event, events: Iterator[Event], steps: Steps, file: YamlFile) -> Data:
    place = _place(file, event)
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        raise error_at(
            place,
            "aliases and anchors (*name, &name) are not allowed",
            "Write the value out, or put it in quotes",
        )
    if getattr(event, "tag", None) not in (None, "!"):
        raise error_at(place, f"tags are not allowed ({event.tag})", "Write the plain value")  # type: ignore[attr-defined]
    if len(steps) > MAX_DEPTH:
        raise error_at(place, f"this is nested more than {MAX_DEPTH} deep", "Write it flatter")
    file.values[steps] = place
    if isinstance(event, ScalarEvent):
        value: str = event.value
        return None if value == "" and event.style in (None, "") else value
    if isinstance(event, SequenceStartEvent):
        items: list[Data] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(_node(event, events, (*steps, len(items)), file))
        return items
    return _mapping(events, steps, file)


def _mapping(events: Iterator[Event], steps: Steps, file: YamlFile) -> dict[str, Data]:
    mapping: dict[str, Data] = {}
    while not isinstance(event := next(events), MappingEndEvent):
        place = _place(file, event)
        if not isinstance(event, ScalarEvent):
            if isinstance(event, AliasEvent):
                _node(event, events, steps, file)
            raise error_at(
                place, "a key must be a plain word", "Put quotes around a text that begins with {, [, * or &"
            )
        key: str = event.value
        if key in mapping:
            first = file.keys[(*steps, key)]
            raise error_at(
                place,
                f"the key {key!r} is here twice (first on line {first.line})",
                "Join the two, or rename one",
            )
        file.keys[(*steps, key)] = place
        mapping[key] = _node(next(events), events, (*steps, key), file)
    return mapping


def _place(file: YamlFile, event: Event) -> Place:
    mark = event.start_mark
    return Place(file.path, mark.line + 1, mark.column + 1) if mark else Place(file.path, 1, 1)
