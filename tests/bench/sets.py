"""The benchmark sets in ../shared: where they lie, and their stories without their answers."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

SHARED = Path(__file__).resolve().parents[3] / "shared"
LINES = SHARED / "bench" / "lines"
EXTRACTION = SHARED / "bench" / "extraction"

Record = dict[str, Any]
Half = Literal["A", "B"]

_GIVEN = ("id", "url", "publisher", "lang", "lines", "html")
"""What a cleaner is shown of a benchmark story. Never its labels, never its truth."""


@dataclass(frozen=True)
class LineSet:
    """Stories whose lines are labelled. ``pages`` are the same stories as web pages, scored by their text."""

    name: str
    title: str
    gold: Path
    pages: Path | None = None
    hard: Path | None = None

    def records(self) -> list[Record]:
        return [_shown(record) for record in read_jsonl(self.pages or self.gold)]

    def labelled(self) -> list[Record]:
        """The stories with their labels; of those with pages only the ones whose page is there."""
        gold = list(read_jsonl(self.gold))
        if self.pages is None:
            return gold
        there = {record["id"] for record in read_jsonl(self.pages)}
        return [record for record in gold if record["id"] in there]


@dataclass(frozen=True)
class ExtractionSet:
    """Web pages whose text was checked by people."""

    name: str
    folder: Path

    def records(self) -> list[Record]:
        return [_shown(record) for record in read_jsonl(self.folder / "pages.jsonl.gz")]

    @property
    def reference(self) -> Path:
        return self.folder / "reference.trafilatura.jsonl.gz"


HARD = LINES / "hard_negatives.jsonl"
LINE_SETS = (
    LineSet("stories", "raw copy (stories.jsonl)", LINES / "stories.jsonl", hard=HARD),
    LineSet("extracted", "after extraction (extracted.jsonl)", LINES / "extracted.jsonl"),
    LineSet(
        "pages", "page in, copy out (pages.jsonl.gz)", LINES / "stories.jsonl", pages=LINES / "pages.jsonl.gz"
    ),
    LineSet("learning", "many of one publisher (learning/)", LINES / "learning" / "stories.jsonl"),
)
EXTRACTION_SETS = (
    ExtractionSet("zyte", EXTRACTION / "zyte"),
    ExtractionSet("wcxb-article-dev", EXTRACTION / "wcxb-article-dev"),
)


def require_shared(environment: dict[str, str]) -> bool:
    """Whether the sets are there. Says so where they are not; with CI=true their absence ends the program."""
    if LINES.is_dir() and EXTRACTION.is_dir():
        return True
    message = f"The benchmark sets are not here ({SHARED}/bench): nothing is measured."
    if environment.get("CI") == "true":
        sys.exit(message + " With CI=true that is a failure.")
    print(message)
    return False


def read_jsonl(path: Path) -> Iterator[Record]:
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        for line in lines:
            if line.strip():
                yield json.loads(line)


def write_jsonl(path: Path, records: list[Record]) -> Path:
    path.write_text(
        "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8"
    )
    return path


def half(publisher: str) -> Half:
    """The half a publisher belongs to, by a hash of its name: rules are written while looking at A only.

    >>> half("example.org") in ("A", "B")
    True
    """
    return "AB"[hashlib.sha256(publisher.encode()).digest()[-1] % 2]  # type: ignore[return-value]


GROUPS = {
    "English": "en",
    "German, Dutch, Nordic": "de nl sv no nb nn da fi is",
    "Romance": "fr es pt it ca ro gl",
    "Slavic, Baltic, Turkish": "pl cs sk ru uk bg sr hr sl lt lv et hu el tr",
    "Chinese, Japanese, Korean": "zh ja ko",
}
OTHERS = "South and West Asia, Africa"


def group(language: str) -> str:
    """The group of languages that a language belongs to.

    >>> group("nl"), group("sw")
    ('German, Dutch, Nordic', 'South and West Asia, Africa')
    """
    return next((name for name, codes in GROUPS.items() if language[:2] in codes.split()), OTHERS)


def _shown(record: Record) -> Record:
    return {key: record[key] for key in _GIVEN if key in record}
