"""What the receiver bears: signed events over many connections at once, against the product's own process and settings.

Each event is a story of its own, stored with FULL durability before its 202. The sender is one thread over plain sockets, so that it
takes as little as possible of the machine; its requests are made and signed before the clock starts.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from sqlalchemy import text

from flows.ledger import open_ledger, queue_counts
from flows.ledger.opening import journal_told, reading
from flows.webhook import sign
from tests.bench.cpu import cpu_seconds
from tests.bench.speed import Measure
from tests.flows.running_newsroom import SECRET, free_ports

EVENTS = 10_000
WARMING = 500
CONNECTIONS = 32
BODY_BYTES = 4_000

SOURCES = """
sources:
  cms:
    kind: webhook
    secret_env: RUNNING_NEWSROOM_SECRET
    publisher: harbour-post
    map: {id: post.id, body: post.html, headline: post.title, url: post.url, published: post.published_at}
"""
DESTINATIONS = (
    "destinations:\n  copy-folder: {kind: folder, path: published, formats: [text], default: yes}\n"
)


def measure_receiver(events: int = EVENTS) -> list[Measure]:
    """Post so many events, and ask the ledger afterwards whether all are there."""
    with (
        tempfile.TemporaryDirectory(prefix="cleancopy-bench-") as folder,
        _receiver(Path(folder)) as (pid, port),
    ):
        _send(port, _requests(0, WARMING))
        requests = _requests(WARMING, WARMING + events)
        before = cpu_seconds(pid, below=False)
        began = time.monotonic()
        took = _send(port, requests)
        seconds = time.monotonic() - began
        cpu = cpu_seconds(pid, below=False) - before
        stored = _stored(Path(folder))
    cuts = quantiles(took, n=100)
    return [
        Measure(
            f"{events:,} events of 4 kB over {CONNECTIONS} connections: accepted a second",
            events / seconds,
            1_000,
            "",
            most=False,
        ),
        Measure("  the receiver's CPU for one", cpu / events * 1_000_000, 400, "µs"),
        Measure("  accepted after (p50)", cuts[49] * 1000, None, "ms"),
        Measure("  accepted after (p99)", cuts[98] * 1000, None, "ms"),
        Measure("  answered 202 and not in the ledger", events + WARMING - stored, 0, ""),
    ]


def told() -> str:
    """How what was accepted is kept, for the table's title."""
    return f"Receiver ({journal_told().partition(':')[0]})"


def _requests(first: int, last: int) -> list[bytes]:
    return [_request(number) for number in range(first, last)]


def _request(number: int) -> bytes:
    line = (
        f"The ferry {number} is back at the quay, said the harbour master on Tuesday, and “nobody” asked why."
    )
    post = {
        "id": f"ferry-{number}",
        "title": f"Ferry {number} is back at the quay",
        "url": f"https://post.example/ferry-{number}",
        "published_at": "2026-03-03T12:00:00+00:00",
        "html": "",
    }
    room = BODY_BYTES - len(json.dumps({"event": "post.saved", "post": post}))
    paragraph = f"<p>{line}</p>\n"
    post["html"] = paragraph * (room // (len(json.dumps(paragraph)) - 2))
    body = json.dumps({"event": "post.saved", "post": post})
    headers = sign(SECRET, f"evt-{number}", int(time.time()), body) | {
        "host": "receiver",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "user-agent": "bench",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /webhooks/cms HTTP/1.1\r\n{lines}\r\n{body}".encode()


@dataclass
class _Line:
    """One connection: what is still to be written, and when its request began."""

    socket: socket.socket
    began: float = 0.0
    answer: bytearray = field(default_factory=bytearray)


def _send(port: int, requests: Sequence[bytes]) -> list[float]:
    """Send all, a new one on each connection as soon as the last was answered; seconds for each."""
    left, took = deque(requests), list[float]()
    with selectors.DefaultSelector() as selector:
        for _ in range(min(CONNECTIONS, len(requests))):
            line = _Line(socket.create_connection(("127.0.0.1", port)))
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line.socket, selectors.EVENT_READ, line)
            _next(line, left)
        while len(took) < len(requests):
            ready = selector.select(30)
            assert ready, "the receiver does not answer"
            for key, _ in ready:
                line = key.data
                line.answer += line.socket.recv(65_536)
                assert line.answer, "the receiver hung up"
                if _is_whole(line.answer):
                    took.append(time.perf_counter() - line.began)
                    assert line.answer.startswith(b"HTTP/1.1 202"), bytes(line.answer)
                    assert b'"accepted"' in line.answer, bytes(line.answer)
                    line.answer.clear()
                    if left:
                        _next(line, left)
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    return took


def _next(line: _Line, left: deque[bytes]) -> None:
    line.began = time.perf_counter()
    # 4 kB go into the socket's buffer at once.
    line.socket.sendall(left.popleft())


def _is_whole(answer: bytearray) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not blank:
        return False
    size = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    return len(body) >= int(size)


def _stored(folder: Path) -> int:
    ledger = open_ledger(f"sqlite:///{folder / 'data' / 'ledger.sqlite'}")
    try:
        with reading(ledger) as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        return queue_counts(ledger)["waiting"]
    finally:
        ledger.dispose()


@contextmanager
def _receiver(folder: Path) -> Iterator[tuple[int, int]]:
    """`python -m flows.webhook` on an empty ledger; its process id and its port."""
    config = folder / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(SOURCES)
    (config / "destinations.yaml").write_text(DESTINATIONS)
    [port] = free_ports(1)
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("CLEANCOPY_", "PREFECT_"))
    }
    env |= {
        "CLEANCOPY_CONFIG": str(config),
        "CLEANCOPY_DATA": str(folder / "data"),
        "CLEANCOPY_WEBHOOK_PORT": str(port),
        "RUNNING_NEWSROOM_SECRET": SECRET,
    }
    words = [sys.executable, "-m", "flows.webhook", "--stand-by"]
    with (folder / "webhook.log").open("wb") as log:
        process = subprocess.Popen(words, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, (folder / "webhook.log").read_text()
            assert time.monotonic() < deadline, "the receiver did not come up"
            time.sleep(0.05)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    for one in measure_receiver(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS):
        print(f"{one.name:70} {one.figure:12,.1f} {one.unit}")
