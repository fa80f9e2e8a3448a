"""Many programs at one ledger, on both databases: PostgreSQL lets them in at once, and none of them may lose anything by it."""

from __future__ import annotations

import random
import string
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from newsroom import NOON, arrival, outcome_of, small_settings
from postgres_server import Postgres
from sqlalchemy import Connection, Engine, event, func, select, update
from sqlalchemy.engine import make_url

from cleaners.model import Raw
from flows.ledger import (
    Arrival,
    claim,
    claim_owed,
    ledger_id,
    made,
    open_ledger,
    outbox_counts,
    queue_counts,
    receive,
    record_outcomes,
)
from flows.ledger.tables import INBOX, PUBLICATIONS, STORIES
from flows.ledger.transactions import transact
from flows.settings import load_settings
from flows.settings.databases import NoDriver, make_engine
from flows.tasks.drain import drain

HERE = Path(__file__).parent


def at_once(*works: Callable[[], object]) -> None:
    """Run all of them in threads that start together; what one raises is raised."""
    start = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_programs_that_start_together_make_one_ledger(ledger_url: str) -> None:
    names: list[str] = []

    def start() -> None:
        engine = open_ledger(ledger_url)
        names.append(ledger_id(engine))
        engine.dispose()

    at_once(*[start] * 6)
    assert len(names) == 6
    assert len(set(names)) == 1


def test_batches_that_meet_head_on_are_both_taken_in(ledger: Engine) -> None:
    def send(step: int) -> Callable[[], object]:
        stories = [f"story-{number}" for number in range(12)][::step]
        # Each batch with words of its own: every story gets a revision, and is locked, by both.
        return lambda: [
            receive(ledger, [arrival(one, f"{one}, version {step * turn}.") for one in stories], NOON)
            for turn in range(1, 11)
        ]

    at_once(send(1), send(-1))
    assert queue_counts(ledger)["waiting"] == 2 * 10 * 12
    with ledger.connect() as connection:
        assert connection.execute(select(func.count()).select_from(STORIES)).scalar_one() == 12


def test_an_event_that_is_sent_twice_at_once_is_taken_in_once(ledger: Engine) -> None:
    def send(text: str) -> Callable[[], object]:
        return lambda: [
            receive(ledger, [arrival(f"story-{number}", text, event_id=f"evt_{number}")], NOON)
            for number in range(40)
        ]

    at_once(send("One."), send("Two."), send("Three."))
    assert queue_counts(ledger)["waiting"] == 40


def test_a_transaction_that_the_database_ends_is_done_again(postgres: Postgres) -> None:
    """A deadlock on purpose: each of two holds what the other one wants."""
    ledger = open_ledger(postgres.database())
    receive(ledger, [arrival("a"), arrival("b")], NOON)
    both_hold_one = threading.Barrier(2)
    tries: list[str] = []

    def touch(*stories: str) -> Callable[[], object]:
        def work(connection: Connection) -> None:
            tries.append(stories[0])
            for story in stories:
                change = update(STORIES).where(STORIES.c.external_id == story)
                connection.execute(change.values(verdict=stories[0]))
                if tries.count(stories[0]) == 1 and story == stories[0]:
                    both_hold_one.wait(10)

        return lambda: transact(ledger, work)

    at_once(touch("a", "b"), touch("b", "a"))
    assert len(tries) == 3
    ledger.dispose()


def test_a_kill_finds_the_copy_that_goes_out_at_this_moment(ledger: Engine, ledger_url: str) -> None:
    """A publisher has claimed the copy, and its claim is not yet written down: the kill must wait and see it."""

    def record(owner: str, text: str, verdict: str) -> None:
        receive(ledger, [arrival(text=text)], NOON)
        [row] = claim(ledger, owner, now=NOON)
        record_outcomes(ledger, owner, [outcome_of(row, verdict=verdict)], lambda *_: ["folder"], NOON)

    record("me", "The ferry is back.", "publish")
    publisher = open_ledger(ledger_url)
    has_claimed, killing = threading.Event(), threading.Event()

    @event.listens_for(publisher, "commit")
    def _(connection: Connection) -> None:
        if connection.get_execution_options().get("only_reads"):
            return
        has_claimed.set()
        # Long enough for the kill to come as far as it can; on SQLite that is nowhere, for there is one writer.
        killing.wait(10)
        threading.Event().wait(0.3)

    def publish() -> None:
        acts = claim_owed(publisher, "publisher", now=NOON)
        assert [one.act for one in acts] == ["publish"]

    def kill() -> None:
        has_claimed.wait(10)
        killing.set()
        record("killer", "KILL", "kill")

    at_once(publish, kill)
    publisher.dispose()
    with ledger.connect() as connection:
        acts = connection.execute(select(PUBLICATIONS.c.act, PUBLICATIONS.c.state)).all()
    assert ("unpublish", "owed") in [tuple(act) for act in acts]


