"""Ghost as a destination, by its Admin API: its own posts are cleaned in their document, other stories become posts.

A write depends on ``updated_at``, which knows whole seconds: of two saves within one second Ghost cannot tell the second. So a post is
written to only when its last save lies ``SETTLED`` seconds back by Ghost's own clock; or when it is the same still after so long by ours,
for a proxy may take Ghost's clock (``Date``) out of its answers, or keep an old one.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin

from lxml.html import HTMLParser, fragment_fromstring

from cleaners.apply import merge, raw_spans, without
from cleaners.model import Cleaned
from cleaners.write import cleaned_from
from flows.destinations.client import Answered, Client, Unanswered, dated
from flows.destinations.conditional import publish_conditionally
from flows.destinations.formats import published_html
from flows.destinations.ghost_document import Node, Taken, Unmapped, cut, put_back
from flows.destinations.in_place import Connector, Post, removals_in_place
from flows.destinations.names import as_step, story_hash
from flows.destinations.publication import Publication, PublishError
from flows.destinations.remote import MARK, Conflict, Found, mark_of, read_mark
from flows.settings import CmsDestination
from flows.sources.cms import moment_of
from flows.sources.cms_ghost import token

SETTLED = 2.0
"""Seconds after a save in which another one may bear the same ``updated_at``: its second, and one for a save that takes that long."""

LONGEST_TITLE, LONGEST_EXCERPT = 255, 300
"""Characters. Ghost refuses a post with more."""


def connect(client: Client, destination: CmsDestination, secret: str) -> Connector:
    """Raises PublishError for a key that is no Admin API key."""
    name, colon, hexadecimal = secret.partition(":")
    try:
        well_formed = bool(name and colon and bytes.fromhex(hexadecimal))
    except ValueError:
        well_formed = False
    if not well_formed:
        raise PublishError(
            f"{destination.name}: {destination.secret_env} is no Admin API key of Ghost (id:secret). Make a custom integration in "
            "Ghost's settings, and take its Admin API key"
        )
    api = _Api(client, str(destination.url).rstrip("/"), secret)
    posts = Posts(api)
    return Connector(
        lambda one: publish_conditionally(
            posts, one, posts.digest(one), overwrite=destination.overwrite, look_first=True
        ),
        InPlace(api),
    )


class _Answer(NamedTuple):
    """A post as Ghost gives it, and what its clock said then (None: it did not say)."""

    item: Mapping[str, Any]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class _Api:
    """The Admin API of one site."""

    client: Client
    site: str
    key: str

    def read(self, id: str) -> _Answer | None:
        answered = self._ask("GET", f"{as_step(id)}/", _FORMATS, also=(400, 404, 422))
        # An id of another form is refused as "not valid"; no post has it.
        return None if answered.status != 200 else self._post(answered)

    def history(self, id: str) -> list[Node]:
        """The documents that Ghost has kept of a post, the newest first."""
        answered = self._ask("GET", f"{as_step(id)}/", {"include": "post_revisions"})
        kept = self._post(answered).item.get("post_revisions") or []
        documents = [json.loads(one["lexical"]) for one in kept if one.get("lexical")]
        return [one for one in documents if isinstance(one, dict)]

    def browse(self, wanted: str) -> list[Mapping[str, Any]]:
        answered = self._ask("GET", "", _FORMATS | {"filter": wanted, "limit": "15"})
        return self._posts(answered)

    def add(self, post: Mapping[str, Any], **options: str) -> _Answer:
        return self._post(self._ask("POST", "", _FORMATS | options, post))

    def edit(self, id: str, post: Mapping[str, Any], **options: str) -> _Answer:
        """Raises Conflict where the post is gone, or not in the version of ``post["updated_at"]`` any more."""
        answered = self._ask("PUT", f"{as_step(id)}/", _FORMATS | options, post, also=(404, 409))
        if answered.status != 200:
            raise Conflict(f"{self.site}: post {id} was saved or deleted by somebody else at this moment")
        return self._post(answered)

    def _ask(
        self,
        method: str,
        path: str,
        options: Mapping[str, str],
        post: Mapping[str, Any] | None = None,
        also: Sequence[int] = (),
    ) -> Answered:
        url = f"{self.site}/ghost/api/admin/posts/{path}?{urlencode(options)}"
        headers = {
            "Authorization": f"Ghost {token(self.key, time.time())}",
            "Accept-Version": "v5.0",
            "Content-Type": "application/json",
        }
        body = b"" if post is None else json.dumps({"posts": [post]}).encode()
        return self.client.ask(method, url, body, headers, also)

    def _posts(self, answered: Answered) -> list[Mapping[str, Any]]:
        try:
            found = json.loads(answered.body)
        except (ValueError, RecursionError):
            found = None
        posts = found.get("posts") if isinstance(found, dict) else None
        if not isinstance(posts, list):
            raise Unanswered(
                f"{answered.url.partition('?')[0]} was answered by no posts: is this Ghost's address?"
            )
        return [one for one in posts if isinstance(one, dict)]

    def _post(self, answered: Answered) -> _Answer:
        posts = self._posts(answered)
        if not posts:
            raise Unanswered(f"{answered.url.partition('?')[0]} was answered without the post")
        return _Answer(posts[0], dated(answered.headers.get("date", "")))


_FORMATS = {"formats": "html,lexical"}


class InPlace:
    """Ghost's own posts, cleaned where they stand: an ``Editor``."""

    def __init__(self, api: _Api) -> None:
        self._api = api

    def read(self, id: str) -> Post | None:
        answer = self._api.read(id)
        return None if answer is None else _as_post(answer)

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        """The document loses what the body has lost, and Ghost makes the body of it; if it makes another one, the document is put back."""
        post = self._settled(post)
        item: Mapping[str, Any] = post.own.item
        cleaned = cleaned_from(publication.record)
        document, taken = self._without(post, cleaned, body, publication.last.get("kept", {}))
        caption = _caption(item, cleaned, publication.last.get("kept", {}))
        changes = {"updated_at": post.version, "lexical": json.dumps(document)}
        if caption is not None:
            changes["feature_image_caption"] = caption or None
        # Ghost keeps what stood there before in the post's history.
        answer = self._api.edit(post.id, changes, save_revision="true")
        written = _as_post(answer)
        if written.body != body:
            back = {"updated_at": written.version, "lexical": item["lexical"]}
            if caption is not None:
                back["feature_image_caption"] = item.get("feature_image_caption")
            self._api.edit(post.id, back, save_revision="true")
            raise _by_hand(post, "Ghost shows the rest of it otherwise than before")
        kept: dict[str, Any] = {"taken": taken}
        if caption:
            kept["caption"] = caption
        return replace(written, kept=kept)

    def take_down(self, post: Post) -> None:
        self._api.edit(post.id, {"status": "draft", "updated_at": post.version})

    def _without(
        self, post: Post, cleaned: Cleaned, body: str, last: Mapping[str, Any]
    ) -> tuple[Node, Taken]:
        """The post's document without all that is removed, and what that takes from the document as it was written by a person."""
        before = cleaned.source.raw
        gone = merge(
            span for spans in raw_spans(cleaned.source, removals_in_place(cleaned)).values() for span in spans
        )
        if without(before, gone) != body:
            raise PublishError(f"{post.where}: its copy and its removals do not fit: clean it again")
        document = _document(post)
        try:
            if post.body == before:
                return cut(document, before, gone)
            if "taken" in last:
                return cut(put_back(document, last["taken"]), before, gone)
            # The answer to our write was lost, and with it what we took. Ghost has kept the post as it was.
            for kept in self._api.history(post.id):
                with suppress(Unmapped):
                    return cut(kept, before, gone)
            raise Unmapped("what was taken out of its document was not kept")
        except Unmapped as problem:
            raise _by_hand(post, str(problem)) from None

    def _settled(self, post: Post) -> Post:
        """The post as it still is when its last save lies back far enough. Raises Conflict."""
        wait = _unsettled_seconds(post.own)
        if not wait:
            return post
        time.sleep(wait)
        now = self.read(post.id)
        if now is None or (now.body, now.version) != (post.body, post.version):
            raise Conflict(f"{post.where} was saved by somebody else at this moment")
        return now


