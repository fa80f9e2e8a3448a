"""Telling a subscriber: signed events that the public library accepts, the same at every try."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from loopback import subscriber
from newsroom import NOON, later
from publications import dids, publication
from standardwebhooks import Webhook, WebhookVerificationError

from flows.destinations import Answer, Publication, PublishError, Receipt
from flows.destinations.webhook import open_webhook
from flows.settings import WebhookDestination

OLD, NEW = ("whsec_" + base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2))


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", NEW)


def told(url: str, *acts: Publication, clock: Any = None, **options: Any) -> list[Answer]:
    destination = WebhookDestination(
        kind="webhook",
        name="hook",
        url=url,
        secret_env="HOOK_SECRET",
        seconds=2,
        **({"events": ("cleaned", "held", "killed")} | options),
    )
    with open_webhook(destination, clock or (lambda: datetime.now(UTC))) as publisher:
        return list(publisher(acts))


def test_each_act_is_an_event_with_what_a_subscriber_needs() -> None:
    acts = [
        replace(publication(1, headline="Ferry back", url="https://post.example/ferry"), made_at=NOON),
        replace(publication(2, "hold", verdict="hold"), made_at=later(60)),
        replace(publication(3, "unpublish", verdict="kill"), made_at=later(120)),
    ]
    with subscriber() as hook:
        assert dids(told(hook.url, *acts)) == ["told"] * 3
    assert [(event["type"], event["timestamp"]) for event in hook.events] == [
        ("story.cleaned", "2026-03-03T12:00:00Z"),
        ("story.held", "2026-03-03T12:01:00Z"),
        ("story.killed", "2026-03-03T12:02:00Z"),
    ]
    assert hook.events[0]["data"] == {
        "story": "desk:ferry",
        "id": "ferry",
        "edition": 1,
        "revision": 1,
        "ledger": "ledger-1",
        "headline": "Ferry back",
        "url": "https://post.example/ferry",
        "publisher": None,
        "language": "en",
        "verdict": "publish",
    }
    assert hook.heard[0][0]["content-type"] == "application/json"


@pytest.mark.parametrize(("act", "verdict"), [("hold", "hold"), ("unpublish", "kill")])
@pytest.mark.parametrize("content", ["link", "copy", "record"])
def test_of_a_story_that_is_held_or_killed_nothing_is_said_but_which_it_is(
    act: str, verdict: str, content: str
) -> None:
    """Its headline may be what must not be said, and its reasons quote the raw copy."""
    secret = "Mayor Brandvik resigns"
    one = publication(
        3,
        act,
        headline=secret,
        url="https://post.example/mayor-brandvik-resigns",
        publisher="post.example",
        verdict=verdict,
        reasons=[f"kill: the raw copy says “KILL {secret}”"],
        text=secret,
    )
    with subscriber() as hook:
        told(hook.url, one, replace(one, previous=2), content=content)
    first, known = (event["data"] for event in hook.events)
    named = {
        "story": "desk:ferry",
        "id": "ferry",
        "edition": 3,
        "revision": 3,
        "ledger": "ledger-1",
        "verdict": verdict,
    }
    assert first == named
    # Who was told the address when the story was published may take down what stands under it.
    assert known == named | {"url": "https://post.example/mayor-brandvik-resigns"}


@pytest.mark.parametrize("content", ["link", "copy", "record"])
def test_no_path_of_our_machine_is_told(content: str) -> None:
    one = publication(1, story="by-hand:/home/ilse/bridge.html")
    with subscriber() as hook:
        told(hook.url, replace(one, record={**one.record, "id": "/home/ilse/bridge.html"}), content=content)
    [event] = hook.events
    assert event["data"]["story"].startswith("urn:uuid:")
    assert event["data"]["id"] is None
    assert b"ilse" not in hook.heard[0][1]


def test_an_event_is_signed_so_that_the_public_library_accepts_it() -> None:
    with subscriber() as hook:
        told(hook.url, publication(text="Fähre ✓"), content="copy")
    [(headers, body)] = hook.heard
    assert Webhook(NEW).verify(body, headers)["data"]["text"] == "Fähre ✓"
    assert headers["webhook-id"] == "desk:ferry-1-publish"
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body.replace(b"ferry", b"berry"), headers)


def test_while_secrets_change_each_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", f"{NEW} {OLD}")
    with subscriber() as hook:
        told(hook.url, publication())
    [(headers, body)] = hook.heard
    for secret in (NEW, OLD):
        Webhook(secret).verify(body, headers)


def test_a_repeat_is_the_same_event_signed_anew() -> None:
    act = replace(publication(), made_at=NOON)
    with subscriber((500, {})) as hook:
        assert dids(told(hook.url, act, clock=lambda: NOON)) == ["Refused"]
        assert dids(told(hook.url, act, clock=lambda: later(400))) == ["told"]
    (first, body), (second, again) = hook.heard
    assert body == again
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 400
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize(
    ("content", "act", "names"),
    [
        ("link", "publish", set()),
        ("copy", "publish", {"text", "html"}),
        ("record", "publish", {"record"}),
        ("copy", "hold", set()),
        ("record", "unpublish", set()),
    ],
)
def test_copy_goes_along_where_it_is_wanted_and_public(content: str, act: str, names: set[str]) -> None:
    with subscriber() as hook:
        told(hook.url, publication(1, act), content=content)
    [event] = hook.events
    assert {"text", "html", "record"} & set(event["data"]) == names


@pytest.mark.parametrize("content", ["copy", "record"])
def test_the_html_that_goes_along_is_sanitised(content: str) -> None:
    player = '<iframe src="https://www.youtube.com/embed/1"></iframe>'
    with subscriber() as hook:
        told(
            hook.url,
            publication(html=f'<p onclick="x()">Back.</p><script>x()</script>{player}'),
            content=content,
        )
    [event] = hook.events
    found = event["data"]["record"] if content == "record" else event["data"]
    assert found["html"] == f"<p>Back.</p>{player}"


def test_an_event_that_is_not_wanted_is_not_sent() -> None:
    with subscriber() as hook:
        acts = [publication(1), publication(2, "hold"), publication(3, "unpublish")]
        assert dids(told(hook.url, *acts, events=("killed",))) == ["left", "left", "told"]
    assert [event["type"] for event in hook.events] == ["story.killed"]


def test_whether_a_subscriber_hears_of_holds_is_what_its_events_say() -> None:
    given: Mapping[str, Any] = {"kind": "webhook", "url": "https://a.example/", "secret_env": "HOOK_SECRET"}
    assert WebhookDestination(**given, events=("held",)).hears_of_holds
    assert not WebhookDestination(**given).hears_of_holds


def test_a_subscriber_that_is_gone_is_given_up() -> None:
    with subscriber((410, {}), (429, {"Retry-After": "30"})) as hook:
        gone, later_please = told(hook.url, publication(story="desk:a"), publication(story="desk:b"))
    assert isinstance(gone, PublishError)
    assert gone.final
    assert "take hook out of destinations.yaml" in str(gone)
    assert isinstance(later_please, PublishError)
    assert (later_please.final, later_please.retry_after) == (False, 30.0)


def test_a_redirect_is_no_success() -> None:
    with subscriber() as other, subscriber((302, {"Location": other.url})) as hook:
        assert dids(told(hook.url, publication())) == ["Refused"]
    assert other.heard == []


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "HOOK_SECRET is not set"), ("c2hvcnQ=", "24 random bytes"), ("pa55-word!", "base64")],
)
def test_a_secret_that_cannot_be_used_is_told_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    if value:
        monkeypatch.setenv("HOOK_SECRET", value)
    with pytest.raises(PublishError, match=said) as caught:
        told("https://a.example/", publication())
    assert "pa55" not in str(caught.value)
    assert "c2hvcnQ" not in str(caught.value)


def test_a_receipt_shows_no_query(monkeypatch: pytest.MonkeyPatch) -> None:
    with subscriber() as hook:
        [answer] = told(f"{hook.url}?key=5ecret", publication())
    assert isinstance(answer, Receipt)
    assert "5ecret" not in str(answer)
