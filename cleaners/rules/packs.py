"""Rule files as they are written: packs and publishers, read strictly, not yet joined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cleaners.model import SiteRules
from cleaners.rules.errors import ConfigError, did_you_mean, error_at
from cleaners.rules.pages import PageForm, site_of
from cleaners.rules.patterns import PatternError, translate_pattern
from cleaners.rules.rule import NAME, Name, Names, Rule, Text, Texts, make_rule
from cleaners.rules.schema import Locate, StrictModel, load_part
from cleaners.rules.slots import BUILT_IN
from cleaners.rules.templates import TemplateError, parse_template, slot_names
from cleaners.rules.yaml_file import Data, Steps, YamlFile, load_yaml

LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_HOST = r"^[a-z0-9-]+(\.[a-z0-9-]+)*$"
_FULL_NAME = rf"^{NAME.pattern}/{NAME.pattern}$"
Written = Mapping[str, Data]
"""A rule's keys as written, kept so that a publisher can change some of them."""
TEMPLATE_KEYS = ("line", "starts", "ends")


def _lower(value: object) -> object:
    if isinstance(value, str):
        return [value.lower()]
    return (
        [item.lower() if isinstance(item, str) else item for item in value]
        if isinstance(value, list)
        else value
    )


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Language = Annotated[str, Field(pattern=LANGUAGE)]
WordLists = dict[Name, Texts]
RuleName = Annotated[str, Field(pattern=_FULL_NAME)]


class PackForm(StrictModel):
    """The keys of a rule file."""

    language: Language | None = None
    words: WordLists = Field(default_factory=dict)
    rules: dict[Name, Any] = Field(default_factory=dict)


class PublisherForm(StrictModel):
    """The keys of a publisher's file."""

    name: Text | None = None
    hosts: Annotated[tuple[Annotated[str, Field(pattern=_HOST)], ...], BeforeValidator(_lower)] = ()
    language: Language | None = None
    inherits: Names = ()
    disable: Annotated[tuple[RuleName, ...], BeforeValidator(_listed)] = ()
    change: dict[RuleName, Any] = Field(default_factory=dict)
    words: WordLists = Field(default_factory=dict)
    rules: dict[Name, Any] = Field(default_factory=dict)
    page: PageForm | None = None


@dataclass(frozen=True)
class Pack:
    """One rule file. ``language`` is the primary language in small letters; ``None``: for every story."""

    name: str
    file: YamlFile
    language: str | None = None
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    written: Mapping[str, Written] = field(default_factory=dict)


@dataclass(frozen=True)
class PublisherFile:
    """One publisher's file: who it is, what it inherits, and its own rules (``stem/name``).

    ``changed`` are inherited rules with the publisher's keys put over their own; ``page`` are its selectors.
    """

    stem: str
    name: str
    hosts: tuple[str, ...]
    language: str | None
    inherits: tuple[str, ...]
    disable: frozenset[str]
    changed: Mapping[str, Rule]
    words: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, Rule]
    file: YamlFile
    page: SiteRules | None = None


def primary(language: str | None) -> str | None:
    """ "de-AT" is "de"; the two written forms of Norwegian are "no", as pages and newsrooms say both."""
    if not language:
        return None
    code = re.split("[-_]", language.strip().lower())[0]
    return {"nb": "no", "nn": "no", "in": "id"}.get(code, code) or None


def read_pack(path: Path, errors: list[ConfigError]) -> Pack | None:
    """Read a rule file; faults go to ``errors``, one a rule, and the sound rules are returned."""
    try:
        file = _mapping_file(path)
        form = load_part(file, (), file.data, PackForm)
        check_word_lists(file, form.words)
    except ConfigError as error:
        errors.append(error)
        return None
    rules, written = _rules(file, path.stem, form.rules, errors)
    return Pack(path.stem, file, primary(form.language), form.words, rules, written)


