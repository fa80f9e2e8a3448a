"""Publishing where a write can depend on the version that it replaces: an ETag with ``If-Match``, a time of change.

A write that the server carries out late, after its client has gone, finds another version there and is refused. Our own
write whose answer was lost is known again by its mark; what somebody else has written is not written over.
"""

from __future__ import annotations

from dataclasses import replace

from flows.destinations.publication import Publication, PublishError, Receipt, refuse_holds
from flows.destinations.remote import Conflict, Found, Remote

TRIES = 4
"""Each is a conflict more: somebody writes there at this very moment."""

AGAIN = "`cleancopy outbox --again ID` tries it at once; `cleancopy outbox` shows the ID"
OVERWRITE = f"write overwrite: yes for this destination in destinations.yaml. {AGAIN}"

LATE_SECONDS = 300.0
"""Up to so long after a request that was not answered it may be carried out yet. Servers that queue what they take, and proxies
that try again, give up within a few minutes."""
SINCE_UNANSWERED = "since_unanswered"
"""The ledger tells an unpublish by this name, in ``Publication.last``, the seconds since a publish was tried whose answer is not known."""


def publish_conditionally(
    remote: Remote,
    publication: Publication,
    digest: str,
    *,
    overwrite: bool = False,
    look_first: bool = False,
    late_seconds: float = LATE_SECONDS,
) -> Receipt:
    """One act. ``digest`` is of what will be written there. Raises PublishError, Conflict for what somebody else wrote.

    ``look_first`` is for a CMS that creates a second story under the same key without a word.

    A kill is not confirmed while a create may be under way that was not answered: what was taken down is looked at once more,
    ``late_seconds`` after it. Where a note lies in the story's place a late create finds it taken, and no second look is needed.
    """
    refuse_holds(publication)
    if publication.act == "unpublish":
        receipt = _take_down(remote, publication)
        if receipt.did == "removed" and not remote.leaves_notes:
            _look_again(publication, late_seconds)
        return receipt
    last = publication.last.get("kept", {})
    # What the last receipt says, without asking: if it is not so any more, the version says it.
    here = Found(last["id"], last["where"], version=last["version"]) if last.get("version") else None
    if here is None and (last or look_first):
        here = _one(remote, publication)
        if here is not None and (answer := _settled(here, publication, digest, overwrite)):
            return answer
    for _ in range(TRIES):
        try:
            here = remote.create(publication) if here is None else remote.update(here, publication)
            here = remote.publish(here, publication)
            if here.version is None:
                here = _with_version(remote, here, publication)
            return _wrote(here, publication, digest)
        except Conflict:
            here = _one(remote, publication)
            if here is None:
                if last and not overwrite:
                    raise Conflict(
                        f"the story was published there and is gone: somebody has deleted it. To publish it anew, {OVERWRITE}"
                    ) from None
            elif answer := _settled(here, publication, digest, overwrite):
                return answer
    raise PublishError("somebody else keeps changing this story there; tried again later")


def _settled(here: Found, publication: Publication, digest: str, overwrite: bool) -> Receipt | None:
    """The receipt where nothing is left to do; None where what is there is ours to replace. Raises Conflict for theirs."""
    if here.mark is not None and here.mark.is_newer_than(publication):
        return Receipt("newer", (here.where,), _kept(here, here.mark.key, here.digest))
    if here.public and _is_this(here, publication, digest):
        return _wrote(here, publication, digest)
    last = publication.last.get("kept", {})
    if overwrite:
        return None
    if _is_changed_draft(here, publication, digest):
        raise Conflict(
            f"{here.where} is a draft of ours that somebody else has changed before it was published. Publish it there, or take it "
            f"away there, or {OVERWRITE}"
        )
    if not _is_theirs(here, last):
        return None
    raise Conflict(
        f"{here.where} was changed by somebody else since edition {last.get('edition', 'one')} was published there. "
        f"Put their change into the story and save it, or {OVERWRITE}"
        if last
        else f"{here.where} exists, and not by us. Take it away there, or {OVERWRITE}"
    )


def _is_this(here: Found, publication: Publication, digest: str) -> bool:
    if here.mark is not None:
        return here.mark.key == publication.idempotency_key
    return here.digest == digest


def _is_changed_draft(here: Found, publication: Publication, digest: str) -> bool:
    """Whether a create of this edition whose answer was lost holds other words by now."""
    return (
        not here.public
        and here.mark is not None
        and here.mark.key == publication.idempotency_key
        and here.digest not in (None, digest)
    )


def _is_theirs(here: Found, last: object) -> bool:
    """Whether what lies there is somebody else's, judged by its mark, or else by its content."""
    known = last if isinstance(last, dict) else {}
    if here.mark is None:
        return here.digest is None or here.digest != known.get("digest")
    # Another publication of ours than the last that we know of: a try whose answer was lost. The same one in another
    # version: they took it up and changed it.
    return here.mark.key == known.get("key") and here.version != known.get("version")


def _take_down(remote: Remote, publication: Publication) -> Receipt:
    """A kill passes over whatever others have changed; only a newer edition of ours is left. A look afterwards confirms it."""
    gone: tuple[str, ...] = ()
    said_yes = False
    for _ in range(TRIES):
        here = _one(remote, publication)
        if here is None:
            if said_yes or not remote.leaves_notes:
                return Receipt("removed", gone)
        elif here.mark is not None and here.mark.is_newer_than(publication):
            return Receipt("newer", (here.where,), _kept(here, here.mark.key, here.digest))
        elif here.mark is None and said_yes:
            return Receipt(
                "removed", gone
            )  # a server that does not tell whose writing it is must be believed
        elif here.mark is not None and here.mark.key == publication.idempotency_key:
            return Receipt("removed", (here.where,))  # our own note
        try:
            if here is None:
                remote.create(publication)
            else:
                remote.unpublish(here, publication)
                gone = (here.where,)
            said_yes = True
        except Conflict:
            continue
    raise PublishError("this story is there still, or somebody else keeps changing it; tried again later")


def _look_again(publication: Publication, late_seconds: float) -> None:
    """Raises PublishError until nothing can come late any more."""
    wait = late_seconds - publication.last.get(SINCE_UNANSWERED, late_seconds)
    if wait > 0:
        raise PublishError(
            "the story is down; but an earlier request to publish it was not answered and may be carried out late. "
            f"The kill stays open until a second look, in {wait:.0f} seconds, finds it down still",
            wait,
        )


def _one(remote: Remote, publication: Publication) -> Found | None:
    found = remote.find(publication)
    return found[0] if found else None


def _with_version(remote: Remote, here: Found, publication: Publication) -> Found:
    """The CMS has told no version with its answer: it may when it is asked. One that has none finds nothing."""
    there = _one(remote, publication)
    if there is not None and there.mark is not None and there.mark.key != publication.idempotency_key:
        raise Conflict("another edition has come in between")
    return here if there is None else there


def _wrote(here: Found, publication: Publication, digest: str) -> Receipt:
    if here.digest not in (None, digest):
        # Our mark over other words: an editor has saved since. Their version is not one that the next edition may replace.
        here = replace(here, version=None)
    return Receipt(
        "wrote", (here.where,), _kept(here, publication.idempotency_key, digest, publication.edition)
    )


def _kept(here: Found, key: str, digest: str | None, edition: int | None = None) -> dict[str, object]:
    return {
        "id": here.id,
        "where": here.where,
        "version": here.version,
        "key": key,
        "digest": digest,
        "edition": edition,
    }
