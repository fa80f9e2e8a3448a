"""``cleancopy event``: what became of an event that a CMS sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from flows.cli.options import ConfigOption
from flows.cli.review import open_newsroom
from flows.cli.terminal import printable, say, stdout, stop

if TYPE_CHECKING:
    from flows.ledger.events import Event, Sent
    from flows.settings import Settings

_STATES = {
    "waiting": "waits to be cleaned",
    "claimed": "is being cleaned",
    "done": "done",
    "failed": "failed",
}
_VERDICTS = {
    "publish": "clean, to be published",
    "hold": "held for a person",
    "embargo": "held until its embargo is over",
    "kill": "a kill: taken down everywhere",
    "drop": "dropped by a person",
}


def event(
    event_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="The event's id: what the receiver answered, the header webhook-id.",
            show_default=False,
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Only of this source; otherwise of all webhook sources.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show what became of one event of a CMS: its state, its story, the verdict, and what each destination has of it.

    Only what was answered 202 as accepted is stored. What was refused (4xx, 503) or ignored (a draft) stands in the receiver's log, and
    is counted at its /metrics.

    Exit code: 0 found; 1 there is no such event; 2 the command is wrong.
    """
    with open_newsroom(config) as (engine, settings):
        from flows.ledger.events import find_events

        sources = [source] if source else _webhooks(settings)
        found = find_events(engine, event_id, sources)
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=1))
    else:
        _show(found)
    if not found:
        where = f"of {source}" if source else "of a webhook source"
        say(
            f"No event {event_id} {where} is stored. If it was sent, it was refused or ignored: "
            "the receiver's log names it with the reason.",
            "yellow",
        )
        raise typer.Exit(1)


def _webhooks(settings: Settings) -> list[str]:
    """The names of all webhook sources, those that are switched off as well."""
    from cleaners.rules import ConfigError
    from flows.settings import WebhookSource, load_sources

    try:
        sources = load_sources(settings.config_dir)
    except ConfigError as error:
        stop(str(error))
    return [name for name, one in sources.items() if isinstance(one, WebhookSource)]


def _show(found: Sequence[Event]) -> None:
    console = stdout()
    for one in found:
        console.print(Text(printable(f"{one.event_id} of {one.source}"), style="bold"))
        for name, said in _lines(one):
            console.print(Text(f"  {name:<9}", style="dim"), Text(printable(said)), soft_wrap=True)


def _lines(one: Event) -> list[tuple[str, str]]:
    """What is told of an event, by name."""
    headline = f"  “{one.headline}”" if one.headline else ""
    state = _STATES.get(one.state, one.state)
    if one.finished_at is not None:
        state += f" at {_second(one.finished_at)}"
    if one.attempts > 1:
        state += f", tried {one.attempts} times"
    lines = [
        ("arrived", _second(one.arrived_at)),
        ("state", ": ".join(filter(None, (state, one.error, one.note)))),
        ("story", f"{one.story}, revision {one.revision}{headline}"),
    ]
    if one.overtaken:
        lines.append(("", "a newer revision has come since"))
    if one.verdict is not None:
        said = f"{_VERDICTS.get(one.verdict, one.verdict)} (edition {one.edition})"
        lines.append(("verdict", "; ".join((said, *one.reasons))))
        lines += [("sent", _told(each)) for each in one.sent]
        if not one.sent:
            lines.append(("sent", "nothing: no destination is owed anything new"))
    return lines


def _told(sent: Sent) -> str:
    state = f"made at {_second(sent.made_at)}" if sent.made_at else sent.state
    return f"{sent.act} to {sent.destination}: {state}" + (f": {sent.error}" if sent.error else "")


def _as_json(one: Event) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return value

    told: dict[str, Any] = plain(asdict(one))
    return told


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
