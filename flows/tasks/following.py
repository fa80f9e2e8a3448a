"""Looking at a source of the web: ask its lists, take in what is new or changed, look at recent pages again, tell what has vanished.

Each kind of source says in its own module what a list names; what comes after is the same for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Engine

from cleaners.model import Raw
from flows.ledger import Arrival
from flows.ledger.sightings import (
    Followed,
    Listed,
    Sighted,
    also_known,
    pages_again,
    settle,
    sight,
    waiting_pages,
)
from flows.ledger.watching import Role, Watched, forget, host_row, keep_host, known_lists, note, watched
from flows.settings import WebSource
from flows.sources.fingerprint import page_fingerprint
from flows.sources.http import Connections, Fetched, FetchError, Validators
from flows.sources.identity import same_address
from flows.sources.pace import Pace, by_host
from flows.sources.polite import Fetch, HostNote, Later, Manners, Polite, host_of
from flows.tasks.taking import Intake, SourceDown, take

WRITTEN_AFTER = 100
"""Answers after which what they said is written down: a transaction each would take longer than the asking."""
NO_VALIDATORS = timedelta(hours=1)
"""How long a page rests that has to be had whole each time, because its server sends nothing to ask by."""
MOST_TRIES = 10
"""Failures in a row (some eight hours) after which a page that was announced is given up, which is told."""
MOST_TOLD = 20
"""Stories that vanish at once and are each told; more are one sentence, and most likely the list's fault."""


class Answer(NamedTuple):
    """What became of asking an address. Neither ``fetched`` nor ``error``: it was not asked now, and ``skipped`` says why."""

    state: Watched
    fetched: Fetched | None = None
    error: FetchError | None = None
    skipped: str = ""


class Listing(NamedTuple):
    """What a list names. ``rest_seconds``: for how long it asks to be left alone; ``is_index``: it names other lists."""

    stories: Sequence[Listed]
    rest_seconds: float | None = None
    is_index: bool = False


class BrokenList(ValueError):
    """An answer that is no feed or sitemap. The message says what it is."""


def manners_of(source: WebSource) -> Manners:
    """How the addresses of a source are asked."""
    limits = source.limits
    return Manners(
        Pace(limits.per_host, limits.pause),
        limits.seconds,
        limits.story_bytes,
        source.private_addresses,
        source.robots == "obey",
    )


@dataclass(slots=True)
class Look:
    """One look at a source, whose stories ``owner`` will clean. ``living`` are the sources that are looked at: a story may be led by another of them."""

    engine: Engine
    source: WebSource
    web: Polite
    living: frozenset[str]
    clock: Callable[[], datetime]
    owner: str | None = None
    states: list[Watched] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    taken: int = 0
    lists_answered: int = 0
    pages_asked: set[str] = field(default_factory=set)
    down: SourceDown | None = None
    """None of its lists was asked, because they failed before: a run that were green then would hide it for hours."""

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def scope(self) -> str:
        """Who shares stories: all sources of a publisher."""
        publisher = (self.source.publisher or "").strip().casefold()
        return f"publisher {publisher}" if publisher else f"source {self.name}"

    @property
    def manners(self) -> Manners:
        return manners_of(self.source)

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.began > self.source.limits.minutes * 60

    @property
    def room(self) -> int:
        """How many stories may still be taken in."""
        return max(0, self.source.limits.stories - self.taken)

    def remember(self, state: Watched) -> None:
        """Keep what an address said, to be written down with others."""
        self.states.append(state)
        if state.role == "page":
            self.pages_asked.add(state.url)
        elif not state.failures and state.last_ok_at is not None:
            self.lists_answered += 1
        if len(self.states) >= WRITTEN_AFTER:
            self.write()

    def write(self) -> None:
        states, self.states = self.states, []
        note(self.engine, states)


@contextmanager
def looking(
    engine: Engine,
    source: WebSource,
    living: Iterable[str],
    fetch: Fetch | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    owner: str | None = None,
) -> Iterator[Look]:
    """A look at ``source``: its connections are closed after it, and what its addresses said is written down, whatever happens."""
    with Connections() as connections:
        web = Polite(fetch or connections.fetch, Notes(engine), clock=clock)
        look = Look(engine, source, web, frozenset({*living, source.name}), clock, owner)
        try:
            yield look
        finally:
            look.write()


