"""Any CMS that gives its stories as a list in JSON: the source says where in the answer stories, parts and the next page stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import httpx

from cleaners.model import Fields
from cleaners.read.signals import says_stop
from flows.settings import CmsSource
from flows.sources.api import Question
from flows.sources.cms import NAMELESS, BrokenAnswer, Page, Post, moment_of
from flows.sources.mapping import mapped_story, value_at
from flows.sources.records import BrokenRecord


def listed(source: CmsSource, secret: str | None, after: datetime | None, following: str | None) -> Question:
    """The question for the list, or for the page of it that the one before named."""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    params = {}
    if source.since_parameter and after is not None:
        params[source.since_parameter] = after.strftime("%Y-%m-%dT%H:%M:%SZ")
    url = str(source.url)
    if following is not None and source.next_parameter:
        params[source.next_parameter] = following
    elif following is not None:
        url, params = _joined(url, following), {}
    return Question(url, params, headers, source.secret_env)


def page_in(answer: Any, source: CmsSource) -> Page:
    """The stories in an answer. Raises BrokenAnswer."""
    items = answer if not source.items else _at(answer, source.items)
    if not isinstance(items, list):
        where = (
            f"at {source.items!r} (items)"
            if source.items
            else "in the answer: write in items where it stands"
        )
        raise BrokenAnswer(f"no list of stories {where}")
    following = _at(answer, source.next) if source.next else None
    named = str(following) if following not in (None, "", False, 0) else None
    return Page(tuple(_post(item, source) for item in items), named is not None, named)


def _at(answer: Any, path: str) -> Any:
    return value_at(answer, path) if isinstance(answer, Mapping) else None


def _post(item: Any, source: CmsSource) -> Post:
    if not isinstance(item, Mapping):
        return Post(NAMELESS, None, None, "an item of the list is no object")
    changed = value_at(item, source.modified) if source.modified else None
    modified = moment_of(changed)
    try:
        raw = mapped_story(item, cast(Mapping[str, str], source.map))
    except BrokenRecord as error:
        found = value_at(item, source.map.get("id", "id"))
        name = str(found) if isinstance(found, str | int) else NAMELESS
        return Post(name, modified, None, f"{name}: {error}")
    lines = raw.content if isinstance(raw.content, tuple) else (raw.content,)
    if not any(line.strip() for line in lines) and not says_stop(raw):
        return Post(raw.id, modified, None, f"{raw.id}: its copy is empty")
    if modified is not None:
        raw = replace(raw, given=Fields(updated=str(changed)))
    return Post(raw.id, modified, raw)


def _joined(url: str, following: str) -> str:
    """The next page's address. It stays on the host that the credentials are for. Raises BrokenAnswer."""
    try:
        target = httpx.URL(url).join(following)
    except httpx.InvalidURL:
        raise BrokenAnswer(f"the next page {following[:80]!r} is no address") from None
    if (target.scheme, target.netloc) != (httpx.URL(url).scheme, httpx.URL(url).netloc):
        raise BrokenAnswer(
            f"the next page lies on another host ({target.host}), and is not asked for: it would get the credentials. "
            "If next is a token and no address, write next_parameter"
        )
    return str(target)
