"""Prefect's server does not wait for a lock of SQLite with its event loop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.prefect_home import answers, embedded_environment
from flows.settings import Settings
from tests.flows.running_newsroom import free_ports

WAITING = """
import sqlite3, sys, threading, time

holder = sqlite3.connect("prefect.db", isolation_level=None)
holder.execute("CREATE TABLE run (name)")
holder.execute("BEGIN IMMEDIATE")
other = sqlite3.connect("prefect.db", timeout=4, isolation_level=None, check_same_thread=False)
told = []
for _ in range(100):  # read to the middle, and part of a circle that nobody holds
    cursor = other.execute("SELECT 1 UNION SELECT 2")
    cursor.fetchone()
    circle = [cursor]
    circle.append(circle)
del circle, cursor

def write():
    try:
        other.execute("BEGIN IMMEDIATE")
        told.append("written")
    except sqlite3.OperationalError as error:
        told.append(str(error))

writing = threading.Thread(target=write)
writing.start()
time.sleep(0.5)
kept = [[] for _ in range(200_000)]  # a server that is at work
time.sleep(1)
holder.execute("COMMIT")
writing.join()
print(*told)
"""
"""Two transactions, of which one can end only when the main thread comes to it."""


def run(program: str, folder: Path) -> str:
    (folder / "waiting.py").write_text(WAITING)
    words = [sys.executable, *program.split(), "waiting"]
    env = {**os.environ, "PYTHONPATH": f"{folder}:{Path.cwd()}"}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout


def test_python_waits_for_a_lock_where_it_collects_garbage(tmp_path: Path) -> None:
    """Else the next test would prove nothing, and ``flows.prefect_server`` could go."""
    assert run("-m", tmp_path) == "database is locked\n"


def test_the_server_s_loop_does_not(tmp_path: Path) -> None:
    assert run("-m flows.prefect_server", tmp_path) == "written\n"


def test_garbage_is_collected_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "waste.py").write_text(
        "import gc, sys, time, weakref\nclass Circle: pass\ncircle = Circle()\ncircle.itself = circle\n"
        "gone = weakref.ref(circle)\ndel circle\nassert not gc.isenabled() and gone() is not None\n"
        "while gone() is not None: time.sleep(0.1)\nprint(*sys.argv[1:])\n"
    )
    words = [sys.executable, "-m", "flows.prefect_server", "waste", "--port", "1"]
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path.cwd()}"}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "--port 1\n"


def test_a_server_that_prefect_starts_itself_is_told_so(tmp_path: Path) -> None:
    settings = Settings(
        config_dir=tmp_path, data_dir=tmp_path, ledger_url=f"sqlite:///{tmp_path}/ledger.sqlite"
    )
    environ = embedded_environment(settings, os.environ)
    assert (environ["UVICORN_HTTP"], environ["UVICORN_LOOP"]) == ("h11", "asyncio")


@pytest.mark.prefect
def test_prefect_s_server_comes_up_and_ends_behind_it(tmp_path: Path) -> None:
    [port] = free_ports(1)
    words = ("flows.prefect_server", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env |= {"PREFECT_HOME": str(tmp_path), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", *words], env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 240
        while not answers(f"http://127.0.0.1:{port}/api/health"):
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            assert time.monotonic() < deadline, "Prefect's server did not come up"
            time.sleep(0.2)
    finally:
        process.terminate()
        ended = process.wait(60)
    assert ended in (0, -signal.SIGTERM), (tmp_path / "server.log").read_text()
