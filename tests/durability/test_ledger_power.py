"""The power goes while a newsroom writes into its ledger: what it was told is written, is there afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from flows.ledger import ledger_id, open_ledger
from flows.ledger.opening import ROLLBACK, WAL_IS_SAFE, journal_mode, reading
from flows.ledger.tables import COPIES, INBOX, PUBLICATIONS, RAWS, REVISIONS, STORIES
from flows.settings.databases import make_engine
from tests.durability.ledger_writer import DESTINATIONS
from tests.durability.losing import Losses, lose_power

MOMENTS, ROUNDS = 20, 20
LEDGER = "ledger/ledger.sqlite"
MODES = ("WAL", ROLLBACK)
"""Both of the product, whichever of them the SQLite that is here can be trusted with."""
CONTROLS = [
    ("WAL", "NORMAL"),
    # The journal is deleted, and its folder not synced: it comes back, and with it the state before the transaction.
    ("DELETE", "FULL"),
    ("DELETE", "OFF"),
]
_AFTER = {
    "waiting": ("waiting", "claimed", "done"),
    "claimed": ("claimed", "done"),
    "done": ("done",),
    "owed": ("owed", "made", "overtaken"),
    "made": ("made",),
}


def test_no_other_mode_is_the_products() -> None:
    old = (*WAL_IS_SAFE[:2], WAL_IS_SAFE[2] - 1)
    assert (journal_mode(WAL_IS_SAFE), journal_mode(old)) == MODES
    assert journal_mode() in MODES


@pytest.mark.parametrize(
    ("mode", "writers"), [("DELETE", 1), *((mode, writers) for mode in MODES for writers in (1, 2))]
)
def test_with_the_products_settings_nothing_promised_is_lost(
    mode: str, writers: int, library: Path, quick: Path
) -> None:
    losses = lose(library, quick, mode, "-", writers)
    assert losses.broken == ()
    assert losses.promises == (1 + 5 * (ROUNDS // writers)) * writers
    assert losses.disks == 5 * losses.moments > 4 * MOMENTS


@pytest.mark.parametrize(("mode", "synchronous"), CONTROLS)
def test_with_weaker_settings_the_same_test_finds_losses(
    mode: str, synchronous: str, library: Path, quick: Path
) -> None:
    losses = lose(library, quick, mode, synchronous, moments=6)
    assert any("is not there" in line or "does not open" in line for line in losses.broken), losses.broken[
        :10
    ]


def lose(
    library: Path,
    folder: Path,
    mode: str,
    synchronous: str,
    writers: int = 1,
    moments: int = MOMENTS,
    seed: int = 1,
) -> Losses:
    """Take the power from newsrooms whose one ledger is in this journal mode; ``-``: as the product has it."""
    root = folder / "disk"
    words = (f"sqlite:///{root / LEDGER}", mode, synchronous, ROUNDS // writers)
    programs = [("ledger_writer", *words, name) for name in ("quay", "town")[:writers]]
    return lose_power(library, root, broken, programs, moments=moments, seed=seed)


def broken(folder: Path, promises: Sequence[dict[str, Any]]) -> list[str]:
    """What the ledger that is left does not keep of the promises, and what in it contradicts itself."""
    if not (folder / LEDGER).exists():
        return ["the ledger is not there"]
    try:
        engine = open_ledger(f"sqlite:///{folder / LEDGER}")
        try:
            return [*_unsound(engine), *_forgotten(engine, promises), *_half_done(engine)]
        finally:
            engine.dispose()
    except DatabaseError as error:
        return [f"the ledger does not open: {error.orig}"]


def _unsound(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        said = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        strays = connection.execute(text("PRAGMA foreign_key_check")).all()
    return [f"integrity_check: {line}" for line in said if line != "ok"] + [str(stray) for stray in strays]


def _forgotten(engine: Engine, promises: Sequence[dict[str, Any]]) -> list[str]:
    """Each row is there, in the state that was promised or in one that comes after it."""
    if promises[0]["ledger"] != ledger_id(engine):
        return ["the ledger that was made first is not there, but another one"]
    told = []
    with reading(engine) as connection:
        for table, key in ((INBOX, "inbox"), (PUBLICATIONS, "outbox")):
            states = dict(connection.execute(select(table.c.id, table.c.state)).tuples().all())
            wanted = {int(row): state for each in promises for row, state in each.get(key, {}).items()}
            for row, state in wanted.items():
                if row not in states:
                    told.append(f"row {row} of the {key} is not there ({state})")
                elif states[row] not in _AFTER[state]:
                    told.append(
                        f"row {row} of the {key} is {states[row]}, and was {state}: that is not there"
                    )
        events = connection.execute(select(INBOX.c.event_id)).scalars().all()
    promised = [event for each in promises for event in each.get("events", ())]
    told += [
        f"the event {event} is there {events.count(event)} times"
        for event in promised
        if events.count(event) != 1
    ]
    return told


def _half_done(engine: Engine) -> list[str]:
    """A transaction is there as a whole or not at all."""
    told = []
    with reading(engine) as connection:
        rows = connection.execute(
            select(INBOX.c.event_id, INBOX.c.state, REVISIONS.c.id, STORIES.c.external_id, RAWS.c.content)
            .join(REVISIONS, INBOX.c.revision_id == REVISIONS.c.id)
            .join(STORIES, REVISIONS.c.story_id == STORIES.c.id)
            .join(RAWS, REVISIONS.c.raw_hash == RAWS.c.hash)
        ).all()
        copies = connection.execute(select(COPIES.c.revision_id, COPIES.c.id)).tuples().all()
        owed = connection.execute(select(PUBLICATIONS.c.copy_id)).scalars().all()
    if len(rows) % 3:
        told.append(f"of three arrivals that came together not all are there: {len(rows)} are")
    for event, _, _, story, content in rows:
        number = event.partition("-")[0]
        if not content.decode().startswith(f"Of {story}, in round {number}."):
            told.append(f"{event} has another content: {content[:40]!r}")
    done = sorted(revision for _, state, revision, _, _ in rows if state == "done")
    if done != sorted(revision for revision, _ in copies):
        told.append("what is done has no copy, or a copy without being done")
    told += [f"copy {copy} is not owed to all" for _, copy in copies if owed.count(copy) != len(DESTINATIONS)]
    return told


def test_every_sqlite_database_that_is_written_is_opened_so(tmp_path: Path) -> None:
    # A table of a destination, too: what it was given is marked as made in the ledger.
    engine = make_engine(make_url(f"sqlite:///{tmp_path / 'table.sqlite'}"))
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 3
    engine.dispose()
