"""Marks are what cleaners say; a decision is what is done about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Action = Literal["remove", "lift", "protect", "suspect"]

LIFT_FIELDS = (
    "ednote",
    "headline",
    "standfirst",
    "section",
    "byline",
    "published",
    "updated",
    "caption",
    "credit",
    "tags",
    "agency",
    "rights",
)
"""The fields that a lift may fill, the strongest first. ``caption`` and ``credit`` become a picture's."""

TEXT_FIELDS = tuple(name for name in LIFT_FIELDS if name not in ("caption", "credit", "tags"))
"""Those of them that hold one text."""


class Mark(NamedTuple):
    """``text[start:end]`` of block ``block``: remove, lift to ``field``, protect, or suspect; with rule and reason.

    ``rule`` is ``place/name``: the rule file or the cleaner, and the rule in it, e.g.
    ``english/published-undefined`` or ``captions/repeated``. ``may_exceed`` says that the removal
    does not count against the removal budget (a page-long newsletter box that a rule knows well).
    """

    block: int
    start: int
    end: int
    action: Action
    rule: str
    why: str
    field: str | None = None
    may_exceed: bool = False


class Cut(NamedTuple):
    """One span that goes, decided: every rule that asked for it, the strongest first."""

    block: int
    start: int
    end: int
    action: Literal["remove", "lift"]
    field: str | None
    rules: tuple[str, ...]
    why: str
    may_exceed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What is cut, sorted by block and start and without overlaps; what was spared; what stays in doubt.

    ``overruled`` holds the removal and lift marks that a protection kept from being cut.
    """

    cuts: tuple[Cut, ...]
    protected: tuple[Mark, ...] = ()
    overruled: tuple[Mark, ...] = ()
    suspects: tuple[Mark, ...] = ()
