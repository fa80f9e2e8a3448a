"""A ledger that was put back from a backup: destinations have newer editions of its stories than it knows of."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from fake_cms import FakeCms, fake_cms
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from sqlalchemy import Engine, delete, func, select

from flows.destinations import Answer, Publication, Publisher
from flows.ledger import claim, ledger_id, outbox_counts, receive, record_outcomes
from flows.ledger.owing import embargoes, try_again
from flows.ledger.put_back import raise_editions
from flows.ledger.tables import COPIES, DECISIONS, INBOX, META, PUBLICATIONS, RAWS, REVISIONS, STORIES
from flows.settings import Settings, load_destinations
from flows.tasks import publishing
from flows.tasks.publishing import LEASE_SECONDS, Published, publish_owed

PLACES = ("copy-folder", "copy-table", "copy-feed", "cms")


@pytest.fixture
def cms() -> Iterator[FakeCms]:
    with fake_cms() as there:
        yield there


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str, cms: FakeCms) -> Settings:
    made = small_settings(tmp_path, ledger_url=ledger_url)
    small_config(
        made.config_dir,
        "  copy-table: {kind: table, url: 'sqlite:///copy.sqlite'}\n"
        "  copy-feed: {kind: feed, path: feed, url: 'https://post.example/feed', home: 'https://post.example', title: Post}\n"
        f"  cms: {{kind: http, url: '{cms.stories}'}}\n",
    )
    return made


def clean(ledger: Engine, story: str, text: str, now: datetime, verdict: str = "publish") -> None:
    receive(ledger, [arrival(story, text)], now)
    rows = claim(ledger, "cleaner", now=now)
    outcomes = [outcome_of(row, verdict=verdict) for row in rows]
    record_outcomes(ledger, "cleaner", outcomes, lambda source, wish: PLACES, now)


def publish(ledger: Engine, settings: Settings, now: datetime) -> Published:
    return publish_owed(ledger, settings, "me", clock=lambda: now, jitter=lambda: 0.5)


def last_ids(ledger: Engine) -> dict[str, int]:
    with ledger.connect() as connection:
        return {
            table.name: connection.scalar(select(func.max(table.c.id))) or 0
            for table in (STORIES, REVISIONS, INBOX, COPIES, PUBLICATIONS, DECISIONS)
        }


def put_back(ledger: Engine, ids: dict[str, int]) -> None:
    """What a backup does not know that was made when these were the last."""
    with ledger.begin() as connection:
        for table in (DECISIONS, PUBLICATIONS, COPIES, INBOX, REVISIONS, STORIES):
            connection.execute(delete(table).where(table.c.id > ids[table.name]))
        connection.execute(delete(RAWS).where(RAWS.c.hash.not_in(select(REVISIONS.c.raw_hash))))


def public(settings: Settings, cms: FakeCms, story: str) -> dict[str, list[str]]:
    """What readers see of a story at each place: the texts of its copies."""
    files = [json.loads(path.read_text()) for path in (settings.data_dir / "published").glob("*.json")]
    table = sqlite3.connect(settings.data_dir / "copy.sqlite")
    rows = table.execute(
        "SELECT text FROM clean_copy WHERE story = ? AND NOT withdrawn", [f"desk:{story}"]
    ).fetchall()
    table.close()
    feed = json.loads((settings.data_dir / "feed" / "feed.json").read_text())["items"]
    return {
        "copy-folder": [one["text"] for one in files if one["id"] == story],
        "copy-table": [text for (text,) in rows],
        "copy-feed": [one["summary"] for one in feed if one["id"] == f"desk:{story}"],
        "cms": [json.loads(one.body)["text"] for one in cms.public(f"desk:{story}")],
    }


def everywhere(*texts: str) -> dict[str, list[str]]:
    return {place: list(texts) for place in PLACES}


@pytest.fixture
def lost(ledger: Engine, settings: Settings, cms: FakeCms) -> Engine:
    """A ledger that knows the first editions of two stories, of which two more each are public, and nothing of a third."""
    for story in ("ferry", "quay"):
        clean(ledger, story, f"{story} one.", NOON)
    publish(ledger, settings, NOON)
    backup = last_ids(ledger)
    for number, words in enumerate(("two", "three"), start=1):
        for story in ("ferry", "quay", "mole"):
            clean(ledger, story, f"{story} {words}.", later(number))
        assert publish(ledger, settings, later(number)).not_made == ()
    put_back(ledger, backup)
    assert public(settings, cms, "ferry") == everywhere("ferry three.")
    return ledger


def test_no_update_and_no_kill_counts_as_made_where_a_newer_edition_lies(
    lost: Engine, settings: Settings, cms: FakeCms
) -> None:
    clean(lost, "ferry", "ferry new.", later(60))
    clean(lost, "quay", "KILL", later(60), "kill")
    # Where a kill fails nothing else is asked for in its pass.
    published = publish(lost, settings, later(60)) + publish(lost, settings, later(60))
    assert published.made == ()
    assert sorted((one.act, one.destination) for one in published.not_made) == sorted(
        (act, place) for act in ("publish", "unpublish") for place in PLACES
    )
    for one in published.not_made:
        assert (
            "has a newer edition of this story than edition 2, the newest that this ledger knows there"
            in one.error
        )
        assert "Run cleancopy restore (without a file)" in one.error
        assert one.next_attempt_at is not None
    assert outbox_counts(lost)["made"] == 8
    # Kills are the first to be done once the ledger is mended, and wait for nobody.
    raise_editions(lost, later(61))
    done = publish(lost, settings, later(61))
    assert {(one.act, one.did) for one in done.made} == {("unpublish", "removed")}
    assert public(settings, cms, "quay") == everywhere()
    # The update might be older than what is public: somebody looks, and then it goes out.
    assert public(settings, cms, "ferry") == everywhere("ferry three.")
    assert try_again(lost, later(62)).refused == ()
    assert len(publish(lost, settings, later(62)).made) == len(PLACES)
    assert public(settings, cms, "ferry") == everywhere("ferry new.")


def test_a_ledger_that_was_put_back_and_mended_updates_and_kills_everywhere(
    lost: Engine, settings: Settings, cms: FakeCms
) -> None:
    name = ledger_id(lost)
    for life in (60, 120):  # and put back again
        raised = raise_editions(lost, later(life))
        assert raised.kept_back == 0
        clean(lost, "ferry", f"ferry {life}.", later(life))
        clean(lost, "quay", f"quay {life}.", later(life))
        clean(lost, "mole", f"mole {life}.", later(life))  # a first edition, as far as this ledger knows
        published = publish(lost, settings, later(life))
        assert published.not_made == ()
        assert all(one.did == "wrote" and one.edition > raised.above for one in published.made)
        assert public(settings, cms, "ferry") == everywhere(f"ferry {life}.")
        assert public(settings, cms, "mole") == everywhere(f"mole {life}.")
        backup = last_ids(lost)
        clean(lost, "ferry", f"ferry after {life}.", later(life + 1))
        publish(lost, settings, later(life + 1))
        put_back(lost, backup)
    raise_editions(lost, later(180))
    clean(lost, "ferry", "KILL", later(180), "kill")
    clean(lost, "mole", "KILL", later(180), "kill")
    assert {one.did for one in publish(lost, settings, later(180)).made} == {"removed"}
    for story in ("ferry", "mole"):
        assert public(settings, cms, story) == everywhere()
    assert public(settings, cms, "quay") == everywhere("quay 120.")
    assert ledger_id(lost) == name, "its stories keep their names"


def test_raised_editions_keep_their_order_and_grow_no_faster_than_time(
    ledger: Engine, settings: Settings
) -> None:
    for number, story in enumerate(("ferry", "ferry", "quay")):
        clean(ledger, story, f"{story} {number}.", later(number))
    keys = _editions(ledger)
    first = raise_editions(ledger, NOON)
    assert _editions(ledger) == [(story, number + first.above) for story, number in keys]
    again = raise_editions(ledger, NOON)
    assert again.above == first.above + 2  # within the same second
    assert raise_editions(ledger, later(3600)).above == first.above + 3600
    with ledger.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(META)) == 3


def _editions(ledger: Engine) -> list[tuple[int, int]]:
    query = select(COPIES.c.story_id, COPIES.c.edition).order_by(COPIES.c.story_id, COPIES.c.edition)
    with ledger.connect() as connection:
        return [(row.story_id, row.edition) for row in connection.execute(query)]


def test_what_is_under_an_embargo_stays_so(ledger: Engine, settings: Settings) -> None:
    receive(ledger, [arrival("ferry", "x")], NOON)
    [row] = claim(ledger, "cleaner", now=NOON)
    said = {"kind": "embargo", "text": "NOT YET", "until": later(3600).isoformat()}
    held = outcome_of(row, verdict="hold", signals=[said], reasons=["embargo: the raw copy says “NOT YET”"])
    record_outcomes(ledger, "cleaner", [held], lambda source, wish: PLACES, NOON)
    assert raise_editions(ledger, NOON).kept_back == 0
    [story] = embargoes(ledger, NOON)
    assert (story.until, set(story.destinations)) == (later(3600), set(PLACES))


def test_a_publisher_whose_ledger_knows_the_newer_edition_is_refused_as_ever(
    ledger: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It slept longer than its lease: nothing was put back, and no person need be told."""
    clean(ledger, "ferry", "Old.", NOON)
    real = publishing._answers

    def sleeps(publisher: Publisher, acts: Sequence[Publication]) -> Iterator[Answer]:
        monkeypatch.setattr(publishing, "_answers", real)
        clean(ledger, "ferry", "New.", NOON)
        assert len(publish(ledger, settings, later(LEASE_SECONDS + 1)).made) == len(PLACES)
        return real(publisher, acts)

    monkeypatch.setattr(publishing, "_answers", sleeps)
    asleep = publish_owed(
        ledger,
        settings,
        "asleep",
        destinations={"copy-folder": load_destinations(settings.config_dir)["copy-folder"]},
        clock=lambda: NOON,
    )
    assert ([one.did for one in asleep.made], asleep.not_made) == (["newer"], ())
    assert outbox_counts(ledger)["failed"] == 0
