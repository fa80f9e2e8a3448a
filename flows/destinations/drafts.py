"""Publishing where no write can depend on a version: each edition is a draft of its own, which a second request publishes.

A server may carry out a request late, when its client has long gone and a newer edition is out. Here a late create leaves
a draft, which nobody publishes; and a late "publish" finds its draft deleted, because older drafts are deleted before a
newer one is published. What an edition of this story was published by goes last; then a look confirms that the right one
is public, and from there on nothing old is left that could be published.
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.destinations.publication import Publication, PublishError, Receipt, refuse_holds
from flows.destinations.remote import Conflict, Found, Remote

TRIES = 4


def publish_drafts_first(remote: Remote, publication: Publication) -> Receipt:
    """One act. Raises PublishError."""
    refuse_holds(publication)
    if publication.act == "unpublish":
        return _take_down(remote, publication)
    for _ in range(TRIES):
        there = remote.find(publication)
        if newer := _newer(there, publication):
            return Receipt("newer", (newer.where,))
        ours = [one for one in there if one.mark is not None and one.mark.key == publication.idempotency_key]
        # Two drafts of one edition: the answer to the first try was lost.
        here = next((one for one in ours if one.public), ours[0] if ours else None)
        others = [one for one in there if here is None or one.id != here.id]
        try:
            if here is None:
                here = remote.create(publication)
                if not there:
                    _see_it(remote, here, publication)
            for one in others:
                if not one.public:
                    remote.unpublish(one, publication)
            if not here.public:
                here = remote.publish(here, publication)
            for one in others:
                if one.public:
                    remote.unpublish(one, publication)
        except Conflict:
            continue
        if not others:
            return Receipt("wrote", (here.where,))
        # Something old was there until now and may have been published once more meanwhile: look again.
        now = [one for one in remote.find(publication) if one.public]
        if [one.id for one in now] == [here.id]:
            return Receipt("wrote", (here.where,))
    raise PublishError("the drafts of this story keep changing there; tried again later")


def _see_it(remote: Remote, here: Found, publication: Publication) -> None:
    """Raises PublishError where a draft that was just made is not found: so it will be with what is public, and with every kill."""
    if all(one.id != here.id for one in remote.find(publication)):
        remote.unpublish(here, publication)
        raise PublishError(
            f"the draft that was written to {here.where} is not among what is found under the story's key, and was deleted again. Made "
            "public, no edition would be replaced by the next, or taken down. See that the CMS shows drafts to this login and gives their mark "
            "back (the field _cleancopy), and that find_url in destinations.yaml, where it stands, leads to the story's drafts"
        )


def _take_down(remote: Remote, publication: Publication) -> Receipt:
    gone: dict[str, None] = {}
    for _ in range(TRIES):
        there = remote.find(publication)
        if newer := _newer(there, publication):
            return Receipt("newer", (newer.where,))
        if not there:
            return Receipt("removed", tuple(gone))
        try:
            # Drafts first: none can be published any more when the public one goes.
            for one in sorted(there, key=lambda one: one.public):
                remote.unpublish(one, publication)
                if one.public:
                    gone[one.where] = None
        except Conflict:
            continue
    raise PublishError("copies of this story keep coming back there; tried again later")


def _newer(there: Sequence[Found], publication: Publication) -> Found | None:
    return next(
        (one for one in there if one.public and one.mark is not None and one.mark.is_newer_than(publication)),
        None,
    )
