"""`make bench`: the benchmarks in ../shared, our figures beside the baselines.

make bench
make bench ARGS="--only stories --errors 20"
make bench ARGS="--only stories --half A --missed 50 --lang de"
make bench ARGS="--only metadata --half A --errors 1"     every wrong field of half A's pages
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.columns import Columns
from rich.console import Console

from flows.settings import load_settings
from tests.bench import floors, metadata
from tests.bench.cleaning import Cleaner, Done
from tests.bench.line_model import TRAINED_ON, five_fold
from tests.bench.memory import measure_memory, memory_table
from tests.bench.polling import measure_polling, polling_table
from tests.bench.publishing import measure_publishing, publishing_table
from tests.bench.receiver import measure_receiver
from tests.bench.receiver import told as receiver_told
from tests.bench.scoring import (
    Figures,
    Row,
    extraction_scores,
    language_rows,
    line_scores,
    missed,
    naive_predictions,
    row,
    together,
)
from tests.bench.served import prefect_share, webhook
from tests.bench.sets import (
    EXTRACTION_SETS,
    GROUPS,
    HARD,
    LINE_SETS,
    OTHERS,
    ExtractionSet,
    LineSet,
    Record,
    group,
    half,
    read_jsonl,
    require_shared,
)
from tests.bench.speed import measure
from tests.bench.speed import table as speed_table
from tests.bench.tables import (
    TRAFILATURA_PAGES,
    categories_table,
    extraction_table,
    hard_told,
    languages_table,
    lifts_table,
    lines_table,
    show_lines,
)

FIVE_FOLD = "five-fold"
NAMES = (
    *(each.name for each in LINE_SETS),
    *(each.name for each in EXTRACTION_SETS),
    "metadata",
    "speed",
    "memory",
    "polling",
    "publishing",
    "receiver",
    "prefect",
    "webhook",
)


def main() -> None:
    options = _options()
    if not require_shared(dict(os.environ)):
        return
    settings = load_settings(options.config)
    options.config_dir = settings.config_dir
    console = Console(width=None if Console().is_terminal else 150)
    results: dict[str, Any] = {"when": datetime.now(UTC).isoformat(timespec="seconds")}
    wanted = options.only or NAMES
    with Cleaner(settings.config_dir, options.jobs) as cleaner, tempfile.TemporaryDirectory() as work:
        for each in LINE_SETS:
            if each.name in wanted:
                results[each.name] = _lines(each, cleaner, Path(work), console, options)
        told = {}
        for corpus in EXTRACTION_SETS:
            if corpus.name in wanted:
                told[corpus.name] = _extraction(corpus, Path(work), console, settings.config_dir)
        if told:
            console.print(extraction_table(told), "")
            results["extraction"] = told
    if "metadata" in wanted:
        results["metadata"] = _metadata(console, options)
    if "speed" in wanted:
        pages = EXTRACTION_SETS[0].records()[: options.pages]
        measures = measure(settings.config_dir, pages)
        results["speed"] = {one.name: one.figure for one in measures}
        console.print(speed_table(measures), "")
    if "memory" in wanted:
        # All 20,000 pages take a quarter of an hour: only where they are asked for.
        sizes = measure_memory(
            settings.config_dir, options.memory_pages or (20_000 if options.only else 1_000)
        )
        results["memory"] = {f"MB after {mark} pages": size / 1_000_000 for mark, size in sizes.items()}
        console.print(memory_table(sizes), "")
    if "polling" in wanted:
        polled = measure_polling()
        results["polling"] = polled._asdict()
        console.print(polling_table(polled), "")
    if "publishing" in wanted:
        rates = measure_publishing()
        results["publishing"] = {rate.name: rate._asdict() | {"ratio": rate.ratio} for rate in rates}
        console.print(publishing_table(rates), "")
    if "receiver" in wanted:
        measures = measure_receiver()
        results["receiver"] = {one.name.strip(): one.figure for one in measures}
        console.print(speed_table(measures, receiver_told()), "")
    for name, served, title in (
        ("prefect", prefect_share, "Prefect's share (CPU)"),
        ("webhook", webhook, "Webhook (waits by the clock: read them on an idle machine)"),
    ):
        if name in wanted:
            measures = served(settings.config_dir)
            results[name] = {one.name.strip(): one.figure for one in measures}
            console.print(speed_table(measures, title), "")
    if options.floors:
        sys.exit(_floors(results, options, console))
    if not (options.only or options.half or options.lang):
        console.print(f"All figures: {_kept(results, settings.data_dir / 'bench')}", highlight=False)


def _floors(results: dict[str, Any], options: argparse.Namespace, console: Console) -> int:
    """Check the figures against their floors, or raise the floors. The exit code."""
    measured = floors.figures_of(results)
    if options.floors == "raise":
        refused = floors.raise_floors(measured)
    else:
        refused = floors.below(measured, floors.read(), {name.partition("/")[0] for name in measured})
    for line in refused:
        console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{floors.FILE.name}: {len(refused)} of {len(measured)} figures below their floor"
        if refused
        else f"{floors.FILE.name}: all {len(measured)} figures at or above their floors"
    )
    return 1 if refused else 0


def _lines(
    each: LineSet, cleaner: Cleaner, work: Path, console: Console, options: argparse.Namespace
) -> Figures:
    gold = [story for story in each.labelled() if _chosen(story, options)]
    chosen = {story["id"] for story in gold}
    done = list(cleaner.clean([record for record in each.records() if record["id"] in chosen]))
    hard = list(cleaner.clean([_bare(record) for record in read_jsonl(HARD)])) if each.hard else []
    as_text = each.pages is not None
    predictions = [_prediction(one, as_text) for one in (*done, *hard)]

    figures = line_scores(gold, predictions, work, hard=bool(hard), errors=options.errors)
    rows = _parts("cleancopy", figures, gold, predictions, work)
    folds = None
    if each in TRAINED_ON or each.pages is not None:  # the page model is trained on the pages
        unseen = [_prediction(one, as_text) for one in five_fold(options.config_dir, each.records())]
        folds = line_scores(gold, unseen, work)
        rows |= _parts(FIVE_FOLD, folds, gold, unseen, work)
    languages = language_rows(figures)
    rows["keep everything"] = row(line_scores(gold, [], work))
    told = {"cleancopy": hard_told(figures)} if hard else {}
    if each.pages is None:
        naive = naive_predictions(each.gold) + (naive_predictions(HARD) if hard else [])
        score = line_scores(gold, naive, work, hard=bool(hard))
        rows["naive list of 30 patterns"] = row(score)
        if hard:
            told["naive list of 30 patterns"] = hard_told(score)
    if each.name in ("stories", "pages"):
        rows |= TRAFILATURA_PAGES
    console.print(lines_table(each.title, rows, told))
    details = (
        [categories_table(folds or figures)] if as_text else [lifts_table(figures), categories_table(figures)]
    )
    if folds and not as_text:
        details.insert(1, lifts_table(folds, "the same, five-fold"))
    console.print(
        Columns([*details, *([languages_table(languages)] if len(languages) > 1 else [])], padding=(0, 3))
    )
    _verdicts(done, console)
    totals = figures["stories"]["totals"]
    if totals.get("unlabelled_lines"):
        console.print(
            f"unlabelled lines removed: {totals['unlabelled_removed']}/{totals['unlabelled_lines']} (nearly all editorial)"
        )
    _examples(figures, gold, predictions, as_text, console, options)
    console.print()
    return {
        "figures": figures,
        "five-fold": folds,
        "rows": {name: it._asdict() for name, it in rows.items()},
        "hard": told,
    }


def _parts(
    name: str, figures: Figures, gold: list[Record], predictions: list[Record], work: Path
) -> dict[str, Row]:
    """The whole, its halves, and its groups of languages."""
    under = "    " if name == FIVE_FOLD else "  "
    rows = {name: row(figures)}
    for letter in "AB":
        publishers = [one for one in gold if half(one["publisher"]) == letter]
        rows[f"{under}half {letter}"] = row(line_scores(publishers, predictions, work))
    groups: dict[str, list[Row]] = {}
    for language, counts in language_rows(figures).items():
        groups.setdefault(group(language), []).append(counts)
    if len(groups) > 1:
        rows |= {f"{under}{title}": together(groups[title]) for title in (*GROUPS, OTHERS) if title in groups}
    return rows


def _examples(
    figures: Figures,
    gold: list[Record],
    predictions: list[Record],
    as_text: bool,
    console: Console,
    options: argparse.Namespace,
) -> None:
    """Lines to learn from. They go to the terminal only: the texts belong to their publishers."""
    errors = [*figures["stories"].get("errors", ()), *figures.get("hard", {}).get("errors", ())]
    if options.errors and errors:
        console.print("Editorial lines lost:", style="bold")
        show_lines(console, [(one["id"], one.get("rule") or "–", one["text"]) for one in errors])
    if options.missed and not as_text:
        console.print("Junk that stayed:", style="bold")
        by_id = {one["id"]: one for one in predictions}
        show_lines(
            console,
            [(category, story, text[:160]) for category, story, text in missed(gold, by_id, options.missed)],
        )


def _extraction(corpus: ExtractionSet, work: Path, console: Console, config: Path) -> dict[str, Figures]:
    """Five-fold: the line model is trained on these pages, too."""
    done = five_fold(config, corpus.records())
    ours, reference = extraction_scores(corpus, [{"id": one.id, "text": one.text} for one in done], work)
    _verdicts(done, console, corpus.name)
    for measured, gap in ours.get("against", {}).items():
        if measured in ("f1", "word_f1"):
            interval = f"{gap['low']:+.4f} to {gap['high']:+.4f}"
            console.print(
                f"  {measured} against trafilatura: {gap['difference']:+.4f} ({interval})", highlight=False
            )
    return {"cleancopy": ours, "trafilatura 2.3.1": reference}


def _metadata(console: Console, options: argparse.Namespace) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in metadata.SETS:
        # The floors are ours alone.
        systems = metadata.SYSTEMS[:1] if options.floors else metadata.SYSTEMS
        scores, wrong = metadata.measure(name, options.jobs, options.half, systems)
        console.print(metadata.table(name, scores))
        if options.errors:
            console.print(f"Wrong or missing ({name}; said, known):", style="bold")
            show_lines(
                console,
                [(one.field, one.id, one.said, one.known) for one in sorted(wrong, key=lambda it: it.field)],
            )
        told[name] = {
            system: {
                field: {**score._asdict(), "precision": score.precision, "recall": score.recall}
                for field, score in each.items()
            }
            for system, each in scores.items()
        }
    console.print()
    return told


def _verdicts(done: list[Done], console: Console, name: str = "") -> None:
    counts = Counter(one.verdict for one in done)
    told = ", ".join(f"{verdict} {count}" for verdict, count in counts.most_common())
    console.print(f"{name or 'verdicts'}: {told}", highlight=False)
    failed = [one for one in done if one.error]
    for one in failed[:10]:
        console.print(f"  failed: {one.id}: {one.error}", style="red", markup=False, soft_wrap=True)


def _prediction(one: Done, as_text: bool) -> Record:
    return {"id": one.id, "text": one.text} if as_text else one.decisions


def _bare(record: Record) -> Record:
    return {key: record[key] for key in ("id", "url", "publisher", "lang", "lines") if key in record}


def _chosen(story: Record, options: argparse.Namespace) -> bool:
    right_half = options.half is None or half(story["publisher"]) == options.half
    return right_half and (options.lang is None or story.get("lang") in options.lang.split(","))


def _kept(results: dict[str, Any], folder: Path) -> Path:
    """Writes the figures, without any text of the stories, and gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in results.values():
        if isinstance(each, dict) and "figures" in each:
            each["figures"]["stories"].pop("errors", None)
            each["figures"].get("hard", {}).pop("errors", None)
    path = folder / f"{results['when'].replace(':', '').replace('+0000', 'Z')}.json"
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=NAMES, help="this set only (may be repeated)")
    parser.add_argument(
        "--half", choices=("A", "B"), help="publishers of this half only; look at A while writing rules"
    )
    parser.add_argument(
        "--floors",
        choices=("check", "raise"),
        help="compare with tests/floors.json, or write better figures into it (a worse one is refused)",
    )
    parser.add_argument("--lang", help="these languages only, e.g. de,fr")
    parser.add_argument(
        "--errors",
        type=int,
        default=0,
        metavar="N",
        help="list N editorial lines that were lost, with their rule",
    )
    parser.add_argument(
        "--missed",
        type=int,
        default=0,
        metavar="N",
        help="list N junk lines that stayed, with their category",
    )
    parser.add_argument(
        "--pages", type=int, default=40, metavar="N", help="pages for the speed measure (default 40)"
    )
    parser.add_argument(
        "--memory-pages",
        type=int,
        metavar="N",
        help="pages for the memory measure (default 1,000; 20,000 with --only memory)",
    )
    parser.add_argument("--config", type=Path, metavar="DIR", help="another configuration")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="processes"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
