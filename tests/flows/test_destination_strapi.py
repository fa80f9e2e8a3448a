"""Strapi on its bad days: answers that are lost, editors who come in between, fields that are no text.

The server here answers as Strapi 5.54 was seen to (``tests/cms`` runs the real one): a write goes to the draft, publishing makes a new
published entry of it with the draft's ``updatedAt``, a filtered DELETE takes the published one alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from publications import publication, publish

from cleaners.model import Cleaned, Raw
from cleaners.pipeline import Pipeline
from cleaners.rules import ConfigError
from cleaners.write import record
from flows.destinations import Publication, PublishError, Receipt
from flows.destinations.in_place import digest_of
from flows.destinations.remote import Conflict
from flows.settings import CmsDestination, load_destinations

TOKEN = "an-api-token-of-strapi"
CLEAN = (
    '<p>The last ferry of the season left the quay shortly after six, with a <a href="/piano">piano</a> aboard.</p>'
    "<p>Its captain, who has made the crossing for thirty years, said that she had never carried one before.</p>"
)
RAW = "<p>Published: undefined</p>" + CLEAN


@dataclass
class Strapi:
    port: int = 0
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    public: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: Callable[[str, str], None] | None = None
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    lose: set[str] = field(default_factory=set)
    _clock: Iterator[int] = field(default_factory=count)

    def now(self) -> str:
        return f"2026-03-03T06:{next(self._clock) // 60:02}:{next(self._clock) % 60:02}.000Z"

    def save(self, id: str, **fields: Any) -> None:
        """What an editor does with the button Save."""
        blank = {"documentId": id, "title": None, "body": None, "caption": None, "credit": None, "key": None}
        at = self.now()
        self.drafts[id] = {
            **self.drafts.get(id, {**blank, "createdAt": at}),
            **fields,
            "updatedAt": at,
            "publishedAt": None,
        }

    def publish(self, id: str, **fields: Any) -> None:
        """What an editor does with the button Publish."""
        if fields:
            self.save(id, **fields)
        self.public[id] = {**deepcopy(self.drafts[id]), "publishedAt": self.now()}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        where = urlsplit(path)
        query = dict(parse_qsl(where.query))
        id = where.path.removeprefix("/api/articles").strip("/")
        self.asked.append(f"{method} {id}")
        if self.before is not None:
            self.before(method, id)
        kept = self.drafts if query.get("status") == "draft" else self.public
        data = json.loads(body)["data"] if body else {}
        match method, id:
            case "GET", "":
                filters = [
                    (key.split("[")[1][:-1], value) for key, value in query.items() if "$startsWith" in key
                ]
                found = [
                    one
                    for one in kept.values()
                    if all(str(one[key] or "").startswith(value) for key, value in filters)
                ]
                return 200, {"data": found, "meta": {}}
            case "GET", _:
                return (200, {"data": kept[id], "meta": {}}) if id in kept else (404, {"data": None})
            case "POST", "":
                id = f"doc{len(self.drafts)}"
                self.save(id, **data)
                return 201, {"data": self.drafts[id]}
            case "PUT", _ if id in self.drafts:
                self.save(id, **data)
                if kept is self.public:
                    self.publish(id)
                return 200, {"data": kept[id]}
            case "DELETE", _:
                self.public.pop(id, None)
                if "filters[publishedAt][$notNull]" not in query:
                    self.drafts.pop(id, None)
                return 204, None
        return 404, {"data": None, "error": {"status": 404}}


@contextmanager
def serving(strapi: Strapi) -> Iterator[Strapi]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.send(401, {"error": {"message": "Missing or invalid credentials"}})
                return
            if strapi.answers:
                status, content = strapi.answers.pop(0)
                self.send(status, content)
                return
            status, answer = strapi.answer(self.command, self.path, body)
            if self.command in strapi.lose:
                strapi.lose.discard(self.command)
                self.close_connection = True
                return
            self.send(status, answer)

        do_PUT = do_POST = do_DELETE = do_GET

        def send(self, status: int, answer: Any) -> None:
            content = (
                answer
                if isinstance(answer, bytes)
                else b""
                if answer is None
                else json.dumps(answer).encode()
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    strapi.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield strapi
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def strapi(monkeypatch: pytest.MonkeyPatch) -> Iterator[Strapi]:
    monkeypatch.setenv("TEST_STRAPI_TOKEN", TOKEN)
    with serving(Strapi()) as one:
        yield one


def destination(strapi: Strapi, **more: Any) -> CmsDestination:
    return CmsDestination(
        kind="cms",
        name="cms",
        api="strapi",
        url=f"http://127.0.0.1:{strapi.port}/",
        secret_env="TEST_STRAPI_TOKEN",
        collection="articles",
        in_place=("cms",),
        **{"fields": {"key": "key"}, "seconds": 5, **more},
    )


@pytest.fixture
def ferry(pipeline: Pipeline) -> Cleaned:
    cleaned = pipeline.clean(Raw("doc", "body", RAW, headline="Ferry", language="en"))
    assert cleaned.copy.raw == CLEAN
    return cleaned


def act(cleaned: Cleaned, number: int = 1, act: Any = "publish", last: Any = None) -> Publication:
    whole = record(cleaned)
    return Publication(
        "cms:doc",
        act,
        number,
        number,
        "ledger",
        f"k{number}{act}",
        whole,
        {"html": whole["html"]},
        last=last or {},
    )


def test_the_body_is_replaced_and_nothing_else_is_sent(
    strapi: Strapi, ferry: Cleaned, tmp_path: Path
) -> None:
    strapi.publish("doc", body=RAW, title="Ferry", caption="The quay")
    (receipt,) = publish(destination(strapi), tmp_path, act(ferry))
    assert (receipt.did, receipt.where) == ("wrote", (f"http://127.0.0.1:{strapi.port}/api/articles/doc",))
    assert receipt.kept == {
        "id": "doc",
        "body": digest_of(CLEAN),
        "version": strapi.public["doc"]["updatedAt"],
        "raw": digest_of(RAW),
    }
    assert {key: strapi.public["doc"][key] for key in ("title", "body", "caption", "credit")} == {
        "title": "Ferry",
        "body": CLEAN,
        "caption": "The quay",
        "credit": None,
    }
    (again,) = publish(destination(strapi), tmp_path, act(ferry))
    assert again == receipt
    assert strapi.asked.count("PUT doc") == 1


@pytest.mark.parametrize("there", [None, "draft only"])
def test_what_readers_cannot_see_is_left_alone(
    strapi: Strapi, ferry: Cleaned, tmp_path: Path, there: str | None
) -> None:
    if there:
        strapi.save("doc", body=RAW)
    (receipt,) = publish(destination(strapi), tmp_path, act(ferry))
    (down,) = publish(destination(strapi), tmp_path, act(ferry, 2, "unpublish"))
    assert (receipt.did, down.did) == ("left", "removed")
    assert not any(one.startswith(("PUT", "DELETE")) for one in strapi.asked)


def test_an_editors_version_wins(strapi: Strapi, ferry: Cleaned, tmp_path: Path) -> None:
    strapi.publish("doc", body=RAW + "<p>A line of the editor's.</p>")
    (receipt,) = publish(destination(strapi), tmp_path, act(ferry))
    assert receipt.did == "left"
    assert "PUT doc" not in strapi.asked


def test_changes_that_nobody_has_published_are_not_published_by_us(
    strapi: Strapi, ferry: Cleaned, tmp_path: Path
) -> None:
    strapi.publish("doc", body=RAW)
    strapi.save("doc", title="Not for readers yet")
    with pytest.raises(PublishError, match="nobody has published yet"):
        publish(destination(strapi), tmp_path, act(ferry))
    assert strapi.public["doc"]["title"] is None


def test_an_editor_who_publishes_just_after_our_write_is_left_alone(
    strapi: Strapi, ferry: Cleaned, tmp_path: Path
) -> None:
    strapi.publish("doc", body=RAW)
    theirs = RAW + "<p>A line of the editor's.</p>"

    def before(method: str, id: str) -> None:
        # The look after our write.
        if strapi.asked[-2:] == ["PUT doc", "GET doc"] and strapi.public["doc"]["body"] == CLEAN:
            strapi.publish("doc", body=theirs)

    strapi.before = before
    (receipt,) = publish(destination(strapi), tmp_path, act(ferry))
    assert receipt.did == "left"
    assert strapi.public["doc"]["body"] == theirs
    assert strapi.asked.count("PUT doc") == 1


def test_a_write_whose_answer_is_lost_is_found_done(strapi: Strapi, ferry: Cleaned, tmp_path: Path) -> None:
    strapi.publish("doc", body=RAW)
    strapi.lose = {"PUT"}
    with pytest.raises(PublishError, match="connection broke"):
        publish(destination(strapi), tmp_path, act(ferry))
    (receipt,) = publish(destination(strapi), tmp_path, act(ferry))
    assert receipt.did == "wrote"
    assert receipt.kept["version"] == strapi.public["doc"]["updatedAt"]
    assert strapi.asked.count("PUT doc") == 1


def test_a_kill_leaves_the_draft(strapi: Strapi, ferry: Cleaned, tmp_path: Path) -> None:
    strapi.publish("doc", body=RAW)
    (receipt,) = publish(destination(strapi), tmp_path, act(ferry, 2, "unpublish"))
    assert receipt.did == "removed"
    assert "doc" not in strapi.public
    assert strapi.drafts["doc"]["body"] == RAW


@pytest.mark.parametrize(
    ("body", "fields", "words"),
    [
        ([{"type": "paragraph", "children": []}], {}, "is no text"),
        (RAW, {"body": "copy"}, "is not to be seen"),
    ],
)
def test_a_field_that_is_no_text_is_an_error_in_words(
    strapi: Strapi, ferry: Cleaned, tmp_path: Path, body: Any, fields: Any, words: str
) -> None:
    strapi.publish("doc", body=body)
    with pytest.raises(PublishError, match=words):
        publish(destination(strapi, fields=fields), tmp_path, act(ferry))


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (500, b'{"error": {"message": "Internal Server Error"}}', "500"),
        (200, b"<html>A page of the proxy</html>", "no JSON"),
        (200, b"[]", "no JSON"),
        (200, b'{"data": []}', "no entry"),
        (200, b'{"data": {"documentId": 7}}', "no entry"),
        (403, b'{"error": {"message": "Forbidden"}}', "403"),
    ],
)
def test_a_broken_answer_leads_to_no_write(
    strapi: Strapi, ferry: Cleaned, tmp_path: Path, status: int, content: bytes, words: str
) -> None:
    strapi.publish("doc", body=RAW)
    strapi.answers = [(status, content)]
    with pytest.raises(PublishError, match=words) as caught:
        publish(destination(strapi), tmp_path, act(ferry))
    assert TOKEN not in str(caught.value)
    assert not any(one.startswith("PUT") for one in strapi.asked)


def test_stories_from_elsewhere_need_a_key_field(strapi: Strapi, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="at key"):
        publish(destination(strapi, fields={}), tmp_path, publication())
    assert strapi.drafts == {}


def test_a_story_from_elsewhere_whose_answers_are_lost_is_one_entry(strapi: Strapi, tmp_path: Path) -> None:
    for lost in ({"POST"}, {"PUT"}):
        strapi.lose = set(lost)
        with pytest.raises(PublishError):
            publish(destination(strapi), tmp_path, publication())
    (receipt,) = publish(destination(strapi), tmp_path, publication())
    assert receipt.did == "wrote"
    assert list(strapi.public) == list(strapi.drafts) == [receipt.kept["id"]]
    (newer,) = publish(destination(strapi), tmp_path, replace(publication(2), last=receipt.as_json()))
    assert newer.kept["id"] == receipt.kept["id"]
    (late,) = publish(destination(strapi), tmp_path, publication(1))
    assert late.did == "newer"
    (gone,) = publish(
        destination(strapi), tmp_path, replace(publication(3, "unpublish"), last=newer.as_json())
    )
    assert gone.did == "removed"
    assert strapi.public == strapi.drafts == {}


@pytest.mark.parametrize("edition", [1, 2])
def test_what_an_editor_published_over_an_edition_whose_answer_was_lost_is_not_written_over(
    strapi: Strapi, tmp_path: Path, edition: int
) -> None:
    def act(edition: int, last: Receipt | None, act: Any = "publish") -> Receipt:
        one = replace(publication(edition, act), last=last.as_json() if last else {})
        return publish(destination(strapi), tmp_path, one)[0]

    last = act(1, None) if edition == 2 else None
    strapi.lose = {"PUT"}
    with pytest.raises(PublishError, match="connection broke"):
        act(edition, last)
    [id] = strapi.public
    strapi.publish(id, body="<p>Theirs.</p>")
    again = act(edition, last)  # it is there, under their words
    with pytest.raises(Conflict, match=f"changed by somebody else since edition {edition}"):
        act(edition + 1, again)
    assert strapi.public[id]["body"] == "<p>Theirs.</p>"
    assert act(edition + 2, again, "unpublish").did == "removed"


def test_a_draft_of_ours_that_an_editor_has_changed_is_not_written_over(
    strapi: Strapi, tmp_path: Path
) -> None:
    strapi.lose = {"POST"}
    with pytest.raises(PublishError, match="connection broke"):
        publish(destination(strapi), tmp_path, publication())
    [id] = strapi.drafts
    strapi.save(id, title="Theirs")
    with pytest.raises(Conflict, match="a draft of ours that somebody else has changed"):
        publish(destination(strapi), tmp_path, publication())
    assert (strapi.public, strapi.drafts[id]["title"]) == ({}, "Theirs")


def test_drafts_that_lost_tries_left_behind_go(strapi: Strapi, tmp_path: Path) -> None:
    strapi.lose = {"POST"}
    with pytest.raises(PublishError):
        publish(destination(strapi), tmp_path, publication())
    # A create that the server carried out later than its client waited.
    strapi.drafts["late"] = {**strapi.drafts["doc0"], "documentId": "late"}
    strapi.save("another", key="000000000000 1 k ledger-1")
    (receipt,) = publish(destination(strapi), tmp_path, publication())
    assert set(strapi.drafts) == {receipt.kept["id"], "another"}


def test_what_an_editor_took_down_is_not_published_again(strapi: Strapi, tmp_path: Path) -> None:
    (receipt,) = publish(destination(strapi), tmp_path, publication())
    del strapi.public[receipt.kept["id"]]
    with pytest.raises(PublishError, match="taken down there"):
        publish(destination(strapi), tmp_path, replace(publication(2), last=receipt.as_json()))
    assert strapi.public == {}


def test_what_an_editor_deleted_is_made_anew_where_that_is_meant(strapi: Strapi, tmp_path: Path) -> None:
    (receipt,) = publish(destination(strapi), tmp_path, publication())
    strapi.public.clear()
    strapi.drafts.clear()
    newer = replace(publication(2), last=receipt.as_json())
    with pytest.raises(PublishError, match=r"overwrite: yes .*cleancopy outbox --again"):
        publish(destination(strapi), tmp_path, newer)
    (again,) = publish(destination(strapi, overwrite=True), tmp_path, newer)
    assert (again.did, list(strapi.public)) == ("wrote", [again.kept["id"]])


def test_strapi_needs_its_collection(tmp_path: Path) -> None:
    (tmp_path / "destinations.yaml").write_text(
        "destinations:\n  cms: {kind: cms, api: strapi, url: 'https://cms.example', secret_env: X_Y}\n"
    )
    with pytest.raises(ConfigError, match="collection"):
        load_destinations(tmp_path)
