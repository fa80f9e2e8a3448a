"""A door is a source that stories may come in by: its secrets, its limits, its map."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from flows.settings import Source, WebhookSource
from flows.settings.signing_secrets import SecretError
from flows.webhook.adapters import ADAPTERS, Adapter
from flows.webhook.refusal import Refused

log = logging.getLogger("cleancopy.webhook")

AGAIN_SECONDS = 30.0
"""After which a secret that Prefect did not give is asked for again."""

ReadBlock = Callable[[str], Awaitable[str]]
"""The text in Prefect's Secret block of this name; raises SecretError."""


@dataclass(frozen=True, slots=True)
class Door:
    """One webhook source of config/sources.yaml. ``problem`` says why it is shut: no secret, a short one."""

    source: WebhookSource
    adapter: Adapter
    secrets: tuple[Any, ...] = field(default=(), repr=False)
    problem: str | None = None


def open_doors(sources: Mapping[str, Source], environ: Mapping[str, str]) -> dict[str, Door]:
    """A door for each webhook source that is switched on; one whose secret cannot be used is there, but shut.

    So is one whose secret is in a block of Prefect's: see ``open_by_blocks``.
    """
    return {
        name: _closed(source, f"its secret, Prefect's block {source.secret_block}, was not read yet")
        if source.secret_block is not None
        else _door(source, environ.get(source.secret_env or "", ""), source.secret_env or "secret_env")
        for name, source in sources.items()
        if isinstance(source, WebhookSource) and source.enabled
    }


async def open_by_blocks(doors: MutableMapping[str, Door], read: ReadBlock) -> bool:
    """Read the blocks of the doors that are shut for want of one, and open them; whether all are open.

    Each is read once, when the receiver starts: a changed secret needs a restart, as one in a variable does.
    """
    for name, door in list(doors.items()):
        block = door.source.secret_block
        if block is None or door.problem is None:
            continue
        try:
            found = _door(door.source, await read(block), f"Prefect's block {block}")
        except SecretError as error:
            found = _closed(door.source, str(error))
        if found.problem != door.problem and found.problem is not None:
            log.error("webhook source %s answers 503: %s", name, found.problem)
        doors[name] = found
    return not any(door.problem for door in doors.values() if door.source.secret_block)


async def keep_opening(doors: MutableMapping[str, Door], read: ReadBlock, tried: asyncio.Event) -> None:
    """``open_by_blocks`` until all are open: Prefect may come up later than the receiver. ``tried`` is set after the first time."""
    while True:
        done = await open_by_blocks(doors, read)
        tried.set()
        if done:
            return
        await asyncio.sleep(AGAIN_SECONDS)


def find_door(doors: Mapping[str, Door], name: str) -> Door:
    """The open door of that name; raises Refused: 404 where there is none, 503 where it is shut."""
    door = doors.get(name)
    if door is None:
        raise Refused(
            404,
            "unknown-source",
            "There is no webhook source of this name.",
            "Check the address: /webhooks/ and the name of an enabled source of kind webhook in config/sources.yaml.",
        )
    if door.problem is not None:
        # What is wrong with the secret is for the log and the doctor, not for whoever knocks.
        raise Refused(
            503,
            "no-secret",
            "This source is not set up yet.",
            "Tell the people who run cleancopy; their log says what is missing. Then send the event again.",
            {"Retry-After": "300"},
        )
    return door


def _door(source: WebhookSource, secret: str, place: str) -> Door:
    adapter = ADAPTERS[source.adapter]
    try:
        return Door(source, adapter, adapter.read_secrets(secret, place))
    except SecretError as error:
        return _closed(source, str(error))


def _closed(source: WebhookSource, problem: str) -> Door:
    return Door(source, ADAPTERS[source.adapter], problem=problem)
