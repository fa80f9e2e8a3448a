"""What a cleaner may ask about one line: what nearly every cleaner asks at once, the rest when it is first asked; kept from round to round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from cleaners.kinds import shapes
from cleaners.read.zones import is_prose
from cleaners.rules import Hit

Answer = TypeVar("Answer")

NO_CLAIM = frozenset({"name"})
"""Kinds that say only what shape a line has."""


class _Lazy(Generic[Answer]):
    """``functools.cached_property`` without the lock that it has in Python 3.11, which costs more than most answers."""

    def __init__(self, work: Callable[[Any], Answer]) -> None:
        self.work = work
        self.name = work.__name__
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, line: None, owner: type) -> _Lazy[Answer]: ...
    @overload
    def __get__(self, line: object, owner: type) -> Answer: ...
    def __get__(self, line: object | None, owner: type) -> _Lazy[Answer] | Answer:
        if line is None:
            return self
        answer = self.work(line)
        line.__dict__[self.name] = answer
        return answer


class Facts:
    """Facts about one text under one ruleset; nothing here depends on where the line stands.

    ``hits`` are the rules whose line pattern hits it, ``kinds`` their kinds. ``noted`` is for a cleaner's own costly
    answers, under its name: they must follow from the text and the ruleset alone.
    """

    kinds: frozenset[str] = frozenset()
    claimed = False
    """A rule knows what this line is; a bare name is no claim."""
    protected = False
    taken = False
    """A rule would remove or lift the line."""
    prose: bool
    """Sentence-like, and no rule would take it."""

    def __init__(self, text: str, hits: tuple[Hit, ...]) -> None:
        if any(hit.rule.kind == "stamp" for hit in hits):
            # "Update: 3.3.2026" begins like a correction and is a date.
            hits = tuple(hit for hit in hits if hit.rule.kind != "correction")
        self.text = text
        self.hits = hits
        self.noted: dict[object, Any] = {}
        self.capitals = shapes.is_capitals(text)
        self.prose = self.sentence_like = is_prose(text)
        if hits:
            actions = {hit.rule.action for hit in hits}
            self.kinds = frozenset([hit.rule.kind for hit in hits])
            self.claimed = not self.kinds <= NO_CLAIM
            self.protected = "protect" in actions
            self.taken = not actions.isdisjoint(("remove", "lift"))
            self.prose = self.sentence_like and actions <= {"protect", "suspect"}

    @_Lazy
    def reach(self) -> int:
        return shapes.reach(self.text)

    @_Lazy
    def ends_sentence(self) -> bool:
        return shapes.ends_sentence(self.text)

    @_Lazy
    def quotation(self) -> bool:
        return shapes.is_quotation(self.text)

    @_Lazy
    def title(self) -> bool:
        """A title of the usual length."""
        return shapes.is_title(self.text)

    @_Lazy
    def words(self) -> int:
        """How many words, parted by space."""
        return len(self.text.split())

    @_Lazy
    def key(self) -> str:
        return shapes.key(self.text)
