"""The benchmark's figures as tables that a person reads."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from tests.bench.scoring import Figures, Row

TRAFILATURA_PAGES = {
    # bench/lines/README.md: trafilatura 2.3.1 with the HTML, by the text form of the scorer, on all 260 stories
    "trafilatura 2.3.1": Row(260, 3114, 2784, 4887, 76, 67, 119),
    "trafilatura, precision": Row(260, 3114, 2873, 4887, 132, 83, 133),
}


def lines_table(title: str, rows: Mapping[str, Row], hard: Mapping[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("")
    for name in ("stories", "boilerplate removed", "editorial lost", "per 10,000", "exact", "lenient"):
        table.add_column(name, justify="right")
    if hard:
        table.add_column("hard negatives lost", justify="right")
    for name, row in rows.items():
        cells = [
            str(row.stories),
            f"{row.removed}/{row.junk}  {row.recall:6.1%}",
            f"{row.lost}/{row.editorial}",
            f"{row.lost_per_10k:.1f}",
            str(row.exact),
            str(row.lenient),
        ]
        if hard:
            cells.append(hard.get(name, ""))
        table.add_row(name, *cells, style="bold" if name in ("cleancopy", "five-fold") else None)
    return table


def languages_table(rows: Mapping[str, Row]) -> Table:
    table = Table(title="by language", title_justify="left")
    for name in ("", "stories", "removed", "lost", "exact"):
        table.add_column(name, justify="right" if name else "left")
    for language, row in rows.items():
        removed = f"{row.removed}/{row.junk} {row.recall:4.0%}" if row.junk else "–"
        table.add_row(language, str(row.stories), removed, str(row.lost), str(row.exact))
    return table


def lifts_table(figures: Figures, title: str = "lifted into the right field") -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("field", "lines", "right", "", "wrong field", "left in body", "lost"):
        table.add_column(name, justify="left" if name == "field" else "right")
    for field, counts in figures["stories"]["lift"].items():
        cells = [counts.get(key, 0) for key in ("total", "right")]
        rest = [counts.get(key, 0) for key in ("wrong_field", "left_in_body", "lost")]
        table.add_row(field, *map(str, cells), f"{counts.get('right_rate') or 0:.0%}", *map(str, rest))
    return table


def categories_table(figures: Figures) -> Table:
    table = Table(title="boilerplate by category", title_justify="left")
    for name in ("category", "removed", "of", ""):
        table.add_column(name, justify="left" if name == "category" else "right")
    for category, counts in figures["stories"]["categories"].items():
        share = f"{counts['recall'] or 0:.0%}"
        table.add_row(category, str(counts["removed"]), str(counts["total"]), share)
    return table


def extraction_table(results: Mapping[str, Mapping[str, Figures]]) -> Table:
    table = Table(
        title="extraction, five-fold by publisher (95 % intervals of score.py)",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("")
    names = ("f1", "precision", "recall", "exact", "word_f1", "with", "without", "empty")
    for name in names:
        table.add_column(name, justify="right")
    for title, systems in results.items():
        for system, figures in systems.items():
            cells = [f"{figures[name]:.3f}" if name in figures else "–" for name in names]
            for place, name in enumerate(names):
                if name + "_ci" in figures:
                    interval = figures[name + "_ci"]
                    cells[place] += f" ({interval['low']:.3f}–{interval['high']:.3f})"
            table.add_row(f"{title}: {system}", *cells, style="bold" if system == "cleancopy" else None)
    return table


def hard_told(figures: Figures) -> str:
    """``12/187 (real 7/111, phrased 5/76)``."""
    totals, origins = figures["hard"]["totals"], figures["hard"]["origin"]
    parts = ", ".join(f"{name} {each['lost']}/{each['total']}" for name, each in origins.items())
    return f"{totals['lost']}/{totals['total']} ({parts})"


def show_lines(console: Console, lines: list[tuple[str, ...]]) -> None:
    for line in lines:
        console.print("  ", " · ".join(line), sep="", markup=False, highlight=False, soft_wrap=True)
