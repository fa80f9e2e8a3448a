"""Strapi 5 by its REST interface (``/api/{collection}``): what was published after a time, the oldest first.

An entry's ``updatedAt`` is when its text was saved, which may be long before it was published; so ``publishedAt`` is what counts. It
is new at every publication where the content type has Draft & Publish, without which nothing that was missed can be found here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cleaners.model import Fields, Raw
from cleaners.read.signals import says_stop
from flows.settings import CmsSource
from flows.sources.api import Question
from flows.sources.cms import NAMELESS, BrokenAnswer, Page, Post, moment_of, text_at
from flows.sources.mapping import CONTENT_KEYS, FIELD_KEYS, mapped_story, value_at
from flows.sources.records import BrokenRecord

OVERLAP = timedelta(minutes=1)

MOST_AT_ONCE = 25
"""Documents. An answer has at most a hundred entries: of each document one for every language that it is in."""
_PAGE = "100"

ENTRY = {"body": "body", "headline": "title", "published": "publishedAt", "language": "locale"}
"""Where the parts of an entry stand, if its source's map says nothing else. Its id is the documentId."""


def changed(source: CmsSource, secret: str | None, after: datetime | None, page: int, size: int) -> Question:
    """The question for what was published after a time."""
    params = {
        "status": "published",
        "locale": "*",
        "sort": "publishedAt:asc",
        "pagination[page]": str(page),
        "pagination[pageSize]": str(size),
    }
    if after is not None:
        params["filters[publishedAt][$gt]"] = after.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return _question(source, secret, params)


def still_public(source: CmsSource, secret: str | None, ids: Sequence[str]) -> Question:
    """The question which of these stories readers can see."""
    return _question(source, secret, {"status": "published", **_these(ids)})


def ids_in(answer: Any) -> set[str]:
    """The ids in an answer to ``still_public``."""
    return {found for item in _items(answer) if (found := identity(item))}


def hidden(source: CmsSource, secret: str | None, ids: Sequence[str]) -> Question | None:
    """The question of which of these entries there is nothing but a draft.

    A Strapi that is too old for ``publicationFilter`` passes it by, and gives the drafts of published entries, too.
    """
    params = {"status": "draft", "publicationFilter": "never-published", **_these(ids)}
    return _question(source, secret, params)


def hidden_in(answer: Any) -> dict[str, str | None]:
    """The ids in an answer to ``hidden``, and when each was saved last. A content type without drafts has none."""
    return {
        found: text_at(item, "updatedAt")
        for item in _items(answer)
        if (found := identity(item)) and not item.get("publishedAt")
    }


def page_in(answer: Any, source: CmsSource, size: int) -> Page:
    """The stories in an answer to ``changed``. Raises BrokenAnswer."""
    items = _items(answer)
    paths: Mapping[str, str] = {str(key): path for key, path in source.map.items()}
    return Page(tuple(post_in(item, paths) for item in items), len(items) >= size)


def is_past_the_end(status: int, page: int) -> bool:
    """Strapi answers an empty list there."""
    return False


def post_in(entry: Mapping[str, Any], paths: Mapping[str, str]) -> Post:
    """A story as the CMS gives it, in a list and in an event; ``paths`` is the source's map, which names fields of the entry."""
    found = identity(entry)
    modified = moment_of(entry.get("publishedAt"))
    if found is None:
        return Post(NAMELESS, modified, None, "an entry without a documentId")
    public = modified is not None
    try:
        raw = mapped_story({**_plain(entry, paths), "id": found}, {**_paths(paths), "id": "id"})
    except BrokenRecord as error:
        return Post(found, modified, None, f"{found}: {error}", public)
    if not _has_text(raw) and not says_stop(raw):
        return Post(found, modified, None, f"{found}: its copy is empty", public)
    given = replace(raw.given or Fields(), updated=text_at(entry, "updatedAt"))
    return Post(found, modified, replace(raw, given=given), None, public)


def has_body(entry: Mapping[str, Any], paths: Mapping[str, str]) -> bool:
    """Whether the entry has the field with the copy at all: an author or a category has none, and is no story.

    >>> has_body({"title": "Harbour", "body": None}, {}), has_body({"name": "Ana Duarte"}, {})
    (True, False)
    """
    places = [path for key, path in _paths(paths).items() if key in CONTENT_KEYS]
    return any(path in entry or value_at(entry, path) is not None for path in places)


def identity(entry: Mapping[str, Any]) -> str | None:
    """The documentId, and ``@`` and the locale where the entry has one: each language of it is a story of its own."""
    document, locale = text_at(entry, "documentId"), text_at(entry, "locale")
    return f"{document}@{locale}" if document and locale else document


def apart(id: str) -> tuple[str, str]:
    """documentId and locale in a story's id.

    >>> apart("z4x0ferry@de"), apart("z4x0ferry")
    (('z4x0ferry', 'de'), ('z4x0ferry', ''))
    """
    document, _, locale = id.partition("@")
    return document, locale


def _paths(paths: Mapping[str, str]) -> dict[str, str]:
    known = dict(ENTRY)
    if not set(CONTENT_KEYS).isdisjoint(paths):
        del known["body"]
    return {**known, **paths}


def _plain(entry: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """Without what only shares its name with a part of a story, such as a ``publisher`` that is an entry of its own."""
    return {
        key: value
        for key, value in entry.items()
        if isinstance(value, str) or key not in FIELD_KEYS or key in paths
    }


def _has_text(raw: Raw) -> bool:
    lines = raw.content if isinstance(raw.content, tuple) else (raw.content,)
    return any(line.strip() for line in lines)


def _these(ids: Sequence[str]) -> dict[str, str]:
    params = {"locale": "*", "pagination[pageSize]": _PAGE}
    return params | {f"filters[documentId][$in][{number}]": apart(id)[0] for number, id in enumerate(ids)}


def _question(source: CmsSource, secret: str | None, params: Mapping[str, str]) -> Question:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return Question(
        f"{str(source.url).rstrip('/')}/api/{source.collection}", params, headers, source.secret_env
    )


def _items(answer: Any) -> list[Mapping[str, Any]]:
    entries = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(entries, list):
        raise BrokenAnswer('no list "data", as Strapi answers with')
    return [item for item in entries if isinstance(item, Mapping)]
