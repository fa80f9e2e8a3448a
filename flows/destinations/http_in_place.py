"""A story that lies on some server as a JSON document: its body is replaced where it stands, and nothing else of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from flows.destinations.client import Client, Unanswered
from flows.destinations.in_place import Post
from flows.destinations.publication import Publication, PublishError
from flows.destinations.remote import Conflict, with_conflicts
from flows.settings import HttpDestination
from flows.settings.paths import steps_of


class Document(NamedTuple):
    """A story's document as it was read, and its ETag."""

    whole: dict[str, Any]
    etag: str | None


class Documents:
    """An ``Editor``: GET, and PUT or PATCH with If-Match.

    A server without strong ETags needs ``etags: no``: then what somebody saves between the look and the write is lost. Posts have no
    version of their own here, since events do not name one that could be compared: our own writing is known by its body alone.
    """

    def __init__(self, client: Client, destination: HttpDestination, address: str) -> None:
        """``address`` is that of the one story."""
        self._client, self._destination, self._address = client, destination, address
        steps = steps_of(destination.body)
        self._steps = steps[1:] if steps[0] == "$" and len(steps) > 1 else steps

    def read(self, id: str) -> Post | None:
        name, where = self._destination.name, self._address
        answered = self._client.ask("GET", where, headers={"Accept": "application/json"}, also=(404, 410))
        if answered.status in (404, 410):
            return None
        try:
            whole = json.loads(answered.body)
        except (ValueError, RecursionError):
            raise Unanswered(f"{name}: GET {where} was answered with no JSON") from None
        body = _at(whole, self._steps)
        if not isinstance(whole, dict) or not isinstance(body, str | None):
            raise PublishError(
                f"{name}: at {self._destination.body} of {where} stands no text. Mend body in destinations.yaml"
            )
        etag = answered.headers.get("etag", "")
        strong = etag if etag and not etag.startswith("W/") else None
        if strong is None and self._destination.etags:
            raise Unanswered(
                f"{name}: GET {where} was answered without a strong ETag. If this server gives none, write etags: no"
            )
        return Post(id, where, body or "", own=Document(whole, strong))

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        document: Document = post.own
        whole = _replaced(document.whole, self._steps, body)
        patch = self._destination.method == "PATCH"
        content = _only(whole, self._steps) if patch else whole
        headers = {
            "Content-Type": "application/merge-patch+json" if patch else "application/json",
            "Idempotency-Key": publication.idempotency_key,
            **self._condition(document),
        }
        with_conflicts(
            lambda: self._client.ask(
                self._destination.method, post.where, json.dumps(content, ensure_ascii=True).encode(), headers
            ),
            (404, 409, 410, 412),
        )
        there = self.read(post.id)
        if there is None or there.body != body:
            raise Conflict(
                f"{self._destination.name}: {post.where} holds something else than was written there"
            )
        return there

    def take_down(self, post: Post) -> None:
        if self._destination.withdrawn == "update":
            raise PublishError(
                f"{self._destination.name}: a story that is cleaned in place can only be deleted: write withdrawn: delete, or take "
                f"{post.where} down by hand"
            )
        with_conflicts(
            lambda: self._client.ask("DELETE", post.where, headers=self._condition(post.own), also=(404, 410))
        )

    def _condition(self, document: Document) -> dict[str, str]:
        return {"If-Match": document.etag} if document.etag and self._destination.etags else {}


def _at(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _replaced(whole: dict[str, Any], steps: Sequence[str], text: str) -> dict[str, Any]:
    """A copy with this text at that place."""
    found = deepcopy(whole)
    parent = _at(found, steps[:-1])
    last = steps[-1]
    if isinstance(parent, list):
        parent[int(last)] = text
    elif isinstance(parent, dict):
        parent[last] = text
    return found


def _only(whole: Any, steps: Sequence[str]) -> Any:
    """The document with nothing in it but what lies on the way (RFC 7396); a list is replaced as a whole."""
    if not steps or isinstance(whole, list):
        return whole
    return {steps[0]: _only(whole[steps[0]], steps[1:])}
