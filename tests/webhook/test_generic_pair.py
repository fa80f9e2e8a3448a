"""A CMS that speaks nothing but Standard Webhooks and HTTP, cleaned in place: its event comes in, the clean body goes back, and there it ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from receiving import SECRET, running, signed_headers

from cleaners.rules import ConfigError
from cleaners.write.safe_body import safe_body
from flows.ledger import open_ledger
from flows.ledger.owing import Owing, owing
from flows.settings import Settings, load_destinations, load_settings, load_sources
from flows.tasks.cleaning import WarmPool
from flows.tasks.intake import poll
from flows.tasks.jobs import Job, clean_waiting
from flows.tasks.publishing import utc_now
from flows.tasks.showing import headline_of, stories_shown, table_rows
from flows.tasks.summary import RunSummary
from flows.tasks.taking import Intake
from flows.webhook import create_app

CONFIG = Path(__file__).parents[2] / "config"

PROSE = (
    "<p>The last ferry of the season left the northern quay shortly after six, with a <a href='/piano'>piano</a> aboard.</p>",
    "<p>Its captain, who has made the crossing for thirty years, said that she had never carried one before.</p>",
)
JUNK = "<p>Published: undefined</p>"
CLEAN = "".join(PROSE)
RAW = JUNK + CLEAN

SOURCES = """
sources:
  cms:
    kind: webhook
    secret_env: TEST_GENERIC_HOOK
    publisher: harbour-post
    map: {id: $.doc.id, body: "doc['content'].html", headline: doc.title, updated: doc.saved}
"""


def destinations(url: str, more: str = "") -> str:
    return f"""
destinations:
  cms: {{kind: http, url: "{url}/docs/{{id}}", in_place: [cms], body: content.html, default: yes, seconds: 5{more}}}
  folder: {{kind: folder, path: published, formats: [json], default: yes}}
"""


Sent = tuple[bytes, dict[str, str]]
"""An event: its body and its headers."""


@dataclass
class Cms:
    """Documents with ETags. Whoever saves one, an event with it is sent: the sender is not told apart."""

    hook: str = ""
    etags: bool = True
    port: int = 0
    docs: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    before_write: Callable[[str], None] | None = None
    late: list[Sent] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def save(self, id: str, html: str, at: str | None = None, *, refused: bool = False) -> Sent:
        """What an editor does; ``at`` is when, as the CMS says it. The event; one that was ``refused`` is to be sent again."""
        title = f"The ferry {id}"
        self.docs[id] = {
            "doc": {"id": id, "title": title, **({"saved": at} if at else {})},
            "content": {"html": html, "theme": "sea"},
            "tags": [1.5],
        }
        return self.tell(id, refused=refused)

    def tell(self, id: str, ours: bool = False, refused: bool = False) -> Sent:
        self.versions[id] = self.versions.get(id, 0) + 1
        doc = self.docs[id]
        event = {"type": "saved", "doc": {**doc["doc"], "content": doc["content"]}}
        body = json.dumps(event).encode()
        headers = signed_headers(body, event_id=f"evt_{next(self._numbers)}") | {
            "content-type": "application/json"
        }
        if ours and self.late is not None:
            self.late.append((body, headers))
        elif not refused:
            self.send(body, headers)
        return body, headers

    def send(self, body: bytes, headers: dict[str, str]) -> None:
        assert httpx.post(self.hook, content=body, headers=headers).status_code == 202

    def etag(self, id: str) -> str:
        return f'"{self.versions[id]}"'


@contextmanager
def serving(cms: Cms) -> Iterator[Cms]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            id = self.path.rpartition("/")[2]
            if id == "docs":
                self.answer(200, {"items": list(cms.docs.values())})
                return
            if id not in cms.docs:
                self.answer(404, {})
                return
            self.answer(200, cms.docs[id], cms.etag(id))

        def do_PUT(self) -> None:
            self.write(lambda old, new: new)

        def do_PATCH(self) -> None:
            self.write(merged)

        def do_DELETE(self) -> None:
            id = self.path.rpartition("/")[2]
            cms.writes.append(("DELETE", id))
            cms.docs.pop(id, None)
            self.answer(204, None)

        def write(self, change: Callable[[Any, Any], Any]) -> None:
            id = self.path.rpartition("/")[2]
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if cms.before_write is not None:
                cms.before_write(id)
            wanted = self.headers.get("If-Match")
            if cms.etags and wanted != cms.etag(id):
                self.answer(412 if wanted else 428, {})
                return
            cms.writes.append((self.command, id))
            cms.docs[id] = change(cms.docs[id], sent)
            cms.tell(id, ours=True)
            self.answer(200, cms.docs[id], cms.etag(id))

        def answer(self, status: int, body: Any, etag: str | None = None) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            if etag and cms.etags:
                self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cms.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield cms
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def merged(old: Any, new: Any) -> Any:
    """RFC 7396."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}


