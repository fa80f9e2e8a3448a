"""What a cleaner is, what it is shown, and the dict that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ConfigDict

from cleaners.model import Action, Block, Mark, Story, Zone
from cleaners.read.zones import is_prose, zones_of
from cleaners.rules import Hit, Ruleset


class Settings(BaseModel):
    """What ``pipeline.yaml`` may set for a cleaner. Every cleaner's settings derive from this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True


@dataclass(frozen=True)
class Context:
    """What a cleaner is shown beside the story: the rules that apply, and what they hit.

    ``hits`` holds, for each block number, the rules whose line pattern hits the block (computed once a round,
    shared by all cleaners; conditions of place are not yet applied). ``found`` is what a second opinion is shown: for
    each block that another cleaner takes whole, what it does with it; empty for all other cleaners.
    """

    story: Story
    ruleset: Ruleset
    hits: Mapping[int, tuple[Hit, ...]]
    found: Mapping[int, Action] = field(default_factory=dict)

    @cached_property
    def kinds(self) -> Mapping[int, frozenset[str]]:
        """For each block number, the kinds of the rules that hit it."""
        return {number: frozenset(hit.rule.kind for hit in hits) for number, hits in self.hits.items()}

    @cached_property
    def zones(self) -> Mapping[int, Zone]:
        """For each block number its zone, now that the rules have spoken.

        The reader sets zones by shape alone; a donation appeal or a byline with full stops looks like prose to it. Here
        a block that a rule would take is no prose, so head and tail reach as far as they really do.
        """
        return dict(
            zip(
                (block.number for block in self.story.blocks),
                zones_of([self.is_prose(block) for block in self.story.blocks]),
                strict=True,
            )
        )

    def is_prose(self, block: Block) -> bool:
        """A sentence-like paragraph that no rule would take, and for a second opinion no other cleaner."""
        return (
            block.kind in PROSE_KINDS
            and block.number not in self.found
            and is_prose(block.text)
            and all(hit.rule.action in ("protect", "suspect") for hit in self.hits.get(block.number, ()))
        )

    def is_kind(self, block: Block, *kinds: str) -> bool:
        return not self.kinds.get(block.number, frozenset()).isdisjoint(kinds)

    def claimed(self, block: Block) -> bool:
        """A rule knows what this line is; a bare name is no claim."""
        return bool(self.kinds.get(block.number, frozenset()) - NO_CLAIM)

    def kinds_at(self, position: int) -> frozenset[str]:
        """The kinds that hit the block at ``position`` of the story (not its number); none outside the story."""
        if not 0 <= position < len(self.story.blocks):
            return frozenset()
        return self.kinds.get(self.story.blocks[position].number, frozenset())

    def protected(self, block: Block) -> bool:
        return any(hit.rule.action == "protect" for hit in self.hits.get(block.number, ()))


def look(story: Story, ruleset: Ruleset, known: Mapping[str, tuple[Hit, ...]] | None = None) -> Context:
    """Match all rules against all blocks of ``story`` once.

    ``known`` are hits by text from an earlier round on the same story: most lines are as they were.
    """
    before = known or {}
    hits = {}
    for block in story.blocks:
        found = before[block.text] if block.text in before else ruleset.hits(block.text)
        if found:
            hits[block.number] = found
    return Context(story, ruleset, hits)


PROSE_KINDS = ("paragraph", "item", "quote")

NO_CLAIM = frozenset({"name"})
"""Kinds that say only what shape a line has."""

Marker = Callable[[Story, Context, Any], Iterable[Mark]]


@dataclass(frozen=True)
class Cleaner:
    """``second``: it gives a second opinion, that is, it is shown what all the others found (``Context.found``)."""

    name: str
    settings: type[Settings]
    mark: Marker
    second: bool = False


CLEANERS: dict[str, Cleaner] = {}


def cleaner(settings: type[Settings] = Settings, second: bool = False) -> Callable[[Marker], Marker]:
    """Register ``mark(story, context, settings) -> marks`` under its module's name."""

    def register(mark: Marker) -> Marker:
        name = mark.__module__.rpartition(".")[2]
        CLEANERS[name] = Cleaner(name, settings, mark, second)
        return mark

    return register


def find_cleaner(name: str) -> Cleaner:
    """The cleaner called ``name``; ``LookupError`` says which module is missing."""
    if name not in CLEANERS:
        module = f"cleaners.kinds.{name}"
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            raise LookupError(
                f"there is no cleaner {name!r}: expected the module cleaners/kinds/{name}.py"
            ) from None
    if name not in CLEANERS:
        raise LookupError(f"cleaners/kinds/{name}.py has no function under @cleaner")
    return CLEANERS[name]


def whole(
    block: Block,
    action: str,
    rule: str,
    why: str,
    field: str | None = None,
) -> Mark:
    """A mark over the whole of ``block``."""
    return Mark(block.number, 0, len(block.text), action, rule, why, field)  # type: ignore[arg-type]
