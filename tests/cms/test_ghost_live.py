"""A real Ghost 5: a story saved there is clean a few seconds later, there; its cards are as they were, and what an editor saves wins."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from ghost_server import CannotInstall, Ghost, is_installed, running_ghost
from lxml import html as lxml_html
from needing import MUST_RUN, cannot

from cleaners.model import Raw
from cleaners.pipeline import Pipeline
from cleaners.write import html, markdown, record, text as plain
from flows.destinations import Publication
from flows.destinations.client import open_client
from flows.destinations.cms_ghost import connect
from flows.destinations.in_place import Editor, Post, digest_of, publish_in_place
from flows.destinations.remote import Conflict
from flows.settings import CmsDestination
from flows.sources.cms_ghost import post_in
from flows.tasks.cleaning import WarmPool
from flows.tasks.jobs import look_at
from flows.tasks.workers import make_clean
from flows.webhook import create_app
from flows.webhook.from_ghost import check, story, verify
from tests.flows.ghost_newsroom import (
    FOLLOW,
    KEY_ENV,
    LAST,
    LEDE,
    MORE,
    SECRET,
    SECRET_ENV,
    UNDEFINED,
    Newsroom,
    configure,
    newsroom,
)
from tests.flows.loopback import serving
from tests.flows.small_ghost import block, document, heading, html_card, paragraph, text
from tests.webhook.receiving import running

pytestmark = [pytest.mark.xdist_group("ghost")]


@pytest.fixture(scope="session")
def ghost() -> Iterator[Ghost]:
    if not MUST_RUN and not is_installed():
        cannot("needs Ghost, which is not installed here")
    with ExitStack() as stack:
        try:
            found = stack.enter_context(running_ghost())
        except CannotInstall as problem:
            cannot(problem)
        yield found


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory, config_dir: Path, ghost: Ghost) -> Iterator[WarmPool]:
    config = configure(tmp_path_factory.mktemp("rules") / "config", config_dir, ghost.url)
    with WarmPool(config, 1, 60, make_clean) as warm:
        yield warm


@pytest.fixture
def room(
    ghost: Ghost, pool: WarmPool, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Newsroom]:
    """A newsroom that hears of every save in Ghost."""
    monkeypatch.setenv(KEY_ENV, ghost.key)
    with newsroom(tmp_path, configure(tmp_path / "config", config_dir, ghost.url), pool) as open_room:
        app = create_app(open_room.settings, environ={**os.environ, SECRET_ENV: SECRET})
        with (
            running(app, open_room.settings) as port,
            ghost.hooked(f"http://127.0.0.1:{port}/webhooks/ghost", SECRET),
        ):
            yield open_room


def until(room: Newsroom, true: Callable[[], bool], seconds: float = 30) -> float:
    """Drain until it is true; the seconds that it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, (room.receipts(), room.errors())
        room.work()
        time.sleep(0.05)
    return time.monotonic() - begun


def quiet(room: Newsroom, seconds: float = 4) -> None:
    """Drain until nothing has come for so long."""
    still = time.monotonic()
    while time.monotonic() - still < seconds:
        if room.work().stories or room.summaries[-1].own:
            still = time.monotonic()
        time.sleep(0.1)


# What Ghost says


@dataclass
class Recorder:
    """Whatever Ghost posts, as it came."""

    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def wait(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 20
        while len(self.heard) < count:
            assert time.monotonic() < deadline, [body[:200] for _, body in self.heard]
            time.sleep(0.02)
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def recorder(ghost: Ghost) -> Iterator[Recorder]:
    found = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url, ghost.hooked(f"{url}/hook", SECRET):
        found.url = url
        yield found


def test_events_are_what_the_adapter_reads(
    ghost: Ghost, recorder: Recorder, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, ghost.key)
    source = Newsroom.source.fget  # type: ignore[attr-defined]
    config = configure(tmp_path / "config", config_dir, ghost.url)
    from flows.settings import load_sources

    source = load_sources(config)["ghost"]
    post = ghost.publish(
        "The ferry is back", document(html_card("<i>Kesten</i>"), paragraph(LEDE), paragraph(UNDEFINED))
    )
    recorder.wait(1)
    saved = ghost.save(
        post["id"], lexical=document(html_card("<i>Kesten</i>"), paragraph(LEDE), paragraph(MORE))
    )
    recorder.wait(2)
    ghost.save(post["id"], status="draft")
    recorder.wait(3)
    ghost.save(post["id"], status="published")
    recorder.wait(4)
    ghost.delete(post["id"])
    events = recorder.wait(6)
    for headers, body in recorder.heard:
        # Each is signed, and told by its signature.
        assert verify([SECRET.encode()], check(headers.items()), body).startswith("ghost-")
    raws = [story(event, source) for event in events]
    first, second, down, again = raws[:4]
    assert first is not None and second is not None and down is not None and again is not None
    # The body is that of the Admin API, byte for byte; the time of change is the one in the answer to the save.
    assert (first.content, first.given and first.given.updated) == (post["html"], post["updated_at"])
    assert (second.content, second.given and second.given.updated) == (saved["html"], saved["updated_at"])
    assert str(first.content).startswith("\n<!--kg-card-begin: html-->")
    # And so a look into the CMS brings the same story as the event did.
    assert second == replace(post_in(saved).raw or Raw("", "text", ""), publisher=None, language=None)
    assert (down.id, down.content) == (post["id"], "")
    assert again.content == saved["html"]
    assert [one is not None and one.content == "" for one in raws[4:]] == [True, True]
