"""The receiver: a CMS posts a story, it is verified, stored for good and only then answered 202.

Everything else is a 4xx or 503 that says in JSON what was wrong and what to do next, with nothing stored. The log has
source, event id, size and outcome of each request; never a body, a secret or a signature.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from flows.ledger import Arrival
from flows.settings import Settings, load_sources
from flows.webhook.body import discard_body, read_body
from flows.webhook.doors import Door, find_door, open_doors
from flows.webhook.keeping import Keeper
from flows.webhook.refusal import Refused
from flows.webhook.strict_json import read_object

log = logging.getLogger("cleancopy.webhook")

LINGER_BYTES = 1_000_000
LINGER_SECONDS = 1.0
"""How much and how long a refused sender may go on sending before the connection is closed."""


@dataclass(slots=True)
class Visit:
    """What the log line of one request will say."""

    source: str = "?"
    event_id: str = "-"
    size: int = 0
    read: bool = False


def create_app(
    settings: Settings,
    *,
    on_stored: Callable[[], None] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Starlette:
    """The receiver as an ASGI app: ``POST /webhooks/{source}``, ``GET /healthz``, ``GET /readyz``.

    ``on_stored`` is called in the event loop after each event that is newly stored, and must not block; what it raises
    is logged and changes nothing for the sender. Secrets are read from ``environ`` here, once: a changed secret needs a
    restart. Raises cleaners.rules.ConfigError for a sources.yaml that cannot be used; a ledger that is
    down raises nothing (503 until it is back).
    """
    doors = open_doors(load_sources(settings.config_dir), os.environ if environ is None else environ)
    keeper = Keeper(settings.ledger_url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for name, door in doors.items():
            if door.problem:
                log.error("webhook source %s answers 503: %s", name, door.problem)
        warming = asyncio.create_task(keeper.warm())
        yield
        warming.cancel()
        keeper.close()

    async def webhook(request: Request) -> Response:
        visit = Visit()
        stream = request.stream()
        try:
            response = await _take(request, stream, visit, doors, keeper, on_stored)
        except Refused as refusal:
            log.warning("refused %s (%s)", _line(visit), f"{refusal.status} {refusal.code}")
            response = _answer(refusal)
            if not visit.read and not await discard_body(
                stream, request.headers, LINGER_BYTES, LINGER_SECONDS
            ):
                response.headers["Connection"] = "close"
        except ClientDisconnect:
            log.warning("refused %s (the sender went away)", _line(visit))
            response = Response(status_code=400)  # nobody reads it
        return response

    async def readyz(_: Request) -> Response:
        try:
            await keeper.check()
        except Refused as refusal:
            return _answer(refusal)
        shut = sorted(name for name, door in doors.items() if door.problem)
        return JSONResponse(
            {"status": "ready", "sources": len(doors) - len(shut), "sources_without_secret": len(shut)}
        )

    return Starlette(
        routes=[
            Route("/webhooks/{source}", webhook, methods=["POST"]),
            Route("/healthz", _healthz, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _http_error},
        lifespan=lifespan,
    )


async def _take(
    request: Request,
    stream: AsyncIterator[bytes],
    visit: Visit,
    doors: Mapping[str, Door],
    keeper: Keeper,
    on_stored: Callable[[], None] | None,
) -> Response:
    """From the cheapest question to the dearest: door, headers, body, signature, JSON, story, ledger."""
    door = find_door(doors, request.path_params["source"])
    source = door.source
    visit.source = source.name
    _check_content_type(request)
    proof = door.adapter.check(request.headers.items())
    body = await read_body(stream, request.headers, source.limits.story_bytes, source.limits.seconds)
    visit.read, visit.size = True, len(body)
    visit.event_id = door.adapter.verify(door.secrets, proof, body)
    raw = door.adapter.story(read_object(body), source)
    if raw is None:
        # A draft, a page of the site: the CMS is to hear that all is well, or it switches its webhook off.
        log.info("ignored %s", _line(visit))
        return JSONResponse({"id": visit.event_id, "status": "ignored"}, status_code=202)
    new = await keeper.keep(Arrival(raw, source.name, event_id=visit.event_id))
    status = "accepted" if new else "duplicate"
    log.info("%s %s", status, _line(visit))
    if new and on_stored is not None:
        _tell(on_stored)
    return JSONResponse({"id": visit.event_id, "status": status}, status_code=202)


def _check_content_type(request: Request) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json" and not (
        content_type.startswith("application/") and content_type.endswith("+json")
    ):
        raise Refused(
            415,
            "wrong-content-type",
            "The body is not announced as JSON.",
            "Send one JSON object with the header Content-Type: application/json.",
        )
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        # What is small on the wire may be a gigabyte when it is unpacked.
        raise Refused(
            415,
            "compressed",
            "The body is compressed.",
            "Send it as it is, without the header Content-Encoding.",
        )


def _tell(on_stored: Callable[[], None]) -> None:
    try:
        on_stored()
    except Exception as error:
        log.error("the drain could not be woken: %s; the schedule will find the event", type(error).__name__)


def _line(visit: Visit) -> str:
    return f"source={visit.source} event={visit.event_id} bytes={visit.size}"


def _answer(refusal: Refused) -> JSONResponse:
    return JSONResponse(
        {"error": refusal.error, "next": refusal.hint}, status_code=refusal.status, headers=refusal.headers
    )


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def _http_error(_: Request, error: Exception) -> Response:
    """What the router answers by itself: no such path, no such method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    sentences = {
        404: ("There is nothing at this address.", "Post events to /webhooks/ and the name of their source."),
        405: (
            "This address does not take this method.",
            "Post events to /webhooks/, get /healthz and /readyz.",
        ),
    }
    sentence, hint = sentences.get(status, ("The request could not be served.", "Send it again later."))
    return JSONResponse({"error": sentence, "next": hint}, status_code=status, headers=headers)
