"""What a run did, for people and for the flows that show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cleaners.write import RunRow
from flows.tasks.against import Against
from flows.tasks.publishing import Published


class Progress(NamedTuple):
    """``done`` of ``total`` stories; ``total`` grows when more arrive while the run works.

    Of an archive, whose stories nobody counted, both are bytes, and ``words`` say it.
    """

    done: int
    total: int
    words: str | None = None

    @property
    def said(self) -> str:
        """
        >>> Progress(1200, 5000).said
        '1,200 of 5,000 stories'
        """
        return self.words or f"{self.done:,} of {self.total:,} stories"

    @property
    def percent(self) -> float:
        return min(100.0, 100 * self.done / max(self.total, 1))


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One story of a run.

    ``row`` is what the report's table shows (id, headline, outcome, reasons, removals by rule, words, seconds).
    ``state`` is what the ledger did: ``done``, ``failed``, ``overtaken`` (a newer revision was cleaned before) or
    ``preview``. ``changed``: there is a new edition. ``owed``: destinations that something is newly owed to. ``report`` is
    the story's page; ``artifact`` its before/after in Markdown, kept for the first stories that changed something. ``against`` is what
    a dry run would change in the copy before, if there is one. ``dry_run``: its source is tried without publishing, so that
    nothing of it goes out.
    """

    source: str
    inbox_id: int
    row: RunRow
    state: str
    edition: int | None = None
    changed: bool = False
    owed: tuple[str, ...] = ()
    report: Path | None = None
    artifact: str | None = None
    against: Against | None = None
    dry_run: bool = False

    @property
    def key(self) -> str:
        """The story's key in the ledger and at destinations."""
        return f"{self.source}:{self.row.id}"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A whole run. ``report`` is its page (None: there was nothing to do).

    ``lost`` counts stories that another run took over, because this one was too slow; they are not in ``stories``.
    ``own`` counts events of a CMS that told of our own writing there: they end, and are not in ``stories`` either.
    """

    run: str
    started_at: datetime
    seconds: float = 0.0
    stories: tuple[StoryLine, ...] = ()
    published: Published = field(default_factory=Published)
    report: Path | None = None
    preview: bool = False
    lost: int = 0
    own: int = 0

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How many stories: ``publish``, ``hold``, ``embargo``, ``kill``, ``failed``."""
        return Counter(line.row.outcome for line in self.stories)

    @property
    def dry_runs(self) -> tuple[str, ...]:
        """The sources of these stories that are tried without publishing (``dry_run: yes``)."""
        return tuple(sorted({line.source for line in self.stories if line.dry_run}))

    @property
    def removals(self) -> Mapping[str, int]:
        """Removals by rule, the most frequent first."""
        counts = Counter[str]()
        for line in self.stories:
            counts.update(dict(line.row.removals))
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def suspects(self) -> int:
        """Lines that could not be told: they were kept, and are marked in the reports."""
        return sum(line.row.suspects for line in self.stories)

    @property
    def failures(self) -> tuple[StoryLine, ...]:
        return tuple(line for line in self.stories if line.row.outcome == "failed")
