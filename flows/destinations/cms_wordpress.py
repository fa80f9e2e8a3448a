"""WordPress as a destination: its own posts are cleaned where they stand, stories from elsewhere become posts.

With our plugin (``flows/cms_plugins/cleancopy.php``) a write is done only in the version that was compared: WordPress locks the
post's row while it compares. Core has nothing like it. There a body is compared before it is replaced, and the post's revisions are
looked at afterwards: if somebody saved it in between, theirs is put back. That needs WordPress's revisions to be on (they are, unless
wp-config.php says ``WP_POST_REVISIONS`` false), and it is not certain: a save that ours writes over before WordPress has kept its
revision, some milliseconds later, leaves no trace (2 of 210 that were aimed at the same quarter of a second).

The account must be an Editor's or Administrator's: others may not change what their colleagues wrote, and WordPress takes out of
what they write what it does not know (``unfiltered_html``; in a network of sites only a Super Admin has it).
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from cleaners.model import Cleaned
from flows.destinations.client import Answered, Client, Refused, Unanswered
from flows.destinations.conditional import publish_conditionally
from flows.destinations.drafts import publish_drafts_first
from flows.destinations.formats import published_html
from flows.destinations.in_place import Connector, Post, removals_in_place
from flows.destinations.names import file_stem, story_hash
from flows.destinations.publication import Publication, PublishError, Receipt
from flows.destinations.remote import MARK, Conflict, Found, mark_of, read_mark
from flows.settings import CmsDestination
from flows.sources.cms_wordpress import body_of, changed_at, is_public

SETTLE_SECONDS = 1.0
"""Without the plugin: how long a save that began before ours may take from the post to its revision."""

TRIES = 4

# Without "rendered", which would fetch embeds; and without the excerpt, of which WordPress renders one where there is none.
_FIELDS = (
    "id,link,status,title.raw,content.raw,content.protected,modified_gmt,featured_media,cleancopy,_links"
)
_STATUSES = "publish,future,draft,pending,private"
_ROLE = "Give its account the role Editor"
_MARKED = re.compile(r"\n?<!-- cleancopy:[0-9a-f]{12}:([A-Za-z0-9+/=]+) -->\s*\Z")


def connect(client: Client, destination: CmsDestination, secret: str) -> Connector:
    """``secret`` is ``user:application password``. Raises PublishError where it is not."""
    user, _, password = secret.partition(":")
    if not user or not password:
        raise PublishError(
            f"{destination.name}: {destination.secret_env} must hold user:application password, as WordPress makes one under "
            "Users, Profile, Application Passwords"
        )
    site = _Site(client, destination.name, destination.url.rstrip("/"), secret)
    return Connector(lambda publication: _publish(site, publication), Editor(site))


@dataclass
class _Site:
    """WordPress's REST interface. Everything is asked as an editor asks (``context=edit``)."""

    client: Client
    name: str
    url: str
    secret: str

    def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        also: Sequence[int] = (),
    ) -> tuple[int, Any]:
        """Status and JSON. Raises PublishError."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=True).encode()
        query = urlencode({"context": "edit", **(params or {})})
        headers = {"Authorization": "Basic " + base64.b64encode(self.secret.encode()).decode("ascii")}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answered = self.client.ask(method, f"{self.url}/wp-json/{path}?{query}", content, headers, also)
        except Refused as refused:
            if refused.status in (401, 403):
                raise Refused(f"{refused}. {_hint(refused)}", refused.status) from refused
            raise
        return answered.status, self._json(answered)

    def _json(self, answered: Answered) -> Any:
        try:
            return json.loads(answered.body)
        except (ValueError, RecursionError):
            raise Unanswered(
                f"{self.name}: {answered.url.partition('?')[0]} answers with no JSON. Is url the address of the site, and are its "
                "permalinks not plain (Settings, Permalinks)?"
            ) from None

    def get(self, id: str, fields: str = _FIELDS) -> Mapping[str, Any] | None:
        """The post; None: there is none, or it lies in the bin."""
        status, item = self.ask("GET", f"wp/v2/posts/{id}", {"_fields": fields}, also=(404, 410))
        if status in (404, 410) or item.get("status") == "trash":
            return None
        return self.checked(item)

    def post(
        self, id: str, changes: Mapping[str, Any], expects: str | None, gone: Sequence[int] = (404, 409, 410)
    ) -> Mapping[str, Any]:
        """Change it, in this version if one is named. Raises Conflict."""
        body = {**changes, **({"cleancopy_expects": expects} if expects else {})}
        return self._conflicting(
            lambda: self.ask("POST", f"wp/v2/posts/{id}", {"_fields": _FIELDS}, body), gone
        )

    def _conflicting(self, ask: Callable[[], tuple[int, Any]], statuses: Sequence[int]) -> Mapping[str, Any]:
        try:
            _, item = ask()
        except Refused as refused:
            if refused.status in statuses:
                raise Conflict(str(refused)) from refused
            raise
        return self.checked(item)

    def checked(self, item: Any) -> Mapping[str, Any]:
        if not isinstance(item, Mapping) or body_of(item) is None:
            raise Unanswered(
                f"{self.name}: WordPress does not give the post as it was written (content.raw). {_ROLE}"
            )
        return item

    @cached_property
    def me(self) -> int:
        """The number of our account."""
        _, said = self.ask("GET", "wp/v2/users/me", {"_fields": "id"})
        return int(said["id"]) if isinstance(said, Mapping) and "id" in said else 0

    @cached_property
    def has_plugin(self) -> bool:
        """Whether our plugin is there, and can lock rows."""
        status, said = self.ask("GET", "cleancopy/v1/plugin", also=(404,))
        return status == 200 and isinstance(said, Mapping) and said.get("locks") is True


@dataclass(frozen=True, slots=True)
class _Own:
    """What of a post is remembered until it is written: ``version`` is the plugin's, ``revision`` the newest one's number."""

    version: str | None
    revision: int
    unfiltered: bool
    picture: int


class Editor:
    """The site's own posts, cleaned where they stand (``flows.destinations.in_place.Editor``)."""

    def __init__(self, site: _Site, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._site, self._settle = site, settle_seconds

    def read(self, id: str) -> Post | None:
        item = self._site.get(id)
        return None if item is None else _post(item)

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        own: _Own = post.own
        if own.version is None and not own.unfiltered:
            raise PublishError(
                f"{self._site.name}: WordPress would take out of {post.where} what it does not know: the account may not write "
                f"unfiltered HTML (unfiltered_html). {_ROLE}, or install our plugin, which tells beforehand whether anything would change",
                final=True,
            )
        # First: what was lifted is not to be gone from the body without standing anywhere else.
        self._caption(own.picture, publication)
        item = self._change(post, {"content": body})
        written = _post(item)
        if wrote := _wrote(item):
            return replace(
                written,
                body=body,
                version=changed_at(wrote),
                own=replace(written.own, version=wrote["wrote"]),
            )
        self._heed_others(post, body, written.body)
        return replace(written, body=body)

    def take_down(self, post: Post) -> None:
        item = self._change(post, {"status": "draft"})
        if not _wrote(item):
            self._heed_others(post, post.body, _post(item).body)

    def _change(self, post: Post, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self._site.post(post.id, changes, post.own.version)
        except Refused as refused:
            if refused.status == 422:  # our plugin: WordPress would change it
                raise PublishError(str(refused), final=True) from refused
            raise

    def _heed_others(self, before: Post, ours: str, answered: str) -> None:
        """Without locks: whoever saved the post between our look and our write of the body ``ours``. ``answered`` is the body that
        WordPress gave back. Raises Conflict where theirs was written over, and stands again; and where it stands."""
        time.sleep(self._settle)
        since = self._since(before.id, before.own.revision)
        if ours != answered and ours not in [one.text.content for one in since]:
            raise self._changed(before, ours, answered, since)
        restored = False
        for _ in range(TRIES):
            theirs = [one for one in since if one.text.content != ours]
            if not theirs:
                break
            last, item = theirs[-1].text, self._site.get(before.id, f"{_FIELDS},excerpt")
            if item is None or (now := _text(item)).content != ours:
                raise Conflict(f"{before.where} was saved by somebody else at the same moment")
            if now == replace(last, content=ours) and last.content == before.body:
                break  # a headline, which WordPress kept when it wrote our body
            self._site.post(before.id, last.as_json(), None)
            ours, restored = last.content, True
            since = self._since(before.id, max(one.number for one in since))
        if restored:
            raise Conflict(
                f"{before.where} was saved by somebody else at the same moment; theirs was put back"
            )

    def _changed(self, before: Post, ours: str, answered: str, since: Sequence[_Revision]) -> PublishError:
        """Another body than ours was given back, and ours is in no revision: the site changed it, or somebody was quicker than both.

        Nothing is put back: it could be theirs that this would write over.
        """
        if any(one.author != self._site.me for one in since):
            return Conflict(f"{before.where} was saved by somebody else at the same moment")
        pairs = enumerate(zip(answered, ours, strict=False))
        at = next((n for n, (one, two) in pairs if one != two), min(len(answered), len(ours)))
        return PublishError(
            f"{self._site.name}: WordPress changed what was written to {before.where}, first at character {at} "
            f"({answered[at : at + 40]!r} for {ours[at : at + 40]!r}). Look for a plugin that changes posts when they are saved; "
            "the old body is in the post's revisions. (Or somebody saved it at this moment under the account of cleancopy, which "
            "is to have one of its own.)",
            final=True,
        )

    def _since(self, id: str, number: int) -> list[_Revision]:
        return [one for one in self._revisions(id) if one.number > number]

    def _revisions(self, id: str) -> list[_Revision]:
        """The newest revisions, the oldest of them first; not what a browser keeps for an editor who has not saved."""
        _, items = self._site.ask(
            "GET",
            f"wp/v2/posts/{id}/revisions",
            # Not "content.raw": of revisions WordPress knows whole fields only, and would leave them out.
            {"per_page": "10", "_fields": "id,slug,author,title,content,excerpt"},
        )
        if not isinstance(items, list) or any(body_of(one) is None for one in items):
            raise Unanswered(
                f"{self._site.name}: WordPress does not give the post's revisions as they were written"
            )
        found = [
            _Revision(int(one["id"]), _text(one), int(one.get("author") or 0))
            for one in items
            if "autosave" not in str(one.get("slug", ""))
        ]
        return sorted(found, key=lambda one: one.number)

    def _caption(self, picture: int, publication: Publication) -> None:
        """A caption that was lifted out of the body becomes the featured picture's, where that has none."""
        if not picture:
            return
        from cleaners.write import cleaned_from

        words = lifted_caption(cleaned_from(publication.record))
        if words is None:
            return
        path = f"wp/v2/media/{picture}"
        # Not "caption.raw": of media WordPress knows whole fields only, and a caption that is not told would be taken for none.
        status, item = self._site.ask("GET", path, {"_fields": "id,caption"}, also=(404, 410))
        told = item.get("caption") if isinstance(item, Mapping) else None
        if (
            status == 200
            and isinstance(told, Mapping)
            and isinstance(said := told.get("raw"), str)
            and not said.strip()
        ):
            self._site.ask("POST", path, {"_fields": "id"}, {"caption": words})


def lifted_caption(cleaned: Cleaned) -> str | None:
    """Caption and credit that stood as lines in the body, of a picture that does not stand there: "The quay at dawn (Ilse Marrow)"."""
    from cleaners.undo import undo

    gone = removals_in_place(cleaned)
    stands = undo(cleaned, numbers=[one.number for one in cleaned.removals if one not in gone])
    known = set(cleaned.source.fields.pictures)
    for picture in stands.copy.fields.pictures:
        if picture.url is None and picture not in known and (picture.caption or picture.credit):
            if picture.caption and picture.credit:
                return f"{picture.caption} ({picture.credit})"
            return picture.caption or picture.credit
    return None


@dataclass(frozen=True, slots=True)
class _Text:
    """What a revision keeps."""

    title: str
    content: str
    excerpt: str

    def as_json(self) -> dict[str, str]:
        return {"title": self.title, "content": self.content, "excerpt": self.excerpt}


@dataclass(frozen=True, slots=True)
class _Revision:
    number: int
    text: _Text
    author: int


def _post(item: Mapping[str, Any]) -> Post:
    more = item.get("cleancopy")
    links = item.get("_links")
    links = links if isinstance(links, Mapping) else {}
    version = more.get("version") if isinstance(more, Mapping) else None
    newest = links.get("predecessor-version")
    return Post(
        id=str(item["id"]),
        where=str(item.get("link") or ""),
        body=body_of(item) or "",
        version=changed_at(item),
        public=is_public(item),
        own=_Own(
            version if isinstance(version, str) else None,
            int(newest[0]["id"]) if isinstance(newest, list) and newest else 0,
            "wp:action-unfiltered-html" in links,
            int(item.get("featured_media") or 0),
        ),
    )


def _wrote(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What our plugin says of the row as it was written, which an editor may have saved again since: its version and its time."""
    more = item.get("cleancopy")
    return more if isinstance(more, Mapping) and isinstance(more.get("wrote"), str) else None


def _text(item: Mapping[str, Any]) -> _Text:
    return _Text(_raw(item, "title"), _raw(item, "content"), _raw(item, "excerpt"))


def _raw(item: Any, key: str) -> str:
    part = item.get(key) if isinstance(item, Mapping) else None
    raw = part.get("raw") if isinstance(part, Mapping) else None
    return raw if isinstance(raw, str) else ""


def _hint(refused: Refused) -> str:
    if refused.status == 403:
        return _ROLE
    return (
        "Make a new application password in WordPress and put it into the variable; without TLS WordPress takes none, but where "
        "WP_ENVIRONMENT_TYPE is local"
    )


# ------------------------------------------------------------------------------------------------------- stories from elsewhere


def _publish(site: _Site, publication: Publication) -> Receipt:
    """With the plugin a story keeps its post, and so its address; without it each edition is a new post in the old one's place."""
    if site.has_plugin:
        return publish_conditionally(Marked(site), publication, _digest(publication), look_first=True)
    return publish_drafts_first(Drafts(site), publication)


class Marked:
    """Posts that our plugin knows by a mark, and whose writes depend on their version: a ``Remote``."""

    leaves_notes = False

    def __init__(self, site: _Site) -> None:
        self._site = site

    def find(self, publication: Publication) -> Sequence[Found]:
        _, items = self._site.ask(
            "GET",
            "wp/v2/posts",
            {
                "cleancopy_story": publication.story,
                "status": _STATUSES,
                "per_page": "100",
                "orderby": "id",
                "order": "asc",
                "_fields": _FIELDS,
            },
        )
        found = [self._found(item) for item in items if isinstance(item, Mapping)]
        # A draft that a lost request left must not stand for the post that readers see.
        return sorted((one for one in found if one.mark is not None), key=lambda one: not one.public)

    def create(self, publication: Publication) -> Found:
        body = {**_parts(publication), "status": "draft", "cleancopy": {"mark": mark_of(publication)}}
        _, item = self._site.ask("POST", "wp/v2/posts", {"_fields": _FIELDS}, body)
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
        status, _ = self._site.ask("DELETE", f"wp/v2/posts/{found.id}", also=(404, 410, 501))
        if status == 501:
            self._site.ask("DELETE", f"wp/v2/posts/{found.id}", {"force": "true"}, also=(404, 410))

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

    def __init__(self, site: _Site) -> None:
        self._site = site

    def find(self, publication: Publication) -> Sequence[Found]:
        _, items = self._site.ask(
            "GET",
            "wp/v2/posts",
            {
                "search": f"cleancopy:{story_hash(publication.story)}",
                "status": _STATUSES,
                "per_page": "100",
                "_fields": _FIELDS,
            },
        )
        found = [_by_comment(item, publication) for item in items if isinstance(item, Mapping)]
        return [one for one in found if one is not None]

    def create(self, publication: Publication) -> Found:
        parts = _parts(publication)
        body = {**parts, "content": parts["content"] + _comment(publication), "status": "draft"}
        _, item = self._site.ask("POST", "wp/v2/posts", {"_fields": _FIELDS}, body)
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
        self._site.ask("DELETE", f"wp/v2/posts/{found.id}", {"force": "true"}, also=(404, 410))


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


def _unchanged(site: _Site, item: Any, body: Mapping[str, Any]) -> Mapping[str, Any]:
    checked = site.checked(item)
    if _raw(checked, "content") != body["content"]:
        raise PublishError(
            f"{site.name}: WordPress changed the HTML of post {checked['id']} when it was saved: the account may not write unfiltered "
            f"HTML, or a plugin changes posts. {_ROLE}",
            final=True,
        )
    return checked


def _digest(publication: Publication) -> str:
    if publication.act != "publish":
        return ""
    return sha256(json.dumps(_parts(publication), ensure_ascii=True).encode()).hexdigest()


def _comment(publication: Publication) -> str:
    mark = base64.b64encode(json.dumps(mark_of(publication)).encode()).decode("ascii")
    return f"\n<!-- cleancopy:{story_hash(publication.story)}:{mark} -->"


def _by_comment(item: Mapping[str, Any], publication: Publication) -> Found | None:
    """The post, if it says that it is this story."""
    marked = _MARKED.search(_raw(item, "content"))
    try:
        said = json.loads(base64.b64decode(marked[1], validate=True)) if marked else None
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("story") != publication.story:
        return None
    return Found(
        str(item["id"]), str(item.get("link") or ""), item.get("status") == "publish", read_mark({MARK: said})
    )
