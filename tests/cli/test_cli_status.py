"""``cleancopy status``: one screen, from a newsroom that has nothing to one that has troubles."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cleaners.model import Raw
from flows.cli import app
from flows.cli.status import gather
from flows.ledger import Arrival, open_ledger, receive
from flows.settings import Settings, load_settings
from flows.tasks.drain import drain
from flows.tasks.intake import SourceDown
from flows.tasks.jobs import look_at
from flows.tasks.publishing import utc_now


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    config = tmp_path / "config"
    (config / "rules").mkdir(parents=True)
    (config / "publishers").mkdir()
    (config / "pipeline.yaml").write_text("cleaners:\n  written_rules:\n")
    (config / "sources.yaml").write_text(
        "sources:\n  desk: {kind: folder, path: desk, schedule: '*/5 * * * *'}\n  cms: {kind: webhook, secret_env: A_SECRET}\n"
        "  old: {kind: folder, path: old, enabled: no}\n"
    )
    (config / "destinations.yaml").write_text(
        "destinations: {shelf: {kind: folder, path: shelf, formats: [text], default: yes}}\n"
    )
    monkeypatch.setenv("CLEANCOPY_CONFIG", str(config))
    monkeypatch.setenv("CLEANCOPY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CLEANCOPY_WORKERS", "1")
    monkeypatch.delenv("CLEANCOPY_LEDGER", raising=False)
    return load_settings()


def arrive(settings: Settings, ago: timedelta = timedelta(), **stories: str) -> datetime:
    engine = open_ledger(settings.ledger_url)
    then = utc_now() - ago
    receive(engine, [Arrival(Raw(id, "text", text), "desk") for id, text in stories.items()], then)
    engine.dispose()
    return then


def clean(settings: Settings, run: str) -> None:
    engine = open_ledger(settings.ledger_url)
    drain(engine, settings, run=run, flow="drain-inbox")
    engine.dispose()


def shown(code: int) -> str:
    done = CliRunner().invoke(app, ["status"])
    assert done.exit_code == code, done.output
    return done.output


def test_before_the_first_story_nothing_is_made(settings: Settings) -> None:
    said = shown(0)
    assert said.startswith("All is well.")
    assert "Nothing has arrived yet" in said
    assert not settings.data_dir.exists()
    assert [line.split()[0] for line in said.splitlines() if " folder " in line] == ["desk", "old"]


def test_what_waits_and_what_is_held_is_shown(settings: Settings) -> None:
    arrive(settings, a="The ferry left the quay at noon.", b="HOLD HOLD HOLD\nThe crane fell into the basin.")
    assert "2 waiting · 0 at work" in shown(0)
    clean(settings, "calm-otter-1")
    said = shown(1)
    assert "1 story is held: " in said
    assert "desk:b" in said
    assert "HOLD HOLD HOLD" in said
    run = next(line for line in said.splitlines() if line.startswith("calm-otter-1"))
    assert run.split()[1] == "drain-inbox"
    assert run.split()[-4:] == ["1", "2", "1", "–"]
    found = json.loads(CliRunner().invoke(app, ["status", "--json"]).output)
    assert found["runs"][0]["outcomes"] == {"publish": 1, "hold": 1}
    assert (found["sources"]["desk"]["stories"], found["sources"]["desk"]["held"]) == (2, 1)


def test_stories_that_nobody_cleans_are_told(settings: Settings) -> None:
    arrive(settings, timedelta(minutes=14), a="The ferry left the quay at noon.")
    assert shown(0).startswith("All is well.")
    then = arrive(settings, timedelta(hours=5), b="The crane fell into the basin.")
    said = " ".join(shown(1).split())
    assert f"2 stories wait since {then:%Y-%m-%d %H:%M} UTC: no drain is running? (" in said
    assert gather(settings)["undrained"] == {"stories": 2, "since": then.isoformat()}
    clean(settings, "one")
    assert shown(0).startswith("All is well.")


def test_a_dry_run_is_told_and_nothing_of_it_is_called_published(settings: Settings) -> None:
    sources = settings.config_dir / "sources.yaml"
    sources.write_text(sources.read_text().replace("path: desk,", "path: desk, dry_run: yes,"))
    arrive(settings, a="The ferry left the quay at noon.", b="HOLD HOLD HOLD\nThe crane fell into the basin.")
    clean(settings, "calm-otter-1")
    lines = shown(1).splitlines()
    run = next(line for line in lines if line.startswith("calm-otter-1"))
    assert run.split()[-8:] == ["–", "2", "1", "–", "1", "would", "be", "published"]
    [desk, cms] = [next(line for line in lines if line.startswith(name)).rstrip() for name in ("desk", "cms")]
    assert (desk.split()[-2:], cms.split()[-1]) == (["dry", "run"], "never")
    found = json.loads(CliRunner().invoke(app, ["status", "--json"]).output)
    assert found["runs"][0]["outcomes"] == {"dry run": 1, "hold": 1}
    assert {name: one["dry_run"] for name, one in found["sources"].items()} == {
        "desk": True,
        "cms": False,
        "old": False,
    }


def test_a_destination_that_fails_is_told(settings: Settings) -> None:
    arrive(settings, a="The ferry left the quay at noon.")
    settings.data_dir.mkdir(exist_ok=True)
    (settings.data_dir / "shelf").write_text("a file where the folder should be")
    clean(settings, "one")
    said = shown(1)
    assert "shelf: 1 publication is late: " in said


def test_a_rule_that_is_not_true_to_its_examples_is_told(settings: Settings) -> None:
    (settings.config_dir / "rules" / "house.yaml").write_text(
        "rules:\n  a:\n    why: A test.\n    line: Read more\n    matches: [Read less]\n    spares: [Reading]\n"
    )
    found = gather(settings)
    assert found["rules"]["version"] is None
    assert "house.yaml" in found["to_mend"][0]
    assert "Read less" in found["to_mend"][0]


@contextmanager
def cms_that_has(body: str) -> Iterator[str]:
    """A CMS of JSON in which somebody has saved this body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = json.dumps({"html": body}).encode()
            self.send_response(200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("adapter", ["ghost", "standard"])
def test_a_version_that_never_came_from_the_cms_is_told(settings: Settings, adapter: str) -> None:
    with cms_that_has("<p>What the editor wrote last.</p>") as url:
        (settings.config_dir / "destinations.yaml").write_text(
            f"destinations: {{site: {{kind: http, url: '{url}/{{id}}', in_place: [cms], body: html, default: yes}}}}\n"
        )
        (settings.config_dir / "sources.yaml").write_text(
            f"sources:\n  cms: {{kind: webhook, adapter: {adapter}, secret_env: A_SECRET}}\n"
        )
        then = utc_now() - timedelta(hours=2)
        engine = open_ledger(settings.ledger_url)
        for number in range(10):
            raw = Raw(f"ferry-{number}", "body", "<p>The ferry left the quay at noon.</p>")
            receive(engine, [Arrival(raw, "cms", event_id=f"evt-{number}")], then)
        drain(engine, settings, clock=lambda: then)
        engine.dispose()
    told = [" ".join(one.split()) for one in gather(settings)["to_mend"]]
    assert len(told) == 9
    assert told[0].startswith(
        f"left at site: cms:ferry-0: its CMS has a newer version that has not come here (since {then:%Y-%m-%d %H:%M} UTC): "
        "save it there again"
    )
    assert told[0].endswith(
        "again, or write missed: at the source cms, so that it is asked for"
        if adapter == "ghost"
        else "again"
    )
    assert told[8].startswith("left so: 2 more stories (")
    assert "cms:ferry-0: its CMS has a newer version" in " ".join(shown(1).split())


def test_a_feed_that_does_not_answer_is_told(settings: Settings) -> None:
    sources = settings.config_dir / "sources.yaml"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    sources.write_text(
        f"sources:\n  wire: {{kind: feed, url: 'http://127.0.0.1:{port}/feed', private_addresses: yes, robots: ignore}}\n"
    )
    with pytest.raises(SourceDown):
        look_at(settings, "wire")
    assert "source wire fails: " in shown(1)
    said = " ".join(CliRunner().invoke(app, ["doctor"]).output.split())
    assert "source wire failed once, last with: " in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "{kind: cms, api: wordpress, url: 'http://127.0.0.1:9'}",
            "inside a private network, and is not asked",
        ),
        ("{kind: cms, api: ghost, url: 'https://post.example', secret_env: NO_KEY}", "$NO_KEY is not set"),
        (
            "{kind: webhook, adapter: ghost, secret_env: A_SECRET, missed: {url: 'https://post.example', secret_env: NO_KEY}}",
            "$NO_KEY is not set",
        ),
    ],
    ids=["private", "no key", "missed"],
)
def test_a_cms_that_cannot_be_read_is_told(settings: Settings, written: str, said: str) -> None:
    (settings.config_dir / "sources.yaml").write_text(f"sources:\n  post: {written}\n")
    with pytest.raises(SourceDown) as caught:
        look_at(settings, "post")
    # Its run ends as failed, and is not tried again: the next look is set.
    assert caught.value.again_at is not None
    told = " ".join(shown(1).split())
    assert "source post fails: " in told
    assert said in told
