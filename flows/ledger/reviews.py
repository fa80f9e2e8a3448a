"""Held stories and what people decide about them: publish as cleaned, with removals put back, or raw; or drop.

Of a story that is published, too, removals can be put back, all or some: it is published anew with them, in the CMS that it came from as
well. Nothing else can be decided about it.

Held is a row: a story whose newest edition has the verdict ``hold``. A decision is a row, too, and makes a new edition of the
revision with the publications that it owes, all in one transaction; nothing waits for it. Destinations get it through
the outbox as they get any other edition.

A decision is about what the person saw: it names the edition, and is refused once a newer edition or a newer version of the
story is there. A killed story is never published by a decision, and one under an embargo that is not over (or whose time
cannot be read) only by a second yes. A story that nothing but an embargo keeps back is not held, and goes out by itself: it can be
dropped or held on before. What becomes of a decision when the revision is cleaned again stands in
``flows.ledger.decided``. What is public stays public while a newer version is held, and when that is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, ScalarSelect, and_, func, select

from flows.ledger.decided import KEEPS, PUTS_BACK, DecisionAct, Said, decided, restored_before
from flows.ledger.embargo import STOPS, embargo_of
from flows.ledger.opening import reading
from flows.ledger.outbox import Edition, owe_copy, owe_silence
from flows.ledger.outcome import Outcome, content_hash
from flows.ledger.stories import DestinationsOf, where_to, write_copy
from flows.ledger.tables import (
    COPIES,
    DECISIONS,
    INBOX,
    PUBLICATIONS,
    REMOVALS,
    REVISIONS,
    STORIES,
    AnyRow,
)

LAST_ZONE = timedelta(hours=12)
"""A time without a zone is over once it is over where the day ends last (UTC-12)."""


class NotDecided(ValueError):
    """A decision that was refused, and changed nothing. The message says why, and what to do next."""


@dataclass(frozen=True, slots=True)
class Held:
    """A story that waits for a person, as a list shows it.

    ``edition`` and ``revision`` are the newest of the story; ``since`` is when it was first held without a break. ``removals``
    counts what cleaning would take out, by rule, the most frequent first. ``newer_waits``: a newer version has arrived and
    is not cleaned. ``public``: the destinations where the story stands, each with the edition that does.
    """

    source: str
    external_id: str
    edition: int
    revision: int
    since: datetime
    reasons: tuple[str, ...]
    publisher: str | None = None
    headline: str | None = None
    url: str | None = None
    removals: tuple[tuple[str, int], ...] = ()
    newer_waits: bool = False
    public: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> str:
        return f"{self.source}:{self.external_id}"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was made, about ``seen_edition`` of a story; ``edition`` came of it.

    ``owed`` are the destinations that something is newly owed to (empty in what was decided before). ``embargo`` is the one
    that the person did not wait for.
    """

    key: str
    act: DecisionAct
    who: str
    why: str
    at: datetime
    seen_edition: int
    edition: int
    restored: tuple[Mapping[str, Any], ...] = ()
    embargo: str | None = None
    owed: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The decision in a line: "published by Ida Holm with 1 removal put back (#3): the box is the story"."""
        return Said(self.act, self.who, self.why, self.at, self.restored).told


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A story as a person looks at it: its newest edition, and all that was decided about the story, the newest first.

    ``record`` is as the edition has it. ``problem`` says why nothing can be decided about it; None: it is held, dropped or under
    embargo; or, if it ``is_published``, removals can be put back. ``embargo`` says why publishing needs a second yes; ``not_before`` is
    when it goes out by itself.
    """

    key: str
    edition: int
    verdict: str
    record: dict[str, Any]
    cleaned_at: datetime
    decisions: tuple[Decided, ...] = ()
    public: tuple[tuple[str, int], ...] = ()
    problem: str | None = None
    embargo: str | None = None
    not_before: datetime | None = None

    @property
    def is_published(self) -> bool:
        return self.verdict == "publish"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person wants done with a story that is held, under embargo, or published. ``edition`` is the one that was looked at.

    ``numbers`` and ``rules`` say what is put back (for ``restore``), as ``cleaners.undo`` takes them. ``despite_embargo`` is
    the second yes.
    """

    source: str
    external_id: str
    edition: int
    act: DecisionAct
    who: str
    why: str
    numbers: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()
    despite_embargo: bool = False

    @property
    def key(self) -> str:
        return f"{self.source}:{self.external_id}"


def held_count(engine: Engine) -> int:
    """How many stories wait for a person."""
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).where(STORIES.c.verdict == "hold")) or 0


def held_stories(engine: Engine, source: str | None = None, limit: int | None = None) -> list[Held]:
    """The stories that wait for a person, those that were held last first."""
    since = _held_since().label("since")
    query = (
        select(
            STORIES.c.id,
            STORIES.c.source,
            STORIES.c.external_id,
            STORIES.c.publisher,
            STORIES.c.headline,
            STORIES.c.url,
            COPIES.c.id.label("copy_id"),
            COPIES.c.edition,
            COPIES.c.reasons,
            REVISIONS.c.number,
            since,
            _last_revision().label("last_revision"),
        )
        .select_from(STORIES)
        .join(COPIES, and_(COPIES.c.story_id == STORIES.c.id, COPIES.c.edition == _last_edition()))
        .join(REVISIONS, REVISIONS.c.id == COPIES.c.revision_id)
        .where(STORIES.c.verdict == "hold")
        .order_by(since.desc(), STORIES.c.id.desc())
        .limit(limit)
    )
    if source is not None:
        query = query.where(STORIES.c.source == source)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
        removals = _removals_by_rule(connection, [row.copy_id for row in rows])
        public = _public(connection, [row.id for row in rows])
        return [
            Held(
                source=row.source,
                external_id=row.external_id,
                edition=row.edition,
                revision=row.number,
                since=row.since,
                reasons=tuple(row.reasons),
                publisher=row.publisher,
                headline=row.headline,
                url=row.url,
                removals=removals.get(row.copy_id, ()),
                newer_waits=row.last_revision > row.number,
                public=public.get(row.id, ()),
            )
            for row in rows
        ]


def look_at_story(engine: Engine, source: str, external_id: str, now: datetime) -> Reviewed:
    """A story's newest edition with what was decided before, whatever its verdict. Raises NotDecided where there is none."""
    with reading(engine) as connection:
        story = _story(connection, source, external_id)
        copy = _newest(connection, story)
        return Reviewed(
            key=f"{source}:{external_id}",
            edition=copy.edition,
            verdict=copy.verdict,
            record=copy.record,
            cleaned_at=copy.cleaned_at,
            decisions=tuple(decisions_about(connection, story)),
            public=_public(connection, [story.id]).get(story.id, ()),
            problem=_problem(connection, story, copy, now),
            embargo=embargo_ahead(copy.record, now),
            not_before=embargo_of(copy.record) if copy.verdict == "embargo" else None,
        )


