"""The receiver by its OpenAPI description: schemathesis makes up requests that fit it and requests that do not, signed and unsigned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as of_hypothesis
from receiver_process import Process, receiver_process
from receiving import SECRET
from schemathesis.specs.openapi.checks import negative_data_rejection

from flows.settings import Settings, WebhookSource, load_settings, load_sources
from flows.webhook import sign
from flows.webhook.openapi import describe

SOURCES = """
sources:
  plain: {kind: webhook, secret_env: TEST_SECRET_CMS}
  mapped:
    kind: webhook
    secret_env: TEST_SECRET_CMS
    map: {id: post.id, body: post.current.html, headline: post.current.title, url: post.url, published: post.at}
  ghost: {kind: webhook, adapter: ghost, secret_env: TEST_SECRET_WORDS}
  strapi: {kind: webhook, adapter: strapi, secret_env: TEST_SECRET_WORDS}
  superdesk: {kind: webhook, adapter: superdesk, secret_env: TEST_SECRET_WORDS}
  wordpress: {kind: webhook, adapter: wordpress, secret_env: TEST_SECRET_CMS}
"""
WORDS = "the-newsroom-keeps-this-to-itself"
"""A secret of the systems that take any words."""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("openapi")
    config = folder / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(SOURCES)
    (config / "destinations.yaml").write_text("destinations: {}\n")
    settings: Settings = load_settings(config, {"CLEANCOPY_DATA": str(folder / "data")})
    with receiver_process(settings, folder / "receiver.log", {"TEST_SECRET_WORDS": WORDS}) as one:
        yield one
        # Whatever was sent, nothing was our own mistake.
        assert "failed source=" not in one.log
        assert " ERROR " not in one.log


def described() -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        (Path(folder) / "sources.yaml").write_text(SOURCES)
        (Path(folder) / "destinations.yaml").write_text("destinations: {}\n")
        return describe(one for one in load_sources(Path(folder)).values() if isinstance(one, WebhookSource))


def without_proofs(described: dict[str, Any]) -> dict[str, Any]:
    """The description of the bodies alone: the headers that prove an event are made of its body, when it is sent."""
    for path in described["paths"].values():
        path.get("post", {}).pop("parameters", None)
    return described


unsigned = schemathesis.openapi.from_dict(described())
# The character NUL, which no schema can rule out everywhere, is tried unsigned, and signed in test_webhook_http.
signed = schemathesis.openapi.from_dict(
    without_proofs(described()),
    config=schemathesis.Config.from_dict({"generation": {"allow-x00": False}}),
)
MANY = of_hypothesis(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


class Signed(requests.auth.AuthBase):
    """Signs the bytes that are sent, as each source's system does."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        source = str(request.url).rpartition("/")[2].partition("?")[0]
        request.headers.update(_proof(source, body))
        return request


def _proof(source: str, body: bytes) -> dict[str, str]:
    import hmac

    now = time.time()
    if source == "ghost":
        moment = str(int(now * 1000))
        digest = hmac.new(WORDS.encode(), body + moment.encode(), "sha256").hexdigest()
        return {"x-ghost-signature": f"sha256={digest}, t={moment}"}
    if source == "superdesk":
        return {"x-superdesk-signature": f"sha1={hmac.new(WORDS.encode(), body, 'sha1').hexdigest()}"}
    if source == "strapi":
        return {"authorization": f"Bearer {WORDS}"}
    return sign(SECRET, f"evt-{time.time_ns()}", int(now), body.decode("utf-8", "replace"))


@unsigned.parametrize()
@MANY
def test_whatever_is_sent_the_answer_is_one_that_is_described(case: Any, process: Process) -> None:
    case.call_and_validate(base_url=process.receiver.base)


@signed.include(method="POST").parametrize()
@MANY
def test_whatever_is_signed_is_answered_as_described(case: Any, process: Process) -> None:
    # A CMS may send more or less than it should: what is not read is not checked, and what tells of no story is ignored (202).
    # That a story without an id or a copy is refused stands in test_webhook_http.
    lenient = [negative_data_rejection]
    case.call_and_validate(base_url=process.receiver.base, auth=Signed(), excluded_checks=lenient)


def test_the_receiver_tells_it_itself(process: Process) -> None:
    told = httpx.get(f"{process.receiver.base}/openapi.json")
    assert (told.status_code, told.headers["content-type"]) == (200, "application/json")
    assert told.json() == described()
