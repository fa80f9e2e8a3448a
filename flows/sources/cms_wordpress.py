"""WordPress by its REST interface (``/wp-json/wp/v2/posts``, since 5.7): what was modified after a time, the oldest first.

Without credentials it shows what readers see; with an application password also the copy as it was written
(``content.raw``), and drafts, by which a story is known that was taken offline; where our plugin is in
(``flows/cms_plugins/cleancopy.php``), also what WordPress names by numbers only: author, categories, the featured picture.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cleaners.model import Fields, Picture, Raw
from cleaners.read.wire.item import plain
from flows.settings import CmsSource
from flows.sources.api import Question
from flows.sources.cms import NAMELESS, BrokenAnswer, Page, Post, identity, moment_of, text_at

OVERLAP = timedelta(hours=1)
"""``modified_after`` compares the site's local time, in which an hour comes twice when summer ends."""

MOST_AT_ONCE = 100

_FIELDS = "id,link,title,content,date_gmt,modified_gmt,status,lang"
# Nothing rendered: that would fetch the embeds of a hundred stories.
_RAW_FIELDS = "id,link,title.raw,content.raw,content.protected,date_gmt,modified_gmt,status,lang,cleancopy"
_NO_CATEGORY = "uncategorized"
"""What WordPress calls the category of posts that have none, in English."""
_STATUSES = "publish,future,draft,pending,private,trash"


def changed(source: CmsSource, secret: str | None, after: datetime | None, page: int, size: int) -> Question:
    """The question for what was modified after a time."""
    params = {
        "orderby": "modified",
        "order": "asc",
        "per_page": str(size),
        "page": str(page),
        "context": "edit" if secret else "view",
        "_fields": _RAW_FIELDS if secret else _FIELDS,
    }
    if after is not None:
        # With its zone, so that the site turns it into its own time.
        params["modified_after"] = after.strftime("%Y-%m-%dT%H:%M:%SZ")
    if secret:
        params["status"] = _STATUSES
    return _question(source, secret, params)


def still_public(source: CmsSource, secret: str | None, ids: Sequence[str]) -> Question:
    """The question which of these stories readers can see."""
    fields = "id,content.protected" if secret else "id"
    return _these(source, secret, ids, "publish", fields)


def ids_in(answer: Any) -> set[str]:
    """The ids in an answer to ``still_public``."""
    return {found for item in _items(answer) if (found := identity(item)) and not _is_protected(item)}


def hidden(source: CmsSource, secret: str | None, ids: Sequence[str]) -> Question | None:
    """The question which of these stories WordPress has and does not show to every reader; None: without a login nobody is told."""
    if not secret:
        return None
    return _these(source, secret, ids, _STATUSES, "id,status,modified_gmt,content.protected")


def hidden_in(answer: Any) -> dict[str, str | None]:
    """The ids in an answer to ``hidden``, and when each was saved last."""
    return {
        found: changed_at(item)
        for item in _items(answer)
        if (found := identity(item))
        and (text_at(item, "status") not in (None, "publish") or _is_protected(item))
    }


def page_in(answer: Any, source: CmsSource, size: int) -> Page:
    """The stories in an answer to ``changed``. Raises BrokenAnswer."""
    items = _items(answer)
    return Page(tuple(post_in(item) for item in items), len(items) >= size)


def is_past_the_end(status: int, page: int) -> bool:
    """WordPress answers 400 to a page behind the last one: there were exactly as many stories as pages hold."""
    return status == 400 and page > 1


def _these(source: CmsSource, secret: str | None, ids: Sequence[str], status: str, fields: str) -> Question:
    return _question(
        source,
        secret,
        {"include": ",".join(ids), "per_page": str(MOST_AT_ONCE), "_fields": fields, "status": status},
    )


def _question(source: CmsSource, secret: str | None, params: Mapping[str, str]) -> Question:
    headers = {}
    if secret:
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode("ascii")
    return Question(f"{str(source.url).rstrip('/')}/wp-json/wp/v2/posts", params, headers, source.secret_env)


def _items(answer: Any) -> list[Mapping[str, Any]]:
    if not isinstance(answer, list):
        raise BrokenAnswer("no list of posts, as WordPress answers with")
    return [item for item in answer if isinstance(item, Mapping)]


def post_in(item: Mapping[str, Any]) -> Post:
    """A story as the CMS gives it, in a list and in an event."""
    found = identity(item)
    modified = moment_of(item.get("modified_gmt"))
    if found is None:
        return Post(NAMELESS, modified, None, "a post without an id")
    public = is_public(item)
    content = body_of(item) or text_at(item, "content", "rendered")
    if content is None or not content.strip():
        said = "is protected by a password" if _is_protected(item) else "has no text"
        return Post(found, modified, None, f"{found}: {said}", public)
    raw = Raw(
        id=found,
        form="body",
        content=content,
        url=text_at(item, "link"),
        headline=text_at(item, "title", "raw") or plain(text_at(item, "title", "rendered")),
        published=_utc(item, "date_gmt"),
        language=text_at(item, "lang"),
        given=Fields(
            section=_section(item),
            byline=text_at(item, "cleancopy", "author"),
            updated=changed_at(item),
            pictures=_pictures(item),
        ),
    )
    return Post(found, modified, raw, None, public)


def body_of(item: Mapping[str, Any]) -> str | None:
    """The body as it was written, character by character; None where WordPress gave only what readers see."""
    content = item.get("content")
    raw = content.get("raw") if isinstance(content, Mapping) else None
    return raw if isinstance(raw, str) else None


def changed_at(item: Mapping[str, Any]) -> str | None:
    """When it was saved last, to the second: what is kept as its version."""
    return _utc(item, "modified_gmt")


def is_public(item: Mapping[str, Any]) -> bool:
    """Whether every reader can see it. What a password protects is published nowhere else, though editors get it to read."""
    return text_at(item, "status") in (None, "publish") and not (
        _is_protected(item) and body_of(item) is not None
    )


def _is_protected(item: Mapping[str, Any]) -> bool:
    content = item.get("content")
    return isinstance(content, Mapping) and bool(content.get("protected"))


def _section(item: Mapping[str, Any]) -> str | None:
    more = item.get("cleancopy")
    names = more.get("categories") if isinstance(more, Mapping) else None
    first = names[0] if isinstance(names, list) and names else None
    return first if isinstance(first, str) and first.strip().lower() not in ("", _NO_CATEGORY) else None


def _pictures(item: Mapping[str, Any]) -> tuple[Picture, ...]:
    more = item.get("cleancopy")
    shown = more.get("picture") if isinstance(more, Mapping) else None
    if not isinstance(shown, Mapping) or (url := text_at(shown, "url")) is None:
        return ()
    return (Picture(url, plain(text_at(shown, "caption")), None, text_at(shown, "alt")),)


def _utc(item: Mapping[str, Any], key: str) -> str | None:
    found = text_at(item, key)
    return f"{found}Z" if found and not found.startswith("0000") else None
