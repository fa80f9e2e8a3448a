"""A newsroom on a real WordPress: the receiver, the ledger and warm cleaners beside it, all in this process; and stories of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Engine
from wordpress_server import SECRET, WordPress

from cleaners.model import Cleaned, Raw
from cleaners.pipeline import Pipeline
from cleaners.write import html, markdown, record, text
from flows.destinations import Publication
from flows.destinations.client import hidden, open_client
from flows.destinations.cms_wordpress import Editor, connect
from flows.destinations.in_place import Connector
from flows.ledger import open_ledger, queue_counts
from flows.settings import CmsDestination, Settings, load_settings
from flows.sources.cms_wordpress import changed_at
from flows.tasks.cleaning import WarmPool
from flows.tasks.drain import drain
from flows.tasks.summary import RunSummary
from flows.webhook import create_app, uvicorn_config

CONFIG = Path(__file__).parents[2] / "config"

SOURCES = """
sources:
  wp:
    kind: webhook
    adapter: wordpress
    secret_env: TEST_WORDPRESS_EVENTS
    publisher: harbour-post
    destinations: [wp-site, copy-folder]
    missed: {url: "%(url)s", secret_env: TEST_WORDPRESS_LOGIN, private_addresses: yes}
"""
DESTINATIONS = """
destinations:
  wp-site: {kind: cms, api: wordpress, url: "%(url)s", secret_env: TEST_WORDPRESS_LOGIN, in_place: [wp]}
  copy-folder: {kind: folder, path: published, formats: [text]}
"""

FIRST = "The last ferry of the season left the northern quay shortly after six, with eleven passengers and a piano aboard."
SECOND = "Its captain, who has made the crossing for thirty years, said that she had never carried an instrument before."
THIRD = "The piano belongs to a school on the island, which had waited for it since the spring and has no teacher for it."
JUNK = "Published: undefined"


def paragraph(said: str) -> str:
    return f"<!-- wp:paragraph -->\n<p>{said}</p>\n<!-- /wp:paragraph -->"


def body(*lines: str) -> str:
    """A body as WordPress's block editor writes it."""
    return "\n\n".join(map(paragraph, lines))


@dataclass
class Newsroom:
    wp: WordPress
    settings: Settings
    engine: Engine
    pool: WarmPool

    def clean(self) -> RunSummary:
        return drain(self.engine, self.settings, pool=self.pool)

    def waiting(self) -> int:
        return queue_counts(self.engine)["waiting"]

    def arrived(self, count: int = 1) -> None:
        """So many events are waiting."""
        wait_until(lambda: self.waiting() >= count)

    def cleaned(self, count: int = 1) -> RunSummary:
        """What came is cleaned and published, and so is what that brought."""
        self.arrived(count)
        return self.clean()

    def settled(self) -> list[RunSummary]:
        """Cleaned until nothing more comes back."""
        done = []
        quiet = time.monotonic()
        while time.monotonic() - quiet < 1.5:
            if self.waiting():
                done.append(self.clean())
                quiet = time.monotonic()
            time.sleep(0.05)
        return done

    def published(self) -> list[str]:
        """The copies in the folder, where stories of this site go as well."""
        return sorted(
            path.read_text("utf-8") for path in (self.settings.data_dir / "published").glob("*.txt")
        )


@contextmanager
def running_newsroom(wp: WordPress, folder: Path, workers: int = 1) -> Iterator[Newsroom]:
    """A newsroom that WordPress's plugin sends its events to; ``folder`` is empty."""
    config = folder / "config"
    config.mkdir()
    for shipped in CONFIG.iterdir():
        if shipped.name not in ("sources.yaml", "destinations.yaml"):
            (config / shipped.name).symlink_to(shipped.resolve(), target_is_directory=shipped.is_dir())
    (config / "sources.yaml").write_text(SOURCES % {"url": wp.url})
    (config / "destinations.yaml").write_text(DESTINATIONS % {"url": wp.url})
    settings = load_settings(config, {"CLEANCOPY_DATA": str(folder / "data")})
    secrets = {"TEST_WORDPRESS_EVENTS": SECRET, "TEST_WORDPRESS_LOGIN": wp.logins["cleancopy"]}
    with ExitStack() as opened:
        os.environ.update(secrets)
        opened.callback(lambda: [os.environ.pop(name) for name in secrets])
        engine = open_ledger(settings.ledger_url)
        opened.callback(engine.dispose)
        pool = opened.enter_context(WarmPool(settings.config_dir, workers))
        port = opened.enter_context(receiving(settings, secrets))
        wp.tell(f"http://127.0.0.1:{port}/webhooks/wp")
        opened.callback(lambda: wp.tell(None))
        yield Newsroom(wp, settings, engine, pool)


@contextmanager
def receiving(settings: Settings, environ: dict[str, str]) -> Iterator[int]:
    """The receiver under uvicorn in a thread; its port."""
    app = create_app(settings, environ=environ)
    server = uvicorn.Server(uvicorn_config(app, settings, port=0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def connected(
    wp: WordPress, user: str = "cleancopy", settle_seconds: float | None = None, **more: Any
) -> Iterator[Connector]:
    """The connector of a site, as this user, without a ledger behind it."""
    destination = CmsDestination(
        kind="cms",
        name="wp-site",
        api="wordpress",
        url=wp.url,
        secret_env="TEST_WORDPRESS_LOGIN",
        in_place=("wp",),
        **more,
    )
    login = wp.logins[user]
    with open_client(
        "wp-site", wp.url, seconds=20, connect_seconds=5, headers={}, secrets=hidden(login)
    ) as client:
        connector = connect(client, destination, login)
        client.begin()
        if settle_seconds is not None:
            assert isinstance(connector.editor, Editor)
            connector.editor._settle = settle_seconds
        yield connector


def as_raw(post: dict[str, Any]) -> Raw:
    """A post as its event brings it."""
    from flows.sources.cms_wordpress import post_in

    found = post_in(post).raw
    assert found is not None
    assert found.given is not None
    assert found.given.updated == changed_at(post)
    return found


def cleaned_of(pipeline: Pipeline, post: dict[str, Any]) -> Cleaned:
    return pipeline.clean(as_raw(post))


def publication_of(
    cleaned: Cleaned, *, story: str = "", act: Any = "publish", edition: int = 1, **more: Any
) -> Publication:
    """What the ledger owes of a cleaned post."""
    story = story or f"wp:{cleaned.source.id}"
    return Publication(
        story=story,
        act=act,
        edition=edition,
        revision=edition,
        ledger="ledger-1",
        idempotency_key=f"{story}-{edition}-{act}",
        record=record(cleaned),
        rendered={"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)},
        **more,
    )
