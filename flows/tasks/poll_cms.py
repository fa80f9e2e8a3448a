"""A look into a CMS: what changed since the last one is taken in; what readers can no longer see is told.

Where the look stands in for events that did not come, what the CMS itself says is no longer public is taken down, as its event would
have had it. What is only not found stays: it may be a right that is missing, or a CMS that is being mended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

from sqlalchemy import Engine

from flows.ledger import (
    Arrival,
    known_stories,
    last_arrival,
    read_cursor,
    standing_stories,
    write_cursor,
)
from flows.ledger.echoes import without_own
from flows.settings import CmsSource
from flows.sources import cms_ghost, cms_json, cms_strapi, cms_wordpress
from flows.sources.api import ApiError, Question, ask
from flows.sources.cms import NAMELESS, BrokenAnswer, Page, Post, withdrawn
from flows.sources.records import filled
from flows.tasks.taking import Intake, SourceDown, take

_SECOND = timedelta(seconds=1)
_LIST_OVERLAP = timedelta(minutes=1)

_APIS: dict[str, ModuleType] = {"wordpress": cms_wordpress, "ghost": cms_ghost, "strapi": cms_strapi}

Ask = Callable[..., Any]


def poll_cms(
    engine: Engine,
    source: CmsSource,
    *,
    owner: str | None = None,
    ask: Ask = ask,
    now: datetime | None = None,
    for_events: bool = False,
) -> Intake:
    """Take in what the CMS changed since the last look, about ``limits.stories``; the next look goes on behind them.

    ``for_events``: the CMS sends events, and this is how it is asked for those that did not come.
    Raises SourceDown where it does not answer now, and where it gives nothing to read: what it refuses is told with the next step.
    """
    look = _Look(engine, source, ask, now or datetime.now(UTC), owner, for_events)
    try:
        secret = _secret(source)
        look.check_wait()
        if source.api == "json":
            look.read_list(secret)
        else:
            api = _APIS[source.api]
            look.read_changes(api, secret)
            look.check_public(api, secret)
    except ApiError as error:
        if error.wait:
            look.wait(error.wait)
        if error.passing and not look.rows:
            raise SourceDown(
                f"{source.name}: {error}", look.moment("wait_until") if error.wait else None
            ) from None
        look.refused(str(error))
    except (BrokenAnswer, ValueError) as error:
        look.refused(f"{look.shown_url}: {error}")
    return look.intake()


@dataclass
class _Look:
    """One look: the position in the ledger, and what the look brought.

    Position: ``seen`` is the newest change that was taken in, ``unfinished`` whether more waited behind it, ``next`` the page of
    a list to go on with; ``gone`` are stories that readers can no longer see, ``told`` what is wrong with which version of a
    story, so that it is told once; ``checked`` how many stories were looked up last.
    """

    engine: Engine
    source: CmsSource
    ask: Ask
    now: datetime
    owner: str | None = None
    for_events: bool = False
    rows: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    could_read: bool = False
    """Whether the CMS gave at least one page of stories, if an empty one."""
    position: dict[str, Any] = field(default_factory=dict)
    _met: dict[str, datetime | str | None] = field(default_factory=dict)
    _arrived: int = 0
    """The newest row of the inbox when the CMS was asked last: of what came after it the CMS's answer knows nothing."""

    def __post_init__(self) -> None:
        self.position = read_cursor(self.engine, self._cursor)

    @property
    def _cursor(self) -> str:
        return f"cms:{self.source.name}"

    def intake(self) -> Intake:
        return Intake(
            tuple(self.rows), tuple(self.duplicates), tuple(self.problems), tuple(self.gone), tuple(self.back)
        )

    @property
    def shown_url(self) -> str:
        """Without the query: it may hold a key."""
        return str(self.source.url).partition("?")[0]

    def refused(self, said: str) -> None:
        """What waiting does not mend: a problem beside what was read. Raises SourceDown where nothing could be."""
        if not self.could_read:
            raise SourceDown(f"{self.source.name}: {said}", passing=False) from None
        self.problem(said)

    def problem(self, said: str) -> None:
        self.problems.append(f"{self.source.name}: {said}")

    def check_wait(self) -> None:
        until = self.moment("wait_until")
        if until is not None and self.now < until:
            raise ApiError(
                f"{self.shown_url} asked to be left alone until {until:%H:%M:%S} UTC", passing=True
            )

    def wait(self, seconds: float) -> None:
        self._remember(wait_until=(self.now + timedelta(seconds=seconds)).isoformat())

    def read_changes(self, api: ModuleType, secret: str | None) -> None:
        """Page by page, each from the last change of the one before.

        Pages by number alone lose stories: one that is changed while they are read moves to the end, and all behind it
        one place to the front.
        """
        size = min(api.MOST_AT_ONCE, self.source.limits.stories)
        seen = self.moment("seen")
        overlap = _SECOND if self.position.get("unfinished") else api.OVERLAP
        start = after = None if seen is None else seen - overlap
        number = 1
        while True:
            page = self._changed(api, secret, after, number, size)
            self._not_shown(api, secret, self._take(page.posts))
            last = max((post.modified for post in page.posts if post.modified), default=None)
            if last is not None and (seen is None or last > seen):
                seen = last
            self._remember(seen=seen.isoformat() if seen else None, unfinished=page.more)
            if not page.more:
                self._forget_told()
                return
            following = None if last is None else last - _SECOND
            moves = following is not None and (after is None or following > after)
            after, number = (following, 1) if moves else (after, number + 1)
            # Only where the next look begins behind this one's beginning: or more stories of one second than the limit
            # would be read for ever.
            if len(self._met) >= self.source.limits.stories and after != start:
                return

    def check_public(self, api: ModuleType, secret: str | None) -> None:
        """Look up the next hundred known stories: each one's turn comes."""
        if self.position.get("unfinished"):
            return
        every = known_stories(self.engine, self.source.name)
        first = self.position.get("checked", 0)
        first = 0 if first >= len(every) else first
        ids = every[first : first + api.MOST_AT_ONCE]
        if not ids:
            return
        public = api.ids_in(self._answer(api.still_public(self.source, secret, ids)))
        self._note_gone([], back=public)
        self._not_shown(api, secret, set(ids) - public, [id for id in ids if id in public])
        self._remember(checked=first + len(ids))

    def read_list(self, secret: str | None) -> None:
        """A list of unknown order, page by page; a look that reached its limit is gone on with at the next page."""
        seen = self.moment("seen")
        after = None if seen is None else seen - _LIST_OVERLAP
        following: str | None = self.position.get("next")
        whole = following is None and not self.source.since_parameter
        newest = self.moment("newest") or seen
        while True:
            page = cms_json.page_in(
                self._answer(cms_json.listed(self.source, secret, after, following)), self.source
            )
            if page.next is not None and page.next == following:
                raise BrokenAnswer(
                    f"the page {following[:80]!r} names itself as the next one. Mend next at the source"
                )
            self._note_gone(self._take(page.posts))
            changes = [post.modified for post in page.posts if post.modified is not None]
            newest = max([*changes, *([newest] if newest else [])], default=None)
            following = page.next
            self._remember(next=following, newest=newest.isoformat() if newest else None)
            if following is None:
                break
            if len(self._met) >= self.source.limits.stories:
                return
        # Only now: what a list says first need not be its newest.
        self._remember(seen=newest.isoformat() if newest else None)
        self._forget_told()
        if whole:
            missing = [id for id in known_stories(self.engine, self.source.name) if id not in self._met]
            self._note_gone(self._standing(missing), back=self._met)
        self._remember()

    def _changed(
        self, api: ModuleType, secret: str | None, after: datetime | None, number: int, size: int
    ) -> Page:
        try:
            answer = self._answer(api.changed(self.source, secret, after, number, size))
        except ApiError as error:
            if api.is_past_the_end(error.status, number):
                return Page((), False)
            raise
        page: Page = api.page_in(answer, self.source, size)
        return page

    def _answer(self, question: Question) -> Any:
        self._arrived = last_arrival(self.engine)
        return self.ask(
            question,
            seconds=self.source.limits.seconds,
            allow_private=self.source.private_addresses,
        )

    def _take(self, posts: Iterable[Post]) -> list[str]:
        """One page, one transaction. Gives the stories that readers cannot see."""
        self.could_read = True
        arrivals = []
        hidden = []
        told: dict[str, str] = dict(self.position.get("told", {}))
        for post in posts:
            version = post.modified.isoformat() if post.modified else ""
            if post.id != NAMELESS and self._met.get(post.id, NAMELESS) == post.modified:
                continue
            self._met[post.id] = post.modified
            problem = post.problem or self._too_large(post)
            if not post.public:
                hidden.append(post.id)
            elif problem is not None:
                if told.get(post.id) != version or post.id == NAMELESS:
                    self.problem(problem)
                told[post.id] = version
            elif post.raw is not None:
                arrivals.append(
                    Arrival(filled(post.raw, self.source.publisher, self.source.language), self.source.name)
                )
        intake = take(self.engine, without_own(self.engine, arrivals), self.owner)
        self.rows += intake.ids
        self.duplicates += intake.known
        self.position["told"] = told
        self._note_gone([], back={arrival.story_id for arrival in arrivals})
        return hidden

    def _too_large(self, post: Post) -> str | None:
        most = self.source.limits.story_bytes
        if post.raw is not None and len(post.raw.content) > most:
            return f"{post.id}: larger than {most} bytes"
        return None

    def _not_shown(
        self, api: ModuleType, secret: str | None, ids: Collection[str], public: Sequence[str] = ()
    ) -> None:
        """Stories that are not among the public ones. What the CMS itself says is hidden is taken down, where an event would have done
        so; the rest is told. Stories that are ``public`` are asked for as well: an answer that calls one of them hidden was overtaken,
        or comes from a CMS that did not understand the question, and proves nothing.
        """
        left = self._standing(ids)
        if left and self.for_events and (question := api.hidden(self.source, secret, [*left, *public])):
            hidden: dict[str, str | None] = api.hidden_in(self._answer(question))
            if hidden.keys().isdisjoint(public):
                self._take_down(hidden)
                left = [id for id in left if id not in hidden]
        self._note_gone(left)

    def _standing(self, ids: Collection[str]) -> list[str]:
        """Those that may be public by what we know, and of which no event has come since the CMS was asked."""
        return standing_stories(self.engine, self.source.name, ids, self._arrived) if ids else []

    def _take_down(self, hidden: Mapping[str, str | None]) -> None:
        """Stories, and when their CMS saved them last: what their event would have brought is taken in."""
        source = self.source
        for id in self._standing(hidden):
            kill = withdrawn(id, source.publisher, source.language, hidden.get(id))
            taken = take(self.engine, [Arrival(kill, source.name)], self.owner)
            self.rows += taken.ids
            self.duplicates += taken.known
            if taken.ids:
                self.gone.append(
                    f"{source.name}: {id}: its CMS says that readers can no longer see it, and no event did: it is taken down"
                )

    def _note_gone(self, ids: Collection[str], back: Iterable[str] = ()) -> None:
        """Tell, once, what readers can no longer see. Nothing is taken down by it: a CMS may only be being mended."""
        name = self.source.name
        gone = set(self.position.get("gone", ()))
        for story in sorted(set(ids) - gone):
            self.gone.append(
                f"{name}: {story}: readers can no longer see it at the CMS; what was published of it stays"
            )
        for story in sorted(gone.intersection(back)):
            self.back.append(f"{name}: {story}: readers can see it again")
        self.position["gone"] = sorted(gone.union(ids) - set(back))

    def _forget_told(self) -> None:
        told = self.position.get("told", {})
        self.position["told"] = {story: version for story, version in told.items() if story in self._met}

    def _remember(self, **news: Any) -> None:
        self.position.update(news)
        write_cursor(self.engine, self._cursor, self.position, self.now)

    def moment(self, key: str) -> datetime | None:
        found = self.position.get(key)
        return None if found is None else datetime.fromisoformat(found)


def _secret(source: CmsSource) -> str | None:
    """The credentials. Raises ValueError, naming the variable, where they are missing or of the wrong shape."""
    if source.secret_env is None:
        return None
    secret = os.environ.get(source.secret_env, "").strip()
    if not secret:
        raise ValueError(
            f"${source.secret_env} is not set. Put the credentials into it, and start cleancopy again"
        )
    if source.api == "wordpress" and ":" not in secret:
        raise ValueError(f"${source.secret_env} must be user:application password")
    return secret
