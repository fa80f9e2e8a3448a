"""A newsroom's day in fast motion: news come, two or three publishers work, and each of them is killed again and again.

When enough was published and every point was met, no more news come; the publishers go on, and are killed, until nothing is
owed: fewer of them, or it would take as long as the day. Then the judge looks at what the readers saw.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from flows.ledger import open_ledger, outbox_counts, queue_counts, receive
from tests.chaos.cms_places import blind_place, cms_place, deleting_place, drafts_place
from tests.chaos.feed import Feed
from tests.chaos.journal import noted
from tests.chaos.judge import Judged, judge
from tests.chaos.lives import Order, newsroom_time
from tests.chaos.nursery import Nursery, running_nursery
from tests.chaos.places import Place, configure, documents_place, folder_place, table_place
from tests.chaos.points import CONTROL_POINTS, POINTS, Point
from tests.chaos.wrong import WRONG

BACKLOG = 7
"""For each destination, how much may be under way before more news come: enough that newer editions meet older ones."""
LIFE_SECONDS = 0.8
LONG_LIFE_SECONDS = 4.0
"""Of a life that is to end at a point: it waits for the point."""
PUBLISHERS = ("drain", "publisher", "publisher")
SLEEPS = 10
"""How many publishers, at least, sleep through their leases on a sleepy day. Where the folder was made not to look at its cards,
11 that slept there put 14 old versions over newer ones."""
PATIENCE_SECONDS = 120.0
"""That it may take after the last news until nothing is owed."""

Progress = Callable[[int, int], None]
"""Is told how many publications were made, and how many publishers killed at a point."""


@dataclass(frozen=True, slots=True)
class Day:
    """What happened. ``hits``: how often each point was met; ``never`` those that were not; ``broken`` how lives ended that were
    neither killed nor over; ``given_up`` acts and stories that nobody tries any more; ``left`` drafts that nobody will publish; ``slept`` how many
    publishers slept through their leases."""

    publications: int
    judged: Judged
    hits: Counter[str]
    never: tuple[str, ...]
    faults: Counter[str]
    ends: Counter[str]
    given_up: int
    left: int
    stories: int
    editions: int
    repeated: int
    slept: int
    seconds: float
    broken: tuple[str, ...] = ()


def run_day(
    root: Path,
    ledger_url: str,
    *,
    publications: int,
    seed: int,
    table: str = "sqlite:///copy.sqlite",
    control: str | None = None,
    sleepy: bool = False,
    most_seconds: float = 300.0,
    progress: Progress = lambda made, kills: None,
) -> Day:
    """Run until ``publications`` were made and every point was met (not on a ``sleepy`` day, on which more publishers sleep through
    their leases and few are killed), or ``most_seconds`` are over; then until nothing is owed.

    What happens in which order is the system's affair: the same seed gives the same news and the same bad luck, not the same day.
    Raises TimeoutError when the ledger does not come to rest.
    """
    (root / "data").mkdir(parents=True)
    with ExitStack() as stack:
        places = [stack.enter_context(one) for one in _places(root, control, seed, table)]
        configure(root, places)
        ledger = open_ledger(ledger_url)
        stack.callback(ledger.dispose)
        nursery = stack.enter_context(running_nursery(root / "lives.log"))
        return _Scenario(root, ledger_url, ledger, nursery, seed, control, sleepy).run(
            places, publications, most_seconds, progress
        )


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A temporary folder, in memory where the system has room for it: a kill takes nothing from the system's buffers, so what is on
    a disk need not be waited for."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > 200_000_000
    with tempfile.TemporaryDirectory(prefix="cleancopy-chaos-", dir=memory if has_room else None) as folder:
        yield Path(folder)


def _places(root: Path, control: str | None, seed: int, table: str) -> list[AbstractContextManager[Place]]:
    match WRONG[control].places if control else None:
        case "documents":
            return [documents_place(root)]
        case "no versions":
            return [blind_place(seed)]
        case "files":
            return [folder_place(root), table_place(root, table)]
        case _:
            servers = [cms_place(seed), drafts_place(seed + 1), deleting_place(seed + 2)]
            return [folder_place(root), table_place(root, table), *servers]


def points_of(control: str | None) -> tuple[Point, ...]:
    if control is None:
        return POINTS
    return tuple(point for point in (*POINTS, *CONTROL_POINTS) if point.room in WRONG[control].rooms)


class _Scenario:
    def __init__(
        self,
        root: Path,
        ledger_url: str,
        ledger: Engine,
        nursery: Nursery,
        seed: int,
        control: str | None,
        sleepy: bool,
    ) -> None:
        self._root = root
        self._ledger_url = ledger_url
        self._ledger = ledger
        self._nursery = nursery
        self._random = random.Random(seed)
        self._feed = Feed(seed)
        self._control = control
        self._points = points_of(control)
        self._sleepy = sleepy or (control is not None and WRONG[control].sleepy)
        self._publishers = (*PUBLISHERS, "publisher") if self._sleepy else PUBLISHERS
        self._began = time.time()
        self._places = 1
        self._evening = False
        self._roles: dict[int, str] = {}
        self._orders = 0
        self._planned = Counter[str]()
        self._ends = Counter[str]()
        self._broken: list[str] = []

    def run(self, places: Sequence[Place], publications: int, most_seconds: float, progress: Progress) -> Day:
        started = time.monotonic()
        self._places = len(places)
        counts, hits = outbox_counts(self._ledger), Counter[str]()
        while time.monotonic() - started < most_seconds:
            counts, hits = outbox_counts(self._ledger), self._hits()
            progress(counts["made"], sum(hits.values()))
            if counts["made"] >= publications and self._met_enough(hits):
                break
            self._send_news(counts)
            self._turn(hits)
        self._evening = True
        ends = time.monotonic() + PATIENCE_SECONDS
        while not self._at_rest():
            if time.monotonic() > ends:
                raise TimeoutError(
                    f"After {PATIENCE_SECONDS:.0f} seconds the ledger is not at rest: {outbox_counts(self._ledger)}, "
                    f"{queue_counts(self._ledger)}. {self._log()}"
                )
            self._turn(self._hits())
        self._stop()
        hits, counts = self._hits(), outbox_counts(self._ledger)
        seen = {place.name: place.seen(list(self._feed.sent)) for place in places}
        faults = Counter(line["fault"] for line in noted(self._root / "faults"))
        for place in places:
            faults += place.faults()
        return Day(
            publications=counts["made"],
            judged=judge(self._feed.sent, seen),
            hits=hits,
            never=self._never(hits),
            faults=faults,
            left=sum(one.left for one in seen.values()),
            ends=self._ends,
            given_up=counts["failed"] + queue_counts(self._ledger)["failed"],
            stories=len(self._feed.sent),
            editions=sum(len(sent) for sent in self._feed.sent.values()),
            repeated=self._feed.repeated,
            slept=self._slept(),
            seconds=time.monotonic() - started,
            broken=tuple(self._broken),
        )

    def _met_enough(self, hits: Counter[str]) -> bool:
        if self._control:
            return True
        return self._slept() >= SLEEPS if self._sleepy else not self._never(hits)

    def _slept(self) -> int:
        return sum(line["asleep"] for line in noted(self._root / "hits"))

    def _send_news(self, counts: dict[str, int]) -> None:
        queue = queue_counts(self._ledger)
        free = max(16, BACKLOG * self._places) - counts["owed"] - queue["waiting"] - queue["claimed"]
        for _ in range(min(free, 6)):
            receive(self._ledger, [self._feed.next()], newsroom_time(self._began))

    def _turn(self, hits: Counter[str]) -> None:
        """Start whoever is missing, and wait for the next to end."""
        for role in self._publishers:
            if list(self._roles.values()).count(role) < self._publishers.count(role):
                self._start(role, hits)
        self._note_ends(0.05)

    def _note_ends(self, seconds: float) -> None:
        for order, code in self._nursery.ended(seconds):
            role = self._roles.pop(order)
            end = {0: "its time was over", -9: "killed at a point", -14: "killed anywhere"}.get(code)
            if end is None:
                self._broken.append(f"{role} {order} ended with {code}. {self._log()}")
            self._ends[end or "broke"] += 1

    def _start(self, role: str, hits: Counter[str]) -> None:
        self._orders += 1
        draw = self._random
        shares = (15, 45, 5, 35) if self._sleepy else (30, 5, 5, 60) if self._evening else (66, 14, 10, 10)
        what = draw.choices(("killed", "asleep", "anywhere", "lives"), shares)[0]
        point = self._choose(role, hits, what == "asleep") if what in ("killed", "asleep") else None
        order = Order(
            id=self._orders,
            role=role,
            present=self._is_present(role, point, what == "asleep"),
            control=self._control,
            point=point.name if point else None,
            nth=draw.randint(1, point.often if hits[point.name] else 1) if point else 0,
            asleep=what == "asleep",
            anywhere=draw.uniform(0.02, 0.6) if what == "anywhere" else None,
            seconds=LONG_LIFE_SECONDS if point else LIFE_SECONDS,
            root=str(self._root),
            ledger=self._ledger_url,
            began=self._began,
            seed=draw.getrandbits(32),
        )
        self._nursery.fork(order)  # type: ignore[arg-type]
        self._roles[self._orders] = role

    def _is_present(self, role: str, point: Point | None, asleep: bool) -> bool:
        """Who is known by a lock keeps what it holds; who is to lose its lease while it sleeps must not be."""
        if role == "drain" or (point and point.room == "leases"):
            return True
        return not asleep and not self._sleepy and self._random.random() < 0.6

    def _choose(self, role: str, hits: Counter[str], asleep: bool) -> Point | None:
        """One that was not met yet, and that few others pass; else the least met."""
        mine = [point for point in self._points if role in point.roles and (point.asleep or not asleep)]
        if not mine or (role == "drain" and (self._control or asleep)):
            return None  # a control's drain only records; and a drain's leases are long
        self._random.shuffle(mine)
        if asleep:
            return mine[0]
        point = min(
            mine,
            key=lambda one: (hits[one.name] > 0, hits[one.name] or len(one.roles), self._planned[one.name]),
        )
        self._planned[point.name] += 1
        return point

    def _hits(self) -> Counter[str]:
        return Counter(line["point"] for line in noted(self._root / "hits") if not line["asleep"])

    def _never(self, hits: Counter[str]) -> tuple[str, ...]:
        return tuple(point.name for point in self._points if not hits[point.name])

    def _at_rest(self) -> bool:
        queue = queue_counts(self._ledger)
        return not (queue["waiting"] or queue["claimed"] or outbox_counts(self._ledger)["owed"])

    def _stop(self) -> None:
        """Let those that still live end: one of them may be at work on an act that another has done meanwhile."""
        (self._root / "stop").touch()
        ends = time.monotonic() + PATIENCE_SECONDS
        while self._roles and time.monotonic() < ends:
            self._note_ends(0.2)

    def _log(self) -> str:
        return (self._root / "lives.log").read_text()[-4000:]


def kinds(day: Day) -> dict[str, Any]:
    """How often each fault was found."""
    return {"lost": len(day.judged.lost), "twice": len(day.judged.twice), "stale": len(day.judged.stale)}
