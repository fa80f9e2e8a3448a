"""A real Ghost 5 on loopback, from npm, with SQLite in a temporary folder: installed once, started for the tests, ended with them.

    with running_ghost() as ghost:
        post = ghost.publish("The ferry is back", lexical)
        with ghost.hooked("http://127.0.0.1:9100/webhooks/cms", SECRET): …

    python -m tests.cms.ghost_server        installs it, and says where

It is kept in ``$CLEANCOPY_CMS_CACHE`` (else ``~/.cache/cleancopy-cms``); that takes a few minutes once. Node must be there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from flows.sources.cms_ghost import token

VERSION = "5.130.6"
"""The last of Ghost 5's; Ghost 6 wants a newer Node than Debian and CI have."""
NODES = ("v18", "v20", "v22")
"""As Ghost's package.json says; it was tried with v20."""
EVENTS = ("post.published", "post.published.edited", "post.unpublished", "post.deleted")
OWNER = {
    "name": "Ilse Marrow",
    "email": "ilse.marrow@harbour.example",
    "password": "tide-gauge-of-Kesten-7",
    "blogTitle": "Harbour Post",
}
START_SECONDS = 120.0


class CannotInstall(Exception):
    """Ghost cannot be had here. The message says why, in a sentence."""


def is_installed() -> bool:
    return (_home() / "installed").is_file()


def _home() -> Path:
    cache = os.environ.get("CLEANCOPY_CMS_CACHE") or Path.home() / ".cache" / "cleancopy-cms"
    return Path(cache) / f"ghost-{VERSION}"


def installed_ghost() -> Path:
    """Ghost's folder, installed if it is not yet. Raises CannotInstall."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise CannotInstall("needs node and npm (Debian: apt-get install nodejs npm), which are not here")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if version.partition(".")[0] not in NODES:
        raise CannotInstall(f"needs Node {', '.join(NODES)} for Ghost {VERSION}, and here is {version}")
    home = _home()
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "ghost.lock").open("w") as lock:
        # Two test runs that come at once: the second waits for the first one's Ghost.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed():
            _install(npm, home)
    return home


def _install(npm: str, home: Path) -> None:
    """The tarball, without the developers' dependencies: they name packages that are in no registry."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    _run([npm, "pack", f"ghost@{VERSION}", "--silent"], home, "cannot be fetched from the npm registry")
    _run(["tar", "xzf", f"ghost-{VERSION}.tgz", "--strip-components=1"], home, "cannot be unpacked")
    manifest = home / "package.json"
    package = json.loads(manifest.read_text())
    package.pop("devDependencies", None)
    manifest.write_text(json.dumps(package, indent=2))
    words = [
        npm,
        "install",
        "--omit=dev",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--legacy-peer-deps",
        "--loglevel=error",
    ]
    if Path("/usr/include/node/node.h").is_file():
        # sqlite3 is built here where no built one can be fetched; Node's own headers are at hand.
        words.append("--nodedir=/usr")
    _run(words, home, "cannot be installed by npm")
    (home / "installed").touch()


def _run(words: Sequence[str], folder: Path, problem: str) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise CannotInstall(f"Ghost {VERSION} {problem}: {(done.stderr or done.stdout).strip()[-600:]}")


