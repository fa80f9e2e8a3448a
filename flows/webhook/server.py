"""The receiver under uvicorn: one process, one worker, loopback unless the settings say otherwise."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from flows.settings import Settings
from flows.webhook.app import create_app
from flows.webhook.waker import Waker, log, prefect_drain

CONNECTIONS = 200
"""At once; the next one is answered 503 by uvicorn. The app itself works on fewer (see ``MOST_AT_WORK``)."""

HEAD_SECONDS = 10.0
"""How long a connection may take for the head of a request; at most twice as long where it sends a little now and then."""


HEAD_BYTES = 300_000
"""What may come at once without a head or a body among it. (asyncio reads up to 256 kB at once.)"""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, but a connection that asks for nothing is closed, be it silent or full of talk.

    uvicorn waits for the head of a request for as long as the sender likes: a few hundred half-open connections keep everybody
    else out. And it keeps heads, trailers and whatever else is no body without a limit. (The app limits body and time of a request.)
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle_bytes = 0
        self._patience = self.loop.call_later(HEAD_SECONDS, self._look, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > HEAD_BYTES:
            log.info("a connection that sent %d bytes of no request is closed", self._idle_bytes)
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self._idle_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._idle_bytes = 0
        super().on_body(body)

    def _look(self, before: Any) -> None:
        if self.cycle is before and (before is None or before.response_complete):
            log.info("a connection that asked for nothing is closed")
            self.transport.abort()
        else:
            self._patience = self.loop.call_later(HEAD_SECONDS, self._look, self.cycle)


def uvicorn_config(app: ASGIApp, settings: Settings, port: int | None = None) -> uvicorn.Config:
    """uvicorn as the receiver wants it: bounded, silent about itself, its access log replaced by our own lines."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.webhook_port if port is None else port,
        workers=1,
        http=PatientProtocol,
        # There are none here, and no way to open one.
        ws="none",
        interface="asgi3",
        lifespan="on",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=15,
        server_header=False,
        access_log=False,
        log_config=None,
        # A forged X-Forwarded-For has no say: nothing here depends on the sender's address.
        proxy_headers=False,
    )


async def run_server(settings: Settings, on_stored: Callable[[], None] | None = None) -> None:
    """Receive events until SIGINT or SIGTERM.

    Without ``on_stored`` the drain is woken through Prefect's API, if one is configured; without one the events wait for
    the schedule. Raises cleaners.rules.ConfigError, and SystemExit where the port is taken.
    """
    waker = None
    if on_stored is None and (start := prefect_drain()) is not None:
        waker = Waker(start)
        on_stored = waker.wake
    if on_stored is None:
        log.info("nobody is woken from here (no PREFECT_API_URL): events wait for the drain that stands by")
    app = create_app(settings, on_stored=on_stored)
    # What was loaded stays for good. To be looked through for garbage again and again it cost a tenth of an event's time, and a
    # pause of 40 ms now and then (https://docs.python.org/3/library/gc.html#gc.freeze).
    gc.collect()
    gc.freeze()
    log.info("receiving at http://%s:%d/webhooks/<source>", settings.host, settings.webhook_port)
    try:
        await uvicorn.Server(uvicorn_config(app, settings)).serve()
    finally:
        if waker is not None:
            await waker.aclose()


def serve(settings: Settings, on_stored: Callable[[], None] | None = None) -> None:
    """``run_server`` as a program of its own."""
    asyncio.run(run_server(settings, on_stored))
