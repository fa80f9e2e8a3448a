"""The figures on real stories do not get worse, and the floors themselves cannot be lowered by the command that keeps them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import floors
from tests.bench.sets import require_shared


def test_a_floor_is_raised_and_never_lowered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "FILE", tmp_path / "floors.json")
    assert floors.raise_floors({"stories/removed": 0.8, "stories/lost": 3}) == []
    assert floors.raise_floors({"stories/removed": 0.9, "stories/lost": 2, "pages/exact": 7}) == []
    assert floors.read() == {"stories/removed": 0.9, "stories/lost": 2, "pages/exact": 7}
    before = floors.FILE.read_text()
    assert floors.raise_floors({"stories/removed": 0.95, "stories/lost": 3}) == [
        "stories/lost: 3, its floor is 2"
    ]
    assert floors.raise_floors({"stories/removed": 0.95}) == [
        "stories/lost: was not measured; its floor is 2"
    ]
    assert floors.FILE.read_text() == before
    assert floors.raise_floors({"pages/exact": 8}) == []


def test_every_row_has_its_floors() -> None:
    kept = json.loads(floors.FILE.read_text())
    for name in ("stories", "extracted"):
        for part in ("cleancopy", "five-fold", "cleancopy/half A", "five-fold/half B", "cleancopy/English"):
            assert {f"{name}/{part}/{measure}" for measure in ("removed", "lost", "exact")} <= kept.keys()
    assert {
        "pages/cleancopy/lost",
        "learning/unlabelled removed",
        "zyte/f1",
        "wcxb-article-dev/word_f1",
    } <= kept.keys()
    assert kept["stories/hard negatives, real/lost"] == 0


@pytest.mark.shared
@pytest.mark.timeout(1500)
def test_no_figure_is_below_its_floor() -> None:
    if not require_shared(dict(os.environ)):
        pytest.skip("needs ../shared")
    names = ("stories", "extracted", "pages", "learning", "zyte", "wcxb-article-dev", "metadata")
    only = [part for name in names for part in ("--only", name)]
    command = [sys.executable, "-m", "tests.bench", "--floors", "check", "--jobs", "2", *only]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-2000:]
