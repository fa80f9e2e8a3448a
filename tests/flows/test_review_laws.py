"""The laws of decisions, looked for by hypothesis: people, workers with changing rules and publishers in any order.

What goes out was published by cleaning itself or approved by a person, word for word; what a person put back stays; what was
dropped stays away; a kill ends everything.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from held_newsroom import BOTH, JOIN, NEW, STORY, TIGHT, UNDEFINED, WIDE, Clean, Desk, cleaner
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from newsroom import later

from cleaners.undo import undo
from cleaners.write import cleaned_from
from flows.ledger import (
    NotDecided,
    claim_owed,
    failed,
    look_at_story,
    made,
    newest_record,
    open_ledger,
)
from tests.laws.examples import LAW

TENTH = STORY + "And a tenth boat came on the tide, the harbour master said in the evening.\n"
KILLED = "KILL KILL KILL\n" + STORY
BUDGETS = {"held": TIGHT, "free": WIDE}
RULES = {"both": BOTH, "new": BOTH + NEW, "undefined": UNDEFINED, "join": JOIN}


@lru_cache(maxsize=1)
def cleaners() -> dict[str, Clean]:
    with TemporaryDirectory() as root:
        return {
            f"{rules}-{budget}": cleaner(Path(root) / f"{rules}-{budget}", RULES[rules], BUDGETS[budget])
            for rules in RULES
            for budget in BUDGETS
        }


CLEANERS = st.sampled_from([f"{rules}-{budget}" for rules in RULES for budget in BUDGETS])


ACTS = st.sampled_from(["publish", "restore", "raw", "drop"])
NUMBERS = st.sets(st.integers(1, 2), min_size=1)


class Reviewing(RuleBasedStateMachine):
    @initialize(act=ACTS, numbers=NUMBERS)
    def open(self, act: str, numbers: set[int]) -> None:
        self.desk = Desk(open_ledger("sqlite://"), cleaners()["both-held"])
        self.content = STORY
        self.seconds = 0
        self.kept: tuple[str, ...] = ()
        self.dropped = False
        self.fine: set[str] = set()
        self.arrives(STORY)
        self.decides(act, numbers, stale=False)

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.publishes(0)
            self.desk.ledger.dispose()

    @rule(content=st.sampled_from([STORY, TENTH, STORY, TENTH, KILLED]))
    def arrives(self, content: str) -> None:
        if content == self.content and self.desk.copies():
            return
        self.content, self.kept, self.dropped, self.fine = content, (), False, set()
        self.desk.arrives(content)
        self.notes()

    @rule(name=CLEANERS)
    def is_cleaned_again(self, name: str) -> None:
        self.desk.clean = cleaners()[name]
        self.desk.cleaned_again(content=self.content)
        self.notes()

    @rule()
    def is_cleaned_again_by_the_same_rules(self) -> None:
        before, public = self.desk.verdict(), dict(self.desk.public)
        again = self.desk.cleaned_again(content=self.content)
        assert (again.changed, self.desk.verdict(), self.desk.public) == (False, before, public)

    @rule(act=ACTS, numbers=NUMBERS)
    def a_person_decides(self, act: str, numbers: set[int]) -> None:
        self.decides(act, numbers, stale=False)

    @rule(act=ACTS)
    def a_person_decides_who_looked_at_the_edition_before(self, act: str) -> None:
        self.decides(act, {1}, stale=True)

    def decides(self, act: str, numbers: set[int], stale: bool) -> None:
        story = look_at_story(self.desk.ledger, "desk", "ferry", self.desk.now)
        removed = story.record["removed"]
        if act == "restore" and not numbers <= {one["number"] for one in removed}:
            return
        edition = story.edition - stale
        # Of what is published, removals can be put back, if there are any, and nothing else be decided.
        puts_back = bool(removed) and act in ("raw", "restore") and story.verdict == "publish"
        can = story.verdict in ("hold", "drop") or puts_back
        try:
            done = self.desk.decides(
                act,
                edition,
                numbers=tuple(numbers) if act == "restore" else (),
                why=f"The {len(self.desk.copies())}th look.",
            )
        except NotDecided:
            assert stale or not can
            return
        assert can
        assert not stale
        standing = {one["text"] for one in removed}
        back = {"publish": set(), "drop": set(), "raw": standing}.get(
            act, {one["text"] for one in removed if one["number"] in numbers}
        )
        self.kept = (*(self.kept if puts_back else ()), *back)
        self.dropped = act == "drop"
        if act != "drop":
            gone = standing - back
            self.fine.add("\n".join(line for line in self.content.splitlines() if line not in gone))
        record = newest_record(self.desk.ledger, "desk", "ferry")
        assert record is not None
        assert undo(cleaned_from(record), everything=True).copy.raw == self.content
        assert (done.edition, self.desk.verdict()[0]) == (story.edition + 1, story.edition + 1)

    @rule(lost=st.integers(0, 3))
    def publishes(self, lost: int) -> None:
        """A publisher does what is owed; some answers are lost, and the act is owed again later."""
        self.seconds += 10_000
        self.desk.now = later(self.seconds)
        for act in claim_owed(self.desk.ledger, "publisher", now=self.desk.now):
            text = act.rendered["text"] if act.act == "publish" else None
            if text is not None:
                assert text in self.fine, "nobody said that this may go out"
                assert not self.dropped
                assert self.content != KILLED
                assert all(line in text for line in self.kept), "what a person put back was taken out"
            self.desk.public["folder"] = text
            if lost:
                failed(self.desk.ledger, "publisher", act.id, "the answer was lost", self.desk.now)
                lost -= 1
            else:
                made(self.desk.ledger, "publisher", {act.id: {}}, self.desk.now)

    def notes(self) -> None:
        """What cleaning by itself says may go out now."""
        story = look_at_story(self.desk.ledger, "desk", "ferry", self.desk.now)
        if story.verdict == "publish" and not story.record.get("decided"):
            assert not self.dropped
            self.fine.add(story.record["text"])
            # No passage that was put back is gone; the person's word is no longer needed.
            assert all(line in story.record["text"] for line in self.kept)
        if story.verdict == "publish":
            assert story.record["text"] in self.fine, "nobody said that this may go out"
        if story.verdict == "drop":
            assert self.dropped


# A step cleans a real story, so a fiftieth of the usual number of cases takes as long as one law.
Reviewing.TestCase.settings = settings(max_examples=max(40, LAW.max_examples // 50), stateful_step_count=15)
TestReviewing = Reviewing.TestCase
