"""A real WordPress for tests: Debian's, with a MariaDB and PHP's own web server, in a temporary folder; ended with the tests.

Nothing of it becomes a service of the machine: of WordPress only the files are taken out of Debian's package, and of MariaDB only the
server's program is installed.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

PACKAGES = ("php-cli", "php-mysql", "php-mbstring", "mariadb-server-core", "mariadb-client-core")
_PROGRAMS = ("php", "mariadbd", "mariadb-install-db", "my_print_defaults")
PLUGIN = Path(__file__).parents[2] / "flows" / "cms_plugins" / "cleancopy.php"
SECRET = "whsec_" + base64.b64encode(b"a secret of the harbour's WordPress").decode()
WORKERS = 6
"""Requests that PHP's server does at once."""

_CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:%(socket)s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'WP_HOME', 'http://127.0.0.1:%(port)d' );
define( 'WP_SITEURL', WP_HOME );
define( 'WP_ENVIRONMENT_TYPE', 'local' );  // application passwords without TLS
define( 'AUTH_KEY', 'harbour' );
define( 'NONCE_KEY', 'quay' );
define( 'DISABLE_WP_CRON', true );         // tests run it when they want it
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '%(log)s' );
define( 'WP_MEMORY_LIMIT', '256M' );
foreach ( (array) json_decode( (string) @file_get_contents( __DIR__ . '/more.json' ), true ) as $name => $value ) {
	define( $name, $value );
}
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
require_once ABSPATH . 'wp-settings.php';
"""

_ROUTER = """<?php
$path = $_SERVER['DOCUMENT_ROOT'] . parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
if ( is_file( $path ) ) { return false; }
if ( is_file( rtrim( $path, '/' ) . '/index.php' ) && '/' !== $_SERVER['REQUEST_URI'] ) { return false; }
$_SERVER['SCRIPT_NAME'] = '/index.php';
chdir( $_SERVER['DOCUMENT_ROOT'] );
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
"""

# Nothing is mailed.
_NO_MAIL = "<?php function wp_mail() { return true; }\n"

_INSTALL = """<?php
$database = mysqli_connect( 'localhost', 'root', '', '', 0, '%(socket)s' );
mysqli_query( $database, 'CREATE DATABASE wordpress CHARACTER SET utf8mb4' );
define( 'WP_INSTALLING', true );
function wp_new_blog_notification() {}
$_SERVER['HTTP_HOST'] = '127.0.0.1:%(port)d';
require '%(site)s/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'The Harbour Post', 'admin', 'admin@example.org', true, '', 'not a secret' );
update_option( 'permalink_structure', '/%%year%%/%%postname%%/' );
update_option( 'timezone_string', 'Europe/Lisbon' );
"""

_USERS = """<?php
$_SERVER['HTTP_HOST'] = '127.0.0.1:%(port)d';
require '%(site)s/wp-load.php';
flush_rewrite_rules( false );
$logins = array();
foreach ( array( 'desk' => 'editor', 'ana' => 'author', 'cleancopy' => 'editor' ) as $name => $role ) {
	$id = wp_insert_user( array(
		'user_login' => $name, 'user_pass' => 'not a secret', 'role' => $role,
		'display_name' => array( 'desk' => 'Ilse Brandvik', 'ana' => 'Ana Duarte', 'cleancopy' => 'cleancopy' )[ $name ], 'user_email' => "$name@example.org",
	) );
	list( $password ) = WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'cleancopy' ) );
	$logins[ $name ] = "$name:$password";
}
echo json_encode( $logins );
"""


class NotHere(Exception):
    """WordPress cannot be had on this machine; in a sentence."""


@dataclass
class WordPress:
    """A running site. ``logins`` are ``user:application password`` by user: ``desk`` is an editor, ``ana`` an author; ``cleancopy``, an
    editor, is us."""

    url: str
    site: Path
    log: Path
    logins: dict[str, str]
    _client: httpx.Client = field(repr=False, default_factory=lambda: httpx.Client(timeout=60))

    def ask(self, method: str, path: str, body: Any = None, user: str = "desk", **params: str) -> Any:
        """The JSON that the REST interface answers with, asked as an editor. Raises httpx.HTTPStatusError."""
        answer = self.try_to(method, path, body, user, **params)
        answer.raise_for_status()
        return answer.json()

    def try_to(
        self, method: str, path: str, body: Any = None, user: str = "desk", **params: str
    ) -> httpx.Response:
        name, _, password = self.logins[user].partition(":")
        return self._client.request(
            method,
            f"{self.url}/wp-json/wp/v2/{path}",
            params={"context": "edit", **params},
            json=body,
            auth=(name, password),
        )

    def write(self, content: str, title: str = "The ferry is back", **more: Any) -> int:
        """A post by the desk, public unless ``status`` says something else; its number."""
        story = {"title": title, "content": content, "status": "publish", **more}
        return int(self.ask("POST", "posts", story)["id"])

    def change(self, id: int, **changes: Any) -> dict[str, Any]:
        changed: dict[str, Any] = self.ask("POST", f"posts/{id}", changes)
        return changed

    def post(self, id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"posts/{id}")
        return found

    def body(self, id: int) -> str:
        return str(self.post(id)["content"]["raw"])

    def revisions(self, id: int) -> list[str]:
        """The bodies of its revisions, the oldest first: every write that changed something."""
        found = self.ask("GET", f"posts/{id}/revisions", per_page="100")
        return [one["content"]["raw"] for one in sorted(found, key=lambda one: int(one["id"]))]

    def configure(self, **constants: Any) -> None:
        """More constants for wp-config.php."""
        (self.site / "more.json").write_text(json.dumps(constants))

    def tell(self, address: str | None) -> None:
        """Where the plugin sends its events; None: nowhere."""
        self.configure(**({"CLEANCOPY_URL": address, "CLEANCOPY_SECRET": SECRET} if address else {}))

    @contextmanager
    def without_plugin(self) -> Iterator[None]:
        installed = self.site / "wp-content" / "mu-plugins" / PLUGIN.name
        installed.unlink()
        try:
            yield
        finally:
            shutil.copy(PLUGIN, installed)

    def run_cron(self, hook: str) -> None:
        """WP-Cron does this job now, whenever it was due."""
        self.php(f"do_action( '{hook}' );")

    def php(self, code: str) -> str:
        """What a line of PHP prints, run inside WordPress."""
        address = self.url.removeprefix("http://")
        script = f"$_SERVER['HTTP_HOST'] = '{address}'; require '{self.site}/wp-load.php'; {code}"
        return _php(self.site, "-r", script)

    def complaints(self, of: str = "cleancopy.php") -> list[str]:
        """What PHP said of a file: notices and worse."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        return [line for line in lines if of in line and "was not taken" not in line]


