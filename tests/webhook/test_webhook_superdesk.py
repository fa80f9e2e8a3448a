"""Superdesk pushes: its signature, and its items as its formatter writes them (superdesk/publish/formatters/ninjs_formatter.py)."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from receiving import MARKER, count_rows, log_of, raws_in, running

from cleaners.model import Fields, Raw
from flows.settings import Settings, load_settings
from flows.webhook import create_app

SECRET = "harbour-desk-push-key-of-32-signs"
NEXT_SECRET = "harbour-desk-push-key-after-it-xx"
SOURCES = """
sources:
  desk: {kind: webhook, adapter: superdesk, secret_env: TEST_SUPERDESK, publisher: harbour-post}
"""

# Its keys and the forms of its values are those of Superdesk's ninjs formatter; the story is invented.
ITEM: dict[str, Any] = {
    "guid": "urn:newsml:desk.example:2026-03-03T06:10:00.123456:5f0d0c51",
    "version": "3",
    "type": "text",
    "byline": "Ana Duarte",
    "located": "Harbour",
    "versioncreated": "2026-03-03T07:30:00+0000",
    "firstcreated": "2026-03-03T06:10:00+0000",
    "firstpublished": "2026-03-03T06:20:00+0000",
    "language": "en",
    "headline": "The ferry is back",
    "slugline": "ferry-back",
    "urgency": 3,
    "priority": 5,
    "pubstatus": "usable",
    "source": "Harbour Desk",
    "evolvedfrom": "urn:newsml:desk.example:2026-03-02T06:10:00.123456:aa11",
    "keywords": ["ferry"],
    "subject": [{"code": "04015003", "name": "waterway and maritime transport"}],
    "service": [{"code": "h", "name": "Harbour"}],
    "genre": [{"code": "Article", "name": "Article (news)"}],
    "description_html": "<p>It had been away for a week.</p>",
    "description_text": "It had been away for a week.",
    "body_html": f"<p>The ferry sailed at ten. {MARKER}.</p><p>Nobody was left on the quay.</p>",
    "charcount": 52,
    "wordcount": 11,
    "readtime": 0,
    "authors": [{"code": "ana", "name": "Ana Duarte", "role": "writer", "biography": ""}],
    "associations": {
        "featuremedia": {
            "guid": "tag:desk.example:2026:pic-1",
            "version": "1",
            "type": "picture",
            "pubstatus": "usable",
            "headline": "Quay",
            "description_text": "The northern quay at dawn",
            "byline": "Ilse Brandvik",
            "priority": 5,
            "mimetype": "image/jpeg",
            "renditions": {
                "original": {
                    "href": "https://desk.example/a.jpg",
                    "width": 2000,
                    "height": 1200,
                    "mimetype": "image/jpeg",
                    "media": "a",
                },
                "thumbnail": {
                    "href": "https://desk.example/a-t.jpg",
                    "width": 160,
                    "height": 90,
                    "media": "b",
                },
            },
        },
        "editor_0": None,
    },
}


def item(**changes: Any) -> bytes:
    return json.dumps(
        {key: value for key, value in {**ITEM, **changes}.items() if value is not None}
    ).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "accept": "application/json",
        "x-superdesk-signature": "sha1=" + hmac.new(secret.encode(), body, "sha1").hexdigest(),
    }


class Door:
    def __init__(self, settings: Settings, port: int) -> None:
        self.settings, self.url = settings, f"http://127.0.0.1:{port}/webhooks/desk"

    def push(self, body: bytes, headers: Any = None) -> httpx.Response:
        return httpx.post(
            self.url, content=body, headers=signed(body) if headers is None else headers, timeout=30
        )

    def raws(self) -> list[Raw]:
        return raws_in(self.settings)


@pytest.fixture
def door(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Door]:
    """A receiver with one Superdesk source; its log never holds a story or a secret."""
    caplog.set_level(logging.DEBUG)
    config = tmp_path / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(SOURCES)
    (config / "destinations.yaml").write_text("destinations: {}\n")
    settings = load_settings(config, {"CLEANCOPY_DATA": str(tmp_path / "data")})
    environ = {"TEST_SUPERDESK": f"{SECRET} {NEXT_SECRET}"}
    with running(create_app(settings, environ=environ), settings) as port:
        yield Door(settings, port)
    said = log_of(caplog)
    assert SECRET not in said
    assert MARKER not in said


def test_an_item_as_superdesk_sends_it(door: Door) -> None:
    answer = door.push(item())
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    (raw,) = door.raws()
    assert (raw.id, raw.form, raw.content) == (ITEM["guid"], "body", ITEM["body_html"])
    assert (raw.headline, raw.language, raw.publisher) == ("The ferry is back", "en", "harbour-post")
    assert raw.given is not None
    assert (raw.given.byline, raw.given.section, raw.given.standfirst) == (
        "Ana Duarte",
        "Harbour",
        "It had been away for a week.",
    )
    assert raw.given.updated is not None
    assert raw.given.updated.startswith("2026-03-03T07:30:00")
    (picture,) = raw.given.pictures
    assert (picture.url, picture.caption, picture.credit) == (
        "https://desk.example/a.jpg",
        "The northern quay at dawn",
        "Ilse Brandvik",
    )
    assert raw.ednote is None


def test_the_same_bytes_again_are_a_duplicate_and_a_new_version_is_none(door: Door) -> None:
    said = [door.push(item()).json() for _ in range(3)]
    assert [one["status"] for one in said] == ["accepted", "duplicate", "duplicate"]
    assert len({one["id"] for one in said}) == 1
    newer = item(version="4", versioncreated="2026-03-03T08:00:00+0000", headline="The ferry is back, late")
    assert door.push(newer).json()["status"] == "accepted"
    assert [raw.headline for raw in door.raws()] == ["The ferry is back", "The ferry is back, late"]


def test_either_live_secret_is_taken_while_they_change(door: Door) -> None:
    body = item()
    assert door.push(body, signed(body, NEXT_SECRET)).json()["status"] == "accepted"
    assert door.push(body, signed(body, SECRET)).json()["status"] == "duplicate"


def test_a_kill_is_kept_without_what_it_takes_back(door: Door) -> None:
    door.push(item())
    killed = item(version="4", pubstatus="canceled", headline="Kill/Takedown notice", ednote="Withdrawn.")
    assert door.push(killed).json()["status"] == "accepted"
    raw = door.raws()[-1]
    assert (raw.id, raw.content, raw.ednote) == (
        ITEM["guid"],
        "",
        "STORY WITHDRAWN: pubstatus canceled",
    )
    assert raw.given == Fields(updated=ITEM["versioncreated"])


def test_what_holds_a_story_comes_along(door: Door) -> None:
    door.push(item(embargoed="2026-03-05T12:00:00+0000"))
    door.push(item(pubstatus="withheld", guid="urn:example:2"))
    notes = [raw.ednote or "" for raw in door.raws()]
    assert notes[0].startswith("EMBARGOED UNTIL 2026-03-05T12:00:00")
    assert notes[1] == "HOLD HOLD HOLD: pubstatus withheld"


@pytest.mark.parametrize(
    "kind", ["picture", "audio", "video", "graphic", "event", "planning", "planning_featured"]
)
def test_what_is_no_story_is_well_done_and_leaves_nothing(door: Door, kind: str) -> None:
    answer = door.push(item(type=kind))
    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    assert count_rows(door.settings) == 0


def test_a_package_of_stories_that_come_by_themselves_is_ignored_and_one_that_holds_them_is_not(
    door: Door,
) -> None:
    named = {"main": {"guid": "urn:example:1", "type": "text"}}
    answer = door.push(item(type="composite", body_html=None, associations=named))
    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    whole = {"main": {"guid": "urn:example:1", "type": "text", "body_html": "<p>A story.</p>"}}
    answer = door.push(item(type="composite", body_html=None, associations=whole))
    assert answer.status_code == 400
    assert "packaged" in answer.json()["next"]
    assert count_rows(door.settings) == 0


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha1=",
        "sha1=" + "0" * 40,
        "SHA1=" + "0" * 40,
        "sha1=" + "0" * 39,
        "sha1=" + "g" * 40,
        "sha256=" + "0" * 64,
        "0" * 40,
        "sha1=" + "٠" * 40,
        "sha1=" + "0" * 5000,
        "sha1=" + "0" * 40 + ", sha1=" + "0" * 40,
    ],
)
def test_a_hostile_signature_is_refused(door: Door, signature: str | None) -> None:
    headers = [(b"content-type", b"application/json")]
    if signature is not None:
        headers.append((b"x-superdesk-signature", signature.encode()))
    answer = door.push(item(), headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "next"}
    assert count_rows(door.settings) == 0


def test_the_signature_is_of_these_bytes_and_stands_there_once(door: Door) -> None:
    body = item()
    changed = body.replace(b"ten", b"two")
    assert door.push(changed, signed(body)).status_code == 401
    assert door.push(body, signed(body, "a stranger's secret of 24 signs")).status_code == 401
    twice = [*signed(body).items(), ("x-superdesk-signature", signed(body)["x-superdesk-signature"])]
    assert door.push(body, twice).status_code == 401
    assert count_rows(door.settings) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"guid": None},
        {"guid": ""},
        {"guid": 7},
        {"body_html": None},
        {"body_html": ""},
        {"body_html": ["<p>x</p>"]},
        {"body_html": "<p> </p>", "guid": None},
    ],
)
def test_a_signed_item_that_is_no_story_is_refused_in_words(door: Door, changes: dict[str, Any]) -> None:
    body = json.dumps({**ITEM, **changes, "description_text": "", "description_html": ""}).encode()
    answer = door.push(body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"].startswith("The event is no story")
    assert count_rows(door.settings) == 0