def decide(engine: Engine, wish: Decision, destinations_of: DestinationsOf, now: datetime) -> Decided:
    """Make a decision, in ONE transaction: the row of the decision, the new edition, the publications that it owes.

    The same decision of the same person about the same edition, made again, is made once: a run may be tried again. Raises
    NotDecided, in words for the person, and writes nothing then.
    """
    who, why = " ".join(wish.who.split()), wish.why.strip()
    if not who:
        raise NotDecided("Say who decides: a decision is kept under a name.")
    if not any(sign.isalpha() for sign in why):
        raise NotDecided("Say in words why: whoever reads the story's history wants to know.")
    with engine.begin() as connection:
        # Locked: a newer version that arrives now waits, and a decision that is made now is seen.
        story = _story(connection, wish.source, wish.external_id, lock=True)
        before = next(
            (one for one in decisions_about(connection, story) if one.seen_edition == wish.edition), None
        )
        if before is not None:
            if (before.act, before.who, before.why) == (wish.act, who, why) and _same_back(before, wish):
                return before
            raise NotDecided(
                f"{wish.key}, edition {wish.edition}, was decided already on {_minute(before.at)}: {before.told}"
            )
        copy = _newest(connection, story)
        if copy.edition < wish.edition:
            raise NotDecided(f"{wish.key} has no edition {wish.edition}: the newest is {copy.edition}.")
        if copy.edition != wish.edition:
            raise NotDecided(
                f"{wish.key} is not what you looked at: you saw edition {wish.edition}, and edition {copy.edition} came on "
                f"{_minute(copy.cleaned_at)}. Look at it again."
            )
        if problem := _problem(connection, story, copy, now):
            raise NotDecided(problem)
        if copy.verdict == "publish" and wish.act not in PUTS_BACK:
            raise NotDecided(
                f"{_is_out(wish.key, copy)}. What cleaning took out of it can be put back; nothing else can be decided."
            )
        if wish.act == "hold" and copy.verdict != "embargo":
            raise NotDecided(f"{wish.key} is not published by itself: there is nothing to hold on.")
        embargo = None if wish.act in KEEPS else embargo_ahead(copy.record, now)
        if embargo and not wish.despite_embargo:
            raise NotDecided(
                f"{wish.key} is under embargo: {embargo}. To publish it all the same, say so explicitly."
            )
        restored = _restored(copy.record, wish)
        before_that = restored_before(connection, copy.revision_id) if copy.verdict == "publish" else []
        said = Said(wish.act, who, why, now, tuple(restored))
        edition = _write(connection, story, copy, said, now)
        where = where_to(destinations_of, story.source, _wanted(connection, copy.revision_id))
        if wish.act in KEEPS:
            # Of an embargo its publications are owed already.
            owed = owe_silence(connection, edition, now, where.tell_of_holds if wish.act == "hold" else ())
        else:
            owed = owe_copy(connection, edition, where.publish_to, now, first=False, in_place=where.in_place)
        connection.execute(
            DECISIONS.insert().values(
                story_id=story.id,
                revision_id=copy.revision_id,
                seen_copy_id=copy.id,
                seen_edition=copy.edition,
                copy_id=edition.copy_id,
                edition=edition.number,
                act=wish.act,
                restored=before_that + restored,
                who=who,
                why=why,
                embargo=embargo,
                decided_at=now,
            )
        )
        return Decided(
            wish.key, wish.act, who, why, now, copy.edition, edition.number, tuple(restored), embargo, owed
        )


