"""Strapi's events, as Strapi 5.54 really sent them (``tests/cms`` runs one): its token, its drafts, its languages, what is gone."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from receiving import MARKER, count_rows, log_of, raws_in, running

from cleaners.model import Fields, Raw
from cleaners.rules import ConfigError
from flows.settings import Settings, load_settings, load_sources
from flows.webhook import create_app

SECRET = "a-token-of-the-harbour-for-strapi"
NEXT_SECRET = "the-token-of-the-harbour-after-it"
SOURCES = """
sources:
  cms: {kind: webhook, adapter: strapi, secret_env: TEST_STRAPI, publisher: harbour-post, limits: {story_bytes: 20000}}
  typed: {kind: webhook, adapter: strapi, secret_env: TEST_STRAPI, models: [article, column]}
  mapped: {kind: webhook, adapter: strapi, secret_env: TEST_STRAPI, map: {html: copy.html, headline: "$.head['main']"}}
"""

# As recorded, with another text: what is published is an entry with publishedAt, with its relations, and no locale.
ENTRY: dict[str, Any] = {
    "id": 2,
    "documentId": "soxvkd1feh22s6qrqfqonqlm",
    "title": "The ferry is back",
    "body": f"<p>It sailed at ten. {MARKER}.</p>",
    "caption": None,
    "credit": None,
    "byline": None,
    "key": None,
    "strapline": None,
    "createdAt": "2026-11-30T11:59:06.633Z",
    "updatedAt": "2026-11-30T11:59:06.633Z",
    "publishedAt": "2026-11-30T11:59:06.692Z",
    "author": {
        "id": 2,
        "documentId": "po630oi4kfu65lvuxayrlonw",
        "name": "Ana",
        "createdAt": "2026-11-30T11:59:05.451Z",
        "updatedAt": "2026-11-30T11:59:05.451Z",
        "publishedAt": "2026-11-30T11:59:05.544Z",
    },
}


def event(name: str = "entry.publish", model: str = "article", /, **changes: Any) -> bytes:
    told = {
        "event": name,
        "createdAt": "2026-11-30T11:59:06.721Z",
        "model": model,
        "uid": f"api::{model}.{model}",
        "entry": {**ENTRY, **changes},
    }
    return json.dumps(told).encode()


class Door:
    def __init__(self, settings: Settings, port: int) -> None:
        self.settings, self.base = settings, f"http://127.0.0.1:{port}/webhooks"

    def post(
        self, body: bytes, token: str | None = SECRET, source: str = "cms", **headers: str
    ) -> httpx.Response:
        sent = {
            "content-type": "application/json",
            "x-strapi-event": "entry.publish",
            "user-agent": "node",
            "accept-encoding": "gzip, deflate",
            **({"authorization": f"Bearer {token}"} if token is not None else {}),
            **headers,
        }
        return httpx.post(f"{self.base}/{source}", content=body, headers=sent, timeout=30)

    def status(self, body: bytes, source: str = "cms") -> str:
        answer = self.post(body, source=source)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["status"])

    def raws(self) -> list[Raw]:
        return raws_in(self.settings)


@pytest.fixture
def door(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Door]:
    """A receiver with Strapi sources; its log never holds a story or a secret."""
    caplog.set_level(logging.DEBUG)
    config = tmp_path / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(SOURCES)
    (config / "destinations.yaml").write_text("destinations: {}\n")
    settings = load_settings(config, {"CLEANCOPY_DATA": str(tmp_path / "data")})
    with running(create_app(settings, environ={"TEST_STRAPI": f"{SECRET} {NEXT_SECRET}"}), settings) as port:
        yield Door(settings, port)
    said = log_of(caplog)
    assert SECRET not in said
    assert MARKER not in said


def test_a_published_entry(door: Door) -> None:
    assert door.status(event()) == "accepted"
    (raw,) = door.raws()
    assert (raw.id, raw.form, raw.content, raw.headline, raw.publisher) == (
        ENTRY["documentId"],
        "body",
        ENTRY["body"],
        "The ferry is back",
        "harbour-post",
    )
    assert (raw.published, raw.language) == (ENTRY["publishedAt"], None)
    assert raw.given is not None
    # The version by which our own writing is known again: the very text that Strapi's REST interface gives.
    assert raw.given.updated == ENTRY["updatedAt"]


def test_the_same_event_again_is_a_duplicate(door: Door) -> None:
    assert [door.status(event()) for _ in range(3)] == ["accepted", "duplicate", "duplicate"]
    assert door.status(event(updatedAt="2026-11-30T12:10:00.000Z")) == "accepted"


def test_either_live_token_is_taken_while_they_change(door: Door) -> None:
    assert door.post(event(), NEXT_SECRET).json()["status"] == "accepted"
    assert door.post(event(), SECRET).json()["status"] == "duplicate"


def test_a_language_is_a_story_of_its_own(door: Door) -> None:
    for locale in ("en", "de"):
        assert door.status(event(locale=locale)) == "accepted"
    found = [(raw.id, raw.language) for raw in door.raws()]
    assert found == [(f"{ENTRY['documentId']}@en", "en"), (f"{ENTRY['documentId']}@de", "de")]


@pytest.mark.parametrize(
    "body",
    [
        event("entry.create", publishedAt=None),
        event("entry.update", publishedAt=None),
        event("entry.draft-discard", publishedAt=None),
        event("entry.delete", publishedAt=None),
        event("entry.something-new"),
        event("media.create"),
        json.dumps({"event": "trigger-test", "createdAt": "2026-11-30T11:59:06.721Z"}).encode(),
        json.dumps({"event": "media.create", "media": {"id": 1, "name": "quay.jpg"}}).encode(),
        json.dumps({"event": "releases.publish", "isPublished": True, "release": {"id": 1}}).encode(),
        # An author: a webhook of Strapi's tells of all content types.
        json.dumps(
            {
                "event": "entry.publish",
                "model": "author",
                "entry": {"documentId": "a", "name": "Ana", "publishedAt": "2026-11-30T11:59:05.544Z"},
            }
        ).encode(),
    ],
)
def test_what_is_no_story_that_readers_see_leaves_nothing(door: Door, body: bytes) -> None:
    assert door.status(body) == "ignored"
    assert count_rows(door.settings) == 0


def test_models_say_which_content_types_are_stories(door: Door) -> None:
    assert door.status(event("entry.publish", "page"), "typed") == "ignored"
    assert door.status(event("entry.publish", "column"), "typed") == "accepted"
    assert door.status(event("entry.publish", "article", documentId="other"), "typed") == "accepted"
    assert door.status(event("entry.unpublish", "page"), "typed") == "ignored"


@pytest.mark.parametrize("name", ["entry.unpublish", "entry.delete"])
def test_what_readers_cannot_see_any_more_is_a_kill(door: Door, name: str) -> None:
    assert door.status(event()) == "accepted"
    assert door.status(event(name)) == "accepted"
    raw = door.raws()[-1]
    assert (raw.id, raw.content, raw.ednote) == (
        ENTRY["documentId"],
        "",
        "STORY WITHDRAWN: pubstatus canceled",
    )
    assert raw.given == Fields(updated=ENTRY["updatedAt"]), (
        "of the entry: it may be published again unchanged"
    )


def test_an_entry_without_drafts_is_a_story_when_it_is_saved(door: Door) -> None:
    assert door.status(event("entry.create")) == "accepted"
    assert door.status(event("entry.update", updatedAt="2026-11-30T12:10:00.000Z")) == "accepted"


def test_the_map_names_fields_of_the_entry(door: Door) -> None:
    nested = {"copy": {"html": "<p>Nested.</p>"}, "head": {"main": "From the map"}, "body": "not this one"}
    assert door.status(event("entry.publish", "article", **nested), "mapped") == "accepted"
    (raw,) = door.raws()
    assert (raw.form, raw.content, raw.headline) == ("body", "<p>Nested.</p>", "From the map")


def test_relations_that_share_a_name_with_a_part_of_a_story_are_no_part_of_it(door: Door) -> None:
    assert (
        door.status(event(publisher={"name": "Harbour Post"}, url={"href": "/x"}, language=[1])) == "accepted"
    )
    (raw,) = door.raws()
    assert (raw.publisher, raw.url, raw.language) == ("harbour-post", None, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body": None}, "no content"),
        ({"body": "  "}, "its copy is empty"),
        ({"body": [{"type": "paragraph", "children": []}]}, "must be a string"),
        ({"documentId": None}, "documentId"),
        ({"documentId": 7}, "documentId"),
    ],
)
def test_an_entry_that_is_no_story_is_refused_in_words(
    door: Door, changes: dict[str, Any], words: str
) -> None:
    answer = door.post(event("entry.publish", "article", **changes))
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert count_rows(door.settings) == 0


def test_a_publication_without_its_entry_is_refused_with_what_to_do(door: Door) -> None:
    """Strapi's issue 25387."""
    answer = door.post(json.dumps({"event": "entry.publish", "model": "article", "entry": None}).encode())
    assert answer.status_code == 400
    assert "missed" in answer.json()["next"]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Basic " + SECRET,
        SECRET,
        "Bearer " + SECRET[:-1],
        "Bearer " + SECRET + "x",
        "Bearer " + SECRET.upper(),
        "Bearer " + SECRET + " " + NEXT_SECRET,
        "Bearer " + "x" * 5000,
        "Bearer \u0660\u0661".encode(),
        b"Bearer \xff\xfe",
    ],
)
def test_a_wrong_token_is_refused(door: Door, header: str | bytes | None) -> None:
    headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
    if header is not None:
        headers.append((b"authorization", header if isinstance(header, bytes) else header.encode()))
    answer = httpx.post(f"{door.base}/cms", content=event(), headers=headers, timeout=30)
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "next"}
    assert count_rows(door.settings) == 0


