"""Items pushed as Superdesk pushes them, to a receiver on loopback that checks signatures and keeps the highest version."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from publications import publication, publish

from cleaners.model import Cleaned, Raw
from cleaners.pipeline import Pipeline
from cleaners.read.wire import is_ninjs, read_ninjs
from cleaners.write import html, markdown, record, text
from cleaners.write.safe_body import safe_body
from flows.destinations import Publication, PublishError
from flows.settings import CmsDestination

SECRET = "push-key-of-the-harbour-newshub"
MADE = datetime(2026, 3, 3, 7, 30, tzinfo=UTC)
BODY = (
    '<p>Published: undefined</p><p>The ferry sailed at ten, with a <a href="/piano">piano</a> aboard.</p>'
    "<figure><img src='https://post.example/quay.jpg'><figcaption>The northern quay</figcaption></figure>"
    "<p>Nobody was left on the quay, said its captain, who has made the crossing for thirty years.</p>"
)


@dataclass
class Newshub:
    """What takes Superdesk's items: of each guid it keeps the highest version, whatever the order in which they come."""

    port: int = 0
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[int] = field(default_factory=list)
    refuse: list[int] = field(default_factory=list)

    def destination(self, **more: Any) -> CmsDestination:
        return CmsDestination(
            kind="cms",
            name="newshub",
            api="superdesk",
            url=f"http://127.0.0.1:{self.port}/push",
            secret_env="TEST_NEWSHUB",
            **more,
        )

    def take(self, body: bytes, signature: str) -> int:
        if self.refuse:
            return self.refuse.pop(0)
        expected = "sha1=" + hmac.new(SECRET.encode(), body, "sha1").hexdigest()
        if not hmac.compare_digest(signature, expected):
            return 403
        item = json.loads(body)
        if "guid" not in item or item.get("type") != "text":
            return 400
        before = self.items.get(item["guid"])
        if before is None or int(item["version"]) >= int(before["version"]):
            self.items[item["guid"]] = item
        return 201


@contextmanager
def receiving(hub: Newshub) -> Iterator[Newshub]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = hub.take(body, self.headers.get("x-superdesk-signature", ""))
            hub.requests.append(status)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Newshub]:
    monkeypatch.setenv("TEST_NEWSHUB", SECRET)
    with receiving(Newshub()) as one:
        yield one


def edition(cleaned: Cleaned, number: int = 1, act: Any = "publish") -> Publication:
    rendered = {"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)}
    story = f"desk:{cleaned.source.id}"
    return Publication(
        story, act, number, number, "ledger-1", f"{story}-{number}-{act}", record(cleaned), rendered, MADE
    )


@pytest.fixture
def ferry(pipeline: Pipeline) -> Cleaned:
    return pipeline.clean(
        Raw(
            "ferry-7",
            "body",
            BODY,
            headline="A piano crosses",
            language="en",
            published="2026-03-03T06:10:00Z",
        )
    )


def test_an_edition_is_an_item_in_superdesks_shape(hub: Newshub, ferry: Cleaned, tmp_path: Path) -> None:
    (receipt,) = publish(hub.destination(), tmp_path, edition(ferry))
    (item,) = hub.items.values()
    assert (receipt.did, receipt.where) == ("wrote", (item["guid"],))
    assert "Published: undefined" not in json.dumps(item)
    assert item["body_html"] == safe_body(html(ferry))
    assert {
        key: item[key] for key in ("version", "type", "pubstatus", "headline", "language", "slugline")
    } == {
        "version": "1",
        "type": "text",
        "pubstatus": "usable",
        "headline": "A piano crosses",
        "language": "en",
        "slugline": "ferry-7",
    }
    assert (item["versioncreated"], item["firstpublished"]) == (
        "2026-03-03T07:30:00+0000",
        "2026-03-03T06:10:00+0000",
    )
    picture = item["associations"]["featuremedia"]
    assert (picture["type"], picture["description_text"]) == ("picture", "The northern quay")
    assert picture["renditions"]["original"]["href"] == "https://post.example/quay.jpg"


def test_what_is_pushed_can_be_read_again_as_ninjs(hub: Newshub, ferry: Cleaned, tmp_path: Path) -> None:
    publish(hub.destination(), tmp_path, edition(ferry))
    (item,) = hub.items.values()
    assert is_ninjs(item)
    (read,) = read_ninjs(item, "pushed")
    assert read.raw is not None
    assert (read.raw.id, read.raw.content, read.raw.headline) == (
        item["guid"],
        safe_body(html(ferry)),
        "A piano crosses",
    )
    assert read.raw.ednote is None


def test_each_edition_is_a_new_version_of_the_same_item(hub: Newshub, ferry: Cleaned, tmp_path: Path) -> None:
    publish(hub.destination(), tmp_path, edition(ferry, 1), edition(ferry, 2), edition(ferry, 2))
    (item,) = hub.items.values()
    assert item["version"] == "2"
    other = replace(edition(ferry), story="desk:other", ledger="ledger-1")
    publish(hub.destination(), tmp_path, other)
    assert len(hub.items) == 2


def test_an_older_edition_that_comes_late_is_not_kept_over_the_newer(
    hub: Newshub, ferry: Cleaned, tmp_path: Path
) -> None:
    publish(hub.destination(), tmp_path, edition(ferry, 3), edition(ferry, 2))
    (item,) = hub.items.values()
    assert item["version"] == "3"


def test_a_kill_is_a_canceled_version_that_says_nothing_of_the_story(
    hub: Newshub, ferry: Cleaned, tmp_path: Path
) -> None:
    publish(hub.destination(), tmp_path, edition(ferry))
    (receipt,) = publish(hub.destination(), tmp_path, edition(ferry, 2, "unpublish"))
    (item,) = hub.items.values()
    assert (receipt.did, item["pubstatus"], item["version"]) == ("removed", "canceled", "2")
    for word in ("ferry sailed", "piano crosses", "quay.jpg", "captain"):
        assert word not in json.dumps(item)
    (read,) = read_ninjs(item, "pushed")
    assert read.raw is not None
    assert (read.raw.ednote or "").startswith("STORY WITHDRAWN")
    publish(hub.destination(), tmp_path, edition(ferry, 1))
    assert next(iter(hub.items.values()))["pubstatus"] == "canceled"


def test_a_wrong_secret_is_refused_and_never_shown(
    hub: Newshub, ferry: Cleaned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "another secret of the harbour!!"
    monkeypatch.setenv("TEST_NEWSHUB", wrong)
    with pytest.raises(PublishError, match="403") as caught:
        publish(hub.destination(), tmp_path, edition(ferry))
    assert wrong not in str(caught.value)
    assert hub.items == {}


def test_a_short_secret_is_an_error_in_words(
    hub: Newshub, ferry: Cleaned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_NEWSHUB", "short")
    with pytest.raises(PublishError, match="24 random"):
        publish(hub.destination(), tmp_path, edition(ferry))
    assert hub.requests == []


def test_what_the_server_refuses_is_told(hub: Newshub, ferry: Cleaned, tmp_path: Path) -> None:
    hub.refuse = [503]
    with pytest.raises(PublishError, match="503"):
        publish(hub.destination(), tmp_path, edition(ferry))
    publish(hub.destination(), tmp_path, edition(ferry))
    assert len(hub.items) == 1


def test_a_hold_is_not_for_it(hub: Newshub, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="holds"):
        publish(hub.destination(), tmp_path, publication(act="hold"))
