"""``cleancopy outbox``: what destinations are owed and why it waits, what was given up, kills that are not done; and once more, please."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.options import ConfigOption
from flows.cli.review import open_newsroom
from flows.cli.terminal import command, printable, say, stdout, stop

if TYPE_CHECKING:
    from datetime import datetime

    from flows.ledger.owing import Owing
    from flows.settings import Destination, Settings

MOST_SHOWN = 100


def outbox(
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID]...", help="Only these, by the numbers of the list.", show_default=False),
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only what this destination is owed.", show_default=False),
    ] = None,
    story: Annotated[
        str | None,
        typer.Option(metavar="SOURCE:ID", help="Only this story (its key, id or URL).", show_default=False),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Try these again now: the IDs, all that was given up at --destination, or --all-failed.",
        ),
    ] = False,
    all_failed: Annotated[
        bool, typer.Option("--all-failed", help="With --again: all that was given up, everywhere.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show what destinations are owed: open kills first, then what was given up, then what waits and what for.

    A kill is open until each destination where the story ever was has confirmed that it is down; it is tried for good. Anything else is
    given up after twelve tries, and waits for a person: mend the destination, then --again. What was tried again goes out
    with the next run.

    Exit code: 0 done; 1 something of --again was refused; 2 the command is wrong.
    """
    from flows.tasks.publishing import utc_now

    if again and not (ids or destination or all_failed):
        stop("Say what is tried again: its IDs, --destination NAME, or --all-failed.")
    if all_failed and not again:
        stop("--all-failed says what is tried again: add --again.")
    if again and (story or (all_failed and (ids or destination))):
        stop(
            "--again takes IDs, --destination NAME (what was given up there) or --all-failed, and one of them."
        )
    with open_newsroom(config) as (engine, settings):
        now = utc_now()
        if again:
            from flows.ledger.owing import try_again

            _told_again(*try_again(engine, now, ids=ids or None, destination=destination), as_json)
            return
        from flows.ledger.owing import owing

        found = owing(engine, now, ids=ids or None, destination=destination, story=story)
        destinations = configured_destinations(settings)
        if destination and not found and destination not in destinations:
            stop(_unknown(destination, destinations))
        if as_json:
            _write([_as_json(one, destinations) for one in found])
        else:
            _show(found, destinations, now)


def _unknown(name: str, destinations: Mapping[str, Destination]) -> str:
    from cleaners.rules.errors import did_you_mean

    hint = did_you_mean(name, destinations)
    return (
        f"Nothing is owed to {name!r}, and no destination in destinations.yaml is called so. {hint}".rstrip()
    )


def configured_destinations(settings: Settings) -> Mapping[str, Destination]:
    """The destinations of the configuration, those that are switched off as well. What cannot be read of it ends the command."""
    from cleaners.rules import ConfigError
    from flows.settings import load_destinations

    if not (settings.config_dir / "destinations.yaml").exists():
        return {}
    try:
        return load_destinations(settings.config_dir)
    except ConfigError as error:
        stop(str(error))


def why(one: Owing, destinations: Mapping[str, Destination], now: datetime) -> str:
    """What an act waits for, in words: "kill open: not configured any more", "under embargo until 2026-03-06 00:01 UTC"."""
    said = {
        "due": "due now",
        "under way": "under way",
        "later": f"again {_in(one.due_at, now)}",
        "embargo": f"under embargo until {_minute(one.due_at)}",
        "given up": f"given up after {one.attempts} tries",
    }[one.waits]
    if one.attempts and one.waits in ("later", "due"):
        said += f", tried {one.attempts} ×"
    configured = destinations.get(one.destination)
    if configured is None:
        said = "the destination is not configured any more"
    elif not configured.enabled and not one.is_kill:
        said += "; the destination is switched off"
    if one.error and one.waits != "under way":
        said += f": {one.error}"
    return f"kill open: {said}" if one.is_kill else said


def _show(found: Sequence[Owing], destinations: Mapping[str, Destination], now: datetime) -> None:
    console = stdout()
    if not found:
        console.print("Nothing is owed.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("act", no_wrap=True)
    table.add_column("story", overflow="fold")
    table.add_column("edition", justify="right")
    table.add_column("destination", overflow="fold")
    table.add_column("since", no_wrap=True)
    table.add_column("why", ratio=3)
    for one in found[:MOST_SHOWN]:
        style = "bold red" if one.is_kill else "yellow" if one.waits == "given up" else ""
        table.add_row(
            str(one.id),
            Text(one.act, style=style),
            Text(printable(one.story)),
            str(one.edition),
            one.destination,
            _minute(one.owed_at),
            Text(printable(" ".join(why(one, destinations, now).split())), style=style),
        )
    console.print(table)
    kills = sum(one.is_kill for one in found)
    failed = sum(one.waits == "given up" for one in found)
    more = f", the first {MOST_SHOWN} are shown" if len(found) > MOST_SHOWN else ""
    say(f"\n{len(found)} owed: {kills} open kills, {failed} given up{more}.", "dim")
    if failed:
        say(f"Mend the destination, then: {command('outbox --again ID…')} (or --destination NAME)", "dim")


def _told_again(again: Sequence[int], refused: Sequence[str], as_json: bool) -> None:
    for one in refused:
        say(one, "yellow")
    if as_json:
        _write({"again": list(again), "refused": list(refused)})
    else:
        what = (
            f"{len(again)} {'act is' if len(again) == 1 else 'acts are'} due again"
            if again
            else "Nothing to try again"
        )
        stdout().print(f"{what}{'; they go out with the next run' if again else ''}.")
    if refused:
        raise typer.Exit(1)


def _as_json(one: Owing, destinations: Mapping[str, Destination]) -> dict[str, Any]:
    return {
        "id": one.id,
        "story": one.story,
        "headline": one.headline,
        "destination": one.destination,
        "configured": one.destination in destinations,
        "act": one.act,
        "edition": one.edition,
        "waits": one.waits,
        "due_at": None if one.due_at is None else one.due_at.isoformat(),
        "owed_at": one.owed_at.isoformat(),
        "attempts": one.attempts,
        "error": one.error,
        "open_kill": one.is_kill,
    }


def _in(moment: datetime | None, now: datetime) -> str:
    seconds = max(0.0, (moment - now).total_seconds()) if moment is not None else 0.0
    return f"in {seconds:.0f} s" if seconds < 120 else f"in {seconds / 60:.0f} min"


def _minute(at: datetime | None) -> str:
    from datetime import UTC

    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _write(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
