"""The ledger's laws, looked for by hypothesis: workers and publishers that race, stall and die in any order, while the clock is set.

The destination here is a dumb one: it does what it is told and has no guard of its own. While leases are kept it must end on
the newest copy all the same, without an older one ever written over a newer, and without an embargo broken. What it refuses for good
does not go out; but what was killed is down then, or somebody is told that it is not.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from newsroom import NOON, arrival, later, outcome_of
from postgres_server import Postgres
from simulated import Simulated
from sqlalchemy import Engine, func, select, text

from flows.ledger import (
    Failure,
    InboxRow,
    Outcome,
    Owed,
    WhereTo,
    again,
    claim,
    claim_owed,
    failed,
    failed_each,
    made,
    open_ledger,
    queue_counts,
    receive,
    record_outcomes,
)
from flows.ledger.owing import open_kills, owing, try_again
from flows.ledger.tables import INBOX, METADATA, PUBLICATIONS, REVISIONS, STORIES
from tests.laws.examples import LAW

LEASE = 100
NAMES = st.sampled_from(["ferry", "harbour"])
# "publish A" and "publish B" are two copies; a held or killed story has none. "embargo A 400" is the copy A, 400 seconds after noon.
CONTENTS = st.sampled_from(
    [
        "publish A",
        "publish B",
        "publish C",
        "hold",
        "kill",
        "embargo A 400",
        "embargo B 400",
        "embargo C 20000",
    ]
)
# No longer than a day: a lease is given for less.
AHEAD = st.sampled_from([0, 0, 3, 3600, 5 * 3600, -600])
# The one destination wants to hear of holds, too.
WHERE = WhereTo(("folder",), ("folder",))
OWNERS = st.sampled_from(["first", "second"])
FATES = st.sampled_from(
    [
        "made",
        "refused",
        "refused for good",
        "answer lost",
        "answer lost for good",
        "died before",
        "died after",
    ]
)


def text_of(content: str) -> str:
    """The copy in an arrival."""
    verdict, *more = content.split()
    return f"publish {more[0]}" if verdict == "embargo" else content


def outcome(row: InboxRow) -> Outcome:
    """What cleaning makes of an arrival."""
    content = str(row.raw.content)
    verdict, *more = content.split()
    if verdict != "embargo":
        return outcome_of(row, verdict=verdict, reasons=[] if verdict == "publish" else [verdict])
    signal = {"kind": "embargo", "text": content, "until": later(int(more[1])).isoformat()}
    reason = f"embargo: the raw copy says “{content}” (until {signal['until']})"
    return outcome_of(row, verdict="hold", text=text_of(content), signals=[signal], reasons=[reason])


class Newsroom(RuleBasedStateMachine):
    claimed = Bundle("claimed")
    acts = Bundle("acts")

    def open_empty(self) -> Engine:
        return open_ledger("sqlite://")

    @initialize()
    def open(self) -> None:
        self.ledger = self.open_empty()
        self.time = Simulated(NOON)
        self.set_at = NOON
        assert claim_owed(self.ledger, "first", now=self.now, witness=self.time.witness) == []
        self.runs = 0
        self.written: dict[str, tuple[int, str | None]] = {}
        self.wanted: dict[str, tuple[int, str]] = {}
        self.killed: dict[str, int] = {}
        # By revision, whatever the ledger says of it: the newest kill that was cleaned, and what lies there.
        self.killed_revision: dict[str, int] = {}
        self.revision_there: dict[str, int] = {}
        # The newest version that was recorded: its revision, and the copy that it is to become.
        self.newest: dict[str, tuple[int, str | None]] = {}
        self.under_way: list[tuple[datetime, Owed]] = []
        self.may_stay: dict[
            str, set[str | None]
        ] = {}  # of held stories: what went out before, or was on its way

    @property
    def now(self) -> datetime:
        """What the wall clock says."""
        return self.time.now

    def teardown(self) -> None:
        if not hasattr(self, "ledger"):
            return
        self.finish_everything()
        counts = queue_counts(self.ledger)
        assert counts["waiting"] == counts["claimed"] == 0
        for story in {"ferry", "harbour"}:
            if self.is_given_up(story):
                pass  # a person is told; what must not be public is looked for below
            elif story in self.may_stay:
                assert self.public(story) in self.may_stay[story]
            else:
                assert self.public(story) == self.expected(story)
            edition, text = self.written.get(story, (0, None))
            assert text is None or edition > self.killed.get(story, 0), "a killed copy is public"
            assert text is None or self.revision_there[story] > self.killed_revision.get(story, 0), (
                "a kill was passed over"
            )
        self.ledger.dispose()

    @rule(story=NAMES, content=CONTENTS)
    def arrives(self, story: str, content: str) -> None:
        receive(self.ledger, [arrival(story, content)], self.now)

    @rule(story=NAMES, content=CONTENTS)
    def is_cleaned_again(self, story: str, content: str) -> None:
        self.runs += 1
        receive(self.ledger, again([arrival(story, content)], str(self.runs)), self.now)

    @rule(story=NAMES, content=CONTENTS, owner=OWNERS)
    def arrives_and_is_cleaned_at_once(self, story: str, content: str, owner: str) -> None:
        self.arrives(story, content)
        for row in claim(self.ledger, owner, now=self.now, limit=3, lease_seconds=LEASE):
            self.record(owner, row)

    @rule(target=claimed, owner=OWNERS, limit=st.integers(1, 3))
    def a_worker_claims(self, owner: str, limit: int) -> object:
        rows = claim(self.ledger, owner, now=self.now, limit=limit, lease_seconds=LEASE)
        return multiple(*((owner, row) for row in rows))

    @rule(work=consumes(claimed))
    def a_worker_records(self, work: tuple[str, InboxRow]) -> None:
        owner, row = work
        self.record(owner, row)

    @rule(target=acts, owner=OWNERS, limit=st.integers(1, 3))
    def a_publisher_claims(self, owner: str, limit: int) -> object:
        return multiple(*self.claim_acts(owner, limit))

    @rule(owner=OWNERS, fate=FATES)
    def a_publisher_claims_and_acts_at_once(self, owner: str, fate: str) -> None:
        for work in self.claim_acts(owner, 3):
            self.a_publisher_acts(work, fate)

    @rule(work=consumes(acts), fate=FATES)
    def a_publisher_acts(self, work: tuple[str, datetime, Owed], fate: str) -> None:
        owner, lease_until, act = work
        if self.now >= lease_until:
            return  # asleep too long: the guard of the real destinations is tested with them
        if fate not in ("refused", "refused for good", "died before"):
            self.act(act)
        if fate == "made":
            made(self.ledger, owner, {act.id: {}}, self.now)
        elif fate in ("refused", "answer lost"):
            failed(self.ledger, owner, act.id, fate, self.now)
        elif fate.endswith("for good"):
            failed_each(self.ledger, owner, {act.id: Failure(fate, final=True)}, self.now)

    @rule()
    def a_person_has_all_tried_again(self) -> None:
        waits = [one.id for one in owing(self.ledger, self.now)]
        if waits:
            try_again(self.ledger, self.now, ids=waits)

    @rule(seconds=st.sampled_from([1, 30, LEASE, 5000]))
    def time_passes(self, seconds: int) -> None:
        # A clock that stays wrong for an hour is believed, and whoever keeps it breaks the embargo.
        if self.time.true + timedelta(seconds=seconds) - self.set_at > timedelta(seconds=3000):
            self.time.ahead = min(self.time.ahead, timedelta(0))
        self.time.passes(seconds)

    @rule(seconds=AHEAD)
    def the_clock_is_set(self, seconds: int) -> None:
        if self.time.ahead <= timedelta(0):
            self.set_at = self.time.true
        self.time.ahead = timedelta(seconds=seconds)

    @invariant()
    def no_kill_is_given_up(self) -> None:
        if not hasattr(self, "ledger"):
            return
        with self.ledger.connect() as connection:
            given_up = select(PUBLICATIONS.c.id).where(
                PUBLICATIONS.c.state == "failed", PUBLICATIONS.c.act == "unpublish"
            )
            assert connection.execute(given_up).all() == []

    @invariant()
    def a_killed_copy_that_is_public_is_told_as_an_open_kill(self) -> None:
        if not hasattr(self, "ledger"):
            return
        told = {one.story for one in open_kills(self.ledger, self.now)}
        for story, (edition, copy) in self.written.items():
            if copy is not None and edition <= self.killed.get(story, 0):
                assert f"desk:{story}" in told, "what was killed is public, and nobody is told"

    @invariant()
    def one_publication_for_an_edition(self) -> None:
        if not hasattr(self, "ledger"):
            return
        with self.ledger.connect() as connection:
            doubles = connection.execute(
                select(PUBLICATIONS.c.story_id, PUBLICATIONS.c.edition)
                .group_by(PUBLICATIONS.c.story_id, PUBLICATIONS.c.edition)
                .having(func.count() > 1)
            ).all()
        assert doubles == []

    def claim_acts(self, owner: str, limit: int) -> list[tuple[str, datetime, Owed]]:
        """Each with its owner, and until when it has it."""
        owed = claim_owed(
            self.ledger, owner, now=self.now, limit=limit, lease_seconds=LEASE, witness=self.time.witness
        )
        until = self.now + timedelta(seconds=LEASE)
        self.under_way += [(until, act) for act in owed]
        return [(owner, until, act) for act in owed]

    def record(self, owner: str, row: InboxRow) -> None:
        content = str(row.raw.content)
        verdict = content.split()[0]
        [recorded] = record_outcomes(
            self.ledger, owner, [outcome(row)], lambda *_: WHERE, self.now, self.time.witness
        )
        story = row.raw.id
        if verdict == "kill" and recorded.state != "lost":
            self.killed_revision[story] = max(row.revision, self.killed_revision.get(story, 0))
        if recorded.state != "done":
            return
        newest, becomes = self.newest.get(story, (0, None))
        if row.revision < newest:
            # A kill that was cleaned after a newer version was kept back: nothing of before stays, and that version is to come yet.
            assert verdict == "kill"
            self.killed[story] = recorded.edition or 0
            self.may_stay[story] = {None, becomes}
            return
        self.newest[story] = (row.revision, text_of(content) if verdict in ("publish", "embargo") else None)
        # After a kill that is not done everywhere a person decides about an embargo.
        if verdict == "hold" or (verdict == "embargo" and recorded.not_before is None):
            on_their_way = {
                act.record["text"] if act.act == "publish" else None
                for until, act in self.under_way
                if until > self.now and act.story == f"desk:{story}" and act.act != "hold"
            }
            before = self.may_stay.get(story, {self.public(story)} | on_their_way)
            self.may_stay[story] = before | {None} if story in self.killed else before
            return
        self.may_stay.pop(story, None)
        self.wanted[story] = (recorded.edition or 0, text_of(content))
        if verdict == "kill":
            self.killed[story] = recorded.edition or 0

    def act(self, act: Owed) -> None:
        if act.act == "hold":
            assert act.record["verdict"] == "hold"
            return
        # A kill that is not done is done, whatever else is said of the story since.
        for signal in act.record.get("signals", ()) if act.act == "publish" else ():
            assert self.time.true >= datetime.fromisoformat(signal["until"]), "an embargo is broken"
        story = act.story.removeprefix("desk:")
        before = self.written.get(story, (0, None))[0]
        assert act.edition >= before, "an older edition goes out after a newer one"
        self.written[story] = (act.edition, act.record["text"] if act.act == "publish" else None)
        self.revision_there[story] = act.revision

    def public(self, story: str) -> str | None:
        return self.written.get(story, (0, None))[1]

    def is_given_up(self, story: str) -> bool:
        """Whether the last that is owed of a story is a copy that nobody tries any more."""
        query = (
            select(PUBLICATIONS.c.act, PUBLICATIONS.c.state)
            .join(STORIES, STORIES.c.id == PUBLICATIONS.c.story_id)
            .where(
                STORIES.c.external_id == story,
                PUBLICATIONS.c.act != "hold",
                PUBLICATIONS.c.state != "overtaken",
            )
            .order_by(PUBLICATIONS.c.edition.desc())
        )
        with self.ledger.connect() as connection:
            return connection.execute(query.limit(1)).first() == ("publish", "failed")

    def expected(self, story: str) -> str | None:
        content = self.wanted.get(story, (0, "kill"))[1]
        return None if content == "kill" else content

    def finish_everything(self) -> None:
        for _ in range(100):
            self.time.ahead = timedelta(0)
            self.time.passes(7200)
            for row in claim(self.ledger, "last", now=self.now):
                self.record("last", row)
            owed = claim_owed(self.ledger, "last", now=self.now, witness=self.time.witness)
            for act in owed:
                self.act(act)
            made(self.ledger, "last", {act.id: {} for act in owed}, self.now)
            with self.ledger.connect() as connection:
                open_rows = connection.execute(
                    select(func.count()).select_from(PUBLICATIONS).where(PUBLICATIONS.c.state == "owed")
                ).scalar_one()
            waiting = queue_counts(self.ledger)
            if not open_rows and not waiting["waiting"] and not waiting["claimed"]:
                return
        raise AssertionError("the ledger never comes to rest")

    @invariant()
    def revisions_are_numbered_without_a_gap(self) -> None:
        if not hasattr(self, "ledger"):
            return
        with self.ledger.connect() as connection:
            counts = connection.execute(
                select(func.count(), func.max(REVISIONS.c.number)).group_by(REVISIONS.c.story_id)
            ).all()
            orphans = connection.execute(
                select(INBOX.c.id).where(INBOX.c.revision_id.not_in(select(REVISIONS.c.id)))
            ).all()
        assert all(number == highest for number, highest in counts)
        assert orphans == []


def test_the_laws_hold_on_postgresql(postgres: Postgres) -> None:
    ledger_url = postgres.database()

    class OnPostgres(Newsroom):
        def open_empty(self) -> Engine:
            engine = open_ledger(ledger_url)
            tables = ", ".join(name for name in METADATA.tables if name != "meta")
            with engine.begin() as connection:
                connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
            return engine

    # A question to a server takes ten times as long as one to a file in memory.
    fewer = settings(max_examples=max(20, LAW.max_examples // 100), stateful_step_count=30)
    run_state_machine_as_test(OnPostgres, settings=fewer)  # type: ignore[no-untyped-call]


# A case is a whole life of a ledger, so a twentieth of the usual number of them takes as long as one law.
Newsroom.TestCase.settings = settings(max_examples=max(60, LAW.max_examples // 20), stateful_step_count=30)
TestNewsroom = Newsroom.TestCase
