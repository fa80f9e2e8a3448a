"""Two kinds of places for files behind one small interface: a local folder, and any fsspec store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import fsspec

from flows.destinations.atomic import locked, remove_durably, write_atomically


class Store(Protocol):
    """Names are relative, with ``/`` between the parts."""

    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, content: bytes) -> None: ...

    def remove(self, name: str) -> None: ...

    def address(self, name: str) -> str: ...

    def lock(self, name: str) -> Any: ...


class LocalStore:
    """A folder of this machine; what is written is on disk when the call returns."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)

    def remove(self, name: str) -> None:
        remove_durably(self.root / name)

    def address(self, name: str) -> str:
        return str(self.root / name)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path):
            yield


class RemoteStore:
    """An object store by its fsspec address: an object appears whole or not at all by the store's own promise."""

    def __init__(self, url: str) -> None:
        self.files, root = fsspec.core.url_to_fs(url)
        self.root = root.rstrip("/")

    def read(self, name: str) -> bytes | None:
        try:
            content: bytes = self.files.cat_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        path = f"{self.root}/{name}"
        self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.files.pipe_file(path, content)

    def remove(self, name: str) -> None:
        try:
            self.files.rm_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return

    def address(self, name: str) -> str:
        full: str = self.files.unstrip_protocol(f"{self.root}/{name}")
        return full

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        # No store has a lock: the lease of the ledger keeps two publishers of one story apart.
        yield


def open_store(path: str, data_dir: Path) -> Store:
    """The store at a path (relative to ``data_dir``) or at an fsspec address such as ``s3://bucket/copy``."""
    if path.startswith("file://"):
        return LocalStore(Path(path.removeprefix("file://")))
    if "://" in path or "::" in path:
        return RemoteStore(path)
    return LocalStore(data_dir / Path(path).expanduser())
