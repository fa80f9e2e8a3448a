"""``cleancopy rules``: what newsroom people need when they edit rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flows.cli.options import ConfigOption
from flows.cli.terminal import say, stdout

if TYPE_CHECKING:
    from cleaners.rules import ConfigError

app = typer.Typer(no_args_is_help=True, help="Work on rules.")


@app.callback()
def _rules() -> None:
    """Work on rules."""


@app.command("check")
def check(config: ConfigOption = None) -> None:
    """Check the whole configuration: every file valid, every rule true to its own examples.

    Every mistake is shown, with file:line:column and what to write instead. Exit code 1 if there is one.
    """
    from flows.cli.config import find_config
    from flows.settings.tried_rules import keep_tried

    directory = find_config(config)
    found = mistakes(directory)
    for mistake in found:
        stdout().print(str(mistake), markup=False, highlight=False, soft_wrap=True)
    if found:
        say(f"{len(found)} {'mistake' if len(found) == 1 else 'mistakes'} in {directory}", "red")
        raise typer.Exit(1)
    keep_tried(directory)
    say(f"{summary(directory)}: every file is valid, every rule matches and spares what it says.", "green")


def mistakes(directory: Path) -> list[ConfigError]:
    """Everything that is wrong in a configuration folder, in the order of file and line."""
    from cleaners.pipeline import load_pipeline
    from cleaners.rules import ConfigError, check_rules
    from flows.settings import load_destinations, load_sources

    found = {str(error): error for error in check_rules(directory)}
    files = {
        load_destinations: "destinations.yaml",
        load_sources: "sources.yaml",
        load_pipeline: "pipeline.yaml",
    }
    for load, name in files.items():
        if not (directory / name).exists() and name != "pipeline.yaml":
            continue  # a configuration for cleaning alone
        try:
            load(directory)
        except ConfigError as error:
            found.setdefault(str(error), error)
    return sorted(found.values(), key=lambda error: error.place)


def summary(directory: Path) -> str:
    """How much there is: ``212 rules in 9 packs, 3 publishers``."""
    from cleaners.rules import load_rulebook

    book = load_rulebook(directory)
    rules = [rule for pack in book.packs.values() for rule in pack.rules.values()]
    rules += [rule for publisher in book.publishers.values() for rule in publisher.rules.values()]
    examples = sum(len(rule.matches) + len(rule.spares) for rule in rules)
    publishers = f"{len(book.publishers)} {'publisher' if len(book.publishers) == 1 else 'publishers'}"
    return f"{len(rules)} rules with {examples} examples in {len(book.packs)} packs, {publishers}"
