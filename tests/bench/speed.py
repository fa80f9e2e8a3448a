"""What cleaning costs, as ratios of CPU time in one run: absolute times say more about the machine than about us.

What is compared works on one page or story after the other in turns, several times over, and of each page the least time of each
counts: a machine that is busy with something else for a while slows a few pages of a few turns, and nothing that is told.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import trafilatura
from rich.table import Table

from cleaners.model import Raw, Selector, SiteRules, Story
from cleaners.pipeline import Pipeline, load_pipeline
from cleaners.read.align import align
from cleaners.read.leaves import leaves
from cleaners.read.page import read_page
from cleaners.read.zones import is_prose
from flows.sources.records import raw_from_record
from tests.bench.cleaning import Cleaner
from tests.bench.invented import stories, write_config
from tests.bench.resident import resident
from tests.bench.sets import Record

TURNS = 3
TEXTS = 300
"""As many as there are houses: a story of each."""
BLOCKS = 30


@dataclass(frozen=True)
class Measure:
    """One figure beside what it should be. ``most``: no more than the target; else no less."""

    name: str
    figure: float
    target: float | None
    unit: str
    most: bool = True

    @property
    def reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.figure <= self.target if self.most else self.figure >= self.target


def measure(config: Path, pages: list[Record]) -> list[Measure]:
    """Every figure of the speed section; the invented rules stand on top of ``config``'s own."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        in_force = {
            count: load_pipeline(write_config(config, folder / f"all-{count}", count, houses=0))
            for count in (1_000, 10_000)
        }
        houses = {
            count: load_pipeline(write_config(config, folder / f"many-{count}", count))
            for count in (100, 10_000)
        }
        return [
            *_beside_extraction(in_force, pages),
            _with_selectors(pages),
            *_grouped(houses),
            *_texts(in_force[1_000]),
            _memory(folder / "many-10000", folder / "many-100"),
            _two_processes(config, pages),
        ]


def table(
    measures: list[Measure], title: str = f"Speed (CPU, the least of {TURNS} turns for each page)"
) -> Table:
    told = Table(title=title, title_justify="left")
    for heading in ("measure", "figure", "target", "reached"):
        told.add_column(heading, justify="left" if heading == "measure" else "right")
    for one in measures:
        bound = "–" if one.target is None else f"{'≤' if one.most else '≥'} {_shown(one.target, one.unit)}"
        reached = {True: "yes", False: "no", None: "–"}[one.reached]
        told.add_row(one.name, _shown(one.figure, one.unit), bound, reached)
    return told


def _shown(figure: float, unit: str) -> str:
    return (
        f"{figure:.1%}"
        if unit == "%"
        else f"{figure:,.0f}"
        if figure >= 10
        else f"{figure:.2f} {unit}".strip()
    )


def _beside_extraction(pipelines: dict[int, Pipeline], pages: list[Record]) -> list[Measure]:
    """Cleaning, and reading with cleaning, over trafilatura's own time on the same pages."""
    raws = [raw_from_record(page) for page in pages]
    read: list[Story] = [pipelines[1_000].read(raw) for raw in raws]
    works: dict[str, Callable[[int], object]] = {
        "extract": lambda at: trafilatura.bare_extraction(pages[at]["html"], with_metadata=True),
        "read": lambda at: pipelines[1_000].read(raws[at]),
    }
    for count, pipeline in pipelines.items():
        works[str(count)] = lambda at, pipeline=pipeline: pipeline.clean_story(read[at])  # type: ignore[misc]
    took = _least(len(pages), works)
    told = []
    for count, target in ((1_000, 0.02), (10_000, 0.03)):
        ratio = took[str(count)] / took["extract"]
        told.append(Measure(f"cleaning over extraction, {count:,} rules in one ruleset", ratio, target, "%"))
    whole = (took["read"] + took["1000"]) / took["extract"]
    told.append(
        Measure("reading (with extraction) and cleaning over extraction, 1,000 rules", whole, 1.15, "×")
    )
    return told


