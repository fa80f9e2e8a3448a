"""Looking at sitemaps: the pages that are new in them, or whose lastmod has changed, are fetched; what leaves them has vanished."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from urllib.parse import urlsplit

from flows.ledger.sightings import Followed, Listed, leave
from flows.ledger.watching import forget, known_lists
from flows.settings import SitemapSource
from flows.sources.http import Fetched
from flows.sources.identity import page_identities
from flows.sources.sitemap import MOST_BYTES, BrokenSitemap, Page, Sitemap, moment, parse_sitemap
from flows.tasks.following import Answer, BrokenList, Listing, Look, ask, take_lists, take_pages, tell_left
from flows.tasks.taking import Intake

DEEPEST = 3
"""An index may name indexes: so far down."""
MOST_SITEMAPS = 1_000
"""Sitemaps that one look asks."""
NEWS_KEPT = timedelta(hours=47)
"""A news sitemap names the stories of two days (Google's rule): one that is older has not vanished when it is no longer named."""


def poll_sitemap(look: Look, source: SitemapSource) -> Intake:
    """Look at a source's sitemaps once, and at those that they name. Raises SourceDown where none can be had now."""
    walk = _Walk(look, source)
    intake, listings = take_lists(look, walk.answers(), walk.read)
    present = {url: walk.named[url] for url in listings}
    if walk.is_complete:
        known = known_lists(look.engine, look.name)
        dropped = [url for url in known if url not in walk.asked and url not in walk.too_old]
        present |= {url: [] for url in dropped}
        forget(look.engine, look.name, dropped)
    left = leave(look.engine, look.name, look.scope, present, look.clock())
    gone = [one for one in left if not _fell_off(one, look.clock())]
    return intake + tell_left(look, gone, "no longer in the sitemap") + take_pages(look)


class _Walk:
    """From the source's sitemaps down through their indexes. ``named`` are the identities of all pages of each sitemap."""

    def __init__(self, look: Look, source: SitemapSource) -> None:
        self._look, self._source = look, source
        self._next: list[str] = []
        self.asked: dict[str, None] = {}
        self.too_old: set[str] = set()
        self.named: dict[str, list[str]] = {}
        self._here = ""
        self.is_complete = True

    def answers(self) -> Iterator[Answer]:
        level = list(self._source.addresses)
        known = [url for url in known_lists(self._look.engine, self._look.name) if url not in level]
        for _ in range(DEEPEST):
            level = [url for url in dict.fromkeys(level) if url not in self.asked]
            level = level[: MOST_SITEMAPS - len(self.asked)]
            if not level:
                return
            self.asked |= dict.fromkeys(level)
            self._next = []
            for answer in ask(self._look, level, "list", most_bytes=MOST_BYTES):
                self._here = answer.state.url
                yield answer
                if answer.fetched is None:
                    self.is_complete = False
                if answer.state.role == "index" and answer.state.url not in self.named:
                    # An index that has not changed, or does not answer, names what it named before.
                    self._next += known
            level = self._next
        self.is_complete = self.is_complete and not level

    def read(self, fetched: Fetched) -> Listing:
        """Called for an answer before the next one is asked for."""
        try:
            sitemap = parse_sitemap(fetched)
        except BrokenSitemap as error:
            self.is_complete = False
            self.named[self._here] = []
            raise BrokenList(str(error)) from None
        self.named[self._here] = [words for page in sitemap.pages for words in page_identities(page.url)]
        self._next += self._wanted_sitemaps(sitemap)
        now = self._look.clock()
        stories = [_listed(page) for page in sitemap.pages if _is_wanted(page, self._source, now)]
        return Listing(stories, is_index=bool(sitemap.sitemaps))

    def _wanted_sitemaps(self, sitemap: Sitemap) -> list[str]:
        oldest = self._look.clock() - timedelta(days=self._source.days)
        wanted = [one.url for one in sitemap.sitemaps if one.moment is None or one.moment >= oldest]
        # One that is too old to be read is still named: its stories have not vanished.
        self.too_old.update(one.url for one in sitemap.sitemaps if one.url not in wanted)
        return wanted


def _listed(page: Page) -> Listed:
    # Without a day of change the list says nothing of versions, and the page itself is asked.
    said = {"headline": page.headline, "published": page.published}
    version = page.changed or page.published
    digest = sha256(f"{version} {page.headline}".encode("utf-8", "replace")).hexdigest() if version else None
    return Listed(
        page_identities(page.url),
        page.url,
        page.url,
        version,
        digest,
        {name: value for name, value in said.items() if value},
    )


def _is_wanted(page: Page, source: SitemapSource, now: datetime) -> bool:
    if source.paths:
        try:
            path = urlsplit(page.url).path
        except ValueError:
            return False
        if not any(fnmatchcase(path, pattern) for pattern in source.paths):
            return False
    return page.moment is None or page.moment >= now - timedelta(days=source.days)


def _fell_off(one: Followed, now: datetime) -> bool:
    published = moment(one.said.get("published"))
    return published is not None and published <= now - NEWS_KEPT
