"""What a disk may hold when the power goes: the log that powerloss.c writes, played into a model of a disk.

The model is stricter than any file system that is in use. Of a file only what was written before an fsync of that file began
is safe; of a folder's names (made, renamed, deleted) only what was done before an fsync of that folder began. What is not
safe may be there or not, each 512 bytes and each name for itself. On ext4 an fsync of any file saves the names as well:
what holds here holds there.

The idea of playing a log up to any of its moments, and of trying many disks for each, is that of ALICE (Pillai and others, "All File
Systems Are Not Created Equal", OSDI 2014).
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeAlias

import pytest

SECTOR = 512
_HEADER = struct.Struct("<IIIIQq")
_CREATED, _EMPTIED = 1, 2
CODE = Path(__file__).with_name("powerloss.c")


class Record(NamedTuple):
    """What the program did: ``kind`` is o(pen), w(rite), t(runcate), f(lush begun), F(lush done), r(ename), l(ink), u(nlink),
    m(ake a folder) or n(ote)."""

    kind: str
    handle: tuple[int, int]
    at: int
    first: bytes
    second: bytes


def read_log(path: Path) -> Iterator[Record]:
    """The records of a log; one that a kill has cut short is left out."""
    with path.open("rb") as log:
        while len(header := log.read(_HEADER.size)) == _HEADER.size:
            kind, size, second, process, handle, at = _HEADER.unpack(header)
            body = log.read(size + second)
            if len(body) < size + second:
                return
            yield Record(chr(kind), (process, handle), at, body[:size], body[size:])


@dataclass(eq=False, slots=True)
class File:
    """``safe`` is what the disk has for certain; the rest are writes and lengths (data None) that it may have."""

    safe: bytearray = field(default_factory=bytearray)
    unsafe: list[tuple[int, bytes | None]] = field(default_factory=list)
    saved: int = 0  # how many changes are safe by now

    def flush(self, until: int) -> None:
        done = max(0, until - self.saved)
        for at, data in self.unsafe[:done]:
            _change(self.safe, at, data)
        del self.unsafe[:done]
        self.saved += done


@dataclass(eq=False, slots=True)
class Folder:
    """``now`` are the names that programs see, ``safe`` those that the disk has for certain."""

    now: dict[str, Node] = field(default_factory=dict)
    safe: dict[str, Node] = field(default_factory=dict)


Node: TypeAlias = File | Folder


class Naming(NamedTuple):
    """A change of names that is there as a whole or not at all: in each folder, a name and what it stands for now, if anything."""

    changes: tuple[tuple[Folder, str, Node | None], ...]

    @property
    def places(self) -> set[tuple[int, str]]:
        return {(id(folder), name) for folder, name, _ in self.changes}

    def done(self, names: Callable[[Folder], dict[str, Node]]) -> None:
        for folder, name, node in self.changes:
            if node is None:
                names(folder).pop(name, None)
            else:
                names(folder)[name] = node


class Survives(NamedTuple):
    """A way for what is not safe to survive: which names, and which pieces of which file."""

    name: str
    names: Callable[[Random, list[Naming]], list[Naming]]
    content: Callable[[Random], Callable[[], bool]]


def _each(rng: Random, namings: list[Naming]) -> list[Naming]:
    return [one for one in namings if rng.random() < 0.5]


def _the_first(rng: Random, namings: list[Naming]) -> list[Naming]:
    """A journal of names, as ext4 and XFS have one, is in order."""
    return namings[: rng.randint(0, len(namings))]


def _some(rng: Random) -> Callable[[], bool]:
    """Of one file nothing, of another all, of a third here and there a sector."""
    share = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    return lambda: rng.random() < share


NOTHING = Survives("nothing", lambda _, namings: [], lambda _: lambda: False)
EVERYTHING = Survives("everything", lambda _, namings: namings, lambda _: lambda: True)
NAMES = Survives("names alone", lambda _, namings: namings, lambda _: lambda: False)
CONTENT = Survives("content alone", lambda _, namings: [], lambda _: lambda: True)
TORN = Survives("torn, names in order", _the_first, _some)
SCATTERED = Survives("torn, names in any order", _each, _some)
WAYS = (NOTHING, NAMES, CONTENT, TORN, SCATTERED)
"""Not among them is EVERYTHING: that is what ``kill -9`` leaves."""


class Disk:
    """A disk that held the files of ``folder`` as they are now, and is told then what a program does to them."""

    def __init__(self, folder: Path) -> None:
        self.path = os.path.normpath(folder)
        self.root = _loaded(folder)
        self._handles: dict[tuple[int, int], Node] = {}
        self._namings: list[Naming] = []
        self._flushes: dict[tuple[int, int], list[int | list[Naming]]] = defaultdict(list)

    def do(self, record: Record) -> None:
        kind, handle, at, first, second = record
        if kind == "w" or kind == "t":
            node = self._file(handle)
            node.unsafe.append((at, first if kind == "w" else None))
        elif kind == "o":
            self._open(handle, at, first)
        elif kind == "f":
            node = self._handles[handle]
            begun = node.saved + len(node.unsafe) if isinstance(node, File) else list(self._namings)
            self._flushes[handle].append(begun)
        elif kind == "F":
            self._flushed(self._handles[handle], self._flushes[handle].pop(0))
        elif kind == "r":
            (old, old_name), (new, new_name) = self._place(first), self._place(second)
            self._name((new, new_name, old.now[old_name]), (old, old_name, None))
        elif kind == "l":
            (old, old_name), (new, new_name) = self._place(first), self._place(second)
            self._name((new, new_name, old.now[old_name]))
        elif kind == "u":
            self._name((*self._place(first), None))
        elif kind == "m":
            self._name((*self._place(first), Folder()))
        elif kind != "n":
            raise ValueError(f"the log has a record of the unknown kind {kind!r}")

    def after_loss(self, way: Survives, rng: Random) -> dict[str, bytes | None]:
        """The files (and folders: None) that are there, by their path in the folder, when the power goes now."""
        views: dict[int, dict[str, Node]] = {}

        def names(folder: Folder) -> dict[str, Node]:
            return views.setdefault(id(folder), dict(folder.safe))

        for naming in way.names(rng, self._namings):
            naming.done(names)
        contents: dict[int, bytes] = {}
        found: dict[str, bytes | None] = {}
        walk = [("", self.root)]
        for prefix, folder in walk:
            for name, node in names(folder).items():
                if isinstance(node, Folder):
                    found[prefix + name] = None
                    walk.append((f"{prefix}{name}/", node))
                else:
                    if id(node) not in contents:
                        contents[id(node)] = _survived(node, way.content(rng))
                    found[prefix + name] = contents[id(node)]
        return found

    def _open(self, handle: tuple[int, int], flags: int, path: bytes) -> None:
        if os.path.normpath(path.decode()) == self.path:
            self._handles[handle] = self.root
            return
        folder, name = self._place(path)
        if flags & _CREATED:
            self._name((folder, name, File()))
        self._handles[handle] = folder.now[name]
        if flags & _EMPTIED:
            self._file(handle).unsafe.append((0, None))

    def _flushed(self, node: Node, begun: int | list[Naming]) -> None:
        if isinstance(node, File):
            assert isinstance(begun, int)
            node.flush(begun)
            return
        assert isinstance(begun, list)
        at_begin = {id(one) for one in begun}
        due, places = set(), set()
        for one in reversed(self._namings):
            # A file that was renamed out of another folder came into being there first.
            if places & one.places or (
                id(one) in at_begin and any(folder is node for folder, _, _ in one.changes)
            ):
                due.add(id(one))
                places |= one.places
        for one in self._namings:
            if id(one) in due:
                one.done(lambda folder: folder.safe)
        self._namings = [one for one in self._namings if id(one) not in due]

    def _name(self, *changes: tuple[Folder, str, Node | None]) -> None:
        naming = Naming(changes)
        naming.done(lambda folder: folder.now)
        self._namings.append(naming)

    def _place(self, path: bytes) -> tuple[Folder, str]:
        parts = Path(os.path.relpath(path.decode(), self.path)).parts
        folder = self.root
        for part in parts[:-1]:
            below = folder.now[part]
            assert isinstance(below, Folder)
            folder = below
        return folder, parts[-1]

    def _file(self, handle: tuple[int, int]) -> File:
        node = self._handles[handle]
        assert isinstance(node, File)
        return node


def _loaded(path: Path) -> Folder:
    folder = Folder()
    for below in path.iterdir():
        folder.now[below.name] = _loaded(below) if below.is_dir() else File(bytearray(below.read_bytes()))
    folder.safe.update(folder.now)
    return folder


def _survived(file: File, survives: Callable[[], bool]) -> bytes:
    content = bytearray(file.safe)
    for at, data in file.unsafe:
        if data is None:
            if survives():
                _change(content, at, None)
            continue
        first = at - at % SECTOR
        for sector in range(first, at + len(data), SECTOR):
            start, end = max(sector, at), min(sector + SECTOR, at + len(data))
            if survives():
                _change(content, start, data[start - at : end - at])
    return bytes(content)


def _change(content: bytearray, at: int, data: bytes | None) -> None:
    """Write at a place, or (no data) set the length; a gap is filled with zeros."""
    if data is None:
        del content[at:]
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    if data is not None:
        content[at : at + len(data)] = data


def lay_out(files: Mapping[str, bytes | None], folder: Path) -> Path:
    """The files as real ones in a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder


