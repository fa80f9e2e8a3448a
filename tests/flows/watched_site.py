"""A site on loopback that a test changes while it is followed: a real server with pages, validators, errors and a memory of who asked.

``Newsroom`` is a ledger and a configuration that follow it, with a clock that the test turns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from newsroom import NOON, small_settings
from sqlalchemy import Engine

from flows.ledger import StoryFilter, open_ledger, select_raws
from flows.ledger.watching import SourceState, source_states
from flows.settings import Settings
from flows.tasks.intake import Intake, find_source, poll


@dataclass
class Resource:
    """What lies at a path. ``etag`` is sent, and asked for by If-None-Match; without one every answer is whole."""

    body: bytes = b""
    status: int = 200
    etag: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None


class Site:
    """``asked`` are (path, status) in order."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.resources: dict[str, Resource] = {}
        self.asked: list[tuple[str, int]] = []
        self.headers: list[dict[str, str]] = []

    def put(self, path: str, body: str | bytes, **more: object) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.resources[path] = Resource(content.replace(b"BASE", self.base.encode()), **more)  # type: ignore[arg-type]

    def page(self, path: str, text: str, **more: object) -> None:
        self.put(
            path, f"<html><head><title>{text[:20]}</title></head><body><p>{text}</p></body></html>", **more
        )

    def drop(self, path: str) -> None:
        del self.resources[path]

    def heard(self) -> list[tuple[str, int]]:
        """What was asked since the last time, without robots.txt, sorted."""
        asked, self.asked = self.asked, []
        return sorted(one for one in asked if one[0] != "/robots.txt")

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.headers.append(dict(handler.headers.items()))
        found = self.resources.get(handler.path, Resource(b"nothing here", 404, etag=False))
        tag = f'"{hash(found.body) & 0xFFFFFFFF:x}"'
        unchanged = found.etag and found.status == 200 and handler.headers["If-None-Match"] == tag
        status = 304 if unchanged else found.status
        self.asked.append((handler.path, status))
        if found.answer is not None:
            found.answer(handler)
            return
        body = b"" if unchanged else found.body
        handler.send_response_only(status)
        for name, value in found.headers.items():
            handler.send_header(name, value)
        if found.etag and found.status == 200:
            handler.send_header("ETag", tag)
        if not unchanged:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            served.serve(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        served = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Newsroom:
    """Follows a site. ``later`` turns the clock on; ``look`` looks at a source."""

    settings: Settings
    engine: Engine
    now: datetime = NOON

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def look(self, name: str = "wire") -> Intake:
        return poll(self.engine, self.settings, find_source(self.settings, name), clock=lambda: self.now)

    def stories(self) -> dict[str, str]:
        """Each story's newest content, by source and id."""
        return {
            f"{one.source}:{one.story_id}": _text(one.raw.content)
            for one in select_raws(self.engine, StoryFilter())
        }

    def state(self, name: str = "wire") -> SourceState:
        return next(one for one in source_states(self.engine) if one.name == name)


@contextmanager
def newsroom(root: Path, sources: str) -> Iterator[Newsroom]:
    """``sources`` is YAML; each source may be asked at any pace and on loopback, unless it says otherwise."""
    settings = small_settings(root)
    (settings.config_dir / "sources.yaml").write_text(f"sources:\n{sources}")
    engine = open_ledger(settings.ledger_url)
    try:
        yield Newsroom(settings, engine)
    finally:
        engine.dispose()


def _text(content: object) -> str:
    return content.decode() if isinstance(content, bytes) else str(content)


def rss(*items: str, head: str = "") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>W</title>{head}{"".join(items)}</channel></rss>'


def item(guid: str, link: str | None = None, title: str = "", text: str = "Short.", updated: str = "") -> str:
    parts = [f"<guid isPermaLink='false'>{guid}</guid>", f"<title>{title or guid}</title>"]
    parts += [f"<link>BASE{link}</link>"] if link else []
    parts += [f"<pubDate>{updated}</pubDate>"] if updated else []
    return f"<item>{''.join(parts)}<description>{text}</description></item>"


def urlset(*entries: tuple[str, str | None]) -> str:
    urls = "".join(
        f"<url><loc>BASE{path}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</url>"
        for path, changed in entries
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
