"""One bounded fetch: http and https only, public addresses only, so many bytes, so many seconds, so many redirects.

``fetch`` asks once; ``Connections.fetch`` does the same over connections that are kept for the next request to the same host.
Who may be asked, how often and at what pace is the business of ``flows.sources.polite``.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib.metadata import version
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpcore
import httpx

from flows.sources.addresses import Address, is_public, resolve
from flows.sources.bounded import BoundedBackend, Deadline
from flows.sources.lookups import Lookup, look_up

USER_AGENT = f"cleancopy/{version('cleancopy')} (newsroom copy cleaner; fetches what its editor configured)"
MOST_REDIRECTS = 5
PORTS = frozenset((80, 443))
"""Where the web is. What else listens at a public address (a mail server, a database) is asked by nobody's link."""
KEEP_ALIVE_SECONDS = 15.0
"""How long an idle connection is kept: within one look at a source, and not until the server grows tired of it."""

OnHop = Callable[[str], None]
"""Called with the address before a redirect is followed; it may raise FetchError."""


class FetchError(Exception):
    """What could not be fetched and why.

    ``passing``: the same request may succeed later. ``status`` is what the server answered, if it did; ``retry_after`` the
    seconds for which it asked to be left alone.
    """

    def __init__(
        self,
        url: str,
        message: str,
        *,
        passing: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{url}: {message}")
        self.url = url
        self.passing = passing
        self.status = status
        self.retry_after = retry_after

    @property
    def gone(self) -> bool:
        """The server knows of nothing at this address (any more)."""
        return self.status in (404, 410)


class Validators(NamedTuple):
    """What a server gave to ask later whether something has changed (RFC 9110): sent back as they came."""

    etag: str | None = None
    last_modified: str | None = None


_NONE = Validators()


@dataclass(frozen=True, slots=True)
class Fetched:
    """``url`` is where it was found in the end; ``body`` is unpacked but not decoded.

    ``unchanged``: the server answered 304 to the validators that it was sent, and there is no body. ``fresh_seconds`` is for
    how long it need not be asked again (Cache-Control, Expires); None: it does not say. ``moved_to`` is the address that
    permanent redirects alone led to.
    """

    url: str
    body: bytes
    content_type: str = ""
    unchanged: bool = False
    validators: Validators = _NONE
    fresh_seconds: float | None = None
    moved_to: str | None = None

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
    lookup: Lookup = resolve,
    known: Validators | None = None,
) -> Fetched:
    """Get ``url`` once, as ``Connections.fetch`` does. Raises FetchError."""
    with Connections(lookup) as connections:
        return connections.fetch(
            url, most_bytes=most_bytes, seconds=seconds, allow_private=allow_private, known=known
        )


class Connections:
    """Connections that are kept for the next request. Use it as a context manager; threads may share it.

    A name is resolved, checked, and connected to at exactly the address that was checked, whenever a connection is made: a
    name that changes its mind between the two gains nothing, and a kept connection leads where it was checked to lead. Proxies
    of the environment are not used, for the same reason.
    """

    def __init__(self, lookup: Lookup = resolve) -> None:
        # Two pools: a connection into one's own network, made for a source that may, is never used for one that may not.
        self._deadline = Deadline()
        self._pools = {private: _pool(private, lookup, self._deadline) for private in (False, True)}

    def fetch(
        self,
        url: str,
        *,
        most_bytes: int = 3_000_000,
        seconds: float = 20.0,
        allow_private: bool = False,
        known: Validators | None = None,
        cut: bool = False,
        on_hop: OnHop | None = None,
    ) -> Fetched:
        """Get ``url``, at most ``most_bytes`` after unpacking, within ``seconds`` for everything.

        With ``known`` validators the answer may be ``unchanged``. ``cut``: what is larger ends at ``most_bytes`` in place of
        being refused. Raises FetchError.
        """
        asked = _Asked(self._pools[allow_private], most_bytes, known, cut)
        here, permanent = url, True
        with self._deadline.within(seconds):
            for hop in range(MOST_REDIRECTS + 1):
                if hop and on_hop is not None:
                    on_hop(here)
                answer = _hop(asked, here, here if hop and permanent else None)
                if isinstance(answer, Fetched):
                    return answer
                here, permanent = answer.url, permanent and answer.permanent
        raise FetchError(url, f"more than {MOST_REDIRECTS} redirects")

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Asked(NamedTuple):
    """One fetch, for all of its hops."""

    pool: httpcore.ConnectionPool
    most_bytes: int
    known: Validators | None
    cut: bool


