"""The receiver as a process of its own: what it takes of the machine can be asked of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from receiving import ENVIRON, Receiver, wait_until

from flows.settings import Settings
from tests.flows.running_newsroom import free_ports


@dataclass
class Process:
    """A running receiver. ``log`` is what it has said so far."""

    pid: int
    receiver: Receiver
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def forget_most_resident(self) -> int:
        """Bytes of memory that it holds now; from here on ``most_resident`` counts anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self._status("VmRSS")

    def most_resident(self) -> int:
        """The most bytes of memory that it held."""
        return self._status("VmHWM")

    def _status(self, key: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
        raise LookupError(key)


@contextmanager
def receiver_process(
    settings: Settings, log_file: Path, environ: Mapping[str, str] | None = None, code: str | None = None
) -> Iterator[Process]:
    """``python -m flows.webhook`` (or ``code``) inside the block; ended after it, as Ctrl-C does. Its log shows no traceback."""
    [port] = free_ports(1)
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("CLEANCOPY_", "PREFECT_"))
    }
    env |= {
        **ENVIRON,
        "CLEANCOPY_CONFIG": str(settings.config_dir),
        "CLEANCOPY_DATA": str(settings.data_dir),
        "CLEANCOPY_WEBHOOK_PORT": str(port),
        **(environ or {}),
    }
    words = (
        [sys.executable, "-m", "flows.webhook", "--stand-by"]
        if code is None
        else [sys.executable, "-c", code]
    )
    with log_file.open("wb") as log:
        process = subprocess.Popen(words, env=env, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is None and _answers(base), seconds=60)
        yield Process(process.pid, Receiver(base, settings, []), log_file)
        process.terminate()
        assert process.wait(30) in (0, -15), log_file.read_text()
        assert "Traceback" not in log_file.read_text()
    finally:
        process.kill()
        process.wait()


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz").status_code == 200
    except httpx.TransportError:
        return False
