"""Whoever is killed is known to be gone, and what it held is free; whoever lives keeps what it holds."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from newsroom import NOON, arrival, make_plain, outcome_of, small_settings
from sqlalchemy import Engine

from flows.ledger import (
    InboxRow,
    claim,
    claim_owed,
    last_runs,
    outbox_counts,
    queue_counts,
    receive,
    record_outcomes,
)
from flows.tasks.drain import drain
from flows.tasks.owners import at_work, new_owner, present, release_the_dead
from flows.tasks.taking import take
from flows.warm_drain import _work_waits

KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from flows.ledger import claim, claim_owed, open_ledger
from flows.tasks.owners import new_owner, present
now = datetime.fromisoformat(sys.argv[3])
owner = new_owner()
with present(Path(sys.argv[1]), owner):
    engine = open_ledger(sys.argv[2])
    assert claim(engine, owner, now=now) and claim_owed(engine, owner, now=now)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def owe_one_and_receive_one(ledger: Engine) -> None:
    receive(ledger, [arrival("owed")], NOON)
    [row] = claim(ledger, "me", now=NOON)
    record_outcomes(ledger, "me", [outcome_of(row)], lambda *_: ["copy-folder"], NOON)
    receive(ledger, [arrival("waiting")], NOON)


def test_what_a_killed_process_held_is_free_at_once(tmp_path: Path, ledger: Engine, ledger_url: str) -> None:
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    owe_one_and_receive_one(ledger)
    words = [sys.executable, "-c", KILLED, settings.data_dir, ledger_url, NOON.isoformat()]
    assert subprocess.run(words).returncode == -9
    assert queue_counts(ledger)["claimed"] == 1
    assert claim(ledger, "other", now=NOON) == claim_owed(ledger, "other", now=NOON) == []
    summary = drain(ledger, settings, make=make_plain, clock=lambda: NOON)
    assert [line.row.id for line in summary.stories] == ["waiting"]
    assert outbox_counts(ledger)["made"] == 2
    assert not list((settings.data_dir / "owners").iterdir())


KILLED_IN_A_RUN = """
import os, signal, sys
from pathlib import Path
from newsroom import make_plain, outcome_of, small_settings
from flows.ledger import open_ledger
from flows.tasks import drain
settings = small_settings(Path(sys.argv[1]), ledger_url=sys.argv[2])
said = drain.note_run
def killed(*given):
    said(*given)
    os.kill(os.getpid(), signal.SIGKILL)
drain.note_run = killed
drain.drain(open_ledger(sys.argv[2]), settings, make=make_plain, run="quiet-otter")
"""


def test_the_run_of_a_killed_process_has_ended_when_its_work_is_taken_up(
    tmp_path: Path, ledger: Engine, ledger_url: str
) -> None:
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    receive(ledger, [arrival("ferry")], NOON)
    words = [sys.executable, "-c", KILLED_IN_A_RUN, tmp_path, ledger_url]
    assert subprocess.run(words, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}).returncode == -9
    [run] = last_runs(ledger)
    assert (run.name, run.finished_at) == ("quiet-otter", None)
    drain(ledger, settings, make=make_plain, run="next-otter")
    [run] = (one for one in last_runs(ledger) if one.name == "quiet-otter")
    assert run.finished_at is not None
    assert "ended from outside" in str(run.error)


def test_what_a_killed_publisher_held_wakes_the_drain_that_stands_by(
    tmp_path: Path, ledger: Engine, ledger_url: str
) -> None:
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    receive(ledger, [arrival("owed")], NOON)
    [row] = claim(ledger, "me", now=NOON)
    record_outcomes(ledger, "me", [outcome_of(row)], lambda *_: ["copy-folder"], NOON)
    dead = new_owner()
    (settings.data_dir / "owners").mkdir(parents=True)
    (settings.data_dir / "owners" / dead).touch()
    assert claim_owed(ledger, dead, now=datetime.now(UTC))
    assert _work_waits(ledger, settings), "nothing in the inbox says so"
    assert not _work_waits(ledger, settings)


def test_who_lives_keeps_what_it_holds(tmp_path: Path, ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    owner = new_owner()
    with present(tmp_path, owner):
        claim(ledger, owner, now=NOON)
        assert release_the_dead(ledger, tmp_path) == 0
        assert claim(ledger, "other", now=NOON) == []
    # It ended by itself and left nothing to be found; what it forgot waits for its lease.
    assert release_the_dead(ledger, tmp_path) == 0


def test_what_a_run_brings_is_its_own_and_what_it_leaves_is_anybodys(
    tmp_path: Path, ledger: Engine, ledger_url: str
) -> None:
    settings = small_settings(tmp_path, ledger_url=ledger_url)
    with at_work(settings) as owner:
        taken = take(ledger, [arrival("a"), arrival("b")], owner)
        now = datetime.now(UTC)
        assert release_the_dead(ledger, settings.data_dir) == 0
        assert claim(ledger, "the drain that stands by", now=now) == []
        assert claim(ledger, "another run", now=now, ids=taken.ids) == []
        assert [row.raw.id for row in claim(ledger, owner, now=now, ids=taken.ids[:1])] == ["a"]
        assert claim(ledger, owner, now=now) == [], "a sweep takes nothing that was reserved, its own neither"
        record_outcomes(
            ledger,
            owner,
            [outcome_of(InboxRow(taken.ids[0], "desk", 1, arrival("a").raw))],
            lambda *_: [],
            now,
        )
    assert [row.raw.id for row in claim(ledger, "the drain that stands by", now=now)] == ["b"]
    assert queue_counts(ledger) == {"waiting": 0, "claimed": 1, "done": 1, "failed": 0}


def test_an_owner_of_another_machine_is_not_judged(tmp_path: Path, ledger: Engine) -> None:
    receive(ledger, [arrival()], NOON)
    elsewhere = new_owner().replace(socket.gethostname(), "another-host", 1)
    (tmp_path / "owners").mkdir()
    (tmp_path / "owners" / elsewhere).touch()
    claim(ledger, elsewhere, now=NOON)
    assert release_the_dead(ledger, tmp_path) == 0