class _Redirect(NamedTuple):
    url: str
    permanent: bool


class _Refused(Exception):
    """An address that is not connected to."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class _Guard(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and to no name."""

    def __init__(self, allow_private: bool, lookup: Lookup, deadline: Deadline) -> None:
        self._allow_private, self._lookup = allow_private, lookup
        self._deadline, self._bounded = deadline, BoundedBackend(deadline)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        error: Exception = _Refused("the name has no address", passing=True)
        for address in self._checked(host, port):
            try:
                return self._bounded.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore.ConnectError as problem:
                error = problem
        raise error

    def _checked(self, host: str, port: int) -> tuple[Address, ...]:
        try:
            addresses = look_up(self._lookup, host, port, self._deadline.left())
        except TimeoutError as problem:
            raise _Refused(str(problem), passing=True) from None
        except (OSError, ValueError) as problem:
            raise _Refused(f"the name {host!r} has no address ({problem})", passing=True) from None
        private = [address for address in addresses if not is_public(address)]
        if private and not self._allow_private:
            raise _Refused(
                f"{host!r} is {private[0]}, inside a private network, and is not fetched. If that is meant, write "
                "private_addresses: yes at the source"
            )
        if port not in PORTS and not self._allow_private:
            raise _Refused(
                f"port {port} of {host!r} is not fetched: stories are at the ports 80 and 443. If that is meant, write "
                "private_addresses: yes at the source"
            )
        return addresses


def _pool(allow_private: bool, lookup: Lookup, deadline: Deadline) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=ssl_context(),
        max_connections=None,  # how many at once is decided where the host is known
        keepalive_expiry=KEEP_ALIVE_SECONDS,
        network_backend=_Guard(allow_private, lookup, deadline),
    )


@lru_cache(maxsize=1)
def ssl_context() -> ssl.SSLContext:
    """By which a server on the web is known to be the one that it says it is."""
    # Reading the certificates of all authorities takes 15 ms: once a process, not once a fetch.
    return httpx.create_ssl_context(trust_env=False)


def _hop(asked: _Asked, url: str, moved_to: str | None) -> Fetched | _Redirect:
    """What lies at ``url``, or the address that it points on to."""
    target = _parse(url)
    try:
        response = _send(asked, target)
    except _Refused as problem:
        raise FetchError(url, str(problem), passing=problem.passing) from None
    except httpcore.ConnectError as problem:
        raise FetchError(url, f"no connection ({words(problem)})", passing=True) from None
    except (*BROKEN, UnicodeError, httpcore.UnsupportedProtocol) as problem:
        raise FetchError(url, words(problem), passing=isinstance(problem, BROKEN)) from None
    try:
        return _read(response, asked, target, url, moved_to)
    except BROKEN as problem:
        raise FetchError(url, words(problem), passing=True) from None
    finally:
        response.close()


BROKEN = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
_HUNG_UP = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)


def _send(asked: _Asked, target: httpx.URL) -> httpcore.Response:
    request = _request(asked, target)
    try:
        return asked.pool.handle_request(request)
    except _HUNG_UP:
        # A server may close a kept connection in the very moment in which it is used again; asking twice does no harm.
        return asked.pool.handle_request(request)


def _request(asked: _Asked, target: httpx.URL) -> httpcore.Request:
    headers = [
        (b"Host", target.netloc),
        (b"User-Agent", USER_AGENT.encode()),
        (
            b"Accept",
            b"text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/xml;q=0.9,*/*;q=0.5",
        ),
        # A brotli bomb of 1.6 kB unpacks to 1 GiB in one piece, even when streaming: only what we bound ourselves.
        (b"Accept-Encoding", b"gzip"),
    ]
    if asked.known is not None and asked.known.etag:
        headers.append((b"If-None-Match", asked.known.etag.encode("latin-1", "ignore")))
    if asked.known is not None and asked.known.last_modified:
        headers.append((b"If-Modified-Since", asked.known.last_modified.encode("latin-1", "ignore")))
    return httpcore.Request(
        "GET",
        httpcore.URL(
            scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
        ),
        headers=headers,
    )


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


