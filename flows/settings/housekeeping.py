"""``config/housekeeping.yaml``: how long what can be made again is kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cleaners.rules.schema import StrictModel, load_model

FILE = "housekeeping.yaml"


class Keep(StrictModel):
    """Days."""

    reports: int = Field(default=30, ge=1, le=36_500)
    prefect_runs: int = Field(default=30, ge=1, le=36_500)


class _HousekeepingFile(StrictModel):
    keep: Keep = Keep()


def load_keep(config_dir: Path) -> Keep:
    """The file's, or the defaults where there is none. Raises cleaners.rules.ConfigError with file, line and column."""
    path = config_dir / FILE
    return load_model(path, _HousekeepingFile).keep if path.exists() else Keep()
