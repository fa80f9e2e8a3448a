"""``cleancopy clean``: cleaning as a Unix tool. No Prefect, no database."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from flows.cli.options import (
    ConfigOption,
    From,
    FromOption,
    LanguageOption,
    OutputOption,
    PublisherOption,
    To,
    UrlOption,
)
from flows.cli.terminal import progress, say, stderr, stop

if TYPE_CHECKING:
    from datetime import datetime

    from cleaners.model import Cleaned
    from cleaners.pipeline import Pipeline
    from flows.cli.inputs import Arrival
    from flows.cli.many import Tried
    from flows.cli.outputs import Put

HELD = 3
"""Exit code of ``--strict`` when every story could be read, but one is held or killed."""
_CARRY_THE_VERDICT = (To.json, To.jsonl, To.decisions)


def clean(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Files to clean; - or none: standard input.", show_default=False),
    ] = None,
    from_: FromOption = From.auto,
    to: Annotated[
        To | None,
        typer.Option(
            "--to",
            help="What comes out: the copy as text, HTML or Markdown; whole records with fields and removals as json or "
            "jsonl; decisions, one for each line of the input; or a news format: ninjs, nitf, newsml-g2, json-ld. Otherwise text, and "
            "jsonl for JSON lines.",
            show_default=False,
        ),
    ] = None,
    publisher: PublisherOption = None,
    url: UrlOption = None,
    lang: LanguageOption = None,
    config: ConfigOption = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say on stderr, line by line, what went, by which rule, and why."),
    ] = False,
    output: OutputOption = None,
    made: Annotated[
        str | None,
        typer.Option(
            "--made",
            metavar="MOMENT",
            help="For news formats: when this version was made, as 2026-03-05T12:00:00Z, or now. Otherwise when the story says that "
            "it was changed or published.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help=f"Leave with exit code {HELD} when a story is held or killed.")
    ] = False,
) -> None:
    """Clean stories: files or standard input in, clean copy out.

    A story that is held (or killed) is written all the same, as a proposal: its record has the verdict and the reasons, and
    for text, HTML and Markdown they are said on stderr.

    Exit code: 0 all done; 1 some input could not be cleaned (the others are done; stderr says which and why); 2 the command or
    the configuration is wrong, nothing was done.
    """
    from flows.cli.config import open_pipeline
    from flows.cli.inputs import STDIN, Defaults, open_input, total_size
    from flows.cli.outputs import ALONE, is_folder, opened, rendered
    from flows.warm_pool import NoWorkers

    at = _moment(made)
    names = files or [STDIN]
    if not files and sys.stdin.isatty():
        say("Paste a story, then press Ctrl-D.", "dim")
    pipeline = open_pipeline(config, publisher)
    defaults = Defaults(url, publisher, lang)
    opening = (open_input(name, from_, defaults) for name in names)
    first = next(opening)
    to = to or (To.jsonl if first.records else To.text)
    many = first.records or len(names) > 1
    if to in ALONE and many and not is_folder(output):
        stop(
            f"A file of {to.value} holds one story, and here may be several: name a folder, as in -o {to.value}/"
        )
    arrivals = (arrival for each in chain([first], opening) for arrival in each.arrivals)
    # Among stories on the same terminal a bar would only be in the way.
    bar = output is not None or not sys.stdout.isatty()
    broken = held = 0
    try:
        with (
            opened(output, to, many, lambda cleaned, to: rendered(cleaned, to, at)) as put,
            progress("Cleaning", total_size(names), bar) as advance,
        ):
            for arrival, cleaned, problem in _tried(pipeline, arrivals, many, STDIN in names):
                if cleaned is not None:
                    problem = _not_put(put, cleaned)
                if cleaned is None or problem is not None:
                    broken += 1
                    say(f"{arrival.place}: {problem}", "red")
                else:
                    held += cleaned.verdict != "publish"
                    _comment(arrival.place, cleaned, to, explain)
                advance(arrival.size)
    except BrokenPipeError:
        leave_quietly()
    except NoWorkers as error:
        stop(str(error), code=1)
    except OSError as error:
        stop(f"{output or 'stdout'}: cannot be written: {error.strerror}", code=1)
    if broken:
        raise typer.Exit(1)
    if held and strict:
        raise typer.Exit(HELD)


def _moment(made: str | None) -> datetime | None:
    """What ``--made`` names. It is the only way in which a clock comes into what is written, and only where "now" asks for it."""
    from datetime import UTC, datetime

    from cleaners.write.moments import moment

    if made is None or made == "now":
        return datetime.now(UTC).replace(microsecond=0) if made else None
    at = moment(made)
    if at is None:
        stop(f"--made {made}: give day, time and zone, as 2026-03-05T12:00:00Z, or now")
    return at


def _not_put(put: Put, cleaned: Cleaned) -> str | None:
    """Why a story could not be written in its format; None: it was."""
    from cleaners.write import NoMoment

    try:
        put(cleaned)
    except NoMoment as error:
        return f"{error}; say it with --made"
    return None


_LARGE = 500_000
"""Bytes. Smaller stories take a second at most, and starting a process takes longer."""


def _tried(pipeline: Pipeline, arrivals: Iterator[Arrival], many: bool, piped: bool) -> Iterator[Tried]:
    """One story is cleaned here and now; a large one, and each of many, in a process with limits, so that none hangs for ever.

    Who pipes records in may wait for each answer before the next: only one is taken at a time.
    """
    from flows.cli.many import WINDOW, Tried, clean_many
    from flows.settings import load_settings

    ahead = list(islice(arrivals, 2 if many and not piped else 1))
    large = any(arrival.size > _LARGE for arrival in ahead)
    if ((len(ahead) < 2 and not piped) or not many) and not large:
        for arrival in chain(ahead, arrivals):
            yield Tried(arrival, *try_clean(pipeline, arrival))
        return
    settings = load_settings(pipeline.directory)
    workers = 1 if piped or not many else settings.workers
    yield from clean_many(
        pipeline.directory, workers, settings.story_seconds, chain(ahead, arrivals), 1 if piped else WINDOW
    )


def try_clean(pipeline: Pipeline, arrival: Arrival) -> tuple[Cleaned | None, str | None]:
    """The cleaned story, or what is wrong with it. Whatever happens to one story, the next one has its turn."""
    from cleaners.read import UnreadableStory

    if arrival.raw is None:
        return None, arrival.problem
    try:
        return pipeline.clean(arrival.raw), None
    except UnreadableStory as error:
        return None, str(error)
    except Exception as error:  # a fault of ours: told with the story that shows it
        kind = type(error).__name__
        return None, f"cleancopy failed on this story ({kind}: {error}). Please report it, with the story."


def _comment(place: str, cleaned: Cleaned, to: To, explain: bool) -> None:
    """What stderr says of a story: the explanation that was asked for, and a verdict that the output cannot carry."""
    if explain:
        from flows.cli.explain import explained

        stderr().print(explained(cleaned, place))
    elif cleaned.verdict != "publish" and to not in _CARRY_THE_VERDICT:
        verdict = {"hold": "held", "kill": "killed"}[cleaned.verdict]
        say(f"{place}: {verdict}: {'; '.join(cleaned.reasons)}", "yellow")


def leave_quietly() -> NoReturn:
    """The reader of our output is gone (``| head``): end as a Unix tool ends then, without a word."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(128 + signal.SIGPIPE)
