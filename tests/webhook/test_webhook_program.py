"""``cleancopy webhook`` (and ``python -m flows.webhook``) as a person starts and stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from receiving import ENVIRON, Receiver, story, wait_until

from flows.settings import Settings


@pytest.fixture
def environ(settings: Settings, tmp_path: Path) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "CLEANCOPY_"))
        },
        **ENVIRON,
        "CLEANCOPY_CONFIG": str(settings.config_dir),
        "CLEANCOPY_DATA": str(settings.data_dir),
        "CLEANCOPY_WEBHOOK_PORT": str(port),
        "PREFECT_HOME": str(tmp_path / "prefect"),
    }


@pytest.fixture(params=[("flows.webhook",), ("flows.cli", "webhook")])
def program(environ: dict[str, str], request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", *request.param],
        env=environ,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_it_receives_on_loopback_and_stops_on_ctrl_c(
    program: subprocess.Popen[str], environ: dict[str, str], settings: Settings
) -> None:
    base = f"http://127.0.0.1:{environ['CLEANCOPY_WEBHOOK_PORT']}"
    wait_until(lambda: _alive(base, program), seconds=60)
    receiver = Receiver(base, settings, [])
    assert receiver.post(story()).json() == {"id": "evt_1", "status": "accepted"}
    assert receiver.rows() == 3
    program.send_signal(signal.SIGINT)
    output, log = program.communicate(timeout=30)
    assert program.returncode == 0
    assert output == ""
    assert "nobody is woken from here (no PREFECT_API_URL)" in log
    assert "accepted source=plain event=evt_1" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("words", [("flows.webhook",), ("flows.cli", "webhook")])
def test_a_broken_sources_file_is_told_with_its_place(
    environ: dict[str, str], settings: Settings, words: tuple[str, ...]
) -> None:
    (settings.config_dir / "sources.yaml").write_text(
        "sources:\n  cms: {kind: webhook, secrets_env: TEST_SECRET_CMS}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", *words], env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert "sources.yaml:2:" in done.stderr
    assert "Traceback" not in done.stderr


def _alive(base: str, program: subprocess.Popen[str]) -> bool:
    assert program.poll() is None
    try:
        return httpx.get(f"{base}/healthz").status_code == 200
    except httpx.TransportError:
        time.sleep(0.1)
        return False