def decisions_about(connection: Connection, story: AnyRow) -> Iterable[Decided]:
    """All that was decided about a story, the newest first."""
    query = select(DECISIONS).where(DECISIONS.c.story_id == story.id).order_by(DECISIONS.c.id.desc())
    for row in connection.execute(query):
        yield Decided(
            key=f"{story.source}:{story.external_id}",
            act=row.act,
            who=row.who,
            why=row.why,
            at=row.decided_at,
            seen_edition=row.seen_edition,
            edition=row.edition,
            restored=tuple(row.restored),
            embargo=row.embargo,
        )


def embargo_ahead(record: Mapping[str, Any], now: datetime) -> str | None:
    """Why a story must not be published yet, by the signals of its raw copy; None: no embargo, or it is over.

    A time without a zone is over when it is over everywhere, a day without an hour when the day is; an embargo whose time
    cannot be read is never over by itself.

    >>> noon = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    >>> signal = {"kind": "embargo", "text": "EMBARGOED UNTIL 6 MARCH", "until": "2026-03-06"}
    >>> embargo_ahead({"signals": [signal]}, noon)
    'the raw copy says “EMBARGOED UNTIL 6 MARCH” (until 2026-03-06)'
    >>> embargo_ahead({"signals": [signal]}, noon + timedelta(days=5)) is None
    True
    """
    for signal in record.get("signals") or ():
        until = signal.get("until")
        if signal["kind"] not in STOPS or (until is None and signal["kind"] != "embargo"):
            continue
        if until is None:
            return f"the raw copy says “{signal['text']}”, and no time can be read from it"
        if not _is_over(until, now):
            return f"the raw copy says “{signal['text']}” (until {until})"
    return None


def _is_over(until: str, now: datetime) -> bool:
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        return False
    if "T" not in until and " " not in until:
        moment += timedelta(days=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC) + LAST_ZONE
    return moment <= now


