"""One bounded fetch: http and https only, public addresses only, so many bytes, so many seconds, so many redirects.

Issue 5 makes it polite as well (robots.txt, conditional GET, pace).
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import version

import httpx

from flows.sources.addresses import Address, is_public, resolve

USER_AGENT = f"cleancopy/{version('cleancopy')} (newsroom copy cleaner; fetches what its editor configured)"
MOST_REDIRECTS = 5


class FetchError(Exception):
    """What could not be fetched and why. ``passing``: the same request may succeed later."""

    def __init__(self, url: str, message: str, *, passing: bool = False) -> None:
        super().__init__(f"{url}: {message}")
        self.url = url
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Fetched:
    """``url`` is where it was found in the end; ``body`` is unpacked but not decoded."""

    url: str
    body: bytes
    content_type: str = ""

    @property
    def encoding(self) -> str | None:
        """The label under which the server sent the bytes (``charset=``), as it stands there."""
        message = Message()
        message["content-type"] = self.content_type
        return message.get_content_charset()


def fetch(
    url: str,
    *,
    most_bytes: int = 3_000_000,
    seconds: float = 20.0,
    allow_private: bool = False,
    lookup: Callable[[str, int], tuple[Address, ...]] = resolve,
) -> Fetched:
    """Get ``url``, at most ``most_bytes`` after unpacking, within ``seconds`` for everything.

    Every hop is resolved once, checked, and connected to at exactly the address that was checked: a name that changes its
    mind between the two gains nothing. Proxies of the environment are not used, for the same reason. Raises FetchError.
    """
    deadline = time.monotonic() + seconds
    here = url
    with httpx.Client(trust_env=False, follow_redirects=False) as client:
        for _ in range(MOST_REDIRECTS + 1):
            answer = _hop(client, here, most_bytes, deadline, allow_private, lookup)
            if isinstance(answer, Fetched):
                return answer
            here = answer
    raise FetchError(url, f"more than {MOST_REDIRECTS} redirects")


def _hop(
    client: httpx.Client,
    url: str,
    most_bytes: int,
    deadline: float,
    allow_private: bool,
    lookup: Callable[[str, int], tuple[Address, ...]],
) -> Fetched | str:
    """What lies at ``url``, or the address that it points on to."""
    target = _parse(url)
    error: FetchError | None = None
    for address in _addresses(target, url, allow_private, lookup):
        request = client.build_request(
            "GET",
            target.copy_with(host=str(address), fragment=None),
            headers={
                "Host": target.netloc.decode("ascii"),
                "User-Agent": USER_AGENT,
                "Accept": "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/xml;q=0.9,*/*;q=0.5",
                # A brotli bomb of 1.6 kB unpacks to 1 GiB in one piece, even when streaming: only what we bound ourselves.
                "Accept-Encoding": "gzip",
                "Connection": "close",
            },
            timeout=_left(url, deadline),
            extensions={"sni_hostname": target.host},
        )
        try:
            response = client.send(request, stream=True)
        except httpx.ConnectError as problem:
            error = FetchError(url, f"no connection ({_words(problem)})", passing=True)
            continue
        except httpx.HTTPError as problem:
            raise FetchError(
                url, _words(problem), passing=isinstance(problem, httpx.TransportError)
            ) from None
        try:
            return _read(response, target, url, most_bytes, deadline)
        except httpx.HTTPError as problem:
            raise FetchError(url, _words(problem), passing=True) from None
        finally:
            response.close()
    raise error or FetchError(url, "the name has no address", passing=True)


def _parse(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as problem:
        raise FetchError(url, f"not an address ({problem})") from None
    if target.scheme not in ("http", "https"):
        raise FetchError(url, "only http and https are fetched")
    if not target.host:
        raise FetchError(url, "the address names no host")
    if target.userinfo:
        raise FetchError(url.replace(target.userinfo.decode(), "…"), "an address must not hold a password")
    return target


def _addresses(
    target: httpx.URL,
    url: str,
    allow_private: bool,
    lookup: Callable[[str, int], tuple[Address, ...]],
) -> tuple[Address, ...]:
    port = target.port or (443 if target.scheme == "https" else 80)
    try:
        addresses = lookup(target.raw_host.decode("ascii"), port)
    except (OSError, ValueError) as problem:
        raise FetchError(url, f"the name {target.host!r} has no address ({problem})", passing=True) from None
    private = [address for address in addresses if not is_public(address)]
    if private and not allow_private:
        raise FetchError(
            url,
            f"{target.host!r} is {private[0]}, inside a private network, and is not fetched. If that is meant, write "
            "private_addresses: yes at the source",
        )
    return addresses


def _read(
    response: httpx.Response, target: httpx.URL, url: str, most_bytes: int, deadline: float
) -> Fetched | str:
    status = response.status_code
    if status in (301, 302, 303, 307, 308):
        where = response.headers.get("location")
        if not where:
            raise FetchError(url, f"redirected ({status}) without saying where to")
        try:
            return str(target.join(where))
        except httpx.InvalidURL as problem:
            raise FetchError(url, f"redirected to what is not an address ({problem})") from None
    if status != 200:
        raise FetchError(
            url,
            f"answered {status} {response.reason_phrase}",
            passing=status in (408, 425, 429) or status >= 500,
        )
    body = bytearray()
    for piece in _unpacked(response, url, most_bytes):
        body += piece
        if len(body) > most_bytes:
            raise FetchError(
                url, f"larger than {most_bytes} bytes: raise story_bytes at the source if it is a story"
            )
        _left(url, deadline)
    return Fetched(str(target), bytes(body), response.headers.get("content-type", ""))


def _unpacked(response: httpx.Response, url: str, most_bytes: int) -> Iterator[bytes]:
    # Without a size: gathering pieces of one would wait for a server that sends a byte a second.
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("", "identity"):
        yield from response.iter_raw()
        return
    if packing not in ("gzip", "x-gzip"):
        raise FetchError(url, f"packed as {packing!r}, which was not asked for")
    unpacker = zlib.decompressobj(31)
    try:
        for chunk in response.iter_raw():
            while chunk:
                yield unpacker.decompress(chunk, most_bytes + 1)
                chunk = unpacker.unconsumed_tail
    except zlib.error as problem:
        raise FetchError(url, f"not the gzip that it says it is ({problem})") from None
    if not unpacker.eof:
        raise FetchError(url, "the packed answer ends too early", passing=True)


def _left(url: str, deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchError(url, "took too long", passing=True)
    return left


def _words(problem: httpx.HTTPError) -> str:
    if isinstance(problem, httpx.TimeoutException):
        return "took too long"
    return str(problem) or type(problem).__name__
