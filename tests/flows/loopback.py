"""Small servers on loopback: one that always answers the same, one that never ends, and one for a subscriber."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler
from typing import Any


@contextmanager
def answering(
    status: int, headers: dict[str, str], body: bytes, asked: list[Mapping[str, str]] | None = None
) -> Iterator[str]:
    """A server that always answers the same."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            if asked is not None:
                asked.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response_only(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        do_GET = do_PUT = do_POST = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        yield url


@contextmanager
def dripping(what: str) -> Iterator[str]:
    """A server of which each read is in time, and which is never done: with its ``headers``, its ``body``, or what it is sent (``reads``).

    ``redirects``: each sends on to another one, with a head that takes a quarter of a second.
    """

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            with suppress(OSError):
                if what == "reads":
                    self.drip(lambda: self.connection.recv(200_000))
                self.rfile.read(int(self.headers.get("content-length") or 0))
                if what == "redirects":
                    self.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /on\r\nContent-Length: 0\r\nX-Slow: ")
                    self.drip(lambda: self.wfile.write(b"x"), 5)
                    self.wfile.write(b"\r\n\r\n")
                    return
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                if what == "body":
                    self.wfile.write(b"no\r\nContent-Length: 1000\r\n\r\n")
                self.drip(lambda: self.wfile.write(b"x"))

        def drip(self, act: Callable[[], object], times: int = 100) -> None:
            for _ in range(times):
                act()
                time.sleep(0.05)

        do_GET = do_PUT = handle_any

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        yield url


@contextmanager
def slow_handshake() -> Iterator[str]:
    """Begins a TLS handshake and sends a byte of it every 50 ms, for five seconds."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.wfile.write(b"\x16\x03\x03\x40\x00\x02")
                for _ in range(100):
                    self.wfile.write(b"x")
                    time.sleep(0.05)

    with serving(Handler) as url:
        yield url.replace("http:", "https:")


@contextmanager
def serving(handler: type[StreamRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Subscriber:
    """Answers with the statuses in turn, then with 204."""

    url: str = ""
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@contextmanager
def subscriber(*statuses: tuple[int, dict[str, str]]) -> Iterator[Subscriber]:
    found = Subscriber(statuses=list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = found.statuses.pop(0) if found.statuses else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        found.url = f"{url}/hook"
        yield found
