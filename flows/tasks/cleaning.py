"""Cleaning rows of the inbox in warm processes: one outcome for each, whatever its story does to the process that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.ledger import InboxRow, Outcome
from flows.tasks.workers import MakeClean, make_clean
from flows.warm_pool import Broke, NoWorkers, do_all
from flows.warm_pool import WarmPool as AnyPool


class WarmPool(AnyPool):
    """Processes that have the cleaners loaded and stay."""

    def __init__(
        self,
        config_dir: Path,
        workers: int,
        story_seconds: float = 60.0,
        make: MakeClean = make_clean,
        story_megabytes: int = 1_500,
    ) -> None:
        super().__init__(config_dir, workers, story_seconds, make, story_megabytes, [make_clean.__module__])


def clean_batch(pool: WarmPool, rows: Sequence[InboxRow]) -> Iterator[list[Outcome]]:
    """Clean rows, in small batches, and yield each batch's outcomes when it is done: one for every row, in no order.

    An empty batch is a turn for the caller while a story takes long. A story that takes too long, or ends its process, is held
    with that as its reason, and its signals are still read. Raises NoWorkers.
    """
    for done in do_all(pool, rows):
        yield [
            Outcome(rows[number].id, rows[number].raw.id, error=found.said)
            if isinstance(found, Broke)
            else found
            for number, found in done
        ]


__all__ = ["NoWorkers", "Outcome", "WarmPool", "clean_batch"]
