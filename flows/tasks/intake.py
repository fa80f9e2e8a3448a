"""Taking stories in: look at a source, make arrivals, put them into the ledger's inbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from cleaners.model import Raw
from flows.ledger import Arrival
from flows.settings import (
    ArchiveSource,
    CmsSource,
    FeedSource,
    FolderSource,
    Settings,
    SitemapSource,
    Source,
    UrlsSource,
    WebhookSource,
    WebLimits,
    WebSource,
    load_sources,
)
from flows.sources import polite
from flows.sources.folder import read_file, waiting_files
from flows.sources.http import Connections, Fetched, FetchError
from flows.sources.pace import by_host
from flows.sources.polite import Manners
from flows.sources.records import filled
from flows.tasks.following import Notes, looking, manners_of, noted, told_down
from flows.tasks.forms import Refused
from flows.tasks.poll_archive import poll_archive
from flows.tasks.poll_cms import poll_cms
from flows.tasks.poll_feed import poll_feed
from flows.tasks.poll_folder import poll_folder
from flows.tasks.poll_sitemap import poll_sitemap
from flows.tasks.poll_urls import poll_urls
from flows.tasks.taking import Intake, SourceDown, take

BY_HAND = "by-hand"
"""The source of stories that a person named one by one."""


def find_source(settings: Settings, name: str) -> Source:
    """The source called ``name``. Raises Refused with the names that there are."""
    sources = load_sources(settings.config_dir)
    if name not in sources:
        raise Refused(
            f"there is no source {name!r} in sources.yaml; there are: {', '.join(sources) or 'none'}"
        )
    return sources[name]


def poll(
    engine: Engine,
    settings: Settings,
    source: Source,
    *,
    owner: str | None = None,
    fetch: polite.Fetch | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Intake:
    """Look at a source once, and take in what is there, for ``owner`` to clean. ``fetch`` stands in for the network.

    Raises SourceDown where the whole source cannot be looked at now; what is wrong with single stories is told in
    ``problems``. A webhook source is asked for what it ``missed``, if its CMS can be asked.
    """
    for_events = isinstance(source, WebhookSource)
    if isinstance(source, WebhookSource) and source.as_cms is not None:
        source = source.as_cms
    if isinstance(source, FolderSource):
        with noted(engine, source.name, source.path, clock):
            return poll_folder(engine, settings, source, owner)
    if isinstance(source, ArchiveSource):
        with noted(engine, source.name, source.path, clock):
            return poll_archive(engine, settings, source, owner)
    if isinstance(source, CmsSource):
        with noted(engine, source.name, str(source.url), clock, rests=True):
            return poll_cms(engine, source, owner=owner, for_events=for_events)
    if isinstance(source, WebSource):
        living = [name for name, one in load_sources(settings.config_dir).items() if one.enabled]
        with looking(engine, source, living, fetch, clock, owner) as look:
            if isinstance(source, FeedSource):
                return told_down(look, poll_feed(look, source))
            if isinstance(source, SitemapSource):
                return told_down(look, poll_sitemap(look, source))
            if isinstance(source, UrlsSource):
                return poll_urls(look, source, settings.config_dir)
    return Intake(problems=(f"{source.name}: a webhook source sends by itself; there is nothing to look at",))


def arrivals_from_urls(
    engine: Engine,
    urls: Sequence[str],
    *,
    publisher: str | None,
    like: WebSource | None = None,
    tell: Callable[[str], None] = lambda problem: None,
) -> list[Arrival]:
    """Web pages that a person named, asked for as politely as those of a source (``like`` that one); what cannot be fetched is told."""
    limits, manners = (WebLimits(), Manners()) if like is None else (like.limits, manners_of(like))
    with Connections() as connections:
        web = polite.Polite(connections.fetch, Notes(engine))

        def work(url: str) -> Fetched | FetchError:
            try:
                return web.get(url, manners)
            except FetchError as error:
                return error

        wanted = list(dict.fromkeys(urls))
        got = dict(by_host(wanted, polite.host_of, work, at_once=limits.requests, per_host=limits.per_host))
    arrivals = []
    for url in wanted:
        page = got[url]
        if isinstance(page, FetchError):
            tell(str(page))
            continue
        raw = Raw(
            id=url, form="page", content=page.body, encoding=page.encoding, url=page.url, publisher=publisher
        )
        arrivals.append(Arrival(raw, BY_HAND))
    return arrivals


def arrivals_from_files(
    paths: Sequence[str], *, publisher: str | None, tell: Callable[[str], None] = lambda problem: None
) -> list[Arrival]:
    """Files on this machine that a person named; a folder stands for the files in it. Nothing is moved.

    A page or a text is called by its whole path: two files of one name are two stories.
    """
    files: dict[Path, None] = {}
    for name in paths:
        path = Path(os.path.abspath(Path(name).expanduser()))
        try:
            files |= dict.fromkeys(waiting_files(path) if path.is_dir() else [path])
        except OSError as error:
            tell(_unreadable(name, error))
    arrivals = []
    for path in files:
        try:
            file = read_file(path, story_id=str(path))
        except OSError as error:
            tell(_unreadable(str(path), error))
            continue
        arrivals += [Arrival(filled(raw, publisher), BY_HAND) for raw in file.raws]
        for problem in file.problems:
            tell(problem)
    return arrivals


def one_of_each(
    arrivals: Iterable[Arrival], tell: Callable[[str], None] = lambda problem: None
) -> list[Arrival]:
    """Arrivals of one run, each story once. Other content under an id that was there before is told, and left out."""
    kept: dict[tuple[str, str], Arrival] = {}
    for arrival in arrivals:
        first = kept.setdefault((arrival.source, arrival.story_id), arrival)
        if first.raw != arrival.raw:
            tell(
                f"{arrival.source}: {arrival.story_id}: another story of this run has the same id; only the first "
                "was taken. Give each its own id, or clean them in two runs if one corrects the other"
            )
    return list(kept.values())


def _unreadable(name: str, error: OSError) -> str:
    return f"{name}: {error.strerror or error}. The path must be right on the machine where cleancopy runs"


__all__ = [
    "BY_HAND",
    "Intake",
    "SourceDown",
    "arrivals_from_files",
    "arrivals_from_urls",
    "find_source",
    "one_of_each",
    "poll",
    "take",
]
