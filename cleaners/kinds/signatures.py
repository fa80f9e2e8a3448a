"""Who signed a letter or a statement: the lines under "Yours sincerely,", and under the last sentence of a letter.

They look like the writer's box under a story ("Grace Holt", "Editor"), and are the letter's own words. What says that it is a letter are its
salutation and its closing, which are rules (kinds ``salutation`` and ``sign-off``).
"""

from __future__ import annotations

from collections.abc import Sequence

from cleaners.kinds.facts import NO_CLAIM, Facts
from cleaners.model import Block

_SIGNED = NO_CLAIM | {"role", "byline", "agency-name", "sign-off"}
"""Kinds that the line of a signature may have: name, office, house."""
_LONGEST = 80
_MOST_LINES = 4
_OPENING = 6
"""A salutation stands above the letter's first sentence, or begins it: under headline, standfirst and byline at the most."""


def signed(blocks: Sequence[Block], lines: Sequence[Facts]) -> frozenset[int]:
    """The positions of signatures.

    Under a closing two names and two more lines may stand: "Grace Holt", "Editor, Kesten Courier", "Vorre". Without one, a letter with a
    salutation is signed under its last sentence, by a name and perhaps one line more: "Grace Holt", "Kesten".
    """
    found: set[int] = set()
    letter = False
    for at, line in enumerate(lines):
        if "sign-off" in line.kinds:
            found.update(_under(blocks, lines, at, _MOST_LINES))
        elif "salutation" in line.kinds and at < _OPENING:
            letter = True
    if letter:
        last = max((at for at, line in enumerate(lines) if line.prose), default=-1)
        found.update(_under(blocks, lines, last, 2))
    return frozenset(found)


def _under(blocks: Sequence[Block], lines: Sequence[Facts], at: int, most: int) -> list[int]:
    """The lines of a signature below ``at``: the first is a name, and none is a sentence or known to rules as something else."""
    found: list[int] = []
    for below in range(at + 1, min(at + 1 + most, len(lines))):
        line = lines[below]
        if (
            blocks[below].kind not in ("paragraph", "item")
            or len(line.text) > _LONGEST
            or not line.kinds <= _SIGNED
            or line.taken
            or line.ends_sentence
            or not (found or "name" in line.kinds or "byline" in line.kinds)
        ):
            if found or not line.claimed:
                break
            continue  # share buttons between the letter and its signature
        found.append(below)
    return found
