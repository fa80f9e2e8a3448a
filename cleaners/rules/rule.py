"""A rule as newsroom people write it, as a frozen value that reads aloud."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from cleaners.model import LIFT_FIELDS, Form, Zone
from cleaners.rules.errors import ConfigError, Place, did_you_mean
from cleaners.rules.schema import Locate, StrictModel, fault, validate
from cleaners.rules.yaml_file import Data

RuleAction = Literal["remove", "lift", "protect", "suspect", "cue"]
Case = Literal["fold", "exact"]
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""Names of rules, kinds, packs and word lists: small letters and digits with hyphens between."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with its resolved name (``english/share-this``), examples, and place in the file.

    ``line``, ``starts``, ``ends`` are templates, ``pattern`` raw RE2; at least one of them has an entry.
    ``shortest`` and ``longest`` are lengths of the line in characters, both included; the matcher applies them. The
    conditions ``zone``, ``beside``, ``after``, ``before``, ``run``, ``forms``, ``since`` and ``until`` need a story:
    the cleaner of the written rules applies them. Empty or ``None``: no condition.
    """

    name: str
    pack: str
    why: str
    kind: str
    matches: tuple[str, ...]
    spares: tuple[str, ...]
    source: Place
    action: RuleAction = "remove"
    field: str | None = None
    line: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    pattern: tuple[str, ...] = ()
    cut: Literal["line", "match"] = "line"
    value: str | None = None
    case: Case = "fold"
    zone: tuple[Zone, ...] = ()
    shortest: int | None = None
    longest: int | None = None
    beside: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    run: int | None = None
    forms: tuple[Form, ...] = ()
    since: date | None = None
    until: date | None = None
    may_exceed: bool = False

    def fits(self, line: str) -> bool:
        """Whether the line's length is one that the rule allows."""
        return (self.shortest is None or len(line) >= self.shortest) and (
            self.longest is None or len(line) <= self.longest
        )


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_date(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("write a date as 2026-03-31")
    return value


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list), Field(min_length=1)]
Name = Annotated[str, Field(pattern=rf"^{NAME.pattern}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(_as_list), Field(min_length=1)]
Day = Annotated[date, BeforeValidator(_as_date)]


class RuleForm(StrictModel):
    """The keys that a rule may have in YAML."""

    why: Text
    kind: Name | None = None
    action: RuleAction = "remove"
    field: str | None = None
    line: Texts = ()
    starts: Texts = ()
    ends: Texts = ()
    pattern: Texts = ()
    cut: Literal["line", "match"] = "line"
    value: str | None = None
    case: Case = "fold"
    zone: Annotated[tuple[Zone, ...], BeforeValidator(_as_list), Field(min_length=1)] = ()
    shortest: int | None = Field(default=None, ge=0)
    longest: int | None = Field(default=None, ge=1)
    beside: Names = ()
    after: Names = ()
    before: Names = ()
    run: int | None = Field(default=None, ge=2)
    forms: Annotated[tuple[Form, ...], BeforeValidator(_as_list), Field(min_length=1)] = ()
    since: Day | None = None
    until: Day | None = None
    may_exceed: bool = False
    matches: Texts
    spares: Texts

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if not (self.line or self.starts or self.ends or self.pattern):
            raise fault("why", "the rule says no line to look for", "Add line:, starts:, ends: or pattern:")
        if self.action == "lift" and self.field is None:
            raise fault(
                "action", "a lift needs its field", f"Add field: with one of {', '.join(LIFT_FIELDS)}"
            )
        if self.field is not None and self.action != "lift":
            raise fault("field", "only a lift has a field", "Add action: lift, or delete field:")
        if self.field is not None and self.field not in LIFT_FIELDS:
            raise fault("field", f"there is no field {self.field!r}", did_you_mean(self.field, LIFT_FIELDS))
        if self.value is not None and self.action != "lift":
            raise fault("value", "only a lift has a value", "Add action: lift and field:, or delete value:")
        if self.cut == "match" and (self.line or self.pattern):
            raise fault(
                "cut", "cut: match is for starts and ends", "Move line: and pattern: to a rule of their own"
            )
        if self.shortest is not None and self.longest is not None and self.shortest > self.longest:
            raise fault("shortest", "shortest is longer than longest", "Swap the two")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise fault("since", "since is later than until", "Swap the two")
        if both := sorted(set(self.matches) & set(self.spares)):
            raise fault("spares", f"{both[0]!r} is in matches and in spares", "Keep it in one of them")
        return self


def make_rule(name: str, pack: str, data: Mapping[str, Data], locate: Locate) -> Rule:
    """A rule from its keys in YAML; ``locate`` gives the places of ``data``. Raises ``ConfigError``."""
    short = name.rpartition("/")[2]
    try:
        form = validate(RuleForm, dict(data), locate)
    except ConfigError as error:
        raise ConfigError(
            error.file, error.line, error.column, f"rule {name}: {error.message}", error.hint
        ) from error.__cause__
    keys = form.model_dump(exclude={"kind"})
    return Rule(name=name, pack=pack, kind=form.kind or short, source=locate((), True), **keys)
