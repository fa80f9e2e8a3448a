"""What holds for every client: everything together ends when it was to end, and nobody else is asked."""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from loopback import answering, dripping, slow_handshake

from flows.destinations.client import Unanswered, open_client
from flows.sources.addresses import resolve
from flows.sources.api import ApiError, Question, ask
from flows.sources.http import Connections, FetchError, fetch
from flows.sources.lookups import MOST_AT_ONCE, look_up

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


@contextmanager
def names_that_hang() -> Iterator[list[str]]:
    """The system is asked for names under hangs.example, which are given, and answers none until the end."""
    system, end = socket.getaddrinfo, threading.Event()
    asked: list[str] = []

    def getaddrinfo(host: str, *rest: Any, **more: Any) -> Any:
        if not host.endswith("hangs.example"):
            return system(host, *rest, **more)
        asked.append(host)
        end.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        try:
            yield asked
        finally:
            end.set()
            for one in threads():
                one.join(10)


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "look-up"]


@pytest.mark.parametrize("one", [fetches, asks, puts])
def test_a_name_that_hangs_is_left_and_holds_one_thread(one: Callable[[str], None]) -> None:
    with names_that_hang() as asked:
        for _ in range(3):
            in_time(one, "http://hangs.example/", r"looking up 'hangs\.example' took too long")
        assert asked == ["hangs.example"]
        assert [thread.daemon for thread in threads()] == [True]
    assert threads() == []


def test_names_that_hang_hold_so_many_threads_and_no_more() -> None:
    with names_that_hang() as asked:
        for number in range(MOST_AT_ONCE):
            with pytest.raises(TimeoutError):
                look_up(resolve, f"{number}.hangs.example", 80, 0.001)
        for number, one in enumerate((fetches, asks, puts)):
            in_time(one, f"http://more{number}.hangs.example/", "64 names are looked up already")
        assert len(threads()) == len(asked) == MOST_AT_ONCE
        # An address needs no look-up.
        with answering(200, {}, b"here") as url:
            assert fetch(url, allow_private=True).body == b"here"
    assert look_up(resolve, "localhost", 80, 5)


def test_a_name_that_hangs_does_not_keep_the_program_from_ending() -> None:
    hangs = (
        "import socket, time; socket.getaddrinfo = lambda *_, **__: time.sleep(60)\n"
        "from flows.sources.http import fetch\n"
        "fetch('http://hangs.example/', seconds=0.2)"
    )
    ended = subprocess.run([sys.executable, "-c", hangs], capture_output=True, text=True, timeout=30)
    assert "looking up 'hangs.example' took too long" in ended.stderr


def test_a_destination_is_tried_at_each_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at the first of them, as where this machine has no IPv6, and the CMS has."""
    heard: list[Mapping[str, str]] = []
    both = [(None, None, 0, "", (text, 80)) for text in ("127.0.0.2", "127.0.0.1")]
    system = socket.getaddrinfo

    def getaddrinfo(host: str, *rest: Any, **more: Any) -> Any:
        return both if host == "cms.example" else system(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with answering(200, {}, b"{}", heard) as url:
        puts(url.replace("127.0.0.1", "cms.example"))
    assert [one["host"].partition(":")[0] for one in heard] == ["cms.example"]


def test_who_asks_again_hears_the_answer_that_another_one_did_not_wait_for() -> None:
    end = threading.Event()
    asked: list[str] = []
    there = (ipaddress.ip_address("93.184.216.34"),)

    def lookup(host: str, port: int) -> tuple[Any, ...]:
        asked.append(host)
        assert end.wait(10)
        return there

    with pytest.raises(TimeoutError):
        look_up(lookup, "a.example", 80, 0.01)
    threading.Timer(0.5, end.set).start()
    assert look_up(lookup, "a.example", 80, 10) == there
    assert asked == ["a.example"]
    assert look_up(lookup, "a.example", 80, 10) == there
    assert len(asked) == 2, "an answer is not kept"


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
