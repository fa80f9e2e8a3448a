"""The reports in a browser: what is served, and to whom."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from flows.report_server import create_app
from flows.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for number, name in enumerate(("first-otter-1", "second <otter>")):
        folder = tmp_path / "reports" / name
        (folder / "stories").mkdir(parents=True)
        (folder / "index.html").write_text(f"<p>the run {number}")
        (folder / "stories" / "a.html").write_text("<p>a story")
        os.utime(folder, (1_000_000 + number * 1000,) * 2)
    (tmp_path / "ledger.sqlite").write_text("secret")
    (tmp_path / "reports" / "out").symlink_to(tmp_path)
    return Settings(config_dir=tmp_path, data_dir=tmp_path, ledger_url="sqlite://")


Open = Callable[..., httpx.Client]


@pytest.fixture
def client() -> Iterator[Open]:
    """``client(settings)``: a browser before a real server that serves these settings' reports."""
    servers: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def opened(settings: Settings, **environ: str) -> httpx.Client:
        config = uvicorn.Config(create_app(settings, environ), port=0, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        asking = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        servers.append((server, thread, asking))
        return asking

    yield opened
    for server, thread, asking in servers:
        asking.close()
        server.should_exit = True
        thread.join()


def test_runs_are_listed_the_newest_first_and_lead_to_their_reports(settings: Settings, client: Open) -> None:
    asking = client(settings)
    page = asking.get("/")
    assert page.text.index("second%20%3Cotter%3E/") < page.text.index("first-otter-1/")
    assert "<otter>" not in page.text
    assert asking.get("/second%20%3Cotter%3E/").text == "<p>the run 1"
    assert asking.get("/first-otter-1/stories/a.html").text == "<p>a story"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert asking.get("/first-otter-1/").headers["cache-control"] == "no-store"


def test_without_a_run_there_is_an_empty_list(tmp_path: Path, client: Open) -> None:
    settings = Settings(config_dir=tmp_path, data_dir=tmp_path, ledger_url="sqlite://")
    answer = client(settings).get("/")
    assert (answer.status_code, "No run has left a report yet" in answer.text) == (200, True)
    assert client(settings).get("/nowhere/").status_code == 404


@pytest.mark.parametrize(
    "path", ["/../ledger.sqlite", "/%2e%2e/ledger.sqlite", "/out/ledger.sqlite", "/..%2fledger.sqlite"]
)
def test_nothing_else_of_the_data_folder_is_served(settings: Settings, client: Open, path: str) -> None:
    assert client(settings).get(path).status_code == 404


def test_only_reading_is_possible(settings: Settings, client: Open) -> None:
    assert client(settings).post("/").status_code == 405
    assert client(settings).delete("/first-otter-1/index.html").status_code == 405


def test_another_name_for_this_machine_is_refused(settings: Settings, client: Open) -> None:
    asking = client(settings)
    assert asking.get("/", headers={"host": "evil.example"}).status_code == 400
    assert asking.get("/", headers={"host": "localhost:4201"}).status_code == 200
    open_to_all = client(settings.model_copy(update={"host": "0.0.0.0"}))
    assert open_to_all.get("/", headers={"host": "desk.example"}).status_code == 200


def test_who_needs_a_password_for_prefect_needs_it_here(settings: Settings, client: Open) -> None:
    asking = client(settings, PREFECT_SERVER_API_AUTH_STRING="desk:pä55:x")
    refused = asking.get("/first-otter-1/")
    assert (refused.status_code, refused.headers["www-authenticate"].split()[0]) == (401, "Basic")
    assert asking.get("/", auth=("desk", "wrong")).status_code == 401
    assert asking.get("/first-otter-1/", auth=("desk", "pä55:x")).text == "<p>the run 0"
    assert asking.get("/healthz").text == "ok"