def _read(
    response: httpcore.Response, asked: _Asked, target: httpx.URL, url: str, moved_to: str | None
) -> Fetched | _Redirect:
    status = response.status
    headers = httpx.Headers(response.headers)
    if status in (301, 302, 303, 307, 308):
        where = headers.get("location")
        if not where:
            raise FetchError(url, f"redirected ({status}) without saying where to", status=status)
        try:
            return _Redirect(str(target.join(where)), status in (301, 308))
        except httpx.InvalidURL as problem:
            raise FetchError(
                url, f"redirected to what is not an address ({problem})", status=status
            ) from None
    if status == 304 and asked.known is not None and any(asked.known):
        validators = _validators(headers)
        return Fetched(
            str(target),
            b"",
            unchanged=True,
            validators=validators if any(validators) else asked.known,
            fresh_seconds=fresh_seconds(headers),
            moved_to=moved_to,
        )
    if status != 200:
        reason = bytes(response.extensions.get("reason_phrase", b"")).decode("latin-1")
        raise FetchError(
            url,
            f"answered {status} {reason}".rstrip(),
            passing=status in (408, 425, 429) or status >= 500,
            status=status,
            retry_after=retry_after(headers),
        )
    body = bytearray()
    for piece in _unpacked(response, headers, url, asked.most_bytes):
        body += piece
        if len(body) > asked.most_bytes:
            if asked.cut:
                break
            raise FetchError(
                url, f"larger than {asked.most_bytes} bytes: raise story_bytes at the source if it is a story"
            )
    return Fetched(
        str(target),
        bytes(body[: asked.most_bytes]),
        headers.get("content-type", ""),
        validators=_validators(headers),
        fresh_seconds=fresh_seconds(headers),
        moved_to=moved_to,
    )


def _unpacked(
    response: httpcore.Response, headers: httpx.Headers, url: str, most_bytes: int
) -> Iterator[bytes]:
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing in ("", "identity"):
        yield from response.iter_stream()
        return
    if packing not in ("gzip", "x-gzip"):
        raise FetchError(url, f"packed as {packing!r}, which was not asked for")
    yield from unpacked(response.iter_stream(), url, most_bytes)


def unpacked(chunks: Iterable[bytes], url: str, most_bytes: int) -> Iterator[bytes]:
    """Gzip in pieces of at most ``most_bytes`` + 1. Raises FetchError for what is no whole gzip."""
    unpacker = zlib.decompressobj(31)
    try:
        for chunk in chunks:
            while chunk:
                yield unpacker.decompress(chunk, most_bytes + 1)
                chunk = unpacker.unconsumed_tail
    except zlib.error as problem:
        raise FetchError(url, f"not the gzip that it says it is ({problem})") from None
    if not unpacker.eof:
        raise FetchError(url, "the packed answer ends too early", passing=True)


def _validators(headers: httpx.Headers) -> Validators:
    return Validators(headers.get("etag") or None, headers.get("last-modified") or None)


def fresh_seconds(headers: Mapping[str, str]) -> float | None:
    """For how many seconds an answer is fresh by its Cache-Control, Age, Expires and Date; None: it does not say.

    >>> fresh_seconds({"cache-control": "public, max-age=600", "age": "60"}), fresh_seconds({"cache-control": "no-cache"})
    (540.0, 0.0)
    """
    control = {
        name.strip().lower(): value.strip().strip('"')
        for name, _, value in (part.partition("=") for part in headers.get("cache-control", "").split(","))
    }
    if "no-store" in control or "no-cache" in control:
        return 0.0
    if control.get("max-age", "").isdecimal():
        age = headers.get("age", "")
        return max(0.0, float(control["max-age"][:12]) - float(age[:12] if age.isdecimal() else 0))
    if (expires := headers.get("expires")) is not None:
        until = _moment(expires)
        # "Expires: 0" is no date, and means: at once.
        return max(0.0, (until - _now(headers)).total_seconds()) if until else 0.0
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in a Retry-After header, which holds seconds or a date; None: it holds neither.

    >>> retry_after({"retry-after": "120"}), retry_after({"retry-after": "soon"})
    (120.0, None)
    """
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said[:12])
    until = _moment(said)
    return max(0.0, (until - _now(headers)).total_seconds()) if until else None


def _now(headers: Mapping[str, str]) -> datetime:
    """The server's own clock where it tells it: its dates are meant by it."""
    return _moment(headers.get("date", "")) or datetime.now(UTC)


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def words(problem: Exception) -> str:
    """Why there was no answer."""
    if isinstance(problem, httpcore.TimeoutException):
        return "took too long"
    return str(problem) or type(problem).__name__
