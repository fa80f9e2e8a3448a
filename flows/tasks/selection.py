"""What a person asks for when starting clean-stories by hand: the form, and the stories that it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_serializer,
    field_validator,
    model_validator,
)
from sqlalchemy import Engine

from cleaners.rules import ConfigError
from flows.ledger import Arrival, StoryFilter, select_raws
from flows.settings import Settings, WebSource, load_destinations, load_settings, load_sources
from flows.tasks.intake import arrivals_from_files, arrivals_from_urls, find_source, one_of_each

ANY = "any"
AS_CONFIGURED = "as configured"

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def offer_sources(schema: dict[str, Any]) -> None:
    """The form's list of sources, from the configuration as it is when the form is made.

    The list is the form's alone: names are checked against the configuration of the moment when the run starts, so that
    a schedule made before a change does not break by it.
    """
    schema["enum"] = [ANY, *_names(load_sources)]


def _offer_destinations(schema: dict[str, Any]) -> None:
    schema["enum"] = [AS_CONFIGURED, *_names(_switched_on)]


def _switched_on(config_dir: Path) -> list[str]:
    return [name for name, destination in load_destinations(config_dir).items() if destination.enabled]


def _names(load: Callable[[Path], Iterable[str]]) -> list[str]:
    try:
        return list(load(load_settings().config_dir))
    except (ValueError, ConfigError):
        # A mistake in the configuration is told by the run, with file and line; a form cannot tell it.
        return []


class Selection(BaseModel):
    """Which stories to clean, and what to do with the result.

    Nothing chosen at all: everything that waits in the inbox.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: str = Field(
        default="",
        title="Stories: web addresses or files",
        description="Paste one or many, one a line: https://… for a web page, or the path of a file or folder on the "
        "machine where cleancopy runs (.html, .txt, .json, .jsonl).",
    )
    source: str = Field(
        default=ANY,
        title="Source",
        description="Known stories of this source only. “any” does not choose by source.",
        json_schema_extra=offer_sources,
    )
    publisher: str = Field(
        default="",
        title="Publisher",
        description="Known stories of this publisher only. For addresses and files above: whose rules to use.",
    )
    since: Annotated[date | None, WithJsonSchema({"type": "string", "format": "date"})] = Field(
        default=None,
        title="Arrived since",
        description="Known stories that arrived on this day or later (UTC).",
        # A string that may be empty: of "date or nothing" the form makes two tabs and "Property is type None".
        json_schema_extra={"default": ""},
    )
    only_failed: bool = Field(
        default=False,
        title="Only stories that failed",
        description="Known stories whose last cleaning ended with an error.",
    )
    look_first: bool = Field(
        default=False,
        title="Look for new stories first",
        description="Look into the chosen source (folder or feed) before, and clean what is new there too.",
    )
    dry_run: bool = Field(
        default=True,
        title="Dry run: show, do not publish",
        description="On: the run shows what would be removed, and stores and publishes nothing. Switch it off to publish.",
    )
    destination: str = Field(
        default=AS_CONFIGURED,
        title="Publish to",
        description="“as configured” sends each story where its source says.",
        json_schema_extra=_offer_destinations,
    )

    @field_validator("since", mode="before")
    @classmethod
    def _no_day(cls, value: object) -> object:
        return None if value == "" else value

    @field_serializer("since")
    def _empty(self, value: date | None) -> str:
        return "" if value is None else value.isoformat()

    @field_validator("source")
    @classmethod
    def _source(cls, value: str) -> str:
        return value.strip() or ANY

    @field_validator("destination")
    @classmethod
    def _destination(cls, value: str) -> str:
        return value.strip() or AS_CONFIGURED

    @model_validator(mode="after")
    def _look_at_what(self) -> Selection:
        if self.look_first and self.source == ANY:
            raise ValueError("“Look for new stories first” needs a source: choose one, or switch it off.")
        if self.look_first and self.dry_run:
            raise ValueError(
                "“Look for new stories first” takes stories in: switch off the dry run, or this."
            )
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """What was pasted, line by line."""
        return tuple(dict.fromkeys(line.strip() for line in self.addresses.splitlines() if line.strip()))

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(one for one in self.named if _ADDRESS.match(one))

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(one for one in self.named if not _ADDRESS.match(one))

    @property
    def is_inbox(self) -> bool:
        """Nothing chosen: whatever waits."""
        return not (self.named or self._by_ledger)

    @property
    def destinations(self) -> tuple[str, ...] | None:
        return None if self.destination == AS_CONFIGURED else (self.destination,)

    @property
    def _by_ledger(self) -> bool:
        filters = (self.source != ANY, self.publisher, self.since, self.only_failed)
        # With addresses, source and publisher say whose stories these are.
        return any(filters) and (not self.named or bool(self.since or self.only_failed))

    def filter(self) -> StoryFilter:
        return StoryFilter(
            source=None if self.source == ANY else self.source,
            publisher=self.publisher.strip() or None,
            since=None if self.since is None else datetime.combine(self.since, time(), UTC),
            only_failed=self.only_failed,
        )


class Chosen(NamedTuple):
    """``named`` are new to us perhaps; ``known`` are in the ledger and are to be cleaned again."""

    named: tuple[Arrival, ...]
    known: tuple[Arrival, ...]
    problems: tuple[str, ...]


def check(selection: Selection, settings: Settings) -> None:
    """Raises ValueError, in words for the person who filled the form, where a name is not configured."""
    if selection.source != ANY:
        find_source(settings, selection.source)
    destinations = load_destinations(settings.config_dir)
    for name in selection.destinations or ():
        if name not in destinations:
            raise ValueError(
                f"there is no destination {name!r} in destinations.yaml; there are: {', '.join(destinations)}"
            )
        if not destinations[name].enabled:
            raise ValueError(
                f"the destination {name!r} is switched off: set enabled: yes in destinations.yaml"
            )


def choose(engine: Engine, settings: Settings, selection: Selection) -> Chosen:
    """The stories that a selection means. What cannot be fetched or read is told in ``problems``."""
    problems: list[str] = []
    source = None if selection.source == ANY else find_source(settings, selection.source)
    publisher = selection.publisher.strip() or (source.publisher if source else None)
    private = isinstance(source, WebSource) and source.private_addresses
    named = arrivals_from_urls(
        selection.urls, publisher=publisher, allow_private=private, tell=problems.append
    ) + arrivals_from_files(selection.files, publisher=publisher, tell=problems.append)
    named = one_of_each(named, problems.append)
    known = select_raws(engine, selection.filter()) if selection._by_ledger else []
    return Chosen(tuple(named), tuple(known), tuple(problems))
