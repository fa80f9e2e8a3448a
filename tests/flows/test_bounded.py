"""What holds for every client: everything together ends when it was to end, and nobody else is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import httpx
import pytest
from loopback import answering, dripping, slow_handshake

from flows.destinations.client import Unanswered, open_client
from flows.sources.api import ApiError, Question, ask
from flows.sources.http import Connections, FetchError, fetch

SECONDS = 0.5


def fetches(url: str) -> None:
    fetch(url, allow_private=True, seconds=SECONDS)


def asks(url: str) -> None:
    ask(Question(url, {}, {}), allow_private=True, seconds=SECONDS)


def puts(url: str, content: bytes = b"a story") -> None:
    with open_client("cms", url, seconds=SECONDS, connect_seconds=5, headers={}, secrets=()) as client:
        client.begin()
        client.ask("PUT", f"{url}/a", content)


ASKED = pytest.mark.parametrize(
    ("one", "says"),
    [
        (fetches, "took too long"),
        (asks, "took too long"),
        (puts, "no answer within 0.5 seconds|no connection"),
    ],
)


def in_time(one: Callable[[str], None], url: str, says: str) -> None:
    began = time.monotonic()
    with pytest.raises((FetchError, ApiError, Unanswered), match=says) as told:
        one(url)
    assert time.monotonic() - began < SECONDS + 0.3
    assert getattr(told.value, "passing", True)


@ASKED
@pytest.mark.parametrize("what", ["headers", "body"])
def test_an_answer_that_drips_is_left(what: str, one: Callable[[str], None], says: str) -> None:
    with dripping(what) as url:
        in_time(one, url, says)


@ASKED
def test_a_handshake_that_drips_is_left(one: Callable[[str], None], says: str) -> None:
    with slow_handshake() as url:
        in_time(one, url, says)


def test_redirects_that_drip_are_left() -> None:
    with dripping("redirects") as url:
        in_time(fetches, url, "took too long")


def test_who_takes_a_story_by_drips_is_left() -> None:
    with dripping("reads") as url:
        in_time(lambda url: puts(url, b"x" * 20_000_000), url, "no answer within 0.5 seconds")


def test_what_is_asked_between_two_hops_leaves_the_time_as_it_was() -> None:
    """robots.txt of the host that a redirect leads to is asked over the same connections, in a time of its own."""
    with Connections() as connections, dripping("headers") as slow, answering(200, {}, b"") as robots:

        def on_hop(there: str) -> None:
            connections.fetch(robots, allow_private=True, seconds=60)

        def one(url: str) -> None:
            connections.fetch(url, allow_private=True, seconds=SECONDS, on_hop=on_hop)

        with answering(302, {"Location": slow}, b"") as url:
            in_time(one, url, "took too long")


def test_the_time_of_one_fetch_is_not_that_of_the_next() -> None:
    with Connections() as connections, answering(200, {}, b"here") as url:
        for _ in range(2):
            assert connections.fetch(url, allow_private=True, seconds=0.2).body == b"here"
            time.sleep(0.25)


@pytest.mark.parametrize("one", [fetches, asks, puts])
def test_a_proxy_of_the_environment_is_not_asked(
    one: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look the name up by itself, and hear the secret. httpx asks it unless it is told not to."""
    at_proxy: list[Mapping[str, str]] = []
    heard: list[Mapping[str, str]] = []
    with answering(502, {}, b"{}", at_proxy) as proxy, answering(200, {}, b"{}", heard) as url:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert httpx.get(url).status_code == 502
        one(url)
    assert (len(at_proxy), len(heard)) == (1, 1)
