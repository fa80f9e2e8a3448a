"""One bounded fetch: what it refuses, and that it stops in time."""

from __future__ import annotations

import gzip
import ipaddress
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flows.sources import http
from flows.sources.addresses import is_public
from flows.sources.http import FetchError, fetch

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer, host: str = "127.0.0.1") -> Iterator[str]:
    """A real server on loopback that answers every GET with ``answer``; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def send(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_an_address_inside_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_an_address_outside_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


INSIDE = [
    "localhost",
    "127.0.0.1",
    "127.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fd00::1]",
    "[ff02::1]",
    "224.0.0.1",
    "255.255.255.255",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "127.0.0.1.",
    "LOCALHOST",
    "①②⑦.0.0.1",
    "127。0。0。1",
]
"""This machine and its neighbours, however they are spelt."""


@pytest.mark.parametrize("host", INSIDE)
def test_no_spelling_of_this_machine_is_fetched(host: str) -> None:
    with pytest.raises(FetchError, match=r"private network|has no address|not an address"):
        fetch(f"http://{host}/", seconds=5)


@pytest.mark.parametrize("host", INSIDE)
def test_a_redirect_to_any_spelling_of_this_machine_is_refused(host: str) -> None:
    # The server that redirects must be on loopback here, at an address of its own; everything else is as it is.
    first, allowed = ipaddress.ip_address("127.9.9.9"), http.is_public
    location = f"http://{host}/admin".encode().decode("latin-1")
    with (
        serving(send(b"", 302, Location=location), str(first)) as base,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(http, "is_public", lambda one: one == first or allowed(one))
        patch.setattr(http, "PORTS", {80, 443, int(base.rpartition(":")[2])})
        with pytest.raises(FetchError, match=r"private network|has no address|not an address"):
            fetch(base, seconds=5)


@pytest.mark.parametrize("port", [1, 22, 25, 3306, 6379, 8080, 8443, 65_535])
def test_other_ports_than_the_webs_are_not_fetched(port: int) -> None:
    """A link to the mail server of somebody else would make us talk to it."""

    def public(host: str, port: int) -> tuple[http.Address, ...]:
        return (ipaddress.ip_address("93.184.216.34"),)

    with pytest.raises(FetchError, match=rf"port {port} .* is not fetched.*private_addresses: yes"):
        fetch(f"https://news.example:{port}/", lookup=public, seconds=2)


def test_a_name_that_has_one_private_address_is_refused() -> None:
    both = tuple(ipaddress.ip_address(text) for text in ("93.184.216.34", "10.0.0.1"))
    with pytest.raises(FetchError, match=r"10\.0\.0\.1, inside a private network"):
        fetch("http://news.example/", lookup=lambda host, port: both)


def test_the_checked_address_is_the_one_that_is_asked() -> None:
    """A name is looked up once: what it says the second time does not matter. The server still hears the name."""
    heard: list[str | None] = []
    asked: list[str] = []

    def lookup(host: str, port: int) -> tuple[http.Address, ...]:
        asked.append(host)
        return (ipaddress.ip_address("127.0.0.1"),)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        heard.append(handler.headers["Host"])
        send(b"story")(handler)

    with serving(answer) as base:
        port = base.rpartition(":")[2]
        found = fetch(f"http://news.example:{port}/a", allow_private=True, lookup=lookup)
    assert found.body == b"story"
    assert found.url == f"http://news.example:{port}/a"
    assert (asked, heard) == (["news.example"], [f"news.example:{port}"])


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/a", "gopher://example.org", "//example.org", "http://"]
)
def test_only_http_and_https(url: str) -> None:
    with pytest.raises(FetchError, match=r"only http|names no host|not an address"):
        fetch(url)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(FetchError) as told:
        fetch("http://desk:pa55word@example.org/")
    assert "pa55word" not in str(told.value)


def test_a_redirect_is_checked_like_an_address() -> None:
    lookup = {"news.example": "127.0.0.1", "inner.example": "127.0.0.1"}
    with (
        serving(send(b"", 302, Location="file:///etc/passwd")) as base,
        pytest.raises(FetchError, match="only http"),
    ):
        fetch(base, allow_private=True)
    with serving(send(b"", 302, Location="http://169.254.169.254/latest")) as base:

        def public_at_first(host: str, port: int) -> tuple[http.Address, ...]:
            return (ipaddress.ip_address(lookup.get(host, host)),)

        allowed = http.is_public
        with pytest.MonkeyPatch.context() as patch:
            # The first server must be on loopback here; everything else is as it is.
            patch.setattr(http, "is_public", lambda one: str(one) == "127.0.0.1" or allowed(one))
            patch.setattr(http, "PORTS", range(1, 65_536))
            with pytest.raises(FetchError, match=r"169\.254\.169\.254, inside a private network"):
                fetch(base.replace("127.0.0.1", "news.example"), lookup=public_at_first)


def test_redirects_are_followed_and_come_to_an_end() -> None:
    def onwards(handler: BaseHTTPRequestHandler) -> None:
        left = int(handler.path.strip("/"))
        answer = (
            send(b"here", Content_Type="text/html") if left == 0 else send(b"", 301, Location=f"/{left - 1}")
        )
        answer(handler)

    with serving(onwards) as base:
        found = fetch(f"{base}/3", allow_private=True)
        assert (found.body, found.url, found.content_type) == (b"here", f"{base}/0", "text/html")
        with pytest.raises(FetchError, match="more than 5 redirects"):
            fetch(f"{base}/30", allow_private=True)


def test_gzip_is_unpacked() -> None:
    page = "<p>Ünïcode</p>".encode() * 5000
    with serving(send(gzip.compress(page), Content_Encoding="gzip")) as base:
        assert fetch(base, allow_private=True).body == page


@pytest.mark.parametrize("packed", [True, False])
def test_more_than_the_limit_is_refused(packed: bool) -> None:
    page = b"a" * 5_000_000
    answer = send(gzip.compress(page), Content_Encoding="gzip") if packed else send(page)
    with serving(answer) as base, pytest.raises(FetchError, match="larger than 100000 bytes"):
        fetch(base, allow_private=True, most_bytes=100_000)


def test_a_packing_that_was_not_asked_for_is_refused() -> None:
    with (
        serving(send(b"x", Content_Encoding="br")) as base,
        pytest.raises(FetchError, match="packed as 'br'"),
    ):
        fetch(base, allow_private=True)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"a" * 1000, mtime=0)[:-12]])
def test_a_broken_gzip_is_told(body: bytes) -> None:
    with (
        serving(send(body, Content_Encoding="gzip")) as base,
        pytest.raises(FetchError, match=r"gzip|too early"),
    ):
        fetch(base, allow_private=True)


@pytest.mark.parametrize(
    ("status", "passing"), [(404, False), (403, False), (429, True), (500, True), (503, True)]
)
def test_a_status_says_whether_to_try_again(status: int, passing: bool) -> None:
    with serving(send(b"", status)) as base, pytest.raises(FetchError, match=str(status)) as told:
        fetch(base, allow_private=True)
    assert told.value.passing is passing


def test_nobody_there_is_passing() -> None:
    with serving(send(b"")) as base:
        pass
    with pytest.raises(FetchError, match="no connection") as told:
        fetch(base, allow_private=True)
    assert told.value.passing


def test_it_says_who_it_is_and_asks_for_gzip_only() -> None:
    heard: dict[str, str] = {}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        heard.update(handler.headers.items())
        send(b"")(handler)

    with serving(answer) as base:
        fetch(base, allow_private=True)
    assert heard["User-Agent"].startswith("cleancopy/")
    assert heard["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("content_type", "label"),
    [
        ("text/html; charset=ISO-8859-1", "iso-8859-1"),
        ('text/html;foo="; charset=big5";CHARSET="koi8-r"', "koi8-r"),
        ("text/html", None),
        ("", None),
        ("text/html; charset=no-such", "no-such"),
    ],
)
def test_the_server_names_the_encoding(content_type: str, label: str | None) -> None:
    assert http.Fetched("http://news.example/", b"", content_type).encoding == label
