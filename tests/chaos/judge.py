"""What the readers saw against what was sent: lost, twice, old over new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.chaos.feed import Sent, may_be_public
from tests.chaos.places import MISSING, Seen


class Judged(NamedTuple):
    """Sentences, each naming story and destination.

    ``lost``: at the end a destination does not show the newest edition that may be shown, or shows what was killed.
    ``twice``: a story has two documents, or an act was done twice. ``stale``: an older version came to be seen after a newer one.

    ``halfway``: a hold came when an edition was half out, and the rest of the act was given up: nobody but the destination knows
    whether any of it is public, and to go on would make it so. Two editions are public beside each other until the next one;
    ``cleancopy outbox`` tells where that may be. Known, told in the table, and no fault here.
    """

    lost: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    halfway: tuple[str, ...] = ()

    @property
    def faults(self) -> int:
        return len(self.lost) + len(self.twice) + len(self.stale)


def judge(sent: Mapping[str, Sequence[Sent]], seen: Mapping[str, Seen]) -> Judged:
    lost, twice, stale, halfway = [], [], [], []
    for place, one in seen.items():
        twice += one.again
        for story, revisions in sent.items():
            documents = one.public.get(story, [])
            trace = f" ({'; '.join(one.trace[story])})" if story in one.trace else ""
            at = f"{story} at {place}{trace}"
            allowed = may_be_public(revisions)
            if len(documents) > 1:
                is_held = revisions[-1].verdict == "hold" and set(documents) <= {*allowed, MISSING}
                (halfway if is_held else twice).append(f"{at}: {len(documents)} documents: {documents}")
            elif not documents and None not in allowed:
                lost.append(f"{at}: nothing is public; it should be {allowed}")
            elif documents and documents[0] not in allowed:
                lost.append(f"{at}: public is {documents}; it should be {allowed}")
            if (said := out_of_order(revisions, one.history.get(story, []))) is not None:
                stale.append(f"{at}: {said}")
    return Judged(tuple(lost), tuple(twice), tuple(stale), tuple(halfway))


def out_of_order(sent: Sequence[Sent], history: Sequence[str | None]) -> str | None:
    """The first version that was seen after a newer one; None: there is none.

    The words of an edition may come back in a newer one, so each version stands for the first that it can be after what was
    seen before. Nothing (the story was taken down) stands for a kill, or for a hold that came after one.

    >>> sent = [Sent("publish", "one"), Sent("publish", "two"), Sent("kill", "stop")]
    >>> out_of_order(sent, ["one", "one", "two", None])
    >>> out_of_order(sent, ["two", "one"])
    "'one' was seen after 'two'"
    >>> out_of_order(sent, ["one", None, "two"])
    "'two' was seen after None"
    """
    at, before = 0, None
    for version in history:
        found = next((number for number in range(at, len(sent)) if _is(sent[number], version)), None)
        if found is None:
            return f"{version!r} was seen after {before!r}"
        at, before = found, version
    return None


def _is(sent: Sent, version: str | None) -> bool:
    if version is None:
        return sent.verdict in ("kill", "hold")
    return sent.verdict == "publish" and sent.text == version
