"""What cleaning costs, as ratios of CPU time in one run: absolute times say more about the machine than about us."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import trafilatura

from cleaners.pipeline import load_pipeline
from flows.sources.records import raw_from_record
from tests.bench.sets import Record


def measure(config: Path, pages: list[Record], stories: list[Record]) -> dict[str, float]:
    """``cleaning_of_extraction``: CPU of cleaning over that of trafilatura; ``whole_of_extraction``: of read + clean;
    ``stories_per_second``: text stories on one core.
    """
    pipeline = load_pipeline(config)
    raws = [raw_from_record(page) for page in pages]
    texts = [raw_from_record(story) for story in stories]
    # A process compiles the rules of a publisher and a language once; here it has done so.
    for raw in (*raws, *texts):
        pipeline.clean(raw)
    trafilatura.bare_extraction(pages[0]["html"], with_metadata=True, include_comments=False)

    read: list[Any] = []
    reading = _seconds(lambda: read.extend(pipeline.read(raw) for raw in raws))
    cleaning = _seconds(lambda: [pipeline.clean_story(story) for story in read])
    extracting = _seconds(
        lambda: [
            trafilatura.bare_extraction(page["html"], with_metadata=True, include_comments=False)
            for page in pages
        ]
    )
    texting = _seconds(lambda: [pipeline.clean(raw) for raw in texts])
    return {
        "cleaning_of_extraction": cleaning / extracting,
        "whole_of_extraction": (reading + cleaning) / extracting,
        "stories_per_second": len(texts) / texting,
    }


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began
