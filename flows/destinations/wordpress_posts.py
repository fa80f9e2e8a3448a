"""Stories from elsewhere as posts in WordPress."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from flows.destinations.client import Unanswered
from flows.destinations.conditional import publish_conditionally
from flows.destinations.drafts import publish_drafts_first
from flows.destinations.formats import published_html
from flows.destinations.names import file_stem, story_hash
from flows.destinations.publication import Publication, PublishError, Receipt
from flows.destinations.remote import MARK, Found, mark_of, read_mark
from flows.destinations.wordpress_site import FIELDS, ROLE, STATUSES, Site, path_of, raw_of

_MARKED = re.compile(r"\n?<!-- cleancopy:[0-9a-f]{12}:([A-Za-z0-9+/=]+) -->\s*\Z")


def publish_post(site: Site, publication: Publication, *, overwrite: bool = False) -> Receipt:
    """With the plugin a story keeps its post, and so its address; without it each edition is a new post in the old one's place.

    ``overwrite``: also over what somebody else changed in it, or deleted; without the plugin every edition is so.
    """
    if site.has_plugin:
        return publish_conditionally(
            Marked(site), publication, _digest(publication), overwrite=overwrite, look_first=True
        )
    return publish_drafts_first(Drafts(site), publication)


class Marked:
    """Posts that our plugin knows by a mark, and whose writes depend on their version: a ``Remote``."""

    leaves_notes = False

    def __init__(self, site: Site) -> None:
        self._site = site

    def find(self, publication: Publication) -> Sequence[Found]:
        _, items = self._site.ask(
            "GET",
            "wp/v2/posts",
            {
                "cleancopy_story": publication.story,
                "status": STATUSES,
                "per_page": "100",
                "orderby": "id",
                "order": "asc",
                "_fields": FIELDS,
            },
        )
        found = [
            replace(self._found(item), digest=_held(item, publication))
            for item in items
            if isinstance(item, Mapping)
        ]
        # A draft that a lost request left must not stand for the post that readers see.
        return sorted((one for one in found if one.mark is not None), key=lambda one: not one.public)

    def create(self, publication: Publication) -> Found:
        body = {**_parts(publication), "status": "draft", "cleancopy": {"mark": mark_of(publication)}}
        _, item = self._site.ask("POST", "wp/v2/posts", {"_fields": FIELDS}, body)
        return self._found(_unchanged(self._site, item, body))

    def update(self, found: Found, publication: Publication) -> Found:
        body = {**_parts(publication), "cleancopy": {"mark": mark_of(publication)}}
        body.pop("slug")
        return self._found(self._site.post(found.id, body, found.version))

    def publish(self, found: Found, publication: Publication) -> Found:
        if found.public:
            return found
        return self._found(self._site.post(found.id, {"status": "publish"}, found.version))

    def unpublish(self, found: Found, publication: Publication) -> None:
        # Into the bin, from where an editor can take it back; a bin that is switched off answers 501.
        status, _ = self._site.ask("DELETE", path_of(found.id), also=(404, 410, 501))
        if status == 501:
            self._site.ask("DELETE", path_of(found.id), {"force": "true"}, also=(404, 410))

    def _found(self, item: Mapping[str, Any]) -> Found:
        more = item.get("cleancopy")
        more = more if isinstance(more, Mapping) else {}
        return Found(
            str(item["id"]),
            str(item.get("link") or ""),
            item.get("status") == "publish",
            read_mark({MARK: more.get("mark")}),
            more.get("wrote") or more.get("version"),
        )


class Drafts:
    """Posts in a WordPress without our plugin: each edition is one, known by an HTML comment at its end."""

    leaves_notes = False

    def __init__(self, site: Site) -> None:
        self._site = site

    def find(self, publication: Publication) -> Sequence[Found]:
        _, items = self._site.ask(
            "GET",
            "wp/v2/posts",
            {
                "search": f"cleancopy:{story_hash(publication.story)}",
                "status": STATUSES,
                "per_page": "100",
                "_fields": FIELDS,
            },
        )
        found = [_by_comment(item, publication) for item in items if isinstance(item, Mapping)]
        return [one for one in found if one is not None]

    def create(self, publication: Publication) -> Found:
        parts = _parts(publication)
        body = {**parts, "content": parts["content"] + _comment(publication), "status": "draft"}
        _, item = self._site.ask("POST", "wp/v2/posts", {"_fields": FIELDS}, body)
        found = _by_comment(_unchanged(self._site, item, body), publication)
        if found is None:
            raise Unanswered(f"{self._site.name}: WordPress does not give back the draft that was made")
        return found

    def update(self, found: Found, publication: Publication) -> Found:
        raise NotImplementedError("each edition is a post of its own")

    def publish(self, found: Found, publication: Publication) -> Found:
        self._site.post(found.id, {"status": "publish"}, None)
        return replace(found, public=True)

    def unpublish(self, found: Found, publication: Publication) -> None:
        # For good: a request to publish it that WordPress carries out late must not find it in the bin.
        self._site.ask("DELETE", path_of(found.id), {"force": "true"}, also=(404, 410))


def _parts(publication: Publication) -> dict[str, Any]:
    """The story as WordPress takes it. Headline and standfirst are text there as well as here: what looks like a tag is written out."""
    record = publication.record
    return {
        "title": _as_html(record.get("headline") or ""),
        "content": published_html(publication),
        "excerpt": _as_html(record.get("standfirst") or ""),
        "slug": file_stem(publication.story, record.get("headline")),
    }


def _as_html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unchanged(site: Site, item: Any, body: Mapping[str, Any]) -> Mapping[str, Any]:
    checked = site.checked(item)
    if raw_of(checked, "content") != body["content"]:
        raise PublishError(
            f"{site.name}: WordPress changed the HTML of post {checked['id']} when it was saved: the account may not write unfiltered "
            f"HTML, or a plugin changes posts. {ROLE}",
            final=True,
        )
    return checked


def _digest(publication: Publication) -> str:
    if publication.act != "publish":
        return ""
    return sha256(json.dumps(_parts(publication), ensure_ascii=True).encode()).hexdigest()


def _held(item: Mapping[str, Any], publication: Publication) -> str | None:
    """The digest of what was sent, where the post is in the version in which it was marked; None where an older plugin does not tell."""
    more = item.get("cleancopy")
    version, marked = (more.get("version"), more.get("marked")) if isinstance(more, Mapping) else (None, None)
    if not marked:
        return None
    return _digest(publication) if version == marked else str(version)


def _comment(publication: Publication) -> str:
    mark = base64.b64encode(json.dumps(mark_of(publication)).encode()).decode("ascii")
    return f"\n<!-- cleancopy:{story_hash(publication.story)}:{mark} -->"


def _by_comment(item: Mapping[str, Any], publication: Publication) -> Found | None:
    """The post, if it says that it is this story."""
    marked = _MARKED.search(raw_of(item, "content"))
    try:
        said = json.loads(base64.b64decode(marked[1], validate=True)) if marked else None
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("story") != publication.story:
        return None
    return Found(
        str(item["id"]), str(item.get("link") or ""), item.get("status") == "publish", read_mark({MARK: said})
    )
