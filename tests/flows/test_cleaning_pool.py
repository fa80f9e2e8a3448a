"""The pool: processes really die here, and every other story is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from newsroom import make_broken, make_crash_when_ready, make_plain

from cleaners.model import Raw
from flows.ledger import InboxRow, Outcome
from flows.tasks.cleaning import NoWorkers, WarmPool, clean_batch

CONFIG = Path("config")


def rows_of(*texts: str) -> list[InboxRow]:
    return [
        InboxRow(number, "desk", 1, Raw(f"story-{number}", "text", text)) for number, text in enumerate(texts)
    ]


def clean(pool: WarmPool, rows: list[InboxRow]) -> list[Outcome]:
    outcomes = [outcome for batch in clean_batch(pool, rows) for outcome in batch]
    assert sorted(outcome.inbox_id for outcome in outcomes) == [row.id for row in rows]
    return sorted(outcomes, key=lambda outcome: outcome.inbox_id)


@pytest.fixture(scope="module")
def pool() -> Iterator[WarmPool]:
    with WarmPool(CONFIG, 2, 60, make_plain) as warm:
        yield warm


def test_every_row_gives_one_outcome(pool: WarmPool) -> None:
    outcomes = clean(pool, rows_of(*(f"Line {number}." for number in range(50))))
    assert [outcome.record["text"] for outcome in outcomes if outcome.record] == [
        f"Line {number}." for number in range(50)
    ]


def test_no_rows_need_no_processes() -> None:
    with WarmPool(CONFIG, 2, 60, make_crash_when_ready) as lazy:
        assert clean(lazy, []) == []


def test_outcomes_come_in_small_batches(pool: WarmPool) -> None:
    sizes = [len(batch) for batch in clean_batch(pool, rows_of(*["Line."] * 40))]
    assert sum(sizes) == 40
    assert max(sizes) <= 5


def test_an_exception_is_its_storys_error_only(pool: WarmPool) -> None:
    good, bad, other = clean(pool, rows_of("Good.", "raise an error", "Other."))
    assert (good.error, other.error) == (None, None)
    assert bad.error == "ValueError: this story breaks the cleaner"
    assert bad.record is None


@pytest.mark.parametrize("place", [0, 7, 39])
def test_a_story_that_kills_its_worker_is_found_and_the_others_are_done(pool: WarmPool, place: int) -> None:
    texts = ["Line."] * 40
    texts[place] = "crash now"
    outcomes = clean(pool, rows_of(*texts))
    assert [outcome.inbox_id for outcome in outcomes if outcome.error] == [place]
    assert "ends the process that cleans it" in str(outcomes[place].error)
    assert [outcome.record is None for outcome in outcomes].count(True) == 1


def test_a_worker_that_is_started_while_another_dies_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spawn = ProcessPoolExecutor._spawn_process

    def slowly(executor: ProcessPoolExecutor) -> None:
        time.sleep(0.2)  # long enough for the first worker to die meanwhile
        spawn(executor)

    monkeypatch.setattr(ProcessPoolExecutor, "_spawn_process", slowly)
    with WarmPool(CONFIG, 2, 60, make_plain) as slow:
        for _ in range(4):
            outcomes = clean(slow, rows_of("One.", "crash now", "Two.", "Three.", "Four."))
            assert [outcome.inbox_id for outcome in outcomes if outcome.error] == [1]


def test_several_killers_are_all_found(pool: WarmPool) -> None:
    outcomes = clean(pool, rows_of("crash", "One.", "crash", "Two.", "crash"))
    assert [outcome.error is None for outcome in outcomes] == [False, True, False, True, False]


def test_a_story_that_never_ends_is_ended() -> None:
    with WarmPool(CONFIG, 1, 0.5, make_plain) as impatient:
        good, endless, other = clean(impatient, rows_of("Good.", "hang", "Other."))
    assert "more than 0.5 seconds" in str(endless.error)
    assert good.record is not None
    assert other.record is not None


def test_cleaners_that_do_not_load_are_told_and_blame_no_story() -> None:
    with WarmPool(CONFIG, 1, 60, make_broken) as broken, pytest.raises(NoWorkers, match=r"english\.yaml:3:5"):
        clean(broken, rows_of("Good."))


def test_workers_that_die_at_once_are_told_and_blame_no_story() -> None:
    with (
        WarmPool(CONFIG, 1, 60, make_crash_when_ready) as dying,
        pytest.raises(NoWorkers, match="end as soon as"),
    ):
        clean(dying, rows_of("Good."))


def test_workers_that_die_while_nobody_works_are_replaced(pool: WarmPool) -> None:
    clean(pool, rows_of("One."))
    assert pool._executor is not None
    for worker in list(pool._executor._processes):
        os.kill(worker, signal.SIGKILL)
    assert clean(pool, rows_of("Two."))[0].error is None


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """A killed run must not leave processes behind that wait for work for good."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "from newsroom import make_plain\n"
        "from flows.tasks.cleaning import WarmPool\n"
        "if __name__ == '__main__':\n"
        "    pool = WarmPool(Path('config'), 1, 60, make_plain)\n"
        "    pool.submit([]).result()\n"
        "    print(*pool._executor._processes, flush=True)\n"
        "    time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    workers = [int(one) for one in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(workers) == 1
    deadline = time.monotonic() + 60
    while (alive := [one for one in workers if _is_alive(one)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive == []


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_long_story_gives_the_caller_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone again after it killed its worker, too: leases are lengthened in these turns."""
    monkeypatch.setattr("flows.tasks.cleaning.PULSE_SECONDS", 0.05)
    with WarmPool(CONFIG, 1, 1, make_plain) as impatient:
        batches = list(clean_batch(impatient, rows_of("hang for ever")))
    first, *others, last = [len(batch) for batch in batches]
    assert (first, set(others), last) == (0, {0}, 1)
