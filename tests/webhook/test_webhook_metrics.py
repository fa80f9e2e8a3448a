"""``GET /metrics``: what came, what was refused, what waits, what became of it, in a form that Prometheus reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from receiving import STRANGER, Receiver, story
from sqlalchemy import Engine, event, func, select, update

from cleaners.model import Raw
from flows.ledger import Arrival, open_ledger, receive
from flows.ledger.newly import Newly
from flows.ledger.tables import PUBLICATIONS
from flows.settings import Settings
from flows.settings.sqlite import SQLITE
from flows.tasks.drain import drain

CONFIG = Path(__file__).parents[2] / "config"
PROSE = "The last ferry of the season left the northern quay shortly after six, with eleven passengers and a piano aboard."


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The sources and destinations of these tests beside the rules that ship with the project."""
    monkeypatch.setattr("flows.webhook.metrics.LOOK_SECONDS", 0.0)
    for shipped in CONFIG.iterdir():
        ours = settings.config_dir / shipped.name
        if not ours.exists():
            ours.symlink_to(shipped.resolve(), target_is_directory=shipped.is_dir())
    return settings


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Engine]:
    engine = open_ledger(settings.ledger_url)
    yield engine
    engine.dispose()


def figures(receiver: Receiver) -> dict[str, float]:
    """All figures, named as Prometheus names them: ``name{label="value"}``."""
    answer = httpx.get(f"{receiver.base}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        assert family.type in ("counter", "gauge", "histogram")
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_what_the_receiver_did_is_counted(receiver: Receiver) -> None:
    receiver.post(story(), event_id="evt_1")
    receiver.post(story(), event_id="evt_1", ago=-1)
    receiver.post(story(), event_id="evt_2")
    receiver.post(story(), secret=STRANGER)
    receiver.post(story(), secret=STRANGER)
    receiver.post(b"{}", event_id="evt_3")
    receiver.post(story(), source="cms-that-nobody-has")
    receiver.post(story(), source="unset")
    httpx.get(f"{receiver.base}/admin")
    httpx.get(f"{receiver.base}/webhooks/plain")
    found = figures(receiver)
    assert found['cleancopy_webhook_accepted_total{source="plain"}'] == 2
    assert found['cleancopy_webhook_duplicates_total{source="plain"}'] == 1
    assert found['cleancopy_webhook_ignored_total{source="plain"}'] == 0
    refused = {
        key.partition("{")[2].rstrip("}"): value
        for key, value in found.items()
        if key.startswith("cleancopy_webhook_refused_total")
    }
    assert refused == {
        'reason="wrong-signature",source="plain",status="401"': 2,
        'reason="bad-story",source="plain",status="400"': 1,
        'reason="unknown-source",source="-",status="404"': 1,
        'reason="no-secret",source="-",status="503"': 1,
        'reason="no-address",source="-",status="404"': 1,
        'reason="wrong-method",source="-",status="405"': 1,
    }
    assert found["cleancopy_webhook_seconds_count"] == 3
    assert 0 < found["cleancopy_webhook_seconds_sum"] < 30
    assert found['cleancopy_webhook_seconds_bucket{le="+Inf"}'] == 3
    assert (found["cleancopy_webhook_waiting_events"], found["cleancopy_webhook_waiting_bytes"]) == (0, 0)
    assert found["cleancopy_ledger_up"] == 1


def test_what_became_of_the_stories_is_counted(receiver: Receiver, ledger: Engine) -> None:
    """From the first look on: what is older is not counted."""
    before = figures(receiver)
    assert before["cleancopy_held_total"] == 0
    assert not any(key.startswith("cleancopy_cleaned_total{") for key in before)

    receiver.post(story(id="clean", text=f"Published: undefined\n{PROSE}"), event_id="evt_1")
    receiver.post(story(id="held", text=f"HOLD HOLD HOLD\n{PROSE}"), event_id="evt_2")
    waiting = figures(receiver)
    assert waiting['cleancopy_inbox_events{state="waiting"}'] == 2
    assert 0 < waiting["cleancopy_inbox_oldest_seconds"] < 60

    drain(ledger, receiver.settings)
    found = figures(receiver)
    assert found['cleancopy_inbox_events{state="waiting"}'] == 0
    assert found["cleancopy_inbox_oldest_seconds"] == 0
    assert found['cleancopy_cleaned_total{verdict="publish"}'] == 1
    assert found['cleancopy_cleaned_total{verdict="hold"}'] == found["cleancopy_held_total"] == 1
    assert found['cleancopy_published_total{act="publish",destination="copy-folder"}'] == 1
    assert found["cleancopy_arrival_to_published_seconds_count"] == 1
    hits = {key: value for key, value in found.items() if key.startswith("cleancopy_rule_hits_total")}
    assert sum(hits.values()) >= 1
    # A second look counts nothing twice, and a receiver that begins now counts nothing that was there.
    newly = Newly().look(ledger, datetime.now(UTC))
    assert (newly.cleaned, newly.rules, newly.ended) == ({}, {}, ())
    assert figures(receiver) | {"cleancopy_webhook_seconds_sum": 0} == found | {
        "cleancopy_webhook_seconds_sum": 0
    }


def test_what_changed_nothing_at_a_destination_is_not_counted_as_published(
    receiver: Receiver, ledger: Engine
) -> None:
    """A CMS in which the editors are always quicker, and a folder that has a newer edition."""
    figures(receiver)
    for number, did in enumerate(("wrote", "left", "newer")):
        receiver.post(story(id=f"s{number}", text=PROSE), event_id=f"evt_{number}")
        drain(ledger, receiver.settings)
        with ledger.begin() as connection:
            [newest] = connection.execute(select(func.max(PUBLICATIONS.c.id))).scalars()
            said = {"did": did, "where": []}
            connection.execute(update(PUBLICATIONS).where(PUBLICATIONS.c.id == newest).values(receipt=said))
    found = figures(receiver)
    assert found['cleancopy_published_total{act="publish",destination="copy-folder"}'] == 1
    assert found['cleancopy_left_total{destination="copy-folder"}'] == 2
    assert found["cleancopy_arrival_to_published_seconds_count"] == 1


def test_a_ledger_that_is_down_is_told(receiver: Receiver) -> None:
    receiver.post(story(), event_id="evt_1")
    assert figures(receiver)["cleancopy_ledger_up"] == 1
    path = receiver.settings.ledger_url.removeprefix("sqlite:///")
    with closing(SQLITE.connect(path)) as connection:
        connection.execute("ALTER TABLE inbox RENAME TO hidden")
        found = figures(receiver)
        connection.execute("ALTER TABLE hidden RENAME TO inbox")
    assert found["cleancopy_ledger_up"] == 0
    assert found['cleancopy_webhook_accepted_total{source="plain"}'] == 1
    assert figures(receiver)["cleancopy_ledger_up"] == 1


def test_it_is_asked_at_most_every_few_seconds(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.webhook.metrics.LOOK_SECONDS", 60.0)
    looks: list[int] = []
    real = Newly.look
    monkeypatch.setattr(Newly, "look", lambda self, *args: looks.append(1) or real(self, *args))
    for _ in range(5):
        figures(receiver)
    assert len(looks) == 1


def test_a_look_reads_what_is_new_by_indexes(ledger: Engine) -> None:
    """Every statement of a look finds its rows by a key or an index: none goes through a table."""
    now = datetime.now(UTC)
    newly = Newly()
    newly.look(ledger, now)
    receive(ledger, [Arrival(Raw(id=f"{n}", form="text", content=PROSE), "cms") for n in range(5)], now)
    said: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, ___: object, ____: object) -> None:
        if statement.startswith("SELECT"):
            said.append((statement, parameters))

    event.listen(ledger, "before_cursor_execute", note)
    newly.look(ledger, now + timedelta(seconds=5))
    event.remove(ledger, "before_cursor_execute", note)
    assert len(said) >= 6
    with ledger.connect() as connection:
        for statement, parameters in said:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            told = " | ".join(str(row[3]) for row in plan)
            assert "SCAN" not in told.replace(
                "SCAN publications USING COVERING INDEX ix_publications_owed", ""
            ), (
                statement,
                told,
            )


def test_many_may_ask_at_once(receiver: Receiver) -> None:
    answers: list[int] = []
    askers = [
        threading.Thread(target=lambda: answers.append(httpx.get(f"{receiver.base}/metrics").status_code))
        for _ in range(8)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert answers == [200] * 8
