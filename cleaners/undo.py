"""Undo: removals put back one by one, by rule, or all of them. Pure, as cleaning is.

undo(cleaned, numbers=[3])               the third removal
undo(cleaned, rules=["english/follow-us", "captions"])
undo(cleaned, everything=True)           the source, byte for byte
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from cleaners.apply import as_copy, restore
from cleaners.model import Cleaned, Removal


class NothingToUndo(LookupError):
    """The story has no such removal. The message names those it has."""


def undo(
    cleaned: Cleaned, *, numbers: Collection[int] = (), rules: Collection[str] = (), everything: bool = False
) -> Cleaned:
    """``cleaned`` without some of its removals: their text stands in the copy again, lifted text is out of its field.

    ``numbers`` are ``Removal.number``. Of ``rules`` each is a rule's whole name, or the rule file or cleaner that it
    belongs to; a removal that several rules asked for comes back for any of them. What stays removed keeps its number, so
    undoing is the same in any order. The verdict and its reasons stay as they were: undoing decides nothing.

    Raises NothingToUndo when the story has no removal of a number or a rule that was named.
    """
    back = set(cleaned.removals) if everything else set(_chosen(cleaned, numbers, rules))
    left = tuple(removal for removal in cleaned.removals if removal not in back)
    copy = as_copy(cleaned.source, restore(cleaned.source, cleaned.removals, [*back]), left)
    return replace(cleaned, copy=copy, removals=left)


def is_by(removal: Removal, name: str) -> bool:
    """Whether a rule of this name, or of the rule file or cleaner of this name, asked for the removal.

    >>> follow = Removal(0, 0, 6, "Follow", "remove", None, ("english/follow-us",), "why")
    >>> is_by(follow, "english/follow-us"), is_by(follow, "english"), is_by(follow, "english/follow")
    (True, True, False)
    """
    return any(rule == name or rule.startswith(name.rstrip("/") + "/") for rule in removal.rules)


def others_of(removals: Iterable[Removal], names: Collection[str]) -> str:
    """The rules that asked for the removals of ``names``, too, for a message: who undoes one rule's work may undo another's with it."""
    undone = [removal for removal in removals if any(is_by(removal, name) for name in names)]
    others = [
        replace(removal, rules=(rule,))
        for removal in undone
        for rule in removal.rules
        if not any(is_by(replace(removal, rules=(rule,)), name) for name in names)
    ]
    return rules_of(others)


def rules_of(removals: Iterable[Removal]) -> str:
    """The rules that asked for ``removals``, for a message: "captions/credit (2), english/follow-us"."""
    counts = Counter(rule for removal in removals for rule in removal.rules)
    return ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in sorted(counts.items()))


def _chosen(cleaned: Cleaned, numbers: Collection[int], rules: Collection[str]) -> Iterable[Removal]:
    known = {removal.number for removal in cleaned.removals}
    for number in numbers:
        if number not in known:
            raise NothingToUndo(f"there is no removal {number}; {_numbered(known)}")
    for name in rules:
        if not any(is_by(removal, name) for removal in cleaned.removals):
            there = rules_of(cleaned.removals)
            raise NothingToUndo(
                f"no removal is by {name}; there are removals by {there}" if there else "nothing was removed"
            )
    return (
        removal
        for removal in cleaned.removals
        if removal.number in numbers or any(is_by(removal, name) for name in rules)
    )


def _numbered(known: Collection[int]) -> str:
    if not known:
        return "nothing was removed"
    first, last = min(known), max(known)
    if len(known) == 1:
        return f"there is only removal {first}"
    if len(known) == last - first + 1:
        return f"the removals are {first} to {last}"
    return "the removals are " + ", ".join(str(number) for number in sorted(known))
