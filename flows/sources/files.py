"""What a file of stories holds, told by its name and its bytes: pages, texts, JSON records, wire messages, e-mails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from unicodedata import category

from cleaners.model import Form, Raw
from cleaners.read import guess_form
from cleaners.read.mail import MAIL_BYTES
from cleaners.read.wire import MESSAGE_BYTES, Item
from flows.sources.records import UTF8_MARK, BrokenRecord, decoded, items_in
from flows.sources.wire import MAIL_ENDINGS, WIRE_ENDINGS, mail_story, wire_items

FORMS: dict[str, Form | None] = {
    ".html": "page",
    ".htm": "page",
    ".txt": "text",
    ".json": None,
    ".jsonl": None,
    **dict.fromkeys((*WIRE_ENDINGS, *MAIL_ENDINGS)),
}
"""Which ending holds what; ``None``: records in JSON, wire items, an e-mail."""

UNFINISHED = (".part", ".tmp", ".crdownload")

LINES_BYTES = 200_000_000
"""A larger file of JSON lines is an archive: it is read piece by piece, not at once."""


@dataclass(frozen=True, slots=True)
class FileOfStories:
    """What one file holds. ``problems`` are its records that are no stories; ``raws`` are the others."""

    raws: tuple[Raw, ...]
    problems: tuple[str, ...] = ()


def can_be_taken(name: str) -> bool:
    """Whether a file of this name holds stories: a known ending, not hidden, not still on its way."""
    return _ending(name) in FORMS and not name.startswith(".") and not name.lower().endswith(UNFINISHED)


def shown_name(name: str) -> str:
    """The name with what cannot be printed or stored made visible: two names stay two names.

    >>> shown_name("caf\\udce9\\n.txt")
    'caf\\\\udce9\\\\n.txt'
    """
    return "".join(
        one.encode("unicode_escape").decode() if category(one) in ("Cc", "Cs") else one for one in name
    )


def too_large(name: str, size: int, story_bytes: int) -> str | None:
    """What to say of a file that is larger than its kind may be, before it is read; None: it may be read."""
    ending = _ending(name)
    if ending == ".jsonl":
        more = "; go through it as an archive (kind: archive, or backfill)"
        return None if size <= LINES_BYTES else f"{shown_name(name)}: larger than {LINES_BYTES} bytes{more}"
    # A message may be larger than a story may be: each of its items has the limit. A mail may be large by its
    # attachments, which are not read: the text's size is the reader's concern.
    most = MESSAGE_BYTES if ending in WIRE_ENDINGS else MAIL_BYTES if ending in MAIL_ENDINGS else story_bytes
    return None if size <= most else f"{shown_name(name)}: larger than {most} bytes"


def stories_in(
    name: str, content: bytes, story_bytes: int = 3_000_000, story_id: str | None = None
) -> FileOfStories:
    """The stories in a file. A web page and a text are one story, called ``story_id`` or else as the file; JSON and wire
    messages hold one or many, with their own ids.

    The file's name is the id with its ending: harbour.html and harbour.txt are two stories. Problems are told, not
    raised: one broken record does not take the others with it.
    """
    name, ending = shown_name(name), _ending(name)
    if ending not in FORMS:
        return FileOfStories((), (f"{name}: not one of {', '.join(FORMS)}",))
    if (problem := too_large(name, len(content), story_bytes)) is not None:
        return FileOfStories((), (problem,))
    if ending in (".json", ".jsonl"):
        return _records(name, content, story_bytes)
    try:
        if ending in WIRE_ENDINGS:
            return _sorted(wire_items(content, name), story_bytes)
        if ending in MAIL_ENDINGS:
            return FileOfStories((mail_story(content, story_id or name),))
        return FileOfStories((_story(content, FORMS[ending], story_id or name),))
    except BrokenRecord as error:
        return FileOfStories((), (f"{name}: {error}",))


def _story(content: bytes, form: Form | None, story_id: str) -> Raw:
    if not content.removeprefix(UTF8_MARK).strip():
        raise BrokenRecord("the file is empty")
    if form == "page" and not _is_fragment(content):
        # A page stays undecoded: it says itself in which encoding it is written.
        return Raw(id=story_id, form="page", content=content)
    # HTML without a page around it is a CMS's story body: nothing of it is left out.
    return Raw(
        id=story_id,
        form="body" if form == "page" else "text",
        content=decoded(content.removeprefix(UTF8_MARK)),
    )


def _is_fragment(content: bytes) -> bool:
    """HTML in UTF-8 without <html>, <head> or <body>. What is written otherwise is left to the page's reader."""
    try:
        return guess_form(content.decode("utf-8")) != "page"
    except UnicodeDecodeError:
        return False


def _records(name: str, content: bytes, story_bytes: int) -> FileOfStories:
    raws: list[Raw] = []
    problems: list[str] = []
    for where, record in _pieces(name, content):
        try:
            if len(record) > story_bytes:
                raise BrokenRecord(f"larger than {story_bytes} bytes")
            found = _sorted(items_in(decoded(record.removeprefix(UTF8_MARK)), where), story_bytes)
        except BrokenRecord as error:
            problems.append(f"{where}: {error}")
        else:
            raws += found.raws
            problems += found.problems
    if not raws and not problems:
        problems.append(f"{name}: the file is empty")
    return FileOfStories(tuple(raws), tuple(problems))


def _pieces(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Each record's bytes with its place: a ``.json`` is one record, a ``.jsonl`` one a line."""
    if _ending(name) == ".json":
        yield name, content
        return
    for number, line in enumerate(BytesIO(content), 1):
        if line.strip():
            yield f"{name}, line {number}", line


def _sorted(items: Iterable[Item], story_bytes: int) -> FileOfStories:
    raws: list[Raw] = []
    problems: list[str] = []
    for item in items:
        if item.raw is None:
            problems.append(f"{item.place}: {item.problem}")
        elif len(item.raw.content) > story_bytes:
            problems.append(f"{item.place}: larger than {story_bytes} bytes")
        else:
            raws.append(item.raw)
    return FileOfStories(tuple(raws), tuple(problems))


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
