"""A real Strapi 5 on loopback, on SQLite: installed once from npm into a cache, begun anew for each block.

    with strapi_server(tmp_path) as strapi:
        strapi.publish("article", {"title": "Ferry", "body": "<p>…"})

What a person does in the admin panel is done through the same services, by an address that ``strapi_project/src/index.js`` adds.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

PROJECT = Path(__file__).parent / "strapi_project"
CACHE = Path(os.environ.get("CLEANCOPY_CMS_CACHE") or Path.home() / ".cache" / "cleancopy-cms")
INSTALL_SECONDS = 1500
START_SECONDS = 180
EVENTS = (
    "entry.create",
    "entry.update",
    "entry.delete",
    "entry.publish",
    "entry.unpublish",
    "entry.draft-discard",
)


@dataclass
class Strapi:
    """A running Strapi. ``token`` is an API token that may do everything."""

    port: int
    log: Path
    desk: str = field(repr=False)
    token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def act(self, act: str, **options: Any) -> Any:
        """One act of the admin's. Raises httpx.HTTPStatusError with the end of the server's log."""
        answer = httpx.post(
            f"{self.url}/test-desk/{act}", json=options, headers={"X-Test-Desk": self.desk}, timeout=60
        )
        assert answer.status_code == 200, f"{act}: {answer.status_code} {answer.text}\n{tail(self.log)}"
        return answer.json()["data"]

    def document(self, model: str, method: str, **options: Any) -> Any:
        """What Strapi's Document Service does with a document (create, update, publish, unpublish, discardDraft, delete, findOne)."""
        return self.act("document", uid=f"api::{model}.{model}", method=method, options=options)

    def publish(self, model: str, data: Mapping[str, Any], **options: Any) -> str:
        """A new document, published as in the admin panel: saved, then published; its documentId."""
        id = str(self.document(model, "create", data=data, **options)["documentId"])
        self.document(model, "publish", documentId=id, **options)
        return id

    def edit(self, model: str, id: str, data: Mapping[str, Any], **options: Any) -> None:
        """Save and publish a document, as the button Publish does."""
        self.document(model, "update", documentId=id, data=data, **options)
        self.document(model, "publish", documentId=id, **options)

    def webhook(self, url: str, secret: str, events: Sequence[str] = EVENTS) -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        self.act("webhook", name=url, url=url, headers=headers, events=list(events))

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A question to the REST interface, with the token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.request(method, f"{self.url}/api/{path}", headers=headers, timeout=60, **more)

    def shown(self, plural: str, id: str, status: str = "published", **params: str) -> Any:
        """The entry as readers (or, as ``draft``, editors) see it; None: there is none."""
        answer = self.ask("GET", f"{plural}/{id}", params={"status": status, **params})
        return None if answer.status_code == 404 else answer.raise_for_status().json()["data"]


def require_strapi() -> Path:
    """The installed project's node_modules. Where it cannot be installed the test is skipped; with CLEANCOPY_CMS_TEST=1 it fails."""
    try:
        return install()
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        reason = f"needs Strapi 5 from npm, with Node 20 or newer: {error}"
        if os.environ.get("CLEANCOPY_CMS_TEST") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def install() -> Path:
    """Install what ``strapi_project/package.json`` names, once for each content of it. Raises RuntimeError with npm's words."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise RuntimeError(f"{program} is not on PATH")
    wanted = (PROJECT / "package.json").read_bytes()
    folder = CACHE / f"strapi-{sha256(wanted).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes: one installs, the other waits
        if not done.exists():
            (folder / "package.json").write_bytes(wanted)
            with (folder / "npm.txt").open("w") as words:
                code = subprocess.run(
                    [
                        *("npm", "install", "--no-audit", "--no-fund", "--omit=dev"),
                        # The admin panel's own libraries; it is not built here.
                        "--legacy-peer-deps",
                    ],
                    cwd=folder,
                    stdout=words,
                    stderr=words,
                    timeout=INSTALL_SECONDS,
                    env={**os.environ, **_headers_of_node()},
                ).returncode
            if code:
                raise RuntimeError(f"npm install failed ({folder / 'npm.txt'}):\n{tail(folder / 'npm.txt')}")
            done.touch()
    return folder / "node_modules"


def _headers_of_node() -> dict[str, str]:
    """better-sqlite3 is compiled where its binary cannot be fetched, with Node's own headers where the machine has them."""
    here = Path("/usr/include/node/node.h").exists()
    return {"npm_config_nodedir": "/usr"} if here else {}


@contextmanager
def strapi_server(folder: Path) -> Iterator[Strapi]:
    """A Strapi of its own, with an empty database in ``folder``; ended after the block."""
    modules = require_strapi()
    project = folder / "strapi"
    shutil.copytree(PROJECT, project)
    (project / "node_modules").symlink_to(modules, target_is_directory=True)
    (project / "public" / "uploads").mkdir()
    desk = secrets.token_urlsafe(24)
    strapi = Strapi(free_port(), folder / "strapi.txt", desk)
    env = {
        **os.environ,
        "PORT": str(strapi.port),
        "STRAPI_TEST_DATABASE": str(folder / "strapi.sqlite"),
        "STRAPI_TEST_DESK": desk,
        "NODE_ENV": "production",
        "STRAPI_TELEMETRY_DISABLED": "true",
        "STRAPI_HIDE_STARTUP_MESSAGE": "true",
    }
    with strapi.log.open("w") as words:
        process = subprocess.Popen(
            ["node", "server.js"], cwd=project, env=env, stdout=words, stderr=words, start_new_session=True
        )
    try:
        _wait_until_up(strapi, process)
        strapi.token = strapi.act("token", name="cleancopy")["token"]
        yield strapi
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)


def _wait_until_up(strapi: Strapi, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(f"{strapi.url}/_health", timeout=2).status_code == 204:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"Strapi did not start:\n{tail(strapi.log)}")
        time.sleep(0.2)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def tail(file: Path) -> str:
    return "\n".join(file.read_text("utf-8", "replace").splitlines()[-30:])
