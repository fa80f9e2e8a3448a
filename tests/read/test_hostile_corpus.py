"""Hostile pages through the whole pipeline, in a real child process with its limits: read, cleaned and judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile.cases import CASES, FIRST, THIRD, Case

from cleaners.model import Raw
from flows.ledger import InboxRow, Outcome
from flows.tasks.cleaning import WarmPool, clean_batch

SECONDS = 40.0
"""Generous: the slowest took 13 on a machine with five times as much to do as it can."""


@pytest.fixture(scope="module")
def pool() -> Iterator[WarmPool]:
    with WarmPool(Path("config"), 1, SECONDS) as warm:
        yield warm


@pytest.mark.xdist_group("hostile")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_page_is_read_held_or_refused(pool: WarmPool, case: Case) -> None:
    row = InboxRow(
        1, "desk", 1, Raw("h", "page", case.make(), url="https://courier.example/ferry", language="en")
    )
    [outcome] = [outcome for batch in clean_batch(pool, [row]) for outcome in batch]
    fate, why = _fate(outcome)
    assert "took more than" not in why
    assert "died" not in why
    if case.fate == "safe":
        assert fate != "publish" or _is_the_story(outcome), outcome.record and outcome.record["text"][:300]
    else:
        assert fate == case.fate, why or (outcome.record and outcome.record["text"][:300])
    if fate == "hold":
        assert why
    if case.fate == "publish":
        assert _is_the_story(outcome) or "story" in case.name


def test_the_corpus_is_large_and_its_names_are_told_apart() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def _fate(outcome: Outcome) -> tuple[str, str]:
    if outcome.record is None:
        assert outcome.error is not None
        # Refused in words for a person, not by an exception that slipped through.
        assert outcome.error.startswith("story h: "), outcome.error
        return "unreadable", outcome.error
    return outcome.record["verdict"], "; ".join(outcome.record["reasons"])


def _is_the_story(outcome: Outcome) -> bool:
    text = outcome.record["text"] if outcome.record else ""
    return FIRST[:20] in text or THIRD[-30:] in text