def _with_selectors(pages: list[Record]) -> Measure:
    """Reading pages whose publisher names the story by a selector, and trafilatura on the same pages.

    The selector is made for each page beforehand: the element in which most of what trafilatura finds stands.
    """
    known = [(raw_from_record(page), story_selector(page["html"])) for page in pages]
    named = [
        (raw, SiteRules("bench", body=(Selector("bench/body", query, "The story.", "bench"),)))
        for raw, query in known
        if query is not None
    ]
    named = [(raw, rules) for raw, rules in named if not read_page(raw, rules).notes]

    took = _least(
        len(named),
        {
            "extract": lambda at: trafilatura.bare_extraction(named[at][0].content, with_metadata=True),
            "read": lambda at: read_page(*named[at]),
        },
    )
    ratio = took["extract"] / took["read"]
    name = f"extraction over reading with a body selector, {len(named)} of {len(pages)} pages"
    return Measure(name, ratio, 5, "×", most=False)


def story_selector(html: str) -> str | None:
    """XPath of the element that holds most paragraphs of what trafilatura finds; None: it finds none."""
    tree = trafilatura.load_html(html)
    found = trafilatura.bare_extraction(html) if tree is not None else None
    if found is None:
        return None
    page = leaves(tree)
    places = align([leaf.text for leaf in leaves(found.body)], [leaf.text for leaf in page])
    holders = Counter(
        page[at].owner.getparent() for at in places if at is not None and is_prose(page[at].text)
    )
    return tree.getroottree().getpath(holders.most_common(1)[0][0]) if holders else None


def _grouped(pipelines: dict[int, Pipeline]) -> list[Measure]:
    """Stories of 300 publishers, grouped: 10,000 rules shared out among them against 100."""
    texts = list(stories(TEXTS, blocks=BLOCKS))
    took = _least(
        len(texts), {str(count): _cleaning(pipeline, texts) for count, pipeline in pipelines.items()}
    )
    ratio = took["10000"] / took["100"]
    return [Measure("10,000 rules over 100, stories grouped by 300 publishers", ratio, 1.5, "×")]


def _texts(pipeline: Pipeline) -> list[Measure]:
    texts = list(stories(TEXTS, blocks=BLOCKS, houses=0))
    seconds = _least(len(texts), {"texts": _cleaning(pipeline, texts)})["texts"]
    name = f"text stories a second on one core, {BLOCKS} blocks, 1,000 rules (idle machine)"
    return [Measure(name, len(texts) / seconds, 2_000, "", most=False)]


def _memory(many: Path, few: Path) -> Measure:
    """Resident memory of 10,000 rules over that of 100, each in a fresh process that has cleaned a story of every publisher."""
    sizes = []
    for config in (many, few):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.speed", str(config)],
            capture_output=True,
            check=True,
            text=True,
        )
        sizes.append(json.loads(done.stdout))
    return Measure("memory of 10,000 rules of 300 publishers, MB", (sizes[0] - sizes[1]) / 1_000_000, 100, "")


def _two_processes(config: Path, pages: list[Record]) -> Measure:
    """Pages a second of two warm processes over those of one, by the clock: worth something on an idle machine only."""
    many = pages * 2
    took: dict[int, list[float]] = {1: [], 2: []}
    with Cleaner(config, 1) as one, Cleaner(config, 2) as two:
        for turn in range(3):
            for jobs, cleaner in ((1, one), (2, two)):
                began = monotonic()
                for _ in cleaner.clean(many):
                    pass
                if turn:  # in the first the processes start
                    took[jobs].append(monotonic() - began)
    ratio = min(took[1]) / min(took[2])
    return Measure("two processes over one, pages a second (idle machine)", ratio, 1.8, "×", most=False)


def _cleaning(pipeline: Pipeline, raws: list[Raw]) -> Callable[[int], object]:
    return lambda at: pipeline.clean(raws[at])


def _least(items: int, works: dict[str, Callable[[int], object]]) -> dict[str, float]:
    """CPU seconds that each of ``works`` takes for all items, numbered from 0: of each item the least of some turns, added up."""
    least = {name: [inf] * items for name in works}
    for _ in range(TURNS):
        for at in range(items):
            for name, work in works.items():
                began = process_time()
                work(at)
                least[name][at] = min(least[name][at], process_time() - began)
    return {name: sum(times) for name, times in least.items()}


def _main(config: Path) -> None:
    """Clean a story of every publisher and say how large the process has become, in bytes."""
    pipeline: Any = load_pipeline(config)
    for raw in stories(TEXTS, blocks=BLOCKS):
        pipeline.clean(raw)
    print(resident())


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
