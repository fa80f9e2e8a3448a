"""``cleancopy run``: the main flow, once, on embedded defaults. What `make run` calls."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.config import find_config
from flows.cli.options import ConfigOption
from flows.cli.terminal import command, printable, say, stderr, stdout, stop

if TYPE_CHECKING:
    from flows.settings import Settings
    from flows.tasks.jobs import Job
    from flows.tasks.publishing import Published
    from flows.tasks.selection import Selection
    from flows.tasks.summary import RunSummary

DEMO = "demo"
"""The source with the stories that ship with cleancopy."""
_OUTCOMES = {
    "publish": ("published", "green"),
    "hold": ("held", "yellow"),
    "embargo": ("embargo", "yellow"),
    "kill": ("killed", "red"),
    "failed": ("failed", "red"),
}
_NOT_DONE = {"publish": "not published", "unpublish": "NOT TAKEN DOWN", "hold": "not told that it is held"}
_MOST_RULES = 15


def run(
    stories: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders or web addresses; none: the demo stories.", show_default=False),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Clean and publish stories with the main flow, once: Prefect without a server, SQLite, a local folder.

    Exit code 1 if a story failed or a file could not be read (the others are done), or if something was not published or not taken down where it should be: it is tried again
    with the next run.
    """
    from flows.prefect_home import embedded_environment
    from flows.settings import load_settings

    settings = load_settings(find_config(config))
    # Prefect reads its settings from the environment when it is imported, so this comes first.
    os.environ.update(embedded_environment(settings, os.environ))
    os.environ.pop("PREFECT_API_URL", None)
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    told = "Starting Prefect, embedded; this takes some ten seconds ..."
    with stderr().status(told) if stderr().is_terminal else _plainly(told):
        job = _clean(stories)
    show(stdout(), job, settings, demo=not stories)
    if not is_well(job):
        raise typer.Exit(1)


def is_well(job: Job) -> bool:
    """Whether every story was cleaned, and is where it should be: published, or taken down."""
    summary = job.summary
    return not (summary.failures or summary.published.not_made or job.problems)


def _clean(stories: list[str] | None) -> Job:
    from cleaners.rules import ConfigError

    try:
        return asyncio.run(_flow(_chosen(stories)))
    except (ConfigError, ValueError) as error:
        stop(str(error))


async def _flow(selection: Selection) -> Job:
    from flows.clean_stories import clean_stories

    job: Any = await clean_stories(selection)  # the result of the state that the flow ends with
    return job  # type: ignore[no-any-return]


def _chosen(stories: list[str] | None) -> Selection:
    from flows.tasks.selection import Selection

    if stories:
        places = [one if "://" in one else os.path.abspath(Path(one).expanduser()) for one in stories]
        return Selection(addresses="\n".join(places), dry_run=False)
    return Selection(source=DEMO, look_first=True, dry_run=False)


class _plainly:
    """Says once what a spinner would say, where nobody watches a spinner."""

    def __init__(self, told: str) -> None:
        say(told, "dim")

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def show(console: Console, job: Job, settings: Settings, demo: bool) -> None:
    """What happened, where it lies, what to do next."""
    summary = job.summary
    console.print()
    console.print(_stories(summary))
    if summary.removals:
        console.print(_removals(summary))
    for problem in job.problems:
        console.print(Text(printable(problem), style="red"))
    for late in summary.published.not_made:
        told = f"{late.destination}: {late.story}: {_NOT_DONE[late.act]}: {late.error}"
        console.print(Text(printable(told), style="red"))
    count = len(summary.stories)
    did = ", ".join([*counted_acts(summary.published), f"{_unchanged(summary)} unchanged since the last run"])
    if summary.dry_runs:
        did += f"; dry run of {', '.join(summary.dry_runs)}: nothing from there goes out"
    console.print(
        f"{count} {'story' if count == 1 else 'stories'} in {summary.seconds:.1f} s, {did}", highlight=False
    )
    if summary.suspects:
        console.print(
            f"{summary.suspects} {'line' if summary.suspects == 1 else 'lines'} in doubt, kept and marked in the report",
            highlight=False,
        )
    console.print()
    _places(console, summary, settings)
    _next(console, summary, settings, demo)