def _restored(record: Mapping[str, Any], wish: Decision) -> list[dict[str, Any]]:
    """The removals that are put back, as the record has them. Raises NotDecided."""
    if wish.act != "restore" and (wish.numbers or wish.rules):
        raise NotDecided(
            "Removals are put back only where that is what you decide; leave them away, or say so."
        )
    if wish.act == "publish" or wish.act in KEEPS:
        return []
    removed: list[dict[str, Any]] = list(record.get("removed") or ())
    if wish.act == "raw":
        return removed
    if not (wish.numbers or wish.rules):
        raise NotDecided("Say which removals come back: their numbers (1, 3) or a rule (english/follow-us).")
    from cleaners.undo import NothingToUndo, undo
    from cleaners.write import BrokenRecord, cleaned_from

    try:
        left = undo(cleaned_from(record), numbers=wish.numbers, rules=wish.rules).removals
    except (NothingToUndo, BrokenRecord) as error:
        raise NotDecided(f"{wish.key}: {error}") from None
    standing = {removal.number for removal in left}
    return [removal for removal in removed if removal["number"] not in standing]


def _write(connection: Connection, story: AnyRow, copy: AnyRow, said: Said, now: datetime) -> Edition:
    """The new edition. Raises NotDecided."""
    from cleaners.write import BrokenRecord

    held = Outcome(0, story.external_id, record=_undecided(copy.record), rendered=copy.rendered)
    try:
        outcome = decided(held, said, copy.edition)
    except BrokenRecord as error:
        raise NotDecided(f"{story.source}:{story.external_id}: {error}") from None
    record = outcome.record or {}
    if said.act not in KEEPS and not str(record["text"]).strip():
        raise NotDecided(
            f"{story.source}:{story.external_id}: there would be no text to publish. Put some removals back, or drop it."
        )
    number, digest = copy.edition + 1, content_hash(outcome)
    copy_id = write_copy(connection, outcome, record, copy, number, digest, now)
    return Edition(f"{story.source}:{story.external_id}", story.id, copy_id, number, digest)


