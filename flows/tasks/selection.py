"""What a person asks for when starting clean-stories by hand: the form, and the stories that it means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field, field_validator
from sqlalchemy import Engine

from cleaners.pipeline import pipeline_version
from flows.ledger import Arrival, StoryFilter, find_run, known_among, select_raws
from flows.settings import Settings, WebSource, load_destinations
from flows.sources.folder import FORMS
from flows.tasks.forms import (
    ANY,
    AS_CONFIGURED,
    Day,
    Form,
    Refused,
    no_default,
    offer_destinations,
    offer_sources,
)
from flows.tasks.intake import BY_HAND, arrivals_from_files, arrivals_from_urls, find_source, one_of_each

Only = Literal["all of them", "failed", "held", "cleaned with older rules"]
ALL: Only = "all of them"

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class Selection(Form):
    """Which stories to clean, and what to do with the result.

    Nothing chosen at all: everything that waits in the inbox.
    """

    addresses: str = Field(
        default="",
        title="Stories: web addresses, files or ids",
        description="Paste one or many, one a line: https://… for a web page, the path of a file or folder on the machine "
        "where cleancopy runs, or the id of a story that is known (“cms:42”, as tables and reports show it).",
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
    since: Day = Field(
        default=None,
        title="Arrived since",
        description="Known stories that arrived on this day or later (UTC).",
        json_schema_extra=no_default,
    )
    until: Day = Field(
        default=None,
        title="Arrived until",
        description="Known stories that arrived on this day or before (UTC).",
        json_schema_extra=no_default,
    )
    run: str = Field(
        default="",
        title="Of the run",
        description="Known stories of this earlier run only: its name, such as “fierce-otter”. Together with “failed” below: only what "
        "failed in it.",
    )
    only: Only = Field(
        default=ALL,
        title="Which of them",
        description="Of the known stories only those whose last cleaning failed, that are held, or that were cleaned with other rules than "
        "today's.",
    )
    look_first: bool = Field(
        default=False,
        title="Look for new stories first",
        description="Look into the chosen source (folder or feed) before, and clean what is new there too.",
    )
    dry_run: bool = Field(
        default=True,
        title="Dry run: show, do not publish",
        description="On: the run shows what would be removed and how that differs from what was published last, and stores and publishes "
        "nothing. Switch it off to publish.",
    )
    destination: str = Field(
        default=AS_CONFIGURED,
        title="Publish to",
        description="“as configured” sends each story where its source says.",
        json_schema_extra=offer_destinations,
    )

    @field_validator("source")
    @classmethod
    def _source(cls, value: str) -> str:
        return value.strip() or ANY

    @field_validator("destination")
    @classmethod
    def _destination(cls, value: str) -> str:
        return value.strip() or AS_CONFIGURED

    @property
    def named(self) -> tuple[str, ...]:
        """What was pasted, line by line."""
        return tuple(dict.fromkeys(line.strip() for line in self.addresses.splitlines() if line.strip()))

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(one for one in self.named if _ADDRESS.match(one))

    @property
    def others(self) -> tuple[str, ...]:
        """Files and ids: only the ledger knows which is which."""
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
        # With addresses, source and publisher say whose stories these are.
        whose = (self.source != ANY, self.publisher.strip())
        which = (self.since, self.until, self.run.strip(), self.only != ALL)
        return any(which) or (any(whose) and not self.named)

    def filter(
        self, ids: tuple[str, ...] = (), run: str | None = None, version: str | None = None
    ) -> StoryFilter:
        """As the ledger understands it. ``run`` is the whole name of the run, ``version`` that of the pipeline of today."""
        return StoryFilter(
            source=None if self.source == ANY else self.source,
            publisher=self.publisher.strip() or None,
            ids=ids,
            since=None if self.since is None else _midnight(self.since),
            until=None if self.until is None else _midnight(self.until + timedelta(days=1)),
            run=run,
            only_failed=self.only == "failed",
            only_held=self.only == "held",
            only_other_than=version,
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class Chosen(NamedTuple):
    """``named`` are new to us perhaps; ``known`` are in the ledger and are to be cleaned again."""

    named: tuple[Arrival, ...]
    known: tuple[Arrival, ...]
    problems: tuple[str, ...]


def check(selection: Selection, settings: Settings) -> None:
    """Raises Refused where a name is not configured, or two wishes contradict each other."""
    if selection.look_first and selection.source == ANY:
        raise Refused("“Look for new stories first” needs a source: choose one, or switch it off.")
    if selection.look_first and selection.dry_run:
        raise Refused("“Look for new stories first” takes stories in: switch off the dry run, or this.")
    if selection.since and selection.until and selection.until < selection.since:
        raise Refused("“Arrived until” lies before “Arrived since”: no story can have arrived then.")
    if selection.source != ANY:
        find_source(settings, selection.source)
    check_destinations(settings, selection.destinations)


def check_destinations(settings: Settings, names: Iterable[str] | None) -> None:
    """Raises Refused where one is not configured or switched off."""
    destinations = load_destinations(settings.config_dir)
    for name in names or ():
        if name not in destinations:
            raise Refused(
                f"there is no destination {name!r} in destinations.yaml; there are: {', '.join(destinations)}"
            )
        if not destinations[name].enabled:
            raise Refused(f"the destination {name!r} is switched off: set enabled: yes in destinations.yaml")


def choose(engine: Engine, settings: Settings, selection: Selection) -> Chosen:
    """The stories that a selection means. What cannot be fetched or read is told in ``problems``.

    An id, and the address of a story that a source brought, mean the story as it arrived; of any other address the page is fetched.
    Raises Refused where there is no such run.
    """
    problems: list[str] = []
    source = None if selection.source == ANY else find_source(settings, selection.source)
    publisher = selection.publisher.strip() or (source.publisher if source else None)
    # A page or a file that was named by hand before is fetched and read anew: it may have changed.
    kept = [one for one in selection.others if one.startswith(f"{BY_HAND}:")]
    known = known_among(engine, selection.named, besides=BY_HAND) | known_among(engine, kept)
    files = [one for one in selection.others if one not in known]
    for one in [one for one in files if not _is_path(one)]:
        problems.append(
            f"{_short(one)}: there is no story of this id. Copy it from a table or a report, as source:id"
        )
        files.remove(one)
    named = arrivals_from_urls(
        engine,
        [one for one in selection.urls if one not in known],
        publisher=publisher,
        like=source if isinstance(source, WebSource) else None,
        tell=problems.append,
    ) + arrivals_from_files(files, publisher=publisher, tell=problems.append)
    named = one_of_each(named, problems.append)
    chosen: list[Arrival] = []
    if known or selection._by_ledger:
        chosen = select_raws(engine, _filter(engine, settings, selection, tuple(sorted(known))))
    return Chosen(tuple(named), tuple(chosen), tuple(problems))


def _filter(engine: Engine, settings: Settings, selection: Selection, ids: tuple[str, ...]) -> StoryFilter:
    run = version = None
    if selection.run.strip():
        try:
            run = find_run(engine, selection.run)
        except LookupError as error:
            raise Refused(str(error)) from None
    if selection.only == "cleaned with older rules":
        version = pipeline_version(settings.config_dir)
    return selection.filter(ids, run, version)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _is_path(text: str) -> bool:
    """Whether a line can only mean a file or a folder: "~/desk/ferry.txt", "ferry.html"."""
    if text.startswith(("/", "~", "./", "../")) or Path(text).suffix.lower() in FORMS:
        return True
    try:
        return Path(text).exists()
    except OSError:  # a whole paragraph was pasted: too long to be a name
        return False
