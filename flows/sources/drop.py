"""What a drop folder and a bucket have in common: the files that wait, and what they are called when they are set aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol, TypeAlias

from flows.sources.files import shown_name

SETTLED_SECONDS = 1.0
"""A file that was changed within this time is still being written: it waits for the next look."""

LONGEST_NAME = 200
"""Bytes of a name in ``done`` and ``failed``; most file systems end at 255, and ``-12.txt.error.txt`` must fit."""

Stamp: TypeAlias = tuple[object, ...]
"""What tells one state of a file from the next: its size, its time, its ETag or inode."""


class StillWritten(Exception):
    """The file changed while it was read: it is left for the next look."""


class DropFile(NamedTuple):
    """A file that was put down. ``size`` in bytes; ``whole``: it is not being written any more, as far as its time tells."""

    name: str
    size: int
    stamp: Stamp
    whole: bool = True


class DropPlace(Protocol):
    """Where files are put down."""

    def files(self) -> list[DropFile]: ...

    def read(self, file: DropFile) -> bytes: ...

    def set_aside(self, file: DropFile, content: bytes | None, problems: Iterable[str] = ()) -> None: ...


def is_settled(changed: float, now: float) -> bool:
    """Whether a file that was changed at ``changed`` is whole by now (both in seconds).

    A time in the future is another machine's clock, or a copy that kept its date: it must not wait until then.

    >>> is_settled(100.0, 100.5), is_settled(100.0, 102.0), is_settled(9_999.0, 102.0)
    (False, True, True)
    """
    return not 0 <= now - changed < SETTLED_SECONDS


def numbered(name: str) -> Iterator[str]:
    """The names under which a file may be kept, in the order of trying.

    >>> names = numbered("a.txt"); next(names), next(names), next(names)
    ('a.txt', 'a-2.txt', 'a-3.txt')
    """
    path = PurePosixPath(name)
    stem = path.stem
    while len((stem + path.suffix).encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        stem = stem[:-1]
    yield stem + path.suffix
    for number in count(2):
        yield f"{stem}-{number}{path.suffix}"


def error_note(problems: Iterable[str]) -> str:
    """What stands in ``.error.txt``."""
    return "".join(f"{shown_name(problem)}\n" for problem in problems)


def open_drop(path: str, config_dir: Path) -> DropPlace:
    """The drop folder at a path (relative to ``config_dir``) or at an fsspec address such as ``s3://bucket/incoming``.

    Raises ImportError where the package that speaks the address is missing, ValueError where nothing speaks it.
    """
    from flows.sources.bucket import Bucket
    from flows.sources.folder import LocalDrop

    if path.startswith("file://"):
        return LocalDrop(Path(path.removeprefix("file://")))
    if "://" in path or "::" in path:
        return Bucket(path)
    return LocalDrop(config_dir / Path(path).expanduser())
