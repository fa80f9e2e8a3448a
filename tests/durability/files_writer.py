"""A destination that writes files, one way or another, and promises each of them.

python -m tests.durability.files_writer FOLDER WAY ROUNDS
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from flows.destinations import atomic
from tests.durability.promising import drop_dead, promise

NAMES = tuple(f"ferry-{number}.txt" for number in range(6))


class Way(NamedTuple):
    """How files are written and removed; when ``write`` or ``remove`` returns, it is to last."""

    write: Callable[[Path, Mapping[str, bytes]], None]
    remove: Callable[[Path, str], None]


def one_by_one(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        atomic.write_together({folder / name: content}, folder / ".parts")


def together(folder: Path, files: Mapping[str, bytes]) -> None:
    atomic.write_together({folder / name: content for name, content in files.items()}, folder / ".parts")


def without_sync(folder: Path, files: Mapping[str, bytes]) -> None:
    """What most programs do: a reader sees the old or the new file, and a power cut sees neither."""
    for name, content in files.items():
        part = folder / f"{name}.part"
        part.write_bytes(content)
        os.replace(part, folder / name)


def without_folder_sync(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        part = folder / f"{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, folder / name)


def removed(folder: Path, name: str) -> None:
    atomic.remove_together([folder / name])


def removed_without_sync(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)


WAYS = {
    "one by one": Way(one_by_one, removed),
    "together": Way(together, removed),
    "without sync": Way(without_sync, removed),
    "without folder sync": Way(without_folder_sync, removed),
    "removed without sync": Way(one_by_one, removed_without_sync),
}


def content(name: str, number: int) -> bytes:
    """Some kilobytes that tell in each line what they are of, so that a part of them is not taken for the whole."""
    return b"".join(f"{name}, edition {number}, line {line} of 99\n".encode() for line in range(1, 100))


def main(folder: Path, way: Way, rounds: int) -> None:
    promise(begun=True)
    for number in range(1, rounds + 1):
        # Two files of six in each round; every fifth round takes one away, until its next turn.
        names = [NAMES[number % 6], NAMES[(number + 1) % 6]]
        if number % 5:
            way.write(folder, {name: content(name, number) for name in names})
            promise(files=dict.fromkeys(names, number), number=number)
        else:
            way.remove(folder, names[0])
            promise(files={names[0]: 0}, number=number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), WAYS[sys.argv[2]], int(sys.argv[3]))
    drop_dead()
