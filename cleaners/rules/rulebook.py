"""All rule files of a configuration, and the ruleset that applies to one story."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

from cleaners.model import SiteRules
from cleaners.rules.errors import ConfigError, did_you_mean
from cleaners.rules.matcher import Hit, Layers, Matcher
from cleaners.rules.packs import (
    TEMPLATE_KEYS,
    Pack,
    PublisherFile,
    primary,
    read_pack,
    read_publisher,
    slots_of,
)
from cleaners.rules.patterns import loosen_pattern, translate_pattern
from cleaners.rules.rule import NAME, Rule
from cleaners.rules.sites import FOLDER, ImportedSites, host_of, load_sites
from cleaners.rules.slots import BUILT_IN, MONTHS, WEEKDAYS
from cleaners.rules.templates import Anchor, Expression, Words, compile_template
from cleaners.rules.yaml_file import YamlFile

_REMEMBERED, _SHORT = 200, 80
BASE_WORDS: Words = {"months": MONTHS, "weekdays": WEEKDAYS}
"""Word lists that are always there; packs add to them."""
READ_BY_CLEANERS = frozenset({"network", "office", "published", "share-word", "source", "updated"})
"""Word lists that cleaners ask for by their names, whether a rule has the slot or not."""


@dataclass(frozen=True)
class Ruleset:
    """The rules that apply to one story, inheritance resolved, sorted by name; with their word lists.

    ``below`` is the ruleset of the packs that a publisher's builds on: what the two have in common is indexed there, once.
    """

    rules: tuple[Rule, ...]
    words: Words
    publisher: PublisherFile | None = None
    below: Ruleset | None = field(default=None, repr=False, compare=False)

    def hits(self, line: str) -> tuple[Hit, ...]:
        """Every rule that hits the line, by name and start. Of a rule's conditions only the length is considered."""
        return self.matcher.hits(line)

    def hits_of(self, lines: Sequence[str]) -> list[tuple[Hit, ...]]:
        """``hits`` of each line of a story. Short lines are remembered: a house prints the same furniture under every story.

        What is remembered follows from the line and the rules alone, so nobody can tell (law 10), and there is an end to it.
        """
        known = self._known
        hits = {line: known.get(line) for line in lines}
        asked = [line for line, found in hits.items() if found is None]
        if asked:
            hits.update(zip(asked, self.matcher.hits_of(asked), strict=True))
            if len(known) > _REMEMBERED:
                known.clear()
            known.update((line, hits[line] or ()) for line in asked if len(line) <= _SHORT)
        return [hits[line] or () for line in lines]

    def may_hit_end(self, line: str) -> bool:
        """Whether any end of the line may be hit: where not, no end need be tried."""
        return self.matcher.may_hit_end(line)

    def may_hit_ends(self, lines: Sequence[str]) -> bool:
        """Whether any end of any of the lines may be hit."""
        return self.matcher.may_hit_ends(lines)

    def hits_one_by_one(self, line: str) -> tuple[Hit, ...]:
        """As ``hits``, without any index."""
        return self.matcher.hits_one_by_one(line)

    def of_kind(self, kind: str) -> Ruleset:
        """The rules of one kind: a few patterns, where a cleaner asks one question of many pieces of a line."""
        found = self._by_kind.get(kind)
        if found is None:
            found = self._by_kind[kind] = Ruleset(
                tuple(rule for rule in self.rules if rule.kind == kind),
                self.words,
                self.publisher,
                self.below.of_kind(kind) if self.below else None,
            )
        return found

    @cached_property
    def matcher(self) -> Matcher | Layers:
        known = {rule.name: rule for rule in self.below.rules} if self.below else {}
        own = [rule for rule in self.rules if known.get(rule.name) is not rule or self._means_more(rule)]
        above = Matcher((rule, expressions(rule, self.words)) for rule in own)
        if self.below is None:
            return above
        hidden = known.keys() - {rule.name for rule in self.rules} | known.keys() & {
            rule.name for rule in own
        }
        if not own and not hidden:
            return self.below.matcher
        return Layers(self.below.matcher, above, frozenset(hidden))

    def _means_more(self, rule: Rule) -> bool:
        """Whether the rule has a slot that stands for other words here than in the ruleset below."""
        names = {
            name for key in TEMPLATE_KEYS for template in getattr(rule, key) for name in slots_of(template)
        }
        return not names.isdisjoint(self._other_words)

    @cached_property
    def _other_words(self) -> frozenset[str]:
        below = self.below.words if self.below else {}
        names = {name for name in {*self.words, *below} if self.words.get(name) != below.get(name)}
        return frozenset(names | {"date"} if names & {"months", "weekdays"} else names)

    @cached_property
    def _known(self) -> dict[str, tuple[Hit, ...]]:
        return {}

    @cached_property
    def _by_kind(self) -> dict[str, Ruleset]:
        return {}

    @cached_property
    def version(self) -> str:
        """A hash of the content: rules and words, wherever they are written."""
        return digest([*(_content(rule) for rule in self.rules), repr(sorted(self.words.items()))])