def _as_post(answer: _Answer) -> Post:
    item = answer.item
    return Post(
        id=str(item.get("id")),
        where=str(item.get("url") or item.get("id")),
        body=str(item.get("html") or ""),
        version=str(item["updated_at"]) if item.get("updated_at") else None,
        public=item.get("status") in ("published", "sent"),
        own=answer,
    )


def _unsettled_seconds(answer: _Answer) -> float:
    """How long to wait before the post is looked at once more: what it is then, it is for good in this ``updated_at``."""
    saved = moment_of(answer.item.get("updated_at"))
    if saved is None or answer.at is None:
        return SETTLED
    back = (answer.at - saved).total_seconds()
    # A Date has whole seconds, too: one more lies back less than it seems.
    return 0.0 if back >= SETTLED else min(SETTLED, SETTLED - back) + 0.01


def _document(post: Post) -> Node:
    written = post.own.item.get("lexical")
    if not written:
        raise _by_hand(
            post, "it is kept in the form of Ghost's old editor; open it in the new one and save it once"
        )
    document = json.loads(written)
    if not isinstance(document, dict):
        raise _by_hand(post, "its document is none that this version of cleancopy knows")
    return document


def _by_hand(post: Post, why: str) -> PublishError:
    return PublishError(
        f"{post.where} was left as it is: {why}. Take the lines out in Ghost; `cleancopy review` and the report name them",
        final=True,
    )


