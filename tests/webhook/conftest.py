"""A receiver on loopback, driven as a CMS drives it, and a ledger to look into afterwards."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from receiving import (
    ENVIRON,
    MARKER,
    OLD_SECRET,
    SECRET,
    SHORT,
    Receiver,
    log_of,
    newsroom,
    running,
)

from flows.settings import Settings
from flows.webhook import create_app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return newsroom(tmp_path)


@pytest.fixture
def receiver(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Receiver]:
    """A receiver in a thread; whatever it does, its log never holds a body, a secret or a signature."""
    caplog.set_level(logging.DEBUG)
    # A test that imports Prefect in this process has its logging set up, which keeps uvicorn's lines from caplog.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        monkeypatch.setattr(logger, "propagate", True)
        monkeypatch.setattr(logger, "disabled", False)
        monkeypatch.setattr(logger, "level", logging.NOTSET if name != "uvicorn" else logging.INFO)
    woken: list[float] = []
    fail_waking: list[bool] = []

    def wake() -> None:
        woken.append(time.monotonic())
        if fail_waking:
            raise RuntimeError("Prefect is down")

    with running(create_app(settings, on_stored=wake, environ=ENVIRON), settings) as port:
        yield Receiver(f"http://127.0.0.1:{port}", settings, woken, fail_waking)
    said = log_of(caplog)
    assert "Finished server process" in said or "Shutting down" in said
    for secret in (SECRET, OLD_SECRET, SHORT):
        assert secret.removeprefix("whsec_") not in said
    assert MARKER not in said
    assert "v1," not in said
