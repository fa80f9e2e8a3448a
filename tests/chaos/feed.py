"""What the sources send: stories with several editions, held and killed ones, the same thing twice; and what readers may see.

All is decided by a seed. A story is a list of what was sent about it, in order; what may be public at the end follows from
that alone, and not from anything that the ledger says.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple

from cleaners.model import Raw
from flows.ledger import Arrival

SOURCE = "desk"
UNDER_WAY = 8
"""Stories that news come of at one time."""

Verdict = Literal["publish", "hold", "kill"]


class Sent(NamedTuple):
    """One revision. ``text`` begins with its verdict: cleaning here does what the story says."""

    verdict: Verdict
    text: str


class Feed:
    """``sent``: for each story what was sent about it so far, without what was sent twice in a row."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._open: list[str] = []
        self._named = 0
        self.sent: dict[str, list[Sent]] = {}
        self.repeated = 0

    def next(self) -> Arrival:
        if len(self._open) < UNDER_WAY:
            return self._new_story()
        story = self._random.choice(self._open)
        what = self._random.choices(
            ("update", "again", "back", "hold", "kill", "last"), (50, 10, 8, 9, 9, 14)
        )[0]
        if what == "last":
            self._open.remove(story)
            return self._new_story()
        if what == "again":
            self.repeated += 1
            return self._arrival(story, self.sent[story][-1])
        if what == "back":
            # An undo: the words of an older edition are the newest ones.
            return self._send(story, self._random.choice(self.sent[story]))
        verdict: Verdict = "publish" if what == "update" else what  # type: ignore[assignment]
        return self._send(story, self._words(story, verdict))

    def _new_story(self) -> Arrival:
        self._named += 1
        story = f"ferry-{self._named}"
        self._open.append(story)
        self.sent[story] = []
        return self._send(story, self._words(story, "publish"))

    def _words(self, story: str, verdict: Verdict) -> Sent:
        number = len(self.sent[story]) + 1
        return Sent(verdict, f"{verdict} {story}, number {number}: the ferry sails at {number} o'clock.")

    def _send(self, story: str, sent: Sent) -> Arrival:
        if not self.sent[story] or self.sent[story][-1] != sent:
            self.sent[story].append(sent)
        return self._arrival(story, sent)

    def _arrival(self, story: str, sent: Sent) -> Arrival:
        return Arrival(Raw(story, "text", sent.text, headline=f"The ferry of {story}"), SOURCE)


def may_be_public(sent: Sequence[Sent]) -> set[str | None]:
    """What of a story may be public once all is done; None: nothing.

    >>> may_be_public([Sent("publish", "one"), Sent("publish", "two")])
    {'two'}
    >>> sorted(may_be_public([Sent("publish", "one"), Sent("publish", "two"), Sent("hold", "wait")]), key=str)
    [None, 'one', 'two']
    >>> may_be_public([Sent("publish", "one"), Sent("kill", "stop"), Sent("hold", "wait")])
    {None}
    """
    newest: set[str | None] = {None}
    ever: set[str | None] = {None}
    for one in sent:
        if one.verdict == "publish":
            newest = {one.text}
            ever.add(one.text)
        elif one.verdict == "kill":
            newest, ever = {None}, {None}
        else:
            # What was public when it was held stays; nobody outside can know how far the publisher had come.
            newest = set(ever)
    return newest
