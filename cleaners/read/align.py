"""Where in the page each block of the extracted story stands."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

_LONG = 2_000


def align(story: Sequence[str], page: Sequence[str]) -> list[int | None]:
    """For each line of ``story`` the index of the same line in ``page``, rising, or None.

    Spaces do not count. The longest common stretches are taken first (difflib), so that "Read more" at the end of the page
    does not draw the whole story there.

    >>> align(["b", "c x", "d"], ["a", "b", "cx", "b"])
    [1, 2, None]
    """
    mine = [_key(line) for line in story]
    theirs = [_key(line) for line in page]
    # autojunk bounds the work on pages that say the same line ten thousand times
    matcher = SequenceMatcher(None, theirs, mine, autojunk=len(mine) + len(theirs) > _LONG)
    found: list[int | None] = [None] * len(story)
    for start, at, length in matcher.get_matching_blocks():
        for step in range(length):
            found[at + step] = start + step
    return found


def _key(line: str) -> str:
    return "".join(line.split())
