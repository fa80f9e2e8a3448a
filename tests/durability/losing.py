"""The power is taken from a program again and again: at many moments of its life, with many disks at each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.durability.disk import WAYS, Disk, Record, lay_out, read_log, unlike, watched

ROOT = Path(__file__).resolve().parents[2]

Broken = Callable[[Path, Sequence[dict[str, Any]]], list[str]]
"""(a folder as it is after a loss, the promises that were made before it) → what of them was not kept, in words."""


class Losses(NamedTuple):
    """``disks`` were looked at, for ``moments`` at which the power went; ``broken`` tells each that did not keep a promise."""

    promises: int
    moments: int
    disks: int
    broken: tuple[str, ...]


def lose_power(
    library: Path,
    root: Path,
    broken: Broken,
    programs: Sequence[Sequence[object]],
    *,
    moments: int,
    seed: int = 1,
) -> Losses:
    """Run programs side by side in the folder ``root``, and look at what they would have left there at so many moments.

    A program is the name of a module beside this one and its arguments.
    """
    root.mkdir()
    disk = Disk(root)
    records = list(read_log(_live(library, root, programs)))
    rng = Random(seed)
    chosen = set(_moments(records, moments, rng))
    promises: list[dict[str, Any]] = []
    told: list[str] = []
    disks = 0
    for number, record in enumerate(records):
        disk.do(record)
        if record.kind == "n":
            promises.append(json.loads(record.first))
        if number in chosen:
            for way in WAYS:
                disks += 1
                after = lay_out(disk.after_loss(way, rng), root.parent / "after")
                told += (
                    f"record {number} of {len(records)}, {way.name}: {said}"
                    for said in broken(after, promises)
                )
    # Else a program wrote in a way that the log does not see, and all of this proves nothing.
    assert unlike(disk, root) == []
    return Losses(len(promises), len(chosen), disks, tuple(told))


def _live(library: Path, root: Path, programs: Sequence[Sequence[object]]) -> Path:
    """Run the programs until all have dropped dead; the log of what they did."""
    log = root.parent / f"{root.name}.log"
    running = [
        subprocess.Popen(
            [sys.executable, "-m", f"tests.durability.{module}", *map(str, words)],
            env={**os.environ, **watched(library, root, log)},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for module, *words in programs
    ]
    said = [program.communicate(timeout=300)[1] for program in running]
    assert all(program.returncode == -signal.SIGKILL for program in running), said
    return log


def _moments(records: Sequence[Record], wanted: int, rng: Random) -> Iterator[int]:
    """Half of them right after a promise, when nothing has happened that might save it by chance; the others anywhere."""
    promised = [number for number, record in enumerate(records) if record.kind == "n"]
    assert promised, "the program promised nothing"
    yield from rng.sample(promised, min(len(promised), wanted // 2))
    anywhere = range(promised[0], len(records))
    yield from rng.sample(anywhere, min(len(anywhere), wanted - wanted // 2))
