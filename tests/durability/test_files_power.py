"""The power goes while files are written: each is there whole, as it was promised or as it was being written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.durability.files_writer import NAMES, WAYS, content
from tests.durability.losing import Losses, lose_power

MOMENTS, ROUNDS = 150, 60
CONTROLS = ("without sync", "without folder sync", "removed without sync")


@pytest.mark.parametrize("way", sorted(set(WAYS) - set(CONTROLS)))
def test_a_file_that_was_promised_is_there_whole(way: str, library: Path, quick: Path) -> None:
    losses = lose(library, quick, way)
    assert losses.broken == ()
    assert losses.promises == 1 + ROUNDS
    assert losses.disks == 5 * losses.moments > 4 * MOMENTS


@pytest.mark.parametrize("way", CONTROLS)
def test_a_way_that_leaves_out_a_sync_is_found_out(way: str, library: Path, quick: Path) -> None:
    assert lose(library, quick, way).broken


def lose(library: Path, folder: Path, way: str, moments: int = MOMENTS, seed: int = 1) -> Losses:
    """Take the power from a destination that writes its files in this way, into a folder that it makes first."""
    root = folder / "disk"
    published = root if way in CONTROLS else root / "published" / "copy"
    program = ("files_writer", published, way, ROUNDS)
    return lose_power(library, root, broken, [program], moments=moments, seed=seed)


def broken(folder: Path, promises: Sequence[dict[str, Any]]) -> list[str]:
    """The files that are not as promised. What the round under way would have done may have happened."""
    promised = dict.fromkeys(NAMES, 0)
    for each in promises:
        promised |= each.get("files", {})
    under_way = 1 + max(each.get("number", 0) for each in promises)
    found = {path.name: path.read_bytes() for path in folder.rglob("*.txt")}
    told = []
    for name, number in promised.items():
        allowed = [b"", *(content(name, one) for one in {number, under_way} - {0})]
        if number and under_way % 5:
            allowed.remove(b"")
        if name in found and not found[name]:
            told.append(f"{name} is empty")
        elif found.get(name, b"") not in allowed:
            told.append(f"{name} is not edition {number}, nor {under_way}: {found.get(name, b'')[:40]!r}")
    return told
