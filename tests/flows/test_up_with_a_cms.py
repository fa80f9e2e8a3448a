"""`cleancopy up` beside a CMS: what is saved there is clean there some seconds later, and our own write ends where it comes back."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from ghost_newsroom import KEY_ENV, LAST, LEDE, MORE, SECRET, SECRET_ENV, UNDEFINED, configure
from running_newsroom import RunningNewsroom, running_newsroom, wait_until
from small_ghost import KEY, document, paragraph, shown, small_ghost
from sqlalchemy import Engine, select

from flows.ledger import open_ledger
from flows.ledger.echoes import NOTE
from flows.ledger.tables import INBOX

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("faults")]

SECONDS = 60
"""A machine that does other things as well takes longer than the few seconds of an idle one."""


def tell(newsroom: RunningNewsroom, event: dict[str, Any], secret: str = SECRET) -> httpx.Response:
    """An event, signed as Ghost signs."""
    body, moment = json.dumps(event).encode(), str(int(time.time() * 1000))
    signed = hmac.new(secret.encode(), body + moment.encode(), hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-ghost-signature": f"sha256={signed}, t={moment}"}
    return httpx.post(f"{newsroom.webhook}/webhooks/ghost", content=body, headers=headers, timeout=30)


def test_a_post_that_is_saved_is_clean_in_the_cms_and_our_own_write_ends(
    tmp_path: Path, config_dir: Path
) -> None:
    with small_ghost() as ghost:
        config = configure(tmp_path / "config", config_dir, ghost.url)
        assert not [
            one for one in config.glob("*.yaml") if SECRET in one.read_text() or KEY in one.read_text()
        ]
        url = f"sqlite:///{tmp_path}/ledger.sqlite"
        environ = {SECRET_ENV: SECRET, KEY_ENV: KEY, "CLEANCOPY_LEDGER": url, "CLEANCOPY_WORKERS": "1"}
        with running_newsroom(tmp_path / "data", config, environ) as newsroom:
            log = newsroom.data / "logs" / "drain.log"
            ghost.save("ferry", *map(paragraph, (LEDE, UNDEFINED, MORE, LAST)))
            assert tell(newsroom, ghost.event("ferry"), "a-secret-of-somebody-else").status_code == 401
            assert tell(newsroom, ghost.event("ferry")).json()["status"] == "accepted"
            clean = shown(document(*map(paragraph, (LEDE, MORE, LAST))))
            wait_until(lambda: ghost.posts["ferry"]["html"] == clean, SECONDS, log)
            assert tell(newsroom, ghost.event("ferry")).json()["status"] == "accepted"
            engine = open_ledger(url)
            try:
                wait_until(lambda: notes(engine) == [None, NOTE], SECONDS, log)
            finally:
                engine.dispose()
            assert [(method, id) for method, id, _ in ghost.writes] == [("PUT", "ferry")]


def notes(engine: Engine) -> list[str | None]:
    """What was noted of the events that are done, the oldest first."""
    with engine.connect() as connection:
        query = select(INBOX.c.note).where(INBOX.c.state == "done", INBOX.c.event_id.is_not(None))
        return list(connection.execute(query.order_by(INBOX.c.id)).scalars())
