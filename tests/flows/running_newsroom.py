"""A whole newsroom for tests and for the benchmark: `cleancopy up` as a process, a CMS that posts, the copy that comes out."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from flows.webhook import sign

SECRET = "whsec_" + base64.b64encode(b"a secret of the harbour's CMS").decode()
SOURCES = """
sources:
  cms: {kind: webhook, secret_env: RUNNING_NEWSROOM_SECRET, publisher: harbour-post}
  desk: {kind: folder, path: desk, publisher: harbour-post}
"""
DESTINATIONS = """
destinations:
  copy-folder: {kind: folder, path: published, formats: [text], default: yes}
"""


def small_newsroom(folder: Path, shipped: Path) -> Path:
    """The shipped rules, one webhook source and one destination; the configuration's folder."""
    folder.mkdir(parents=True)
    for name in ("pipeline.yaml", "rules", "publishers"):
        (folder / name).symlink_to(shipped / name)
    (folder / "sources.yaml").write_text(SOURCES)
    (folder / "destinations.yaml").write_text(DESTINATIONS)
    return folder


@dataclass
class RunningNewsroom:
    """A running `cleancopy up`."""

    process: subprocess.Popen[bytes]
    ui: str
    webhook: str
    data: Path
    config: Path
    ledger_url: str = ""

    def post(self, story: str, text: str, client: httpx.Client | None = None) -> httpx.Response:
        """Post an event of the CMS."""
        body, headers = self.event(story, text)
        send = httpx if client is None else client
        return send.post(f"{self.webhook}/webhooks/cms", content=body, headers=headers, timeout=30)

    def event(self, story: str, text: str) -> tuple[str, dict[str, str]]:
        """A signed event: its body and its headers."""
        body = json.dumps({"id": story, "text": text})
        return body, sign(SECRET, f"evt-{story}", int(time.time()), body) | {
            "content-type": "application/json"
        }

    def published(self, story: str) -> list[Path]:
        return list((self.data / "published").glob(f"*{story}-*.txt"))

    def child(self, *words: str) -> int:
        """The process id of the child whose command line has these words."""
        for pid in children_of(self.process.pid):
            line = command_line(pid)
            if all(word in line for word in words):
                return pid
        raise LookupError(f"{words} is not running")

    def ask(self, path: str, body: object) -> Any:
        return ask(self.ui, path, body)

    def pause(self, deployment: str) -> None:
        """Switch a deployment's schedules off."""
        [found] = self.ask("/deployments/filter", {"deployments": {"name": {"any_": [deployment]}}})
        self.ask(f"/deployments/{found['id']}/pause_deployment", {})

    def runs(self, flow: str) -> list[Any]:
        """The runs of a flow that have begun, the newest first."""
        found = self.ask(
            "/flow_runs/filter", {"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_DESC", "limit": 50}
        )
        return [run for run in found if run["state_type"] != "SCHEDULED"]


def ask(ui: str, path: str, body: object) -> Any:
    """A question to Prefect's API, as a page of its own asks it.

    On a busy machine it says 503 now and then, or, its database locked, nothing for a while: it is asked again.
    """
    client = "4a8d7a3e-7e0c-4f5e-9a53-0d1a6f3c2b11"
    for patience in reversed(range(20)):
        try:
            token = httpx.get(f"{ui}/api/csrf-token", params={"client": client}, timeout=30)
            if token.status_code != 503:
                headers = {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token.json()["token"]}
                answer = httpx.post(f"{ui}/api{path}", json=body, headers=headers, timeout=90)
                if answer.status_code != 503:
                    answer.raise_for_status()
                    return answer.json() if answer.content else None
        except httpx.TimeoutException:
            if not patience:
                raise
        time.sleep(1)
    raise TimeoutError(f"{ui} was busy all the time")


def start_run(ui: str, deployment: str, parameters: object) -> str:
    """Start a run of a deployment; its id."""
    [found] = ask(ui, "/deployments/filter", {"deployments": {"name": {"any_": [deployment]}}})
    run = ask(ui, f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
    return str(run["id"])


@contextmanager
def running_newsroom(
    data: Path, config: Path, environ: Mapping[str, str] | None = None, ports: Sequence[int] = ()
) -> Iterator[RunningNewsroom]:
    """`cleancopy up` inside the block, with the drain standing by; ended after it. ``ports`` are those of UI and webhook."""
    ports = [*ports, *free_ports(3)][:3]
    data.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "CLEANCOPY_DATA": str(data), "CLEANCOPY_CONFIG": str(config)}
    env |= {
        "CLEANCOPY_UI_PORT": str(ports[0]),
        "CLEANCOPY_REPORTS_PORT": str(ports[2]),
        "CLEANCOPY_WEBHOOK_PORT": str(ports[1]),
        "RUNNING_NEWSROOM_SECRET": SECRET,
        "PYTHONUNBUFFERED": "1",
    } | dict(environ or {})
    words = data / "up.txt"
    with words.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", "from flows.up import up; up()"],
            env=env,
            stdout=said,
            stderr=said,
            cwd=data,
        )
    newsroom = RunningNewsroom(
        process, *(f"http://127.0.0.1:{port}" for port in ports[:2]), data=data, config=config
    )
    try:
        wait_until(lambda: process.poll() is None and "cleancopy is up." in words.read_text(), 240, words)
        wait_until(lambda: "standing by" in (data / "logs" / "drain.log").read_text(), 120, words)
        yield newsroom
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(90)


def wait_until(true: Callable[[], object], seconds: float, log: Path | None = None) -> None:
    """Look until it is true. A failure shows the log."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, log.read_text() if log else "it did not happen in time"
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def children_of(pid: int) -> list[int]:
    """All processes below ``pid``, by /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""
