"""Strapi 5 as a destination: ``/api/{collection}/{documentId}``, with an API token as bearer.

Strapi keeps of each entry the version that readers see and a draft. A write goes to the draft, and publishing makes the draft
what readers see: all of it. So an entry whose draft has changes that nobody has published yet is left alone.

Strapi has no lock, and no write that depends on a version. What stands there is compared immediately before a write; what somebody
publishes in the milliseconds between is written over, and comes back with its own event, which is cleaned and written then. Of what
somebody only *saves* in them, the fields that are written here are lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import quote

from flows.destinations.client import Answered, Client, Unanswered
from flows.destinations.conditional import AGAIN, publish_conditionally
from flows.destinations.formats import published_html
from flows.destinations.in_place import Connector, Post
from flows.destinations.names import as_step, story_hash
from flows.destinations.publication import Publication, PublishError
from flows.destinations.remote import Conflict, Found, Mark
from flows.settings import CmsDestination
from flows.sources.cms_strapi import apart

DEFAULTS = {"body": "body", "headline": "title"}
"""How an entry calls what every story has, if ``fields`` says nothing else. What it does not name otherwise is not written."""

_PUBLISHED = "filters[publishedAt][$notNull]=true"
"""Strapi's REST interface cannot unpublish; but a deletion takes filters, and so leaves the draft where it is."""

LONGEST_KEY = 255
"""Characters of a short text in Strapi."""


def connect(client: Client, destination: CmsDestination, secret: str) -> Connector:
    """Entries of one collection: those that are its own, and stories from elsewhere, which need a ``key`` among the ``fields``."""
    entries = Entries(client, destination, secret)
    own = OwnEntries(entries)
    return Connector(
        lambda one: publish_conditionally(
            own, one, own.digest(one), overwrite=destination.overwrite, look_first=True
        ),
        entries,
    )