@contextmanager
def running_wordpress() -> Iterator[WordPress]:
    """WordPress inside the block, with our plugin in it. Raises NotHere."""
    files = _install()
    folder = Path(
        tempfile.mkdtemp(prefix="cleancopy-wp-", dir="/tmp")
    )  # short: a socket's path has 107 characters
    try:
        site = folder / "site"
        shutil.copytree(
            files, site, symlinks=True, ignore=shutil.ignore_patterns("wp-content", "wp-config.php")
        )
        for name in ("mu-plugins", "plugins", "themes", "uploads"):
            (site / "wp-content" / name).mkdir(parents=True)
        port, log = _free_port(), folder / "debug.log"
        places = {"socket": folder / "db.sock", "port": port, "site": site, "log": log}
        (site / "wp-config.php").write_text(_CONFIG % places)
        (folder / "router.php").write_text(_ROUTER)
        (site / "wp-content" / "mu-plugins" / "no-mail.php").write_text(_NO_MAIL)
        shutil.copy(PLUGIN, site / "wp-content" / "mu-plugins")
        with _mariadb(folder):
            for name, script in (("install.php", _INSTALL), ("users.php", _USERS)):
                (folder / name).write_text(script % places)
            _php(site, str(folder / "install.php"))
            logins = json.loads(_php(site, str(folder / "users.php")))
            with _web_server(folder, site, port):
                yield WordPress(f"http://127.0.0.1:{port}", site, log, logins)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


MUST_RUN = os.environ.get("CLEANCOPY_CMS_TEST") == "1"


def wordpress_or_skip() -> Iterator[WordPress]:
    """For a fixture. With CLEANCOPY_CMS_TEST=1 (``make cms-test``) WordPress is installed, and the test fails where it cannot be;
    else the test is skipped where it is not installed."""
    if not MUST_RUN and (_files() is None or not _programs_are_here()):
        pytest.skip("WordPress is not installed: CLEANCOPY_CMS_TEST=1 installs it (make cms-test)")
    try:
        _install()
    except NotHere as reason:
        pytest.fail(str(reason))
    with running_wordpress() as site:
        yield site


