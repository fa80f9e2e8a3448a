"""What a person's decision makes of a held result, and what becomes of it when the revision is cleaned again.

A decision is about one revision of a story and the result of cleaning that the person saw. Cleaning that revision again
asks this module first (``under_decision``):

- The copy that was approved is the copy that would be published now: the decision stands, whether the rules are the same
  or not. Nothing is published and nothing taken back.
- The story is publishable by itself, and takes out nothing that the person put back: no decision is needed, and it is
  published as any story.
- Anything else is held again, and the reasons say whose decision was made on another result. So it is, too, where the new
  result would take out again what the person put back, and where the raw copy says stop in words that were not seen.
- A dropped revision stays dropped, and one that was held on stays held, whatever the rules say.
- A kill passes every decision, and ends it: what is held after a kill is decided anew.

A newer revision is a new story to decide about: no decision reaches it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, exists, select

from flows.ledger.embargo import STOPS, embargo_of
from flows.ledger.outcome import Outcome, content_hash
from flows.ledger.tables import COPIES, DECISIONS, AnyRow

DecisionAct = Literal["publish", "restore", "raw", "drop", "hold"]
"""Publish as cleaned; publish with some removals put back; publish with all of them put back; never publish; do not publish by
itself when the embargo ends, but hold it until something else is decided."""

KEEPS: dict[str, str] = {"drop": "dropped", "hold": "held"}
"""The decisions that publish nothing, and how they are told."""

PUTS_BACK: frozenset[DecisionAct] = frozenset(("restore", "raw"))
"""The decisions that can be made about a story that is published."""


@dataclass(frozen=True, slots=True)
class Said:
    """A decision in the words of the person who made it. ``restored`` are the removals that were put back; those that an ``earlier``
    decision about the published story had put back are among them, and say so."""

    act: DecisionAct
    who: str
    why: str
    at: datetime
    restored: tuple[Mapping[str, Any], ...] = ()

    @property
    def told(self) -> str:
        """The decision as it stands among the reasons of an edition: "published by Ida Holm: the box is the story"."""
        if self.act in KEEPS:
            return f"{KEEPS[self.act]} by {self.who}: {self.why}"
        if self.act == "raw":
            return f"published raw by {self.who}: {self.why}"
        back = [removal for removal in self.restored if not removal.get("earlier")]
        if not back:
            return f"published by {self.who}: {self.why}"
        numbers = ", ".join(f"#{removal['number']}" for removal in back)
        count = len(back)
        what = f"{count} {'removal' if count == 1 else 'removals'} put back ({numbers})"
        return f"published by {self.who} with {what}: {self.why}"


def decided(held: Outcome, said: Said, seen_edition: int) -> Outcome:
    """The edition that a decision makes of a held result: its copy with what was put back, and who decided and why.

    The record's ``decided`` has the decision and the reasons that the story was held for. Its verdict is ``publish``; that of a
    dropped story, and of one that is held on, stays ``hold`` (see ``verdict_of``). Raises cleaners.write.BrokenRecord.
    """
    outcome = with_back(held, [removal["number"] for removal in said.restored])
    record = dict(outcome.record or {})
    why_held = list((held.record or {}).get("reasons") or ())
    keeps = said.act in KEEPS
    record["verdict"] = "hold" if keeps else "publish"
    record["reasons"] = [said.told, *(why_held if keeps else ())]
    record["decided"] = {
        "act": said.act,
        "who": said.who,
        "why": said.why,
        "at": said.at.isoformat(timespec="seconds"),
        "edition": seen_edition,
        "restored": [removal["number"] for removal in said.restored],
        "held_for": why_held,
    }
    return replace(outcome, record=record)


def verdict_of(record: Mapping[str, Any]) -> str:
    """The verdict that the ledger keeps: the record's, or one that is none of cleaning's: ``drop``; or ``embargo`` (see ``embargo_of``)."""
    decision = record.get("decided") or {}
    if decision.get("act") == "drop":
        return "drop"
    return str(record["verdict"]) if embargo_of(record) is None else "embargo"


def with_back(outcome: Outcome, numbers: Collection[int]) -> Outcome:
    """The outcome with the removals of these numbers put back, as ``cleancopy undo`` does it. No numbers: as it was.

    Raises cleaners.undo.NothingToUndo and cleaners.write.BrokenRecord.
    """
    if not numbers:
        return outcome
    # Imported here: the webhook receiver opens the ledger and decides nothing, and this takes a second.
    from cleaners.undo import undo
    from cleaners.write import cleaned_from, html, markdown, record, text

    cleaned = undo(cleaned_from(outcome.record or {}), numbers=numbers)
    return replace(
        outcome,
        record=record(cleaned),
        rendered={"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)},
    )


def decided_revisions(connection: Connection, revisions: Collection[int]) -> set[int]:
    """Those of the revisions that a person decided something about: of most stories nobody did."""
    query = select(DECISIONS.c.revision_id).where(DECISIONS.c.revision_id.in_(revisions))
    return set(connection.execute(query).scalars())


def under_decision(connection: Connection, revision_id: int, outcome: Outcome) -> Outcome:
    """Inside the recording transaction: what a revision that was cleaned again comes to, where a person decided about it."""
    record = outcome.record or {}
    decision = _newest_decision(connection, revision_id)
    if decision is None or record.get("verdict") == "kill":
        return outcome
    said = Said(decision.act, decision.who, decision.why, decision.decided_at, tuple(decision.restored))
    if said.act in KEEPS:
        return decided(outcome, said, decision.seen_edition)
    again = _taken_again(record, said)
    publishes = record["verdict"] == "publish"
    if publishes and not again:
        return outcome
    put_back = _put_back(outcome, again)
    if put_back is not None and content_hash(put_back) == decision.content_hash and _seen(record, decision):
        return decided(outcome, replace(said, restored=tuple(again)), decision.seen_edition)
    day = f"{said.at.day} {said.at:%B %Y}"
    if publishes:
        numbers = ", ".join(f"#{removal['number']}" for removal in again)
        reason = f"what {said.who} put back on {day} would be taken out again ({numbers}); decide again"
    else:
        reason = f"a decision of {day} ({said.told}) was made on another result of cleaning; decide again"
    return replace(outcome, record={**record, "verdict": "hold", "reasons": [*record["reasons"], reason]})


def restored_before(connection: Connection, revision_id: int) -> list[dict[str, Any]]:
    """What an earlier decision about this revision put back: it must not be taken out quietly either, whatever is decided next."""
    decision = _newest_decision(connection, revision_id)
    return [{**removal, "earlier": True} for removal in decision.restored] if decision is not None else []


def _newest_decision(connection: Connection, revision_id: int) -> AnyRow | None:
    """The last decision about a revision, with the copy that came of it; none once a kill came after it."""
    killed = COPIES.alias("killed")
    return connection.execute(
        select(DECISIONS, COPIES.c.content_hash, COPIES.c.record)
        .join(COPIES, COPIES.c.id == DECISIONS.c.copy_id)
        .where(
            DECISIONS.c.revision_id == revision_id,
            ~exists().where(
                killed.c.story_id == DECISIONS.c.story_id,
                killed.c.edition > DECISIONS.c.edition,
                killed.c.verdict == "kill",
            ),
        )
        .order_by(DECISIONS.c.id.desc())
        .limit(1)
    ).first()


def _taken_again(record: Mapping[str, Any], said: Said) -> list[Mapping[str, Any]]:
    """The removals of a new result that take out again what was put back: of a raw copy all of them."""
    removed: Sequence[Mapping[str, Any]] = record.get("removed") or ()
    if said.act == "raw":
        return list(removed)
    return [one for one in removed if any(_same_place(one, back) for back in said.restored)]


def _same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    overlaps: bool = one["start"] < other["end"] and other["start"] < one["end"]
    # By its words, too: a reader that numbers the blocks otherwise finds the passage elsewhere.
    same_words: bool = one["text"] == other["text"]
    return same_words or (one["block"] == other["block"] and overlaps)


def _put_back(outcome: Outcome, removals: Sequence[Mapping[str, Any]]) -> Outcome | None:
    from cleaners.write import BrokenRecord

    try:
        return with_back(outcome, [removal["number"] for removal in removals])
    except BrokenRecord:
        return None


def _seen(record: Mapping[str, Any], decision: AnyRow) -> bool:
    """Whether the person saw every signal that stops the story."""

    def stops(signals: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
        return {(one["kind"], one["text"]) for one in signals if one["kind"] in STOPS}

    return stops(record.get("signals") or ()) <= stops(decision.record.get("signals") or ())