class Entries:
    """The collection's own entries, cleaned where they stand: an ``Editor``. An entry's ``version`` is its ``updatedAt``.

    An id is the documentId, and ``@`` and the locale where the entry has one.
    """

    def __init__(self, client: Client, destination: CmsDestination, secret: str) -> None:
        self._client, self.name = client, destination.name
        self._site = f"{destination.url.rstrip('/')}/api/{destination.collection}"
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self.fields: dict[str, str] = dict(DEFAULTS) | {
            str(part): field for part, field in destination.fields.items()
        }

    def read(self, id: str) -> Post | None:
        entry = self.entry(id)
        if entry is None:
            return None
        draft = self.entry(id, "draft") or {}
        return self._post(id, entry, draft.get("updatedAt", entry.get("updatedAt")))

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        if post.own["draft"] != post.version:
            raise PublishError(
                f"{self.name}: {post.id} has changes that nobody has published yet, and Strapi would publish them with ours. "
                "Publish or discard them there; it is tried again by itself"
            )
        lifted = {
            self.fields[part]: text
            for part in ("caption", "credit", "standfirst", "byline")
            if part in self.fields and (text := lifted_text(publication.record, part))
        }
        # A caption that stays in its figure in the body is not said twice.
        empty = {
            field: text
            for field, text in lifted.items()
            if not post.own["entry"].get(field) and text not in unescape(body)
        }
        written = self.put(post.id, {**empty, self.fields["body"]: body})
        # What somebody published between our write and this look has taken our writing's place.
        there = self.read(post.id)
        if there is None or there.version != written.get("updatedAt"):
            raise Conflict(f"{self.name}: {post.id} was published anew by somebody else at the same moment")
        return there

    def take_down(self, post: Post) -> None:
        """The draft stays. An entry of a content type without Draft & Publish has none, and is deleted."""
        self._ask("DELETE", self._address(post.id, _PUBLISHED), also=(404,))
        if self.entry(post.id) is not None:
            raise Conflict(f"{self.name}: {post.id} is public still")

    def entry(self, id: str, status: str = "published") -> dict[str, Any] | None:
        """The entry as readers see it, or its ``draft``; None: there is none."""
        answered = self._ask("GET", self._address(id, f"status={status}"), also=(404,))
        return None if answered.status == 404 else self.data(answered, id)

    def put(self, id: str, data: Mapping[str, Any], status: str = "published") -> dict[str, Any]:
        """Write these fields. Raises Conflict where the entry is gone."""
        body = json.dumps({"data": data}, ensure_ascii=True).encode()
        answered = self._ask("PUT", self._address(id, f"status={status}"), body, also=(404,))
        if answered.status == 404:
            raise Conflict(f"{self.name}: {id} is gone from {self._site}")
        return self.data(answered, id)

    def create(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """A new draft."""
        body = json.dumps({"data": data}, ensure_ascii=True).encode()
        return self.data(self._ask("POST", f"{self._site}?status=draft", body), "a new entry")

    def delete(self, id: str) -> None:
        self._ask("DELETE", self._address(id), also=(404,))

    def search(self, field: str, beginning: str) -> list[dict[str, Any]]:
        """The entries of which the field begins so: of each as readers see it, else its draft. The oldest first."""
        found: dict[str, dict[str, Any]] = {}
        for status in ("published", "draft"):
            question = (
                f"status={status}&sort=createdAt:asc&pagination[pageSize]=100&"
                f"filters[{field}][$startsWith]={quote(beginning, safe='')}"
            )
            entries = self._json(self._ask("GET", f"{self._site}?{question}")).get("data")
            if not isinstance(entries, list):
                raise Unanswered(f"{self.name}: GET {self._site} was answered by no list of entries")
            for one in entries:
                found.setdefault(_document(one), one)
        found.pop("", None)
        return list(found.values())

    def where(self, id: str) -> str:
        return f"{self._site}/{quote(id, safe='@')}"

    def data(self, answered: Answered, id: str) -> dict[str, Any]:
        entry = self._json(answered).get("data")
        if not isinstance(entry, dict) or not _document(entry):
            raise Unanswered(f"{self.name}: {self._site} answered for {id} with no entry")
        return entry

    def _post(self, id: str, entry: dict[str, Any], draft: object) -> Post:
        field = self.fields["body"]
        body = entry.get(field)
        if field not in entry or not isinstance(body, str | None):
            what = (
                "is no text, as blocks of Strapi's editor are not" if field in entry else "is not to be seen"
            )
            raise PublishError(
                f"{self.name}: the field {field} of {id} {what}. Write in fields, at body, the field with the story's HTML, "
                "and let the API token read it"
            )
        version = entry.get("updatedAt")
        return Post(id, self.where(id), body or "", version, own={"entry": entry, "draft": draft})

    def _ask(self, method: str, url: str, body: bytes = b"", also: Sequence[int] = ()) -> Answered:
        return self._client.ask(method, url, body, self._headers, also)

    def _address(self, id: str, question: str = "") -> str:
        document, locale = apart(id)
        asked = "&".join(filter(None, (question, f"locale={quote(locale, safe='')}" if locale else "")))
        return f"{self._site}/{as_step(document)}" + (f"?{asked}" if asked else "")

    def _json(self, answered: Answered) -> dict[str, Any]:
        try:
            found = json.loads(answered.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Unanswered(
                f"{self.name}: {self._site} answered with no JSON. Is url the address of Strapi?"
            )
        return found


class OwnEntries:
    """Stories from elsewhere as entries of their own: a ``Remote``. The entry's key field says which publication it is.

    An entry's version is what stands in the fields that are written here: what editors add beside them is theirs, and stays.
    """

    leaves_notes = False

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    def digest(self, publication: Publication) -> str:
        return "" if publication.act == "unpublish" else _hash(self._data(publication))

    def find(self, publication: Publication) -> Sequence[Found]:
        found = [
            self._found(one)
            for one in self._entries.search(self._key_field(), f"{story_hash(publication.story)} ")
        ]
        # The fields as they were sent, if they are still so: an editor's change leaves the key where it is.
        found = [replace(one, digest=one.version) for one in found]
        return sorted(found, key=lambda one: not one.public)

    def create(self, publication: Publication) -> Found:
        return self._found(self._entries.create(self._data(publication)))

    def update(self, found: Found, publication: Publication) -> Found:
        public, draft = self._entries.entry(found.id), self._entries.entry(found.id, "draft")
        there = draft or public
        if there is None or self._found(there).version != found.version:
            raise Conflict(f"{self._entries.name}: {found.where} was changed by somebody else")
        if public and draft and public.get("updatedAt") != draft.get("updatedAt"):
            raise PublishError(
                f"{self._entries.name}: {found.where} has changes that nobody has published yet, and Strapi would publish them "
                "with ours. Publish or discard them there; it is tried again by itself"
            )
        if public is None and publication.last:
            raise PublishError(
                f"{self._entries.name}: {found.where} was taken down there by somebody else. Publish it there. {AGAIN}"
            )
        return self._found(self._entries.put(found.id, self._data(publication)))

    def publish(self, found: Found, publication: Publication) -> Found:
        """Drafts of the same story that tries before this one left behind go, too."""
        for one in () if publication.last else self.find(publication):
            if one.id != found.id and not one.public:
                self._entries.delete(one.id)
        return found if found.public else self._found(self._entries.put(found.id, self._data(publication)))

    def unpublish(self, found: Found, publication: Publication) -> None:
        self._entries.delete(found.id)

    def _found(self, entry: Mapping[str, Any]) -> Found:
        id = _document(entry)
        return Found(
            id,
            self._entries.where(id),
            public=bool(entry.get("publishedAt")),
            mark=_read_key(entry.get(self._key_field())),
            version=_hash({field: entry.get(field) for field in self._entries.fields.values()}),
        )

    def _key_field(self) -> str:
        field = self._entries.fields.get("key")
        if field is None:
            raise PublishError(
                f"{self._entries.name}: stories that are no entries of this Strapi need a field by which they are found again: "
                "make a short text in the content type, and write its name in fields, at key"
            )
        return field

    def _data(self, publication: Publication) -> dict[str, str | None]:
        """Every field that ``fields`` names, so that one that a new edition does not have any more is emptied."""
        record = publication.record
        picture: Mapping[str, Any] = next(
            (one for one in record.get("pictures") or () if one.get("caption") or one.get("credit")), {}
        )
        values: dict[str, str | None] = {
            "body": published_html(publication),
            "headline": record.get("headline"),
            "standfirst": record.get("standfirst"),
            "byline": record.get("byline"),
            "caption": picture.get("caption"),
            "credit": picture.get("credit"),
            "key": _key(publication),
        }
        self._key_field()
        return {field: values[part] for part, field in self._entries.fields.items()}


def lifted_text(record: Mapping[str, Any], part: str) -> str | None:
    """What was lifted out of the body to be this part; of captions and credits the first. A figure's own stays in the body.

    >>> lift = {"action": "lift", "field": "credit", "text": "Photo: Ana Duarte"}
    >>> lifted_text({"removed": [lift], "pictures": [{"credit": "Wire"}, {"credit": "Ana Duarte"}]}, "credit")
    'Ana Duarte'
    """
    lines = [
        one["text"].strip()
        for one in record.get("removed") or ()
        if one["action"] == "lift" and one["field"] == part
    ]
    said = [record.get(part), *(one.get(part) for one in record.get("pictures") or ())]
    return next((text for text in said if text and any(text in line or line in text for line in lines)), None)


def _key(publication: Publication) -> str:
    said = f"{story_hash(publication.story)} {publication.edition} {publication.idempotency_key} {publication.ledger}"
    if len(said) > LONGEST_KEY:
        raise PublishError(f"the key of {publication.story} is longer than Strapi's short texts are")
    return said


def _read_key(said: object) -> Mark | None:
    """The mark in an entry's key field; None: there is none, or not one of ours.

    >>> _read_key("bb33e3b0929f 2 k ledger-1")
    Mark(key='k', edition=2, ledger='ledger-1')
    >>> _read_key("harbour ferry") is None
    True
    """
    words = said.split(" ") if isinstance(said, str) else []
    return Mark(words[2], int(words[1]), words[3]) if len(words) == 4 and words[1].isdecimal() else None


def _document(entry: object) -> str:
    found = entry.get("documentId") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""


def _hash(values: Mapping[str, Any]) -> str:
    return sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
