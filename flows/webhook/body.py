"""Reading a request's body with a limit on its bytes and on its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from starlette.requests import ClientDisconnect

from flows.webhook.refusal import Refused


async def read_body(
    stream: AsyncIterator[bytes], headers: Mapping[str, str], limit_bytes: int, limit_seconds: float
) -> bytes:
    """The whole body as it was sent; raises Refused (413, 408, 400) and starlette's ClientDisconnect.

    A body is counted as it comes in: ``Content-Length`` only serves to refuse earlier.
    """
    announced = headers.get("content-length", "")
    # A length of more than 18 digits is too large without being converted.
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit_bytes):
        raise _too_large(limit_bytes)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limit_seconds):
            async for chunk in stream:
                size += len(chunk)
                if size > limit_bytes:
                    raise _too_large(limit_bytes)
                chunks.append(chunk)
    except TimeoutError:
        raise Refused(
            408,
            "slow-body",
            f"The body was not here after {limit_seconds:g} seconds.",
            "Send the event again, with the same id, in one piece.",
            {"Connection": "close"},
        ) from None
    if not size:
        raise Refused(
            400, "no-body", "The request has no body.", "Send one JSON object in UTF-8, signed as it is sent."
        )
    return b"".join(chunks)


async def discard_body(
    stream: AsyncIterator[bytes], headers: Mapping[str, str], limit_bytes: int, limit_seconds: float
) -> bool:
    """Read what is left and keep nothing, so that a refused sender sees the answer; False when it is still sending.

    A connection that is closed on unread bytes is reset, and the reset may overtake the answer. A sender that
    waits for ``100 Continue`` is not asked to send what nobody wants.
    """
    if "expect" in headers:
        return False
    size = 0
    try:
        async with asyncio.timeout(limit_seconds):
            async for chunk in stream:
                size += len(chunk)
                if size > limit_bytes:
                    return False
    except (TimeoutError, ClientDisconnect):
        return False
    return True


def _too_large(limit_bytes: int) -> Refused:
    return Refused(
        413,
        "too-large",
        f"The body has more than {limit_bytes} bytes.",
        "Leave out what the source's map does not name, or raise the source's limit in config/sources.yaml.",
    )