def test_any_name_and_any_text_can_be_kept(ledger: Engine) -> None:
    """PostgreSQL refuses NUL, half characters, and words of more than 2,704 bytes in an index."""
    letters = random.Random(1)
    long = "".join(letters.choices(string.ascii_letters + "äöü€", k=4000))
    stories = [
        Arrival(Raw(long + tail, "text", "Copy.\0 \ud83d", publisher=long, url="http://x/" + long), "desk")
        for tail in ("1", "2")
    ]
    events = [arrival("a", event_id=long + tail) for tail in ("1", "2", "2")]
    received = receive(ledger, [*stories, *events], NOON)
    assert (len(received.ids), len(received.duplicates)) == (4, 1)
    rows = claim(ledger, "me", now=NOON)
    assert [row.raw.id for row in rows[:2]] == [one.story_id for one in stories]
    assert rows[0].raw.content == "Copy.\0 \ud83d"
    outcomes = [outcome_of(row, text="Nul \0, half \ud83d.", headline=long) for row in rows]
    recorded = record_outcomes(ledger, "me", outcomes, lambda *_: ["folder"], NOON)
    assert {one.state for one in recorded} == {"done"}
    acts = claim_owed(ledger, "me", now=NOON)
    assert {act.record["text"] for act in acts} == {"Nul \0, half \ud83d."}
    assert made(ledger, "me", {act.id: {"did": "wrote\0\ud83d"} for act in acts}, NOON) == len(acts) > 0


def test_a_database_that_was_restarted_is_asked_again(postgres: Postgres) -> None:
    ledger = open_ledger(postgres.database())
    receive(ledger, [arrival()], NOON)
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'ledger%'")
    assert len(claim(ledger, "me", now=NOON)) == 1
    ledger.dispose()


def test_two_processes_that_drain_one_inbox_do_each_story_once(tmp_path: Path, ledger_url: str) -> None:
    settings = small_settings(tmp_path, ledger_url=ledger_url, workers=1)
    ledger = open_ledger(ledger_url)
    ids = receive(ledger, [arrival(f"s{number}", f"Story {number}.") for number in range(30)], NOON).ids
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from newsroom import make_plain, small_settings\n"
        "from flows.ledger import open_ledger\n"
        "from flows.tasks.drain import drain\n"
        "if __name__ == '__main__':\n"
        "    settings = small_settings(Path(sys.argv[2]), ledger_url=sys.argv[3], workers=1)\n"
        "    summary = drain(open_ledger(sys.argv[3]), settings, chunk=10, make=make_plain)\n"
        "    print(*(line.row.id for line in summary.stories))\n"
        "    print(*(one.story for one in summary.published.made))\n"
    )
    (tmp_path / "draining.py").write_text(program)
    both = [
        subprocess.Popen(
            [sys.executable, tmp_path / "draining.py", HERE, tmp_path, ledger_url],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=120)[0].splitlines() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted(word for lines in said for word in lines[0].split()) == sorted(f"s{n}" for n in range(30))
    assert sum(len(lines[1].split()) for lines in said) == 30
    assert outbox_counts(ledger) == {"owed": 0, "made": 30, "overtaken": 0, "failed": 0}
    assert len(list((settings.data_dir / "published").glob("*.txt"))) == len(ids)
    with ledger.connect() as connection:
        assert set(connection.execute(select(INBOX.c.attempts)).scalars()) == {1}
    ledger.dispose()


def test_clean_copy_goes_into_a_table_of_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    from newsroom import make_plain, small_config

    address = postgres.database()
    settings = small_settings(tmp_path)
    small_config(settings.config_dir, f"  copy-table: {{kind: table, url: '{address}', default: yes}}\n")
    ledger = open_ledger(settings.ledger_url)
    for text in ("Nul \0 and half \ud83d.", "Second version."):
        receive(ledger, [arrival(text=text)], NOON)
        drain(ledger, settings, make=make_plain, clock=lambda: NOON)
    ledger.dispose()
    assert outbox_counts(ledger) == {"owed": 0, "made": 4, "overtaken": 0, "failed": 0}
    ledger.dispose()
    engine = make_engine(make_url(address).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT text, edition, withdrawn FROM clean_copy").all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("Second version.", 2, False)]


def test_a_missing_driver_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    settings = load_settings(
        environ={
            "CLEANCOPY_LEDGER": "postgresql://desk:pa55@db.example/ledger",
            "CLEANCOPY_DATA": str(tmp_path),
        }
    )
    with pytest.raises(NoDriver, match=r"pip install 'cleancopy\[postgresql\]'") as caught:
        open_ledger(settings.ledger_url)
    assert "pa55" not in str(caught.value)
