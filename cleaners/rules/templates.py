"""Templates: lines with slots, as newsroom people write them, turned into RE2.

``Published: {date}`` is a line with a slot; ``{a|b}`` are alternatives written in place, ``{official |}`` is optional, and
an alternative may hold slots itself (``{on {date}|today}``). ``{network+}`` is a list of them ("Facebook, X and WhatsApp").
``{{`` and ``}}`` are braces, and a backslash makes a brace or a stroke plain inside an alternative (``{,| \\|}``). Patterns run on ``norm(line)``.

Each template gives two patterns: ``exact`` decides, ``loose`` only narrows. In ``loose`` a slot says what it says of
ASCII and lets every other character pass, and decoration is stripped from the line beforehand, which keeps a set of
thousands of rules small (with Unicode classes in it, 10,000 rules took 1.5 GB and a minute). It must match every line
that ``exact`` matches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cleaners.rules.literals import alternation, literal
from cleaners.rules.norm import LEADING, TRAILING, norm
from cleaners.rules.slots import BETWEEN, LOOSE_SLOTS, SLOTS, date_pattern, loose_date_pattern

Words = Mapping[str, tuple[str, ...]]
Anchor = Literal["line", "starts", "ends", "pattern"]
View = Literal["whole", "headless", "tailless"]
"""What of a line ``loose`` is tried on: all of it, or without its leading or its trailing decoration."""
MAX_TEMPLATE = 1_000
MAX_NESTING = 4


class TemplateError(ValueError):
    """A template that cannot be read: ``args`` are the message and what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Slot:
    """``{name}``, or ``{name+}``: one or several of it, with commas, "and", strokes or spaces between."""

    name: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Parts, ...]


