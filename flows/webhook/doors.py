"""A door is a source that stories may come in by: its secrets, its limits, its map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.settings import Source, WebhookSource
from flows.settings.signing_secrets import SecretError
from flows.webhook.adapters import ADAPTERS, Adapter
from flows.webhook.refusal import Refused


@dataclass(frozen=True, slots=True)
class Door:
    """One webhook source of config/sources.yaml. ``problem`` says why it is shut: no secret, a short one."""

    source: WebhookSource
    adapter: Adapter
    secrets: tuple[Any, ...] = field(default=(), repr=False)
    problem: str | None = None


def open_doors(sources: Mapping[str, Source], environ: Mapping[str, str]) -> dict[str, Door]:
    """A door for each webhook source that is switched on; one whose secret cannot be used is there, but shut."""
    return {
        name: _door(source, environ)
        for name, source in sources.items()
        if isinstance(source, WebhookSource) and source.enabled
    }


def _door(source: WebhookSource, environ: Mapping[str, str]) -> Door:
    adapter = ADAPTERS[source.adapter]
    try:
        return Door(
            source, adapter, adapter.read_secrets(environ.get(source.secret_env, ""), source.secret_env)
        )
    except SecretError as error:
        return Door(source, adapter, problem=str(error))


def find_door(doors: Mapping[str, Door], name: str) -> Door:
    """The open door of that name; raises Refused: 404 where there is none, 503 where it is shut."""
    if name not in doors:
        raise Refused(
            404,
            "unknown-source",
            "There is no webhook source of this name.",
            "Check the address: /webhooks/ and the name of an enabled source of kind webhook in config/sources.yaml.",
        )
    if doors[name].problem is not None:
        # What is wrong with the secret is for the log and the doctor, not for whoever knocks.
        raise Refused(
            503,
            "no-secret",
            "This source is not set up yet.",
            "Tell the people who run cleancopy; their log says what is missing. Then send the event again.",
            {"Retry-After": "300"},
        )
    return doors[name]
