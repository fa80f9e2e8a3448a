"""Destinations by HTTP: the fake CMS of the tests, which has bad days, and what its readers saw.

It drops connections before and after a commit, answers 500 after one, asks to be left alone, and carries out requests when their
client has long given up.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.chaos.places import Place, Seen, name_of
from tests.flows.fake_cms import FakeCms, Plan, fake_cms

SHARE, DRAFTS_SHARE = 0.2, 0.1
"""Of the requests, how many fall to a fault. With drafts an act takes four of them."""
SECONDS = 0.4
"""That a client waits."""
LATE_SECONDS = 0.7


@contextmanager
def cms_place(seed: int) -> Iterator[Place]:
    """A CMS in which each story has an address of its own, and a version."""
    with fake_cms(Plan(seed, SHARE, late_seconds=LATE_SECONDS)) as cms:
        yield _place("cms", cms, f"url: '{cms.stories}', withdrawn: update", _history_of_stories)


@contextmanager
def deleting_place(seed: int) -> Iterator[Place]:
    """The same, and a story that is killed is deleted: nothing is left in its place then, and a create that is carried out late makes it
    public once more, until a second look. So what was seen between is not judged, but what is public in the end. It is often late, and
    nothing else: this is what a second look is for."""
    with fake_cms(Plan(seed, 0.3, ("late",), methods=("PUT",), late_seconds=2.0)) as cms:
        yield _place("deleting", cms, f"url: '{cms.stories}'", lambda cms, seen: None)


@contextmanager
def blind_place(seed: int) -> Iterator[Place]:
    """The same without versions, and often late: what nothing can be published to safely."""
    plan = Plan(seed, 0.3, ("late",), methods=("PUT",), late_seconds=2.0, etags=False)
    with fake_cms(plan) as cms:
        yield _place("cms", cms, f"url: '{cms.stories}', withdrawn: update, etags: no", _history_of_stories)


@contextmanager
def drafts_place(seed: int) -> Iterator[Place]:
    """A CMS that gives no versions, and keeps drafts."""
    with fake_cms(Plan(seed, DRAFTS_SHARE, late_seconds=LATE_SECONDS)) as cms:
        yield _place("drafts", cms, f"url: '{cms.posts}', draft: first", _history_of_posts)


def _place(name: str, cms: FakeCms, configured: str, history: Callable[[FakeCms, Seen], None]) -> Place:
    def seen(_: object) -> Seen:
        cms.settle()
        found = Seen()
        for document in cms.documents.values():
            if not document.public:
                found.left += 1
            elif not document.withdrawn:
                found.public[name_of(document.mark["story"])].append(json.loads(document.body)["text"])
        history(cms, found)
        for effect in cms.effects:
            late = ", late" if effect.late else ""
            found.trace[name_of(effect.story)].append(
                f"{effect.at:.3f} {effect.did} {effect.id}, edition {effect.edition}{late}"
            )
        return found

    def faults() -> Counter[str]:
        return Counter(f"{name}: {asked.fault}" for asked in cms.asked if asked.fault)

    return Place(
        name, f"kind: http, seconds: {SECONDS}, connect_seconds: {SECONDS}, {configured}", seen, faults
    )


def _versions(cms: FakeCms) -> dict[str, str | None]:
    """For each publication's key what it makes of its story: a text, or nothing."""
    found: dict[str, str | None] = {}
    for asked in cms.asked:
        story = _json(asked.body)
        if isinstance(story, dict) and "_cleancopy" in story:
            found[story["_cleancopy"]["idempotency_key"]] = story.get("text")
    return found


def _history_of_stories(cms: FakeCms, seen: Seen) -> None:
    """Each write is seen at once."""
    texts, done = _versions(cms), set[str]()
    for effect in cms.effects:
        seen.history[name_of(effect.story)].append(texts[effect.key])
        if effect.key in done:
            seen.again.append(f"{effect.story} at cms: edition {effect.edition} was written twice")
        done.add(effect.key)


def _history_of_posts(cms: FakeCms, seen: Seen) -> None:
    """A draft is seen when it is published; a story is taken down with the last of its posts that is public."""
    texts, done = _versions(cms), set[str]()
    public: dict[str, set[str]] = defaultdict(set)
    for effect in cms.effects:
        here = public[effect.story]
        if effect.did == "published":
            here.add(effect.id)
            seen.history[name_of(effect.story)].append(texts[effect.key])
            if effect.key in done:
                seen.again.append(f"{effect.story} at drafts: edition {effect.edition} was published twice")
            done.add(effect.key)
        elif effect.did == "deleted" and effect.id in here:
            here.remove(effect.id)
            if not here:
                seen.history[name_of(effect.story)].append(None)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
