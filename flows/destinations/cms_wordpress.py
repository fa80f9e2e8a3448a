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

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cleaners.model import Cleaned
from flows.destinations.client import Client, Refused, Unanswered
from flows.destinations.in_place import Connector, Post, removals_in_place
from flows.destinations.publication import Publication, PublishError
from flows.destinations.remote import Conflict
from flows.destinations.wordpress_posts import publish_post
from flows.destinations.wordpress_site import FIELDS, ROLE, Site, path_of, raw_of
from flows.settings import CmsDestination
from flows.sources.cms_wordpress import body_of, changed_at, is_public

SETTLE_SECONDS = 1.0
"""Without the plugin: how long a save that began before ours may take from the post to its revision."""

TRIES = 4


def connect(client: Client, destination: CmsDestination, secret: str) -> Connector:
    """Raises PublishError, as ``site_of`` does."""
    site = site_of(client, destination, secret)
    return Connector(
        lambda publication: publish_post(site, publication, overwrite=destination.overwrite), Editor(site)
    )


def site_of(client: Client, destination: CmsDestination, secret: str) -> Site:
    """``secret`` is ``user:application password``. Raises PublishError where it is not."""
    user, _, password = secret.partition(":")
    if not user or not password:
        raise PublishError(
            f"{destination.name}: {destination.secret_env} must hold user:application password, as WordPress makes one under "
            "Users, Profile, Application Passwords"
        )
    return Site(client, destination.name, destination.url.rstrip("/"), secret)


@dataclass(frozen=True, slots=True)
class _Own:
    """What of a post is remembered until it is written: ``version`` is the plugin's, ``revision`` the newest one's number."""

    version: str | None
    revision: int
    unfiltered: bool
    picture: int


class Editor:
    """The site's own posts, cleaned where they stand (``flows.destinations.in_place.Editor``)."""

    def __init__(self, site: Site, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._site, self._settle = site, settle_seconds

    def read(self, id: str) -> Post | None:
        item = self._site.get(id)
        return None if item is None else _post(item)

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        own: _Own = post.own
        if own.version is None and not own.unfiltered:
            raise PublishError(
                f"{self._site.name}: WordPress would take out of {post.where} what it does not know: the account may not write "
                f"unfiltered HTML (unfiltered_html). {ROLE}, or install our plugin, which tells beforehand whether anything would change",
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
            last, item = theirs[-1].text, self._site.get(before.id, f"{FIELDS},excerpt")
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
            f"{path_of(id)}/revisions",
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
    return _Text(raw_of(item, "title"), raw_of(item, "content"), raw_of(item, "excerpt"))
