"""A small CMS on loopback that keeps posts as Ghost does: a document (Lexical), the HTML made of it, ``updated_at`` in whole seconds.

It knows texts, headings, HTML cards and cards that are one figure. Its clock is its own and goes ten seconds with every save, so that no
write has to wait for the next second. ``faults`` come with the next writes: "drop after" (carried out, and not answered), "drop before",
"editor" (somebody saves just before), "shows otherwise" (the HTML comes out another one, as after an update of Ghost).
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "5f8d0d55b54764421b7156d5:" + "ab" * 32
BEGIN = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)


def text(words: str, format: int = 0) -> dict[str, Any]:
    return {
        "type": "extended-text",
        "version": 1,
        "text": words,
        "format": format,
        "mode": "normal",
        "style": "",
        "detail": 0,
    }


def block(kind: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "version": 1,
        "direction": "ltr",
        "format": "",
        "indent": 0,
        "children": list(children),
        **more,
    }


def paragraph(words: str = "") -> dict[str, Any]:
    return block("paragraph", *([text(words)] if words else []))


def heading(words: str, tag: str = "h2") -> dict[str, Any]:
    return block("extended-heading", text(words), tag=tag)


def document(*children: dict[str, Any]) -> dict[str, Any]:
    return {"root": block("root", *children)}


def figure(name: str) -> dict[str, Any]:
    """A card that is shown as one element, and of which nobody but the CMS knows how."""
    return {
        "type": "bookmark",
        "version": 1,
        "url": f"https://post.example/{name}",
        "metadata": {"title": name},
    }


def html_card(html: str) -> dict[str, Any]:
    return {"type": "html", "version": 1, "html": html}


def shown(document: Mapping[str, Any], otherwise: bool = False) -> str:
    """The document as HTML."""
    children = document["root"]["children"]
    if children and children[-1]["type"] == "paragraph" and not children[-1]["children"]:
        children = children[:-1]
    anchors: dict[str, int] = {}
    return "".join(_shown(child, anchors) for child in children) + ("<!--new-->" if otherwise else "")


def _shown(child: Mapping[str, Any], anchors: dict[str, int]) -> str:
    if child["type"] == "html":
        return f"\n<!--kg-card-begin: html-->\n{child['html']}\n<!--kg-card-end: html-->\n"
    if child["type"] == "bookmark":
        return f'<figure class="kg-card kg-bookmark-card"><a href="{child["url"]}"><div>{child["metadata"]["title"]}</div></a></figure>'
    inner = "".join(_inline(one) for one in child["children"])
    if child["type"] == "extended-heading":
        name = "-".join("".join(one["text"] for one in child["children"]).lower().split())
        anchors[name] = number = anchors.get(name, -1) + 1
        return f'<{child["tag"]} id="{name}{f"-{number}" if number else ""}">{inner}</{child["tag"]}>'
    return f"<p>{inner}</p>"


def _inline(one: Mapping[str, Any]) -> str:
    if one["type"] == "linebreak":
        return "<br>"
    words = escape(one["text"], quote=False)
    return f"<strong>{words}</strong>" if one["format"] & 1 else words


@dataclass
class SmallGhost:
    """``writes`` are the changes that came from outside: (method, id, the fields that were sent)."""

    url: str = ""
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    now: datetime = BEGIN

    def __post_init__(self) -> None:
        self.lock = threading.RLock()

    def save(self, id: str, *children: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """An editor saves a post, in Ghost's own editor."""
        with self.lock:
            if children:
                fields["lexical"] = json.dumps(document(*children))
            before = self.posts.get(
                id,
                {"id": id, "title": "The ferry is back", "status": "published", "url": f"{self.url}/{id}/"},
            )
            return self._keep(before | fields)

    def save_at_once(self, id: str, *children: dict[str, Any]) -> None:
        """An editor saves in the same second as whoever saved last."""
        self.now -= timedelta(seconds=10)
        self.save(id, *children)

    def event(self, id: str) -> dict[str, Any]:
        """What Ghost's webhook would say of the post as it stands."""
        with self.lock:
            post = {key: value for key, value in self.posts[id].items() if key != "lexical"}
            return {"post": {"current": post, "previous": {}}}

    def editor_saves(self, id: str) -> None:
        """What the fault "editor" does."""
        self.save(id, paragraph("The harbour master wrote this meanwhile."))

    # What follows is called by the server's threads.

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        with self.lock:
            where = urlsplit(path)
            steps = [step for step in where.path.split("/") if step][3:]
            if len(steps) not in (1, 2) or steps[0] != "posts":
                return 404, {"errors": [{"message": "Resource not found"}]}
            id = steps[1] if len(steps) == 2 else ""
            if method == "GET":
                return self._look(id, dict(parse_qsl(where.query)))
            return self._write(method, id, body["posts"][0])

    def _look(self, id: str, query: Mapping[str, str]) -> tuple[int, Any]:
        if id:
            found = [self.posts[id]] if id in self.posts else []
            return (200, {"posts": found}) if found else (404, {"errors": [{"message": "Post not found."}]})
        wanted = query.get("filter", "")
        found = sorted(self.posts.values(), key=lambda one: str(one["updated_at"]))
        if words := wanted.partition("codeinjection_foot:~'")[2].rstrip("'"):
            found = [one for one in found if words in (one.get("codeinjection_foot") or "")]
        if after := re.search(r"updated_at:>'(\S+ \S+)'", wanted):
            found = [one for one in found if one["updated_at"].replace("T", " ") > after[1]]
        if ids := re.search(r"id:\[(.*?)\]", wanted):
            found = [one for one in found if one["id"] in ids[1].split(",")]
        if status := re.search(r"status:(-?)published", wanted):
            found = [one for one in found if (one["status"] == "published") != bool(status[1])]
        return 200, {"posts": found, "meta": {"pagination": {"next": None}}}

    def _write(self, method: str, id: str, sent: dict[str, Any]) -> tuple[int, Any]:
        if method == "POST":
            id = f"p{len(self.posts)}"
            post = {"id": id, "url": f"{self.url}/{id}/"} | sent
            self.writes.append((method, id, sent))
            return 201, {"posts": [self._keep(post)]}
        if id not in self.posts:
            return 404, {"errors": [{"message": "Post not found."}]}
        if sent.get("updated_at") != self.posts[id]["updated_at"]:
            return 409, {
                "errors": [
                    {
                        "code": "UPDATE_COLLISION",
                        "message": "Saving failed! Someone else is editing this post.",
                    }
                ]
            }
        self.writes.append((method, id, sent))
        return 200, {"posts": [self._keep(self.posts[id] | sent)]}

    def _keep(self, post: dict[str, Any]) -> dict[str, Any]:
        otherwise = bool(self.faults) and self.faults[0] == "shows otherwise" and bool(self.faults.pop(0))
        if post.get("lexical"):
            post["html"] = shown(json.loads(post["lexical"]), otherwise)
        self.now += timedelta(seconds=10)
        post["updated_at"] = f"{self.now:%Y-%m-%dT%H:%M:%S}.000Z"
        self.posts[post["id"]] = post
        return post


@contextmanager
def small_ghost() -> Iterator[SmallGhost]:
    ghost = SmallGhost()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            fault = ""
            if self.command != "GET" and ghost.faults and ghost.faults[0] != "shows otherwise":
                fault = ghost.faults.pop(0)
            if fault == "drop before":
                self._drop()
                return
            if fault == "editor":
                ghost.editor_saves(urlsplit(self.path).path.rstrip("/").rpartition("/")[2])
            status, answer = ghost.answer(self.command, self.path, json.loads(body) if body else None)
            if fault == "drop after":
                self._drop()
                return
            written = json.dumps(answer).encode()
            self.send_response_only(status)
            self.send_header("Date", format_datetime(ghost.now + timedelta(seconds=5), usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def _drop(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_POST = handle_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ghost.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield ghost
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
