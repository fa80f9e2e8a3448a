"""Where in the page each block of the extracted story stands."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_MOST_PAIRS = 1_000_000
_MOST_HITS = 1_000


def align(story: Sequence[str], page: Sequence[str]) -> list[int | None]:
    """For each line of ``story`` the index of the same line in ``page``, rising, or None.

    Spaces do not count. The longest common stretches are taken first (difflib), so that "Read more" at the end of the page
    does not draw the whole story there. Where that would take long (500 equal lines against 1,000: 3.2 s), lines that
    either side says once are the anchors (as in Bram Cohen's patience diff), and the rest is taken in order.

    >>> align(["b", "c x", "d"], ["a", "b", "cx", "b"])
    [1, 2, None]
    """
    mine = [_key(line) for line in story]
    theirs = [_key(line) for line in page]
    found: list[int | None] = [None] * len(story)
    for at, place in _longest_first(mine, theirs) if _is_cheap(mine, theirs) else _in_order(mine, theirs):
        found[at] = place
    return found


def _key(line: str) -> str:
    return "".join(line.split())


def _is_cheap(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """difflib looks at every pair of equal lines once for each stretch that it finds."""
    size = len(mine) + len(theirs)
    if len(mine) * len(theirs) > _MOST_PAIRS:
        return False
    count = Counter(theirs)
    return sum(count[key] for key in mine) <= _MOST_HITS + 2 * size


def _longest_first(mine: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int]]:
    for start, at, length in SequenceMatcher(None, theirs, mine, autojunk=False).get_matching_blocks():
        for step in range(length):
            yield at + step, start + step


def _in_order(mine: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Anchors, and between two anchors each line's next place. O(n log n)."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(theirs):
        places[key].append(place)
    count = Counter(mine)
    anchors = _rising(
        [
            (at, places[key][0])
            for at, key in enumerate(mine)
            if count[key] == 1 and len(places.get(key, ())) == 1
        ]
    )
    at = place = 0
    for anchor_at, anchor_place in [*anchors, (len(mine), len(theirs))]:
        for here in range(at, anchor_at):
            known = places.get(mine[here], [])
            index = bisect_left(known, place)
            if index < len(known) and known[index] < anchor_place:
                yield here, known[index]
                place = known[index] + 1
        if anchor_at < len(mine):
            yield anchor_at, anchor_place
        at, place = anchor_at + 1, anchor_place + 1


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs whose second numbers rise (patience sorting)."""
    tops: list[int] = []  # the smallest last place of a run of each length
    ends: list[int] = []  # the pair it belongs to
    before: list[int] = []
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(tops, place)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [place]
        ends[length : length + 1] = [index]
    run: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return run[::-1]
