"""The figures that may not get worse: ``tests/floors.json``, one for each row and measure of the benchmark.

python -m tests.bench --floors check        what CI does (tests/test_floors.py)
python -m tests.bench --floors raise        write better figures; a worse one is refused, and then nothing is written

Shares are kept to the lower hundredth, those of the extraction sets to the lower thousandth, counts as they are. Speed has no floor: it
depends on the machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.sets import EXTRACTION_SETS

FILE = Path(__file__).resolve().parents[1] / "floors.json"
_LESS_IS_BETTER = ("lost", "without", "unlabelled removed")
_EXTRACTION = ("f1", "exact", "word_f1", "with", "without")


def figures_of(results: Mapping[str, Any]) -> dict[str, float]:
    """Each row's figures by name, as "stories/five-fold/removed", from what ``python -m tests.bench`` measured."""
    found: dict[str, float] = {}
    for name, measured in results.items():
        if isinstance(measured, dict) and "rows" in measured:
            found |= _of_lines(name, measured)
    for corpus, systems in results.get("metadata", {}).items():
        for field, score in systems["cleancopy"].items():
            for measure in ("precision", "recall"):
                found[f"metadata/{corpus}/{field}/{measure}"] = _kept(measure, score[measure])
    for corpus, systems in results.get("extraction", {}).items():
        ours = systems["cleancopy"]
        found |= {
            f"{corpus}/{measure}": _kept(measure, ours[measure], 1000)
            for measure in _EXTRACTION
            if measure in ours
        }
    return found


def _of_lines(name: str, measured: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    part = ""
    for title, row in measured["rows"].items():
        if title.strip() in ("cleancopy", "five-fold"):
            part = title
        elif not title.startswith(" "):
            break  # the baselines
        place = f"{name}/{part}" + ("" if title == part else f"/{title.strip()}")
        found[f"{place}/removed"] = _kept("removed", row["removed"] / row["junk"] if row["junk"] else 1.0)
        found[f"{place}/lost"] = row["lost"]
        found[f"{place}/exact"] = row["exact"]
    stories = measured["figures"]["stories"]
    for field, counts in stories["lift"].items() if "pages" not in name else ():
        found[f"{name}/lifted/{field}"] = _kept("lifted", counts.get("right_rate") or 0.0)
    if stories["totals"].get("unlabelled_lines"):
        found[f"{name}/unlabelled removed"] = stories["totals"]["unlabelled_removed"]
    for origin, counts in measured["figures"].get("hard", {}).get("origin", {}).items():
        found[f"{name}/hard negatives, {origin}/lost"] = counts["lost"]
    return found


def _kept(measure: str, share: float, parts: int = 100) -> float:
    less = measure in _LESS_IS_BETTER
    return (math.ceil(parts * share - 1e-9) if less else math.floor(parts * share + 1e-9)) / parts


def read() -> dict[str, float]:
    floors: dict[str, float] = json.loads(FILE.read_text(encoding="utf-8"))
    return floors


def below(measured: Mapping[str, float], floors: Mapping[str, float], sets: set[str]) -> list[str]:
    """What is worse than its floor, or was not measured though its set was; a line each, for a person."""
    told = []
    for name, floor in floors.items():
        if name.partition("/")[0] not in sets:
            continue
        if name not in measured:
            told.append(f"{name}: was not measured; its floor is {floor:g}")
        elif _worse(name, measured[name], floor):
            told.append(f"{name}: {measured[name]:g}, its floor is {floor:g}")
    return told


def _worse(name: str, figure: float, floor: float) -> bool:
    less = name.rpartition("/")[2] in _LESS_IS_BETTER
    return (figure - floor if less else floor - figure) > _slack(name) + 1e-9


def _slack(name: str) -> float:
    """Training adds up fractions, which another processor rounds otherwise: a line or two may fall on the other side."""
    if name.partition("/")[0] in {each.name for each in EXTRACTION_SETS}:
        return 0.012 if name.endswith("/exact") else 0.003  # two pages of 181
    if "/five-fold" not in name:
        return 0.0
    return 0.01 if name.endswith("/removed") else 2.0


def raise_floors(measured: Mapping[str, float]) -> list[str]:
    """Write what was measured where it is new or better. With anything worse nothing is written, and it is told."""
    floors = read() if FILE.exists() else {}
    worse = below(measured, floors, {name.partition("/")[0] for name in measured})
    if not worse:
        FILE.write_text(
            json.dumps(floors | dict(measured), indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
    return worse
