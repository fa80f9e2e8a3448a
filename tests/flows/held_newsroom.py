"""A newsroom whose stories are held: a ledger, a cleaner with few rules and a small budget, and a folder of what is public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from newsroom import NOON
from sqlalchemy import Engine, select

from cleaners.model import Raw
from cleaners.pipeline import load_pipeline
from cleaners.write import html, markdown, record, text
from flows.ledger import (
    Arrival,
    Decided,
    Decision,
    InboxRow,
    Outcome,
    Recorded,
    again,
    claim,
    claim_owed,
    decide,
    look_at_story,
    made,
    receive,
    record_outcomes,
)
from flows.ledger.tables import COPIES

Clean = Callable[[InboxRow], Outcome]

STORY = (
    "The harbour of Kesten closed at noon after the tide gauge failed, the port authority said on Monday.\n"
    "Published: undefined\n"
    "Join us on the mole at six, said the harbour master.\n"
    "Nine boats waited outside the mole until the evening, when a diver had mended the gauge by hand.\n"
)
CLEAN = "\n".join(STORY.splitlines()[::3])
WITH_JOIN = "\n".join(line for line in STORY.splitlines() if "undefined" not in line)

UNDEFINED = """\
  published-undefined:
    why: The label stands there even when a story has no date.
    line: "Published: undefined"
    matches: ["Published: undefined"]
    spares: ["Published: a memoir of the harbour."]
"""
JOIN = """\
  join-us:
    why: An invitation to a channel.
    starts: "Join us on"
    matches: ["Join us on the channel"]
    spares: ["They join us."]
"""
NEW = """\
  never-there:
    why: It changes the version of the rules, and no story.
    line: "Read aloud by a machine"
    matches: ["Read aloud by a machine"]
    spares: ["Read aloud by the clerk."]
"""
BOTH = UNDEFINED + JOIN
TIGHT, WIDE = 0.01, 0.9
"""Budgets: the first holds any story that loses a word."""


def cleaner(folder: Path, rules: str = BOTH, share: float = TIGHT) -> Clean:
    """What a worker does, with these rules."""
    (folder / "rules").mkdir(parents=True)
    (folder / "publishers").mkdir()
    (folder / "pipeline.yaml").write_text(
        f"cleaners:\n  written_rules:\nbudget: {{share: {share}, prose: {share}}}\n"
    )
    (folder / "rules" / "english.yaml").write_text("language: en\nrules:\n" + rules)
    pipeline = load_pipeline(folder)

    def clean(row: InboxRow) -> Outcome:
        cleaned = pipeline.clean(row.raw)
        rendered = {"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)}
        return Outcome(row.id, row.raw.id, record=record(cleaned), rendered=rendered)

    return clean


def seeing(clean: Clean, kind: str, verdict: str) -> Clean:
    """A later cleancopy that reads a signal in the raw copy where ``clean`` read none."""

    def sees(row: InboxRow) -> Outcome:
        outcome = clean(row)
        signal = {"kind": kind, "text": "NOT YET", "until": None}
        more = {"verdict": verdict, "reasons": [f"{kind}: NOT YET"], "signals": [signal], "ruleset": kind}
        return replace(outcome, record={**(outcome.record or {}), **more})

    return sees


def sent(content: str = STORY, story: str = "ferry", **more: Any) -> Arrival:
    return Arrival(Raw(story, "text", content, language="en", **more), "desk")


class Desk:
    """One story's life in a ledger. ``public`` is what a reader sees; the destination does what it is told."""

    def __init__(self, ledger: Engine, clean: Clean) -> None:
        self.ledger, self.clean, self.runs = ledger, clean, 0
        self.public: dict[str, str | None] = {}
        self.now = NOON
        self.destinations: tuple[str, ...] = ("folder",)

    def arrives(self, content: str = STORY, **more: Any) -> Recorded:
        receive(self.ledger, [sent(content, **more)], self.now)
        return self.work()

    def cleaned_again(self, clean: Clean | None = None, content: str = STORY) -> Recorded:
        self.runs += 1
        receive(self.ledger, again([sent(content)], str(self.runs)), self.now)
        return self.work(clean)

    def work(self, clean: Clean | None = None) -> Recorded:
        [row] = claim(self.ledger, "me", now=self.now)
        outcome = (clean or self.clean)(row)
        [recorded] = record_outcomes(self.ledger, "me", [outcome], self.where, self.now)
        assert recorded.state == "done"
        return recorded

    def where(self, source: str, wish: tuple[str, ...] | None) -> tuple[str, ...]:
        return self.destinations if wish is None else wish

    def decides(self, act: Any = "publish", edition: int = 1, **more: Any) -> Decided:
        words = {"who": "Ida Holm", "why": "I have read it."} | more
        wish = Decision("desk", "ferry", edition, act, **words)
        return decide(self.ledger, wish, self.where, more.pop("now", self.now))

    def publishes(self) -> list[tuple[str, int]]:
        """What the publisher does now, with the public copy changed by it."""
        done = []
        while owed := claim_owed(self.ledger, "publisher", now=self.now):
            for act in owed:
                self.public[act.destination] = act.rendered["text"] if act.act == "publish" else None
                done.append((act.act, act.edition))
            made(self.ledger, "publisher", {act.id: {} for act in owed}, self.now)
        return done

    def verdict(self) -> tuple[int, str]:
        """The newest edition and its verdict."""
        story = look_at_story(self.ledger, "desk", "ferry", self.now)
        return story.edition, story.verdict

    def copies(self) -> list[Any]:
        with self.ledger.connect() as connection:
            return list(connection.execute(select(COPIES).order_by(COPIES.c.edition)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
