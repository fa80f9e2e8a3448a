"""A secret in a Secret block of Prefect's: read when the receiver starts, told in words where it cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from receiving import SECRET, SHORT, Receiver, log_of, running, story, wait_until

from cleaners.rules import ConfigError
from flows.settings import Settings, WebhookSource, load_sources
from flows.settings.signing_secrets import SecretError
from flows.webhook import create_app
from flows.webhook.blocks import read_block

BLOCKED = """
sources:
  plain: {kind: webhook, secret_block: cms-secret}
  other: {kind: webhook, secret_env: TEST_SECRET_CMS}
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    (settings.config_dir / "sources.yaml").write_text(BLOCKED)
    return settings


def write(settings: Settings, source: str) -> None:
    (settings.config_dir / "sources.yaml").write_text(f"sources:\n  cms: {{kind: webhook{source}}}\n")


def test_a_block_is_named_in_place_of_a_variable(settings: Settings) -> None:
    source = load_sources(settings.config_dir)["plain"]
    assert isinstance(source, WebhookSource)
    assert (source.secret_block, source.secret_env) == ("cms-secret", None)


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("", "names no secret"),
        (", secret_env: TEST_SECRET, secret_block: cms-secret", "names two secrets"),
        (f", secret_block: {SECRET}", "secret_block"),
    ],
)
def test_one_secret_and_only_its_name(settings: Settings, source: str, word: str) -> None:
    write(settings, source)
    with pytest.raises(ConfigError, match=word) as told:
        load_sources(settings.config_dir)
    assert "sources.yaml:2" in str(told.value)


def test_a_source_is_open_once_its_block_was_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Prefect comes up later than the receiver: other sources are served meanwhile, this one as soon as it can be."""
    monkeypatch.setattr("flows.webhook.doors.AGAIN_SECONDS", 0.05)
    there: list[str] = []
    asked: list[str] = []

    async def read(name: str) -> str:
        asked.append(name)
        if not there:
            raise SecretError("Prefect is not up")
        return there[0]

    environ = {"TEST_SECRET_CMS": SECRET}
    with running(create_app(settings, environ=environ, blocks=read), settings) as port:
        receiver = Receiver(f"http://127.0.0.1:{port}", settings, [])
        assert receiver.post(story(), source="other").status_code == 202
        assert receiver.post(story()).status_code == 503
        there.append(SHORT)
        wait_until(lambda: "at least" in caplog.text or "bytes: make it" in caplog.text)
        assert receiver.post(story()).status_code == 503
        there[0] = SECRET
        wait_until(lambda: receiver.post(story(), event_id="evt_1").status_code == 202)
        count = len(asked)
        assert receiver.post(story(), event_id="evt_2").status_code == 202
        assert len(asked) == count
    said = log_of(caplog)
    # Each reason is told once, however often it is asked.
    assert said.count("webhook source plain answers 503: Prefect is not up") == 1
    assert set(asked) == {"cms-secret"}


def test_a_start_does_not_wait_long_for_prefect(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.webhook.app.BLOCK_SECONDS", 0.1)

    async def read(_: str) -> str:
        await asyncio.sleep(3600)
        raise AssertionError

    with running(create_app(settings, environ={"TEST_SECRET_CMS": SECRET}, blocks=read), settings) as port:
        receiver = Receiver(f"http://127.0.0.1:{port}", settings, [])
        assert receiver.post(story(), source="other").status_code == 202
        assert receiver.post(story()).status_code == 503


async def test_without_a_server_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        pytest.raises(SecretError, match="set PREFECT_API_URL"),
    ):
        await read_block("cms-secret")
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(SecretError, match="did not give the block cms-secret"),
    ):
        await read_block("cms-secret")


@pytest.fixture
def prefect() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect")
async def test_a_real_server_gives_its_block() -> None:
    from prefect.blocks.system import Secret

    with pytest.raises(SecretError, match="there is no block cms-secret of the type Secret"):
        await read_block("cms-secret")
    await Secret(value=SECRET).save("cms-secret")  # type: ignore[misc]
    await Secret(value={"key": "value"}).save("cms-other")  # type: ignore[misc]
    assert await read_block("cms-secret") == SECRET
    with pytest.raises(SecretError, match="holds no text"):
        await read_block("cms-other")


def test_the_module_can_be_imported_without_prefect() -> None:
    """A receiver whose secrets are in variables does not wait for Prefect's import."""
    import subprocess
    import sys

    code = "import flows.webhook, sys; sys.exit('prefect' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
