"""One question to a CMS's interface, with its credentials, bounded as every request is; its answer, or what to do in words.

Unlike a fetched page it is asked by permission: robots.txt does not count, a redirect is not followed (the credentials would
go along), and the status is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpcore
import httpx

from flows.sources.addresses import Address, is_public, resolve
from flows.sources.bounded import BoundedTransport, Deadline
from flows.sources.echoed import hidden_in_header, without_secrets
from flows.sources.http import BROKEN, USER_AGENT, ssl_context, words
from flows.sources.lookups import Lookup, look_up

MOST_BYTES = 50_000_000
"""An answer with a page of stories."""

LONGEST_WAIT = 86_400.0


class ApiError(Exception):
    """A question without an answer, in words with the next step.

    ``passing``: the same question may be answered later, after ``wait`` seconds if the CMS named a time. ``status`` is
    that of the answer, 0 where there was none.
    """

    def __init__(self, said: str, *, status: int = 0, passing: bool = False, wait: float = 0.0) -> None:
        super().__init__(said)
        self.status = status
        self.passing = passing
        self.wait = wait


class Question(NamedTuple):
    """``url`` may hold a key, ``headers`` a token: neither is ever shown. ``secret_env`` is, where credentials are wrong."""

    url: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    secret_env: str | None = None

    @property
    def shown(self) -> str:
        return self.url.partition("?")[0]

    def clean(self, said: str) -> str:
        """Words of the server, without our credentials."""
        login = self.headers.get("Authorization", "")
        return without_secrets(said, [*hidden_in_header(login), self.params.get("key", "")])


def ask(
    question: Question,
    *,
    seconds: float = 30.0,
    allow_private: bool = False,
    most_bytes: int = MOST_BYTES,
    lookup: Lookup = resolve,
) -> Any:
    """The JSON that a CMS answers with, within ``seconds`` for everything. Raises ApiError."""
    deadline = Deadline()
    deadline.set(seconds)
    target = httpx.URL(question.url)
    if question.params:
        target = target.copy_merge_params(dict(question.params))
    problem: ApiError | None = None
    with httpx.Client(
        transport=BoundedTransport(deadline, seconds, ssl_context()), trust_env=False, follow_redirects=False
    ) as client:
        for address in _addresses(question, target, allow_private, lookup, seconds):
            request = client.build_request(
                "GET",
                target.copy_with(host=str(address)),
                headers={
                    **question.headers,
                    "Host": target.netloc.decode("ascii"),
                    "User-Agent": USER_AGENT,
                    "Accept": "application/json",
                    # What is small on the wire may be a gigabyte when it is unpacked.
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                },
                extensions={"sni_hostname": target.host},
            )
            try:
                response = client.send(request, stream=True)
                try:
                    return _answer(question, response, most_bytes)
                finally:
                    response.close()
            except httpcore.ConnectError as error:
                problem = ApiError(
                    f"{question.shown}: no connection ({question.clean(words(error))})", passing=True
                )
            except (*BROKEN, httpcore.UnsupportedProtocol, httpx.HTTPError) as error:
                raise ApiError(f"{question.shown}: {question.clean(words(error))}", passing=True) from None
    raise problem or ApiError(f"{question.shown}: the name has no address", passing=True)


def _addresses(
    question: Question,
    target: httpx.URL,
    allow_private: bool,
    lookup: Lookup,
    seconds: float,
) -> tuple[Address, ...]:
    """Where to connect to: exactly the addresses that were checked."""
    port = target.port or (443 if target.scheme == "https" else 80)
    try:
        addresses = look_up(lookup, target.raw_host.decode("ascii"), port, seconds)
    except TimeoutError as error:
        raise ApiError(f"{question.shown}: {error}", passing=True) from None
    except (OSError, ValueError) as error:
        raise ApiError(f"{question.shown}: the name has no address ({error})", passing=True) from None
    private = [address for address in addresses if not is_public(address)]
    if private and not allow_private:
        raise ApiError(
            f"{question.shown}: {target.host!r} is {private[0]}, inside a private network, and is not asked. If that is "
            "meant, write private_addresses: yes at the source"
        )
    return addresses


def _answer(question: Question, response: httpx.Response, most_bytes: int) -> Any:
    if response.status_code != 200:
        raise _refusal(question, response)
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise ApiError(f"{question.shown}: packs its answer, which was not asked for")
    body = bytearray()
    for piece in response.iter_raw():
        body += piece
        if len(body) > most_bytes:
            raise ApiError(
                f"{question.shown}: the answer is larger than {most_bytes} bytes. Lower stories under limits: so many are "
                "asked for at once, and at most a hundred"
            )
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        kind = response.headers.get("content-type", "unknown content").partition(";")[0]
        raise ApiError(
            f"{question.shown}: answers with {kind}, not with JSON. Is url right, and is its interface switched on?"
        ) from None


def _refusal(question: Question, response: httpx.Response) -> ApiError:
    status = response.status_code
    credentials = (
        f"${question.secret_env}" if question.secret_env else "credentials (secret_env is not given)"
    )
    said = {
        401: f"does not accept {credentials}. Make a new key or application password in the CMS and put it into the variable",
        403: f"does not let {credentials} read this. Give the account or key the right to read stories, or look for a "
        "firewall or plugin that shuts the interface",
        404: "there is no such interface. Is url the address of the site, and is the interface switched on?",
        429: "was asked too often; it is asked again later. A schedule that looks less often helps",
    }.get(status, f"answered {status} {question.clean(response.reason_phrase)}".rstrip())
    if 300 <= status < 400:
        where = question.clean(response.headers.get("location", "").partition("?")[0])
        said = f"points on to {where or 'nowhere'}: write the address that it leads to into url"
    passing = status in (408, 425, 429) or status >= 500
    return ApiError(
        f"{question.shown}: {said}",
        status=status,
        passing=passing,
        wait=_wait(response.headers.get("retry-after", "")) if passing else 0.0,
    )


def _wait(said: str) -> float:
    """Seconds that ``Retry-After`` names, as a number or as a date."""
    if said.strip().isdecimal():
        return min(float(said), LONGEST_WAIT)
    try:
        left = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(left, 0.0), LONGEST_WAIT)
