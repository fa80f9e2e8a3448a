"""``cleancopy status``: what comes in, what runs, what waits and what goes wrong, on one screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from flows.cli.options import ConfigOption
from flows.cli.outbox import NOT_CONFIGURED, configured_destinations
from flows.cli.terminal import command, printable, stdout, stop

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Engine

    from flows.settings import Settings

WIDEST = 40
"""Columns of a table, the last one aside."""
RUNS = 8
HELD = 8
LEFT = 8
WAITS = timedelta(minutes=15)
"""A story that has waited for longer is cleaned by nobody, unless those before it are just being cleaned."""


def status(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON, for scripts.")] = False,
) -> None:
    """Show open kills, the sources, the last runs, the queue, what is held or under embargo, and rules and destinations that fail.

    Exit code 0: all is well; 1: something needs a person (a source, a story, a destination or a rule failed, or nobody cleans
    what has come).
    """
    from flows.settings import load_settings

    try:
        settings = load_settings(config)
    except ValueError as error:
        stop(str(error))
    found = gather(settings)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show(stdout(), settings, found)
    if found["to_mend"]:
        raise typer.Exit(1)


def gather(settings: Settings) -> dict[str, Any]:
    """All that is shown, as plain values; times in ISO form. Nothing is made: a ledger that is not there yet stays so."""
    found: dict[str, Any] = {"ledger": settings.shown_ledger_url, "rules": _rules(settings)}
    found["sources"] = _configured(settings)
    engine = _ledger(settings)
    if engine is not None:
        try:
            found |= _from_ledger(engine, settings, found["sources"], datetime.now(UTC))
        finally:
            engine.dispose()
    found["to_mend"] = _to_mend(found)
    return found


def _ledger(settings: Settings) -> Engine | None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from flows.ledger import open_ledger

    url = make_url(settings.ledger_url)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return None
    try:
        return open_ledger(settings.ledger_url)
    except (SQLAlchemyError, RuntimeError) as error:
        reason = str(getattr(error, "orig", None) or error)
        stop(f"{settings.shown_ledger_url} does not open: {reason}")


def _rules(settings: Settings) -> dict[str, Any]:
    from cleaners.rules import ConfigError
    from flows.settings.tried_rules import load_tried_pipeline

    try:
        return {"version": load_tried_pipeline(settings.config_dir).version, "error": None}
    except ConfigError as error:
        return {"version": None, "error": str(error)}


def _configured(settings: Settings) -> dict[str, dict[str, Any]]:
    from cleaners.rules import ConfigError
    from flows.settings import load_sources

    try:
        sources = load_sources(settings.config_dir)
    except ConfigError as error:
        stop(str(error))
    return {
        name: {
            "kind": one.kind,
            "enabled": one.enabled,
            "dry_run": one.dry_run,
            "schedule": getattr(one, "schedule", None),
            "could_be_asked": getattr(one, "could_be_asked", False),
            "stories": 0,
            "held": 0,
            "last_seen_at": None,
        }
        for name, one in sources.items()
    }


def _from_ledger(
    engine: Engine, settings: Settings, sources: dict[str, dict[str, Any]], now: datetime
) -> dict[str, Any]:
    from flows.ledger import held_count, held_stories, last_runs, queue_counts
    from flows.ledger.leases import undrained
    from flows.ledger.overview import destination_lines, left_alone, sources_seen
    from flows.ledger.owing import embargoes, open_kills
    from flows.ledger.watching import source_states

    known = configured_destinations(settings)
    for line in sources_seen(engine):
        source = sources.setdefault(line.source, {"kind": None, "enabled": None, "schedule": None})
        source |= {"stories": line.stories, "held": line.held, "last_seen_at": line.last_seen_at.isoformat()}
    for state in source_states(engine):
        source = sources.setdefault(state.name, {"kind": None, "enabled": None, "schedule": None})
        source |= {"last_ok_at": _iso(state.last_ok_at), "gone": state.gone, "waiting": state.waiting}
        if state.failing:
            source |= {"failing": state.last_error, "next_look": _iso(state.next_look)}
    idle = undrained(engine, now, WAITS)
    return {
        "inbox": queue_counts(engine),
        "undrained": None if idle is None else {"stories": idle.stories, "since": idle.since.isoformat()},
        "open_kills": [
            {
                "story": one.story,
                "headline": one.headline,
                "destination": one.destination,
                "since": one.owed_at.isoformat(),
                "attempts": one.attempts,
                "why": one.error if one.destination in known else NOT_CONFIGURED,
            }
            for one in open_kills(engine, now)
        ],
        "left": [
            {
                "story": f"{one.source}:{one.id}",
                "headline": one.headline,
                "destination": one.destination,
                "since": one.since.isoformat(),
            }
            for one in left_alone(
                engine, [name for name, one in known.items() if getattr(one, "in_place", ())], now
            )
        ],
        "embargoes": [
            {
                "story": one.story,
                "headline": one.headline,
                "until": one.until.isoformat(),
                "destinations": list(one.destinations),
            }
            for one in embargoes(engine, now)
        ],
        "held": held_count(engine),
        "held_first": [
            {
                "key": one.key,
                "headline": one.headline,
                "reasons": list(one.reasons),
                "since": one.since.isoformat(),
            }
            for one in held_stories(engine, limit=HELD)
        ],
        "runs": [
            {
                "name": run.name,
                "flow": run.flow,
                "started_at": run.started_at.isoformat(),
                "finished_at": run.finished_at.isoformat() if run.finished_at else None,
                "error": run.error,
                "outcomes": dict(run.outcomes),
                "changed": run.changed,
            }
            for run in last_runs(engine, RUNS)
        ],
        "destinations": [
            {"name": one.destination, **one.counts, "late": one.late, "error": one.error}
            for one in destination_lines(engine)
        ],
    }


def _to_mend(found: Mapping[str, Any]) -> list[str]:
    """What needs a person, in sentences."""
    told = [
        f"KILL OPEN: {one['story']} is not down at {one['destination']}"
        + (f": {one['why']}" if one["why"] else "")
        for one in found.get("open_kills", ())
    ]
    if error := found["rules"]["error"]:
        told.append(f"rules: {error}")
    if idle := found.get("undrained"):
        told.append(
            f"{_some(idle['stories'], 'story waits', 'stories wait')} since {_until(idle['since'])}: "
            f"no drain is running? ({command('up')})"
        )
    inbox = found.get("inbox", {})
    if failed := inbox.get("failed"):
        told.append(
            f"{_some(failed, 'story', 'stories')} failed: clean-stories with “Which of them: failed”, or look at the run"
        )
    if held := found.get("held"):
        told.append(f"{_some(held, 'story is', 'stories are')} held: {command('review')}")
    for one in found.get("destinations", ()):
        if one.get("failed"):
            told.append(
                f"{one['name']}: {_some(one['failed'], 'publication', 'publications')} given up ({command('outbox')}): "
                f"{one['error'] or ''}"
            )
        elif one["late"]:
            told.append(
                f"{one['name']}: {_some(one['late'], 'publication is', 'publications are')} late: {one['error']}"
            )
    told += _left(found)
    told += [
        f"source {name} fails: {one['failing']}"
        for name, one in found["sources"].items()
        if one.get("failing")
    ]
    return told


def _left(found: Mapping[str, Any]) -> list[str]:
    told = []
    for one in found.get("left", ())[:LEFT]:
        source = one["story"].partition(":")[0]
        could = found["sources"].get(source, {}).get("could_be_asked")
        told.append(
            f"left at {one['destination']}: {one['story']}: its CMS has a newer version that has not come here (since "
            f"{_until(one['since'])}): save it there again"
            + (f", or write missed: at the source {source}, so that it is asked for" if could else "")
        )
    if (more := len(found.get("left", ())) - LEFT) > 0:
        told.append(f"left so: {_some(more, 'more story', 'more stories')} ({command('status --json')})")
    return told


BY_HAND = "by-hand"
"""The source of stories that a person named one by one (flows.tasks.intake says so, too, which takes a second to import)."""


def show(console: Console, settings: Settings, found: Mapping[str, Any], now: datetime | None = None) -> None:
    """``found`` for a person; times as how long ago, seen from ``now``."""
    now = now or datetime.now(UTC)
    told = found["to_mend"]
    console.print(
        Text("All is well." if not told else "To look at", style="bold green" if not told else "bold yellow")
    )
    for one in told:
        console.print(Text(f"  ! {printable(one)}", style="yellow"))
    if "inbox" not in found:
        console.print(
            f"\nNothing has arrived yet: {found['ledger']} will be made by the first run.\n"
            "Where a newsroom runs with another data folder, set CLEANCOPY_DATA to it.",
            soft_wrap=True,
        )
    else:
        inbox = found["inbox"]
        console.print(
            f"\n[bold]Inbox[/]  {inbox['waiting']} waiting · {inbox['claimed']} at work · {inbox['done']} done · {inbox['failed']} failed",
            highlight=False,
        )
    _table(
        console,
        "Sources",
        ("source", "kind", "looked at", "stories", "held", "last sent", ""),
        (
            (
                name,
                one["kind"] or "",
                one["schedule"] or ("" if one["kind"] != "webhook" else "sends itself"),
                f"{one['stories']:,}" if one.get("stories") else "–",
                str(one.get("held") or "–"),
                _ago(one.get("last_seen_at"), now),
                "named by hand" if name == BY_HAND else _state(one),
            )
            for name, one in sorted(found["sources"].items(), key=lambda pair: pair[1]["enabled"] is False)
        ),
        right=(3, 4),
    )
    _table(
        console,
        "Last runs",
        ("run", "flow", "began", "took", "published", "changed", "held", "failed", ""),
        (
            (
                run["name"],
                run["flow"],
                _ago(run["started_at"], now),
                _took(run, now),
                *(str(value or "–") for value in (run["outcomes"].get("publish"), run["changed"])),
                *(str(run["outcomes"].get(key) or "–") for key in ("hold", "failed")),
                _beside(run),
            )
            for run in found.get("runs", ())
        ),
        right=(4, 5, 6, 7),
    )
    _table(
        console,
        "Held, the newest first",
        ("story", "headline", "since", "why"),
        (
            (one["key"], one["headline"] or "", _ago(one["since"], now), "; ".join(one["reasons"]))
            for one in found.get("held_first", ())
        ),
    )
    _table(
        console,
        "Under embargo, the next to end first",
        ("story", "headline", "until", "to"),
        (
            (one["story"], one["headline"] or "", _until(one["until"]), ", ".join(one["destinations"]))
            for one in found.get("embargoes", ())[:HELD]
        ),
    )
    _table(
        console,
        "Destinations",
        ("destination", "made", "owed", "late", "given up", ""),
        (
            (
                one["name"],
                *(str(one.get(key) or "–") for key in ("made", "owed", "late", "failed")),
                one["error"] or "",
            )
            for one in found.get("destinations", ())
        ),
        right=(1, 2, 3, 4),
    )
    if version := found["rules"]["version"]:
        console.print(
            f"\n[bold]Rules[/]  version {version}, every rule true to its examples", highlight=False
        )


def _table(
    console: Console,
    title: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, ...]],
    right: tuple[int, ...] = (),
) -> None:
    every = list(rows)
    if not every:
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    widths = [
        min(WIDEST, max(cell_len(cell) for cell in (column, *(row[at] for row in every))))
        for at, column in enumerate(columns[:-1])
    ]
    rest = max(12, console.width - sum(widths) - 2 * len(columns))
    for at, (column, width) in enumerate(zip(columns, [*widths, rest], strict=True)):
        table.add_column(column, justify="right" if at in right else "left", no_wrap=True, width=width)
    for row in every:
        table.add_row(*(Text(printable(" ".join(cell.split())), overflow="ellipsis") for cell in row))
    console.print()
    console.print(Text(title, style="bold"))
    console.print(table)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _state(source: Mapping[str, Any]) -> str:
    if source["kind"] is None:
        return "not in sources.yaml"
    if not source["enabled"]:
        return "off"
    told = ["dry run"] if source["dry_run"] else []
    told += [f"fails: {source['failing']}"] if source.get("failing") else []
    told += [f"{source['waiting']:,} pages to fetch"] if source.get("waiting") else []
    told += [f"{source['gone']:,} gone"] if source.get("gone") else []
    return "; ".join(told)


def _beside(run: Mapping[str, Any]) -> str:
    """What a run's numbers do not say: why it ended early, and what its dry run kept from going out."""
    from flows.ledger.runs import WOULD_PUBLISH

    would = run["outcomes"].get(WOULD_PUBLISH)
    return "; ".join(filter(None, (run["error"], would and f"{would:,} would be published")))


def _took(run: Mapping[str, Any], now: datetime) -> str:
    if run["finished_at"] is None:
        return "at work"
    from cleaners.write.report import duration

    seconds = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    return duration(seconds.total_seconds())


def _ago(moment: str | None, now: datetime) -> str:
    """How long ago, in the largest unit that makes at least one.

    >>> _ago("2026-03-03T11:57:00+00:00", datetime(2026, 3, 3, 12, tzinfo=UTC))
    '3 min ago'
    """
    if moment is None:
        return "never"
    seconds = (now - datetime.fromisoformat(moment)).total_seconds()
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {name} ago"
    return "just now"


def _until(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _some(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
