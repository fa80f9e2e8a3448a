"""``cleancopy rules``: what newsroom people need when they edit rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from flows.cli.options import ConfigOption
from flows.cli.terminal import say, stdout, stop

if TYPE_CHECKING:
    from cleaners.rules import ConfigError, ImportedSites

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
    tell_imported(directory)


def tell_imported(directory: Path) -> None:
    """What of the imported site files is not followed: no mistake, for they are others' and written for another program."""
    from cleaners.rules import load_rulebook

    sites = load_rulebook(directory).imported
    if lines := unhonoured(sites):
        say(f"{counted(lines)} `cleancopy rules import-ftr` shows each.", "yellow")


@app.command("import-ftr")
def import_ftr(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of site files in the ftr-site-config format, or its .tar.gz.", show_default=False
        ),
    ],
    config: ConfigOption = None,
) -> None:
    """Take in site files in the ftr-site-config format: where the story of a host's pages is, and what goes from them.

    The files are copied as they are to publishers/ftr/ of the configuration, and read from there; one that is there already is replaced.
    Each line that cannot be followed is shown with file, line and reason; everything else in its file counts.
    """
    from cleaners.rules import ImportedSites, site_files_in
    from cleaners.rules.sites import FOLDER
    from flows.cli.config import find_config

    folder = find_config(config) / "publishers" / FOLDER
    try:
        sites = ImportedSites(dict(site_files_in(source)))
    except (OSError, ValueError) as error:
        stop(f"{error}\nNothing was imported.")
    if not sites.files:
        stop(
            f"{source}: there is no site file here. They are called by their hosts, such as example.com.txt."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for host, content in sites.files.items():
            (folder / f"{host}.txt").write_bytes(content)
    except OSError as error:
        stop(f"{folder}: {error.strerror}. Name a configuration that can be written with --config DIR.")
    not_followed = unhonoured(sites)
    for line in not_followed:
        stdout().print(line.told, markup=False, highlight=False, soft_wrap=True)
    say(
        f"{len(sites.files):,} site files are in {folder}. {counted(not_followed)}",
        "yellow" if not_followed else "green",
    )


class NotFollowed(NamedTuple):
    """A line of a site file that is not followed; ``told`` names file, line and reason."""

    told: str
    directive: str


def unhonoured(sites: ImportedSites) -> list[NotFollowed]:
    """The lines of all site files that are not followed, in the order of files and lines."""
    return [
        NotFollowed(f"{name}.txt:{line.line}: {line.text}: {line.why}", line.directive)
        for name in sorted(sites.files)
        for line in sites.read(name).unhonoured
    ]


def counted(lines: Iterable[NotFollowed]) -> str:
    """How many lines are not followed, by directive, the most frequent first."""
    count = Counter(line.directive for line in lines)
    if not count:
        return "Every line in them is followed."
    told = ", ".join(f"{name} {number:,}" for name, number in count.most_common())
    return f"{count.total():,} of their lines are not followed: {told}."


def stop_at_mistakes(directory: Path, undone: str) -> None:
    """Every mistake is shown where there is one, and the command ends; rules that were tried before are not tried again."""
    from cleaners.rules import ConfigError
    from flows.settings import load_destinations, load_sources
    from flows.settings.tried_rules import load_tried_pipeline

    try:
        load_tried_pipeline(directory)
        load_destinations(directory)
        load_sources(directory)
    except ConfigError as error:
        found = mistakes(directory) or [error]
        stop("\n".join(map(str, found)) + f"\nMend the configuration first; {undone}.")


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
    told = f"{len(rules)} rules with {examples} examples in {len(book.packs)} packs, {publishers}"
    if book.imported.files:
        told += f", {len(book.imported.files):,} imported site files"
    return told
