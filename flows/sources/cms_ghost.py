"""Ghost by its Content API (a key: what readers see) or its Admin API (``id:secret``: drafts and members' stories, too)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lxml.html import document_fromstring

from cleaners.model import Fields, Picture, Raw
from flows.settings import CmsSource
from flows.sources.api import Question
from flows.sources.cms import NAMELESS, BrokenAnswer, Page, Post, identity, moment_of, text_at

OVERLAP = timedelta(minutes=1)
"""For stories that are written in the same second, and for a database that writes a little later than its clock says."""

MOST_AT_ONCE = 100
"""Ghost 6 gives no more."""

TOKEN_SECONDS = 300


def changed(source: CmsSource, secret: str | None, after: datetime | None, page: int, size: int) -> Question:
    """The question for what was changed after a time."""
    params = {
        "order": "updated_at asc",
        "limit": str(size),
        "page": str(page),
        "formats": "html",
        "include": "authors,tags",
    }
    if after is not None:
        # As the database writes it: compared with "2026-03-03T…" every story of that day would be older.
        params["filter"] = f"updated_at:>'{after:%Y-%m-%d %H:%M:%S}'"
    return _question(source, secret, params)


def still_public(source: CmsSource, secret: str | None, ids: Sequence[str]) -> Question:
    """The question which of these stories readers can see."""
    wanted = f"id:[{','.join(ids)}]"
    if secret and ":" in secret:
        wanted += "+status:published"
    return _question(source, secret, {"filter": wanted, "limit": str(MOST_AT_ONCE), "fields": "id"})


def ids_in(answer: Any) -> set[str]:
    """The ids in an answer to ``still_public``."""
    return {found for item in _items(answer) if (found := identity(item))}


def hidden(source: CmsSource, secret: str | None, ids: Sequence[str]) -> Question | None:
    """The question which of these stories Ghost has and does not show; None: the Content API knows of none of them."""
    if not secret or ":" not in secret:
        return None
    wanted = f"id:[{','.join(ids)}]+status:-published"
    return _question(
        source, secret, {"filter": wanted, "limit": str(MOST_AT_ONCE), "fields": "id,status,updated_at"}
    )


def hidden_in(answer: Any) -> dict[str, str | None]:
    """The ids in an answer to ``hidden``, and when each was saved last."""
    return {
        found: text_at(item, "updated_at")
        for item in _items(answer)
        if (found := identity(item)) and text_at(item, "status") not in (None, "published")
    }


def page_in(answer: Any, source: CmsSource, size: int) -> Page:
    """The stories in an answer to ``changed``. Raises BrokenAnswer."""
    items = _items(answer)
    pagination = (
        answer.get("meta", {}).get("pagination", {}) if isinstance(answer.get("meta"), Mapping) else {}
    )
    more = pagination.get("next") is not None if "next" in pagination else len(items) >= size
    return Page(tuple(post_in(item) for item in items), more)


def is_past_the_end(status: int, page: int) -> bool:
    """Ghost answers an empty list there."""
    return False


def token(key: str, now: float) -> str:
    """The short-lived token (JWT, HS256) that the Admin API takes for a key ``id:secret``. Raises ValueError."""
    name, _, secret = key.partition(":")
    head = _encoded({"alg": "HS256", "typ": "JWT", "kid": name})
    claims = _encoded({"iat": int(now), "exp": int(now) + TOKEN_SECONDS, "aud": "/admin/"})
    signature = hmac.new(bytes.fromhex(secret), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return f"{head}.{claims}.{_base64(signature)}"


def _question(source: CmsSource, secret: str | None, params: Mapping[str, str]) -> Question:
    site = str(source.url).rstrip("/")
    headers = {"Accept-Version": "v5.0"}
    if secret and ":" in secret:
        headers["Authorization"] = f"Ghost {token(secret, time.time())}"
        return Question(f"{site}/ghost/api/admin/posts/", params, headers, source.secret_env)
    return Question(
        f"{site}/ghost/api/content/posts/", {**params, "key": secret or ""}, headers, source.secret_env
    )


def _items(answer: Any) -> list[Mapping[str, Any]]:
    posts = answer.get("posts") if isinstance(answer, Mapping) else None
    if not isinstance(posts, list):
        raise BrokenAnswer('no "posts", as Ghost answers with')
    return [item for item in posts if isinstance(item, Mapping)]


def post_in(item: Mapping[str, Any]) -> Post:
    """A story as the CMS gives it, in a list and in an event."""
    found = identity(item)
    modified = moment_of(item.get("updated_at"))
    if found is None:
        return Post(NAMELESS, modified, None, "a post without an id")
    public = text_at(item, "status") in (None, "published")
    # Byte for byte: what is written back must be what was cleaned. A card of HTML begins and ends with a line break.
    html = item.get("html")
    if item.get("access") is False:
        said = f"{found}: is for members, and the Content API gives its beginning only. Use an Admin API key"
        return Post(found, modified, None, said, public)
    if not isinstance(html, str) or not html.strip():
        return Post(found, modified, None, f"{found}: has no text", public)
    authors = [name for one in _list(item, "authors") if (name := text_at(one, "name"))]
    raw = Raw(
        id=found,
        form="body",
        content=html,
        url=text_at(item, "url"),
        headline=text_at(item, "title"),
        published=text_at(item, "published_at"),
        given=Fields(
            standfirst=text_at(item, "custom_excerpt"),
            section=text_at(item, "primary_tag", "name"),
            byline=", ".join(authors) or None,
            updated=text_at(item, "updated_at"),
            pictures=_feature_image(item),
        ),
    )
    return Post(found, modified, raw, None, public)


def _feature_image(item: Mapping[str, Any]) -> tuple[Picture, ...]:
    """The picture above the story, with its caption (which Ghost keeps as HTML) as plain words."""
    url = text_at(item, "feature_image")
    if url is None:
        return ()
    caption = text_at(item, "feature_image_caption")
    return (
        Picture(url, _plain(caption) or None if caption else None, None, text_at(item, "feature_image_alt")),
    )


def _plain(markup: str) -> str:
    pieces = document_fromstring(f"<p>{markup}</p>").itertext()
    return " ".join("".join(str(piece) for piece in pieces).split())


def _list(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = item.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _encoded(part: Mapping[str, Any]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