@dataclass
class Ghost:
    """A running Ghost with an owner and a custom integration. ``key`` is its Admin API key, ``content_key`` the other one.

    ``asked`` counts what the tests themselves asked for, by method.
    """

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    key: str = ""
    content_key: str = ""
    integration: str = ""
    session: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def setup(self) -> None:
        """The owner by the Admin API, as Ghost's own first page does it; then an integration."""
        self._as_owner("POST", "authentication/setup/", {"setup": [OWNER]})
        login = {"username": OWNER["email"], "password": OWNER["password"]}
        self._as_owner("POST", "session/", login)
        [made] = self._as_owner(
            "POST", "integrations/?include=api_keys", {"integrations": [{"name": "cleancopy"}]}
        )["integrations"]
        self.integration = made["id"]
        keys = {key["type"]: key for key in made["api_keys"]}
        # An admin key's secret is given as id:secret already.
        secret = keys["admin"]["secret"]
        self.key = secret if ":" in secret else f"{keys['admin']['id']}:{secret}"
        self.content_key = keys["content"]["secret"]

    @contextmanager
    def hooked(self, target: str, secret: str, events: Sequence[str] = EVENTS) -> Iterator[None]:
        """Webhooks to this address, inside the block."""
        made = []
        for event in events:
            hook = {"event": event, "target_url": target, "name": event, "secret": secret}
            hook["integration_id"] = self.integration
            made += self._as_owner("POST", "webhooks/", {"webhooks": [hook]})["webhooks"]
        try:
            yield
        finally:
            for hook in made:
                self._as_owner("DELETE", f"webhooks/{hook['id']}/", None)

    def _as_owner(self, method: str, path: str, body: Any) -> Any:
        answer = self.session.request(
            method, f"{self.url}/ghost/api/admin/{path}", json=body, headers={"Origin": self.url}
        )
        assert answer.status_code in (200, 201, 204), (path, answer.status_code, answer.text[:1000])
        return (
            answer.json()
            if answer.content and answer.headers["content-type"].startswith("application/json")
            else None
        )

    # As an editor who works with the Admin API.

    def ask(self, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        headers = {"Authorization": f"Ghost {token(self.key, time.time())}", "Accept-Version": "v5.0"}
        return self.session.request(
            method, f"{self.url}/ghost/api/admin/{path}", json=body, params=params, headers=headers
        )

    def _post(self, method: str, path: str, fields: Mapping[str, Any], **params: str) -> dict[str, Any]:
        answer = self.ask(method, path, {"posts": [dict(fields)]}, formats="html,lexical", **params)
        assert answer.status_code in (200, 201), (answer.status_code, answer.text[:1000])
        [post] = answer.json()["posts"]
        assert isinstance(post, dict)
        return post

    def publish(self, title: str, lexical: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """A new post, public at once."""
        if lexical is not None:
            fields["lexical"] = json.dumps(lexical)
        params = {"source": "html"} if "html" in fields else {}
        return self._post("POST", "posts/", {"title": title, "status": "published", **fields}, **params)

    def read(self, id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"posts/{id}/", formats="html,lexical")
        assert answer.status_code == 200, answer.text[:1000]
        post = answer.json()["posts"][0]
        assert isinstance(post, dict)
        return post

    def save(self, id: str, **fields: Any) -> dict[str, Any]:
        """An editor saves, in whatever version the post is."""
        if isinstance(fields.get("lexical"), Mapping):
            fields["lexical"] = json.dumps(fields["lexical"])
        params = {"source": "html"} if "html" in fields else {}
        while True:
            body = {"posts": [{**fields, "updated_at": self.read(id)["updated_at"]}]}
            answer = self.ask("PUT", f"posts/{id}/", body, formats="html,lexical", **params)
            if answer.status_code != 409:
                assert answer.status_code == 200, answer.text[:1000]
                post = answer.json()["posts"][0]
                assert isinstance(post, dict)
                return post

    def put(self, id: str, version: str, **fields: Any) -> int:
        """An editor saves what was read in this version; the status of the answer."""
        answer = self.ask("PUT", f"posts/{id}/", {"posts": [{**fields, "updated_at": version}]})
        assert answer.status_code in (200, 409), answer.text[:1000]
        return answer.status_code

    def delete(self, id: str) -> None:
        assert self.ask("DELETE", f"posts/{id}/").status_code == 204

    @property
    def log(self) -> str:
        return "\n".join(one.read_text(errors="replace") for one in self.folder.rglob("*.log"))


@contextmanager
def running_ghost() -> Iterator[Ghost]:
    """Ghost inside the block, with an owner and an integration. Raises CannotInstall."""
    home = installed_ghost()
    with tempfile.TemporaryDirectory(prefix="cleancopy-ghost-") as temporary:
        folder = Path(temporary)
        content = folder / "content"
        shutil.copytree(home / "content", content)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with (folder / "ghost.log").open("wb") as said:
            process = subprocess.Popen(
                ["node", "index.js"],
                cwd=home,
                env=_environ(url, port, content, folder),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        ghost = Ghost(url, folder, process)
        try:
            _wait(ghost)
            ghost.setup()
            yield ghost
        finally:
            ghost.session.close()
            _end(process)


def _environ(url: str, port: int, content: Path, folder: Path) -> dict[str, str]:
    """Ghost reads its settings from the environment, with __ for a step; nothing of it asks the world outside."""
    return {
        **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
        "NODE_ENV": "production",
        "url": url,
        "server__host": "127.0.0.1",
        "server__port": str(port),
        "database__client": "sqlite3",
        "database__connection__filename": str(folder / "ghost.db"),
        "database__useNullAsDefault": "true",
        "paths__contentPath": str(content),
        "logging__transports": '["stdout"]',
        "logging__level": "info",
        "mail__transport": "SMTP",
        "mail__options__host": "127.0.0.1",
        "mail__options__port": "9",
        "privacy__useUpdateCheck": "false",
        "privacy__useGravatar": "false",
        "privacy__useRpcPing": "false",
        "privacy__useStructuredData": "false",
        "security__staffDeviceVerification": "false",
        "tmpDir": str(folder),
    }


def _wait(ghost: Ghost) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if ghost.process.poll() is not None:
            raise AssertionError(f"Ghost ended: {ghost.log[-4000:]}")
        try:
            if ghost.session.get(f"{ghost.url}/ghost/api/admin/site/").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"Ghost did not start within {START_SECONDS} seconds: {ghost.log[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


if __name__ == "__main__":
    try:
        print(installed_ghost())
    except CannotInstall as error:
        sys.exit(f"Ghost: {error}")
