"""Writers of the ledger have their turn: one who writes again and again keeps nobody out."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cleaners.model import Raw
from flows.ledger import Arrival, open_ledger, receive

HELD = 0.03
GREEDY = f"""
import sys, time
from sqlalchemy import text
from flows.ledger import open_ledger
ledger = open_ledger(sys.argv[1])
print("writing", flush=True)
while True:
    with ledger.begin() as connection:
        connection.execute(text("UPDATE meta SET value = value"))
        time.sleep({HELD})
"""


@contextmanager
def greedy(url: str) -> Iterator[None]:
    """A program that writes one transaction after the other, with nothing in between."""
    process = subprocess.Popen([sys.executable, "-c", GREEDY, url], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield
    finally:
        process.kill()
        process.communicate()


def arrival(number: int) -> Arrival:
    return Arrival(
        Raw(id=f"ferry-{number}", form="text", content="The ferry is back."), "cms", event_id=f"evt-{number}"
    )


def test_who_writes_seldom_waits_for_one_transaction_of_who_writes_always(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    ledger = open_ledger(url)
    waits = []
    with greedy(url):
        for number in range(30):
            began = time.monotonic()
            receive(ledger, [arrival(number)], datetime.now(UTC))
            waits.append(time.monotonic() - began)
    ledger.dispose()
    # Without a line it was half a second on average, and several at worst.
    assert median(waits) < 5 * HELD
    assert max(waits) < 40 * HELD


def test_the_turn_of_one_who_was_killed_is_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    ledger = open_ledger(url)
    for number in range(3):
        with greedy(url):
            time.sleep(0.05)
        began = time.monotonic()
        receive(ledger, [arrival(number)], datetime.now(UTC))
        assert time.monotonic() - began < 5
    ledger.dispose()


def test_without_a_line_it_goes_on(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite.turn").symlink_to(tmp_path / "nowhere" / "at-all")
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    assert len(receive(ledger, [arrival(1)], datetime.now(UTC)).ids) == 1
    ledger.dispose()
