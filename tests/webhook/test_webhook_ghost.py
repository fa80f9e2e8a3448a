"""Ghost's events: what proves one, what it says, and that nothing odd gets past. The payloads are cut down from a real Ghost's."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from receiving import count_rows, running

from cleaners.model import Picture, Raw
from flows.ledger import claim, open_ledger
from flows.settings import Settings, WebhookSource, load_settings
from flows.webhook import create_app
from flows.webhook.from_ghost import check, story, verify
from flows.webhook.refusal import Refused

SECRET = "a-secret-of-the-ghost-of-Kesten"
OLD_SECRET = "an-older-secret-of-that-same-ghost"
STRANGER = "a-secret-of-somebody-else-altogether"
SOURCE = WebhookSource(
    kind="webhook", name="ghost", adapter="ghost", secret_env="TEST_GHOST", publisher="harbour-post"
)
POST: dict[str, Any] = {
    "id": "6740b6f2a3c1d90001a5c001",
    "title": "The ferry is back",
    "slug": "the-ferry-is-back",
    "html": "\n<!--kg-card-begin: html-->\n<b>Kesten</b>\n<!--kg-card-end: html-->\n<p>The ferry is back.</p>",
    "plaintext": "The ferry is back.",
    "status": "published",
    "url": "https://post.example/the-ferry-is-back/",
    "published_at": "2026-03-03T06:10:00.000Z",
    "updated_at": "2026-03-03T06:11:00.000Z",
    "feature_image": "https://post.example/content/images/ferry.jpg",
    "feature_image_alt": "A ferry",
    "feature_image_caption": 'The ferry <i>Kesten</i> at the quay. <a href="https://ilse.example">Ilse&nbsp;Marrow</a>',
    "custom_excerpt": "After nine days.",
    "authors": [{"name": "Ana Duarte"}, {"name": "Ilse Brandvik"}],
    "primary_tag": {"name": "Harbour"},
}


def event(current: dict[str, Any] | None, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"post": {"current": current or {}, "previous": previous or {}}}


def now() -> int:
    return int(time.time() * 1000)


def signature(body: bytes, moment: int | str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body + str(moment).encode(), hashlib.sha256).hexdigest()


def header(body: bytes, moment: int | None = None, secret: str = SECRET) -> tuple[str, str]:
    moment = now() if moment is None else moment
    return "X-Ghost-Signature", f"sha256={signature(body, moment, secret)}, t={moment}"


BODY = json.dumps(event(POST)).encode()


# The signature


def test_each_live_secret_opens_and_the_same_sending_has_the_same_id() -> None:
    secrets = [OLD_SECRET.encode(), SECRET.encode()]
    moment = now()
    names = {verify(secrets, check([header(BODY, moment, one)]), BODY) for one in (OLD_SECRET, SECRET)}
    assert len(names) == 1
    assert verify(secrets, check([header(BODY, moment + 1)]), BODY) not in names
    other = BODY.replace(b"ferry", b"Ferry")
    assert verify(secrets, check([header(other, moment)]), other) not in names


@pytest.mark.parametrize("ago", [301_000, 86_400_000, -305_000])
def test_a_time_far_from_now_is_refused(ago: int) -> None:
    with pytest.raises(Refused) as caught:
        check([header(BODY, now() - ago)])
    assert (caught.value.status, caught.value.code) == (401, "stale-timestamp")


GOOD = "0" * 64


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "sha256=, t=",
        "sha256",
        f"sha256={GOOD}",
        f"t={{now}}, sha256={GOOD}",
        f"sha256={GOOD}, t=",
        f"sha256={GOOD}, t=1",
        f"sha256={GOOD}, t=-1700000000000",
        f"sha256={GOOD}, t=1.7e12",
        f"sha256={GOOD}, t=１７００００００００００００",
        f"sha256={GOOD}, t=99999999999999999999999999999999",
        f"sha256={GOOD}, t={{now}}0000",
        f"sha256={GOOD[:-1]}, t={{now}}",
        f"sha256={GOOD}0, t={{now}}",
        f"sha256={'A' * 64}, t={{now}}",
        f"sha256={'g' * 64}, t={{now}}",
        f"sha256={'é' * 64}, t={{now}}",
        f"sha1={GOOD[:40]}, t={{now}}",
        f"SHA256={GOOD}, t={{now}}",
        f"sha256={GOOD}; t={{now}}",
        f"sha256={GOOD},  t={{now}}",
        f"sha256={GOOD}, t={{now}} ",
        f"sha256={GOOD}, t={{now}}\nX-Admin: yes",
        f"sha256={GOOD}, t={{now}}, sha256={GOOD}, t={{now}}",
        f"sha256={GOOD}, t={{now}}" + "0" * 5000,
        "\x00" * 80,
        "None",
    ],
)
def test_a_header_that_ghost_never_sends_is_refused(value: str) -> None:
    with pytest.raises(Refused) as caught:
        check([("x-ghost-signature", value.replace("{now}", str(now())))])
    assert caught.value.status == 401
    assert value not in caught.value.error or len(value) < 10


def test_no_header_and_two_headers_are_refused() -> None:
    good = header(BODY)
    for headers, code in (
        ([], "no-signature"),
        ([good, good], "two-headers"),
        ([good, ("x-GHOST-signature", good[1])], "two-headers"),
        ([("X-Hub-Signature-256", good[1])], "no-signature"),
    ):
        with pytest.raises(Refused) as caught:
            check(headers)
        assert (caught.value.status, caught.value.code) == (401, code)


def test_nothing_but_the_signed_bytes_and_their_time_pass() -> None:
    moment = now()
    for body, proof in (
        (BODY.replace(b"ferry", b"Ferry"), check([header(BODY, moment)])),
        (BODY + b" ", check([header(BODY, moment)])),
        (BODY, (signature(BODY, moment), str(moment + 1))),
        (BODY, (signature(BODY, ""), str(moment))),
        (BODY, check([header(BODY, moment, STRANGER)])),
    ):
        with pytest.raises(Refused) as caught:
            verify([SECRET.encode()], proof, body)
        assert (caught.value.status, caught.value.code) == (401, "wrong-signature")


def test_a_digit_cannot_move_from_the_time_into_the_body() -> None:
    """Body and time are signed one behind the other, with nothing in between."""
    moment = str(now())
    with pytest.raises(Refused) as caught:
        check([("X-Ghost-Signature", f"sha256={signature(BODY, moment)}, t={moment[1:]}")])
    assert caught.value.code in ("stale-timestamp", "bad-signature")


# What an event says


def said(payload: dict[str, Any]) -> Raw | None:
    return story(payload, SOURCE)


def test_a_published_post_is_a_story_with_its_body_byte_for_byte() -> None:
    raw = said(event(POST, {"status": "draft"}))
    assert raw is not None
    assert (raw.id, raw.form, raw.content, raw.publisher) == (
        POST["id"],
        "body",
        POST["html"],
        "harbour-post",
    )
    assert (raw.headline, raw.published, raw.url) == (POST["title"], POST["published_at"], POST["url"])
    assert raw.given is not None
    assert (raw.given.byline, raw.given.section) == ("Ana Duarte, Ilse Brandvik", "Harbour")
    assert (raw.given.standfirst, raw.given.updated) == ("After nine days.", POST["updated_at"])
    assert raw.given.pictures == (
        Picture(POST["feature_image"], "The ferry Kesten at the quay. Ilse Marrow", None, "A ferry"),
    )


def test_without_a_feature_image_its_caption_is_nobodys() -> None:
    raw = said(event(POST | {"feature_image": None}))
    assert raw is not None
    assert raw.given is not None
    assert raw.given.pictures == ()


@pytest.mark.parametrize(
    "payload",
    [
        event({"id": "7", "status": "draft", "html": "<p>The ferry.</p>"}, {"status": "published"}),
        event({"id": "7", "status": "scheduled", "html": None}, {"status": "published"}),
        event(None, {"id": "7", "status": "published", "html": "<p>The ferry.</p>"}),
    ],
)
def test_what_readers_cannot_see_any_more_is_a_kill(payload: dict[str, Any]) -> None:
    raw = said(payload)
    assert raw is not None
    assert (raw.id, raw.content) == ("7", "")
    assert raw.ednote is not None
    assert "canceled" in raw.ednote.lower()


@pytest.mark.parametrize(
    "payload",
    [
        event({"id": "7", "status": "draft", "html": "<p>The ferry.</p>"}),
        event(None, {"id": "7", "status": "draft"}),
        event(None, None),
        {"page": {"current": POST, "previous": {}}},
        {"post": []},
        {"post": {"current": "published", "previous": 7}},
        {},
    ],
)
def test_what_readers_never_saw_is_no_story(payload: dict[str, Any]) -> None:
    assert said(payload) is None


@pytest.mark.parametrize("html", [None, "", " \n", 7, ["<p>"]])
def test_a_post_without_text_is_refused_with_the_next_step(html: object) -> None:
    with pytest.raises(Refused) as caught:
        said(event(POST | {"html": html}))
    assert "has no text" in caught.value.error
    assert (caught.value.status, caught.value.code) == (400, "bad-story")


# Over HTTP


@pytest.fixture
def ghost_settings(tmp_path: Path) -> Settings:
    config = tmp_path / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(
        "sources:\n  ghost: {kind: webhook, adapter: ghost, secret_env: TEST_GHOST}\n"
    )
    (config / "destinations.yaml").write_text("destinations: {}\n")
    return load_settings(config, {"CLEANCOPY_DATA": str(tmp_path / "data")})


@pytest.fixture
def address(ghost_settings: Settings) -> Iterator[str]:
    app = create_app(ghost_settings, environ={"TEST_GHOST": f"{OLD_SECRET} {SECRET}"})
    with running(app, ghost_settings) as port:
        yield f"http://127.0.0.1:{port}/webhooks/ghost"


def post(address: str, body: bytes, *headers: tuple[str, str]) -> httpx.Response:
    return httpx.post(
        address, content=body, headers=[("Content-Type", "application/json"), *headers], timeout=30
    )


def test_an_event_is_taken_once_and_a_draft_not_at_all(address: str, ghost_settings: Settings) -> None:
    signed = header(BODY)
    assert [post(address, BODY, signed).json()["status"] for _ in range(3)] == [
        "accepted",
        "duplicate",
        "duplicate",
    ]
    draft = json.dumps(event(POST | {"status": "draft"})).encode()
    ignored = post(address, draft, header(draft, secret=OLD_SECRET))
    assert (ignored.status_code, ignored.json()["status"]) == (202, "ignored")
    engine = open_ledger(ghost_settings.ledger_url)
    rows = claim(engine, "test", now=datetime.now(UTC))
    engine.dispose()
    assert [(row.raw.id, row.raw.content) for row in rows] == [(POST["id"], POST["html"])]


def test_what_is_not_proved_leaves_nothing(address: str, ghost_settings: Settings) -> None:
    twice = header(BODY)
    for headers in (
        [],
        [twice, twice],
        [header(BODY, secret=STRANGER)],
        [header(BODY, now() - 301_000)],
        [("X-Ghost-Signature", "sha256=" + "0" * 64)],
        [("X-Ghost-Signature", "=" * 8000)],
    ):
        answer = post(address, BODY, *headers)
        assert (answer.status_code, set(answer.json())) == (401, {"error", "next"})
    broken = b'{"post": {"current": {"id": "7", "id": "8"}}}'
    assert post(address, broken, header(broken)).status_code == 400
    assert count_rows(ghost_settings) == 0
