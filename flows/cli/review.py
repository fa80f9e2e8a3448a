"""``cleancopy review``: the stories that are held, and a person's decision about one of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.options import ConfigOption
from flows.cli.terminal import command, printable, say, stdout, stop

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from flows.ledger import Decided, Held, Reviewed
    from flows.ledger.decided import DecisionAct
    from flows.settings import Settings
    from flows.tasks.review import Done

_ASKED: dict[str, DecisionAct | None] = {
    "p": "publish",
    "b": "restore",
    "r": "raw",
    "d": "drop",
    "h": "hold",
    "n": None,
}


def review(
    story: Annotated[
        str | None,
        typer.Argument(
            metavar="[SOURCE:ID]",
            help="The story, as the list names it; none: the list of all that is held.",
            show_default=False,
        ),
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish it as cleaned, or with what --restore puts back.")
    ] = False,
    restore: Annotated[
        list[str] | None,
        typer.Option(
            "--restore",
            metavar="WHAT",
            help="Put these removals back before it is published: numbers (1,3), rule:NAME (a rule, or all of a rule file or "
            "cleaner). Repeatable.",
            show_default=False,
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Publish it with everything put back: the copy is the source.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Never publish this version of it.")] = False,
    hold_on: Annotated[
        bool,
        typer.Option(
            "--hold", help="Of a story under embargo: do not publish it by itself when that is over."
        ),
    ] = False,
    why: Annotated[
        str | None,
        typer.Option(
            help="Why, in words. Needed for every decision; kept with the story.", show_default=False
        ),
    ] = None,
    who: Annotated[
        str | None, typer.Option(help="Who decides. Otherwise your login name.", show_default=False)
    ] = None,
    edition: Annotated[
        int | None,
        typer.Option(
            help="The edition that you looked at: the decision is refused if a newer one has come. Otherwise the newest.",
            show_default=False,
        ),
    ] = None,
    despite_embargo: Annotated[
        bool, typer.Option("--despite-embargo", help="Publish although the story's embargo is not over.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show the stories that are held, and decide: publish as cleaned, with removals put back, or raw; or drop.

    Of a story that is published, too, removals can be put back (--restore WHAT --publish, or --raw): it is published anew with them.

    A decision is kept with who and why, makes a new edition, and is published at once where the destinations answer. What is
    decided about an older edition than the newest is refused. On a terminal, without a decision, you are asked for one.

    Exit code: 0 done (a destination that does not answer is tried again later); 1 the decision was refused, nothing has changed;
    2 the command is wrong.
    """
    from cleaners.rules import ConfigError

    wanted = _wanted(story, publish, restore or [], raw, drop, hold_on)
    if wanted is not None and not (why or "").strip():
        stop("Say why: --why 'The box is the story.' It is kept with the decision.")
    if wanted is None and (why or who or despite_embargo):
        stop("Say what you decide: --publish, --restore WHAT --publish, --raw, --drop or --hold.")
    with open_newsroom(config) as (engine, settings):
        try:
            if story is None:
                _list(engine, as_json)
                return
            decide_about(engine, settings, story, wanted, By(who, why, edition, despite_embargo), as_json)
        except ConfigError as error:
            stop(str(error))


class Wanted(NamedTuple):
    """A decision, and what is put back."""

    act: DecisionAct
    numbers: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()


class By(NamedTuple):
    """Who decides and why; the edition that was looked at (None: the newest), and the second yes."""

    who: str | None
    why: str | None
    edition: int | None
    despite_embargo: bool


def _wanted(
    story: str | None, publish: bool, restore: Sequence[str], raw: bool, drop: bool, hold_on: bool
) -> Wanted | None:
    """The decision that the options say; None: only look. Stops where they do not fit together."""
    if not (publish or restore or raw or drop or hold_on):
        return None
    if story is None:
        stop("Name the story that you decide about: SOURCE:ID. `cleancopy review` lists the held ones.")
    if publish + raw + drop + hold_on > 1:
        stop("Decide one thing: --publish, --raw, --drop or --hold.")
    if restore and not publish:
        stop(
            "--restore puts removals back before the story is published: add --publish, and no other decision."
        )
    if raw:
        return Wanted("raw")
    if drop or hold_on:
        return Wanted("drop" if drop else "hold")
    return _restoring(restore) if restore else Wanted("publish")


