"""``cleancopy event``: what became of an event of a CMS, for whoever asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_newsroom import Run
from sqlalchemy import Engine, event

from cleaners.model import Fields, Raw
from flows.ledger import Arrival, claim, fail, open_ledger, receive
from flows.ledger.echoes import end_echoes
from flows.ledger.events import find_events
from flows.settings import load_settings
from flows.tasks.drain import drain

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
PROSE = "The last ferry of the season left the northern quay shortly after six, with eleven passengers and a piano aboard."


@pytest.fixture
def ledger(run: Run, small_config: Path) -> Iterator[Engine]:
    (small_config / "sources.yaml").write_text(
        "sources:\n  cms: {kind: webhook, secret_env: TEST_SECRET}\n  old: {kind: webhook, secret_env: TEST_SECRET, enabled: no}\n"
    )
    (small_config / "destinations.yaml").write_text(
        "destinations:\n  shelf: {kind: folder, path: shelf, formats: [text], default: yes}\n"
    )
    engine = open_ledger(load_settings().ledger_url)
    yield engine
    engine.dispose()


def arrive(
    ledger: Engine,
    story: str,
    event_id: str,
    source: str = "cms",
    text: str = PROSE,
    saved: str | None = None,
) -> None:
    given = None if saved is None else Fields(updated=saved)
    raw = Raw(id=story, form="text", content=text, headline=f"About {story}", given=given)
    receive(ledger, [Arrival(raw, source, event_id=event_id)], NOW)


def test_an_event_is_followed_from_its_arrival_to_its_publication(run: Run, ledger: Engine) -> None:
    arrive(ledger, "ferry", "evt-1")
    waiting = run("event", "evt-1")
    assert waiting.exit_code == 0
    assert "evt-1 of cms" in waiting.stdout
    assert "arrived   2026-03-03 12:00:00 UTC" in waiting.stdout
    assert "state     waits to be cleaned" in waiting.stdout
    assert "story     cms:ferry, revision 1  “About ferry”" in waiting.stdout
    assert "verdict" not in waiting.stdout

    drain(ledger, load_settings())
    done = run("event", "evt-1")
    assert "state     done at" in done.stdout
    assert "verdict   clean, to be published (edition 1)" in done.stdout
    assert "sent      publish to shelf: made at" in done.stdout

    arrive(ledger, "ferry", "evt-2", text=f"{PROSE}\nIt sank.")
    assert "a newer revision has come since" in run("event", "evt-1").stdout


def test_a_held_and_a_failed_event_tell_why(run: Run, ledger: Engine) -> None:
    arrive(ledger, "held", "evt-1", text=f"HOLD HOLD HOLD\n{PROSE}")
    drain(ledger, load_settings())
    assert "held for a person (edition 1); " in run("event", "evt-1").stdout
    arrive(ledger, "broken", "evt-2")
    [row] = claim(ledger, "me", now=NOW)
    fail(ledger, "me", row.id, "it took longer than 60 seconds", NOW)
    assert "failed at 2026-03-03 12:00:00 UTC: it took longer than 60 seconds" in run("event", "evt-2").stdout


def test_an_event_of_which_nothing_came_tells_why(run: Run, ledger: Engine) -> None:
    arrive(ledger, "ferry", "evt-1", saved="2026-03-03T06:20:00Z")
    drain(ledger, load_settings())
    arrive(ledger, "ferry", "evt-2", text=f"{PROSE} Older.", saved="2026-03-03T06:10:00Z")
    drain(ledger, load_settings())
    late = run("event", "evt-2").stdout
    assert re.search(
        r"state     done at \S+ \S+ UTC: came late: a version that its CMS saved after it is here", late
    )
    assert "story     cms:ferry, revision 1 " in late

    arrive(ledger, "ferry", "evt-3", saved="2026-03-03T06:20:00Z")
    [row] = claim(ledger, "me", now=NOW)
    assert end_echoes(ledger, "me", {row.id}, NOW) == {row.id}
    echo = "our own writing, come back from the CMS"
    assert f"state     done at 2026-03-03 12:00:00 UTC: {echo}\n" in run("event", "evt-3").stdout
    notes = [json.loads(run("event", f"evt-{n}", "--json").stdout)[0]["note"] for n in (1, 3)]
    assert notes == [None, echo]


def test_the_same_id_at_two_sources_is_two_events(run: Run, ledger: Engine) -> None:
    arrive(ledger, "one", "evt-1")
    arrive(ledger, "two", "evt-1", source="old")
    both = json.loads(run("event", "evt-1", "--json").stdout)
    assert [(one["source"], one["story"]) for one in both] == [("cms", "cms:one"), ("old", "old:two")]
    one = json.loads(run("event", "evt-1", "--source", "old", "--json").stdout)
    assert [(each["source"], each["state"]) for each in one] == [("old", "waiting")]


def test_an_event_that_was_never_stored_is_said_to_be_in_the_log(run: Run, ledger: Engine) -> None:
    told = run("event", "evt-9")
    assert told.exit_code == 1
    assert "No event evt-9 of a webhook source is stored" in told.stderr
    assert "receiver's log" in told.stderr
    assert run("event", "evt-9", "--json").stdout.strip() == "[]"


def test_it_is_found_by_an_index(ledger: Engine) -> None:
    arrive(ledger, "ferry", "evt-1")
    said: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, ___: object, ____: object) -> None:
        if statement.startswith("SELECT"):
            said.append((statement, parameters))

    event.listen(ledger, "before_cursor_execute", note)
    assert len(find_events(ledger, "evt-1", ["cms", "old"])) == 1
    event.remove(ledger, "before_cursor_execute", note)
    with ledger.connect() as connection:
        for statement, parameters in said:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert not any("SCAN" in str(row[3]) for row in plan), (statement, plan)
