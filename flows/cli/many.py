"""Cleaning many stories for the command line in warm processes: in order, and one bad page takes nothing along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flows.warm_pool import Broke, WarmPool, do_all

if TYPE_CHECKING:
    from cleaners.model import Cleaned, Raw
    from flows.cli.inputs import Arrival

WINDOW = 256
"""Stories that are read ahead: enough for all processes, few enough to hold."""


class Tried(NamedTuple):
    """What came of an arrival: the cleaned story, or what is wrong with it."""

    arrival: Arrival
    cleaned: Cleaned | None
    problem: str | None


def make_clean(config_dir: Path) -> Callable[[Raw, str | None], Cleaned | str]:
    """Cleans one story, in a worker; a story that cannot be read is told in words. Raises cleaners.rules.ConfigError."""
    from cleaners.read import UnreadableStory
    from flows.settings.tried_rules import load_tried_pipeline

    pipeline = load_tried_pipeline(config_dir)

    def clean_one(raw: Raw, problem: str | None) -> Cleaned | str:
        try:
            return pipeline.hold(raw, f"{problem}; clean it by hand") if problem else pipeline.clean(raw)
        except UnreadableStory as error:
            return str(error)

    return clean_one


def clean_many(
    config_dir: Path, workers: int, story_seconds: float, arrivals: Iterable[Arrival], window: int = WINDOW
) -> Iterator[Tried]:
    """Every arrival, in order, with what came of it. A story that takes too long, or ends its process, is held.

    ``window`` arrivals are taken at once, and none of the next before these are done. Raises flows.warm_pool.NoWorkers.
    """
    waiting = iter(arrivals)
    with WarmPool(
        config_dir, workers, story_seconds, make_clean, preload=["cleaners.pipeline", "cleaners.write"]
    ) as pool:
        while some := list(islice(waiting, window)):
            raws = [arrival.raw for arrival in some if arrival.raw is not None]
            found: dict[int, object] = {}
            for batch in do_all(pool, raws):
                found.update(batch)
            done = (found[number] for number in range(len(raws)))
            for arrival in some:
                yield _tried(arrival, next(done) if arrival.raw is not None else arrival.problem)


def _tried(arrival: Arrival, found: object) -> Tried:
    from cleaners.model import Cleaned

    if isinstance(found, Cleaned):
        return Tried(arrival, found, None)
    if isinstance(found, Broke):  # a fault of ours: told with the story that shows it
        return Tried(
            arrival, None, f"cleancopy failed on this story ({found.said}). Please report it, with the story."
        )
    return Tried(arrival, None, str(found))
