"""A CMS on loopback that does what real ones do on bad days, by a plan with a seed, and writes down every effect.

    with fake_cms(Plan(seed=7, share=0.3)) as cms:
        publish to cms.stories (PUT, with ETags) or cms.posts (drafts that are published) …
        cms.settle()
        assert judge(cms, {"desk:ferry": 3, "desk:killed": None}) == NOTHING_WRONG

It is a real HTTP server in threads of this process. It knows nothing of cleancopy but the field ``_cleancopy`` in a story,
as a CMS that gives its stories back as it got them.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

Fault = Literal["drop before", "drop after", "500 after", "429", "late", "503", "garbage"]
"""``drop``: the connection ends without an answer, ``before`` or ``after`` the request is carried out. ``late``: nothing
happens until the client has given up, then the request is carried out. ``garbage``: carried out, and answered by nonsense."""

FAULTS: tuple[Fault, ...] = ("drop before", "drop after", "500 after", "429", "late", "503", "garbage")
WRITES = ("PUT", "POST", "DELETE")


@dataclass(frozen=True)
class Plan:
    """``share`` of the requests fall to a fault, drawn from ``faults`` with ``seed``; before that the ``script`` is played.

    ``late_seconds`` must be more than the client waits. Without ``etags`` the server gives none and knows no If-Match.
    ``knows_keys``: it carries out a POST with an Idempotency-Key that it has seen only once. ``forgets_marks``: its lists are without the
    field ``_cleancopy``.
    """

    seed: int = 0
    share: float = 0.0
    faults: tuple[Fault, ...] = FAULTS
    script: tuple[Fault | None, ...] = ()
    methods: tuple[str, ...] = (*WRITES, "GET")
    etags: bool = True
    knows_keys: bool = False
    forgets_marks: bool = False
    late_seconds: float = 1.0
    retry_after: str | None = "1"


class Effect(NamedTuple):
    """What was carried out. ``edition`` and ``key`` are of the story's mark; of a deletion, of what was deleted.

    ``withdrawn``: a note with ``pubstatus: canceled`` took the story's place.
    """

    did: Literal["draft", "created", "updated", "published", "withdrawn", "deleted"]
    story: str
    edition: int
    key: str
    id: str
    late: bool
    at: float

    @property
    def public(self) -> bool:
        return self.did in ("created", "updated", "published")


@dataclass
class Document:
    id: str
    body: bytes
    public: bool
    version: int

    @property
    def mark(self) -> dict[str, Any]:
        story = json.loads(self.body)
        found = story.get("_cleancopy") if isinstance(story, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def withdrawn(self) -> bool:
        return bool(json.loads(self.body).get("pubstatus") == "canceled")


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    fault: Fault | None


@dataclass
class FakeCms:
    plan: Plan
    url: str = ""
    effects: list[Effect] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    healthy: bool = False
    """Set it, and no fault comes any more."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.plan.seed)
        self._script = list(self.plan.script)
        self._lock = threading.RLock()
        self._under_way = 0
        self._versions = 0
        self._seen_keys: dict[str, tuple[int, bytes]] = {}

    def play(self, *script: Fault | None) -> None:
        """These come next, as those of the plan's script."""
        with self._lock:
            self._script = list(script)

    @property
    def stories(self) -> str:
        """The address of a story, for ``method: PUT``."""
        return f"{self.url}/stories/{{key}}"

    @property
    def posts(self) -> str:
        """The collection of posts, for ``draft: first``."""
        return f"{self.url}/posts"

    @property
    def inbox(self) -> str:
        """Takes in stories by POST: each makes a new public one, unless the server ``knows_keys``."""
        return f"{self.url}/inbox"

    def public(self, story: str) -> list[Document]:
        """What readers see of a story now."""
        with self._lock:
            return [
                one
                for one in self.documents.values()
                if one.public and not one.withdrawn and one.mark.get("story") == story
            ]

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until every request, the late ones too, is carried out."""
        until = time.monotonic() + seconds
        while self._under_way:
            assert time.monotonic() < until, "the fake CMS still has requests under way"
            time.sleep(0.01)

    def edit(self, id: str, **fields: Any) -> None:
        """An editor changes a story by hand."""
        with self._lock:
            self.documents[id].body = json.dumps(json.loads(self.documents[id].body) | fields).encode()
            self.documents[id].version = self._next_version()

    # What follows is called by the server's threads.

    def begin(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Fault | None:
        with self._lock:
            self._under_way += 1
            fault: Fault | None = None
            if not self.healthy and method in self.plan.methods:
                if self._script:
                    fault = self._script.pop(0)
                elif self._random.random() < self.plan.share:
                    fault = self._random.choice(self.plan.faults)
            self.asked.append(Asked(method, path, headers, body, fault))
            return fault

    def end(self) -> None:
        with self._lock:
            self._under_way -= 1

    def carry_out(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, late: bool
    ) -> tuple[int, dict[str, str], bytes]:
        """The status, headers and body of the answer. One request at a time, whole or not at all."""
        with self._lock:
            where = urlsplit(path)
            parts = [unquote(part) for part in where.path.split("/") if part]
            match method, parts:
                case "GET", ["stories", id]:
                    return self._read(id)
                case "PUT", ["stories", id]:
                    return self._put(id, headers, body, late)
                case "DELETE", ["stories" | "posts", id]:
                    return self._delete(id, headers, late)
                case "GET", ["posts"]:
                    return self._list(dict(parse_qsl(where.query)))
                case "POST", ["posts"]:
                    return self._draft(body, late)
                case "POST", ["posts", id, "publish"]:
                    return self._publish(id, late)
                case "POST", ["inbox"]:
                    return self._take_in(headers, body, late)
            return 404, {}, b'{"error": "no such address"}'

    def _read(self, id: str) -> tuple[int, dict[str, str], bytes]:
        document = self.documents.get(id)
        if document is None:
            return 404, {}, b'{"error": "not found"}'
        return 200, self._etag(document), document.body

    def _put(
        self, id: str, headers: Mapping[str, str], body: bytes, late: bool
    ) -> tuple[int, dict[str, str], bytes]:
        if not _is_json(body):
            return 422, {}, b'{"error": "this is no JSON"}'
        there = self.documents.get(id)
        if refused := self._precondition(there, headers):
            return refused
        self.documents[id] = now = Document(id, body, True, self._next_version())
        self._note("withdrawn" if now.withdrawn else "updated" if there else "created", now, late)
        return 200 if there else 201, self._etag(now), b"{}"

    def _delete(self, id: str, headers: Mapping[str, str], late: bool) -> tuple[int, dict[str, str], bytes]:
        there = self.documents.get(id)
        if refused := self._precondition(there, headers):
            return refused
        if there is None:
            return 404, {}, b'{"error": "not found"}'
        del self.documents[id]
        self._note("deleted", there, late)
        return 204, {}, b""

    def _list(self, query: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        found = [
            json.loads(one.body)
            | {"id": one.id, "status": "published" if one.public else "draft"}
            | ({"_cleancopy": None} if self.plan.forgets_marks else {})
            for one in self.documents.values()
            if _key_of(one) == query.get("key")
        ]
        return 200, {}, json.dumps({"items": found}).encode()

    def _draft(self, body: bytes, late: bool) -> tuple[int, dict[str, str], bytes]:
        if not _is_json(body):
            return 422, {}, b'{"error": "this is no JSON"}'
        version = self._next_version()
        draft = self.documents[f"p{version}"] = Document(f"p{version}", body, False, version)
        self._note("draft", draft, late)
        return 201, {}, json.dumps(json.loads(body) | {"id": draft.id, "status": "draft"}).encode()

    def _publish(self, id: str, late: bool) -> tuple[int, dict[str, str], bytes]:
        there = self.documents.get(id)
        if there is None:
            return 404, {}, b'{"error": "no such draft"}'
        if not there.public:
            there.public = True
            self._note("published", there, late)
        return 200, {}, b"{}"

    def _take_in(
        self, headers: Mapping[str, str], body: bytes, late: bool
    ) -> tuple[int, dict[str, str], bytes]:
        key = headers.get("idempotency-key", "")
        if self.plan.knows_keys and key in self._seen_keys:
            status, answer = self._seen_keys[key]
            return status, {}, answer
        version = self._next_version()
        story = self.documents[f"i{version}"] = Document(f"i{version}", body, True, version)
        self._note("created", story, late)
        self._seen_keys[key] = (201, b"{}")
        return 201, {}, b"{}"

    def _precondition(
        self, there: Document | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes] | None:
        if not self.plan.etags:
            return None
        if "if-none-match" in headers and there is not None:
            return 412, {}, b'{"error": "it exists"}'
        if "if-match" in headers and (there is None or headers["if-match"] != f'"{there.version}"'):
            return 412, {}, b'{"error": "it was changed"}'
        return None

    def _etag(self, document: Document) -> dict[str, str]:
        return {"ETag": f'"{document.version}"'} if self.plan.etags else {}

    def _next_version(self) -> int:
        self._versions += 1
        return self._versions

    def _note(self, did: Any, document: Document, late: bool) -> None:
        mark = document.mark
        self.effects.append(
            Effect(
                did,
                str(mark.get("story", "")),
                int(mark.get("edition", 0)),
                str(mark.get("idempotency_key", "")),
                document.id,
                late,
                time.monotonic(),
            )
        )


class Verdict(NamedTuple):
    """What went wrong, one line each: ``lost`` (not there, or too old, at the end), ``twice`` (two public copies, or one
    publication carried out twice), ``stale`` (an older edition made public after a newer), ``not_down`` (a killed story)."""

    lost: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    not_down: tuple[str, ...] = ()


NOTHING_WRONG = Verdict()


def judge(cms: FakeCms, expected: Mapping[str, int | None]) -> Verdict:
    """Compare what a CMS did with the edition of each story that should be public at the end; None: it was killed."""
    lost, twice, stale, not_down = [], [], [], []
    for story, edition in expected.items():
        public = [int(one.mark.get("edition", 0)) for one in cms.public(story)]
        if edition is None:
            not_down += [f"{story}: edition {one} is public still" for one in public]
        elif edition not in public:
            lost.append(f"{story}: edition {edition} is not public, but {public}")
        if len(public) > 1:
            twice.append(f"{story}: public in {len(public)} copies")
        newest, keys = 0, set[str]()
        for effect in cms.effects:
            if effect.story != story or not (effect.public or effect.did == "withdrawn"):
                continue
            if effect.edition < newest:
                stale.append(f"{story}: edition {effect.edition} was made public over {newest}")
            newest = max(newest, effect.edition)
            if effect.public and effect.key in keys:
                twice.append(f"{story}: edition {effect.edition} was made public twice")
            keys.add(effect.key)
    return Verdict(tuple(lost), tuple(twice), tuple(stale), tuple(not_down))


@contextmanager
def fake_cms(plan: Plan | None = None) -> Iterator[FakeCms]:
    cms = FakeCms(plan or Plan())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            fault = cms.begin(self.command, self.path, headers, body)
            try:
                self._handle(fault, headers, body)
            except OSError:
                self.close_connection = True  # the client has gone
            finally:
                cms.end()

        def _handle(self, fault: Fault | None, headers: dict[str, str], body: bytes) -> None:
            if fault in ("429", "503"):
                more = {"Retry-After": plan.retry_after} if plan and plan.retry_after else {}
                return self._answer(int(fault), more, b'{"error": "later, please"}')
            if fault == "drop before":
                return self._drop()
            if fault == "late":
                time.sleep(cms.plan.late_seconds)
            status, more, answer = cms.carry_out(self.command, self.path, headers, body, fault == "late")
            if fault == "drop after":
                return self._drop()
            if fault == "500 after":
                return self._answer(500, {}, b"<html><h1>Internal Server Error</h1>")
            if fault == "garbage":
                return self._answer(200, {}, b"\x00\xff<!-- [[[ {not json")
            return self._answer(status, more, answer)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _drop(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_POST = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            pass  # a client that was killed in the middle of a request

    server = Server(("127.0.0.1", 0), Handler)
    cms.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield cms
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _key_of(document: Document) -> str:
    story = str(document.mark.get("story", ""))
    return sha256(story.encode("utf-8", "surrogatepass")).hexdigest()[:12]
