"""The receiver: a CMS posts a story, it is verified, stored for good and only then answered 202.

Everything else is a 4xx or 503 that says in JSON what was wrong and what to do next, with nothing stored. The log has
source, event id, size and outcome of each request; never a body, a secret or a signature.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from flows.ledger import Arrival
from flows.settings import Settings, load_sources
from flows.webhook.blocks import read_block
from flows.webhook.body import discard_body, read_body
from flows.webhook.doors import Door, ReadBlock, find_door, keep_opening, open_doors
from flows.webhook.keeping import Keeper
from flows.webhook.metrics import CONTENT_TYPE, Metrics
from flows.webhook.openapi import describe
from flows.webhook.refusal import Refused
from flows.webhook.strict_json import read_object

log = logging.getLogger("cleancopy.webhook")

EVENTS = "/webhooks/"

MOST_AT_WORK = 100
"""Requests at once; the next one is answered 503. With bodies of 1 MB this bounds the memory, too."""

LINGER_BYTES = 1_000_000
LINGER_SECONDS = 1.0
"""How much and how long a refused sender may go on sending before the connection is closed."""

BLOCK_SECONDS = 10.0
"""How long the start waits for secrets that Prefect has; the sources that need them are open later then."""

OnStored = Callable[[], None]


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
    on_stored: OnStored | None = None,
    environ: Mapping[str, str] | None = None,
    blocks: ReadBlock = read_block,
) -> ASGIApp:
    """The receiver as an ASGI app: ``POST /webhooks/{source}``, ``GET /healthz``, ``/readyz``, ``/metrics``, ``/openapi.json``.

    ``on_stored`` is called in the event loop after each event that is newly stored, and must not block; what it raises
    is logged and changes nothing for the sender. Secrets are read here, once, from ``environ``, and from Prefect's ``blocks`` when it
    starts: a changed secret needs a restart. Raises cleaners.rules.ConfigError for a sources.yaml that cannot be used; a ledger
    that is down raises nothing (503 until it is back).
    """
    doors = open_doors(load_sources(settings.config_dir), os.environ if environ is None else environ)
    keeper = Keeper(settings.ledger_url)
    metrics = Metrics(doors, lambda: (keeper.waiting, keeper.waiting_bytes))
    webhook = _Webhook(doors, keeper, metrics, on_stored)
    described = describe(door.source for door in doors.values())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for name, door in doors.items():
            if door.problem and door.source.secret_block is None:
                log.error("webhook source %s answers 503: %s", name, door.problem)
        tasks = [asyncio.create_task(keeper.warm())]
        if any(door.source.secret_block for door in doors.values()):
            tried = asyncio.Event()
            tasks.append(asyncio.create_task(keep_opening(doors, blocks, tried)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(tried.wait(), BLOCK_SECONDS)
        yield
        for task in tasks:
            task.cancel()
        keeper.close()

    async def readyz(_: Request) -> Response:
        try:
            await keeper.check()
        except Refused as refusal:
            return JSONResponse(_told(refusal), refusal.status, refusal.headers)
        shut = sum(door.problem is not None for door in doors.values())
        return JSONResponse({"status": "ready", "sources": len(doors) - shut, "sources_without_secret": shut})

    async def metered(_: Request) -> Response:
        return Response(await metrics.text(keeper.read), headers={"Content-Type": CONTENT_TYPE})

    async def openapi(_: Request) -> Response:
        return JSONResponse(described)

    async def http_error(_: Request, error: Exception) -> Response:
        """What the router answers by itself: no such path, no such method."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        reason, sentence, hint = _ROUTED.get(status, _BROKEN)
        metrics.refused("?", reason, status)
        return JSONResponse({"error": sentence, "next": hint}, status_code=status, headers=headers)

    others = Starlette(
        routes=[
            Route(EVENTS + "{source}", webhook, methods=["POST"]),
            Route("/healthz", _healthz, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
            Route("/metrics", metered, methods=["GET"]),
            Route("/openapi.json", openapi, methods=["GET"]),
        ],
        exception_handlers={HTTPException: http_error},
        lifespan=lifespan,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Past the router and two layers that turn exceptions into answers, which cost more than the signature.
        if scope["type"] == "http" and scope["method"] == "POST" and _names_source(scope["path"]):
            await webhook(scope, receive, send)
        else:
            await others(scope, receive, send)

    return app


def _names_source(path: str) -> bool:
    return path.startswith(EVENTS) and len(path) > len(EVENTS) and "/" not in path[len(EVENTS) :]


@dataclass(slots=True)
class _Webhook:
    """The app that takes an event, and answers it whatever happens."""

    doors: Mapping[str, Door]
    keeper: Keeper
    metrics: Metrics
    on_stored: OnStored | None
    at_work: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit, began = Visit(), perf_counter()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        stream = _chunks(receive)
        self.at_work += 1
        try:
            status = await self._take(scope["path"][len(EVENTS) :], headers, stream, visit)
            self.metrics.took(visit.source, status, perf_counter() - began)
            log.info("%s source=%s event=%s bytes=%d", status, visit.source, visit.event_id, visit.size)
            await _answer(send, 202, {"id": visit.event_id, "status": status})
        except Refused as refusal:
            self.metrics.refused(visit.source, refusal.code, refusal.status)
            log.warning("refused %s (%d %s)", _line(visit), refusal.status, refusal.code)
            if not visit.read and not await discard_body(stream, dict(headers), LINGER_BYTES, LINGER_SECONDS):
                refusal.headers["Connection"] = "close"
            await _answer(send, refusal.status, _told(refusal), refusal.headers)
        except ClientDisconnect:
            self.metrics.refused(visit.source, "sender-went-away", 400)
            log.warning("refused %s (the sender went away)", _line(visit))
        except Exception as error:
            # Ours to mend. The place and no message, which may quote the story.
            self.metrics.refused(visit.source, "our-mistake", 500)
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("failed %s: %s\n%s", _line(visit), type(error).__name__, place)
            _, sentence, hint = _BROKEN
            await _answer(send, 500, {"error": sentence, "next": hint}, {"Connection": "close"})
        finally:
            self.at_work -= 1

    async def _take(
        self, name: str, headers: Sequence[tuple[str, str]], stream: AsyncIterator[bytes], visit: Visit
    ) -> str:
        """From the cheapest question to the dearest: door, headers, body, signature, JSON, story, ledger. What became of the event."""
        door = find_door(self.doors, name)
        source = door.source
        visit.source = source.name
        if self.at_work > MOST_AT_WORK:
            raise Refused(
                503,
                "too-many-at-once",
                f"More than {MOST_AT_WORK} requests are at work.",
                "Send the event again, with the same id, in 5 seconds or later.",
                {"Retry-After": "5"},
            )
        said = dict(headers)
        _check_content_type(said)
        proof = door.adapter.check(headers)
        body = await read_body(stream, said, source.limits.story_bytes, source.limits.seconds)
        visit.read, visit.size = True, len(body)
        visit.event_id = door.adapter.verify(door.secrets, proof, body)
        raw = door.adapter.story(read_object(body), source)
        if raw is None:
            # A draft, a page of the site: the CMS is to hear that all is well, or it switches its webhook off.
            return "ignored"
        if not await self.keeper.keep(Arrival(raw, source.name, event_id=visit.event_id), len(body)):
            return "duplicate"
        if self.on_stored is not None:
            _tell(self.on_stored)
        return "accepted"


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it comes in. Raises ClientDisconnect."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        if body := message.get("body"):
            yield body
        if not message.get("more_body"):
            return


def _check_content_type(headers: Mapping[str, str]) -> None:
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json" and not (
        content_type.startswith("application/") and content_type.endswith("+json")
    ):
        raise Refused(
            415,
            "wrong-content-type",
            "The body is not announced as JSON.",
            "Send one JSON object with the header Content-Type: application/json.",
        )
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        # What is small on the wire may be a gigabyte when it is unpacked.
        raise Refused(
            415,
            "compressed",
            "The body is compressed.",
            "Send it as it is, without the header Content-Encoding.",
        )


def _tell(on_stored: OnStored) -> None:
    try:
        on_stored()
    except Exception as error:
        log.error("the drain could not be woken: %s; the schedule will find the event", type(error).__name__)


def _line(visit: Visit) -> str:
    return f"source={visit.source} event={visit.event_id} bytes={visit.size}"


def _told(refusal: Refused) -> dict[str, str]:
    return {"error": refusal.error, "next": refusal.hint}


async def _answer(
    send: Send, status: int, said: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> None:
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    sent = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    sent += [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
    ]
    with contextlib.suppress(OSError):  # the sender is gone
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body})


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


_ROUTED = {
    404: (
        "no-address",
        "There is nothing at this address.",
        "Post events to /webhooks/ and the name of their source.",
    ),
    405: (
        "wrong-method",
        "This address does not take this method.",
        "Post events to /webhooks/, get /healthz, /readyz, /metrics and /openapi.json.",
    ),
}
_BROKEN = ("our-mistake", "The request could not be served.", "Send it again later.")
