"""Every rule's examples, tried: what it must match and what it must spare."""

from __future__ import annotations

from pathlib import Path

from cleaners.rules.errors import ConfigError
from cleaners.rules.matcher import Matcher
from cleaners.rules.rule import Rule
from cleaners.rules.rulebook import Rulebook, expressions, make_ruleset, read_rulebook
from cleaners.rules.templates import Words
from cleaners.rules.yaml_file import Steps, YamlFile


def check_rules(config_dir: Path) -> list[ConfigError]:
    """All faults of all rule and publisher files: those of reading, and examples that do not hold."""
    book, errors = read_rulebook(config_dir)
    return sorted([*errors, *check_examples(book)], key=lambda error: (error.file, error.line, error.column))


def check_examples(book: Rulebook) -> list[ConfigError]:
    """The examples of every pack and publisher, with the word lists that apply to each."""
    errors: list[ConfigError] = []
    for pack in book.packs.values():
        together = [
            other
            for other in book.packs.values()
            if pack.language is None or other.language in (None, pack.language)
        ]
        words = make_ruleset(together).words
        for rule in pack.rules.values():
            errors += _check(rule, words, pack.file, ("rules", rule.name.rpartition("/")[2]))
    for stem, file in book.publishers.items():
        words = book.ruleset(stem, file.language).words
        for rule in file.rules.values():
            errors += _check(rule, words, file.file, ("rules", rule.name.rpartition("/")[2]))
        for name, rule in file.changed.items():
            errors += _check(rule, words, file.file, ("change", name))
    return errors


def _check(rule: Rule, words: Words, file: YamlFile, steps: Steps) -> list[ConfigError]:
    matcher = Matcher([(rule, expressions(rule, words))])
    errors = []
    for index, line in enumerate(rule.matches):
        if not matcher.hits(line):
            errors.append(
                file.error(
                    (*steps, "matches", index),
                    f"rule {rule.name} must match {line!r}, but does not",
                    _reason(rule, line) or "Widen the rule, or mend the example",
                )
            )
    for index, line in enumerate(rule.spares):
        for hit in matcher.hits(line)[:1]:
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
