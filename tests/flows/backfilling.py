"""A backfill in a process of its own, to be killed: ``python backfilling.py ROOT CHUNK``. It cleans slowly."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from newsroom import plain, small_settings

from flows.ledger import InboxRow, Outcome
from flows.settings import Settings
from flows.tasks.backfill import Backfill, Backfilled, backfill_archives

LEASE = 2.0


def make_slow(config_dir: Path) -> Any:
    return slow


def slow(row: InboxRow, problem: str | None = None) -> Outcome:
    time.sleep(0.01)
    return plain(row, problem)


def settings_in(root: Path) -> Settings:
    return small_settings(root, workers=1)


def run(root: Path, chunk: int, told: list[str] | None = None, **more: Any) -> Backfilled:
    wish = Backfill(archive=str(root / "stories.jsonl.gz"), dry_run=False, chunk=chunk, **more)
    return backfill_archives(
        settings_in(root),
        wish,
        run="run",
        make=make_slow,
        lease_seconds=LEASE,
        tell=(lambda line: None) if told is None else told.append,
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
