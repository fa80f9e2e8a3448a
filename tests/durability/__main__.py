"""``python -m tests.durability``: ledger, files and receiver through many more losses than the tests have time for.

python -m tests.durability
python -m tests.durability --rounds 100 --moments 2000 --seed 7
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flows.ledger.opening import journal_mode
from flows.settings.databases import SYNCHRONOUS
from tests.durability import test_files_power, test_ledger_power
from tests.durability.disk import build, quick_folder
from tests.durability.files_writer import WAYS
from tests.durability.losing import Losses
from tests.durability.receiver_rounds import Result, kill_again_and_again, lose_power_again_and_again
from tests.durability.sqlite_settings import OWN


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.durability", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=20, help="kills, and power losses, of the receiver")
    parser.add_argument("--moments", type=int, default=100, help="moments of a life at which the power goes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seen: list[bool] = []

    def look(what: str, losses: Callable[[Path, Path], Losses | Result], *, lasts: bool = True) -> None:
        """``lasts``: nothing may be lost; else it is a control, which must lose something."""
        started = time.monotonic()
        with quick_folder() as quick:
            folder = Path(quick)
            result = losses(build(folder), folder)
        wrong = result.broken if isinstance(result, Losses) else result.wrong
        good = bool(wrong) != lasts
        seen.append(good)
        print(
            f"{'ok  ' if good else 'FAIL'} {what}: {told(result)} ({time.monotonic() - started:.0f} s)",
            flush=True,
        )
        for line in wrong[:10] if lasts else ():
            print(f"     {line}", flush=True)

    moments, seed, rounds = options.moments, options.seed, options.rounds
    own = journal_mode()
    for mode in dict.fromkeys((own, "DELETE", "TRUNCATE", "PERSIST", "WAL")):
        what = f"ledger, {mode} and {SYNCHRONOUS}{', as the product has it here' if mode == own else ''}"
        look(
            f"{what}, two writers",
            lambda lib, at, mode=mode: test_ledger_power.lose(lib, at, mode, "-", 2, moments, seed),
        )
    for mode, synchronous in test_ledger_power.CONTROLS:
        look(
            f"ledger, {mode} and {synchronous} (control)",
            lambda lib, at, mode=mode, weak=synchronous: test_ledger_power.lose(
                lib, at, mode, weak, 1, moments, seed
            ),
            lasts=False,
        )
    for way in WAYS:
        lasts = way not in test_files_power.CONTROLS
        look(
            f"files, {way}{'' if lasts else ' (control)'}",
            lambda lib, at, way=way: test_files_power.lose(lib, at, way, moments, seed),
            lasts=lasts,
        )
    look("receiver, kill -9", lambda _, at: kill_again_and_again(at, rounds, seed))
    for sqlite in (OWN, *((mode, "-") for mode in test_ledger_power.MODES if mode != own)):
        look(
            f"receiver, power{'' if sqlite == OWN else f', in {sqlite[0]} mode'}",
            lambda lib, at, sqlite=sqlite: lose_power_again_and_again(lib, at, rounds, sqlite, seed),
        )
    look(
        "receiver, power, with synchronous=OFF (control)",
        lambda lib, at: lose_power_again_and_again(lib, at, 1, ("DELETE", "OFF"), seed),
        lasts=False,
    )
    return 0 if all(seen) else 1


def told(result: Losses | Result) -> str:
    if isinstance(result, Losses):
        return f"{result.promises} promises, {result.disks} disks after a loss, {len(result.broken)} broken"
    return (
        f"{result.rounds} rounds, {result.acked} events answered 202, {result.refused} 503, "
        f"{result.disks} disks, {len(result.wrong)} wrong"
    )


if __name__ == "__main__":
    sys.exit(main())
