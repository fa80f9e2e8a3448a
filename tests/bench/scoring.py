"""The benchmarks' own scorers, run as they are; and the figures of theirs that we show."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.sets import EXTRACTION, HARD, LINES, ExtractionSet, Record, write_jsonl

Figures = dict[str, Any]


class Row(NamedTuple):
    """What a newsroom asks of a cleaner, on one set of lines."""

    stories: int
    junk: int
    removed: int
    editorial: int
    lost: int
    exact: int
    lenient: int

    @property
    def recall(self) -> float:
        return self.removed / self.junk if self.junk else 0.0

    @property
    def lost_per_10k(self) -> float:
        return 1e4 * self.lost / self.editorial if self.editorial else 0.0


def line_scores(
    gold: list[Record], predictions: list[Record], work: Path, *, hard: bool = False, errors: int = 0
) -> Figures:
    """What bench/lines/score.py says of ``predictions``."""
    command = [sys.executable, str(LINES / "score.py"), "--json", "--errors", str(errors)]
    command += ["--gold", str(write_jsonl(work / "gold.jsonl", gold))]
    command += ["--pred", str(write_jsonl(work / "predictions.jsonl", predictions))]
    if hard:
        command += ["--hard", str(HARD)]
    return _said(command)


def extraction_scores(each: ExtractionSet, predictions: list[Record], work: Path) -> tuple[Figures, Figures]:
    """What bench/extraction/score.py says of ``predictions`` and of trafilatura's reference, in this order."""
    ours = write_jsonl(work / "predictions.jsonl", predictions)
    command = [sys.executable, str(EXTRACTION / "score.py"), str(each.folder), str(ours), str(each.reference)]
    said = _said([*command, "--against", str(each.reference), "--json", "--bootstrap", "300"])
    return said[str(ours)], said[str(each.reference)]


def naive_predictions(gold: Path) -> list[Record]:
    """What the list of thirty patterns does, asked now."""
    command = [sys.executable, str(LINES / "baseline_naive.py"), str(gold)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def row(figures: Figures) -> Row:
    totals = figures["stories"]["totals"]
    keys = (
        "stories",
        "remove_lines",
        "removed",
        "editorial_lines",
        "false_removals",
        "exact",
        "exact_lenient",
    )
    return Row(*(totals.get(key, 0) for key in keys))


def language_rows(figures: Figures) -> dict[str, Row]:
    keys = (
        "stories",
        "remove_lines",
        "removed",
        "editorial_lines",
        "false_removals",
        "exact",
        "exact_lenient",
    )
    return {
        language: Row(*(counts.get(key, 0) for key in keys))
        for language, counts in figures["stories"]["languages"].items()
    }


def together(rows: Iterable[Row]) -> Row:
    return Row(*(sum(column) for column in zip(*rows, strict=True)))


def missed(
    gold: Iterable[Record], predictions: Mapping[str, Record], most: int
) -> list[tuple[str, str, str]]:
    """Junk lines that were kept: (category, story id, text), the first ``most`` of them, spread over the stories."""
    found: list[tuple[int, str, str, str]] = []
    for story in gold:
        gone = {
            line["index"]
            for line in predictions.get(story["id"], {}).get("lines", ())
            if line["action"] in ("remove", "lift")
        }
        kept = [
            (label.removeprefix("remove:"), story["id"], text)
            for index, (text, label) in enumerate(zip(story["lines"], story["labels"], strict=True))
            if label.startswith("remove:") and index not in gone
        ]
        found += [(turn, *line) for turn, line in enumerate(kept)]
    found.sort(key=lambda each: (each[0], each[1]))
    return sorted(line[1:] for line in found[:most])


def _said(command: list[str]) -> Figures:
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        sys.exit(f"{command[1]} failed:\n{answer.stderr}")
    said: Figures = json.loads(answer.stdout)
    return said