def read_publisher(path: Path, packs: Mapping[str, Pack], errors: list[ConfigError]) -> PublisherFile | None:
    """Read a publisher's file against the packs it builds on; faults go to ``errors``."""
    try:
        file = _mapping_file(path)
        form = load_part(file, (), file.data, PublisherForm)
        check_word_lists(file, form.words)
    except ConfigError as error:
        errors.append(error)
        return None
    known = {name: source for pack in packs.values() for name, source in pack.written.items()}
    for index, pack in enumerate(form.inherits):
        if pack not in packs:
            errors.append(
                file.error(("inherits", index), f"there is no rule file {pack!r}", did_you_mean(pack, packs))
            )
    for index, name in enumerate(form.disable):
        if name not in known:
            errors.append(_unknown_rule(file, ("disable", index), name, known))
        elif name in form.change:
            errors.append(
                file.error(
                    ("change", name),
                    f"the rule {name} is disabled and changed",
                    "Keep one of the two",
                )
            )
    changed: dict[str, Rule] = {}
    for name, keys in form.change.items():
        if name not in known:
            errors.append(_unknown_rule(file, ("change", name), name, known))
            continue
        try:
            changed[name] = _changed(file, name, keys, known[name])
        except ConfigError as error:
            errors.append(error)
    rules, _ = _rules(file, path.stem, form.rules, errors)
    return PublisherFile(
        stem=path.stem,
        name=form.name or path.stem,
        hosts=form.hosts,
        language=primary(form.language),
        inherits=form.inherits,
        disable=frozenset(form.disable),
        changed=changed,
        words=form.words,
        rules=rules,
        file=file,
        page=site_of(path.stem, form.page, file) if form.page else None,
    )


def _mapping_file(path: Path) -> YamlFile:
    if not NAME.fullmatch(path.stem):
        raise ConfigError(
            str(path),
            1,
            1,
            f"{path.stem!r} cannot be the name of a rule file",
            "Use small letters, digits and hyphens",
        )
    file = load_yaml(path)
    if file.data is None:
        return YamlFile(file.path, {})
    if not isinstance(file.data, dict):
        raise file.error((), "the file must be a mapping of keys to values", "Begin with rules:")
    return file


def check_word_lists(file: YamlFile, words: Mapping[str, tuple[str, ...]]) -> None:
    for name in words:
        if name in BUILT_IN:
            raise file.error(
                ("words", name),
                f"{{{name}}} has a meaning of its own",
                "Give the list another name",
                key=True,
            )


def _unknown_rule(file: YamlFile, steps: Steps, name: str, known: Iterable[str]) -> ConfigError:
    hint = did_you_mean(name, known) or "Write pack/rule, as `cleancopy explain` shows it"
    return file.error(steps, f"there is no rule {name!r}", hint, key=steps[0] == "change")


def _rules(
    file: YamlFile, pack: str, forms: Mapping[str, Any], errors: list[ConfigError]
) -> tuple[dict[str, Rule], dict[str, Written]]:
    rules: dict[str, Rule] = {}
    written: dict[str, Written] = {}
    for short, data in forms.items():
        name, steps = f"{pack}/{short}", ("rules", short)
        locate = _locator(file, steps)
        try:
            if not isinstance(data, dict):
                raise file.error(
                    steps, f"the rule {name} must be a mapping of keys to values", "Begin with why:"
                )
            rules[name] = _checked(make_rule(name, pack, data, locate), locate)
            written[name] = data
        except ConfigError as error:
            errors.append(error)
    return rules, written


def _changed(file: YamlFile, name: str, keys: object, written: Written) -> Rule:
    steps: Steps = ("change", name)
    if not isinstance(keys, dict) or not keys:
        raise file.error(
            steps, f"the change of {name} must be a mapping of the rule's keys", "e.g. longest: 60"
        )
    merged: dict[str, Data] = {**written, **keys}
    locate = _locator(file, steps)
    return _checked(make_rule(name, name.partition("/")[0], merged, locate), locate)


def _locator(file: YamlFile, under: Steps) -> Locate:
    """Places of a rule's keys. For a change: of the changed keys, and of the change itself for all others."""
    return lambda steps, key: file.place((*under, *steps), key=key)


def _checked(rule: Rule, locate: Locate) -> Rule:
    """The rule, when its templates and patterns can be read and hold the slot that ``value`` names."""
    for key in (*TEMPLATE_KEYS, "pattern"):
        for index, text in enumerate(getattr(rule, key)):
            place = locate((key, index), False)
            try:
                names = groups_of(text) if key == "pattern" else slots_of(text)
            except (TemplateError, PatternError) as error:
                raise error_at(place, f"rule {rule.name}: {error.message}", error.hint) from error
            if rule.value is not None and rule.value not in names:
                shape = f"(?P<{rule.value}>…)" if key == "pattern" else f"{{{rule.value}}}"
                raise error_at(
                    place,
                    f"rule {rule.name}: {text!r} has no {shape}, which value: names",
                    "Move the line to a rule of its own, or mend value:",
                )
    return rule


@lru_cache(maxsize=4096)
def slots_of(template: str) -> tuple[str, ...]:
    return slot_names(parse_template(template))


def groups_of(pattern: str) -> tuple[str, ...]:
    translate_pattern(pattern)
    return tuple(re.findall(r"\(\?P<(\w+)>", pattern))
