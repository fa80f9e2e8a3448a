"""Who signed a letter or a statement: the lines under "Yours sincerely,", and under the last sentence of a letter.

They look like the writer's box under a story ("Grace Holt", "Editor"), and are the letter's own words. What says that it is a letter are its
salutation and its closing, which are rules (kinds ``salutation`` and ``sign-off``); of a statement that nobody else signed, an office: a
reporter's box says "Staff writer", and no "Mayor of Kesten".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cleaners.kinds.facts import NO_CLAIM, Facts
from cleaners.model import Block, Story

_SIGNED = NO_CLAIM | {"role", "byline", "agency-name", "sign-off"}
"""Kinds that the line of a signature may have: name, office, house."""
_LONGEST = 80
_MOST_LINES = 4
_MOST_SIGNATORIES = 200
_OPENING = 6
"""A salutation stands above the letter's first sentence, or begins it: under headline, standfirst and byline at the most."""
# "Grace Holt, Kesten council", "Dr. Ilse Brandvik (Vorre)": two to five words with capitals, then perhaps who that is
_NAMED = re.compile(
    r"(?:[^\W\d_a-z][\w.'’-]*)(?: (?:[^\W\d_a-z][\w.'’-]*|de|da|van|von|der|den|del|la|bin|al)){1,4}(?:[,;(–—-].*| [(–—-].*)?"
)


def signed(story: Story, lines: Sequence[Facts], offices: Iterable[str] = ()) -> frozenset[int]:
    """The positions of signatures.

    Under a closing stand a name and up to three lines more ("Editor, Kesten Courier", "Vorre"), or any number of names, each perhaps with
    who that is. Without one, a letter with a salutation is signed under its last sentence, by a name and perhaps one line more: "Grace
    Holt", "Kesten". So is a text without a byline by a name and an office.
    """
    found: set[int] = set()
    blocks = story.blocks
    letter, signed_above = False, bool(story.fields.byline)
    last = -1
    for at, line in enumerate(lines):
        kinds = line.kinds
        if line.prose:
            last = at
        if "sign-off" in kinds:
            found.update(_under(blocks, lines, at, _MOST_LINES, closing=True))
        elif "salutation" in kinds and at < _OPENING:
            letter = True
        elif last < 0 and "byline" in kinds:
            signed_above = True
    if letter:
        found.update(_under(blocks, lines, last, 2))
    elif not signed_above and last >= 0:
        below = _under(blocks, lines, last, 3)
        if len(below) > 1 and _office(tuple(offices)).match(lines[below[1]].text):
            found.update(below)
    return frozenset(found)


def _under(
    blocks: Sequence[Block], lines: Sequence[Facts], at: int, most: int, closing: bool = False
) -> list[int]:
    """The lines of a signature below ``at``: none is a sentence or known to rules as something else, and the first is a name.

    Under a ``closing`` any line may be first ("The crew of the Marta Holm"), and names may go on.
    """
    found: list[int] = []
    for below in range(at + 1, min(at + 1 + _MOST_SIGNATORIES, len(lines))):
        line = lines[below]
        named = "name" in line.kinds or "byline" in line.kinds
        if (
            blocks[below].kind not in ("paragraph", "item")
            or len(line.text) > _LONGEST
            or not line.kinds <= _SIGNED
            or line.taken
            or line.ends_sentence
            or not (found or named or closing)
        ):
            if found or not line.claimed or "sign-off" in line.kinds:
                break
            continue  # share buttons between the letter and its signature
        if len(found) >= most and not (closing and (named or _NAMED.fullmatch(line.text))):
            break
        found.append(below)
    return found


@lru_cache(maxsize=256)
def _office(words: tuple[str, ...]) -> re.Pattern[str]:
    """A line that opens with an office; where a language has no words for one, none does."""
    any_of_them = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)"
    return re.compile(rf"(?:the )?(?:{any_of_them})(?!\w)", re.IGNORECASE)
