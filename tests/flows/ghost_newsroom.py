"""A newsroom whose stories are posts of a Ghost: its configuration, its ledger, and what a drain does. For a small Ghost and for a real one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from flows.ledger import Arrival, Decision, look_at_story, open_ledger, receive
from flows.ledger.tables import COPIES, INBOX, PUBLICATIONS, REVISIONS
from flows.settings import Settings, WebhookSource, load_sources
from flows.tasks.cleaning import WarmPool
from flows.tasks.drain import drain
from flows.tasks.poll_cms import poll_cms
from flows.tasks.publishing import utc_now
from flows.tasks.review import Done, decide_and_publish
from flows.tasks.summary import RunSummary
from flows.tasks.taking import Intake
from flows.webhook.from_ghost import story

SECRET = "a-secret-of-the-ghost-of-Kesten"
SECRET_ENV, KEY_ENV = "TEST_GHOST_SECRET", "TEST_GHOST_KEY"

LEDE = (
    "The ferry of Kesten is back at the quay after nine days in the yard, the harbour master said on Monday."
)
MORE = "Passengers had crossed by bus since the rudder broke in a storm, and the council pays for their tickets until Friday."
LAST = "The yard had mended the rudder by hand, for no new one could be had before the summer, said its owner, Ana Duarte."
UNDEFINED = "Published: undefined"
FOLLOW = "Follow us on Facebook and Twitter"


def configure(folder: Path, shipped: Path, url: str) -> Path:
    """The shipped rules; the Ghost as a source and, in place, as a destination; a folder; a desk whose stories go to both."""
    folder.mkdir(parents=True)
    for name in ("pipeline.yaml", "rules", "publishers"):
        (folder / name).symlink_to(shipped / name)
    (folder / "sources.yaml").write_text(
        f"""
sources:
  ghost:
    kind: webhook
    adapter: ghost
    secret_env: {SECRET_ENV}
    missed: {{url: "{url}", secret_env: {KEY_ENV}, private_addresses: yes}}
  desk: {{kind: folder, path: desk}}
"""
    )
    (folder / "destinations.yaml").write_text(
        f"""
destinations:
  site: {{kind: cms, api: ghost, url: "{url}", secret_env: {KEY_ENV}, in_place: [ghost], default: yes}}
  copy-folder: {{kind: folder, path: published, formats: [text], default: yes}}
"""
    )
    return folder


@dataclass
class Newsroom:
    """``clock`` is turned ahead by hand: what failed is due again then."""

    settings: Settings
    engine: Engine
    pool: WarmPool
    ahead: timedelta = timedelta()
    summaries: list[RunSummary] = field(default_factory=list)

    def now(self) -> datetime:
        return utc_now() + self.ahead

    @property
    def source(self) -> WebhookSource:
        found = load_sources(self.settings.config_dir)["ghost"]
        assert isinstance(found, WebhookSource)
        return found

    def hears(self, payload: Mapping[str, Any], event_id: str) -> None:
        """An event, as the receiver stores it."""
        raw = story(payload, self.source)
        assert raw is not None
        receive(self.engine, [Arrival(raw, "ghost", event_id=event_id)], self.now())

    def looks(self) -> Intake:
        """A look into the CMS for what its events did not bring."""
        asked = self.source.as_cms
        assert asked is not None
        return poll_cms(self.engine, asked, now=self.now())

    def work(self) -> RunSummary:
        """What the drain does, once."""
        found = drain(self.engine, self.settings, pool=self.pool, clock=self.now)
        self.summaries.append(found)
        return found

    def decides(self, id: str, act: Any, **more: Any) -> Done:
        seen = look_at_story(self.engine, "ghost", id, self.now())
        wish = Decision("ghost", id, seen.edition, act, "Ida Holm", "The box is the story.", **more)
        return decide_and_publish(self.engine, self.settings, wish, self.now)

    def receipts(self, destination: str = "site") -> list[tuple[str, str, str | None]]:
        """What was done there: (act, state, what it did), the oldest first."""
        query = (
            select(PUBLICATIONS).where(PUBLICATIONS.c.destination == destination).order_by(PUBLICATIONS.c.id)
        )
        with self.engine.connect() as connection:
            return [(row.act, row.state, (row.receipt or {}).get("did")) for row in connection.execute(query)]

    def errors(self) -> list[str]:
        with self.engine.connect() as connection:
            found = connection.execute(select(PUBLICATIONS.c.error).order_by(PUBLICATIONS.c.id)).scalars()
            return [error for error in found if error]

    def counts(self) -> tuple[int, int]:
        """Revisions and editions."""
        with self.engine.connect() as connection:
            rows = [connection.execute(select(table.c.id)).all() for table in (REVISIONS, COPIES)]
            return len(rows[0]), len(rows[1])

    def rows(self) -> int:
        """What the inbox ever held."""
        with self.engine.connect() as connection:
            return len(connection.execute(select(INBOX.c.id)).all())

    @property
    def copies(self) -> list[str]:
        """What lies in the folder."""
        return sorted(one.read_text() for one in (self.settings.data_dir / "published").glob("*.txt"))


@contextmanager
def newsroom(root: Path, config: Path, pool: WarmPool) -> Iterator[Newsroom]:
    settings = Settings(
        config_dir=config,
        data_dir=root / "data",
        ledger_url=f"sqlite:///{root / 'ledger.sqlite'}",
        workers=1,
    )
    engine = open_ledger(settings.ledger_url)
    try:
        yield Newsroom(settings, engine, pool)
    finally:
        engine.dispose()
