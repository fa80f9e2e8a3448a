"""Stories sent to a server by HTTP: each at an address of its own, or as drafts that are published in a second request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from flows.destinations.client import (
    Answered,
    Client,
    Refused,
    Unanswered,
    authorization,
    from_variable,
    open_client,
)
from flows.destinations.conditional import LATE_SECONDS, publish_conditionally
from flows.destinations.drafts import publish_drafts_first
from flows.destinations.elsewhere import not_reached
from flows.destinations.formats import FORMATS
from flows.destinations.http_in_place import Documents
from flows.destinations.in_place import publish_in_place
from flows.destinations.names import as_step, last_part, slug, story_hash
from flows.destinations.publication import PLACES, Answer, Publication, Publisher, PublishError, Receipt
from flows.destinations.remote import MARK, Found, mark_of, read_mark, with_conflicts
from flows.settings import HttpDestination
from flows.sources.echoed import hidden_in_header

RESTS_AFTER = 3
"""So many acts in a row to which a server gives no answer, or an error of its own: then the rest of the batch is not
tried, for it is the server, and not the stories. Fewer could be stories that it stumbles over."""
PATIENCE_SECONDS = 2.0
"""Where one answer was waited for longer than this, and in vain, the rest of the batch is not tried either: three would be a minute."""

_ANY_ID = "the-id-of-any-story"

LATE_TIMES = 15
"""So many times as long as this client waits, a request that it gave up may be carried out yet: 300 seconds, where it waits for 20."""


@contextmanager
def open_http(destination: HttpDestination) -> Iterator[Publisher]:
    """Raises PublishError where a variable with a secret is not set."""
    headers, secrets = _headers(destination)
    with open_client(
        destination.name,
        destination.url,
        seconds=destination.seconds,
        connect_seconds=destination.connect_seconds,
        headers=headers,
        secrets=secrets,
    ) as client:
        if destination.draft == "first":
            drafts = Drafts(client, destination)
            yield each(client, lambda one: down_everywhere(drafts, one, publish_drafts_first(drafts, one)))
        else:
            stories = Stories(client, destination)

            def act(one: Publication) -> Receipt:
                if destination.in_place:
                    source = one.story.partition(":")[0]
                    if source not in destination.in_place:
                        raise PublishError(
                            f"{destination.name}: stories of {source} do not lie there, and two sources may have the same ids. "
                            "Publish them by a destination without in_place"
                        )
                    return publish_in_place(Documents(client, destination, filled(destination.url, one)), one)
                done = publish_conditionally(
                    stories,
                    one,
                    stories.digest(one),
                    overwrite=destination.overwrite,
                    late_seconds=min(LATE_SECONDS, LATE_TIMES * destination.seconds),
                )
                return down_everywhere(stories, one, done)

            yield each(client, act)


def each(client: Client, act: Callable[[Publication], Receipt]) -> Publisher:
    """One act after the other, each within its time. When the server does not answer any more, or asks to be left alone
    (Retry-After), the rest is not tried."""

    def publisher(publications: Sequence[Publication]) -> Iterator[Answer]:
        silent: list[PublishError] = []
        left_alone = False
        for one in publications:
            if left_alone:
                yield PublishError(f"not tried: {silent[-1]}", silent[-1].retry_after, tried=False)
                continue
            client.begin()
            began = time.monotonic()
            try:
                receipt = act(one)
            except Exception as error:
                rests = isinstance(error, Unanswered) or (isinstance(error, Refused) and error.passing)
                silent = [*silent, error] if rests and isinstance(error, PublishError) else []
                left_alone = bool(silent) and (
                    len(silent) == RESTS_AFTER
                    or silent[-1].retry_after > 0
                    or time.monotonic() - began > PATIENCE_SECONDS
                )
                yield error
            else:
                silent = []
                yield receipt

    return publisher


def down_everywhere(remote: Stories | Drafts, one: Publication, receipt: Receipt) -> Receipt:
    """After a kill: what receipts tell of, and is not found under the story's key any more, is taken down, too. Raises PublishError.

    So it is when the destination's address was changed, or where a server did not give back by what its stories are known.
    """
    if one.act != "unpublish" or receipt.did != "removed":
        return receipt
    gone = dict.fromkeys(receipt.where)
    for where in remote.left_at(one, one.last.get(PLACES, ())):
        if where not in gone and remote.take_down_at(where, one):
            gone[where] = None
    return replace(receipt, where=tuple(gone))


class Stories:
    """A server at which each story has an address of its own: a ``Remote`` without drafts, whose versions are ETags.

    An answer without one is taken for no answer: a broken page in the place of a story must not lead to a write that
    depends on nothing.

    With ``etags: no`` nothing is looked up and no write depends on anything. So it is with POST, where the address takes
    in stories and tells them apart itself, by the key that is in them or by Idempotency-Key.
    """

    def __init__(self, client: Client, destination: HttpDestination) -> None:
        self._client, self._destination = client, destination
        self._by_version = destination.method == "PUT" and destination.etags
        # Without versions a late create comes over the note.
        self.leaves_notes = destination.withdrawn == "update" and self._by_version

    def digest(self, publication: Publication) -> str:
        return (
            sha256(body_of(self._destination, publication)).hexdigest()
            if publication.act == "publish"
            else ""
        )

    def find(self, publication: Publication) -> Sequence[Found]:
        where = filled(self._destination.url, publication)
        if not self._by_version:
            return [Found(where, where)] if publication.act == "unpublish" else []
        answered = self._client.ask("GET", where, also=(404, 410))
        if answered.status in (404, 410):
            return []
        version = _version(answered)
        if version is None:
            raise Unanswered(
                f"{self._destination.name}: GET {where} was answered without a strong ETag. If this server gives none, "
                "write draft: first or etags: no for this destination"
            )
        there = _json(answered)
        digest = (
            self.digest(publication) if self._holds(there, publication) else sha256(answered.body).hexdigest()
        )
        return [Found(where, where, mark=read_mark(there), version=version, digest=digest)]

    def _holds(self, there: Any, publication: Publication) -> bool:
        """Whether a JSON story is this one as it was sent. A server may have added fields of its own, such as a date of change."""
        if publication.act != "publish" or self._destination.format != "json" or not isinstance(there, dict):
            return False
        sent = json.loads(body_of(self._destination, publication))
        return all(name in there and there[name] == value for name, value in sent.items())

    def create(self, publication: Publication) -> Found:
        where = filled(self._destination.url, publication)
        return self._write(where, publication, {"If-None-Match": "*"} if self._by_version else {})

    def update(self, found: Found, publication: Publication) -> Found:
        return self._write(found.where, publication, _only(found))

    def publish(self, found: Found, publication: Publication) -> Found:
        return found

    def unpublish(self, found: Found, publication: Publication) -> None:
        if self._destination.withdrawn == "update":
            self._write(found.where, publication, _only(found))
            return
        headers = {"Idempotency-Key": publication.idempotency_key, **_only(found)}
        with_conflicts(lambda: self._client.ask("DELETE", found.where, headers=headers, also=(404, 410)))

    def left_at(self, publication: Publication, places: Sequence[str]) -> Sequence[str]:
        """Where of these the story may be still after it is down at its own address."""
        return [where for where in places if where != filled(self._destination.url, publication)]

    def take_down_at(self, where: str, publication: Publication) -> bool:
        """Take down what was published there; whether there was something."""
        _same_server(self._destination, where)
        found = Found(where, where)
        if self._by_version:
            answered = self._client.ask("GET", where, also=(404, 410))
            if answered.status in (404, 410):
                return False
            found = replace(found, version=_version(answered))
        self.unpublish(found, publication)
        return True

    def _write(self, where: str, publication: Publication, condition: dict[str, str]) -> Found:
        headers = {
            "Content-Type": FORMATS[self._destination.format].media_type,
            "Idempotency-Key": publication.idempotency_key,
            **condition,
        }
        body = body_of(self._destination, publication)
        if not self._by_version:
            self._client.ask(self._destination.method, where, body, headers)
            return Found(where, where)
        answered = with_conflicts(
            lambda: self._client.ask("PUT", where, body, headers),
            # With If-Match, "not found" is a story that somebody has deleted.
            (404, 409, 410, 412) if "If-Match" in condition else (409, 412),
        )
        return Found(where, where, version=_version(answered))


class Drafts:
    """A server that keeps drafts and gives no versions: a ``Remote`` by four addresses.

    | act | request | answer |
    |---|---|---|
    | find | ``GET url?key={key}`` | a list of stories (or ``{"items": [...]}``), each with id, status and our ``_cleancopy`` |
    | create | ``POST url`` | the draft, with its id |
    | publish | ``POST url/{id}/publish`` | anything; 404, 409, 410 or 412 where the draft is gone |
    | unpublish | ``DELETE url/{id}`` | anything; 404 and 410 are well |

    A story whose ``status`` is ``draft`` is a draft; with any other it is public.
    """

    leaves_notes = False

    def __init__(self, client: Client, destination: HttpDestination) -> None:
        self._client, self._destination = client, destination

    def find(self, publication: Publication) -> Sequence[Found]:
        url = self._destination.find_url or _with_query(self._destination.url, "key={key}")
        answered = self._client.ask("GET", filled(url, publication), also=(404,))
        if answered.status == 404:
            return []
        stories = _json(answered)
        if isinstance(stories, dict):
            stories = stories.get("items")
        if not isinstance(stories, list):
            raise Unanswered(
                f"{self._destination.name}: GET {answered.url} was answered by no list of stories"
            )
        found = [self._found(one, publication) for one in stories if isinstance(one, dict)]
        # A server that takes no notice of the key gives everybody's stories: what is not marked as this one's is not touched.
        return [one for one in found if one is not None and one.mark is not None]

    def create(self, publication: Publication) -> Found:
        url = filled(self._destination.url, publication)
        body = body_of(self._destination, publication, {"status": "draft"})
        headers = {"Content-Type": "application/json", "Idempotency-Key": publication.idempotency_key}
        answered = with_conflicts(lambda: self._client.ask("POST", url, body, headers))
        found = self._found(_json(answered), publication)
        if found is None:
            # Whatever it has done, the next look finds it by its key.
            raise Unanswered(
                f"{self._destination.name}: POST {answered.url} was answered without the draft's id"
            )
        return replace(found, public=False)

    def update(self, found: Found, publication: Publication) -> Found:
        raise NotImplementedError("each edition is a draft of its own")

    def publish(self, found: Found, publication: Publication) -> Found:
        url = self._destination.publish_url or _with_path(self._destination.url, "/{id}/publish")
        headers = {"Idempotency-Key": f"{publication.idempotency_key}-publish"}
        with_conflicts(
            lambda: self._client.ask("POST", filled(url, publication, found.id), headers=headers),
            (404, 409, 410, 412),
        )
        return replace(found, public=True)

    def unpublish(self, found: Found, publication: Publication) -> None:
        self._client.ask("DELETE", found.where, also=(404, 410))

    def left_at(self, publication: Publication, places: Sequence[str]) -> Sequence[str]:
        """Where of these the story may be still after nothing of it is found: what was published at other addresses than today's, and the
        last edition. Those before it went when it was made public."""
        item_url = self._destination.item_url or _with_path(self._destination.url, "/{id}")
        before, _, after = filled(item_url, publication, _ANY_ID).partition(_ANY_ID)
        other = [one for one in places[:-1] if not (one.startswith(before) and one.endswith(after))]
        return [*other, *places[-1:]]

    def take_down_at(self, where: str, publication: Publication) -> bool:
        """Take down what was published there; whether there was something."""
        _same_server(self._destination, where)
        return self._client.ask("DELETE", where, also=(404, 410)).status not in (404, 410)

    def _found(self, story: Any, publication: Publication) -> Found | None:
        """The story as found, None where it is none; without a mark where it is not marked as this story."""
        id = story.get("id") if isinstance(story, dict) else None
        if not isinstance(id, str | int) or isinstance(id, bool) or id == "":
            return None
        own = story.get(MARK)
        mark = read_mark(story) if isinstance(own, dict) and own.get("story") == publication.story else None
        url = self._destination.item_url or _with_path(self._destination.url, "/{id}")
        return Found(str(id), filled(url, publication, str(id)), story.get("status") != "draft", mark)


def body_of(
    destination: HttpDestination, publication: Publication, more: dict[str, Any] | None = None
) -> bytes:
    """What is sent: the format's bytes; JSON carries our mark, too. Of a story that is taken down that it is, and no copy:
    news formats have a message of their own for that.
    """
    if publication.act == "unpublish" and destination.format == "json":
        withdrawn = {"id": publication.record.get("id"), "pubstatus": "canceled", MARK: mark_of(publication)}
        return json.dumps(withdrawn, ensure_ascii=True).encode()
    content = FORMATS[destination.format].write(publication)
    if destination.format != "json":
        return content
    return json.dumps(
        json.loads(content) | (more or {}) | {MARK: mark_of(publication)}, ensure_ascii=True
    ).encode()


def filled(address: str, publication: Publication, id: str = "") -> str:
    """The address with its slots filled; all of them last as long as the story (the slug is not of the headline).

    ``{story}`` and ``{key}`` are the story's key and its hash, ``{source}`` and ``{id}`` the key's two parts; in an
    address for one draft ``{id}`` is the CMS's own. Raises PublishError for an id that would lead to another address.
    """
    source, _, own = publication.story.partition(":")
    slots = {
        "story": publication.story,
        "key": story_hash(publication.story),
        "slug": slug(last_part(publication.story)) or story_hash(publication.story),
        "source": source,
    }
    quoted = {name: quote(value, safe="", errors="replace") for name, value in slots.items()}
    return address.format_map(quoted | ({"id": as_step(id or own)} if "{id" in address else {}))


def _same_server(destination: HttpDestination, where: str) -> None:
    """Raises PublishError for an address on another server than the destination's, to which its login must not go."""
    here, there = urlsplit(destination.url), urlsplit(where)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise not_reached(where, f"it is on another server than {destination.name} is now")


def _only(found: Found) -> dict[str, str]:
    return {"If-Match": found.version} if found.version else {}


def _version(answered: Answered) -> str | None:
    """The ETag, if it is a strong one: If-Match never holds for a weak one (RFC 9110, 13.1.1)."""
    etag = answered.headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else None


def _json(answered: Answered) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(answered.body)
    except (ValueError, RecursionError):
        return None


def _with_path(url: str, more: str) -> str:
    base, question, query = url.partition("?")
    return base.rstrip("/") + more + question + query


def _with_query(url: str, more: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{more}"


def _headers(destination: HttpDestination) -> tuple[dict[str, str], list[str]]:
    headers, secrets = {}, []
    for header, variable in destination.headers_env.items():
        headers[header] = from_variable(destination.name, variable)
        secrets += [headers[header], *hidden_in_header(headers[header])]
    if destination.secret_env:
        headers["Authorization"], words = authorization(
            destination.name, destination.secret_env, destination.login
        )
        secrets += words
    return headers, secrets