def ask(
    look: Look,
    urls: Iterable[str],
    role: Role,
    *,
    whole: bool = False,
    most_bytes: int | None = None,
) -> Iterator[Answer]:
    """Ask addresses side by side, and yield each one's answer as it comes. ``whole``: the body is wanted, changed or not.

    An address whose time has not come is skipped; so are all that are left when the look has taken too long.
    """
    manners = look.manners if most_bytes is None else look.manners._replace(most_bytes=most_bytes)
    now = look.clock()
    due: list[Watched] = []
    for state in watched(look.engine, look.name, urls, role).values():
        # A page that is announced as new or changed does not rest; one that failed waits for its next turn.
        if state.is_due(now) or (whole and not state.failures):
            due.append(state)
        else:
            yield Answer(state, skipped=_why_not_yet(state))

    def work(state: Watched) -> Answer:
        if look.is_over:
            return Answer(state, skipped=f"{state.url}: left to the next look, this one took too long")
        known = None if whole else Validators(state.etag, state.last_modified)
        try:
            return Answer(state, look.web.get(state.url, manners, known))
        except Later as later:
            waiting = replace(state, not_before=later.until)
            return Answer(waiting, skipped=f"{later}; it is asked again after {later.until:%d %B, %H:%M} UTC")
        except FetchError as error:
            return Answer(state, error=error)

    limits = look.source.limits
    yield from (
        answer
        for _, answer in by_host(
            due,
            lambda state: host_of(state.url),
            work,
            at_once=limits.requests,
            per_host=limits.per_host,
        )
    )


def take_lists(
    look: Look, answers: Iterable[Answer], read: Callable[[Fetched], Listing]
) -> tuple[Intake, dict[str, Listing]]:
    """Take in what lists name. The listings are those that were read whole, by the lists' addresses.

    Raises SourceDown where every list that was asked failed for a reason that may pass.
    """
    intake, listings = Intake(), {}
    failed: list[tuple[Watched, FetchError]] = []
    left_alone: list[Watched] = []
    for answer in answers:
        state, url = answer.state, answer.state.url
        if answer.error is not None:
            state = state.failed(look.clock(), str(answer.error), answer.error.retry_after)
            failed.append((state, answer.error))
            look.remember(state)
            continue
        if answer.fetched is None:
            intake += Intake(skipped=(f"{look.name}: {answer.skipped}",))
            if state.failures:
                left_alone.append(state)
            elif state.not_before is not None:
                look.remember(state)
            continue
        digest = sha256(answer.fetched.body).hexdigest()
        if answer.fetched.unchanged or digest == state.content_hash:
            look.remember(_rested(look, state, answer.fetched, state.content_hash, None))
            continue
        try:
            listing = read(answer.fetched)
        except BrokenList as error:
            look.remember(state.failed(look.clock(), str(error)))
            intake += Intake(problems=(f"{look.name}: {error}",))
            continue
        state = replace(state, role="index" if listing.is_index else "list")
        brought, whole = _take_listing(look, url, listing)
        intake += brought
        if whole:
            listings[url] = listing
            look.remember(_rested(look, state, answer.fetched, digest, listing.rest_seconds))
        else:
            # What was left is to be had at the next look: it must not be answered by 304.
            look.remember(state.answered(look.clock(), None, None, None, None))
    if left_alone and intake == Intake(skipped=intake.skipped) and len(left_alone) == len(intake.skipped):
        look.down = not_asked(look.name, left_alone)
    return intake + _failures(look, failed), listings


def take_pages(look: Look, only_listed: bool = True) -> Intake:
    """Fetch the pages that wait, and take them in; then look at recent pages again (``only_listed``: those that are still named)."""
    return _fetch_waiting(look) + _look_again(look, only_listed)


def tell_left(look: Look, left: Sequence[Followed], where: str) -> Intake:
    """Stories that their list no longer names are gone, which is told and written down."""
    if not left:
        return Intake()
    turned = settle(look.engine, look.name, [one.id for one in left], "gone", look.clock(), where)
    told = [one for one in left if one.id in turned]
    if len(told) > MOST_TOLD:
        return Intake(
            gone=(
                f"{look.name}: {len(told)} stories at once are {where}; look whether the list is whole. They stay as they are",
            )
        )
    return Intake(gone=tuple(f"{look.name}: {one.title}: {where}. It stays as it is" for one in told))