def unlike(disk: Disk, folder: Path) -> list[str]:
    """The files of which the log does not know all: what it says is there now, beside what is there. Empty, if all is well.

    SQLite's ``-shm`` does not count: it is memory that processes share, and made anew after a loss.
    """
    said = disk.after_loss(EVERYTHING, Random())
    there = {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
    }
    return sorted(
        name
        for name in said.keys() | there.keys()
        if not name.endswith("-shm") and said.get(name, b"?") != there.get(name, b"?")
    )


def build(folder: Path) -> Path:
    """powerloss.c, compiled. Skips the test where that cannot be; in CI it fails."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        reason = "needs Linux and a C compiler (Debian: apt-get install gcc libc6-dev), which are not here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    library = folder / "powerloss.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-U_FORTIFY_SOURCE", "-o", str(library), str(CODE)]
    subprocess.run([*command, "-lpthread"], check=True)
    return library


def watched(library: Path, folder: Path, log: Path, fsync_microseconds: int = 0) -> dict[str, str]:
    """The environment in which a program's doings in ``folder`` are written into ``log``."""
    return {
        "LD_PRELOAD": str(library),
        "POWERLOSS_ROOT": os.path.realpath(folder),
        "POWERLOSS_LOG": str(log),
        "POWERLOSS_FSYNC_US": str(fsync_microseconds),
    }


def quick_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory where there is one: the real disk's syncs are of no interest here, and slow."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() and os.access(memory, os.W_OK) else None)
