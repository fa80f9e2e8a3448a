"""What the forms in the Prefect UI have in common: lists from the configuration, days that may be left out.

The form checks itself against its JSON schema a moment after each change, and refuses to be sent until all fits: what it is filled
with at first must fit, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)

from cleaners.rules import ConfigError
from flows.settings import load_destinations, load_settings, load_sources

ANY = "any"
AS_CONFIGURED = "as configured"


class Refused(ValueError):
    """What a person asked for cannot be done. The message says why and what to write instead; the run shows it, and no stack."""


class Form(BaseModel):
    """The parameters of a flow as a person fills them in. A day that is not chosen is not sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_serializer(mode="wrap")
    def _without_days_not_chosen(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


Day = Annotated[
    date | None,
    BeforeValidator(lambda value: None if value == "" else value),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A day, or None. Of "date or nothing" the form makes two tabs; of a date that is "" it says "'' is not a 'date'"."""


def no_default(schema: dict[str, Any]) -> None:
    """For a ``Day``'s ``json_schema_extra``: its None is no date, and the form would refuse it."""
    schema.pop("default", None)


def offer_sources(schema: dict[str, Any]) -> None:
    """The form's list of sources, from the configuration as it is when the form is made.

    The list is the form's alone: names are checked against the configuration of the moment when the run starts, so that
    a schedule made before a change does not break by it.
    """
    schema["enum"] = [ANY, *_names(load_sources)]


def offer_destinations(schema: dict[str, Any]) -> None:
    """As ``offer_sources``, the destinations that are switched on."""
    schema["enum"] = [AS_CONFIGURED, *_names(_switched_on)]


def _switched_on(config_dir: Path) -> list[str]:
    return [name for name, destination in load_destinations(config_dir).items() if destination.enabled]


def _names(load: Callable[[Path], Iterable[str]]) -> list[str]:
    try:
        return list(load(load_settings().config_dir))
    except (ValueError, ConfigError):
        # A mistake in the configuration is told by the run, with file and line; a form cannot tell it.
        return []
