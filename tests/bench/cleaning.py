"""Cleans benchmark records as `cleancopy clean --from jsonl` does, in a pool of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from cleaners import write
from cleaners.pipeline import Pipeline, load_pipeline
from flows.sources.records import raw_from_record
from tests.bench.sets import Record


class Done(NamedTuple):
    """One record cleaned: its decisions, its copy, its verdict, the CPU seconds it took; or the error it ended with."""

    id: str
    decisions: Record
    text: str
    verdict: str
    seconds: float
    error: str | None


_pipeline: Pipeline | None = None


def _open(directory: Path) -> None:
    global _pipeline
    _pipeline = load_pipeline(directory)


def _clean(record: Record) -> Done:
    assert _pipeline is not None
    return clean_one(_pipeline, record)


def clean_one(pipeline: Pipeline, record: Record) -> Done:
    began = process_time()
    try:
        cleaned = pipeline.clean(raw_from_record(record))
        told, text = write.decisions(cleaned), write.text(cleaned)
        return Done(record["id"], told, text, cleaned.verdict, process_time() - began, None)
    except Exception as error:  # counted and shown: a benchmark must not end at its worst story
        seconds = process_time() - began
        said = f"{type(error).__name__}: {error}"
        return Done(record["id"], {"id": record["id"], "lines": []}, "", "failed", seconds, said)


class Cleaner:
    """A pool that cleans. Use as a context."""

    def __init__(self, config: Path, jobs: int) -> None:
        load_pipeline(config)  # a mistake in the configuration shows here, not in a worker
        self._pool = ProcessPoolExecutor(jobs, get_context("forkserver"), _open, (config,))

    def __enter__(self) -> Cleaner:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def clean(self, records: Iterable[Record], done: Callable[[], Any] = lambda: None) -> Iterator[Done]:
        for one in self._pool.map(_clean, records, chunksize=4):
            done()
            yield one
