"""What the tests of the receiver share: secrets, a running server, signed events, a look into the ledger."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import create_engine, func, inspect, select

from cleaners.model import Raw
from flows.ledger import open_ledger
from flows.ledger.raws import restore
from flows.ledger.tables import INBOX, RAWS, REVISIONS, STORIES
from flows.settings import Settings, load_settings
from flows.settings.sqlite import SQLITE
from flows.webhook import sign, uvicorn_config

OLD_SECRET = "whsec_" + base64.b64encode(b"the old secret of the CMS").decode()
SECRET = "whsec_" + base64.b64encode(b"the new secret of the CMS").decode()
STRANGER = "whsec_" + base64.b64encode(b"a secret of somebody else").decode()
SHORT = "whsec_" + base64.b64encode(b"too short a secret").decode()

SOURCES = """
sources:
  cms:
    kind: webhook
    publisher: harbour-post
    secret_env: TEST_SECRET_CMS
    limits: {story_bytes: 20000, seconds: 5}
    map: {id: post.id, body: post.html, headline: post.title, url: post.url}
  plain: {kind: webhook, secret_env: TEST_SECRET_CMS}
  hasty: {kind: webhook, secret_env: TEST_SECRET_CMS, limits: {story_bytes: 1000, seconds: 0.3}}
  unset: {kind: webhook, secret_env: TEST_SECRET_UNSET}
  short: {kind: webhook, secret_env: TEST_SECRET_SHORT}
  closed: {kind: webhook, secret_env: TEST_SECRET_CMS, enabled: no}
  drop: {kind: folder, path: drop}
"""

DESTINATIONS = """
destinations:
  copy-folder: {kind: folder, path: published, formats: [json, text], default: yes}
"""

ENVIRON = {"TEST_SECRET_CMS": f"{OLD_SECRET} {SECRET}", "TEST_SECRET_SHORT": SHORT}

# Stands in every body of these tests, so that it can be looked for in the log.
MARKER = "Gulls-over-the-quay"


def newsroom(folder: Path) -> Settings:
    """The settings of a newsroom in this folder with the sources and the destination above."""
    config = folder / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(SOURCES)
    (config / "destinations.yaml").write_text(DESTINATIONS)
    return load_settings(config, {"CLEANCOPY_DATA": str(folder / "data")})


def story(**changes: Any) -> bytes:
    """An event of the source ``plain``."""
    return json.dumps({"id": "harbour-1", "text": f"The ferry is back. {MARKER}.", **changes}).encode()


@dataclass
class Receiver:
    """The running receiver: its address, its settings, and how often the drain was woken."""

    base: str
    settings: Settings
    woken: list[float]
    fail_waking: list[bool] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def post(
        self,
        body: bytes,
        *,
        source: str = "plain",
        secret: str = SECRET,
        event_id: str = "evt_1",
        ago: int = 0,
        headers: Mapping[str, str | None] | None = None,
        chunked: bool = False,
    ) -> httpx.Response:
        """A signed event; ``headers`` replace its own, None takes one away."""
        signed = signed_headers(body, secret=secret, event_id=event_id, ago=ago)
        changed = {**signed, "content-type": "application/json", **(headers or {})}
        sent = {name: value for name, value in changed.items() if value is not None}
        content = (body[i : i + 8192] for i in range(0, len(body), 8192)) if chunked else body
        return httpx.post(f"{self.base}/webhooks/{source}", content=content, headers=sent, timeout=30)

    def rows(self) -> int:
        """Everything that arriving could have left in the ledger, counted."""
        return count_rows(self.settings)


def signed_headers(
    body: bytes, *, secret: str = SECRET, event_id: str = "evt_1", ago: int = 0
) -> dict[str, str]:
    # A body that is no UTF-8 cannot be signed by the library; any signature will do for it.
    return sign(secret, event_id, int(time.time()) - ago, body.decode("utf-8", "replace"))


def raws_in(settings: Settings) -> list[Raw]:
    """What stands in the ledger, in the order in which it came."""
    engine = open_ledger(settings.ledger_url)
    query = (
        select(STORIES.c.external_id, RAWS.c.form, RAWS.c.kept_as, RAWS.c.content, RAWS.c.given)
        .join(REVISIONS, REVISIONS.c.story_id == STORIES.c.id)
        .join(RAWS, RAWS.c.hash == REVISIONS.c.raw_hash)
        .order_by(REVISIONS.c.id)
    )
    try:
        with engine.connect() as connection:
            return [
                restore(row.external_id, row.form, row.kept_as, row.content, row.given)
                for row in connection.execute(query)
            ]
    finally:
        engine.dispose()


def count_rows(settings: Settings) -> int:
    if not Path(settings.ledger_url.removeprefix("sqlite:///")).is_file():
        return 0
    # The product's own SQLite: of two in one process neither sees the locks of the other.
    engine = create_engine(settings.ledger_url, module=SQLITE)
    # The receiver opens its ledger while it starts: there may be a file without tables yet.
    tables = [table for table in (INBOX, RAWS, STORIES) if inspect(engine).has_table(table.name)]
    with engine.connect() as connection:
        rows = sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        )
    engine.dispose()
    return rows


class running:
    """An ASGI app under uvicorn in a thread, on a free port of loopback."""

    def __init__(self, app: Any, settings: Settings) -> None:
        self.server = uvicorn.Server(uvicorn_config(app, settings, port=0))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> int:
        self.thread.start()
        wait_until(lambda: self.server.started)
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=20)
        assert not self.thread.is_alive()


def log_of(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was logged, tracebacks too, since the test's fixtures were set up."""
    phases = ("setup", "call", "teardown")
    return "\n".join(
        logging.Formatter("%(name)s %(message)s").format(record)
        for phase in phases
        for record in caplog.get_records(phase)  # type: ignore[arg-type]
    )


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
