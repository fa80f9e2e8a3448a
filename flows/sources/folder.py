"""A drop folder of this machine: files that people or systems put down, taken in, then moved to ``done`` or ``failed``.

A file is moved after its stories are in the ledger, never before and never deleted. With ``keep: yes`` it stays; the
ledger knows unchanged content again, so that it is taken in once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from flows.sources.drop import DropFile, Stamp, StillWritten, error_note, is_settled, numbered
from flows.sources.files import FORMS, FileOfStories, can_be_taken, shown_name, stories_in, too_large


class LocalDrop:
    """A drop folder by its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[DropFile]:
        """The files of stories, by name. Raises FileNotFoundError, saying what to do."""
        now = time.time()
        return [
            DropFile(name, status.st_size, _stamp(status), is_settled(status.st_mtime, now))
            for name, status in _files_in(self.folder)
        ]

    def read(self, file: DropFile) -> bytes:
        """Its bytes. Raises OSError, and StillWritten where they changed since the folder was looked at."""
        with (self.folder / file.name).open("rb") as opened:
            content = opened.read()
            if _stamp(os.fstat(opened.fileno())) != file.stamp:
                raise StillWritten
        return content

    def set_aside(self, file: DropFile, content: bytes | None, problems: Iterable[str] = ()) -> None:
        """Move it to ``done`` or, with problems, to ``failed``. Raises OSError."""
        set_aside(self.folder / file.name, problems, file.stamp)


def waiting_files(folder: Path, now: float | None = None) -> list[Path]:
    """The files in ``folder`` itself that can be taken, by name: known endings, not hidden, not still being written.

    ``now`` is the time in seconds, as ``time.time()``. Raises FileNotFoundError, saying what to do.
    """
    now = time.time() if now is None else now
    return [folder / name for name, status in _files_in(folder) if is_settled(status.st_mtime, now)]


def read_file(path: Path, most_bytes: int = 3_000_000, story_id: str | None = None) -> FileOfStories:
    """The stories in a file of this machine, see ``files.stories_in``. Raises OSError."""
    problem = too_large(path.name, path.stat().st_size, most_bytes)
    if problem is not None and path.suffix.lower() in FORMS:
        return FileOfStories((), (problem,))
    return stories_in(path.name, path.read_bytes(), most_bytes, story_id)


def set_aside(path: Path, problems: Iterable[str] = (), read_as: Stamp | None = None) -> Path | None:
    """Move a file that is taken to ``done``, or with ``problems`` to ``failed`` with an ``.error.txt`` beside it.

    A file of the same name that lies there already is not overwritten: the new one gets a number. ``read_as`` tells which
    file was read: another one that was put in its place meanwhile is put back, to be taken at the next look. Where the
    file went, or None where it was put back. Raises OSError.
    """
    problems = list(problems)
    folder = path.parent / ("failed" if problems else "done")
    folder.mkdir(exist_ok=True)
    target = next(folder / name for name in numbered(path.name) if not os.path.lexists(folder / name))
    path.rename(target)
    if read_as is not None and _stamp(target.stat()) != read_as:
        _put_back(target, path)
        return None
    if problems:
        target.with_name(target.name + ".error.txt").write_text(error_note(problems), "utf-8")
    return target


def _files_in(folder: Path) -> list[tuple[str, os.stat_result]]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder. Create it, or mend path in sources.yaml")
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            # Between the listing and the look somebody may take a file away.
            with suppress(FileNotFoundError):
                if can_be_taken(entry.name) and entry.is_file():
                    found.append((entry.name, os.stat(entry)))
    return sorted(found)


def _put_back(target: Path, path: Path) -> None:
    try:
        os.link(target, path)
    except FileExistsError:
        return  # A third one came in its place: that one counts, and this one is kept where it is.
    except OSError:  # a file system without links
        if not path.exists():
            target.rename(path)
        return
    target.unlink()


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_ino, status.st_size, status.st_mtime_ns)


__all__ = ["FORMS", "FileOfStories", "LocalDrop", "read_file", "set_aside", "shown_name", "waiting_files"]
