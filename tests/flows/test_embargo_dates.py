"""A story that was under embargo is as new as its embargo's end, wherever a date is told: in feeds, events and news formats."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path

import pytest
from loopback import subscriber
from lxml import etree
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from simulated import Simulated
from sqlalchemy import Engine

from cleaners.judge import said
from cleaners.model import Cleaned, Raw, Signal
from cleaners.read import read
from cleaners.write import record
from flows.destinations import Receipt, open_destination
from flows.ledger import claim, claim_owed, made, receive, record_outcomes
from flows.settings import Settings, load_destinations
from flows.tasks.publishing import _publication

DAY = 24 * 3600
FREE = later(3 * DAY)
NAMES = ("feed", "news", "partner")
DESTINATIONS = """\
  feed: {{kind: feed, path: feed, url: 'https://a.example/f', home: 'https://a.example/', title: T, items: 5}}
  news: {{kind: folder, path: news, formats: [newsml-g2, json-ld]}}
  partner: {{kind: webhook, url: '{url}', secret_env: PARTNER_SECRET}}
"""


class Desk:
    """A ledger whose time passes as it is told to."""

    def __init__(self, ledger: Engine, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self.time = Simulated(NOON)

    def arrives(self, story: str, until: datetime | None = None, **more: str) -> None:
        now = self.time.now
        source = read(Raw(id=story, form="text", content=f"The {story} is here."))
        whole = record(Cleaned(source, source, (), "publish", (), "rules-1", 1)) | {"headline": story, **more}
        if until is not None:
            signal = Signal("embargo", "EMBARGOED", until.isoformat())
            whole |= {
                "verdict": "hold",
                "reasons": [said(signal)],
                "signals": [{"kind": "embargo", "text": signal.text, "until": signal.until}],
            }
        receive(self.ledger, [arrival(story)], now)
        [row] = claim(self.ledger, "cleaner", now=now)
        outcome = outcome_of(row, **whole)
        record_outcomes(self.ledger, "cleaner", [outcome], lambda *_: NAMES, now, self.time.witness)

    def publishes(self) -> None:
        places = load_destinations(self.settings.config_dir)
        while owed := claim_owed(self.ledger, "me", now=self.time.now, witness=self.time.witness):
            for act in owed:
                with open_destination(places[act.destination], self.settings.data_dir) as publisher:
                    [answer] = publisher([_publication(act, {})])
                assert isinstance(answer, Receipt), answer
            made(self.ledger, "me", {act.id: {} for act in owed}, self.time.now)

    def titles(self) -> list[str]:
        feed = json.loads((self.settings.data_dir / "feed" / "feed.json").read_text())
        return [item["title"] for item in feed["items"]]


@pytest.mark.parametrize("published", [None, "2026-03-03T11:00:00Z"])
def test_a_story_is_as_new_as_the_end_of_its_embargo(
    ledger: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: str | None
) -> None:
    """Six stories came while it was kept back; the feed holds five. What it says of itself was said before it was public."""
    monkeypatch.setenv("PARTNER_SECRET", "whsec_" + base64.b64encode(bytes(32)).decode())
    desk = Desk(ledger, small_settings(tmp_path))
    with subscriber() as hook:
        small_config(desk.settings.config_dir, DESTINATIONS.format(url=hook.url))
        desk.arrives("budget", FREE, **({"published": published} if published else {}))
        desk.time.passes_until(later(2 * DAY))
        for number in range(6):
            desk.arrives(f"other-{number}")
        desk.publishes()
        assert "budget" not in desk.titles()
        desk.time.passes_until(FREE)
        desk.publishes()
    assert desk.titles()[0] == "budget"
    free = "2026-03-06T12:00:00Z"
    [event] = [one for one in hook.events if one["data"]["id"] == "budget"]
    assert event["timestamp"] == free
    [newsml] = (desk.settings.data_dir / "news").glob("budget*.newsml.xml")
    assert {one.text for one in etree.parse(newsml).iter("{*}versionCreated", "{*}sent")} == {free}
    [ld] = (desk.settings.data_dir / "news").glob("budget*.ld.json")
    assert json.loads(ld.read_text())["sdDatePublished"] == free
