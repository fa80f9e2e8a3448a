"""The receiver under uvicorn: one process, one worker, loopback unless the settings say otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from flows.settings import Settings
from flows.webhook.app import create_app
from flows.webhook.waker import Waker, log, prefect_drain

CONNECTIONS = 100
"""At once; the next one is answered 503 by uvicorn. With bodies of 1 MB this bounds the memory, too."""


def uvicorn_config(app: Starlette, settings: Settings, port: int | None = None) -> uvicorn.Config:
    """uvicorn as the receiver wants it: bounded, silent about itself, its access log replaced by our own lines."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.webhook_port if port is None else port,
        workers=1,
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
    log.info("receiving at http://%s:%d/webhooks/<source>", settings.host, settings.webhook_port)
    try:
        await uvicorn.Server(uvicorn_config(app, settings)).serve()
    finally:
        if waker is not None:
            await waker.aclose()


def serve(settings: Settings, on_stored: Callable[[], None] | None = None) -> None:
    """``run_server`` as a program of its own."""
    asyncio.run(run_server(settings, on_stored))