Parts = tuple[str | Slot | Choice, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """What one template or pattern of a rule became.

    ``literal``: a whole line without slots, to be compared by ``fold`` (``exact`` and ``loose`` are then empty). ``exact``
    has the group ``span`` around what the template itself matched, and ``value`` around the slot that ``value`` names.
    """

    anchor: Anchor
    template: str
    literal: str | None = None
    exact: str = ""
    loose: str = ""
    view: View = "whole"


@lru_cache(maxsize=50_000)  # loading asks for each line several times: its slots, its words, its pattern
def parse_template(template: str) -> Parts:
    """The parts of a template: texts, slots, choices. ``TemplateError`` for braces that do not fit."""
    if len(template) > MAX_TEMPLATE:
        raise TemplateError(f"the template has {len(template)} characters; {MAX_TEMPLATE} are allowed")
    parts, end = _sequence(template, 0, 0)
    if end < len(template):
        raise TemplateError(
            f"there is a }} without its {{ at character {end + 1} of {template!r}",
            "Write }} for a brace; let an alternative that begins with a slot come second: {today|{date}}",
        )
    return parts


def _sequence(text: str, at: int, depth: int) -> tuple[Parts, int]:
    parts: list[str | Slot | Choice] = []
    plain = ""
    while at < len(text):
        char = text[at]
        if char == "\\" and text[at + 1 : at + 2] in ("{", "}", "|"):
            plain += text[at + 1]
            at += 2
        elif depth == 0 and text[at : at + 2] in ("{{", "}}"):
            plain += char
            at += 2
        elif char == "{":
            if plain:
                parts.append(plain)
                plain = ""
            part, at = _braces(text, at, depth + 1)
            parts.append(part)
        elif char == "}" or (char == "|" and depth > 0):
            break
        else:
            plain += char
            at += 1
    if plain:
        parts.append(plain)
    return tuple(parts), at


def _braces(text: str, at: int, depth: int) -> tuple[Slot | Choice, int]:
    if depth > MAX_NESTING:
        raise TemplateError(
            f"{text!r} has braces more than {MAX_NESTING} deep", "Write several lines instead"
        )
    opened = at
    options: list[Parts] = []
    while True:
        option, at = _sequence(text, at + 1, depth)
        options.append(option)
        if at >= len(text):
            raise TemplateError(
                f"the {{ at character {opened + 1} of {text!r} is not closed",
                "Add }, or write {{ for a brace",
            )
        if text[at] == "}":
            break
    if len(options) > 1:
        return Choice(tuple(options)), at + 1
    only = options[0]
    if len(only) == 1 and isinstance(only[0], str) and re.fullmatch(r"[a-z][a-z0-9-]*\+?", only[0]):
        return Slot(only[0].rstrip("+"), only[0].endswith("+")), at + 1
    raise TemplateError(
        f"{text[opened : at + 1]!r} is not a slot",
        "Write {date} or another slot in small letters, {a|b} for alternatives, {a |} for what may be absent",
    )


def slot_names(parts: Parts) -> tuple[str, ...]:
    """The names of all slots, in order, with repetitions."""
    names: list[str] = []
    for part in parts:
        if isinstance(part, Slot):
            names.append(part.name)
        elif isinstance(part, Choice):
            names += [name for option in part.options for name in slot_names(option)]
    return tuple(names)


def compile_template(
    template: str,
    anchor: Anchor = "line",
    *,
    words: Words | None = None,
    exact_case: bool = False,
    value: str | None = None,
) -> Expression | None:
    """A template as patterns; ``None`` where a word list that it needs is absent (it can then match nothing)."""
    parts = parse_template(norm(template).strip())
    if anchor == "line" and all(isinstance(part, str) for part in parts):
        return Expression(anchor, template, literal="".join(part for part in parts if isinstance(part, str)))
    writer = _Writer(words or {}, exact_case, value)
    exact = writer.write(parts, loose=False)
    loose = writer.write(parts, loose=True)
    if exact is None or loose is None:
        return None
    flags = "(?s)" if exact_case else "(?is)"
    before, after = _surroundings(parts, anchor)
    view, loose_before, loose_after = _loose_surroundings(parts, anchor)
    return Expression(
        anchor,
        template,
        exact=f"{flags}{before}(?P<span>{exact}){after}",
        loose=f"{flags}{loose_before}(?:{loose}){loose_after}",
        view=view,
    )


def _loose_surroundings(parts: Parts, anchor: Anchor) -> tuple[View, str, str]:
    """Where a template begins (or ends) with a text that is no decoration, the decoration can go beforehand."""
    if anchor == "ends":
        last = parts[-1]
        plain = isinstance(last, str) and last[-1] not in TRAILING
        return ("tailless", "", r"\z") if plain else ("whole", "", _AFTER)
    first = parts[0]
    plain = isinstance(first, str) and first[0] not in LEADING
    after = _AFTER if anchor == "line" else ""
    return ("headless", r"\A", after) if plain else ("whole", _BEFORE, after)


_BEFORE = rf"\A[{re.escape(LEADING)}]*"
_AFTER = rf"[{re.escape(TRAILING)}]*\z"
# "starts: Correction" is not the start of "Corrections officers": a word ends where no letter or digit follows.
_NO_WORD = r"[^\p{L}\p{M}\p{N}]"


def _surroundings(parts: Parts, anchor: Anchor) -> tuple[str, str]:
    if anchor == "starts":
        return _BEFORE, rf"(?:{_NO_WORD}|\z)" if _wordlike(parts, -1) else ""
    if anchor == "ends":
        return rf"(?:\A|{_NO_WORD})" if _wordlike(parts, 0) else "", _AFTER
    return _BEFORE, _AFTER


# Scripts that put no space between words: there a word may end anywhere.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)


def _wordlike(parts: Parts, end: Literal[0, -1]) -> bool:
    """Whether the template ends (or begins) with a letter or digit of a script that parts its words."""
    if not parts:
        return False
    part = parts[end]
    if isinstance(part, str):
        return part[end].isalnum() and not _UNSPACED.match(part[end])
    if isinstance(part, Choice):
        # An empty option shows what stands beside it: "Join us{ today|}" ends with "us" or with "today".
        beside = parts[:-1] if end == -1 else parts[1:]
        return all(_wordlike(option or beside, end) for option in part.options)
    return part.name in ("name", "number", "time", "handle")


class _Writer:
    """Writes parts as RE2; ``value`` is captured at its first place."""

    def __init__(self, words: Words, exact_case: bool, value: str | None) -> None:
        self.words = words
        self.exact_case = exact_case
        self.value = value
        self.captured = False

    def write(self, parts: Parts, *, loose: bool) -> str | None:
        written: list[str] = []
        for part in parts:
            if isinstance(part, str):
                written.append(literal(part, self.exact_case))
            elif isinstance(part, Choice):
                options = [self.write(option, loose=loose) for option in part.options]
                able = [option for option in options if option is not None]
                if not able:
                    return None
                written.append(f"(?:{'|'.join(able)})")
            else:
                slot = self._slot(part, loose)
                if slot is None:
                    return None
                written.append(slot)
        return "".join(written)

    def _slot(self, slot: Slot, loose: bool) -> str | None:
        name = slot.name
        pattern = self._loose_meaning(name) if loose else self._meaning(name)
        if pattern is None:
            return None
        if slot.many:
            pattern = f"(?:{pattern})(?:{BETWEEN}(?:{pattern}))*"
        if not loose and name == self.value and not self.captured:
            self.captured = True
            return f"(?P<value>{pattern})"
        return f"(?:{pattern})"

    def _loose_meaning(self, name: str) -> str | None:
        if name == "date":
            return loose_date_pattern(self.words.get("months", ()), self.words.get("weekdays", ()))
        return LOOSE_SLOTS.get(name) or self._meaning(name)

    def _meaning(self, name: str) -> str | None:
        if name == "date":
            return date_pattern(self.words.get("months", ()), self.words.get("weekdays", ()))
        if name in SLOTS:
            return SLOTS[name]
        listed = self.words.get(name, ())
        return alternation(listed, self.exact_case) if listed else None