def _restoring(what: Sequence[str]) -> Wanted:
    from flows.ledger import NotDecided
    from flows.tasks.review import removals_named

    try:
        return Wanted("restore", *removals_named(" ".join(what)))
    except NotDecided as refused:
        stop(str(refused))


@contextmanager
def open_newsroom(config: Path | None) -> Iterator[tuple[Engine, Settings]]:
    from sqlalchemy.engine import make_url

    from flows.cli.config import find_config
    from flows.ledger import open_ledger
    from flows.settings import load_settings

    settings = load_settings(find_config(config))
    file = make_url(settings.ledger_url)
    if file.get_backend_name() == "sqlite" and not Path(file.database or "").exists():
        stop(f"{settings.shown_ledger_url}: there is no ledger yet; the first run makes it", code=1)
    engine = open_ledger(settings.ledger_url)
    try:
        yield engine, settings
    finally:
        engine.dispose()


def _list(engine: Engine, as_json: bool) -> None:
    from flows.ledger import held_stories

    stories = held_stories(engine)
    if as_json:
        _write([_held_as_json(one) for one in stories])
        return
    if not stories:
        stdout().print("No story is held.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("story", overflow="fold")
    table.add_column("held since", no_wrap=True)
    table.add_column("source", no_wrap=True)
    table.add_column("headline", ratio=2)
    table.add_column("why", ratio=3)
    for one in stories:
        why = Text(printable("; ".join(one.reasons)))
        if one.newer_waits:
            why.append("; a newer version waits to be cleaned", style="yellow")
        table.add_row(
            Text(printable(one.key)),
            _minute(one.since),
            one.source,
            Text(printable(one.headline or "")),
            why,
        )
    stdout().print(table)
    say(
        f"\n{len(stories)} held. Look at one, and decide: {command(f'review {_quoted(stories[0].key)}')}",
        "dim",
    )


def decide_about(
    engine: Engine, settings: Settings, key: str, wanted: Wanted | None, by: By, as_json: bool
) -> None:
    """Show a story, or make the decision that is ``wanted`` about it, and say what came of it. Stops where it is refused."""
    from flows.ledger import Decision, NotDecided, look_at_story
    from flows.tasks.publishing import utc_now
    from flows.tasks.review import decide_and_publish, split_key

    try:
        source, external_id = split_key(key)
    except NotDecided as refused:
        stop(str(refused))
    try:
        seen = look_at_story(engine, source, external_id, utc_now())
        if wanted is None:
            if as_json:
                _write(_reviewed_as_json(seen))
                return
            _show(seen)
            asked = _ask(seen, by) if _may_ask() and seen.problem is None else None
            if asked is None:
                return
            wanted, by = asked
        wish = Decision(
            source,
            external_id,
            seen.edition if by.edition is None else by.edition,
            wanted.act,
            by.who or _login(),
            by.why or "",
            wanted.numbers,
            wanted.rules,
            by.despite_embargo,
        )
        done = decide_and_publish(engine, settings, wish)
    except NotDecided as refused:
        stop(_with_switch(str(refused)), code=1)
    _report(done, as_json)


def _report(done: Done, as_json: bool) -> None:
    from flows.tasks.review import cautions, told

    for caution in cautions(done.decided):
        say(caution, "yellow")
    for late in done.published.not_made:
        say(f"{late.destination}: {late.error}", "yellow")
    if as_json:
        _write(
            _decided_as_json(done.decided)
            | {
                "published": {one.destination: list(one.where) for one in done.published.made},
                "not_yet": {one.destination: one.error for one in done.published.not_made},
                "headline": done.record["headline"],
                "text": done.record["text"],
            }
        )
    else:
        stdout().print(Text(printable(told(done))), soft_wrap=True)


def _show(story: Reviewed) -> None:
    from flows.cli.explain import explained
    from flows.ledger import NotDecided
    from flows.tasks.review import cleaned_of

    console = stdout()
    try:
        console.print(explained(cleaned_of(story.key, story.record), f"{story.key}, edition {story.edition}"))
    except NotDecided as broken:
        say(str(broken), "yellow")
    for one in story.decisions:
        console.print(
            Text(printable(f"{_minute(one.at)}, edition {one.seen_edition}: {one.told}")), soft_wrap=True
        )
    if story.public:
        where = ", ".join(f"{name} (edition {edition})" for name, edition in story.public)
        console.print(f"Public at {where}", highlight=False)
    if story.problem:
        console.print(Text(printable(story.problem), style="yellow"), soft_wrap=True)
        return
    if story.not_before is not None:
        say(
            f"Not held: it goes out by itself on {_minute(story.not_before)}, when its embargo is over.",
            "yellow",
        )
    if story.embargo:
        say(f"Under embargo: {story.embargo}. Publishing it needs --despite-embargo, too.", "yellow")
    at = f"review {_quoted(story.key)} --edition {story.edition}"
    steps = [
        ("publish as cleaned", "--publish"),
        ("with removals put back", "--restore 1,3 --publish      (or --restore rule:NAME)"),
        ("with everything put back", "--raw"),
        ("never publish", "--drop"),
    ]
    if story.is_published:
        say("Published. What was taken out can be put back.", "yellow")
        del steps[3], steps[0]
    elif not story.record.get("removed"):
        del steps[1:3]
    if story.not_before is not None:
        steps.append(("hold, until something else is decided", "--hold"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for what, how in steps:
        table.add_row(what, Text(how, style="bold"))
    console.print(Text(f"What to do next: {command(at)} --why '…' and one of"), soft_wrap=True)
    console.print(table)


def _may_ask() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask(story: Reviewed, by: By) -> tuple[Wanted, By] | None:
    """The decision of the person at the terminal; None: none."""
    words = "publish, put [b]ack and publish, publish [r]aw, [d]rop, [n]othing"
    if story.not_before is not None:
        words = words.replace("[n]", "[h]old, [n]")
    question = f"Decide now? [p]{words[1:]}"
    if story.is_published:
        question = "Publish it anew? Put some [b]ack, publish [r]aw, [n]othing"
    answer = typer.prompt(question, default="n", show_default=False)
    act = _ASKED.get(answer.strip().lower()[:1])
    if act is None:
        return None
    wanted = Wanted(act)
    if act == "restore":
        wanted = _restoring([typer.prompt("Which removals come back (1, 3 or rule:NAME)")])
    why = by.why or typer.prompt("Why")
    who = by.who or typer.prompt("Who decides", default=_login())
    despite = by.despite_embargo
    if story.embargo and act not in ("drop", "hold") and not despite:
        despite = typer.confirm("The embargo is not over. Publish all the same?", default=False)
    return wanted, by._replace(who=who, why=why, despite_embargo=despite, edition=story.edition)


def _with_switch(refused: str) -> str:
    said = "say so explicitly."
    return refused.replace(said, "add --despite-embargo.") if refused.endswith(said) else refused


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        stop("Your login has no name here: say who decides with --who NAME")


def _quoted(key: str) -> str:
    import shlex

    return shlex.quote(key)


def _minute(at: datetime) -> str:
    from datetime import UTC

    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _write(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


def _held_as_json(story: Held) -> dict[str, Any]:
    return {
        "story": story.key,
        "source": story.source,
        "edition": story.edition,
        "revision": story.revision,
        "held_since": story.since.isoformat(timespec="seconds"),
        "publisher": story.publisher,
        "headline": story.headline,
        "url": story.url,
        "reasons": list(story.reasons),
        "removals": dict(story.removals),
        "newer_waits": story.newer_waits,
        "public": dict(story.public),
    }


def _reviewed_as_json(story: Reviewed) -> dict[str, Any]:
    return {
        "story": story.key,
        "edition": story.edition,
        "verdict": story.verdict,
        "cleaned_at": story.cleaned_at.isoformat(timespec="seconds"),
        "problem": story.problem,
        "embargo": story.embargo,
        "not_before": None if story.not_before is None else story.not_before.isoformat(),
        "public": dict(story.public),
        "decisions": [_decided_as_json(one) for one in story.decisions],
        "record": story.record,
    }


def _decided_as_json(one: Decided) -> dict[str, Any]:
    return {
        "story": one.key,
        "decision": one.act,
        "who": one.who,
        "why": one.why,
        "at": one.at.isoformat(timespec="seconds"),
        "seen_edition": one.seen_edition,
        "edition": one.edition,
        "restored": [removal["number"] for removal in one.restored],
        "embargo": one.embargo,
    }
