"""``cleancopy run``: the main flow on the demo stories, with a real (embedded) Prefect."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect"), pytest.mark.timeout(600)]


def cleancopy(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "CLEANCOPY_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        env={**environment, "CLEANCOPY_DATA": str(data), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


def edition(published: Path) -> dict[str, int]:
    """The files of clean copy, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in published.iterdir() if path.is_file()}


def test_the_demo_runs_twice_and_publishes_once(tmp_path: Path, config_dir: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(config_dir, config)
    first = cleancopy(tmp_path / "data", "run", "--config", str(config))
    assert first.returncode == 0, first.stdout + first.stderr
    rows = {line.split()[0]: line.split()[1] for line in first.stdout.splitlines() if len(line.split()) > 3}
    assert rows["harbour-ferry.txt"] == "published"
    assert rows["budget-embargo.txt"] == "held"
    assert "8 stories in " in first.stdout
    assert "7 published anew" in first.stdout
    assert "english/follow-more" in first.stdout
    assert "cleancopy up" in first.stdout
    copies = edition(tmp_path / "data" / "published")
    assert len(copies) == 7 * 4
    assert not any("embargo" in name for name in copies)
    assert str(tmp_path / "data" / "published") in first.stdout
    report = next(line.split()[1] for line in first.stdout.splitlines() if line.startswith("Report"))
    assert "harbour-ferry" in Path(report).read_text("utf-8")
    assert len(list((config / "demo").iterdir())) == 7, "the demo stories stay where they are"

    second = cleancopy(tmp_path / "data", "run", "--config", str(config))
    assert second.returncode == 0, second.stdout + second.stderr
    assert "0 published anew, 7 unchanged" in second.stdout
    assert edition(tmp_path / "data" / "published") == copies
