"""A bucket as a drop folder: any store that fsspec speaks to. Its credentials are in its own environment variables.

No store can rename: a file that is done is written again under ``done/``, read back and compared, and only then is the
original removed. What was put in its place meanwhile stays. (Between that last look and the removal lie milliseconds in
which a store without conditional deletes can lose a file that is overwritten under the same name: let senders use new names.)
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import fsspec

from flows.sources.drop import DropFile, Stamp, StillWritten, error_note, is_settled, numbered
from flows.sources.files import can_be_taken

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
"""Under which of these names a store says when a file was changed (local and SFTP, S3, Azure, Google, …, memory)."""

_MARKS = ("ETag", "etag", "md5Hash", "generation", "VersionId")


class Bucket:
    """A folder of a store, by its fsspec address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store, root = fsspec.core.url_to_fs(url)
        self.root = root.rstrip("/")

    def files(self) -> list[DropFile]:
        """The files of stories, by name. Raises OSError, saying what to do where there is no such place."""
        # Listings are kept by some stores' clients: a look would see what lay there the last time.
        self.store.invalidate_cache()
        try:
            entries = self.store.ls(self.root, detail=True)
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{self.url}: there is no such bucket or folder, or nothing was ever put there. Check path in sources.yaml"
            ) from None
        now = time.time()
        found = []
        for entry in entries:
            name = str(entry["name"]).rpartition("/")[2]
            changed = _changed(entry)
            if entry.get("type") == "file" and can_be_taken(name):
                whole = changed is None or is_settled(changed, now)
                found.append(DropFile(name, int(entry.get("size") or 0), _stamp(entry), whole))
        return sorted(found)

    def read(self, file: DropFile) -> bytes:
        """Its bytes. Raises OSError, and StillWritten where they changed since the bucket was looked at."""
        path = self._path(file.name)
        content: bytes = self.store.cat_file(path)
        if len(content) != file.size or self._now(path) != file.stamp:
            raise StillWritten
        return content

    def set_aside(self, file: DropFile, content: bytes | None, problems: Iterable[str] = ()) -> None:
        """Move it to ``done`` or, with problems, to ``failed``: copy, verify, remove. Raises OSError.

        ``content`` is what was read of it; None: nothing, it is too large.
        """
        problems = list(problems)
        folder = f"{self.root}/{'failed' if problems else 'done'}"
        self.store.makedirs(folder, exist_ok=True)
        target = next(
            path for name in numbered(file.name) if not self.store.exists(path := f"{folder}/{name}")
        )
        path = self._path(file.name)
        if content is None:
            self.store.cp_file(path, target)
            same = self._info(target).get("size") == file.size
        else:
            self.store.pipe_file(target, content)
            same = self.store.cat_file(target) == content
        if not same:
            raise OSError(f"its copy {target} is not the same; the original stays where it is")
        if problems:
            self.store.pipe_file(f"{target}.error.txt", error_note(problems).encode())
        if self._now(path) == file.stamp:
            self.store.rm_file(path)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _info(self, path: str) -> Mapping[str, Any]:
        self.store.invalidate_cache()
        found: Mapping[str, Any] = self.store.info(path)
        return found

    def _now(self, path: str) -> Stamp:
        return _stamp(self._info(path))


def _stamp(entry: Mapping[str, Any]) -> Stamp:
    return (entry.get("size"), _changed(entry), *(str(entry[mark]) for mark in _MARKS if entry.get(mark)))


def _changed(entry: Mapping[str, Any]) -> float | None:
    """When the file was changed, in seconds; None: the store does not say."""
    value = next((entry[name] for name in _TIMES if entry.get(name) is not None), None)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value) if isinstance(value, int | float) else None
