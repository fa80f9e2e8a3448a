"""Requests to a server that stories are sent to: bounded in time and size, with its refusals in words.

Destinations are the operator's own configuration, so addresses in one's own network are allowed; but a server cannot send
a request on to another host, where its secret would go along.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Literal

import httpcore
import httpx

from flows.destinations.publication import PublishError
from flows.sources.bounded import BoundedTransport, Deadline
from flows.sources.echoed import hidden, hidden_in_header, packed, without_secrets

MOST_ANSWER_BYTES = 2_000_000
MOST_SHOWN = 500
"""Characters of a refusal. Its reason often stands behind much else."""
MOST_REDIRECTS = 3
LONGEST_REST_SECONDS = 86_400.0
"""A server that asks to be left alone for longer (a Retry-After of years is a mistake of its clock) is asked after a day."""

_USER_AGENT = f"cleancopy/{version('cleancopy')}"
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)
_TIMEOUTS = (httpcore.TimeoutException, httpx.TimeoutException)


class Unanswered(PublishError):
    """No answer came: whether the server did it is not known."""


class Refused(PublishError):
    """The server answered with a status that means no."""

    def __init__(self, message: str, status: int, retry_after: float = 0.0) -> None:
        super().__init__(message, retry_after)
        self.status = status

    @property
    def passing(self) -> bool:
        """The same request may succeed later."""
        return self.status in (408, 425, 429) or self.status >= 500


@dataclass(frozen=True, slots=True)
class Answered:
    """A status of 200 to 299, or one of those that were asked for."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str


@dataclass(slots=True)
class Client:
    """Asks one server. For one thread; ``begin`` starts the time of an act, which may be several requests."""

    name: str
    seconds: float
    _client: httpx.Client
    _deadline: Deadline
    _secrets: Sequence[str] = field(repr=False)

    def begin(self) -> None:
        self._deadline.set(self.seconds)

    def ask(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        also: Sequence[int] = (),
    ) -> Answered:
        """The answer, where its status is 2xx or among ``also``. Raises Unanswered and Refused."""
        here = url
        for _ in range(MOST_REDIRECTS + 1):
            answered = self._once(method, here, body, headers or {})
            onward = answered.headers.get("location", "")
            if answered.status not in (307, 308) or not onward:
                break
            there = httpx.URL(here).join(onward)
            if _origin(there) != _origin(httpx.URL(here)):
                raise Refused(
                    f"{self.name}: {method} {_shown(here)} is sent on to another host ({self._clean(_shown(str(there)))}), "
                    "which is not followed; write that address into destinations.yaml if it is right",
                    answered.status,
                )
            here = str(there)
        else:
            raise Refused(f"{self.name}: {method} {_shown(url)} is sent on again and again", answered.status)
        if 200 <= answered.status < 300 or answered.status in also:
            return answered
        raise self._refused(method, answered, headers or {})

    def _once(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        shown = f"{self.name}: {method} {_shown(url)}"
        try:
            with self._client.stream(method, url, content=body, headers=headers) as response:
                read = bytearray()
                for chunk in response.iter_raw():
                    read += chunk
                    if len(read) > MOST_ANSWER_BYTES:
                        raise Unanswered(f"{shown}: the answer is larger than {MOST_ANSWER_BYTES} bytes")
                return Answered(response.status_code, response.headers, bytes(read), url)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise Unanswered(f"{shown}: no connection ({self._clean(error)})") from error
        except _TIMEOUTS as error:
            raise Unanswered(f"{shown}: no answer within {self.seconds:g} seconds") from error
        except (
            *_FAILURES,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
        ) as error:
            raise Unanswered(f"{shown}: the connection broke ({self._clean(error)})") from error

    def _clean(self, said: object) -> str:
        return without_secrets(str(said) or type(said).__name__, self._secrets)

    def _refused(self, method: str, answered: Answered, headers: Mapping[str, str]) -> Refused:
        # A token that was made for this one request is a secret, too, for as long as it is good.
        secrets = [*self._secrets, *hidden_in_header(headers.get("Authorization", ""))]
        words = " ".join(answered.body.decode("utf-8", "replace").split())
        shown = without_secrets(words, secrets, MOST_SHOWN)
        said = "".join(sign if sign.isprintable() else "?" for sign in shown)
        status = answered.status
        reason = httpx.codes.get_reason_phrase(status)
        return Refused(
            f"{self.name}: {method} {_shown(answered.url)} was answered {status} {reason}".rstrip()
            + (f": {said}" if said else ""),
            status,
            retry_after(answered.headers) if status in (408, 425, 429) or status >= 500 else 0.0,
        )


@contextmanager
def open_client(
    name: str,
    url: str,
    *,
    seconds: float,
    connect_seconds: float,
    headers: Mapping[str, str],
    secrets: Sequence[str],
) -> Iterator[Client]:
    """A client for the server of ``url`` whose every request carries ``headers``; no error shows the ``secrets``."""
    deadline = Deadline()
    # The system's certificates, and those of SSL_CERT_FILE: a newsroom's CMS may have one of the house. Read only where they are
    # needed, which takes a while.
    ssl_context = None if url.startswith("http://") else ssl.create_default_context()
    with httpx.Client(
        transport=BoundedTransport(deadline, connect_seconds, ssl_context),
        # Packed answers could be larger than they look; and no cookies, credentials or proxies of this machine go along.
        headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity", **headers},
        trust_env=False,
        follow_redirects=False,
    ) as client:
        yield Client(name, seconds, client, deadline, [one for one in secrets if one])


def authorization(name: str, variable: str, login: Literal["bearer", "basic"]) -> tuple[str, list[str]]:
    """The header Authorization of the secret in ``variable``, and the words that must not be shown. Raises PublishError."""
    secret = from_variable(name, variable)
    if login == "bearer":
        return f"Bearer {secret}", hidden(secret)
    if ":" not in secret:
        raise PublishError(f"{name}: {variable} must hold user:password for login: basic")
    return f"Basic {packed(secret)}", hidden(secret)


def from_variable(name: str, variable: str) -> str:
    """What the environment variable holds, fit for a header. Raises PublishError, which does not show it."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise PublishError(f"{name}: set the environment variable {variable}, which destinations.yaml names")
    if not value.isascii() or not value.isprintable():
        raise PublishError(f"{name}: {variable} holds signs that a header cannot carry")
    return value


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds in a Retry-After header, which holds seconds or a date; 0 where it holds neither.

    A date is meant by the server's own clock, where it tells it.

    >>> retry_after({"retry-after": "120"}), retry_after({"retry-after": "soon"}), retry_after({})
    (120.0, 0.0, 0.0)
    >>> retry_after({"retry-after": "Tue, 03 Mar 2026 12:01:30 GMT", "date": "Tue, 03 Mar 2026 12:00:00 GMT"})
    90.0
    """
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return min(LONGEST_REST_SECONDS, float(said[:12]))
    until, now = dated(said), dated(headers.get("date", "")) or datetime.now(UTC)
    return min(LONGEST_REST_SECONDS, max(0.0, (until - now).total_seconds())) if until else 0.0


def dated(text: str) -> datetime | None:
    """The moment that a header names; None: it names none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _shown(url: str) -> str:
    """An address without its query, in which some servers want a key."""
    return url.partition("?")[0]
