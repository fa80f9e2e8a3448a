"""Small CMSs on loopback that answer as WordPress, Ghost and a plain list do, after their public documentation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

BEGIN = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
LOGIN = "desk:abcd efgh ijkl"
CONTENT_KEY = "22444f78447824223cefc48062"
ADMIN_KEY = "5f8d0d55b54764421b7156d5:" + "ab" * 32


@dataclass
class Story:
    id: str
    modified: datetime
    text: str
    status: str = "publish"
    members: bool = False
    password: bool = False


@dataclass
class Cms:
    """What the server holds, and what it was asked. ``refuse``: statuses that it answers with first, with headers."""

    stories: dict[str, Story] = field(default_factory=dict)
    zone: ZoneInfo = UTC_ZONE
    asked: list[dict[str, str]] = field(default_factory=list)
    refuse: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    raw_answer: bytes | None = None
    after_answer: Any = None
    port: int = 0

    def write(self, id: int | str, text: str = "", minute: float = 0, **more: Any) -> None:
        name = str(id)
        text = text or f"<p>The ferry {name} is back at the quay, said the harbour master.</p>"
        self.stories[name] = Story(name, BEGIN + timedelta(minutes=minute), text, **more)

    def in_order(self) -> list[Story]:
        return sorted(
            self.stories.values(), key=lambda one: (self.local(one), int(one.id) if one.id.isdecimal() else 0)
        )

    def local(self, story: Story) -> datetime:
        """The site's own time, without its zone: in it an hour comes twice when summer ends."""
        return story.modified.astimezone(self.zone).replace(tzinfo=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Refusal(Exception):
    pass


@contextmanager
def serving(cms: Cms) -> Iterator[Cms]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            where = urlsplit(self.path)
            query = dict(parse_qsl(where.query))
            cms.asked.append({"path": where.path, **query})
            headers: dict[str, str] = {}
            if cms.refuse:
                status, headers = cms.refuse.pop(0)
                body = b"{}"
            elif cms.raw_answer is not None:
                status, body = 200, cms.raw_answer
            else:
                try:
                    status, answer = 200, _answer(cms, where.path, query, dict(self.headers))
                except Refusal as refusal:
                    status, answer = refusal.args
                body = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if cms.after_answer is not None:
                cms.after_answer()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cms.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield cms
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(cms: Cms, path: str, query: dict[str, str], headers: dict[str, str]) -> Any:
    if path == "/wp-json/wp/v2/posts":
        return _wordpress(cms, query, headers)
    if path == "/ghost/api/content/posts/":
        if query.get("key") != CONTENT_KEY:
            raise Refusal(401, {"errors": [{"message": "Unknown Content API Key"}]})
        return _ghost(cms, query, admin=False)
    if path == "/ghost/api/admin/posts/":
        _check_token(headers.get("Authorization", ""))
        return _ghost(cms, query, admin=True)
    if path == "/list":
        return _list(cms, query, headers)
    raise Refusal(404, {"code": "rest_no_route"})


def _wordpress(cms: Cms, query: dict[str, str], headers: dict[str, str]) -> Any:
    given = headers.get("Authorization")
    knows = given == "Basic " + base64.b64encode(LOGIN.encode()).decode()
    if given and not knows:
        raise Refusal(401, {"code": "incorrect_password"})
    statuses = query.get("status", "publish").split(",")
    if (query.get("context") == "edit" or statuses != ["publish"]) and not knows:
        raise Refusal(401, {"code": "rest_forbidden_context"})
    found = [one for one in cms.in_order() if one.status in statuses]
    if "include" in query:
        found = [one for one in found if one.id in query["include"].split(",")]
    if "modified_after" in query:
        # As WP_Date_Query does: turned into the site's time, and compared with post_modified, which has no zone.
        after = datetime.fromisoformat(query["modified_after"]).astimezone(cms.zone).replace(tzinfo=None)
        found = [one for one in found if cms.local(one) > after]
    size, number = int(query.get("per_page", 10)), int(query.get("page", 1))
    if not 1 <= size <= 100:
        raise Refusal(400, {"code": "rest_invalid_param"})
    part = found[(number - 1) * size : number * size]
    if number > 1 and not part:
        raise Refusal(400, {"code": "rest_post_invalid_page_number"})
    return [_wordpress_post(cms, one, query.get("context") == "edit") for one in part]


def _wordpress_post(cms: Cms, one: Story, edit: bool) -> dict[str, Any]:
    gmt = one.modified.strftime("%Y-%m-%dT%H:%M:%S")
    title = f"The ferry &#8220;{one.id}&#8221; &amp; more"
    content = {"rendered": "" if one.password and not edit else one.text, "protected": one.password}
    return {
        "id": int(one.id),
        "link": f"https://post.example/?p={one.id}",
        "date_gmt": "2026-03-03T05:00:00",
        "modified_gmt": gmt,
        "status": one.status,
        "title": {"rendered": title} | ({"raw": f"The ferry “{one.id}” & more"} if edit else {}),
        "content": content
        | ({"raw": f"<!-- wp:paragraph -->{one.text}<!-- /wp:paragraph -->"} if edit else {}),
    }


def _ghost(cms: Cms, query: dict[str, str], admin: bool) -> Any:
    found = [one for one in cms.in_order() if admin or one.status == "publish"]
    wanted = query.get("filter", "")
    if after := re.search(r"updated_at:>'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'", wanted):
        found = [one for one in found if one.modified.strftime("%Y-%m-%d %H:%M:%S") > after[1]]
    if ids := re.search(r"id:\[([^\]]*)\]", wanted):
        found = [one for one in found if one.id in ids[1].split(",")]
    if status := re.search(r"status:(-?)published", wanted):
        found = [one for one in found if (one.status == "publish") != bool(status[1])]
    size, number = min(100, int(query.get("limit", 15))), int(query.get("page", 1))
    part = found[(number - 1) * size : number * size]
    more = number * size < len(found)
    posts = [
        {
            "id": one.id,
            "title": f"The ferry {one.id}",
            "html": one.text if admin or not one.members else one.text[:10],
            "url": f"https://post.example/{one.id}/",
            "published_at": "2026-03-03T05:00:00.000+00:00",
            "updated_at": one.modified.isoformat(timespec="milliseconds"),
            "custom_excerpt": "The harbour has its ferry again.",
            "authors": [{"name": "Ana Duarte"}, {"name": "Ilse Brandvik"}],
            "primary_tag": {"name": "Harbour"},
        }
        | (
            {"status": {"publish": "published"}.get(one.status, one.status)}
            if admin
            else {"access": not one.members}
        )
        for one in part
    ]
    return {"posts": posts, "meta": {"pagination": {"page": number, "next": number + 1 if more else None}}}


def _check_token(given: str) -> None:
    kind, _, token = given.partition(" ")
    name, secret = ADMIN_KEY.split(":")
    head, claims, signature = token.split(".")
    expected = hmac.new(bytes.fromhex(secret), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    decoded = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, claims)]
    good = base64.urlsafe_b64encode(expected).rstrip(b"=").decode() == signature
    if kind != "Ghost" or not good or decoded[0]["kid"] != name or decoded[1]["aud"] != "/admin/":
        raise Refusal(401, {"errors": [{"message": "Invalid token"}]})


def _list(cms: Cms, query: dict[str, str], headers: dict[str, str]) -> Any:
    if headers.get("Authorization") != "Bearer t0ken":
        raise Refusal(403, {})
    found = cms.in_order()[::-1]
    if "updated_after" in query:
        found = [one for one in found if one.modified > datetime.fromisoformat(query["updated_after"])]
    first = int(query.get("cursor", 0))
    part = found[first : first + 3]
    following = str(first + 3) if first + 3 < len(found) else None
    items = [
        {"doc": {"key": one.id, "html": one.text}, "meta": {"at": one.modified.isoformat()}} for one in part
    ]
    return {
        "data": {"articles": items},
        "links": {"next": following and f"/list?cursor={following}", "token": following},
    }