@dataclass(frozen=True)
class Rulebook:
    """Packs by name and publishers by file stem, checked. Rulesets are made once and kept."""

    packs: Mapping[str, Pack]
    publishers: Mapping[str, PublisherFile]
    imported: ImportedSites = field(default_factory=ImportedSites)

    def ruleset(self, publisher: str | None, language: str | None, url: str | None = None) -> Ruleset:
        """The rules for a story of ``publisher`` (name, host or file stem; else found by the host of ``url``).

        Packs without a language apply, those of the story's language (else the publisher's; neither known: none of a
        language, for one language's words are another's sentence), and those that the publisher's file inherits.
        """
        file = self.publisher(publisher, url)
        spoken = primary(language) or (file.language if file else None)
        # A language without packs is as good as none.
        key = (file.stem if file else None, spoken if spoken in self._spoken else None)
        ruleset = self._found.get(key)
        if ruleset is None:
            names = self.packs_of(publisher, language, url)
            ruleset = self._found[key] = self._ruleset(names, file)
        return ruleset

    def packs_of(self, publisher: str | None, language: str | None, url: str | None = None) -> frozenset[str]:
        """The names of the packs in that ruleset."""
        file = self.publisher(publisher, url)
        spoken = primary(language) or (file.language if file else None)
        return frozenset(
            pack.name
            for pack in self.packs.values()
            if pack.language in (None, spoken) or (file is not None and pack.name in file.inherits)
        )

    def _ruleset(self, names: frozenset[str], file: PublisherFile | None) -> Ruleset:
        key = (file.stem if file else None, names)
        ruleset = self._made.get(key)
        if ruleset is None:
            below = self._ruleset(names, None) if file else None
            packs = [self.packs[name] for name in sorted(names)]
            ruleset = self._made[key] = make_ruleset(packs, file, below)
        return ruleset

    def publisher(self, publisher: str | None, url: str | None = None) -> PublisherFile | None:
        """The file of a publisher, by name, stem or host; a host's subdomains belong to it."""
        if publisher:
            wanted = publisher.strip().casefold()
            found = self._by_name.get(wanted) or self._by_host(wanted)
            if found:
                return found
        return self._by_host(url) if url else None

    def site(self, publisher: str | None, url: str | None = None) -> SiteRules | None:
        """The selectors for a page: the publisher's own first, then those of the imported file of its host."""
        file = self.publisher(publisher, url)
        own = file.page if file else None
        if not self.imported.files:
            return own
        hosts = [host_of(url)] if url else [host_of(publisher or ""), *(file.hosts if file else ())]
        found = next((one for one in map(self.imported.find, hosts) if one is not None), None)
        if own is None or found is None:
            return own or found
        key = (own.name, found.name)
        if key not in self._sites:
            self._sites[key] = _joined(own, found)
        return self._sites[key]

    @property
    def has_sites(self) -> bool:
        """Whether any page has selectors."""
        return bool(self.imported.files) or any(file.page for file in self.publishers.values())

    @cached_property
    def version(self) -> str:
        """A hash of the content of all packs and publishers."""
        parts = []
        for pack in self.packs.values():
            parts += [pack.name, str(pack.language), repr(sorted(pack.words.items()))]
            parts += [_content(rule) for rule in pack.rules.values()]
        for file in self.publishers.values():
            parts += [
                file.stem,
                file.name,
                repr((file.hosts, file.language, sorted(file.inherits), sorted(file.disable))),
            ]
            parts += [repr(sorted(file.words.items()))]
            parts += [_content(rule) for rule in (*file.changed.values(), *file.rules.values())]
            parts += [repr(file.page)]
        return digest([*parts, self.imported.version])

    @cached_property
    def _spoken(self) -> frozenset[str | None]:
        return frozenset(pack.language for pack in self.packs.values())

    @cached_property
    def _found(self) -> dict[tuple[str | None, str | None], Ruleset]:
        return {}

    @cached_property
    def _sites(self) -> dict[tuple[str, str], SiteRules]:
        return {}

    @cached_property
    def _made(self) -> dict[tuple[str | None, frozenset[str]], Ruleset]:
        return {}

    @cached_property
    def _by_name(self) -> dict[str, PublisherFile]:
        names = {file.name.casefold(): file for file in self.publishers.values()}
        return names | dict(self.publishers)

    @cached_property
    def _hosts(self) -> dict[str, PublisherFile]:
        return {host: file for file in self.publishers.values() for host in file.hosts}

    def _by_host(self, address: str) -> PublisherFile | None:
        labels = host_of(address).split(".")
        for first in range(len(labels)):
            if file := self._hosts.get(".".join(labels[first:])):
                return file
        return None


