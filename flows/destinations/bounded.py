"""A transport for httpx in which everything together ends at one moment: connecting, TLS, sending, headers, body.

httpx's own time limits are for each read: a server that sends a byte every few seconds keeps it for ever, and with it a
publisher whose lease runs out.
"""

from __future__ import annotations

import ssl
import time
import typing
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx


class Deadline:
    """Until when the request under way must have ended; shared by a transport and its connections."""

    def __init__(self) -> None:
        self._at = float("inf")

    def set(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self, most: float | None = None) -> float | None:
        """The seconds left, at most ``most``. Raises httpcore.ReadTimeout where none is."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("took too long")
        if left == float("inf"):
            return most
        return left if most is None else min(left, most)


class BoundedTransport(httpx.BaseTransport):
    """HTTP/1.1 over kept connections, all bounded by ``deadline``. For one thread. Proxies of the environment are not used.

    Raises httpcore's exceptions, not httpx's.
    """

    def __init__(self, deadline: Deadline, connect_seconds: float, tls: bool = True) -> None:
        self._connect_seconds = connect_seconds
        self._pool = httpcore.ConnectionPool(
            # The system's certificates, and those of SSL_CERT_FILE: a newsroom's CMS may have one of the house. Read only
            # where they are needed, which takes a while.
            ssl_context=ssl.create_default_context() if tls else None,
            max_connections=4,
            keepalive_expiry=5.0,
            network_backend=_Backend(deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": {"connect": self._connect_seconds, "pool": self._connect_seconds}},
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._plain, self._deadline = httpcore.SyncBackend(), deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(
            self._plain.connect_tcp(host, port, left, local_address, socket_options), self._deadline
        )


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> typing.Any:
        return self._stream.get_extra_info(info)
