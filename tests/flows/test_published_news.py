"""News formats as they are published: from a record in the ledger to files, with the edition's moment, number and predecessor."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from newsroom import NOON, arrival, later, outcome_of, small_config, small_settings
from sqlalchemy import Engine

from cleaners.model import Cleaned, Fields, Mark, Raw
from cleaners.read import read
from cleaners.write import Edition, cleaned_from, record
from flows.destinations.formats import FORMATS
from flows.destinations.in_place import bodies_of
from flows.ledger import claim, claim_owed, receive, record_outcomes
from flows.settings import Settings
from flows.tasks.publishing import _publication, publish_owed

NEWS = "formats: [ninjs, nitf, newsml-g2, json-ld]"
TEXT = "The swan of Halvik walked over the bridge on Monday."


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    made = small_settings(tmp_path, ledger_url=ledger_url)
    (made.config_dir / "destinations.yaml").write_text(
        f"destinations:\n  copy-folder:\n    kind: folder\n    path: published\n    default: yes\n    {NEWS}\n"
    )
    return made


def whole_record(text: str, verdict: str = "publish", **fields: Any) -> dict[str, Any]:
    """A record as cleaning writes it, with its source."""
    story = read(Raw(id="swan", form="text", content=text, language="en"))
    story = replace(story, fields=Fields(headline="Swan walks", site="Halvik Week", **fields))
    protected = tuple(
        Mark(block.number, 0, len(block.text), "protect", "english/correction", "On record.")
        for block in story.blocks
        if block.text.startswith("Correction: ")
    )
    return record(Cleaned(story, story, (), verdict, (), "rules-1", 1, protected=protected))  # type: ignore[arg-type]


def publish(
    ledger: Engine,
    settings: Settings,
    seconds: float,
    text: str = TEXT,
    verdict: str = "publish",
    **fields: Any,
) -> list[str]:
    """The story arrives, is cleaned and published; what destinations did."""
    now = later(seconds)
    receive(ledger, [arrival("swan", f"{text} {seconds}")], now)
    rows = claim(ledger, "cleaner", now=now)
    outcomes = [outcome_of(row, **whole_record(text, verdict, **fields)) for row in rows]
    record_outcomes(ledger, "cleaner", outcomes, lambda source, wish: ["copy-folder"], now)
    done = publish_owed(ledger, settings, "me", clock=lambda: now, jitter=lambda: 0.5)
    assert done.not_made == ()
    return [one.did for one in done.made]


def files(settings: Settings) -> dict[str, str]:
    """What lies in the folder, by the end of its name."""
    folder = settings.data_dir / "published"
    return {
        path.name.partition(".")[2]: path.read_text("utf-8") for path in folder.glob("*.*") if path.is_file()
    }


def test_an_edition_is_published_in_every_news_format_and_a_correction_as_its_update(
    ledger: Engine, settings: Settings
) -> None:
    assert publish(ledger, settings, 0) == ["wrote"]
    first = files(settings)
    assert set(first) == {"ninjs.json", "nitf.xml", "newsml.xml", "ld.json"}
    ninjs = json.loads(first["ninjs.json"])
    assert (ninjs["version"], ninjs["versionCreated"], ninjs["pubStatus"]) == (
        "1",
        "2026-03-03T12:00:00Z",
        "usable",
    )
    assert "previousVersion" not in first["newsml.xml"]

    assert publish(ledger, settings, 60, "The goose of Halvik walked over the bridge on Monday.") == ["wrote"]
    second = files(settings)
    update = json.loads(second["ninjs.json"])
    assert update["uri"] == ninjs["uri"]
    assert (update["version"], update["versionCreated"]) == ("2", "2026-03-03T12:01:00Z")
    newsml = etree.fromstring(second["newsml.xml"].encode())
    link = newsml.find(".//{*}link[@rel='irel:previousVersion']")
    assert (link.get("residref"), link.get("version")) == (ninjs["uri"], "1")
    assert newsml.find(".//{*}signal").get("qcode") == "sig:update"
    for document in second.values():
        assert "goose" in document
        assert "swan of Halvik" not in document


def signal_of(settings: Settings) -> str | None:
    signal = etree.fromstring(files(settings)["newsml.xml"].encode()).find(".//{*}signal")
    return None if signal is None else str(signal.get("qcode"))


def test_only_the_update_that_brings_a_correction_is_one(ledger: Engine, settings: Settings) -> None:
    """It stays in the copy for good: the updates after it are updates."""
    one = f"{TEXT}\n\nCorrection: The swan was said to be a goose."
    two = f"{one}\n\nCorrection: It was a Tuesday."
    said = []
    for minute, text in enumerate((TEXT, one, f"It rained.\n\n{one}", two, f"It rained on.\n\n{two}")):
        assert publish(ledger, settings, 60 * minute, text) == ["wrote"]
        said.append(signal_of(settings))
    assert said == [None, "sig:correction", "sig:update", "sig:correction", "sig:update"]


def test_a_corrected_rights_notice_or_credit_is_published_too(ledger: Engine, settings: Settings) -> None:
    assert publish(ledger, settings, 0, rights="© 2025 Halvik Week") == ["wrote"]
    assert publish(ledger, settings, 60, rights="© 2026 Halvik Week") == ["wrote"]
    assert publish(ledger, settings, 120, rights="© 2026 Halvik Week") == [], "nothing has changed"
    assert publish(ledger, settings, 180, rights="© 2026 Halvik Week", agency="Coastwire") == ["wrote"]
    for name in ("ninjs.json", "nitf.xml", "newsml.xml", "ld.json"):
        assert "© 2026 Halvik Week" in files(settings)[name]
        assert "Coastwire" in files(settings)[name]


def test_a_killed_story_leaves_no_file_and_every_format_has_a_message_for_it(
    ledger: Engine, settings: Settings
) -> None:
    publish(ledger, settings, 0)
    uri = json.loads(files(settings)["ninjs.json"])["uri"]
    receive(ledger, [arrival("swan", "kill it")], later(60))
    rows = claim(ledger, "cleaner", now=later(60))
    killed = [outcome_of(row, **whole_record(TEXT, "kill")) for row in rows]
    record_outcomes(ledger, "cleaner", killed, lambda source, wish: ["copy-folder"], later(60))
    [act] = claim_owed(ledger, "other", now=later(60), lease_seconds=5)
    assert act.act == "unpublish"
    for name in ("ninjs", "nitf", "newsml-g2", "json-ld"):
        message = FORMATS[name].write(_publication(act, {})).decode()  # type: ignore[index]
        assert uri in message
        assert "canceled" in message
        assert "swan of" not in message
        assert "Swan walks" not in message
    done = publish_owed(ledger, settings, "me", clock=lambda: later(120), jitter=lambda: 0.5)
    assert [one.did for one in done.made] == ["removed"]
    assert files(settings) == {}


def test_what_an_older_edition_that_failed_was_is_no_predecessor(ledger: Engine, settings: Settings) -> None:
    """The first edition never came to be there: the second is the first that the receiver sees."""
    receive(ledger, [arrival("swan", "one")], NOON)
    rows = claim(ledger, "cleaner", now=NOON)
    record_outcomes(
        ledger,
        "cleaner",
        [outcome_of(row, **whole_record(TEXT)) for row in rows],
        lambda source, wish: ["copy-folder"],
        NOON,
    )
    assert publish(ledger, settings, 60, "The goose of Halvik walked over the bridge.") == ["wrote"]
    assert json.loads(files(settings)["ninjs.json"])["version"] == "2"
    assert "previousVersion" not in files(settings)["newsml.xml"]


def test_a_story_has_the_same_name_in_every_edition_and_another_in_every_ledger(
    ledger: Engine, settings: Settings
) -> None:
    publish(ledger, settings, 0)
    uri = json.loads(files(settings)["ninjs.json"])["uri"]
    from flows.ledger.opening import ledger_id

    assert uri == Edition("desk:swan", ledger=ledger_id(ledger)).uri
    assert uri != Edition("desk:swan").uri


def test_the_html_of_a_cms_body_is_published_without_its_scripts_and_kept_with_them(
    ledger: Engine, settings: Settings
) -> None:
    """Sanitised in the file, the record and the table; the body that goes back into the CMS is the customer's own."""
    small_config(settings.config_dir, "  table: {kind: table, url: 'sqlite:///copy.sqlite'}\n")
    body = (
        '<p onclick="x()">The swan of Halvik walked over the bridge on Monday.</p><script src="x.js"></script>'
        '<iframe src="https://www.youtube.com/embed/1"></iframe><iframe src="https://ads.example/1"></iframe>'
    )
    story = read(Raw(id="swan", form="body", content=body, language="en"))
    whole = record(Cleaned(story, story, (), "publish", (), "rules-1", 1))
    assert whole["html"] == body
    receive(ledger, [arrival("swan")], NOON)
    [row] = claim(ledger, "cleaner", now=NOON)
    outcome = replace(outcome_of(row, **whole), rendered={"html": body, "markdown": "x", "text": "x"})
    record_outcomes(ledger, "cleaner", [outcome], lambda source, wish: ["copy-folder", "table"], NOON)
    assert publish_owed(ledger, settings, "me", clock=lambda: NOON).not_made == ()
    clean = (
        "<p>The swan of Halvik walked over the bridge on Monday.</p>"
        '<iframe src="https://www.youtube.com/embed/1"></iframe>'
    )
    [page] = (settings.data_dir / "published").glob("*.html")
    assert f'<div itemprop="articleBody">\n{clean}\n</div>' in page.read_text()
    [told] = (json.loads(path.read_text()) for path in (settings.data_dir / "published").glob("*.json"))
    assert told["html"] == clean
    assert cleaned_from(told).copy.raw == body, "who has the record can undo, and has the body itself"
    connection = sqlite3.connect(settings.data_dir / "copy.sqlite")
    [(html, kept)] = connection.execute("SELECT html, record FROM clean_copy")
    connection.close()
    assert (html, json.loads(kept)["html"]) == (clean, clean)
    assert bodies_of(whole) == (body, body)


def test_the_endings_of_formats_do_not_collide() -> None:
    suffixes = [format.suffix for format in FORMATS.values()]
    assert len(set(suffixes)) == len(suffixes) == 8
