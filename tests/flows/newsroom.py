"""A small newsroom for the tests of the ledger and the tasks: stories, records, a configuration, faulty cleaners.

The cleaning functions here run in worker processes, which find them by this module's name.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cleaners.model import Raw
from flows.ledger import Arrival, InboxRow, Outcome
from flows.settings import Settings

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def arrival(story: str = "ferry", text: str = "The ferry is back.", **more: Any) -> Arrival:
    return Arrival(Raw(id=story, form="text", content=text), more.pop("source", "desk"), **more)


def record_of(story: str = "ferry", text: str = "The ferry is back.", **more: Any) -> dict[str, Any]:
    return {
        "id": story,
        "url": None,
        "publisher": None,
        "verdict": "publish",
        "reasons": [],
        "headline": None,
        "standfirst": None,
        "section": None,
        "byline": None,
        "published": None,
        "language": "en",
        "pictures": [],
        "text": text,
        "html": f"<p>{text}</p>",
        "removed": [],
        "ruleset": "rules-1",
    } | more


REMOVED = {
    "block": 1,
    "start": 0,
    "end": 20,
    "text": "Published: undefined",
    "action": "remove",
    "field": None,
    "rules": ["english/published-undefined", "template_residue/label"],
    "why": "The CMS prints the label even when a story has no date.",
}


def outcome_of(row: InboxRow, **more: Any) -> Outcome:
    """What cleaning gives for a row: its text as it is."""
    record = record_of(row.raw.id, **({"text": str(row.raw.content)} | more))
    text = record["text"]
    return Outcome(
        row.id,
        row.raw.id,
        record=record,
        report=f"<!doctype html><title>{row.raw.id}</title>",
        artifact=f"# {row.raw.id}",
        rendered={"html": f"<p>{text}</p>", "markdown": text, "text": text},
        seconds=0.01,
    )


def small_config(folder: Path, destinations: str = "", sources: str = "") -> Path:
    """A configuration folder with a folder destination and a desk that publishes there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "destinations.yaml").write_text(
        "destinations:\n  copy-folder:\n    kind: folder\n    path: published\n    default: yes\n"
        + destinations
    )
    (folder / "sources.yaml").write_text(sources or "sources: {}\n")
    return folder


def small_settings(root: Path, **more: Any) -> Settings:
    return Settings(
        config_dir=small_config(root / "config"),
        data_dir=root / "data",
        **({"ledger_url": f"sqlite:///{root / 'ledger.sqlite'}", "workers": 2} | more),
    )


def make_plain(config_dir: Path) -> Any:
    return plain


def plain(row: InboxRow, problem: str | None = None) -> Outcome:
    """Clean as the story's text asks: "crash", "segfault", "hang", "eat", "raise", "hold", "kill", "embargo TIME"; else publish it."""
    wish, _, more = str(row.raw.content).partition(" ")
    if problem and "always" not in more:
        return outcome_of(row, verdict="hold", reasons=[problem])
    if wish == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if wish == "eat":
        eaten = [bytearray(10_000_000) for _ in range(1_000)]
        assert eaten
    if wish == "crash":
        os._exit(7)
    if wish == "hang":
        time.sleep(3600)
    if wish == "raise":
        raise ValueError("this story breaks the cleaner")
    if wish == "unrecordable":
        return outcome_of(row, ruleset={"not": "a string"})
    if wish in ("hold", "kill"):
        return outcome_of(row, verdict=wish, reasons=[f"the story says {wish}"])
    if wish == "embargo":
        said = {"kind": "embargo", "text": "NOT YET", "until": more}
        reason = f"embargo: the raw copy says “NOT YET” (until {more})"
        return outcome_of(row, verdict="hold", signals=[said], reasons=[reason])
    return outcome_of(row, removed=[REMOVED] if wish == "junk" else [])


def make_dies_once(folder: Path) -> Any:
    """Is killed at its first story, in whatever process that is."""

    def work(row: InboxRow, problem: str | None = None) -> Outcome:
        if not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(row, problem)

    return work


def make_broken(config_dir: Path) -> Any:
    raise ValueError("config/rules/english.yaml:3:5: the key 'lnie' is not known here")


def make_crash_when_ready(config_dir: Path) -> Any:
    os._exit(9)