@dataclass
class Pair:
    cms: Cms
    settings: Settings
    pool: WarmPool

    def drain(self) -> RunSummary:
        return clean_waiting(self.settings, pool=self.pool)

    def configure(self, more: str) -> None:
        (self.settings.config_dir / "destinations.yaml").write_text(destinations(self.cms.url, more))

    def owing(self) -> list[Owing]:
        engine = open_ledger(self.settings.ledger_url)
        try:
            return owing(engine, utc_now())
        finally:
            engine.dispose()

    def published(self) -> list[Path]:
        return list((self.settings.data_dir / "published").glob("*.json"))

    def body(self, id: str) -> str:
        return str(self.cms.docs[id]["content"]["html"])


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmPool]:
    """The worker processes of all tests here."""
    with WarmPool(CONFIG, 1, 60) as one:
        yield one


@pytest.fixture
def pair(tmp_path: Path, pool: WarmPool) -> Iterator[Pair]:
    config = tmp_path / "config"
    config.mkdir()
    for shipped in CONFIG.iterdir():
        (config / shipped.name).symlink_to(shipped.resolve(), target_is_directory=shipped.is_dir())
    for name in ("sources.yaml", "destinations.yaml"):
        (config / name).unlink(missing_ok=True)
    (config / "sources.yaml").write_text(SOURCES)
    with serving(Cms()) as cms:
        (config / "destinations.yaml").write_text(destinations(cms.url))
        settings = load_settings(config, {"CLEANCOPY_DATA": str(tmp_path / "data")})
        with running(create_app(settings, environ={"TEST_GENERIC_HOOK": SECRET}), settings) as port:
            cms.hook = f"http://127.0.0.1:{port}/webhooks/cms"
            yield Pair(cms, settings, pool)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_saved_story_is_clean_in_the_cms_after_one_write_and_nothing_else_of_it_changes(
    pair: Pair, method: str
) -> None:
    pair.configure(f", method: {method}")
    pair.cms.save("7", RAW)
    before = json.loads(json.dumps(pair.cms.docs["7"]))
    summary = pair.drain()
    assert [line.state for line in summary.stories] == ["done"]
    assert pair.body("7") == CLEAN
    before["content"]["html"] = CLEAN
    assert pair.cms.docs["7"] == before
    # The write has fired an event of its own, and that ends.
    again = [pair.drain() for _ in range(3)]
    assert sum(one.own for one in (summary, *again)) == 1
    assert [one.stories for one in again] == [(), (), ()]
    assert pair.cms.writes == [(method, "7")]


def test_a_dry_run_shows_what_it_would_do_and_does_it_once_it_is_over(pair: Pair) -> None:
    sources = pair.settings.config_dir / "sources.yaml"
    sources.write_text(SOURCES.replace("kind: webhook", "kind: webhook\n    dry_run: yes"))
    pair.cms.save("7", RAW)
    summary = pair.drain()
    [line] = summary.stories
    assert headline_of(Job(summary)) == "Dry run of cms. 1 story: 1 would be published"
    assert [row["Copy"] for row in table_rows(summary)] == ["edition 1; dry run: not published"]
    [before_after] = stories_shown(summary)
    assert "Published: undefined" in before_after.text
    assert summary.report is not None
    assert line.report is not None
    assert "Dry run of cms (dry_run in sources.yaml): nothing from there goes out." in (
        summary.report.read_text()
    )
    assert "Published: undefined" in line.report.read_text()
    assert (pair.cms.writes, pair.body("7"), pair.owing(), pair.published()) == ([], RAW, [], [])

    sources.write_text(SOURCES)
    pair.drain()
    assert pair.cms.writes == [], "what came while it was tried stays as it is"
    pair.cms.save("7", RAW)
    assert headline_of(Job(pair.drain())).startswith("1 story: 1 published")
    assert (pair.cms.writes, pair.body("7"), len(pair.published())) == ([("PUT", "7")], CLEAN, 1)


def test_a_kill_in_a_dry_run_takes_down_what_was_public_before_it(pair: Pair) -> None:
    pair.cms.save("7", RAW)
    pair.drain()
    sources = pair.settings.config_dir / "sources.yaml"
    sources.write_text(SOURCES.replace("kind: webhook", "kind: webhook\n    dry_run: yes"))
    pair.cms.save("7", "<p>KILL KILL KILL</p>" + RAW)
    assert headline_of(Job(pair.drain())).startswith("1 story: 1 killed")
    assert "7" not in pair.cms.docs
    assert pair.published() == []