def _take_listing(look: Look, url: str, listing: Listing) -> tuple[Intake, bool]:
    """Take in what one list names; whether that was all of it."""
    now = look.clock()
    sighted = sight(look.engine, look.name, look.scope, url, listing.stories, now, look.living)
    news = [one for one in sighted if one.what in ("new", "changed")]
    refused = [one for one in news if one.listed.problem is not None]
    whole = [one for one in news if one.listed.raw is not None]
    # A page that waits is remembered; what the list itself holds must be taken in while the list is at hand.
    bodies = whole[: look.room]
    intake = take(
        look.engine, [_arrival(one, one.listed.raw) for one in bodies if one.listed.raw], look.owner
    )
    look.taken += len(intake.ids)
    back = settle(look.engine, look.name, [one.id for one in bodies], "seen", now)
    for it in refused:
        settle(look.engine, look.name, [it.id], "refused", now, it.listed.problem)
    intake += Intake(
        problems=tuple(f"{look.name}: {it.listed.external_id}: {it.listed.problem}" for it in refused),
        back=tuple(_is_back(look, _title(it)) for it in bodies if it.id in back),
    )
    return intake, len(bodies) == len(whole)


def _fetch_waiting(look: Look) -> Intake:
    waiting = [one for one in waiting_pages(look.engine, look.name) if one.url]
    by_url: dict[str, list[Followed]] = {}
    for one in waiting[: look.room]:
        by_url.setdefault(one.url or "", []).append(one)
    intake = Intake()
    for answer in ask(look, by_url, "page", whole=True):
        for one in by_url[answer.state.url]:
            intake += _page(look, one, answer, announced=True)
    return intake


def _look_again(look: Look, only_listed: bool) -> Intake:
    since = look.clock() - timedelta(hours=look.source.again_hours)
    by_url: dict[str, list[Followed]] = {}
    for one in pages_again(look.engine, look.name, since, only_listed):
        if one.url and one.url not in look.pages_asked:
            by_url.setdefault(one.url, []).append(one)
    intake = Intake()
    for answer in ask(look, by_url, "page"):
        if answer.skipped:
            continue  # that a page rests is not worth a line each time
        for one in by_url[answer.state.url]:
            intake += _page(look, one, answer, announced=False)
    return intake


def _page(look: Look, one: Followed, answer: Answer, announced: bool) -> Intake:
    """What a story's page says: take it in where it says something new. ``announced``: its list says that it does."""
    state, now = answer.state, look.clock()
    if answer.error is not None:
        look.remember(state.failed(now, str(answer.error), answer.error.retry_after))
        if answer.error.gone:
            return _gone(look, one, answer.error)
        if not announced:
            return Intake()  # looking again was our own wish: nothing is missed
        if state.failures + 1 < MOST_TRIES:
            return Intake(problems=(f"{look.name}: {answer.error}",))
        settle(look.engine, look.name, [one.id], "refused", now, str(answer.error))
        return Intake(
            problems=(
                f"{look.name}: {answer.error}; given up after {MOST_TRIES} tries. Clean it by hand, if it matters",
            )
        )
    if answer.fetched is None:
        return Intake(skipped=(f"{look.name}: {answer.skipped}",))
    page = answer.fetched
    digest = state.content_hash if page.unchanged else page_fingerprint(page.body, page.encoding)
    intake = Intake()
    moved = same_address(page.moved_to)
    if announced and moved and also_known(look.engine, look.scope, one, (f"link {moved}",)):
        # A feed that counts clicks links to "https://feeds.example/r/17"; another feed has the story under its own address.
        look.remember(_rested(look, state, page, digest, None))
        return Intake()
    if not page.unchanged and one.by_page and (announced or digest != state.content_hash):
        intake = take(look.engine, [Arrival(_raw(look, one, page), one.source, one.external_id)], look.owner)
        look.taken += len(intake.ids)
    if one.state != "seen":
        back = settle(look.engine, look.name, [one.id], "seen", now)
        if back:
            intake += Intake(back=(_is_back(look, one.title),))
    rested = _rested(look, state, page, digest, None)
    if not any(Validators(rested.etag, rested.last_modified)) and rested.not_before is None:
        rested = replace(rested, not_before=now + NO_VALIDATORS)
    look.remember(rested)
    return intake


def _gone(look: Look, one: Followed, error: FetchError) -> Intake:
    why = f"its page answers {error.status}"
    if not settle(look.engine, look.name, [one.id], "gone", look.clock(), why):
        return Intake()
    return Intake(gone=(f"{look.name}: {one.title}: {why} ({one.url}). It stays as it is",))


def often(failures: int) -> str:
    """
    >>> often(1), often(3)
    ('once', '3 times in a row')
    """
    return "once" if failures == 1 else f"{failures} times in a row"


