"""WordPress's events: what the plugin sends becomes a story, a kill or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from receiving import MARKER, STRANGER, Receiver
from sqlalchemy import create_engine, select

from cleaners.model import Fields
from flows.ledger.tables import INBOX
from flows.settings import Settings, WebhookSource
from flows.settings.sqlite import SQLITE
from flows.sources.cms_wordpress import post_in
from flows.webhook.from_wordpress import story
from flows.webhook.refusal import Refused

SOURCE = WebhookSource(
    kind="webhook",
    name="wp",
    adapter="wordpress",
    secret_env="TEST_SECRET_CMS",
    publisher="harbour-post",
    language="en",
)
BODY = f"\n<!-- wp:paragraph -->\n<p>The ferry is back. {MARKER}.</p>\n<!-- /wp:paragraph -->\n\n"


def post(**changes: Any) -> dict[str, Any]:
    """A post as WordPress 6.1 and the plugin send it (recorded from a real site, the words changed)."""
    return {
        "id": 41,
        "date_gmt": "2026-03-03T05:00:00",
        "modified_gmt": "2026-03-03T06:10:00",
        "status": "publish",
        "type": "post",
        "link": "https://post.example/2026/the-ferry-is-back/",
        "title": {"raw": "The ferry is “back”"},
        "content": {"raw": BODY, "protected": False},
        "excerpt": {"raw": "What became of the piano."},
        "featured_media": 7,
        "cleancopy": {
            "version": "ab" * 32,
            "author": "Ilse Brandvik",
            "categories": ["Harbour", "Island"],
            "picture": {
                "id": 7,
                "url": "https://post.example/quay.jpg",
                "caption": "The <em>quay</em> at dawn",
                "alt": "",
            },
            "mark": None,
        },
        **changes,
    }


def event(previous: str = "draft", **changes: Any) -> dict[str, Any]:
    return {"event": "post.updated", "previous_status": previous, "post": post(**changes)}


def test_a_public_post_is_a_story() -> None:
    raw = story(event(), SOURCE)
    assert raw is not None
    assert raw.given is not None
    assert (raw.id, raw.form, raw.content) == ("41", "body", BODY), (
        "not a blank less: it is compared with what stands there"
    )
    assert (raw.headline, raw.url) == ("The ferry is “back”", "https://post.example/2026/the-ferry-is-back/")
    assert (raw.published, raw.given.updated) == ("2026-03-03T05:00:00Z", "2026-03-03T06:10:00Z")
    assert (raw.given.byline, raw.given.section) == ("Ilse Brandvik", "Harbour")
    assert [(one.url, one.caption, one.alt) for one in raw.given.pictures] == [
        ("https://post.example/quay.jpg", "The quay at dawn", None)
    ]
    assert (raw.publisher, raw.language) == ("harbour-post", "en")


@pytest.mark.parametrize("status", ["draft", "pending", "private", "future", "trash", "deleted"])
def test_what_readers_saw_and_cannot_see_any_more_is_a_kill(status: str) -> None:
    raw = story(event("publish", status=status), SOURCE)
    assert raw is not None
    assert (raw.id, raw.content) == ("41", "")
    assert "canceled" in (raw.ednote or "").lower()
    assert raw.given == Fields(updated="2026-03-03T06:10:00Z")


@pytest.mark.parametrize("status", ["draft", "pending", "private", "trash", "auto-draft"])
def test_what_readers_never_saw_is_nothing(status: str) -> None:
    assert story(event("draft", status=status), SOURCE) is None


def test_a_deleted_post_has_only_its_number() -> None:
    raw = story(
        {"event": "post.deleted", "previous_status": "publish", "post": {"id": 41, "status": "deleted"}},
        SOURCE,
    )
    assert raw is not None
    assert raw.id == "41"


def test_what_a_password_protects_is_not_published_elsewhere() -> None:
    protected = {"raw": BODY, "protected": True}
    assert story(event("draft", content=protected), SOURCE) is None
    killed = story(event("publish", content=protected), SOURCE)
    assert killed is not None
    assert killed.content == ""
    assert not post_in(post(content=protected)).public


@pytest.mark.parametrize("status", ["publish", "trash"])
def test_what_is_no_post_is_refused_with_the_next_step(receiver: Receiver, status: str) -> None:
    """It is never written to: its kill would be told as done while readers see the page."""
    page = json.dumps(event("publish", type="page", status=status)).encode()
    answer = receiver.post(page, source="wp", event_id=f"wp_{status}")
    assert answer.status_code == 422
    assert "the type 'page'" in answer.json()["error"]
    assert "cleancopy plugin wordpress" in answer.json()["next"]
    assert receiver.rows() == 0


@pytest.mark.parametrize("empty", ["", " \n "])
def test_a_post_without_text_is_refused(empty: str) -> None:
    with pytest.raises(Refused) as refusal:
        story(event(content={"raw": empty}), SOURCE)
    assert (refusal.value.status, refusal.value.code) == (400, "bad-story")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"post": None},
        {"post": [1]},
        {"post": {}},
        {"post": {"id": True, "status": "draft"}},
        {"post": {"status": 7}},
    ],
)
def test_other_json_is_nothing(payload: dict[str, Any]) -> None:
    assert story(payload, SOURCE) is None


@pytest.mark.parametrize(
    "cleancopy",
    [
        None,
        7,
        [],
        {},
        {"author": 7, "categories": "x", "picture": []},
        {"categories": [7], "picture": {"url": 7}},
    ],
)
def test_a_post_without_the_plugin_s_field_is_a_story_all_the_same(cleancopy: Any) -> None:
    found = post_in(post(cleancopy=cleancopy)).raw
    assert found is not None
    assert found.given is not None
    assert (found.given.byline, found.given.section, found.given.pictures) == (None, None, ())


def test_the_category_of_what_has_none_is_no_section() -> None:
    found = post_in(post(cleancopy={"categories": ["Uncategorized"]})).raw
    assert found is not None
    assert found.given is not None
    assert found.given.section is None


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    sources = settings.config_dir / "sources.yaml"
    sources.write_text(
        sources.read_text() + "  wp: {kind: webhook, adapter: wordpress, secret_env: TEST_SECRET_CMS}\n"
    )
    return settings


def rows(settings: Settings) -> list[str]:
    engine = create_engine(settings.ledger_url, module=SQLITE)
    with engine.connect() as connection:
        found = [row.state for row in connection.execute(select(INBOX.c.state))]
    engine.dispose()
    return found


def test_events_are_stored_once_and_drafts_are_not(receiver: Receiver) -> None:
    sent = [
        (event(), "wp_1", "accepted"),
        (event(), "wp_1", "duplicate"),
        (event("publish", status="trash"), "wp_2", "accepted"),
        (event("draft", status="draft"), "wp_3", "ignored"),
    ]
    for payload, id, status in sent:
        answer = receiver.post(json.dumps(payload).encode(), source="wp", event_id=id)
        assert (answer.status_code, answer.json()["status"]) == (202, status)
    assert rows(receiver.settings) == ["waiting", "waiting"]


def test_an_event_that_somebody_else_signed_is_refused(receiver: Receiver) -> None:
    answer = receiver.post(json.dumps(event()).encode(), source="wp", secret=STRANGER)
    assert (answer.status_code, answer.json()["error"]) == (401, "The signature does not fit the body.")
    assert receiver.rows() == 0