def test_a_list_that_is_read_whole_at_every_look_brings_our_own_writing_only_once_it_is_changed(
    pair: Pair,
) -> None:
    """It has no versions: our own writing is known by its body."""
    pair.cms.late = []
    (pair.settings.config_dir / "sources.yaml").write_text(
        f"""
sources:
  cms:
    kind: cms
    api: json
    url: "{pair.cms.url}/docs"
    private_addresses: yes
    items: items
    map: {{id: doc.id, body: content.html, headline: doc.title}}
"""
    )
    source = load_sources(pair.settings.config_dir)["cms"]
    ledger = open_ledger(pair.settings.ledger_url)

    def look() -> Intake:
        return poll(ledger, pair.settings, source)

    try:
        pair.cms.save("7", RAW, refused=True)
        pair.cms.save("8", CLEAN, refused=True)
        assert len(look().ids) == 2
        pair.drain()
        assert pair.body("7") == CLEAN
        assert [look().ids for _ in range(2)] == [(), ()]
        more = "<p>The ferry will sail again in April, when the ice on the northern quay has gone.</p>"
        pair.cms.save("7", RAW + more, refused=True)
        assert len(look().ids) == 1
        # Not cleaned yet, and taken back: that is what they want now.
        pair.cms.save("7", CLEAN, refused=True)
        assert len(look().ids) == 1
        pair.drain()
        assert (pair.body("7"), look().ids, pair.cms.writes) == (CLEAN, (), [("PUT", "7")])
    finally:
        ledger.dispose()


def test_the_next_version_is_cleaned_too(pair: Pair) -> None:
    pair.cms.save("7", RAW)
    pair.drain()
    pair.drain()
    more = "<p>The ferry will sail again in April, when the ice on the northern quay has gone.</p>"
    pair.cms.save("7", JUNK + CLEAN + more)
    pair.drain()
    pair.drain()
    assert pair.body("7") == CLEAN + more
    assert len(pair.cms.writes) == 2


def test_the_same_raw_text_saved_over_the_clean_one_is_cleaned_again(pair: Pair) -> None:
    for _ in range(2):
        pair.cms.save("7", RAW)
        pair.drain()
        pair.drain()
        assert pair.body("7") == CLEAN
    assert len(pair.cms.writes) == 2


def test_an_editor_who_goes_back_to_an_earlier_clean_text_is_no_echo(pair: Pair) -> None:
    """What stands in the CMS is what stands everywhere, whoever wrote it first."""
    more = "<p>The ferry will sail again in April, when the ice on the northern quay has gone.</p>"
    for html in (RAW, RAW + more, CLEAN):
        pair.cms.save("7", html)
        pair.drain()
        pair.drain()
    assert pair.body("7") == CLEAN
    (file,) = (pair.settings.data_dir / "published").glob("*.json")
    assert json.loads(file.read_text())["html"] == safe_body(CLEAN)


def test_a_headline_that_an_editor_changes_over_our_clean_body_is_no_echo(pair: Pair) -> None:
    """This CMS has no versions: its event has the body that we wrote, and another headline."""
    pair.cms.late = []
    pair.cms.save("7", RAW)
    pair.drain()
    assert (pair.body("7"), len(pair.cms.late)) == (CLEAN, 1)
    writes = list(pair.cms.writes)

    def shown() -> str:
        pair.drain()
        (file,) = pair.published()
        return str(json.loads(file.read_text())["headline"])

    for headline in ("The ferry is late", "The ferry is very late"):
        pair.cms.docs["7"]["doc"]["title"] = headline
        pair.cms.tell("7")
        assert shown() == headline
    # The event of our own writing, which has come late, is still one.
    for body, headers in pair.cms.late:
        pair.cms.send(body, headers)
    assert pair.drain().own == 1
    assert (shown(), pair.cms.writes) == ("The ferry is very late", writes)


def test_the_event_of_our_own_writing_may_come_late(pair: Pair) -> None:
    more = "<p>The ferry will sail again in April, when the ice on the northern quay has gone.</p>"
    pair.cms.late = []
    for html in (RAW, RAW + more):
        pair.cms.save("7", html)
        pair.drain()
    assert pair.body("7") == CLEAN + more
    writes = list(pair.cms.writes)
    for body, headers in pair.cms.late:
        pair.cms.send(body, headers)
        pair.drain()
        assert pair.body("7") == CLEAN + more
    assert pair.cms.writes == writes
    pair.cms.late = None
    # And an editor who goes back to the first clean text later is no event of ours any more.
    pair.cms.save("7", CLEAN)
    pair.drain()
    pair.drain()
    (file,) = (pair.settings.data_dir / "published").glob("*.json")
    assert (pair.body("7"), json.loads(file.read_text())["html"]) == (CLEAN, safe_body(CLEAN))
    assert pair.cms.writes == writes


