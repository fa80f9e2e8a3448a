"""The reports of runs in a browser: read-only, on this machine alone unless the settings say otherwise.

``python -m flows.report_server`` serves them alone. They hold copy that is not published: who must give a password to
Prefect's server (PREFECT_SERVER_API_AUTH_STRING) must give the same one here.
"""

from __future__ import annotations

import base64
import hmac
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cleaners.write import ListedRun, run_list
from flows.settings import Settings, load_settings

LISTED = 200
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


def create_app(settings: Settings, environ: Mapping[str, str] | None = None) -> Starlette:
    """The reports as an ASGI app: ``/`` lists the runs, ``/<run>/`` is a run's report."""
    password = (os.environ if environ is None else environ).get("PREFECT_SERVER_API_AUTH_STRING")
    folder = settings.reports_dir
    folder.mkdir(parents=True, exist_ok=True)

    def runs(request: Request) -> HTMLResponse:
        listed = sorted(_reports(folder), key=lambda one: one[0], reverse=True)
        shown = [ListedRun(name, f"{name}/", f"{at:%Y-%m-%d %H:%M} UTC") for at, name in listed[:LISTED]]
        return HTMLResponse(run_list(shown, "Reports of runs", max(0, len(listed) - LISTED)))

    # Another name for this machine, given out by a stranger's DNS, is how a page in an editor's browser could read along.
    hosts = ["127.0.0.1", "localhost", "[::1]"] if settings.host in _LOOPBACK else ["*"]
    return Starlette(
        routes=[
            Route("/", runs),
            Route("/healthz", lambda request: PlainTextResponse("ok")),
            Mount("/", StaticFiles(directory=folder, html=True, check_dir=False)),
        ],
        middleware=[
            Middleware(_Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            *([Middleware(_Asks, password=password)] if password else []),
        ],
    )


def _reports(folder: Path) -> list[tuple[datetime, str]]:
    try:
        with os.scandir(folder) as entries:
            return [
                (datetime.fromtimestamp(entry.stat().st_mtime, UTC), entry.name)
                for entry in entries
                if entry.is_dir() and (Path(entry.path) / "index.html").is_file()
            ]
    except FileNotFoundError:
        return []


class _Headers:
    """No guessing of types, no frames, no traces of what was read in caches."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS.items()]
            await send(message)

        await self.app(scope, receive, sent)


class _Asks:
    """HTTP Basic, with the ``user:password`` of Prefect's server."""

    def __init__(self, app: ASGIApp, password: str) -> None:
        self.app = app
        self._wanted = b"Basic " + base64.b64encode(password.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers") or ()).get(b"authorization", b"")
        if scope["type"] != "http" or scope["path"] == "/healthz" or hmac.compare_digest(given, self._wanted):
            await self.app(scope, receive, send)
            return
        refused = PlainTextResponse(
            "These reports are for the newsroom: user and password are those of the Prefect server.\n",
            401,
            {"WWW-Authenticate": 'Basic realm="cleancopy reports", charset="UTF-8"'},
        )
        await refused(scope, receive, send)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.reports_port,
        server_header=False,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        limit_concurrency=50,
        timeout_graceful_shutdown=5,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
