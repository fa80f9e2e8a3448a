"""Whether a worker's memory stays flat: pages of a set, over and over, in one fresh process that says how large it is.

python -m tests.bench.memory CONFIG PAGES
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

from rich.table import Table

from cleaners.pipeline import load_pipeline
from cleaners.read import UnreadableStory
from cleaners.write import record
from flows.sources.records import raw_from_record
from tests.bench.resident import resident
from tests.bench.sets import EXTRACTION_SETS

MARKS = (100, 300, 1_000, 2_000, 5_000, 10_000, 20_000)
SETTLED = 300
"""Pages after which rules are compiled, caches full and the largest page seen: what grows from here on leaks."""
MOST_GROWTH = 1.1


def measure_memory(config: Path, pages: int) -> dict[int, int]:
    """Resident bytes after each of MARKS pages, up to ``pages``."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory", str(config), str(pages)],
        capture_output=True,
        check=True,
        text=True,
    )
    return {int(mark): size for mark, size in map(json.loads, done.stdout.splitlines())}


def memory_table(sizes: dict[int, int]) -> Table:
    told = Table(title="Memory of one worker", title_justify="left")
    for heading in ("pages", "MB"):
        told.add_column(heading, justify="right")
    for mark, size in sizes.items():
        told.add_row(f"{mark:,}", f"{size / 1_000_000:,.0f}")
    last, settled = list(sizes.values())[-1], sizes.get(SETTLED)
    if settled:
        flat = last <= settled * MOST_GROWTH
        told.caption = (
            f"last over {SETTLED}: {last / settled:.2f} (target ≤ {MOST_GROWTH}: {'yes' if flat else 'no'})"
        )
    return told


def _main(config: Path, pages: int) -> None:
    pipeline = load_pipeline(config)
    for number, page in enumerate(islice(cycle(EXTRACTION_SETS[0].records()), pages), start=1):
        try:
            record(pipeline.clean(raw_from_record(page)))
        except UnreadableStory:
            continue
        finally:
            if number in MARKS or number == pages:
                print(json.dumps([number, resident()]), flush=True)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