def _caption(item: Mapping[str, Any], cleaned: Cleaned, last: Mapping[str, Any]) -> str | None:
    """The caption for the feature image, as HTML, if a caption or credit was lifted that is its; "" takes ours away; None: as it is."""
    here = str(item.get("feature_image_caption") or "")
    ours = str(last.get("caption") or "")
    if not item.get("feature_image") or (here and here != ours):
        return None
    lifted = _lifted(cleaned, str(item["feature_image"]))
    return None if lifted == here else lifted


def _lifted(cleaned: Cleaned, image: str) -> str:
    """Caption and credit that were lifted for the feature image: its own, or else those of the one picture that the body does not show."""
    shown = cleaned.source.fields.pictures
    pictures = cleaned.copy.fields.pictures
    own = [at for at, one in enumerate(pictures) if one.url == image]
    loose = [at for at, one in enumerate(pictures) if one.url is None and at >= len(shown)]
    for at in own[:1] or (loose if len(loose) == 1 else []):
        before = shown[at] if at < len(shown) else None
        said = [
            new
            for new, old in (
                (pictures[at].caption, before and before.caption),
                (pictures[at].credit, before and before.credit),
            )
            if new and new != old
        ]
        if said:
            return escape(" ".join(said), quote=False)
    return _lifted_loose(cleaned, loose) if own and len(loose) == 1 else ""


def _lifted_loose(cleaned: Cleaned, loose: Sequence[int]) -> str:
    picture = cleaned.copy.fields.pictures[loose[0]]
    return escape(" ".join(one for one in (picture.caption, picture.credit) if one), quote=False)


class Posts:
    """Stories from elsewhere as posts of Ghost's: a ``Remote``.

    Which of our publications a post is stands as an HTML comment in its ``codeinjection_foot``: of the fields that Ghost keeps and finds
    posts by, readers see nothing of this one. A late create leaves a draft, for only a second request publishes, and that names the
    version it is meant for.
    """

    leaves_notes = False

    def __init__(self, api: _Api) -> None:
        self._api = api

    def digest(self, publication: Publication) -> str:
        return _digest(_fields(publication)) if publication.act == "publish" else ""

    def find(self, publication: Publication) -> Sequence[Found]:
        posts = self._api.browse(f"codeinjection_foot:~'{_key(publication)}'")
        found = [
            replace(one, digest=self._held(post, publication))
            for post in posts
            if (one := _found(post)).mark is not None
        ]
        return sorted(found, key=lambda one: (not one.public, -(one.mark.edition if one.mark else 0)))

    def _held(self, post: Mapping[str, Any], publication: Publication) -> str | None:
        """The digest of what was sent where the post still says that, in whatever markup Ghost has made of it; None for a kill, which asks
        for nobody's words."""
        if publication.act != "publish":
            return None
        sent = _fields(publication)
        site = str(post.get("url") or "")
        is_so = _said(post, sent, site) == _said(sent, sent, site)
        return self.digest(publication) if is_so else _digest(dict(post))

    def create(self, publication: Publication) -> Found:
        post = {**_fields(publication), "codeinjection_foot": _note(publication), "status": "draft"}
        return _found(self._api.add(post, source="html").item)

    def update(self, found: Found, publication: Publication) -> Found:
        return self._change(found, _fields(publication), publication, source="html")

    def publish(self, found: Found, publication: Publication) -> Found:
        return found if found.public else self._change(found, {"status": "published"}, publication)

    def unpublish(self, found: Found, publication: Publication) -> None:
        self._change(found, {"status": "draft"}, publication)

    def _change(
        self, found: Found, post: Mapping[str, Any], publication: Publication, **options: str
    ) -> Found:
        """Ghost's time of change has whole seconds: that it is still the version is seen by what stands there, too."""
        there = self._there(found)
        if wait := _unsettled_seconds(there):
            time.sleep(wait)
            there = self._there(found)
        others = _NOTE.sub("", str(there.item.get("codeinjection_foot") or ""))
        changes = {
            **post,
            "codeinjection_foot": others + _note(publication),
            "updated_at": there.item["updated_at"],
        }
        return _found(self._api.edit(found.id, changes, **options).item)

    def _there(self, found: Found) -> _Answer:
        there = self._api.read(found.id)
        if there is None or _version(there.item) != found.version:
            raise Conflict(f"{found.where} was changed in Ghost by somebody else")
        return there


