"""Requests in which everything together ends at one moment: looking the name up, connecting, TLS, sending, headers, body.

The time limits of httpcore and httpx are for each read: a server that sends a byte every few seconds keeps them for ever, and with them
a look at a source, or a publisher whose lease runs out. The look-up of a name they do not limit at all.
"""

from __future__ import annotations

import ssl
import threading
import time
import typing
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from flows.sources.addresses import resolve
from flows.sources.lookups import Lookup, look_up

WRITTEN_BYTES = 16_384
"""So many are given to the system at once. What takes few of them at a time is asked for its deadline in between."""


class Deadline(threading.local):
    """Until when what this thread asks for must have ended; shared by a pool and its connections. Each thread has its own."""

    def __init__(self) -> None:
        self._at = float("inf")

    def set(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """So many seconds for what is asked in the block. What was set before counts again behind it."""
        before = self._at
        self.set(seconds)
        try:
            yield
        finally:
            self._at = before

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

    def __init__(
        self, deadline: Deadline, connect_seconds: float, ssl_context: ssl.SSLContext | None
    ) -> None:
        self._connect_seconds = connect_seconds
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=4,
            keepalive_expiry=5.0,
            network_backend=BoundedBackend(deadline),
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
                extensions={
                    **request.extensions,
                    "timeout": {"connect": self._connect_seconds, "pool": self._connect_seconds},
                },
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


class BoundedBackend(httpcore.NetworkBackend):
    """Connections that are made, and whose every read and write ends, by the ``deadline``."""

    def __init__(self, deadline: Deadline, lookup: Lookup = resolve) -> None:
        self._plain, self._deadline, self._lookup = httpcore.SyncBackend(), deadline, lookup

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Each address of ``host`` is tried, for at most ``timeout`` seconds. Looking it up may take all the time that is left."""
        problem: Exception = httpcore.ConnectError("the name has no address")
        for address in self._addresses(host, port):
            try:
                left = self._deadline.left(timeout)
                stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Stream(stream, self._deadline)
        raise problem

    def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        try:
            return tuple(str(one) for one in look_up(self._lookup, host, port, self._deadline.left()))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (OSError, ValueError) as error:
            raise httpcore.ConnectError(str(error)) from error


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for at in range(0, len(buffer), WRITTEN_BYTES):
            self._stream.write(buffer[at : at + WRITTEN_BYTES], self._deadline.left(timeout))

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
