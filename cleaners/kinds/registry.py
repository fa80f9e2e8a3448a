"""What a cleaner is, what it is shown, and the dict that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ConfigDict

from cleaners.kinds.facts import Facts, lazy
from cleaners.kinds.shapes import keys
from cleaners.kinds.signatures import signed
from cleaners.model import Block, Mark, Story, Zone
from cleaners.read.zones import zones_of
from cleaners.rules import Hit, Ruleset


class Settings(BaseModel):
    """What ``pipeline.yaml`` may set for a cleaner. Every cleaner's settings derive from this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True


@dataclass(frozen=True)
class Context:
    """What a cleaner is shown beside the story: the rules that apply, and what they hit.

    ``lines`` are the facts about each block, in the order of the story's blocks (matched once a round, shared by all cleaners;
    conditions of place are not yet applied). Ask ``facts(block)`` for those of one block. ``found`` is what a second opinion is
    shown: the numbers of the blocks that the other cleaners took whole; empty for all other cleaners.
    """

    story: Story
    ruleset: Ruleset
    lines: Sequence[Facts]
    found: frozenset[int] = frozenset()

    @lazy
    def _facts(self) -> Mapping[int, Facts]:
        return {block.number: facts for block, facts in zip(self.story.blocks, self.lines, strict=True)}

    def facts(self, block: Block) -> Facts:
        """What is known about the block's text: shapes, hits, kinds."""
        return self._facts[block.number]

    @lazy
    def hits(self) -> Mapping[int, tuple[Hit, ...]]:
        """For each block number, the rules that hit it; blocks without any are not there."""
        return {number: facts.hits for number, facts in self._facts.items() if facts.hits}

    @lazy
    def kinds(self) -> Mapping[int, frozenset[str]]:
        """For each block number, the kinds of the rules that hit it; blocks without any are not there."""
        return {number: facts.kinds for number, facts in self._facts.items() if facts.hits}

    @lazy
    def all_kinds(self) -> frozenset[str]:
        """The kinds of all rules that hit any block: a cleaner whose cues are not among them has nothing to look for."""
        return frozenset().union(*[facts.kinds for facts in self.lines if facts.hits])

    @lazy
    def zones(self) -> Mapping[int, Zone]:
        """For each block number its zone, now that the rules have spoken.

        The reader sets zones by shape alone; a donation appeal or a byline with full stops looks like prose to it. Here
        a block that a rule would take is no prose, so head and tail reach as far as they really do.
        """
        return dict(zip(self._facts, zones_of(self.prose), strict=True))

    @lazy
    def prose(self) -> Sequence[bool]:
        """For each position, whether a sentence-like paragraph stands there that no rule would take, and that was not found."""
        found = self.found
        return [
            facts.prose and block.kind in PROSE_KINDS and block.number not in found
            for block, facts in zip(self.story.blocks, self.lines, strict=True)
        ]

    def without(self, gone: Set[int]) -> Context:
        """The same when the blocks ``gone`` are there no more."""
        left = [at for at, block in enumerate(self.story.blocks) if block.number not in gone]
        story = replace(self.story, blocks=tuple(self.story.blocks[at] for at in left))
        return replace(self, story=story, lines=[self.lines[at] for at in left])

    def is_prose(self, block: Block) -> bool:
        """A sentence-like paragraph that no rule would take, and that was not found."""
        return (
            block.kind in PROSE_KINDS and self._facts[block.number].prose and block.number not in self.found
        )

    def is_kind(self, block: Block, *kinds: str) -> bool:
        return not self._facts[block.number].kinds.isdisjoint(kinds)

    def claimed(self, block: Block) -> bool:
        """A rule knows what this line is; a bare name is no claim."""
        return self._facts[block.number].claimed

    def kinds_at(self, position: int) -> frozenset[str]:
        """The kinds that hit the block at ``position`` of the story (not its number); none outside the story."""
        return self.lines[position].kinds if 0 <= position < len(self.lines) else frozenset()

    def protected(self, block: Block) -> bool:
        return self._facts[block.number].protected


def look(story: Story, ruleset: Ruleset, known: dict[str, Facts] | None = None) -> Context:
    """Match all rules against all blocks of ``story`` once.

    ``known`` are facts by text from an earlier round on the same story, for most lines are as they were; what is new is added.
    """
    seen = {} if known is None else known
    texts = [block.text for block in story.blocks]
    new = list(dict.fromkeys([text for text in texts if text not in seen]))
    if new:
        for text, hits, key in zip(new, ruleset.hits_of(new), keys(new), strict=True):
            seen[text] = Facts(text, hits, key)
    lines = [seen[text] for text in texts]
    for at in signed(story, lines, ruleset.words.get("office", ())):
        lines[at] = lines[at].signing()
    return Context(story, ruleset, lines)


PROSE_KINDS = ("paragraph", "item", "quote")

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