def _fields(publication: Publication) -> dict[str, Any]:
    """What is written of a story. Ghost's authors are its users, so a byline has no place there."""
    record = publication.record
    if len(str(record.get("headline") or "")) > LONGEST_TITLE:
        raise PublishError(
            f"its headline is longer than the {LONGEST_TITLE} signs that Ghost takes: shorten it, and save the story"
        )
    post: dict[str, Any] = {
        "title": str(record.get("headline") or "(Untitled)"),
        "html": published_html(publication),
    }
    excerpt = record.get("standfirst")
    if excerpt and len(excerpt) <= LONGEST_EXCERPT:
        post["custom_excerpt"] = excerpt
    if record.get("section"):
        post["tags"] = [{"name": record["section"]}]
    return post


def _said(post: Mapping[str, Any], sent: Mapping[str, Any], site: str) -> list[str]:
    """What a reader finds in those fields that were ``sent``: words without the blanks between them, and where links and pictures lead,
    which Ghost writes with its ``site``."""
    texts = [
        "".join(str(post.get(name) or "").split()) for name in ("title", "custom_excerpt") if name in sent
    ]
    body = fragment_fromstring(str(post.get("html") or ""), create_parent=True, parser=_NO_COMMENTS)
    places = [_whole(str(one), site) for one in body.xpath("//a/@href | //img/@src")]
    return [*texts, "".join("".join(map(str, body.itertext())).split()), *places]


def _whole(place: str, site: str) -> str:
    try:
        return urljoin(urljoin(site, "/"), place)
    except ValueError:  # such as http://[
        return place


def _found(item: Mapping[str, Any]) -> Found:
    note = _NOTE.search(str(item.get("codeinjection_foot") or ""))
    try:
        written = json.loads(note[1]) if note else None
    except (ValueError, RecursionError):
        written = None
    return Found(
        id=str(item.get("id")),
        where=str(item.get("url") or item.get("id")),
        public=item.get("status") != "draft",
        mark=read_mark(written),
        version=_version(item),
    )


def _version(item: Mapping[str, Any]) -> str:
    shown = {key: item.get(key) for key in ("title", "html", "status")}
    return f"{item.get('updated_at')} {_digest(shown)[:16]}"


def _digest(fields: Mapping[str, Any]) -> str:
    return sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _key(publication: Publication) -> str:
    return f"cleancopy-{story_hash(publication.story)}"


def _note(publication: Publication) -> str:
    # Without a dash in it, so that no story's name ends the comment.
    mark = json.dumps({MARK: mark_of(publication)}).replace("-", "\\u002d")
    return f"<!-- {_key(publication)} {mark} -->"


_NO_COMMENTS = HTMLParser(remove_comments=True)
"""Ghost writes some around its cards."""
_NOTE = re.compile(r"<!-- cleancopy-[0-9a-f]{12} (\{[^-]*\}) -->")
