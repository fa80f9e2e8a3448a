"""Senders who mean no good, against a receiver that is a process of its own: they get their 4xx, its memory stays flat, others are served."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from receiver_process import Process, receiver_process
from receiving import SECRET, Receiver, newsroom, signed_headers, story, wait_until

MB = 1_000_000
QUICKLY = """
import flows.webhook.server as server
server.HEAD_SECONDS = 0.5
from flows.webhook.__main__ import main
main(stand_by=True)
"""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("hostile")
    with receiver_process(newsroom(folder), folder / "receiver.log", code=QUICKLY) as one:
        yield one


def is_well(receiver: Receiver) -> bool:
    """An honest sender is served."""
    event = f"evt_{time.time_ns()}"
    return receiver.post(story(), event_id=event).json() == {"id": event, "status": "accepted"}


def head(receiver: Receiver, *lines: str, source: str = "plain") -> bytes:
    signed = [f"{name}: {value}" for name, value in signed_headers(story()).items()]
    words = [
        f"POST /webhooks/{source} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        *signed,
        *lines,
    ]
    return "\r\n".join([*words, "", ""]).encode()


def test_two_hundred_megabytes_in_chunks_are_refused_and_leave_no_trace(process: Process) -> None:
    receiver = process.receiver
    assert is_well(receiver)
    before = process.forget_most_resident()
    chunk = b"%x\r\n" % MB + b"x" * MB + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as sender:
        sender.sendall(head(receiver, "Transfer-Encoding: chunked"))
        try:
            for _ in range(200):
                sender.sendall(chunk)
                sent += MB
            answer = sender.recv(65_536)
        except ConnectionError:  # it has hung up on us: what it said may be gone with the connection
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    # It took its limit, lingered for a moment, and hung up.
    assert sent < 50 * MB
    wait_until(lambda: "413 too-large" in process.log)
    assert process.most_resident() - before < 15 * MB
    assert is_well(receiver)


def test_a_sender_of_too_much_who_listens_hears_why(process: Process) -> None:
    receiver = process.receiver
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as sender:
        sender.sendall(head(receiver, "Transfer-Encoding: chunked"))
        sender.sendall(b"%x\r\n" % (MB + 1) + b"x" * (MB + 1) + b"\r\n")
        assert sender.recv(65_536).startswith(b"HTTP/1.1 413")


def test_bodies_that_never_end_hold_nobody_up_and_little_memory(process: Process) -> None:
    receiver = process.receiver
    assert is_well(receiver)
    before = process.forget_most_resident()
    senders = [socket.create_connection(("127.0.0.1", receiver.port), timeout=30) for _ in range(60)]
    try:
        for sender in senders:
            # Nine tenths of what may come, and then nothing: refused after the source's 0.3 seconds.
            sender.sendall(head(receiver, "Content-Length: 1000", source="hasty") + b"x" * 900)
        assert is_well(receiver)
        answers = [sender.recv(65_536) for sender in senders]
    finally:
        for sender in senders:
            sender.close()
    assert {answer[:12] for answer in answers} == {b"HTTP/1.1 408"}
    assert process.most_resident() - before < 15 * MB
    assert process.log.count("408 slow-body") == 60


def test_connections_that_ask_for_nothing_are_closed(process: Process) -> None:
    """As many as the server takes keep everybody out, but not for long."""
    receiver = process.receiver
    starts = (
        b"",
        b"POST /webh",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: localhost\r\n",
        b"GET /healthz HTTP/1.1\r\nA",
    )
    senders = [socket.create_connection(("127.0.0.1", receiver.port), timeout=10) for _ in range(220)]
    try:
        for number, sender in enumerate(senders):
            sender.sendall(starts[number % len(starts)])
        began = time.monotonic()
        for sender in senders:
            # Closed or reset, and without a byte.
            try:
                assert sender.recv(100) == b""
            except ConnectionError:
                continue
        assert time.monotonic() - began < 8
    finally:
        for sender in senders:
            sender.close()
    assert is_well(receiver)


def test_a_head_that_comes_drop_by_drop_is_left(process: Process) -> None:
    with socket.create_connection(("127.0.0.1", process.receiver.port), timeout=10) as sender:
        sender.sendall(b"POST /webhooks/plain HTTP/1.1\r\n")
        began = time.monotonic()
        with pytest.raises(ConnectionError):  # noqa: PT012
            while time.monotonic() - began < 8:
                sender.sendall(b"X-Drop: 1\r\n")
                time.sleep(0.05)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "start",
    [
        b"POST /webhooks/plain HTTP/1.1\r\nX: ",
        b"POST /webhooks/",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ],
    ids=("header", "address", "extension of a chunk", "trailer"),
)
@pytest.mark.parametrize("more", [b"x" * 100_000, b"x\r\nX: " * 10_000])
def test_endless_heads_and_trailers_leave_no_trace(process: Process, start: bytes, more: bytes) -> None:
    before = process.forget_most_resident()
    sent = 0
    with socket.create_connection(("127.0.0.1", process.receiver.port), timeout=10) as sender:
        try:
            sender.sendall(start)
            while sent < 100 * MB:
                sender.sendall(more)
                sent += len(more)
        except ConnectionError:
            pass
    assert sent < 20 * MB
    assert process.most_resident() - before < 15 * MB
    assert is_well(process.receiver)


def test_a_connection_that_is_used_stays_open(process: Process) -> None:
    said = process.log.count("asked for nothing")
    with httpx.Client() as client:
        for _ in range(4):
            assert client.get(f"{process.receiver.base}/healthz").status_code == 200
            time.sleep(0.4)
    assert process.log.count("asked for nothing") == said


def test_more_connections_than_it_takes_are_told_so(process: Process) -> None:
    receiver = process.receiver
    senders = [socket.create_connection(("127.0.0.1", receiver.port), timeout=10) for _ in range(205)]
    try:
        time.sleep(0.1)
        answer = httpx.get(f"{receiver.base}/healthz")
        assert answer.status_code == 503
    finally:
        for sender in senders:
            sender.close()
    wait_until(lambda: httpx.get(f"{receiver.base}/healthz").status_code == 200)


def test_more_requests_than_it_works_on_are_told_when_to_come_again(process: Process) -> None:
    receiver = process.receiver
    senders = [socket.create_connection(("127.0.0.1", receiver.port), timeout=10) for _ in range(100)]
    try:
        for sender in senders:
            sender.sendall(head(receiver, "Content-Length: 1000") + b"x")
        wait_until(lambda: receiver.post(story(), event_id="evt_1").status_code == 503, seconds=5)
        response = receiver.post(story(), event_id="evt_1")
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert "at work" in response.json()["error"]
    finally:
        for sender in senders:
            sender.close()
    wait_until(lambda: receiver.post(story(), event_id=f"evt_{time.time_ns()}").status_code == 202)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS, to a server without
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /webhooks/plain HTTP/1.1\r\n" + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        b"POST /webhooks/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /webhooks/%00%ff HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-\xff: 1\r\n\r\n{}",
        b"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nContent-Type: \xff\xfe\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        b"GET /webhooks/plain HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_of_ours_is_a_4xx_or_a_hung_up_line(
    process: Process, request_bytes: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", process.receiver.port), timeout=10) as sender:
        sender.sendall(request_bytes)
        try:
            answer = sender.recv(65_536)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer
    assert is_well(process.receiver)


def test_a_body_of_one_byte_a_time_is_taken_if_it_is_quick(process: Process) -> None:
    body = story()
    signed = "\r\n".join(f"{name}: {value}" for name, value in signed_headers(body, secret=SECRET).items())
    words = f"POST /webhooks/plain HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{signed}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", process.receiver.port), timeout=10) as sender:
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender.sendall(words.encode())
        for byte in body:
            sender.sendall(b"1\r\n" + bytes((byte,)) + b"\r\n")
        sender.sendall(b"0\r\n\r\n")
        assert sender.recv(65_536).startswith(b"HTTP/1.1 202")
