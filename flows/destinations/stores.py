"""Two kinds of places for files behind one small interface: a local folder, and any fsspec store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import fsspec

from flows.destinations.atomic import locked, make_folder, remove_together, sweep, write_together
from flows.destinations.publication import PublishError

PARTS = ".cleancopy/parts"
"""Where files are written before they are renamed to their places; on the same file system as these."""

OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl")
"""Protocols of stores that have no folders. To ask for one would make a bucket under a name that was mistyped."""

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az", "abfss": "az"}

_SIDE_BY_SIDE = 16


class Store(Protocol):
    """Names are relative, with ``/`` between the parts."""

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Those that are there."""
        ...

    def write(self, files: Mapping[str, bytes]) -> None:
        """All of them, each whole or not at all. Lasting when the call returns."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Those of them that are there. Lasting when the call returns."""
        ...

    def names(self) -> list[str]:
        """The files of the place itself; none where there is no such place."""
        ...

    def address(self, name: str) -> str: ...

    def lock(self, name: str) -> Any: ...


class LocalStore:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        found = {}
        for name in names:
            try:
                found[name] = (self.root / name).read_bytes()
            except FileNotFoundError:
                continue
        return found

    def write(self, files: Mapping[str, bytes]) -> None:
        write_together({self.root / name: content for name, content in files.items()}, self.root / PARTS)

    def remove(self, names: Iterable[str]) -> None:
        remove_together(self.root / name for name in names)

    def names(self) -> list[str]:
        try:
            with os.scandir(self.root) as found:
                return [one.name for one in found if one.is_file()]
        except FileNotFoundError:
            return []

    def address(self, name: str) -> str:
        return str(self.root / name)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        path = self.root / name
        make_folder(path.parent)
        with locked(path):
            sweep(self.root / PARTS)
            yield


class RemoteStore:
    """An object store by its fsspec address: an object appears whole or not at all by the store's own promise.

    Credentials are the store's own affair: for ``s3://`` the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and
    AWS_ENDPOINT_URL for a store that is not Amazon's), ~/.aws, or the machine's role.
    """

    def __init__(self, url: str) -> None:
        try:
            self.files, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            # Example: "Install s3fs to access S3"
            extra = EXTRAS.get(url.partition(":")[0])
            if isinstance(error, ImportError) and extra:
                raise PublishError(
                    f"{url}: the package that speaks to this store is not installed: pip install 'cleancopy[{extra}]'"
                ) from error
            raise PublishError(f"{url}: {error}") from error
        self.root = root.rstrip("/")
        protocols = self.files.protocol
        names = (protocols,) if isinstance(protocols, str) else protocols
        self._has_folders = not set(names) & set(OBJECT_STORES)

    def look(self) -> None:
        """Ask for the place that everything is written to. Raises what the store's package raises, such as FileNotFoundError."""
        if self._has_folders:
            self.files.exists(self.root)
        else:
            self.files.info(self.root.partition("/")[0])

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        paths = {f"{self.root}/{name}": name for name in names}
        if not paths:
            return {}
        found = {}
        # Asked side by side where the store can.
        for path, content in self.files.cat(list(paths), on_error="return").items():
            if isinstance(content, bytes):
                found[paths[path]] = content
            elif not isinstance(content, FileNotFoundError):
                raise content
        return found

    def write(self, files: Mapping[str, bytes]) -> None:
        paths = {f"{self.root}/{name}": content for name, content in files.items()}
        if self._has_folders:
            for folder in {path.rpartition("/")[0] for path in paths}:
                self.files.makedirs(folder, exist_ok=True)
        if paths:
            self.files.pipe(paths)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                self.files.rm_file(f"{self.root}/{name}")
            except FileNotFoundError:
                continue

    def names(self) -> list[str]:
        self.files.invalidate_cache(self.root)
        try:
            return [path.rpartition("/")[2] for path in self.files.ls(self.root, detail=False)]
        except FileNotFoundError:
            return []

    def address(self, name: str) -> str:
        full: str = self.files.unstrip_protocol(f"{self.root}/{name}")
        return full

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        # No store has a lock. The ledger's lease keeps two publishers of one story apart, and a card that is newer stops
        # one that slept through its lease, unless both come within the moment between reading a card and writing it.
        yield


class S3Store(RemoteStore):
    """S3 can close that moment: what was read under the lock is written only over what was read (If-Match).

    What is left is a publisher that sleeps longer than its lease between a story's card and its files.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._seen: dict[str, str | None] = {}
        self._knows_conditions = True

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        self._seen.clear()
        yield

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        names = list(names)
        # The versions first: a card that changes in between is then read new, and its write refused.
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            self._seen |= dict(zip(names, pool.map(self._version, names), strict=True))
        return super().read(names)

    def write(self, files: Mapping[str, bytes]) -> None:
        seen = {name: content for name, content in files.items() if name in self._seen}
        if seen and self._knows_conditions:
            with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
                self._seen |= dict(zip(seen, pool.map(self._write_over, seen.items()), strict=True))
            files = {name: content for name, content in files.items() if name not in seen}
        super().write(files)

    def _version(self, name: str) -> str | None:
        try:
            return str(self.files.info(f"{self.root}/{name}", refresh=True)["ETag"])
        except FileNotFoundError:
            return None

    def _write_over(self, file: tuple[str, bytes]) -> str | None:
        name, content = file
        path, version = f"{self.root}/{name}", self._seen[name]
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        try:
            return str(self.files.pipe_file(path, content, **condition)["ETag"])
        except OSError as error:
            if error.errno == errno.ENOSYS:  # a store that speaks S3 of before 2024
                self._knows_conditions = False
                self.files.pipe_file(path, content)
                return None
            if isinstance(error, FileExistsError) or error.errno == errno.EINVAL:
                raise PublishError(f"{path} was written by another publisher at the same moment") from error
            raise


def open_store(path: str, data_dir: Path) -> Store:
    """The store at a path (relative to ``data_dir``) or at an fsspec address such as ``s3://bucket/copy``.

    Raises PublishError where the package that speaks to the store is not installed.
    """
    if path.startswith("file://"):
        return LocalStore(Path(path.removeprefix("file://")))
    if is_remote(path):
        return S3Store(path) if path.startswith(("s3://", "s3a://")) else RemoteStore(path)
    return LocalStore(data_dir / Path(path).expanduser())


def is_remote(path: str) -> bool:
    """Whether a folder's path is the address of a store elsewhere.

    >>> is_remote("s3://bucket/copy"), is_remote("file:///srv/copy"), is_remote("published")
    (True, False, False)
    """
    return not path.startswith("file://") and ("://" in path or "::" in path)