def _joined(own: SiteRules, imported: SiteRules) -> SiteRules:
    """A publisher's own selectors are tried before the imported ones."""
    theirs = dict(imported.fields)
    fields = {name: found + theirs.pop(name, ()) for name, found in own.fields} | theirs
    return SiteRules(
        name=own.name,
        body=own.body + imported.body,
        remove=own.remove + imported.remove,
        keep=own.keep + imported.keep,
        fields=tuple(sorted(fields.items())),
        search=own.search and imported.search,
        tested=own.tested + imported.tested,
    )


def load_rulebook(config_dir: Path) -> Rulebook:
    """Read ``rules/*.yaml``, ``publishers/*.yaml`` and ``publishers/ftr/*.txt``. The first fault is raised as ``ConfigError``."""
    book, errors = read_rulebook(config_dir)
    if errors:
        raise errors[0]
    return book


def read_rulebook(config_dir: Path) -> tuple[Rulebook, list[ConfigError]]:
    """What can be read, and every fault, in the order of files and lines."""
    errors: list[ConfigError] = []
    if not config_dir.is_dir():
        errors.append(
            ConfigError(
                str(config_dir), 1, 1, "there is no such folder", "Name the folder with pipeline.yaml"
            )
        )
    packs = {}
    unread = False
    for path in _yaml_files(config_dir / "rules", errors):
        if pack := read_pack(path, errors):
            packs[pack.name] = pack
        elif NAME.fullmatch(path.stem):
            unread = True
    if unread:
        # What other files miss from a file that cannot be read is no fault of theirs.
        return Rulebook(packs, {}), sorted(errors, key=lambda error: (error.file, error.line, error.column))
    publishers = {}
    for path in _yaml_files(config_dir / "publishers", errors):
        if file := read_publisher(path, packs, errors):
            publishers[file.stem] = file
    book = Rulebook(packs, publishers, load_sites(config_dir / "publishers" / FOLDER, errors))
    errors += _clashes(book) + _unknown_slots(book) + _unused_words(book) + _unknown_kinds(book)
    return book, sorted(errors, key=lambda error: (error.file, error.line, error.column))


def _yaml_files(folder: Path, errors: list[ConfigError]) -> list[Path]:
    files = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
    for path in files:
        if path.suffix == ".yml":
            errors.append(
                ConfigError(str(path), 1, 1, "rule files end in .yaml", f"Rename it to {path.stem}.yaml")
            )
    return [path for path in files if path.suffix == ".yaml"]


def make_ruleset(
    packs: Iterable[Pack], publisher: PublisherFile | None = None, below: Ruleset | None = None
) -> Ruleset:
    """Join packs and a publisher's own rules; what the publisher disables goes, what it changes is changed.

    ``below`` is the ruleset of the same packs without the publisher, if there is one to share an index with.
    """
    packs = list(packs)
    rules = {name: rule for pack in packs for name, rule in pack.rules.items()}
    lists = [BASE_WORDS, *(pack.words for pack in packs)]
    if publisher is not None:
        rules = {
            name: publisher.changed.get(name, rule)
            for name, rule in rules.items()
            if name not in publisher.disable
        }
        rules |= publisher.rules
        lists.append(publisher.words)
    return Ruleset(tuple(rules[name] for name in sorted(rules)), join_words(lists), publisher, below)


def join_words(lists: Iterable[Words]) -> Words:
    """Word lists of the same name become one, in order and without repetitions."""
    joined: dict[str, dict[str, None]] = {}
    for words in lists:
        for name, entries in words.items():
            joined.setdefault(name, {}).update(dict.fromkeys(entries))
    return {name: tuple(joined[name]) for name in sorted(joined)}


def expressions(rule: Rule, words: Words) -> list[Expression]:
    """The rule's templates and patterns, compiled with the word lists of a ruleset."""
    made: list[Expression] = []
    anchors: tuple[Anchor, ...] = ("line", "starts", "ends")
    for anchor in anchors:
        templates: tuple[str, ...] = getattr(rule, anchor)
        for template in templates:
            expression = compile_template(
                template, anchor, words=words, exact_case=rule.case == "exact", value=rule.value
            )
            if expression is not None:
                made.append(expression)
    flags = "(?s)" if rule.case == "exact" else "(?is)"
    for pattern in rule.pattern:
        exact, loose = translate_pattern(pattern), loosen_pattern(pattern)
        made.append(
            Expression("pattern", pattern, exact=rf"{flags}\A(?:{exact})\z", loose=rf"{flags}\A(?:{loose})\z")
        )
    return made


