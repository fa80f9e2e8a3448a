"""``cleancopy outbox``: what destinations are owed and why it waits, what was given up, kills that are not done; and once more, please."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from flows.cli.options import ConfigOption
from flows.cli.review import open_newsroom
from flows.cli.terminal import command, printable, say, stdout, stop

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from flows.ledger.owing import HalfOut, Owing
    from flows.ledger.standing import Standing
    from flows.settings import Destination, Settings
    from flows.tasks.publishing import NotMade, Published

MOST_SHOWN = 100
NOT_CONFIGURED = (
    "not configured any more: write it into destinations.yaml again (enabled: no is enough), and it is done"
)
"""Of a kill."""


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
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Do all that is due now, or what of it --destination is owed."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show what destinations are owed: open kills first, then what was given up, then what waits and what for.

    A kill is open until each destination where the story ever was has confirmed that it is down; it is tried for good. A story that a
    destination refuses is given up after twelve tries, one that it does not answer for after about a day; then it waits for a
    person: mend the destination, then --again, which publishes at once. --publish does what is due, without waiting for the next run.

    Exit code: 0 done; 1 something of --again was refused, or was not published; 2 the command is wrong.
    """
    from flows.tasks.publishing import utc_now

    if again and not (ids or destination or all_failed):
        stop("Say what is tried again: its IDs, --destination NAME, or --all-failed.")
    if all_failed and not again:
        stop("--all-failed says what is tried again: add --again.")
    if publish and (again or ids or story):
        stop(
            "--publish does all that is due, or with --destination what is due there. (--again publishes, too.)"
        )
    if again and (story or (all_failed and (ids or destination))):
        stop(
            "--again takes IDs, --destination NAME (what was given up there) or --all-failed, and one of them."
        )
    with open_newsroom(config) as (engine, settings):
        now = utc_now()
        destinations = configured_destinations(settings)
        if again:
            _try_again(engine, settings, destinations, ids, destination, as_json)
            return
        if publish:
            if destination is not None and destination not in destinations:
                stop(_unknown(destination, destinations))
            here = {name: one for name, one in destinations.items() if destination in (None, name)}
            _publish_due(engine, settings, here, as_json)
            return
        from flows.ledger.owing import half_out, owing

        found = owing(engine, now, ids=ids or None, destination=destination, story=story)
        if destination and not found and destination not in destinations:
            stop(_unknown(destination, destinations))
        if as_json:
            _write([_as_json(one, destinations) for one in found])
        else:
            from flows.ledger.standing import standings

            _show(found, destinations, now, standings(engine))
            if not ids:
                _show_half_out(half_out(engine, destination=destination, story=story))


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


def why(
    one: Owing,
    destinations: Mapping[str, Destination],
    now: datetime,
    standing: Mapping[str, Standing] = MappingProxyType({}),
) -> str:
    """What an act waits for, in words: "kill open: not configured any more", "under embargo until 2026-03-06 00:01 UTC".

    ``standing`` tells of destinations that are down: what they are owed waits for them.
    """
    said = {
        "due": "due now",
        "under way": "under way",
        "later": f"again {_in(one.due_at, now)}",
        "embargo": f"under embargo until {_minute(one.due_at)}",
        "kill": "due when the kill before it is done here",
        "given up": f"given up after {one.attempts} {'try' if one.attempts == 1 else 'tries'}",
    }[one.waits]
    if one.attempts and one.waits in ("later", "due"):
        said += f", tried {one.attempts} ×"
    configured = destinations.get(one.destination)
    if configured is None:
        said = f"the destination is {NOT_CONFIGURED if one.is_kill else 'not configured any more'}"
    elif not configured.enabled and not one.is_kill:
        said += "; the destination is switched off"
    found = standing.get(one.destination)
    if found is not None and not one.is_kill and one.waits in ("due", "later") and found.rests(now):
        asked = ", as it asked to be" if found.asked else f", it fails since {_minute(found.since)}"
        said += f"; the destination is left alone until {_clock(found.until)}{asked}"
        return said if one.error else f"{said}: {found.said}"
    if one.error and one.waits != "under way":
        said += f": {one.error}"
    return f"kill open: {said}" if one.is_kill else said


