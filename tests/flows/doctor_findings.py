"""What doctor says of the destinations, for tests."""

from __future__ import annotations

from pathlib import Path

from flows.cli.doctor_destinations import destinations
from flows.settings import Settings


def found_by_doctor(config: Path, data: Path) -> dict[str, tuple[str, str]]:
    settings = Settings(config_dir=config, data_dir=data, ledger_url="sqlite://")
    return {what: (state.name, said) for state, what, said in destinations(settings)}