def not_asked(source: str, failing: Sequence[Watched]) -> SourceDown:
    """A source all of whose addresses failed, and are left alone for a while."""
    worst = max(failing, key=lambda one: one.failures)
    again = min(one.not_before for one in failing if one.not_before is not None)
    more = f" (and {len(failing) - 1} more of its addresses)" if len(failing) > 1 else ""
    return SourceDown(
        f"{source}: not asked before {again:%d %B, %H:%M} UTC, because it failed {often(worst.failures)}: {worst.last_error}{more}",
        again,
    )


def _failures(look: Look, failed: Sequence[tuple[Watched, FetchError]]) -> Intake:
    passing = [(state, error) for state, error in failed if error.passing]
    if failed and len(passing) == len(failed) and not look.lists_answered:
        state, error = passing[0]
        more = f" (and {len(passing) - 1} more of its addresses)" if len(passing) > 1 else ""
        again = min(one.not_before for one, _ in passing if one.not_before is not None)
        raise SourceDown(
            f"{look.name}: {error}{more}; failed {often(state.failures)}, asked again after {again:%H:%M} UTC",
            again,
        )
    return Intake(problems=tuple(f"{look.name}: {error}" for _, error in failed))


def _rested(
    look: Look, state: Watched, page: Fetched, content_hash: str | None, rest_seconds: float | None
) -> Watched:
    rest = max((one for one in (page.fresh_seconds, rest_seconds) if one is not None), default=None)
    etag, last_modified = page.validators
    return state.answered(look.clock(), etag, last_modified, content_hash, rest)


def _arrival(one: Sighted, raw: Raw) -> Arrival:
    return Arrival(replace(raw, id=one.external_id), one.source, one.external_id)


def _raw(look: Look, one: Followed, page: Fetched) -> Raw:
    """The story on a page; what its list says about publishing it counts there, too."""
    said: Mapping[str, str] = one.said
    return Raw(
        id=one.external_id,
        form="page",
        content=page.body,
        encoding=page.encoding,
        url=page.url,
        publisher=look.source.publisher,
        language=look.source.language,
        headline=said.get("headline"),
        published=said.get("published"),
        ednote=said.get("ednote"),
    )


def _title(one: Sighted) -> str:
    return (one.listed.said or {}).get("headline") or one.listed.url or one.external_id


def _is_back(look: Look, title: str) -> str:
    return f"{look.name}: {title}: it is there again"


@contextmanager
def noted(
    engine: Engine, source: str, place: str, clock: Callable[[], datetime], *, rests: bool = False
) -> Iterator[None]:
    """A look at a source of one place: whether it could be looked at is written down, so that ``status`` shows the ones that fail.

    Where it failed and ``rests``, it is left alone for a while, as a feed is: SourceDown. A place that the source had before is
    forgotten: how it failed there says nothing any more.
    """
    if former := [one for one in known_lists(engine, source) if one != place]:
        forget(engine, source, former)
    [state] = watched(engine, source, [place], "list").values()
    if rests and state.failures and not state.is_due(clock()):
        raise not_asked(source, [state])
    try:
        yield
    except SourceDown as down:
        wait = (down.again_at - clock()).total_seconds() if down.again_at else None
        state = state.failed(clock(), str(down).removeprefix(f"{source}: "), wait)
        note(engine, [state])
        again_at = state.not_before if rests else down.again_at
        raise SourceDown(str(down), again_at, passing=down.passing) from None
    if state.failures or state.last_ok_at is None:
        note(engine, [state.answered(clock(), None, None, None, None)])


def told_down(look: Look, intake: Intake) -> Intake:
    """What the look brought; where that is nothing, and no list was asked because they fail, SourceDown is raised."""
    if look.down is None:
        return intake
    if not intake.ids:
        raise look.down
    return intake + Intake(problems=(str(look.down),))


def _why_not_yet(state: Watched) -> str:
    until = f"{state.not_before:%d %B, %H:%M} UTC" if state.not_before else "its next look"
    why = f"failed {often(state.failures)}" if state.failures else "asked to be left alone"
    return f"{state.url}: not asked before {until} ({why})"


class Notes:
    """The ledger as the place where notes of hosts are kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def recall(self, host: str) -> HostNote | None:
        row = host_row(self._engine, host)
        return None if row is None else HostNote(**row)

    def keep(self, note: HostNote) -> None:
        keep_host(self._engine, asdict(note))
