"""What the receiver counts, and what the ledger tells of the newsroom, for Prometheus: ``GET /metrics``.

The receiver's own counters begin with its process. Those of the ledger begin there, too: what was cleaned before is not counted
(Prometheus takes a counter that begins anew for what it is), and each look reads only what is new.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import Engine

from flows.ledger.newly import Newly, News
from flows.webhook.refusal import Refused

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOOK_SECONDS = 5.0
"""The ledger is not looked at more often, however often it is asked for."""

_ANSWER = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_PUBLISHED = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
NOBODY = "-"
"""The source of a request that names none of ours: names that strangers make up are no labels."""


class Metrics:
    """The metrics of one receiver. To be used in one event loop."""

    def __init__(self, sources: Iterable[str], waiting: Callable[[], tuple[int, int]]) -> None:
        """``waiting`` gives the events and bytes that wait in the receiver itself."""
        self._known = frozenset(sources)
        self._waiting = waiting
        self._newly = Newly()
        self._looked = float("-inf")
        self._registry = registry = CollectorRegistry()

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"cleancopy_{name}", told, labels, registry=registry)

        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(f"cleancopy_{name}", told, labels, registry=registry)

        outcomes = {
            "accepted": "Events that were stored and answered 202.",
            "duplicate": "Events that had come before, answered 202.",
            "ignored": "Events that tell of no story (drafts, pages of the site), answered 202; nothing of them is stored.",
        }
        names = {"accepted": "accepted", "duplicate": "duplicates", "ignored": "ignored"}
        taken = {
            outcome: counter(f"webhook_{names[outcome]}", told, "source")
            for outcome, told in outcomes.items()
        }
        # Looked up once: a label costs more to find than a counter to raise.
        self._taken = {
            (source, outcome): one.labels(source) for outcome, one in taken.items() for source in self._known
        }
        self._refused = counter(
            "webhook_refused",
            "Requests that were answered 4xx or 5xx; nothing of them is stored.",
            "source",
            "reason",
            "status",
        )
        self._seconds = Histogram(
            "cleancopy_webhook_seconds",
            "From the head of a request to the answer 202, for events that were accepted or had come before.",
            registry=registry,
            buckets=_ANSWER,
        )
        self._events = gauge("webhook_waiting_events", "Events in the receiver that wait to be stored.")
        self._bytes = gauge("webhook_waiting_bytes", "Bytes of their bodies.")
        self._ledger_up = gauge("ledger_up", "Whether the ledger could be read (1) or not (0).")
        self._inbox = gauge(
            "inbox_events", "Events of the inbox that are not done: waiting, claimed, failed.", "state"
        )
        self._oldest = gauge(
            "inbox_oldest_seconds", "How long the oldest event that waits to be cleaned has waited."
        )
        self._owed = gauge("publications_owed", "Acts that are owed to a destination.", "destination")
        self._cleaned = counter(
            "cleaned",
            "Editions of stories, by verdict (publish, hold, embargo, kill, drop), since the receiver began.",
            "verdict",
        )
        self._held = counter("held", "Editions that were held for a person, since the receiver began.")
        self._published = counter(
            "published",
            "Acts that a destination did and confirmed, since the receiver began.",
            "destination",
            "act",
        )
        self._left = counter(
            "left",
            "Acts that changed nothing at a destination: a newer version stands there, or it did not want them.",
            "destination",
        )
        self._failed = counter("publications_failed", "Acts that were given up.", "destination")
        self._rules = counter("rule_hits", "Removals and lifts by rule, since the receiver began.", "rule")
        self._out = Histogram(
            "cleancopy_arrival_to_published_seconds",
            "From the arrival of a story to the moment at which a destination had it (without embargoes).",
            registry=registry,
            buckets=_PUBLISHED,
        )

    def took(self, source: str, outcome: str, seconds: float) -> None:
        """An event was answered 202: ``accepted``, ``duplicate`` or ``ignored``."""
        self._taken[source, outcome].inc()
        if outcome != "ignored":
            self._seconds.observe(seconds)

    def refused(self, source: str, reason: str, status: int) -> None:
        """A request was refused. ``reason`` is the code of a Refused."""
        self._refused.labels(source if source in self._known else NOBODY, reason, str(status)).inc()

    async def text(self, read: Callable[[Callable[[Engine], News]], Awaitable[News]]) -> bytes:
        """All of it in Prometheus's text format; ``read`` does a piece of work with the ledger and raises Refused."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            try:
                self._add(await read(lambda engine: self._newly.look(engine, datetime.now(UTC))))
            except Refused:
                self._ledger_up.set(0)
        events, bytes_ = self._waiting()
        self._events.set(events)
        self._bytes.set(bytes_)
        return generate_latest(self._registry)

    def _add(self, news: News) -> None:
        self._ledger_up.set(1)
        for state, count in news.inbox.items():
            self._inbox.labels(state).set(count)
        self._oldest.set(news.oldest_seconds)
        self._owed.clear()
        for destination, count in news.owed.items():
            self._owed.labels(destination).set(count)
        for verdict, count in news.cleaned.items():
            self._cleaned.labels(verdict).inc(count)
        self._held.inc(news.cleaned.get("hold", 0))
        for one in news.ended:
            if one.state == "failed":
                self._failed.labels(one.destination).inc()
            elif one.state == "left":
                self._left.labels(one.destination).inc()
            elif one.state == "made":
                self._published.labels(one.destination, one.act).inc()
            if one.after_seconds is not None:
                self._out.observe(one.after_seconds)
        for rule, count in news.rules.items():
            self._rules.labels(rule).inc(count)
