"""Prefect's server stays on the HTTP parser and the event loop that it is known with, though the receiver has a quicker parser."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.prefect_home import answers, embedded_environment
from flows.prefect_server import QUICK
from flows.settings import Settings
from tests.flows.running_newsroom import free_ports

LOADED = """
import httptools
import sys
from uvicorn.protocols.http.auto import AutoHTTPProtocol
print(AutoHTTPProtocol.__name__)
"""


def test_the_parser_is_there_for_whoever_looks() -> None:
    """Else the rest of these tests would prove nothing."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["HttpToolsProtocol"]


def test_a_module_that_is_run_behind_it_does_not_find_it(tmp_path: Path) -> None:
    (tmp_path / "looking.py").write_text(
        "import sys\nfrom uvicorn.protocols.http.auto import AutoHTTPProtocol\nfrom uvicorn.loops.auto import auto_loop_factory\n"
        "print(AutoHTTPProtocol.__name__, auto_loop_factory().__module__, *sys.argv)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "flows.prefect_server", "looking", "--port", "1"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    parser, loop, program, *arguments = done.stdout.split()
    assert (parser, loop.partition(".")[0]) == ("H11Protocol", "asyncio")
    assert Path(program).name == "looking.py"
    assert arguments == ["--port", "1"]


def test_a_server_that_prefect_starts_itself_is_told_so(tmp_path: Path) -> None:
    settings = Settings(
        config_dir=tmp_path, data_dir=tmp_path, ledger_url=f"sqlite:///{tmp_path}/ledger.sqlite"
    )
    environ = embedded_environment(settings, os.environ)
    assert (environ["UVICORN_HTTP"], environ["UVICORN_LOOP"]) == ("h11", "asyncio")


@pytest.mark.prefect
def test_the_server_of_up_has_neither_in_its_memory(tmp_path: Path) -> None:
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
        mapped = Path(f"/proc/{process.pid}/maps").read_text()
        assert "_pydantic_core" in mapped
        assert not [name for name in QUICK if name in mapped]
    finally:
        process.terminate()
        process.wait(60)