def _show(
    found: Sequence[Owing],
    destinations: Mapping[str, Destination],
    now: datetime,
    standing: Mapping[str, Standing],
) -> None:
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
            Text(printable(" ".join(why(one, destinations, now, standing).split())), style=style),
        )
    console.print(table)
    kills = sum(one.is_kill for one in found)
    failed = sum(one.waits == "given up" for one in found)
    more = f", the first {MOST_SHOWN} are shown" if len(found) > MOST_SHOWN else ""
    say(f"\n{len(found)} owed: {kills} open kills, {failed} given up{more}.", "dim")
    if failed:
        say(f"Mend the destination, then: {command('outbox --again ID…')} (or --destination NAME)", "dim")


def _show_half_out(found: Sequence[HalfOut]) -> None:
    for one in found[:MOST_SHOWN]:
        error = f" ({one.error})" if one.error else ""
        say(
            f"Perhaps half out: {one.story} at {one.destination}. Edition {one.edition} was tried{error} and then held; it may be public "
            "beside the edition before it. Look there. The next edition puts it right, or a kill.",
            "yellow",
        )


def _try_again(
    engine: Engine,
    settings: Settings,
    destinations: Mapping[str, Destination],
    ids: Sequence[int] | None,
    destination: str | None,
    as_json: bool,
) -> None:
    """Have acts tried again, and try them: whoever asks for it waits for the answer."""
    from flows.ledger.owing import owing, try_again
    from flows.tasks.publishing import Published, publish_due, utc_now

    again, refused = try_again(engine, utc_now(), ids=ids or None, destination=destination)
    names = {one.destination for one in owing(engine, utc_now(), ids=again)} if again else set()
    published = (
        publish_due(
            engine, settings, destinations={name: one for name, one in destinations.items() if name in names}
        )
        if again
        else Published()
    )
    left = owing(engine, utc_now(), ids=again) if again else []
    for line in refused:
        say(line, "yellow")
    if as_json:
        _write({"again": list(again), "refused": list(refused), **_published_as_json(published)})
    else:
        what = f"{len(again)} {'act was' if len(again) == 1 else 'acts were'} due again"
        stdout().print(f"{what}: {len(again) - len(left)} done." if again else "Nothing to try again.")
        for one in left[:MOST_SHOWN]:
            say(
                f"{one.id}: {one.act} of {one.story} at {one.destination}: {why(one, destinations, utc_now())}",
                "yellow",
            )
        _tell_of_others(published, {(one.story, one.destination) for one in left})
    if refused or any(one.waits != "embargo" for one in left):
        raise typer.Exit(1)


def _tell_of_others(published: Published, told: Collection[tuple[str, str]]) -> None:
    """What else was due there and did not go well."""
    for one in [one for one in published.not_made if (one.story, one.destination) not in told][:MOST_SHOWN]:
        say(_not_made(one), "yellow")


def _publish_due(
    engine: Engine, settings: Settings, destinations: Mapping[str, Destination], as_json: bool
) -> None:
    from flows.tasks.publishing import publish_due, told

    published = publish_due(engine, settings, destinations=destinations)
    if as_json:
        _write(_published_as_json(published))
    else:
        stdout().print(f"{told(published) or 'Nothing is due'}.")
        for done in published.made[:MOST_SHOWN]:
            say(
                f"{done.act} of {done.story}, edition {done.edition}, at {done.destination}: {done.did}",
                "dim",
            )
        for one in published.not_made[:MOST_SHOWN]:
            say(_not_made(one), "yellow")
    if published.not_made:
        raise typer.Exit(1)


def _not_made(one: NotMade) -> str:
    when = "given up" if one.next_attempt_at is None else "will be tried again"
    return f"{one.act} of {one.story} at {one.destination} was not done, {when}: {one.error}"


def _published_as_json(published: Published) -> dict[str, Any]:
    return {
        "made": [
            {
                "story": one.story,
                "destination": one.destination,
                "act": one.act,
                "edition": one.edition,
                "did": one.did,
            }
            for one in published.made
        ],
        "not_made": [
            {
                "story": one.story,
                "destination": one.destination,
                "act": one.act,
                "error": one.error,
                "next_attempt_at": one.next_attempt_at and one.next_attempt_at.isoformat(),
            }
            for one in published.not_made
        ],
    }


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


def _clock(at: datetime) -> str:
    from datetime import UTC

    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _write(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
