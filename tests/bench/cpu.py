"""The CPU time of processes that are not ours to ask, by /proc."""

from __future__ import annotations

import os
from pathlib import Path

_A_SECOND = os.sysconf("SC_CLK_TCK")


def parents() -> dict[int, int]:
    """The parent of every process."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(_fields(stat)[1])
        except OSError:  # it has just ended
            continue
    return found


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    known, found = parents(), [pid]
    for one in found:
        found += [child for child, parent in known.items() if parent == one]
    return found


def cpu_seconds(pid: int, *, below: bool = True) -> float:
    """User and system time of a process, with those of its ended children; ``below``: and of all that descend from it."""
    return sum(_seconds(one) for one in (tree(pid) if below else [pid]))


def _seconds(pid: int) -> float:
    try:
        return sum(int(ticks) for ticks in _fields(Path(f"/proc/{pid}/stat"))[11:15]) / _A_SECOND
    except OSError:
        return 0.0


def _fields(stat: Path) -> list[str]:
    """From the third field on: the second is the program's name, which may hold spaces and brackets."""
    return stat.read_text().rpartition(")")[2].split()
