"""Asking as a good guest: only what robots.txt allows, at the host's pace, and not while it asked to be left alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from protego import Protego

from flows.sources.http import Fetched, FetchError, OnHop, Validators
from flows.sources.pace import TURNS, Pace, Turns

ROBOTS_NAME = "cleancopy"
"""The name by which a robots.txt may address us: the first word of our User-Agent."""
ROBOTS_BYTES = 500_000
"""What RFC 9309 asks to be read at least; the rest of a larger file is not read."""
ROBOTS_KEPT = timedelta(hours=6)
ROBOTS_DOWN = timedelta(minutes=10)
"""How long it counts that a robots.txt could not be had. The host is not asked in this time."""
MOST_CRAWL_DELAY = 30.0
"""Seconds. A robots.txt that asks for more between two requests asks not to be followed at all: it may say Disallow."""
MOST_RETRY_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class HostNote:
    """What is known of a host (``https://news.example:8443``).

    ``robots`` is its robots.txt, "" where it has none, None where it could not be had; it counts until ``robots_until``.
    ``not_before``: the host asked (429 or 503 with Retry-After) to be left alone until then.
    """

    host: str
    robots: str | None = None
    robots_until: datetime | None = None
    not_before: datetime | None = None


class HostNotes(Protocol):
    """Where notes of hosts are kept between two runs: the ledger."""

    def recall(self, host: str) -> HostNote | None: ...  # pragma: no cover
    def keep(self, note: HostNote) -> None: ...  # pragma: no cover


class Fetch(Protocol):
    """``Connections.fetch``."""

    def __call__(
        self,
        url: str,
        *,
        most_bytes: int,
        seconds: float,
        allow_private: bool,
        known: Validators | None = None,
        cut: bool = False,
        on_hop: OnHop | None = None,
    ) -> Fetched: ...  # pragma: no cover


class Manners(NamedTuple):
    """How a source's addresses are asked. ``obey_robots``: no for one's own site only."""

    pace: Pace = Pace()
    seconds: float = 20.0
    most_bytes: int = 3_000_000
    allow_private: bool = False
    obey_robots: bool = True


class Later(FetchError):
    """An address that was not asked, because its host is to be left alone until ``until``."""

    def __init__(self, url: str, message: str, until: datetime) -> None:
        super().__init__(url, message, passing=True)
        self.until = until


class Polite:
    """One guest, for one look at a source. Threads share it.

    ``fetch`` does the asking; ``notes`` are kept between two looks.
    """

    def __init__(
        self,
        fetch: Fetch,
        notes: HostNotes,
        *,
        turns: Turns = TURNS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._fetch, self._notes, self._turns, self._clock = fetch, notes, turns, clock
        self._known: dict[str, HostNote] = {}
        self._rules: dict[str, Protego] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, url: str, manners: Manners, known: Validators | None = None) -> Fetched:
        """Get ``url`` in its host's turn. Raises FetchError, and ``Later`` where the host is not to be asked now."""
        host = host_of(url)
        pace = self._admitted(url, host, manners)

        def on_hop(there: str) -> None:
            self._turns.pause(host_of(there), self._admitted(there, host_of(there), manners))

        with self._turns.turn(host, pace):
            self._check_pause(url, host)
            try:
                return self._fetch(
                    url,
                    most_bytes=manners.most_bytes,
                    seconds=manners.seconds,
                    allow_private=manners.allow_private,
                    known=known,
                    on_hop=on_hop,
                )
            except FetchError as error:
                self._note_pause(host_of(error.url) or host, error)
                raise

    def _admitted(self, url: str, host: str, manners: Manners) -> Pace:
        """The pace at which ``url`` may be asked. Raises FetchError where it may not."""
        self._check_pause(url, host)
        if not manners.obey_robots or not host:
            return manners.pace
        rules = self._robots(host, manners)
        if rules is None:
            raise FetchError(
                url,
                "its host did not answer when it was asked for its robots.txt, or with an error: nothing of it is fetched now",
                passing=True,
            )
        if not rules.can_fetch(url, ROBOTS_NAME):
            raise FetchError(
                url,
                f"{host}/robots.txt does not allow it to be fetched. Ask the publisher; if the site is your own, write "
                "robots: ignore at the source",
            )
        asked_for = min(float(rules.crawl_delay(ROBOTS_NAME) or 0), MOST_CRAWL_DELAY)
        return manners.pace if asked_for <= manners.pace.pause else Pace(1, asked_for)

    def _robots(self, host: str, manners: Manners) -> Protego | None:
        with self._lock_of(host):
            note = self._note(host)
            if note.robots_until is None or note.robots_until <= self._clock():
                note = self._ask_robots(host, manners)
                self._keep(note)
                self._rules.pop(host, None)
            if note.robots is None:
                return None
            if host not in self._rules:
                self._rules[host] = Protego.parse(note.robots)
            return self._rules[host]

    def _ask_robots(self, host: str, manners: Manners) -> HostNote:
        note, now = self._note(host), self._clock()
        try:
            with self._turns.turn(host, manners.pace):
                found = self._fetch(
                    f"{host}/robots.txt",
                    most_bytes=ROBOTS_BYTES,
                    seconds=manners.seconds,
                    allow_private=manners.allow_private,
                    cut=True,
                )
        except FetchError as error:
            self._note_pause(host, error)
            note = self._note(host)
            if error.passing:
                return replace(note, robots=None, robots_until=now + ROBOTS_DOWN)
            # RFC 9309: a host that answers 4xx has no rules. What is refused here is refused for the page, too, with its reason.
            return replace(note, robots="", robots_until=now + ROBOTS_KEPT)
        text = found.body.decode("utf-8", "replace").replace("\0", "")
        return replace(note, robots=text, robots_until=now + ROBOTS_KEPT)

    def _check_pause(self, url: str, host: str) -> None:
        not_before = self._note(host).not_before
        if not_before is not None and not_before > self._clock():
            raise Later(url, f"{host} asked to be left alone", not_before)

    def _note_pause(self, host: str, error: FetchError) -> None:
        if error.status in (429, 503) and error.retry_after:
            pause = min(timedelta(seconds=error.retry_after), MOST_RETRY_AFTER)
            self._keep(replace(self._note(host), not_before=self._clock() + pause))

    def _note(self, host: str) -> HostNote:
        with self._lock:
            if host not in self._known:
                self._known[host] = self._notes.recall(host) or HostNote(host)
            return self._known[host]

    def _keep(self, note: HostNote) -> None:
        with self._lock:
            self._known[note.host] = note
            self._notes.keep(note)

    def _lock_of(self, host: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(host, threading.Lock())


def host_of(url: str) -> str:
    """Scheme, name and port of an address, as robots.txt counts them; "" where it has none.

    >>> host_of("HTTPS://News.example:443/a?b"), host_of("http://news.example:8080")
    ('https://news.example', 'http://news.example:8080')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{name}" + (f":{port}" if port and port != usual else "")
