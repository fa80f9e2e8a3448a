"""The command line in an empty folder, with a small configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from small_newsroom import PIPELINE, RULES, Run
from typer.testing import CliRunner

from flows.cli import app


@pytest.fixture
def small_config(tmp_path: Path) -> Path:
    folder = tmp_path / "newsroom"
    (folder / "rules").mkdir(parents=True)
    (folder / "publishers").mkdir()
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "rules" / "english.yaml").write_text(RULES)
    return folder


@pytest.fixture
def run(small_config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Calls ``cleancopy`` with the small configuration, in an empty folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("CLEANCOPY_CONFIG", str(small_config))
    monkeypatch.setenv("CLEANCOPY_DATA", str(tmp_path / "data"))

    def call(*arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return call
