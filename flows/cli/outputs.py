"""What `cleancopy clean` writes: one story or many, to standard output, a file or a folder."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cleaners.model import Cleaned
from flows.cli.options import To

if TYPE_CHECKING:
    from cleaners.write import Edition

Put = Callable[[Cleaned], None]
"""Writes one story."""
Render = Callable[[Cleaned, To], str]
"""One story in one format."""

_SUFFIX = {
    To.text: ".txt",
    To.html: ".html",
    To.markdown: ".md",
    To.json: ".json",
    To.jsonl: ".jsonl",
    To.decisions: ".jsonl",
    To.ninjs: ".ninjs.json",
    To.nitf: ".nitf.xml",
    To.newsml_g2: ".newsml.xml",
    To.json_ld: ".ld.json",
}
ALONE = (To.nitf, To.newsml_g2)
"""Formats of which a file holds one story: several go into a folder."""
_LISTED = (To.json, To.ninjs, To.json_ld)
"""Formats of which several stories are one JSON list."""


def is_folder(target: str | None) -> bool:
    """Whether ``-o`` names a folder: one that exists, or a name that ends in a slash."""
    return target is not None and (target.endswith("/") or Path(target).is_dir())


@contextmanager
def opened(target: str | None, to: To, many: bool, render: Render | None = None) -> Iterator[Put]:
    """A function that writes stories one after the other; ``many`` says that there may be more than one.

    A file is written beside its place and moved there at the end, so that nobody reads half of it, and so that the input
    may be the output. Into a folder goes one file a story. ``render`` is ``rendered`` if nothing else is given.
    """
    render = render or rendered
    if is_folder(target):
        folder = Path(str(target))
        folder.mkdir(parents=True, exist_ok=True)
        yield _one_file_a_story(folder, to, render)
        return
    with _bytes_to(Path(target) if target else None) as write:
        count = 0

        def put(cleaned: Cleaned) -> None:
            nonlocal count
            write(_before(cleaned, to, many, count).encode() + render(cleaned, to).encode())
            count += 1

        yield put
        if to in _LISTED and many:
            write(b"\n]\n" if count else b"[]\n")
        elif to in _LISTED and count:
            write(b"\n")


def rendered(cleaned: Cleaned, to: To, made: datetime | None = None) -> str:
    """One story in one format, with the line break at its end that the format wants.

    The HTML of a CMS body gets none that it did not have: it comes back byte for byte outside what was removed. ``made`` is when the edition was
    made that a news format tells of; see ``cleaners.write.edition_of`` for what holds without it. Raises cleaners.write.NoMoment.
    """
    from cleaners import write

    match to:
        case To.text:
            return _line(write.text(cleaned))
        case To.html:
            return write.html(cleaned) if cleaned.source.form == "body" else _line(write.html(cleaned))
        case To.markdown:
            return _line(write.markdown(cleaned).rstrip("\n"))
        case To.json:
            return json.dumps(write.record(cleaned), ensure_ascii=False, indent=2)
        case To.jsonl:
            return _line(json.dumps(write.record(cleaned), ensure_ascii=False))
        case To.decisions:
            return _line(json.dumps(write.decisions(cleaned), ensure_ascii=False))
        case To.ninjs:
            return write.ninjs(cleaned, _edition(cleaned, made)).rstrip("\n")
        case To.json_ld:
            return write.json_ld(cleaned, _edition(cleaned, made)).rstrip("\n")
        case To.nitf:
            return write.nitf(cleaned, _edition(cleaned, made))
        case To.newsml_g2:
            return write.newsml_g2(cleaned, _edition(cleaned, made))


def _edition(cleaned: Cleaned, made: datetime | None) -> Edition:
    """A file's story has one name, however its file was called: ``x``, ``./x`` or by its whole path; by its address, where it has one."""
    from cleaners.write import edition_of

    edition = edition_of(cleaned, made)
    if not _is_file(edition.story):
        return edition
    address = cleaned.copy.fields.canonical or cleaned.source.url
    return replace(edition, story=address or str(Path(edition.story).resolve()))


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        return False


def _line(text: str) -> str:
    return text + "\n" if text else ""


def _before(cleaned: Cleaned, to: To, many: bool, count: int) -> str:
    """What separates a story from the one before; nothing where there is only one."""
    if not many:
        return ""
    name = cleaned.source.id
    match to:
        case To.text:  # as head and tail do it
            return f"{'' if count == 0 else chr(10)}==> {name} <==\n"
        case To.html | To.markdown:
            return f"{'' if count == 0 else chr(10)}<!-- {name.replace('--', '- -')} -->\n"
        case To.json | To.ninjs | To.json_ld:
            return "[\n" if count == 0 else ",\n"
        case _:
            return ""


@contextmanager
def _bytes_to(target: Path | None) -> Iterator[Callable[[bytes], object]]:
    if target is None:
        out = sys.stdout.buffer
        yield out.write
        out.flush()
    elif target.exists() and not target.is_file():  # /dev/stderr, a named pipe
        with target.open("wb") as pipe:
            yield pipe.write
    else:
        # Of several names for the same file, the one it really lies under is replaced.
        place = target.resolve()
        handle, beside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file.write
            _like_a_new_file(Path(beside))
            Path(beside).replace(place)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise


def _like_a_new_file(path: Path) -> None:
    """A temporary file is for its owner only; give it the rights that any new file would have had."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _one_file_a_story(folder: Path, to: To, render: Render) -> Put:
    taken: set[str] = set()

    def put(cleaned: Cleaned) -> None:
        stem = file_stem(cleaned.source.id)
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        with _bytes_to(folder / (name + _SUFFIX[to])) as write:
            write((render(cleaned, to) + ("\n" if to in _LISTED else "")).encode())

    return put


def file_stem(identity: str) -> str:
    """A story's id as the name of a file: a path gives its own name, all that is not letter, digit, dot, dash becomes a dash.

    >>> file_stem("inbox/harbour.html"), file_stem("https://example.org/news/12?page=2"), file_stem("..")
    ('harbour', 'https-example.org-news-12-page-2', 'story')
    """
    name = Path(identity).stem if "://" not in identity else identity
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    return safe[:100] or "story"
