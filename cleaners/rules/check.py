"""Every rule's examples, tried: what it must match and what it must spare.

Trying all of them takes seconds, and a rule that was true to its examples stays so: it is tried again when it, or a word list that it
uses, has changed. Who loads rules often keeps the fingerprints of those that were tried.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from cleaners.rules.errors import ConfigError
from cleaners.rules.matcher import Matcher
from cleaners.rules.packs import TEMPLATE_KEYS, Pack, PublisherFile
from cleaners.rules.rule import Rule
from cleaners.rules.rulebook import BASE_WORDS, Rulebook, expressions, join_words, read_rulebook
from cleaners.rules.templates import Words
from cleaners.rules.yaml_file import Steps, YamlFile


def check_rules(config_dir: Path) -> list[ConfigError]:
    """All faults of all rule and publisher files: those of reading, and examples that do not hold."""
    book, errors = read_rulebook(config_dir)
    return _in_order([*errors, *check_examples(book)])


def check_examples(book: Rulebook, tried: Container[str] = frozenset()) -> list[ConfigError]:
    """The examples of every pack and publisher, with the word lists that apply to each; without the rules in ``tried``."""
    errors: list[ConfigError] = []
    for group in _groups(book):
        new = [owned for owned in group.rules if group.fingerprint(owned.rule) not in tried]
        errors += _check(new, group.words()) if new else []
    return _in_order(errors)


def fingerprints(book: Rulebook) -> frozenset[str]:
    """One for each rule: of what it matches with, its word lists, and its examples."""
    return frozenset(group.fingerprint(owned.rule) for group in _groups(book) for owned in group.rules)


class _Owned(NamedTuple):
    """A rule and its place."""

    rule: Rule
    file: YamlFile
    steps: Steps


@dataclass(frozen=True)
class _Group:
    """Rules to which the same word lists apply, those of ``lists``."""

    rules: list[_Owned]
    lists: Sequence[Words]
    digest: Callable[[tuple[str, ...]], str]

    def words(self) -> Words:
        return join_words(self.lists)

    def fingerprint(self, rule: Rule) -> str:
        slots = {name for key in TEMPLATE_KEYS for text in getattr(rule, key) for name in _SLOT.findall(text)}
        if "date" in slots:
            slots |= {"months", "weekdays"}
        used = [self._of_list(name) for name in sorted(slots)]
        return _digest((_VERSION, rule.name, repr([getattr(rule, key) for key in _TRIED]), *used))

    def _of_list(self, name: str) -> str:
        """Of all lists of that name: what each says is asked once, though a hundred rules use it."""
        known = self._known.get(name)
        if known is None:
            said = [self.digest(words[name]) for words in self.lists if name in words]
            known = self._known[name] = " ".join((name, *said))
        return known

    @cached_property
    def _known(self) -> dict[str, str]:
        return {}


_VERSION = version("cleancopy")
_SLOT = re.compile(r"\{([a-z][a-z0-9-]*)\+?\}")
"""Slots, read without the template around them: parsing 35,000 templates takes longer than all the rest."""
_TRIED = (
    *("line", "starts", "ends", "pattern", "cut", "value", "case"),
    *("shortest", "longest", "matches", "spares"),
)
"""What of a rule decides whether its examples hold; conditions of place are not asked."""


def _groups(book: Rulebook) -> Iterator[_Group]:
    digest = cache(_digest)
    for pack in book.packs.values():
        together = [
            other.words for other in book.packs.values() if other.language in (None, pack.language or "en")
        ]
        yield _Group(_own_rules(pack), [BASE_WORDS, *together], digest)
    for stem, file in book.publishers.items():
        names = book.packs_of(stem, file.language)
        changed = [_Owned(rule, file.file, ("change", name)) for name, rule in file.changed.items()]
        lists = [BASE_WORDS, *(book.packs[name].words for name in sorted(names)), file.words]
        yield _Group([*_own_rules(file), *changed], lists, digest)


def _own_rules(owner: Pack | PublisherFile) -> list[_Owned]:
    return [
        _Owned(rule, owner.file, ("rules", rule.name.rpartition("/")[2])) for rule in owner.rules.values()
    ]


def _check(rules: Sequence[_Owned], words: Words) -> list[ConfigError]:
    matcher = Matcher((owned.rule, expressions(owned.rule, words)) for owned in rules)
    lines = list(
        dict.fromkeys(
            line for rule, *_ in rules for examples in (rule.matches, rule.spares) for line in examples
        )
    )
    hits = dict(zip(lines, matcher.hits_of(lines), strict=True))
    errors = []
    for rule, file, steps in rules:
        for index, line in enumerate(rule.matches):
            if not any(hit.rule is rule for hit in hits[line]):
                errors.append(
                    file.error(
                        (*steps, "matches", index),
                        f"rule {rule.name} must match {line!r}, but does not",
                        _reason(rule, line) or "Widen the rule, or mend the example",
                    )
                )
        for index, line in enumerate(rule.spares):
            for hit in [hit for hit in hits[line] if hit.rule is rule][:1]:
                cut = line[hit.start : hit.end]
                errors.append(
                    file.error(
                        (*steps, "spares", index),
                        f"rule {rule.name} must spare {line!r}, but matches {cut!r}",
                        "Narrow the rule; never delete the example",
                    )
                )
    return errors


def _reason(rule: Rule, line: str) -> str:
    if rule.fits(line):
        return ""
    return f"The line has {len(line)} characters; the rule allows {rule.shortest or 0} to {rule.longest or 'any number'}"


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _in_order(errors: Sequence[ConfigError]) -> list[ConfigError]:
    return sorted(errors, key=lambda error: (error.file, error.line, error.column))
