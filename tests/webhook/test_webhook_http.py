"""The receiver over real HTTP: what is taken, what is refused, what is left in the ledger and in the log."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from receiving import (
    ENVIRON,
    MARKER,
    OLD_SECRET,
    SECRET,
    STRANGER,
    Receiver,
    log_of,
    running,
    signed_headers,
    story,
    wait_until,
)

from flows.ledger import claim, open_ledger
from flows.settings import Settings
from flows.settings.sqlite import SQLITE
from flows.webhook import create_app


def refused(receiver: Receiver, response: httpx.Response, status: int, word: str) -> None:
    """The answer says what and what next; nothing is stored; nobody is woken. (The log is looked at afterwards.)"""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"error", "next"}
    assert word in answer["error"]
    assert answer["next"]
    assert receiver.rows() == 0
    assert not receiver.woken


# What is taken


def test_a_signed_story_is_stored_before_it_is_accepted(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(
        {
            "event": "post.saved",
            "post": {"id": 7, "html": f"<p>{MARKER}</p>", "title": "Ferry", "url": "https://post.example/7"},
        }
    ).encode()
    response = receiver.post(body, source="cms", event_id="evt_7")
    assert response.status_code == 202
    assert response.json() == {"id": "evt_7", "status": "accepted"}
    assert "server" not in response.headers
    assert len(receiver.woken) == 1
    assert f"accepted source=cms event=evt_7 bytes={len(body)}" in caplog.text

    (row,) = _claimed(receiver.settings)
    assert (row.source, row.raw.id, row.raw.form, row.raw.content) == ("cms", "7", "body", f"<p>{MARKER}</p>")
    assert (row.raw.publisher, row.raw.headline, row.raw.url) == (
        "harbour-post",
        "Ferry",
        "https://post.example/7",
    )


@pytest.mark.parametrize("secret", [OLD_SECRET, SECRET])
def test_both_live_secrets_are_taken(receiver: Receiver, secret: str) -> None:
    assert receiver.post(story(), secret=secret).status_code == 202


@pytest.mark.parametrize("ago", [290, -290])
def test_a_clock_may_be_some_minutes_off(receiver: Receiver, ago: int) -> None:
    assert receiver.post(story(), ago=ago).status_code == 202


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.cms+json"]
)
def test_json_by_other_names(receiver: Receiver, content_type: str) -> None:
    assert receiver.post(story(), headers={"content-type": content_type}).status_code == 202


def test_a_chunked_body_is_taken(receiver: Receiver) -> None:
    assert receiver.post(story(text="Ferry. " * 5000), chunked=True).status_code == 202


def test_the_same_event_again_is_a_duplicate_and_stored_once(receiver: Receiver) -> None:
    assert receiver.post(story(), event_id="evt_1").json()["status"] == "accepted"
    rows = receiver.rows()
    again = receiver.post(story(), event_id="evt_1", ago=-1)
    assert (again.status_code, again.json()) == (202, {"id": "evt_1", "status": "duplicate"})
    assert receiver.rows() == rows
    assert len(receiver.woken) == 1
    # Another source may use the same id, and another event may bring the story again.
    body = json.dumps({"post": {"id": "1", "html": "<p>x</p>"}}).encode()
    assert receiver.post(body, source="cms", event_id="evt_1").json()["status"] == "accepted"
    assert receiver.post(story(text="Corrected."), event_id="evt_2").json()["status"] == "accepted"


def test_a_waker_that_fails_changes_nothing_for_the_sender(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.fail_waking.append(True)
    assert receiver.post(story()).status_code == 202
    assert receiver.rows() == 3
    assert "the drain could not be woken: RuntimeError" in caplog.text


def test_health(receiver: Receiver) -> None:
    assert httpx.get(f"{receiver.base}/healthz").json() == {"status": "alive"}
    ready = httpx.get(f"{receiver.base}/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ready", "sources": 3, "sources_without_secret": 2},
    )


# Who is refused: signatures


def test_wrong_secret(receiver: Receiver) -> None:
    refused(receiver, receiver.post(story(), secret=STRANGER), 401, "signature does not fit")


def test_signature_of_another_body(receiver: Receiver) -> None:
    other = signed_headers(story(text="Another story."))
    refused(receiver, receiver.post(story(), headers=other), 401, "signature does not fit")


def test_signature_of_another_event(receiver: Receiver) -> None:
    refused(receiver, receiver.post(story(), headers={"webhook-id": "evt_2"}), 401, "signature does not fit")


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_header(receiver: Receiver, name: str) -> None:
    refused(receiver, receiver.post(story(), headers={name: None}), 401, f"{name} is missing")


@pytest.mark.parametrize("ago", [310, 86_400 * 400, -310])
def test_old_and_future_timestamp(receiver: Receiver, ago: int) -> None:
    refused(receiver, receiver.post(story(), ago=ago), 401, "more than five minutes")


@pytest.mark.parametrize("timestamp", ["1700000000.0", "soon", "-5", "999999999999"])
def test_timestamp_that_is_none(receiver: Receiver, timestamp: str) -> None:
    response = receiver.post(story(), headers={"webhook-timestamp": timestamp})
    refused(receiver, response, 401, "")


@pytest.mark.parametrize(
    "signature", ["v1", "v1;abcd", "v1,?", "v1,AAA", ",", "v2,AAAA", "v1,AAAA,BBBB", "v1,%"]
)
def test_signature_that_is_none(receiver: Receiver, signature: str) -> None:
    refused(receiver, receiver.post(story(), headers={"webhook-signature": signature}), 401, "signature")


def test_body_that_is_not_utf_8(receiver: Receiver) -> None:
    refused(receiver, receiver.post('{"id": "1", "text": "Zoë"}'.encode("latin-1")), 401, "not UTF-8")


# Signed, and still no story


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"id": "1", "text": "x"', "line 1, column 24"),
        (b"not json", "not JSON"),
        (b'[{"id": "1"}]', "not an object"),
        (b'{"id": "1", "id": "2", "text": "x"}', '"id" twice'),
        (b'{"id": "1", "text": "x", "size": NaN}', "NaN"),
        (b'{"id": "1", "text": "x", "size": -Infinity}', "Infinity"),
        (b'{"id": "1", "text": ' + b"[" * 5000 + b"]" * 5000 + b"}", "levels"),
        (b'{"id": "1", "text": "half \\ud83d"}', "surrogate"),
        (b'{"id": "1", "text": "nul \\u0000"}', "NUL"),
        (b'{"id": "1", "text": 5}', '"text" must be a string'),
        (b'{"id": {"$oid": "1"}, "text": "x"}', '"id"'),
        (b'{"id": "1", "headline": "x"}', "no content"),
        (b'{"id": "1", "text": ""}', "empty"),
        (b'{"text": "x"}', '"id"'),
        (b'{"id": "1", "text": "x", "url": "file:///etc/passwd"}', "http or https"),
    ],
)
def test_no_story(receiver: Receiver, body: bytes, word: str) -> None:
    refused(receiver, receiver.post(body), 400, word)


def test_empty_body(receiver: Receiver) -> None:
    refused(receiver, receiver.post(b""), 400, "no body")


def test_the_map_is_named_where_the_story_is_not_found(receiver: Receiver) -> None:
    refused(receiver, receiver.post(b'{"post": {"id": 1}}', source="cms"), 400, 'body from "post.html"')


# The wrong door


@pytest.mark.parametrize("source", ["nobody", "drop", "closed", "CMS", "..%2fplain", "a%0aforged%20line"])
def test_unknown_source(receiver: Receiver, source: str) -> None:
    refused(receiver, receiver.post(story(), source=source), 404, "")


@pytest.mark.parametrize("source", ["unset", "short"])
def test_source_without_a_usable_secret(
    receiver: Receiver, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = receiver.post(story(), source=source)
    refused(receiver, response, 503, "not set up")
    assert response.headers["retry-after"] == "300"
    assert f"webhook source {source} answers 503: TEST_SECRET_{source.upper()}" in log_of(caplog)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_wrong_method(receiver: Receiver, method: str) -> None:
    response = httpx.request(method, f"{receiver.base}/webhooks/plain", headers=signed_headers(b""))
    refused(receiver, response, 405, "method")
    assert response.headers["allow"] == "POST"


def test_no_such_address(receiver: Receiver) -> None:
    refused(receiver, httpx.get(f"{receiver.base}/admin"), 404, "nothing at this address")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_wrong_content_type(receiver: Receiver, content_type: str | None) -> None:
    refused(receiver, receiver.post(story(), headers={"content-type": content_type}), 415, "JSON")


def test_compressed_body(receiver: Receiver) -> None:
    refused(receiver, receiver.post(story(), headers={"content-encoding": "gzip"}), 415, "compressed")


# Too much, too slow, gone


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [20_001, 30_000_000])
def test_too_large(receiver: Receiver, size: int, chunked: bool) -> None:
    body = story(text="x" * size)
    refused(receiver, receiver.post(body, source="cms", chunked=chunked), 413, "more than 20000 bytes")


def test_the_limit_of_a_source_is_one_megabyte(receiver: Receiver) -> None:
    frame = len(story(text=""))
    refused(receiver, receiver.post(story(text="x" * (1_000_001 - frame))), 413, "more than 1000000 bytes")
    assert receiver.post(story(text="x" * (1_000_000 - frame))).status_code == 202


def test_announced_too_large_is_answered_without_waiting_for_it(receiver: Receiver) -> None:
    answer = _talk(receiver, content_length="9" * 30, body=b"", more={"Expect": "100-continue"})
    assert answer.startswith(b"HTTP/1.1 4")
    answer = _talk(receiver, content_length="900000000", body=b"", more={"Expect": "100-continue"})
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"100 Continue" not in answer
    assert receiver.rows() == 0


def test_slow_body(receiver: Receiver) -> None:
    answer = _talk(receiver, content_length="500", body=story()[:10])
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()
    assert b"not here after 0.3 seconds" in answer
    assert receiver.rows() == 0


def test_a_sender_that_goes_away_leaves_one_line_and_no_traceback(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(_request(receiver, content_length="500", body=story()[:10], source="cms"))
    wait_until(lambda: "the sender went away" in caplog.text)
    assert receiver.rows() == 0
    httpx.get(f"{receiver.base}/healthz")
    assert not [record for record in caplog.records if record.exc_info]
    assert "Traceback" not in caplog.text


# The ledger


def test_ledger_down_is_503_and_comes_back(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.data_dir.write_text("a file where the folder should be")
    with running(create_app(settings, environ=ENVIRON), settings) as port:
        receiver = Receiver(f"http://127.0.0.1:{port}", settings, [])
        response = receiver.post(story())
        refused(receiver, response, 503, "could not be stored")
        assert response.headers["retry-after"] == "5"
        assert httpx.get(f"{receiver.base}/readyz").status_code == 503
        assert httpx.get(f"{receiver.base}/healthz").status_code == 200
        settings.data_dir.unlink()
        assert receiver.post(story()).json() == {"id": "evt_1", "status": "accepted"}
        assert httpx.get(f"{receiver.base}/readyz").status_code == 200
    assert "the ledger failed: " in caplog.text
    assert MARKER not in caplog.text


def test_ledger_that_breaks_under_way_tells_no_story_to_the_log(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    assert receiver.post(story()).status_code == 202
    with SQLITE.connect(_file(receiver.settings)) as connection:
        connection.execute("ALTER TABLE inbox RENAME TO hidden")
    connection.close()
    response = receiver.post(story(text=f"Second. {MARKER}"), event_id="evt_2")
    assert (response.status_code, "could not be stored" in response.text) == (503, True)
    with SQLITE.connect(_file(receiver.settings)) as connection:
        connection.execute("ALTER TABLE hidden RENAME TO inbox")
    connection.close()
    rows = receiver.rows()
    assert receiver.post(story(text=f"Second. {MARKER}"), event_id="evt_2").json()["status"] == "accepted"
    assert receiver.rows() > rows
    assert "the ledger failed: OperationalError" in caplog.text


def test_ledger_that_is_locked_is_503(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert receiver.post(story()).status_code == 202
    monkeypatch.setattr("flows.webhook.keeping.LEDGER_SECONDS", 0.2)
    connection = SQLITE.connect(_file(receiver.settings), isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    response = receiver.post(story(), event_id="evt_2")
    connection.execute("ROLLBACK")
    connection.close()
    assert response.status_code == 503
    assert "the ledger did not answer" in caplog.text
    monkeypatch.setattr("flows.webhook.keeping.LEDGER_SECONDS", 30.0)
    # The write that was given up may have ended meanwhile: stored now, or stored already.
    assert receiver.post(story(), event_id="evt_2").status_code == 202


def _file(settings: Settings) -> Path:
    return Path(settings.ledger_url.removeprefix("sqlite:///"))


def _claimed(settings: Settings) -> list[Any]:
    engine = open_ledger(settings.ledger_url)
    try:
        return list(claim(engine, "test", now=datetime.now(UTC)))
    finally:
        engine.dispose()


def _request(
    receiver: Receiver,
    *,
    content_length: str,
    body: bytes,
    source: str = "hasty",
    more: dict[str, str] | None = None,
) -> bytes:
    headers = {
        **signed_headers(story()),
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": content_length,
        **(more or {}),
    }
    lines = [
        f"POST /webhooks/{source} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def _talk(
    receiver: Receiver, *, content_length: str, body: bytes, more: dict[str, str] | None = None
) -> bytes:
    """Send this much and no more; everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as client:
        client.sendall(_request(receiver, content_length=content_length, body=body, more=more))
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
        return answer
