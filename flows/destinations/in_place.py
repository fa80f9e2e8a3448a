"""Cleaning a CMS's own post where it stands: its body is replaced by the clean one, unless somebody has changed it meanwhile.

What stands in the CMS is compared with what was cleaned, character by character, and the write depends on the version that was
compared, where the CMS knows versions. What an editor has saved is never written over: it comes in by itself, as the CMS's
next event, and is cleaned then. So one body follows the other: raw, clean, the editor's, clean. What we wrote ourselves is written over
only by another copy of the version that it was made of: an event that comes late would else put an older version in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from flows.destinations.publication import Publication, PublishError, Receipt, refuse_holds
from flows.destinations.remote import Conflict
from flows.sources.cms import moment_of

if TYPE_CHECKING:
    from cleaners.model import Cleaned, Removal

TRIES = 4
"""Each is a conflict more: somebody saves at this very moment."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it stands in its CMS.

    ``body`` is its HTML as the CMS gives it to those who edit it. ``version`` is what a write can be made to depend on; None: there is
    none. ``own`` is whatever else the connector wants to remember until it writes, ``kept`` what it wants to be reminded of at its next
    act with the post (JSON values; in ``Publication.last["kept"]``).
    """

    id: str
    where: str
    body: str
    version: str | None = None
    public: bool = True
    own: Any = None
    kept: Mapping[str, Any] = field(default_factory=dict)


class Editor(Protocol):
    """A CMS whose posts are cleaned in place. Each call raises PublishError where it is refused or not answered."""

    def read(self, id: str) -> Post | None:
        """The post as it stands now; None: there is none, or it lies in the bin."""
        ...

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        """Replace the post's body, if it still is in ``post.version``; nothing else is changed but captions and credits that were
        lifted, where the CMS has a place for them that is empty. The post as it stands then. Raises Conflict."""
        ...

    def take_down(self, post: Post) -> None:
        """Make the post a draft, if it still is in ``post.version``. Raises Conflict."""
        ...


class Connector(NamedTuple):
    """One CMS as a destination: ``publish`` does one act with a story from elsewhere, ``editor`` cleans its own posts (None: it lets nobody)."""

    publish: Callable[[Publication], Receipt]
    editor: Editor | None = None


def publish_in_place(editor: Editor, publication: Publication) -> Receipt:
    """One act. ``left``: there is nothing to clean, or an editor has saved another version, which is cleaned when it arrives
    (``newer_there``), or what stands there was made of another version, and this one came late.

    Raises PublishError.
    """
    refuse_holds(publication)
    id = publication.story.partition(":")[2]
    if publication.act == "unpublish":
        return _take_down(editor, id)
    before, clean = bodies_of(publication.record)
    last: Mapping[str, Any] = publication.last.get("kept", {})
    for _ in range(TRIES):
        post = editor.read(id)
        if post is None:
            return Receipt("left", kept=last)
        ours = _is_as_we_left_it(post, last)
        if post.body == clean:
            kept = last if ours else _never_written(publication, before, clean)
            return Receipt("wrote", (post.where,), {**_kept(post, publication, before), **kept})
        if post.body != before and not (ours and _is_of_the_same(publication, before)):
            return Receipt("left", (post.where,), last, newer_there=not ours)
        try:
            post = editor.write(post, clean, publication)
        except Conflict:
            continue
        return Receipt("wrote", (post.where,), _kept(post, publication, before))
    raise PublishError("somebody keeps saving this post there; tried again later")


def bodies_of(record: Mapping[str, Any]) -> tuple[str, str]:
    """The body of a CMS story as it came, and as it is clean in its CMS. Raises PublishError for a story of another form."""
    from cleaners.apply import cut_raw
    from cleaners.write import BrokenRecord, cleaned_from

    try:
        cleaned = cleaned_from(record)
    except BrokenRecord as error:
        raise PublishError(f"its record cannot be read: {error}") from error
    if cleaned.source.form != "body":
        raise PublishError(
            f"it came as a {cleaned.source.form}, and not as a CMS's body: it cannot be cleaned in place. "
            "Take its source out of in_place in destinations.yaml"
        )
    return cleaned.source.raw, cut_raw(cleaned.source, removals_in_place(cleaned))


def removals_in_place(cleaned: Cleaned) -> list[Removal]:
    """What goes from the body in its CMS: all but a picture's caption and credit in the picture's own figure, and a standfirst.

    Those are lifted for other destinations, which keep them beside the copy. Here the figure is where the CMS has the first; and a
    standfirst that an editor has put into the body would be gone from the page, or be there twice.
    """
    captions = {block.number for block in cleaned.source.blocks if block.kind == "caption"}
    return [
        one
        for one in cleaned.removals
        if not (
            one.action == "lift"
            and (one.field == "standfirst" or (one.field in ("caption", "credit") and one.block in captions))
        )
    ]


def digest_of(body: str) -> str:
    """The hash by which a body is known again."""
    return sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def _take_down(editor: Editor, id: str) -> Receipt:
    for _ in range(TRIES):
        post = editor.read(id)
        if post is None:
            return Receipt("removed")
        if not post.public:
            return Receipt("removed", (post.where,))
        try:
            editor.take_down(post)
        except Conflict:
            continue
    raise PublishError("this post is public still, or somebody keeps saving it; tried again later")


def _is_as_we_left_it(post: Post, last: Mapping[str, Any]) -> bool:
    """Whether what stands there is what we wrote last: the same body in the same version."""
    return bool(last) and last.get("body") == digest_of(post.body) and last.get("version") == post.version


def _is_of_the_same(publication: Publication, before: str) -> bool:
    """Whether what we wrote last was made of this version, ``before``: who saves a new one leaves it in the CMS, and not our writing.

    Another one has come late: events may overtake each other on their way. Where the CMS says times, they tell the same; but not every
    one does, and two saves may bear the same. One that was saved later than the one we wrote of is not there because we wrote over it,
    where a write cannot be made to depend on a version (Strapi): it goes back.
    """
    last: Mapping[str, Any] = publication.last.get("kept", {})
    of, updated = last.get("of"), publication.record.get("updated")
    if "raw" not in last:  # a receipt of before it was remembered: in doubt what stands there stays
        return of is not None and of == updated
    known, this = moment_of(of), moment_of(updated)
    if known is not None and this is not None and this != known:
        return this > known
    return bool(last["raw"] == digest_of(before))


def _never_written(publication: Publication, before: str, clean: str) -> dict[str, object]:
    """What tells of a post that it was clean as it came: no event of ours will come, and the next one with this body is an editor's."""
    return {"untouched": True} if before == clean and not publication.record.get("decided") else {}


def _kept(post: Post, publication: Publication, before: str) -> dict[str, object]:
    """What the ledger is to remember: our own writing comes back as an event (see ``flows.ledger.echoes``).

    ``raw`` is the body that was cleaned, ``of`` when it had been saved, as its CMS says.
    """
    of = publication.record.get("updated")
    known = {
        "id": post.id,
        "body": digest_of(post.body),
        "version": post.version,
        "raw": digest_of(before),
    }
    return {**post.kept, **known} | ({"of": of} if of else {})