def _undecided(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of an edition that was dropped or held on as it was before; any other as it is."""
    decision = record.get("decided")
    if not decision:
        return dict(record)
    return {key: value for key, value in record.items() if key != "decided"} | {
        "reasons": decision["held_for"]
    }


def _same_back(before: Decided, wish: Decision) -> bool:
    """Whether the same removals were asked for. Rules are not kept: they named what is there by number."""
    if wish.act != "restore":
        return True
    numbers = {removal["number"] for removal in before.restored if not removal.get("earlier")}
    return set(wish.numbers) <= numbers and (bool(wish.rules) or set(wish.numbers) == numbers)


def _story(connection: Connection, source: str, external_id: str, lock: bool = False) -> AnyRow:
    query = select(STORIES).where(STORIES.c.source == source, STORIES.c.external_id == external_id)
    found = connection.execute(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotDecided(
            f"The ledger has no story {source}:{external_id}. `cleancopy review` lists the held ones."
        )
    return found


def _newest(connection: Connection, story: AnyRow) -> AnyRow:
    found = connection.execute(
        select(COPIES, REVISIONS.c.number)
        .join(REVISIONS, REVISIONS.c.id == COPIES.c.revision_id)
        .where(COPIES.c.story_id == story.id)
        .order_by(COPIES.c.edition.desc())
        .limit(1)
    ).first()
    if found is None:
        raise NotDecided(
            f"{story.source}:{story.external_id} is not cleaned yet: there is nothing to decide."
        )
    return found


def _problem(connection: Connection, story: AnyRow, copy: AnyRow, now: datetime) -> str | None:
    """Why nothing can be decided about the newest edition; None: it is held, dropped, under embargo, or published without some of its words."""
    key = f"{story.source}:{story.external_id}"
    if copy.verdict == "kill":
        return f"{key} was killed ({'; '.join(copy.reasons)}): a killed story is not published by a decision."
    newer = connection.execute(
        select(REVISIONS.c.arrived_at, INBOX.c.state, INBOX.c.error)
        .join(INBOX, INBOX.c.revision_id == REVISIONS.c.id)
        .where(REVISIONS.c.story_id == story.id, REVISIONS.c.number > copy.number)
        .order_by(REVISIONS.c.number.desc(), INBOX.c.id.desc())
        .limit(1)
    ).first()
    if newer is not None and newer.state == "failed":
        return (
            f"A newer version of {key} arrived on {_minute(newer.arrived_at)} and could not be cleaned ({newer.error}). "
            "Clean it again, or have it sent again; then decide."
        )
    if newer is not None:
        return (
            f"A newer version of {key} arrived on {_minute(newer.arrived_at)} and waits to be cleaned. "
            "Let drain-inbox run, then look at that."
        )
    if copy.verdict == "embargo":
        is_over = embargo_ahead(copy.record, now) is None
        return f"{key} is not held: its embargo is over, and it is to be published." if is_over else None
    if copy.verdict == "publish" and not copy.record.get("removed"):
        return f"{_is_out(key, copy)}, and nothing is taken out of it that could be put back."
    return None


def _is_out(key: str, copy: AnyRow) -> str:
    by_whom = f" ({'; '.join(copy.reasons)})" if copy.reasons else ""
    return f"{key} is not held: its newest edition ({copy.edition}) is to be published{by_whom}"


def _wanted(connection: Connection, revision_id: int) -> Sequence[str] | None:
    """The destinations that the last arrival of a revision wanted for itself."""
    found: Sequence[str] | None = connection.execute(
        select(INBOX.c.destinations)
        .where(INBOX.c.revision_id == revision_id)
        .order_by(INBOX.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def _last_edition() -> ScalarSelect[Any]:
    one = COPIES.alias("one_copy")
    return select(func.max(one.c.edition)).where(one.c.story_id == STORIES.c.id).scalar_subquery()


def _last_revision() -> ScalarSelect[Any]:
    one = REVISIONS.alias("one_revision")
    return select(func.max(one.c.number)).where(one.c.story_id == STORIES.c.id).scalar_subquery()


def _held_since() -> ScalarSelect[Any]:
    """When the first of a story's newest editions was held that all are."""
    held, other = COPIES.alias("held"), COPIES.alias("other")
    before = (
        select(func.coalesce(func.max(other.c.edition), 0))
        .where(other.c.story_id == held.c.story_id, other.c.verdict != "hold")
        .scalar_subquery()
    )
    return (
        select(func.min(held.c.cleaned_at))
        .where(held.c.story_id == STORIES.c.id, held.c.verdict == "hold", held.c.edition > before)
        .scalar_subquery()
    )


def _removals_by_rule(connection: Connection, copies: list[int]) -> dict[int, tuple[tuple[str, int], ...]]:
    counts: dict[int, Counter[str]] = {}
    for ids in _chunks(copies):
        query = (
            select(REMOVALS.c.copy_id, REMOVALS.c.rule, func.count())
            .where(REMOVALS.c.copy_id.in_(ids))
            .group_by(REMOVALS.c.copy_id, REMOVALS.c.rule)
        )
        for copy, rule, count in connection.execute(query):
            counts.setdefault(copy, Counter())[rule] = count
    return {
        copy: tuple(sorted(rules.items(), key=lambda pair: (-pair[1], pair[0])))
        for copy, rules in counts.items()
    }


def _public(connection: Connection, stories: list[int]) -> dict[int, tuple[tuple[str, int], ...]]:
    """For each story the destinations where the last act that was made is a publish, with its edition."""
    last: dict[int, dict[str, int | None]] = {}
    for ids in _chunks(stories):
        query = (
            select(
                PUBLICATIONS.c.story_id,
                PUBLICATIONS.c.destination,
                PUBLICATIONS.c.act,
                PUBLICATIONS.c.edition,
            )
            .where(
                PUBLICATIONS.c.story_id.in_(ids),
                PUBLICATIONS.c.state == "made",
                PUBLICATIONS.c.act != "hold",
            )
            .order_by(PUBLICATIONS.c.edition)
        )
        for story, destination, act, edition in connection.execute(query):
            last.setdefault(story, {})[destination] = edition if act == "publish" else None
    return {
        story: tuple((name, edition) for name, edition in acts.items() if edition is not None)
        for story, acts in last.items()
    }


def _chunks(ids: list[int], size: int = 500) -> Iterable[list[int]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
