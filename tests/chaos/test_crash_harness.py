"""Publishers that are killed at every named point lose nothing, do nothing twice and put nothing old over new; wrong ones are caught.

`make chaos` is the same for longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.feed import Sent
from tests.chaos.judge import judge
from tests.chaos.places import Seen
from tests.chaos.points import POINTS, Point, arm
from tests.chaos.scenario import SLEEPS, Day, quick_folder, run_day
from tests.chaos.wrong import WRONG
from tests.flows.postgres_server import Postgres

SENT = {
    "ferry": [Sent("publish", "one"), Sent("publish", "two")],
    "mayor": [Sent("publish", "a"), Sent("kill", "b")],
}


def told(day: Day) -> str:
    return "\n".join([*day.judged.lost, *day.judged.twice, *day.judged.stale, *day.broken])


def nothing_is_wrong(day: Day, publications: int) -> None:
    assert day.judged.faults == 0, told(day)
    assert day.broken == (), told(day)
    assert day.given_up == 0
    assert day.publications >= publications
    assert day.never == (), "a point that is never met proves nothing"
    assert set(day.hits) == {point.name for point in POINTS}


def test_there_are_points_enough() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS) >= 20


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as path:
        yield path


def test_killed_at_every_point_the_publisher_keeps_its_word(folder: Path) -> None:
    day = run_day(folder / "day", f"sqlite:///{folder / 'ledger.sqlite'}", publications=200, seed=6)
    nothing_is_wrong(day, 200)


def test_killed_at_every_point_with_postgresql_it_keeps_its_word(folder: Path, postgres: Postgres) -> None:
    day = run_day(folder / "day", postgres.database(), table=postgres.database(), publications=200, seed=7)
    nothing_is_wrong(day, 200)


def test_publishers_that_sleep_through_their_leases_put_nothing_old_over_new(folder: Path) -> None:
    ledger = f"sqlite:///{folder / 'ledger.sqlite'}"
    day = run_day(folder / "day", ledger, publications=150, seed=5, sleepy=True)
    assert day.judged.faults == 0, told(day)
    assert day.broken == (), told(day)
    assert day.slept >= SLEEPS


@pytest.mark.parametrize("control", WRONG)
def test_a_publisher_that_is_built_wrong_is_caught(folder: Path, control: str) -> None:
    # A short day finds some four faults, and now and then none.
    for seed in (8, 9, 10):
        ledger = f"sqlite:///{folder / str(seed)}.sqlite"
        day = run_day(folder / f"day-{seed}", ledger, publications=60, seed=seed, control=control)
        assert day.broken == (), told(day)
        if getattr(day.judged, WRONG[control].finds):
            return
    pytest.fail(f"the harness did not see it: {WRONG[control].says}")


def test_the_judge_sees_what_is_lost_twice_and_stale() -> None:
    assert (
        judge(
            SENT, {"here": Seen({"ferry": ["two"]}, {"ferry": ["one", "two"], "mayor": ["a", None]})}
        ).faults
        == 0
    )
    lost = judge(SENT, {"here": Seen({"ferry": ["one"], "mayor": ["a"]}, {})}).lost
    assert [one.partition(" ")[0] for one in lost] == ["ferry", "mayor"]
    assert len(judge(SENT, {"here": Seen({"ferry": ["two", "two"]}, {})}).twice) == 1
    assert len(judge(SENT, {"here": Seen({"ferry": ["two"]}, {"ferry": ["two", "one", "two"]})}).stale) == 1
    held = {"ferry": [*SENT["ferry"], Sent("hold", "wait")]}
    assert judge(held, {"here": Seen({"ferry": ["one", "two"]}, {})}).halfway
    assert judge(held, {"here": Seen({"ferry": ["one", "three"]}, {})}).twice


def test_a_point_that_is_not_there_any_more_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no_such_function"):
        arm(Point("gone", "flows.tasks.publishing.no_such_function", "before"), 1, lambda: None)
