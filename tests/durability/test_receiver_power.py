"""A CMS posts while the receiver is killed, or the power goes: what was answered 202 is in the ledger, once."""

from __future__ import annotations

from pathlib import Path

from tests.durability.receiver_rounds import kill_again_and_again, lose_power_again_and_again

ROUNDS = 4
"""``python -m tests.durability`` does twenty."""


def test_no_event_is_lost_or_doubled_by_kills(quick: Path) -> None:
    result = kill_again_and_again(quick, ROUNDS)
    assert result.wrong == ()
    assert result.acked > 20 * ROUNDS


def test_no_event_is_lost_or_doubled_by_power_losses(library: Path, quick: Path) -> None:
    result = lose_power_again_and_again(library, quick, ROUNDS)
    assert result.wrong == ()
    assert result.acked > 20 * ROUNDS


def test_with_a_weaker_setting_the_same_rounds_find_losses(library: Path, quick: Path) -> None:
    result = lose_power_again_and_again(library, quick, 1, ("DELETE", "OFF"))
    assert any("is lost" in line or "does not open" in line for line in result.wrong), result.wrong[:10]