def test_an_editors_event_that_comes_late_is_not_written_over_the_later_save(pair: Pair) -> None:
    """This CMS says no times: what came late is told by what our copy was made of."""
    more = "<p>The ferry will sail again in April, when the ice on the northern quay has gone.</p>"
    first = pair.cms.save("7", RAW, refused=True)
    pair.cms.save("7", RAW + more)
    pair.drain()
    pair.drain()
    assert pair.body("7") == CLEAN + more
    pair.cms.send(*first)
    late = pair.drain()
    assert ("cms", "left") in [(one.destination, one.did) for one in late.published.made]
    assert (pair.body("7"), len(pair.cms.writes)) == (CLEAN + more, 1)
    # The next save is cleaned as ever.
    pair.cms.save("7", JUNK + more + CLEAN)
    pair.drain()
    assert pair.body("7") == more + CLEAN


def test_an_editors_event_that_comes_late_comes_nowhere_where_the_map_says_when_it_was_saved(
    pair: Pair,
) -> None:
    more = "<p>The ferry will sail again in April, when the ice on the northern quay has gone.</p>"
    first = pair.cms.save("8", RAW, "2026-03-03T06:10:00Z", refused=True)
    pair.cms.save("8", RAW + more, "2026-03-03T06:11:00Z")
    pair.drain()
    pair.drain()
    pair.cms.send(*first)
    assert pair.drain().stories == ()
    assert (pair.body("8"), len(pair.cms.writes)) == (CLEAN + more, 1)
    (file,) = (pair.settings.data_dir / "published").glob("*.json")
    told = json.loads(file.read_text())
    assert (told["html"], told["updated"]) == (safe_body(CLEAN + more), "2026-03-03T06:11:00Z")


def test_an_editor_who_saves_while_it_is_written_wins(pair: Pair) -> None:
    newer = (
        JUNK + CLEAN + "<p>A late line, written by an editor while the story was being cleaned elsewhere.</p>"
    )
    saved = []

    def save_now(id: str) -> None:
        if not saved:
            saved.append(id)
            pair.cms.save(id, newer)

    pair.cms.before_write = save_now
    pair.cms.save("7", RAW)
    pair.drain()
    assert saved == ["7"]
    for _ in range(3):
        pair.drain()
    assert pair.body("7") == newer.removeprefix(JUNK)
    assert len(pair.cms.writes) == 1


def test_without_etags_it_says_so_and_with_etags_no_it_writes(pair: Pair) -> None:
    pair.cms.etags = False
    pair.cms.save("7", RAW)
    summary = pair.drain()
    assert "etags: no" in summary.published.not_made[0].error
    assert pair.cms.writes == []
    pair.configure(", etags: no")
    pair.cms.save("8", RAW)
    # It is left alone for some seconds, as a server is that gave no answer.
    deadline = time.monotonic() + 30
    while pair.body("8") != CLEAN and time.monotonic() < deadline:
        time.sleep(0.5)
        pair.drain()
    assert pair.body("8") == CLEAN
    assert ("PUT", "8") in pair.cms.writes


def test_a_kill_deletes_the_document(pair: Pair) -> None:
    pair.cms.save("7", RAW)
    pair.drain()
    pair.drain()
    pair.cms.save("7", "<p>KILL KILL KILL</p>" + RAW)
    for _ in range(2):
        pair.drain()
    assert "7" not in pair.cms.docs
    assert pair.cms.writes[-1] == ("DELETE", "7")


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("in_place: [cms]", "place of the story's HTML"),
        ("in_place: [cms], body: 'posts[*].html'", "place of the story's HTML"),
        ("body: content.html", "lie there already"),
        ("method: PATCH", "lie there already"),
        ("in_place: [cms], body: html, method: POST", "PUT or PATCH"),
        ("in_place: [cms], body: html, draft: first", "no drafts"),
    ],
)
def test_a_mistake_in_the_configuration_is_told(tmp_path: Path, yaml: str, words: str) -> None:
    url = "https://cms.example/docs/{id}"
    (tmp_path / "destinations.yaml").write_text(
        f'destinations:\n  cms: {{kind: http, url: "{url}", {yaml}}}\n'
    )
    with pytest.raises(ConfigError, match=words):
        load_destinations(tmp_path)


def test_in_place_needs_each_storys_own_address(tmp_path: Path) -> None:
    (tmp_path / "destinations.yaml").write_text(
        "destinations:\n  cms: {kind: http, url: 'https://cms.example/docs/{key}', in_place: [cms], body: html}\n"
    )
    with pytest.raises(ConfigError, match="own address"):
        load_destinations(tmp_path)


def test_an_event_takes_a_moment(pair: Pair) -> None:
    """POST to clean copy in the CMS, without Prefect: told, and no slower than a person notices."""
    pair.cms.save("warm", RAW)
    pair.drain()
    start = time.monotonic()
    pair.cms.save("7", RAW)
    pair.drain()
    assert pair.body("7") == CLEAN
    assert time.monotonic() - start < 5