def digest(parts: Iterable[str]) -> str:
    """A short hash of texts: 12 hexadecimal digits."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _content(rule: Rule) -> str:
    return repr([(item.name, getattr(rule, item.name)) for item in fields(rule) if item.name != "source"])


def _clashes(book: Rulebook) -> list[ConfigError]:
    errors = []
    hosts: dict[str, str] = {}
    names: dict[str, str] = {}
    for file in book.publishers.values():
        if file.stem in book.packs:
            errors.append(
                file.file.error((), f"a rule file is called {file.stem!r}, too", "Rename one of the two")
            )
        for index, host in enumerate(file.hosts):
            other = hosts.setdefault(host, file.stem)
            if other != file.stem:
                message = f"the host {host} belongs to {other!r} already"
                errors.append(file.file.error(("hosts", index), message, "Delete it here"))
        for name in sorted({file.name.casefold(), file.stem}):
            other = names.setdefault(name, file.stem)
            if other != file.stem:
                errors.append(
                    file.file.error(
                        ("name",), f"the name {name!r} belongs to {other!r} already", "Choose another name"
                    )
                )
    return errors


def _unknown_slots(book: Rulebook) -> list[ConfigError]:
    """Slots that are no word list of any pack that can apply together with the rule's own."""
    errors = []
    for pack in book.packs.values():
        together = [
            other
            for other in book.packs.values()
            if other.language in (None, pack.language) or not pack.language
        ]
        known = join_words([BASE_WORDS, *(other.words for other in together)])
        errors += [
            error
            for rule in pack.rules.values()
            for error in _slots_of_rule(rule, known, pack.file, ("rules",))
        ]
    everything = join_words([BASE_WORDS, *(pack.words for pack in book.packs.values())])
    for file in book.publishers.values():
        known = join_words([everything, file.words])
        for rule in file.rules.values():
            errors += _slots_of_rule(rule, known, file.file, ("rules",))
        for rule in file.changed.values():
            errors += _slots_of_rule(rule, known, file.file, ("change",))
    return errors


def _unused_words(book: Rulebook) -> list[ConfigError]:
    """Word lists that no rule and no cleaner reads: "relatd:" in a language's file leaves {related} without its words."""
    owners: list[Pack | PublisherFile] = [*book.packs.values(), *book.publishers.values()]
    rules = [rule for owner in owners for rule in owner.rules.values()]
    rules += [rule for file in book.publishers.values() for rule in file.changed.values()]
    read = {*BASE_WORDS, *READ_BY_CLEANERS}
    read |= {
        name
        for rule in rules
        for key in TEMPLATE_KEYS
        for template in getattr(rule, key)
        for name in slots_of(template)
    }
    return [
        owner.file.error(
            ("words", name), f"no rule has a slot {{{name}}}", did_you_mean(name, read - BUILT_IN), key=True
        )
        for owner in owners
        for name in owner.words
        if name not in read
    ]


def _slots_of_rule(rule: Rule, words: Words, file: YamlFile, under: tuple[str, ...]) -> list[ConfigError]:
    known = BUILT_IN | set(words)
    steps = (*under, rule.name if under == ("change",) else rule.name.rpartition("/")[2])
    return [
        file.error(
            (*steps, key, index), f"rule {rule.name}: there is no slot {{{name}}}", did_you_mean(name, known)
        )
        for key in TEMPLATE_KEYS
        for index, template in enumerate(getattr(rule, key))
        for name in slots_of(template)
        if name not in known
    ]


def _unknown_kinds(book: Rulebook) -> list[ConfigError]:
    """Neighbours of a kind that no rule has: the condition could never hold."""
    owned = [(rule, pack.file, ("rules",)) for pack in book.packs.values() for rule in pack.rules.values()]
    for file in book.publishers.values():
        owned += [(rule, file.file, ("rules",)) for rule in file.rules.values()]
        owned += [(rule, file.file, ("change",)) for rule in file.changed.values()]
    kinds = {rule.kind for rule, _, _ in owned}
    errors = []
    for rule, source, under in owned:
        short = rule.name if under == ("change",) else rule.name.rpartition("/")[2]
        for key in ("beside", "after", "before"):
            for kind in getattr(rule, key):
                if kind not in kinds:
                    message = f"rule {rule.name}: no rule is of the kind {kind!r}"
                    errors.append(source.error((*under, short, key), message, did_you_mean(kind, kinds)))
    return errors
