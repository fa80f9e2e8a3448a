"""`make chaos`: publishers are killed at every named point, until thousands of publications were made; then what readers saw is judged.

make chaos
make chaos ARGS="--publications 500 --seed 7"
make chaos ARGS="--postgresql"       the ledger and the table in PostgreSQL
"""

from __future__ import annotations

import argparse
import secrets
import sys
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.points import POINTS
from tests.chaos.scenario import Day, kinds, quick_folder, run_day
from tests.chaos.wrong import WRONG
from tests.flows.postgres_server import Postgres, postgres_programs, running_postgres

CONTROL_PUBLICATIONS = 250
PRODUCT, ASLEEP = "the product", "the product, asleep"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--publications", type=int, default=2_000, help="that the product makes, at least")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of all that is random")
    parser.add_argument(
        "--postgresql", action="store_true", help="ledger and table in a PostgreSQL of its own"
    )
    parser.add_argument(
        "--folder", type=Path, help="a new folder where ledgers and logs are kept, to look into"
    )
    given = parser.parse_args()
    console = Console()
    console.print(f"seed {given.seed}")
    with ExitStack() as stack:
        folder = given.folder.absolute() if given.folder else stack.enter_context(quick_folder())
        server = None
        if given.postgresql:
            programs = postgres_programs()
            if programs is None:
                console.print("There is no PostgreSQL on this machine (Debian: apt-get install postgresql).")
                return 2
            server = stack.enter_context(running_postgres(programs))
        days = {
            name: _day(console, folder, name, given.seed, given.publications, server)
            for name in (PRODUCT, ASLEEP, *WRONG)
        }
    console.print(_kills(days[PRODUCT]), _verdicts(days))
    faults = list(problems(days))
    for fault in faults:
        console.print(f"[bold red]{fault}[/]", highlight=False)
    return 1 if faults else 0


def _day(
    console: Console, folder: Path, name: str, seed: int, publications: int, server: Postgres | None
) -> Day:
    control = name if name in WRONG else None
    wanted = publications if name == PRODUCT else CONTROL_PUBLICATIONS
    with console.status(name) as status:

        def progress(made: int, kills: int) -> None:
            status.update(f"{name}: {made} of {wanted} publications, {kills} kills")

        day = run_day(
            folder / name,
            server.database() if server else f"sqlite:///{folder / name}.sqlite",
            publications=wanted,
            seed=seed,
            table=server.database() if server and not control else "sqlite:///copy.sqlite",
            control=control,
            sleepy=name == ASLEEP,
            most_seconds=3600 if name == PRODUCT else 180,
            progress=progress,
        )
    console.print(_said(name, day))
    return day


def problems(days: dict[str, Day]) -> list[str]:
    """What is wrong with the product, or with the harness, in sentences; none: all is well."""
    found = [f"The point {name!r} was never met." for name in days[PRODUCT].never]
    for product in (days[PRODUCT], days[ASLEEP]):
        found += [*product.judged.lost, *product.judged.twice, *product.judged.stale, *product.broken]
        if product.given_up:
            found.append(f"{product.given_up} acts were given up.")
    for name, wrong in WRONG.items():
        if not getattr(days[name].judged, wrong.finds):
            found.append(f"The control {name} ({wrong.says}) was not caught: {wrong.finds} is 0.")
    return found


def _said(name: str, day: Day) -> str:
    return (
        f"{name}: {day.publications} publications of {day.editions} editions of {day.stories} stories in {day.seconds:.0f} s, "
        f"{sum(day.hits.values())} kills at points and {day.ends['killed anywhere']} anywhere"
    )


def _kills(day: Day) -> Table:
    table = Table(
        "killed", "times", title="Where the product was killed, and what befell it", title_justify="left"
    )
    for point in POINTS:
        table.add_row(point.name, str(day.hits[point.name]))
    table.add_section()
    for fault, count in sorted(day.faults.items()):
        table.add_row(fault, str(count))
    table.add_section()
    table.add_row("slept through its lease", str(day.slept))
    table.add_row("sent twice by a source", str(day.repeated))
    table.add_row("drafts left that nobody will publish", str(day.left))
    return table


def _verdicts(days: dict[str, Day]) -> Table:
    table = Table(
        "publisher",
        "publications",
        "lost",
        "twice",
        "old over new",
        "must be",
        "half-way",
        title_justify="left",
    )
    for name, day in days.items():
        found = kinds(day)
        must = f"{WRONG[name].finds} > 0" if name in WRONG else "none"
        table.add_row(
            name,
            str(day.publications),
            *(str(found[kind]) for kind in ("lost", "twice", "stale")),
            must,
            str(len(day.judged.halfway)),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
