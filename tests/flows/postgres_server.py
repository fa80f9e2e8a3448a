"""A real PostgreSQL for tests: Debian's, in a temporary folder, behind a socket of its own, ended with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

USER = "newsroom"
# A test's ledger need not survive a power cut.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB"}


def postgres_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, the newest version's; None where PostgreSQL is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: int(one.parts[4]))
    if folders:
        return folders[-1].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found and shutil.which("initdb") else None


class Postgres:
    """A running server. ``database()`` makes an empty one and gives its address, as an operator would write it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def database(self) -> str:
        name = f"ledger_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name}")
        return f"postgresql://{USER}@/{name}?host={self._folder}"

    def run(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self._folder), user=USER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """PostgreSQL inside the block: it takes a second or two to come, and ends with all its data."""
    folder = Path(
        tempfile.mkdtemp(prefix="cleancopy-pg-", dir="/tmp")
    )  # short: a socket's path has 107 characters
    who: dict[str, Any] = {}
    if os.getuid() == 0:
        # The server refuses to run as root.
        someone = _someone()
        who = {"user": someone.pw_uid, "group": someone.pw_gid, "extra_groups": []}
        shutil.chown(folder, someone.pw_uid)
    data, log = folder / "data", folder / "log"
    command = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **who)
    settings = QUICK | {"listen_addresses": "", "unix_socket_directories": str(folder)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options], stdout=out, stderr=out, cwd=folder, **who
        )
    try:
        _wait(folder, server, log)
        yield Postgres(folder)
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _someone() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _wait(folder: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(host=str(folder), user=USER, dbname="postgres").close()
            return
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
