"""``cleancopy undo``: what cleaning took out, put back: one removal, all of one rule, or all. It prints; with --publish it publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from flows.cli.options import ConfigOption, OutputOption, To
from flows.cli.terminal import progress, say, stop

if TYPE_CHECKING:
    from cleaners.model import Cleaned, Removal
    from flows.cli.outputs import Put


class Kept(NamedTuple):
    """A record that cleancopy wrote, made a cleaned story again, or the problem that stands in its place."""

    place: str
    cleaned: Cleaned | None
    problem: str | None
    size: int


def undo(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Records from `cleancopy clean --to json` or jsonl; - or none: standard input.",
            show_default=False,
        ),
    ] = None,
    removal: Annotated[
        list[int] | None,
        typer.Option(
            "--removal",
            metavar="N",
            help="Put back the removal of this number, as report, explain and record show it. Repeatable.",
            show_default=False,
        ),
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            metavar="NAME",
            help="Put back all that a rule took (english/follow-us), or all rules of a file or cleaner (english, captions). "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Put everything back: the source, byte for byte.")
    ] = False,
    identity: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Only the story of this id.", show_default=False),
    ] = None,
    story: Annotated[
        list[str] | None,
        typer.Option(
            "--story",
            metavar="SOURCE:ID",
            help="A story from the ledger, as it was cleaned last, instead of a file. Repeatable.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        To | None,
        typer.Option(
            "--to",
            help="What comes out. Otherwise the document: a CMS body as HTML, everything else as text; jsonl for several stories.",
            show_default=False,
        ),
    ] = None,
    output: OutputOption = None,
    publish: Annotated[
        bool,
        typer.Option(
            "--publish",
            help="Of one --story: publish it with what comes back, wherever it goes, also in the CMS that it came from.",
        ),
    ] = False,
    why: Annotated[
        str | None,
        typer.Option(help="Why, in words. Needed for --publish; kept with the story.", show_default=False),
    ] = None,
    who: Annotated[
        str | None,
        typer.Option(help="Who decides, for --publish. Otherwise your login name.", show_default=False),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Put back what cleaning took out of a story: single removals, all of a rule, or everything. It is printed; nothing is published.

    Text that was lifted into a field goes back into the story and out of the field. The verdict stays as it was.

    With --publish it is a decision about a story of the ledger, as `cleancopy review` makes it: kept with who and why, and published
    everywhere, in its CMS, too. It stands until somebody saves another version.

    Exit code: 0 all done; 1 some record could not be undone (the others are done; stderr says which and why); 2 the command is
    wrong, nothing was done.
    """
    from flows.cli.clean import leave_quietly
    from flows.cli.inputs import STDIN, total_size
    from flows.cli.outputs import ALONE, is_folder, opened

    what = _What(tuple(removal or ()), tuple(rule or ()), everything)
    if not any(what):
        stop(
            "Say what to put back: --removal N, --rule NAME, or --all. `cleancopy explain` shows numbers and rules."
        )
    if files and story:
        stop("Name files or --story, not both.")
    if publish or why or who:
        if not publish or len(story or ()) != 1 or identity or to or output:
            stop(
                "--publish, --why and --who are for one story of the ledger: --story SOURCE:ID --publish --why '…', without --to and -o."
            )
        _publish((story or [""])[0], what, who, why, config)
        return
    names = [] if story else files or [STDIN]
    every = _from_ledger(story, config) if story else (one for name in names for one in _from_file(name))
    wanted = (one for one in every if one.cleaned is None or identity in (None, one.cleaned.source.id))
    ahead = list(islice(wanted, 2))
    many = len(ahead) > 1
    if many and what.numbers:
        stop("--removal counts the removals of one story, and here are several: choose one with --id.")
    to = to or (To.jsonl if many else _form_of(ahead))
    if to in ALONE and many and not is_folder(output):
        stop(
            f"A file of {to.value} holds one story, and here are several: name a folder, as in -o {to.value}/"
        )
    try:
        with (
            opened(output, to, many, _document) as put,
            progress("Undoing", total_size(names), output is not None) as advance,
        ):
            problems = _undo_each(chain(ahead, wanted), what, many, put, advance)
    except BrokenPipeError:
        leave_quietly()
    except OSError as error:
        stop(f"{output or 'stdout'}: cannot be written: {error.strerror}", code=1)
    if not ahead:
        problems = [f"no record has the id {identity}" if identity else "there is no record in it"]
        say(problems[0], "red")
    if problems:
        raise typer.Exit(1)


