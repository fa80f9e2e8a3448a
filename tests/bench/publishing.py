"""How many stories a second are published into a folder and a table, beside writing as many files with an fsync each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.table import Table

from flows.destinations import Publication, Receipt, most_at_once, open_destination
from flows.settings import Destination, FolderDestination, Format, TableDestination

STORIES = 2_000
LEAST_A_SECOND = 500
ALL: tuple[Format, ...] = ("json", "html", "markdown", "text")


class Rate(NamedTuple):
    """``raw`` is how many stories a second their files alone would be, written one after the other, each with an fsync."""

    name: str
    stories: int
    seconds: float
    raw: float

    @property
    def a_second(self) -> float:
        return self.stories / self.seconds

    @property
    def ratio(self) -> float:
        return self.a_second / self.raw


def measure_publishing(stories: int = STORIES) -> list[Rate]:
    """Publish small stories, in the batches that publishing takes, and write the same files raw in the same run."""
    acts = [_publication(number) for number in range(stories)]
    kinds: list[tuple[str, Destination, Sequence[Format]]] = [
        (
            "folder, json",
            FolderDestination(kind="folder", name="f", path="json", formats=("json",)),
            ("json",),
        ),
        ("folder, four formats", FolderDestination(kind="folder", name="f", path="all", formats=ALL), ALL),
        ("table, SQLite", TableDestination(kind="table", name="t", url="sqlite:///copy.sqlite"), ("json",)),
    ]
    rates = []
    with TemporaryDirectory(prefix="cleancopy-bench-") as folder:
        for name, destination, formats in kinds:
            raw = _raw(Path(folder) / f"raw-{len(rates)}", acts[: max(1, stories // 10)], formats)
            seconds = _timed(lambda destination=destination: _publish(destination, Path(folder), acts))  # type: ignore[misc]
            rates.append(Rate(name, stories, seconds, raw))
    return rates


def publishing_table(rates: Sequence[Rate]) -> Table:
    told = Table(title=f"{rates[0].stories:,} small stories published, in batches", title_justify="left")
    for heading in ("destination", "stories a second", "target", "reached", "raw writes with fsync", "ratio"):
        told.add_column(heading, justify="left" if heading == "destination" else "right")
    for rate in rates:
        reached = "yes" if rate.a_second >= LEAST_A_SECOND else "no"
        told.add_row(
            rate.name,
            f"{rate.a_second:,.0f}",
            f"≥ {LEAST_A_SECOND}",
            reached,
            f"{rate.raw:,.0f}",
            f"{rate.ratio:.1f}",
        )
    return told


def _publish(destination: Destination, folder: Path, acts: Sequence[Publication]) -> None:
    most = most_at_once(destination)
    with open_destination(destination, folder) as publisher:
        for begin in range(0, len(acts), most):
            for answer in publisher(acts[begin : begin + most]):
                if not (isinstance(answer, Receipt) and answer.did == "wrote"):
                    raise RuntimeError(f"not published: {answer}")


def _raw(folder: Path, acts: Sequence[Publication], formats: Sequence[Format]) -> float:
    """Stories a second. A tenth of them: one after the other they take a flush of the disk each."""
    folder.mkdir()

    def write() -> None:
        for number, act in enumerate(acts):
            for form in formats:
                content = (act.rendered.get(form) or str(act.record)).encode()
                with (folder / f"{number}.{form}").open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())

    return len(acts) / _timed(write)


def _timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _publication(number: int) -> Publication:
    text = f"The ferry {number} is back at the quay, said the harbour master on Tuesday.\n" * 12
    html = "".join(f"<p>{line}</p>\n" for line in text.splitlines())
    record = {
        "id": f"ferry-{number}",
        "headline": f"Ferry {number} is back at the quay",
        "verdict": "publish",
        "published": "2026-03-03T12:00:00+00:00",
        "text": text,
        "html": html,
    }
    return Publication(
        story=f"bench:ferry-{number}",
        act="publish",
        edition=1,
        revision=1,
        ledger="bench",
        idempotency_key=f"bench-{number}",
        record=record,
        rendered={"html": html, "markdown": text, "text": text},
    )
