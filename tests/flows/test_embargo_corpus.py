"""Embargoes and kills as they arrive, on their whole way: taken in, cleaned by the shipped rules, written down, published.

The times are simulated; the ledger and its outbox are real, on both databases. Nothing early, nothing missed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from newsroom import NOON
from simulated import Simulated
from sqlalchemy import Engine

from cleaners.model import Raw
from cleaners.pipeline import Pipeline
from cleaners.rules import load_yaml
from cleaners.write import html, markdown, record, text
from flows.ledger import (
    Arrival,
    Outcome,
    Recorded,
    claim,
    claim_owed,
    made,
    receive,
    record_outcomes,
)
from flows.sources.mapping import mapped_story
from flows.sources.records import raw_from_record
from flows.sources.wire import mail_story, wire_items

CORPUS: Any = load_yaml(Path(__file__).with_name("embargo_corpus.yaml")).data
STORY = [
    "The dredger came back to the estuary on Monday, nine years after it had left, the harbour office said.",
    "Nobody was on the quay to see it but the harbour master, who had waited since the spring, he said.",
    "It will leave again in May, when the channel has been cleared to the depth that the port had asked for.",
]
EVERYWHERE = ("folder", "table", "cms")
MOMENT = timedelta(milliseconds=1)
NEVER = timedelta(days=400)


def named(item: dict[str, Any]) -> str:
    return str(item["name"])


def raw_of(item: dict[str, Any]) -> Raw:
    """The item as its source reads it."""
    whole = "\n".join(STORY)
    sent = {} if item.get("sent") == "no" else {"published": item.get("sent", "2026-03-03")}
    known = {"id": "s", "language": item.get("language", "en"), **sent}
    if "wire" in item:
        body = whole.replace(
            "\n", "</p><p>" if "<p>" in item["wire"] else "\\n\\n" if "{" in item["wire"] else "\n\n"
        )
        [found] = wire_items(item["wire"].replace("STORY", body).encode(), "message")
        assert found.raw is not None, found.problem
        return found.raw
    if "mail" in item:
        body = whole.replace("\n", "</p><p>" if "<p>" in item["mail"] else "\n\n")
        return mail_story(item["mail"].replace("STORY", body).encode(), "press.eml")
    if "cms" in item:
        payload = {key: dict(value) for key, value in item["cms"]["payload"].items()}
        payload["entry"]["copy"] = whole
        return mapped_story(payload, item["cms"]["map"])
    if "record" in item:
        return raw_from_record({**known, **item["record"], "text": whole})
    lines = [line for given in item["lines"] for line in (STORY if given == "…" else [given])]
    return raw_from_record({**known, "text": "\n".join(lines)})


CLEANED: dict[Raw, Outcome] = {}


def outcome_of(pipeline: Pipeline, raw: Raw) -> Outcome:
    """Cleaned once for both databases: the same input gives the same bytes."""
    if raw not in CLEANED:
        cleaned = pipeline.clean(raw)
        rendered = {"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)}
        CLEANED[raw] = Outcome(0, raw.id, record=record(cleaned), rendered=rendered)
    return CLEANED[raw]


class Newsroom:
    """A ledger, the shipped rules, and what is public where."""

    def __init__(self, ledger: Engine, pipeline: Pipeline) -> None:
        self.ledger, self.pipeline = ledger, pipeline
        self.time = Simulated(NOON)
        self.public: dict[str, str] = {}

    def arrives(self, raw: Raw) -> Recorded:
        receive(self.ledger, [Arrival(raw, "desk")], self.time.now)
        [row] = claim(self.ledger, "cleaner", now=self.time.now)
        outcome = replace(outcome_of(self.pipeline, row.raw), inbox_id=row.id)
        [recorded] = record_outcomes(
            self.ledger, "cleaner", [outcome], lambda *_: EVERYWHERE, self.time.now, self.time.witness
        )
        return recorded

    def publishes(self) -> list[tuple[str, str]]:
        """What every destination does now: act and destination, in order."""
        done = []
        while owed := claim_owed(self.ledger, "publisher", now=self.time.now, witness=self.time.witness):
            for act in owed:
                done.append((act.act, act.destination))
                if act.act == "publish":
                    self.public[act.destination] = act.rendered["text"]
                else:
                    self.public.pop(act.destination, None)
            made(self.ledger, "publisher", {act.id: {} for act in owed}, self.time.now)
        return done


@pytest.fixture
def newsroom(ledger: Engine, pipeline: Pipeline) -> Newsroom:
    return Newsroom(ledger, pipeline)


def test_the_corpus_is_large_enough() -> None:
    assert sum(map(len, CORPUS.values())) >= 60
    assert min(map(len, CORPUS.values())) >= 15


@pytest.mark.parametrize("item", CORPUS["out"], ids=named)
def test_it_goes_out_by_itself_and_not_before(newsroom: Newsroom, item: dict[str, Any]) -> None:
    recorded = newsroom.arrives(raw_of(item))
    if item["out"] != "now":
        out = datetime.fromisoformat(item["out"])
        assert recorded.not_before == out
        for moment in (NOON, NOON + (out - NOON) / 2, out - MOMENT):
            newsroom.time.passes_until(moment)
            assert newsroom.publishes() == [], f"early at {moment}"
        newsroom.time.passes_until(out)
    assert sorted(newsroom.publishes()) == [("publish", name) for name in sorted(EVERYWHERE)]
    assert set(newsroom.public) == set(EVERYWHERE)
    for copy in newsroom.public.values():
        assert STORY[0] in copy
        assert "EMBARGO" not in copy


@pytest.mark.parametrize("item", CORPUS["held"], ids=named)
def test_it_waits_for_a_person(newsroom: Newsroom, item: dict[str, Any]) -> None:
    recorded = newsroom.arrives(raw_of(item))
    assert (recorded.owed, recorded.not_before) == ((), None)
    for wait in (timedelta(0), timedelta(days=3), timedelta(days=6), NEVER):
        newsroom.time.passes_until(NOON + wait)
        assert newsroom.publishes() == []


@pytest.mark.parametrize("item", CORPUS["down"], ids=named)
def test_it_is_taken_down_everywhere(newsroom: Newsroom, item: dict[str, Any]) -> None:
    raw = raw_of(item)
    before: dict[str, Any] = {"id": raw.id, "language": "en", "text": "\n".join(STORY)}
    if item.get("before") == "embargo":
        before["embargoed"] = "2026-03-06T00:01:00Z"
    newsroom.arrives(raw_from_record(before))
    newsroom.publishes()
    was_public = item.get("before") != "embargo"
    assert set(newsroom.public) == (set(EVERYWHERE) if was_public else set())
    newsroom.arrives(raw)
    assert sorted(newsroom.publishes()) == (
        [("unpublish", name) for name in sorted(EVERYWHERE)] if was_public else []
    )
    newsroom.time.passes_until(NOON + NEVER)
    assert newsroom.publishes() == []
    assert newsroom.public == {}