def _stories(summary: RunSummary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("story", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("words kept", justify="right")
    table.add_column("removed", justify="right")
    table.add_column("lifted", justify="right")
    table.add_column("ms", justify="right", style="dim")
    table.add_column("headline, or why not", ratio=1)
    for line in summary.stories:
        row = line.row
        word, style = _OUTCOMES[row.outcome]
        said = "; ".join(row.reasons) if row.outcome != "publish" else row.headline or ""
        counts = (row.words_kept, row.words_removed, row.words_lifted)
        table.add_row(
            printable(_named(row.id)),
            Text(word, style=style),
            *(str(count) if row.outcome != "failed" else "" for count in counts),
            f"{row.seconds * 1000:.0f}",
            Text(printable(said)),
        )
    return table


def _removals(summary: RunSummary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("\nremoved or lifted by", no_wrap=True)
    table.add_column("\ntimes", justify="right")
    for rule, count in list(summary.removals.items())[:_MOST_RULES]:
        table.add_row(rule, str(count))
    rest = len(summary.removals) - _MOST_RULES
    if rest > 0:
        table.add_row(f"and {rest} more", "", style="dim")
    table.add_row("", "")
    return table


def counted_acts(published: Published) -> list[str]:
    """What was done at destinations, counted in stories: one that was published at three of them is one.

    >>> from flows.tasks.publishing import Made, Published
    >>> acts = [("a", "publish", "wrote"), ("a", "publish", "told"), ("b", "unpublish", "removed"), ("c", "hold", "told"), ("d", "publish", "newer")]
    >>> counted_acts(Published(tuple(Made(story, "x", act, 1, did, ()) for story, act, did in acts)))
    ['1 published anew', '1 taken down', '1 hold told']
    """
    stories: dict[str, set[str]] = {"publish": set(), "unpublish": set(), "hold": set()}
    for one in published.made:
        if one.did not in ("newer", "left"):
            stories[one.act].add(one.story)
    told = [f"{len(stories['publish'])} published anew"]
    if stories["unpublish"]:
        told.append(f"{len(stories['unpublish'])} taken down")
    if holds := len(stories["hold"]):
        told.append(f"{holds} {'hold' if holds == 1 else 'holds'} told")
    return told


def _unchanged(summary: RunSummary) -> int:
    """Stories to publish that owe nothing new: their copy is as a reader already has it."""
    return sum(
        line.row.outcome == "publish" and not line.owed and not line.dry_run for line in summary.stories
    )


def _places(console: Console, summary: RunSummary, settings: Settings) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for title, places in _destinations(summary, settings).items():
        for number, place in enumerate(places):
            table.add_row("" if number else title, place)
    if summary.report is not None:
        table.add_row(
            "Report", f"{_near(summary.report)}   (open it in a browser: every story before and after)"
        )
    table.add_row("Ledger", settings.shown_ledger_url)
    console.print(table, highlight=False, soft_wrap=True)
    console.print()


def _destinations(summary: RunSummary, settings: Settings) -> dict[str, list[str]]:
    """Where the clean copy of this run's stories lies, who was told of them, and where they are not yet, by what the configuration
    says and what was done."""
    from flows.settings import (
        WebhookDestination,
        is_on_this_machine,
        load_destinations,
        load_sources,
        shown_place,
        wanted_destinations,
    )

    destinations, sources = load_destinations(settings.config_dir), load_sources(settings.config_dir)
    wishes = {
        sources[line.source].destinations if line.source in sources else None
        for line in summary.stories
        if not line.dry_run
    }
    if not summary.stories:
        wishes = {None}
    used = {name for wish in wishes for name in wanted_destinations(destinations, wish)}
    missed = {late.destination for late in summary.published.not_made}
    used |= {made.destination for made in summary.published.made} | missed
    shown: dict[str, list[str]] = {}
    for name, one in destinations.items():
        if name not in used:
            continue
        place = shown_place(one, settings.data_dir)
        told = "Told" if isinstance(one, WebhookDestination) else "Clean copy"
        shown.setdefault("Not done yet at" if name in missed else told, []).append(
            _near(Path(place)) if is_on_this_machine(one) else place
        )
    nowhere = "nowhere: a dry run" if summary.dry_runs else "no destination is enabled for these stories"
    return shown or {"Clean copy": [nowhere]}


def _next(console: Console, summary: RunSummary, settings: Settings, demo: bool) -> None:
    ours = settings.config_dir / DEMO / "harbour-ferry.txt"
    story = _near(ours) if demo and ours.exists() else "story.html"
    steps = [
        ("clean one story, or your own", command(f"clean {story}")),
        ("see why each line stays or goes", command(f"explain {story}")),
        ("bring up schedules, webhook and the Prefect UI", command("up")),
    ]
    if demo:
        steps.insert(1, ("the same as this run, for your files", command("run FILE ...")))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for what, how in steps:
        table.add_row(what, Text(how, style="bold"))
    console.print("What to do next:", highlight=False)
    console.print(table)


def _named(story: str) -> str:
    """A story's id; a file that was named by hand as short as it can be typed from here."""
    return _near(Path(story)) if Path(story).is_absolute() else story


def _near(path: Path) -> str:
    """A path as short as it can be typed from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
