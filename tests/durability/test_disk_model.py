"""The model of a disk that the tests of durability stand on: what it keeps after a loss, and that it sees all that is done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.durability.disk import (
    CONTENT,
    EVERYTHING,
    NAMES,
    NOTHING,
    SCATTERED,
    SECTOR,
    TORN,
    Disk,
    Survives,
    read_log,
    unlike,
    watched,
)

HELPERS = """
import os, sys
os.chdir(sys.argv[1])

def write(name, content, sync=False, mode="wb"):
    with open(name, mode) as file:
        file.write(content)
        file.flush()
        if sync:
            os.fsync(file.fileno())

def sync(name):
    handle = os.open(name, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
"""


def disk_after(library: Path, folder: Path, code: str, before: dict[str, bytes] | None = None) -> Disk:
    """The disk after a program with this code has run in a folder that held the files ``before``."""
    root, log = folder / "root", folder / "log"
    root.mkdir()
    for name, content in (before or {}).items():
        (root / name).write_bytes(content)
    disk = Disk(root)
    subprocess.run(
        [sys.executable, "-c", HELPERS + code, str(root)],
        env=watched(library, root, log),
        check=True,
        timeout=60,
    )
    for record in read_log(log):
        disk.do(record)
    assert unlike(disk, root) == []
    return disk


def left(disk: Disk, way: Survives) -> dict[str, bytes | None]:
    return disk.after_loss(way, Random(1))


@pytest.mark.parametrize(
    ("code", "nothing", "names", "content"),
    [
        ("write('new', b'1')", {}, {"new": b""}, {}),
        # Its content is safe and its name is not: a file that nobody finds.
        ("write('new', b'1', sync=True)", {}, {"new": b"1"}, {}),
        ("write('new', b'1', sync=True); sync('.')", {"new": b"1"}, {"new": b"1"}, {"new": b"1"}),
        ("write('new', b'1'); sync('.')", {"new": b""}, {"new": b""}, {"new": b"1"}),
        ("os.mkdir('a'); write('a/new', b'1', sync=True); sync('a')", {}, {"a": None, "a/new": b"1"}, {}),
        # The folder that it was renamed out of was never synced, and yet it is not there any more.
        (
            "os.mkdir('a'); write('a/new', b'1', sync=True); os.rename('a/new', 'new'); sync('.')",
            {"a": None, "new": b"1"},
            {"a": None, "new": b"1"},
            {"a": None, "new": b"1"},
        ),
        ("os.mkdir('a'); sync('.')", {"a": None}, {"a": None}, {"a": None}),
    ],
)
def test_a_new_file_is_safe_when_it_and_its_folder_are_synced(
    code: str,
    nothing: dict[str, bytes | None],
    names: dict[str, bytes | None],
    content: dict[str, bytes | None],
    library: Path,
    tmp_path: Path,
) -> None:
    disk = disk_after(library, tmp_path, code)
    assert (left(disk, NOTHING), left(disk, NAMES), left(disk, CONTENT)) == (nothing, names, content)


@pytest.mark.parametrize(
    ("code", "nothing", "everything"),
    [
        ("write('old', b'12', mode='r+b')", b"before", b"12fore"),
        ("write('old', b'12', mode='wb')", b"before", b"12"),
        ("write('old', b'12', mode='ab')", b"before", b"before12"),
        ("write('old', b'12', mode='ab', sync=True)", b"before12", b"before12"),
        ("f = open('old', 'r+b'); f.truncate(2); os.fsync(f.fileno()); f.truncate(4)", b"be", b"be\0\0"),
        ("f = os.open('old', os.O_RDWR); os.pwrite(f, b'xy', 8)", b"before", b"before\0\0xy"),
        (
            "f = os.open('old', os.O_RDWR); os.writev(f, [b'x', b'', b'yz']); os.fdatasync(f)",
            b"xyzore",
            b"xyzore",
        ),
        ("write('new', b'1', sync=True); os.replace('new', 'old')", b"before", b"1"),
        ("write('new', b'1', sync=True); os.replace('new', 'old'); sync('.')", b"1", b"1"),
        ("os.unlink('old')", b"before", None),
        ("os.unlink('old'); sync('.')", None, None),
        ("os.unlink('old', dir_fd=os.open('.', os.O_RDONLY)); sync('.')", None, None),
        ("os.link('old', 'twin'); os.unlink('old'); os.rename('twin', 'old')", b"before", b"before"),
    ],
)
def test_an_old_file_changes_when_it_is_synced(
    code: str, nothing: bytes | None, everything: bytes | None, library: Path, tmp_path: Path
) -> None:
    disk = disk_after(library, tmp_path, code, {"old": b"before"})
    assert (left(disk, NOTHING).get("old"), left(disk, EVERYTHING).get("old")) == (nothing, everything)


def test_what_is_not_safe_survives_in_pieces_of_a_sector(library: Path, tmp_path: Path) -> None:
    code = f"write('old', b'x' * {SECTOR * 8}, mode='r+b')"
    disk = disk_after(library, tmp_path, code, {"old": b"-" * SECTOR * 8})
    rng = Random(1)
    found = set()
    for _ in range(200):
        content = disk.after_loss(TORN, rng)["old"]
        assert content is not None
        sectors = [content[at : at + SECTOR] for at in range(0, len(content), SECTOR)]
        assert len(sectors) == 8
        assert all(sector in (b"x" * SECTOR, b"-" * SECTOR) for sector in sectors)
        found.add(bytes(sector[0] for sector in sectors))
    assert {b"-" * 8, b"x" * 8} < found
    assert len(found) > 50


def test_names_survive_in_their_order_or_in_any(library: Path, tmp_path: Path) -> None:
    code = "[write(name, b'', sync=True) for name in 'abc']"
    disk = disk_after(library, tmp_path, code)
    rng = Random(1)
    in_order = {"".join(sorted(disk.after_loss(TORN, rng))) for _ in range(100)}
    in_any = {"".join(sorted(disk.after_loss(SCATTERED, rng))) for _ in range(100)}
    assert in_order == {"", "a", "ab", "abc"}
    assert in_any == in_order | {"b", "c", "ac", "bc"}


def test_a_write_that_the_shim_does_not_see_is_found_out(library: Path, tmp_path: Path) -> None:
    code = "import mmap; f = open('old', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[0] = 0; m.flush()"
    with pytest.raises(AssertionError, match="old"):
        disk_after(library, tmp_path, code, {"old": b"before"})