def _publish(key: str, what: _What, who: str | None, why: str | None, config: Path | None) -> None:
    """Make the decision that a story is published with what comes back."""
    from cleaners.rules import ConfigError
    from flows.cli.review import By, Wanted, decide_about, open_newsroom

    if not (why or "").strip():
        stop("Say why: --why 'The box is the story.' It is kept with the decision.")
    wanted = Wanted("raw") if what.everything else Wanted("restore", what.numbers, what.rules)
    with open_newsroom(config) as (engine, settings):
        try:
            decide_about(engine, settings, key, wanted, By(who, why, None, False), False)
        except ConfigError as error:
            stop(str(error))


class _What(NamedTuple):
    """What is to be put back."""

    numbers: tuple[int, ...]
    rules: tuple[str, ...]
    everything: bool


def _undo_each(
    records: Iterable[Kept], what: _What, many: bool, put: Put, advance: Callable[[int], None]
) -> list[str]:
    """Undo and write each record; what is wrong with one is said and given back, and the next one has its turn."""
    from cleaners.undo import NothingToUndo, is_by, others_of, rules_of, undo
    from cleaners.write import NoMoment

    problems: list[str] = []
    seen: list[Removal] = []

    def complain(problem: str) -> None:
        problems.append(problem)
        say(problem, "red")

    for place, cleaned, problem, size in records:
        if cleaned is None:
            complain(f"{place}: {problem}")
        else:
            seen += cleaned.removals if many and what.rules else ()
            # Among many stories a rule need not have cut in each.
            here = [
                name
                for name in what.rules
                if not many or any(is_by(removal, name) for removal in cleaned.removals)
            ]
            try:
                put(undo(cleaned, numbers=what.numbers, rules=here, everything=what.everything))
            except (NothingToUndo, NoMoment) as error:
                complain(f"{place}: {error}")
            else:
                if others := others_of(cleaned.removals, here):
                    say(f"{place}: among what came back are removals that others asked for, too: {others}")
        advance(size)
    for name in what.rules if many else ():
        if not any(is_by(removal, name) for removal in seen):
            there = rules_of(seen)
            complain(
                f"no removal is by {name}; there are removals by {there}" if there else "nothing was removed"
            )
    return problems


def _document(cleaned: Cleaned, to: To) -> str:
    """As `cleancopy clean` writes it; but a text comes back as the document that it was, its empty lines and line ends included."""
    from flows.cli.outputs import rendered

    if to is To.text and cleaned.source.form == "text":
        return cleaned.copy.raw
    return rendered(cleaned, to)


def _form_of(ahead: list[Kept]) -> To:
    cleaned = ahead[0].cleaned if ahead else None
    return To.html if cleaned is not None and cleaned.source.form == "body" else To.text


def _from_file(name: str) -> Iterator[Kept]:
    """Records of one file, whether it is JSON (one, or a list) or JSON lines."""
    from flows.cli.inputs import read_json

    for place, record, problem, size in read_json(name):
        yield _kept(place, record, problem, size)


def _from_ledger(stories: Iterable[str], config: Path | None) -> Iterator[Kept]:
    from sqlalchemy.engine import make_url

    from flows.cli.config import find_config
    from flows.ledger import newest_record, open_ledger
    from flows.settings import load_settings

    settings = load_settings(find_config(config))
    file = make_url(settings.ledger_url)
    if file.get_backend_name() == "sqlite" and not Path(file.database or "").exists():
        stop(f"{settings.shown_ledger_url}: there is no ledger yet; the first run makes it", code=1)
    engine = open_ledger(settings.ledger_url)
    try:
        for key in stories:
            source, colon, external_id = key.partition(":")
            if not colon:
                stop(f"--story {key}: write SOURCE:ID, as reports and the Prefect UI show it, e.g. cms:42")
            record = newest_record(engine, source, external_id)
            yield _kept(key, record, None if record else "the ledger has no clean copy of it", 0)
    finally:
        engine.dispose()


def _kept(place: str, record: object, problem: str | None, size: int) -> Kept:
    from cleaners.write import BrokenRecord, cleaned_from

    if problem is not None:
        return Kept(place, None, problem, size)
    if not isinstance(record, dict):
        return Kept(place, None, "is not a record of cleancopy", size)
    try:
        return Kept(place, cleaned_from(record), None, size)
    except BrokenRecord as error:
        return Kept(place, None, str(error), size)
