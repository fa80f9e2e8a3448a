"""A drop folder: files that people or systems put down, taken in, then moved to ``done`` or ``failed``.

A file is moved after its stories are in the ledger, never before and never deleted. With ``keep: yes`` it stays; the
ledger knows unchanged content again, so that it is taken in once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

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
SETTLED_SECONDS = 1.0
"""A file that was changed within this time is still being written: it waits for the next look."""


class BrokenFile(ValueError):
    """A file, or a record in it, that holds no story. The message says what is wrong, with the line."""


@dataclass(frozen=True, slots=True)
class FileOfStories:
    """What one file holds. ``problems`` are its records that are no stories; ``raws`` are the others."""

    path: Path
    raws: tuple[Raw, ...]
    problems: tuple[str, ...] = ()


def waiting_files(folder: Path, now: float | None = None) -> list[Path]:
    """The files in ``folder`` itself that can be taken, by name: known endings, not hidden, not still being written.

    ``now`` is the time in seconds, as ``time.time()``. Raises FileNotFoundError, saying what to do.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder. Create it, or mend path in sources.yaml")
    now = time.time() if now is None else now
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in FORMS
        and not path.name.startswith(".")
        and not path.name.lower().endswith(UNFINISHED)
        and path.is_file()
        and now - path.stat().st_mtime >= SETTLED_SECONDS
    ]


def read_file(path: Path, most_bytes: int = 3_000_000, story_id: str | None = None) -> FileOfStories:
    """The stories in a file. A web page and a text are one story, called ``story_id`` or else as the file; JSON and wire
    messages hold one or many, with their own ids.

    The file's name is the id with its ending: harbour.html and harbour.txt are two stories. Problems are told, not
    raised: one broken record does not take the others with it. Raises OSError.
    """
    if path.suffix.lower() not in FORMS:
        return FileOfStories(path, (), (f"{path.name}: not one of {', '.join(FORMS)}",))
    ending = path.suffix.lower()
    form = FORMS[ending]
    if ending in WIRE_ENDINGS:
        return _wire(path, most_bytes)
    if ending in MAIL_ENDINGS:
        return _mail(path, story_id or path.name)
    if form is None:
        return _records(path, most_bytes)
    if path.stat().st_size > most_bytes:
        return FileOfStories(path, (), (f"{path.name}: larger than {most_bytes} bytes",))
    content = path.read_bytes()
    if not content.removeprefix(UTF8_MARK).strip():
        return FileOfStories(path, (), (f"{path.name}: the file is empty",))
    if form == "page" and _is_fragment(content):
        form = "body"  # a CMS story without a page around it: nothing of it is left out
    try:
        # A page stays undecoded: it says itself in which encoding it is written.
        whole = content if form == "page" else decoded(content.removeprefix(UTF8_MARK))
    except BrokenRecord as error:
        return FileOfStories(path, (), (f"{path.name}: {error}",))
    return FileOfStories(path, (Raw(id=story_id or path.name, form=form, content=whole),))


def _is_fragment(content: bytes) -> bool:
    """HTML in UTF-8 without <html>, <head> or <body>. What is written otherwise is left to the page's reader."""
    try:
        return guess_form(content.decode("utf-8")) != "page"
    except UnicodeDecodeError:
        return False


def set_aside(path: Path, problems: Iterable[str] = ()) -> Path:
    """Move a file that is taken to ``done``, or with ``problems`` to ``failed`` with an ``.error.txt`` beside it.

    A file of the same name that lies there already is not overwritten: the new one gets a number. Where it went.
    """
    problems = list(problems)
    folder = path.parent / ("failed" if problems else "done")
    folder.mkdir(exist_ok=True)
    target = _free(folder, path.name)
    path.rename(target)
    if problems:
        target.with_name(target.name + ".error.txt").write_text("\n".join(problems) + "\n", "utf-8")
    return target


def _records(path: Path, most_bytes: int) -> FileOfStories:
    raws: list[Raw] = []
    problems: list[str] = []
    for where, content in _contents(path):
        try:
            if len(content) > most_bytes:
                raise BrokenRecord(f"larger than {most_bytes} bytes")
            _sort(items_in(decoded(content.removeprefix(UTF8_MARK)), where), most_bytes, raws, problems)
        except BrokenRecord as error:
            problems.append(f"{where}: {error}")
    if not raws and not problems:
        problems.append(f"{path.name}: the file is empty")
    return FileOfStories(path, tuple(raws), tuple(problems))


def _wire(path: Path, most_bytes: int) -> FileOfStories:
    """A message may be larger than a story may be: each of its items has the limit."""
    if path.stat().st_size > MESSAGE_BYTES:
        return FileOfStories(path, (), (f"{path.name}: larger than {MESSAGE_BYTES} bytes",))
    raws: list[Raw] = []
    problems: list[str] = []
    try:
        _sort(wire_items(path.read_bytes(), path.name), most_bytes, raws, problems)
    except BrokenRecord as error:
        problems.append(f"{path.name}: {error}")
    return FileOfStories(path, tuple(raws), tuple(problems))


def _mail(path: Path, story_id: str) -> FileOfStories:
    """A mail may be large by its attachments, which are not read: the text's size is the reader's concern."""
    if path.stat().st_size > MAIL_BYTES:
        return FileOfStories(path, (), (f"{path.name}: larger than {MAIL_BYTES} bytes",))
    try:
        return FileOfStories(path, (mail_story(path.read_bytes(), story_id),))
    except BrokenRecord as error:
        return FileOfStories(path, (), (f"{path.name}: {error}",))


def _sort(items: Iterable[Item], most_bytes: int, raws: list[Raw], problems: list[str]) -> None:
    for item in items:
        if item.raw is None:
            problems.append(f"{item.place}: {item.problem}")
        elif len(item.raw.content) > most_bytes:
            problems.append(f"{item.place}: larger than {most_bytes} bytes")
        else:
            raws.append(item.raw)


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each record's bytes with its place: a ``.json`` is one record, a ``.jsonl`` one a line."""
    if path.suffix.lower() == ".json":
        yield path.name, path.read_bytes()
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{path.name}, line {number}", line


def _free(folder: Path, name: str) -> Path:
    target = folder / name
    number = 2
    while target.exists():
        target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return target