def _install() -> Path:
    """Programs and files, installed where they are missing; the folder of WordPress's files. Raises NotHere."""
    wanted = [] if _programs_are_here() else list(PACKAGES)
    files = _files()
    if files is not None and not wanted:
        return files
    if shutil.which("apt-get") is None:
        raise NotHere(f"needs Debian's packages wordpress, {', '.join(PACKAGES)}, and apt-get is not here")
    if wanted and os.getuid() != 0:
        raise NotHere(f"needs {', '.join(PACKAGES)}: apt-get install them, or run the tests as root once")
    try:
        if wanted:
            _run("apt-get", "-qq", "update", env={"DEBIAN_FRONTEND": "noninteractive"})
            _run(
                *("apt-get", "-qq", "install", "-y", "--no-install-recommends", *wanted),
                env={"DEBIAN_FRONTEND": "noninteractive"},
            )
        if files is None:
            files = _unpack()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        raise NotHere(f"WordPress could not be installed: {said[-1] if said else error}") from error
    if not _programs_are_here():
        raise NotHere(f"php and mariadbd are missing though {', '.join(PACKAGES)} are installed")
    return files


def _programs_are_here() -> bool:
    return all(shutil.which(name, path=_PATH) for name in _PROGRAMS)


_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cleancopy-tests" / "wordpress"


def _files() -> Path | None:
    for folder in (Path("/usr/share/wordpress"), _cache() / "usr" / "share" / "wordpress"):
        if (folder / "wp-load.php").is_file():
            return folder
    return None


def _unpack() -> Path:
    """The package's files, without its dependencies (a web server, which Debian would start)."""
    cache = _cache()
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as folder:
        # _apt may not write into this folder: root does the download then, with a notice.
        _run("apt-get", "-qq", "download", "wordpress", cwd=folder)
        (package,) = Path(folder).glob("wordpress_*.deb")
        _run("dpkg-deb", "-x", str(package), str(Path(folder) / "files"))
        shutil.rmtree(cache, ignore_errors=True)
        (Path(folder) / "files").rename(cache)
    found = _files()
    if found is None:
        raise NotHere("Debian's package wordpress has no wp-load.php where it used to be")
    return found


@contextmanager
def _mariadb(folder: Path) -> Iterator[None]:
    data, log = folder / "data", folder / "mariadb.log"
    who = ["--user=root"] if os.getuid() == 0 else []
    _run(
        *(
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
        ),
        *("--skip-test-db", *who),
    )
    options = [
        *(
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={folder / 'db.sock'}",
            f"--pid-file={folder / 'db.pid'}",
        ),
        # A test's site need not survive a power cut.
        *("--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", *who),
    ]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [shutil.which("mariadbd", path=_PATH) or "mariadbd", *options], stdout=out, stderr=out, cwd=folder
        )
    try:
        _wait(lambda: (folder / "db.sock").exists(), server, log)
        yield
    finally:
        _end(server, signal.SIGTERM)


@contextmanager
def _web_server(folder: Path, site: Path, port: int) -> Iterator[None]:
    log = folder / "php.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["php", *_SETTINGS, "-S", f"127.0.0.1:{port}", "-t", str(site), str(folder / "router.php")],
            stdout=out,
            stderr=out,
            cwd=site,
            env={**os.environ, "PHP_CLI_SERVER_WORKERS": str(WORKERS)},
            start_new_session=True,  # its workers end with it
        )
    try:
        _wait(lambda: _answers(f"http://127.0.0.1:{port}/wp-json/"), server, log)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        _end(server, signal.SIGTERM)
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)


_SETTINGS = (
    "-d",
    "memory_limit=256M",
    "-d",
    "opcache.enable_cli=1",
    "-d",
    "log_errors=1",
    "-d",
    "display_errors=0",
)


def _php(site: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["php", *_SETTINGS, *arguments], cwd=site, capture_output=True, timeout=120, check=False
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said + done.stderr.decode("utf-8", "replace")
    return said


def _run(*command: str, cwd: str | None = None, env: Mapping[str, str] | None = None) -> None:
    subprocess.run(
        [*command], check=True, capture_output=True, cwd=cwd, env={**os.environ, "PATH": _PATH, **(env or {})}
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=30).status_code == 200
    except httpx.HTTPError:
        return False


def _wait(true: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert server.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
        time.sleep(0.1)


def _end(server: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if server.poll() is None:
        server.send_signal(how)
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
