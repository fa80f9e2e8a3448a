"""A server of many feeds, in a process of its own: `python -m tests.bench.feed_server FEEDS PORT_FILE`.

It answers 304 to who has the newest version. GET /change?every=20 gives each twentieth feed one story more; GET /counts tells how many
answers there were of each status since the last time.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvicorn

ENTRIES = 5
WORDS = "The harbour board meets on Thursday to decide how long the ferry will sail this winter, said Ida Brandvold. "


class Feeds:
    """An ASGI application. ``versions`` counts the changes of each feed."""

    def __init__(self, feeds: int) -> None:
        self.versions = [0] * feeds
        self.counts: Counter[int] = Counter()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, headers, body = self.answer(scope)
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def answer(self, scope: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        path = scope["path"]
        if path == "/counts":
            counts, self.counts = self.counts, Counter()
            return 200, [], json.dumps(counts).encode()
        if path == "/change":
            every = int(parse_qs(scope["query_string"].decode())["every"][0])
            for number in range(0, len(self.versions), every):
                self.versions[number] += 1
            return 200, [], b""
        if not path.startswith("/feed/"):
            self.counts[404] += 1
            return 404, [], b""
        number = int(path.rpartition("/")[2])
        etag = f'"{number}-{self.versions[number]}"'.encode()
        if dict(scope["headers"]).get(b"if-none-match") == etag:
            self.counts[304] += 1
            return 304, [(b"etag", etag)], b""
        self.counts[200] += 1
        return (
            200,
            [(b"etag", etag), (b"content-type", b"application/rss+xml")],
            feed(number, self.versions[number]),
        )


def feed(number: int, version: int) -> bytes:
    """A feed whose entries hold their stories whole, the newest first."""
    entries = "".join(
        f"<item><guid>tag:feeds.example,2026:{number}-{story}</guid><link>https://feeds.example/{number}/{story}</link>"
        f"<title>Story {story} of feed {number}</title><content:encoded>&lt;p&gt;{WORDS * 8}&lt;/p&gt;</content:encoded></item>"
        for story in range(ENTRIES + version - 1, version - 1, -1)
    )
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Feed {number}</title>{entries}</channel></rss>"
    ).encode()


def _main(feeds: int, port_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port_file.write_text(str(listening.getsockname()[1]))
        config = uvicorn.Config(Feeds(feeds), log_level="error", access_log=False, lifespan="off")
        asyncio.run(uvicorn.Server(config).serve([listening]))


if __name__ == "__main__":
    _main(int(sys.argv[1]), Path(sys.argv[2]))
