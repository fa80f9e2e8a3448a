"""The pool: processes really die here, and every other story is done."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from pathlib import Path

import pytest
from newsroom import make_broken, make_crash_when_ready, make_dies_once, make_plain

from cleaners.model import Raw
from flows.ledger import InboxRow, Outcome
from flows.tasks.cleaning import NoWorkers, WarmPool, clean_batch
from flows.tasks.workers import make_clean

CONFIG = Path("config")


def rows_of(*texts: str) -> list[InboxRow]:
    return [
        InboxRow(number, "desk", 1, Raw(f"story-{number}", "text", text)) for number, text in enumerate(texts)
    ]


def clean(pool: WarmPool, rows: list[InboxRow]) -> list[Outcome]:
    outcomes = [outcome for batch in clean_batch(pool, rows) for outcome in batch]
    assert sorted(outcome.inbox_id for outcome in outcomes) == [row.id for row in rows]
    return sorted(outcomes, key=lambda outcome: outcome.inbox_id)


def held(outcomes: list[Outcome]) -> dict[int, str]:
    assert all(outcome.record and not outcome.error for outcome in outcomes)
    return {
        outcome.inbox_id: str(outcome.record["reasons"][0])
        for outcome in outcomes
        if outcome.record and outcome.record["verdict"] == "hold"
    }


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
    assert max(sizes) <= 10


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
    assert held(outcomes) == {place: "the reader died of it (exit code 7)"}


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
            assert held(outcomes) == {1: "the reader died of it (exit code 7)"}


def test_several_killers_are_all_found(pool: WarmPool) -> None:
    outcomes = clean(pool, rows_of("crash", "One.", "crash", "Two.", "crash"))
    assert list(held(outcomes)) == [0, 2, 4]


def test_a_story_that_never_ends_is_ended_at_once_and_its_neighbours_are_cleaned() -> None:
    texts = ["Line."] * 60
    texts[3] = "hang"
    began = time.monotonic()
    with WarmPool(CONFIG, 2, 2, make_plain) as impatient:
        clean(impatient, rows_of("Warm."))
        began = time.monotonic()
        outcomes = clean(impatient, rows_of(*texts))
        took = time.monotonic() - began
    assert held(outcomes) == {3: "it took more than 2 seconds"}
    assert took >= 2


def test_a_segmentation_fault_is_told_by_its_name(pool: WarmPool) -> None:
    assert held(clean(pool, rows_of("One.", "segfault", "Two."))) == {1: "the reader died of it (SIGSEGV)"}


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit elsewhere")
def test_a_story_that_eats_memory_is_held_and_the_machine_is_spared() -> None:
    with WarmPool(CONFIG, 1, 60, make_plain, story_megabytes=500) as small:
        outcomes = clean(small, rows_of("One.", "eat", "Two."))
    assert held(outcomes) == {1: "it needed more than 500 MB of memory"}


def test_a_story_that_cannot_even_be_held_is_an_error(pool: WarmPool) -> None:
    good, bad = clean(pool, rows_of("Good.", "crash always"))
    assert good.error is None
    assert "even its signals could not be read" in str(bad.error)


def test_a_worker_that_something_else_kills_blames_no_story(tmp_path: Path) -> None:
    """The system ends what is large when memory is short: the story is tried again."""
    with WarmPool(tmp_path, 1, 60, make_dies_once) as once:
        assert held(clean(once, rows_of("One.", "Two."))) == {}


def test_a_real_story_that_ended_its_reader_is_held_and_a_kill_in_it_is_seen() -> None:
    row, killed = rows_of("The ferry sails again.", "KILL KILL KILL\nThe ferry sails again.")
    work = make_clean(CONFIG)
    outcome = work(row, "it took more than 60 seconds")
    assert outcome.record is not None
    assert (outcome.record["verdict"], outcome.record["text"]) == ("hold", "")
    assert outcome.record["reasons"][0] == "it took more than 60 seconds; clean it by hand"
    record = work(killed, "it took more than 60 seconds").record
    assert record is not None
    assert record["verdict"] == "kill"


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


@pytest.mark.skipif(sys.platform != "linux", reason="no fork server elsewhere")
def test_a_fork_server_that_is_just_ending_is_waited_for(pool: WarmPool) -> None:
    """Python's fork server ends when whoever called it hangs up: a worker that cannot be started does that."""
    clean(pool, rows_of("One."))
    pool.renew()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(forkserver._forkserver._forkserver_address)  # type: ignore[attr-defined]
    assert held(clean(pool, rows_of("Two."))) == {}


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
    monkeypatch.setattr("flows.warm_pool.PULSE_SECONDS", 0.05)
    with WarmPool(CONFIG, 1, 1, make_plain) as impatient:
        batches = list(clean_batch(impatient, rows_of("hang for ever")))
    first, *others, last = [len(batch) for batch in batches]
    assert (first, set(others), last) == (0, {0}, 1)