def test_two_tokens_in_one_request_are_refused(door: Door) -> None:
    headers = [("content-type", "application/json"), *[("authorization", f"Bearer {SECRET}")] * 2]
    assert httpx.post(f"{door.base}/cms", content=event(), headers=headers, timeout=30).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"event": 7}',
        b'{"event": "entry.publish", "entry": []}',
        b'{"a": 1, "a": 2}',
        b"[" * 5000,
        b"\xff",
    ],
)
def test_hostile_bodies_are_4xx_or_nothing(door: Door, body: bytes) -> None:
    answer = door.post(body)
    assert answer.status_code in (202, 400)
    assert count_rows(door.settings) == 0


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("kind: webhook, adapter: strapi, secret_env: X_Y, map: {id: slug}", "documentId"),
        ("kind: webhook, adapter: strapi, secret_env: X_Y, map: {updated: savedAt}", "updatedAt"),
        ("kind: webhook, adapter: ghost, secret_env: X_Y, models: [post]", "models is for adapter: strapi"),
        (
            "kind: webhook, adapter: strapi, secret_env: X_Y, missed: {url: 'https://cms.example'}",
            "collection",
        ),
        (
            "kind: webhook, adapter: ghost, secret_env: X_Y, missed: {url: 'https://cms.example', collection: posts}",
            "collection is for Strapi",
        ),
        ("kind: webhook, secret_env: X_Y, missed: {url: 'https://cms.example'}", "cannot be asked"),
        ("kind: webhook, secret_env: X_Y, map: {html: 'posts[*].html'}", "does not name one place"),
        ("kind: cms, api: strapi, url: 'https://cms.example'", "collection"),
        (
            "kind: cms, api: strapi, url: 'https://cms.example', collection: articles, items: data",
            "items is for api: json",
        ),
    ],
)
def test_a_mistake_in_the_configuration_is_told(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "sources.yaml").write_text(f"sources:\n  cms: {{{source}}}\n")
    (tmp_path / "destinations.yaml").write_text("destinations: {}\n")
    with pytest.raises(ConfigError, match=words):
        load_sources(tmp_path)


def test_what_was_missed_is_asked_for_under_the_same_name(tmp_path: Path) -> None:
    missed = "missed: {url: 'https://cms.example', collection: articles, secret_env: STRAPI_TOKEN}"
    (tmp_path / "sources.yaml").write_text(
        f"sources:\n  cms: {{kind: webhook, adapter: strapi, secret_env: X_Y, map: {{body: text}}, {missed}}}\n"
    )
    (tmp_path / "destinations.yaml").write_text("destinations: {}\n")
    source = load_sources(tmp_path)["cms"].as_cms  # type: ignore[union-attr]
    assert source is not None
    assert (source.name, source.api, source.collection, source.map) == (
        "cms",
        "strapi",
        "articles",
        {"body": "text"},
    )
