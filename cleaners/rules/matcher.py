"""Which rules hit a line: exact lines in a dictionary, everything else in an ``re2.Set``.

The sets only narrow: what a set names is confirmed by the single pattern, which also gives the offsets. So
``Matcher.hits`` is ``Matcher.hits_one_by_one``, faster (law 6). FACTS.md: about 3 µs a line at 10,000 rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

import re2

from cleaners.model import Span
from cleaners.rules.norm import LEADING, TRAILING, fold, fold_exact, folds, norm
from cleaners.rules.patterns import options
from cleaners.rules.rule import Rule
from cleaners.rules.templates import Expression, View

_SET_MEMORY = 64 << 20
_MEMORY_A_PATTERN = 64 << 10
_MEMORY_A_CHARACTER = 1 << 10
"""A bound, not a cost: a search for which RE2's memory is too small takes its slow path, fifty times slower, and says nothing."""
_SINGLE_MEMORY = 32 << 20


class Hit(NamedTuple):
    """``rule`` hits the line; ``line[start:end]`` is what it would cut, ``value`` the part that becomes a field."""

    rule: Rule
    start: int
    end: int
    value: Span | None = None


class _Entry(NamedTuple):
    rule: Rule
    expression: Expression
    order: int


class _Prepared(NamedTuple):
    view: View
    set: Any
    entries: list[_Entry]


class _Single(NamedTuple):
    search: Callable[[str | bytes], Any]
    groups: dict[str, int]


class _Index(NamedTuple):
    folded: dict[str, list[_Entry]]
    exact: dict[str, list[_Entry]]
    longest: int
    sets: list[_Prepared]


class Lines:
    """The lines of a story as the matchers want them, so that several layers need not prepare them again."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.texts = [norm(line) for line in lines]
        self.least = [_least(text) for text in self.texts]
        self.encoded = [text.encode() for text in self.texts]
        self._folds: dict[int, tuple[str, str]] = {}

    def seen(self, view: View) -> Sequence[str | bytes]:
        """The lines as a set of that view wants them: most have no decoration, and are the bytes that are there already."""
        if view == "whole":
            return self.encoded
        cut = _VIEWS[view]
        bare = map(cut, self.texts)
        return [
            data if len(text) == len(other) else other
            for text, other, data in zip(self.texts, bare, self.encoded, strict=True)
        ]

    def folds(self, number: int) -> tuple[str, str]:
        known = self._folds.get(number)
        if known is None:
            known = self._folds[number] = folds(self.texts[number])
        return known


_VIEWS: dict[View, Callable[[str], str]] = {
    "whole": lambda text: text,
    "headless": lambda text: text.lstrip(LEADING),
    "tailless": lambda text: text.rstrip(TRAILING),
}


class Matcher:
    """The rules and their expressions, indexed on first use. Not picklable (RE2 sets are not)."""

    def __init__(self, rules: Iterable[tuple[Rule, Iterable[Expression]]]) -> None:
        pairs = [(rule, expression) for rule, expressions in rules for expression in expressions]
        self._entries = [_Entry(rule, expression, order) for order, (rule, expression) in enumerate(pairs)]
        self._singles: dict[str, _Single] = {}
        self._whole: dict[str, Callable[[bytes], Any]] = {}

    def hits(self, line: str) -> tuple[Hit, ...]:
        """Every hit, sorted by the rule's name and start. One hit for each rule and span."""
        return self.hits_of([line])[0]

    def hits_of(self, lines: Sequence[str]) -> list[tuple[Hit, ...]]:
        """``hits`` of each line: what all of them need is prepared once."""
        return self.hits_in(Lines(lines))

    def hits_in(self, story: Lines) -> list[tuple[Hit, ...]]:
        if not self._entries:
            return [()] * len(story.lines)
        candidates = self._candidates(story)
        return [
            self._hits(line, text, candidates[number]) if number in candidates and line else ()
            for number, (line, text) in enumerate(zip(story.lines, story.texts, strict=True))
        ]

    def hits_one_by_one(self, line: str) -> tuple[Hit, ...]:
        """The same by trying each rule: the definition that ``hits`` is held to."""
        if not line:
            return ()
        return self._hits(line, norm(line), self._entries)

    def _hits(self, line: str, text: str, entries: Iterable[_Entry]) -> tuple[Hit, ...]:
        found: dict[tuple[str, int, int], tuple[int, Hit]] = {}
        encoded = text.encode()
        for entry in entries:
            if not entry.rule.fits(line):
                continue
            hit = self._try(entry, text, encoded)
            if hit is None:
                continue
            key = (entry.rule.name, hit.start, hit.end)
            # Two templates of a rule may want the same span: the one that stands first in the file names the value.
            if key not in found or entry.order < found[key][0]:
                found[key] = (entry.order, hit)
        return tuple(found[key][1] for key in sorted(found))

    def _try(self, entry: _Entry, text: str, encoded: bytes) -> Hit | None:
        rule, expression, _ = entry
        if expression.literal is not None:
            shape = fold if rule.case == "fold" else fold_exact
            return Hit(rule, 0, len(text)) if shape(text) == shape(expression.literal) else None
        if rule.cut == "line" and rule.value is None:
            return Hit(rule, 0, len(text)) if self._asked(expression.exact)(encoded) else None
        single = self._single(expression.exact)
        # Of an ASCII line the bytes have the offsets of the characters, and RE2's wrapper need not count them.
        match = single.search(encoded if text.isascii() else text)
        if match is None:
            return None
        name = rule.value if expression.anchor == "pattern" else "value"
        value = Span(*match.span(single.groups[name])) if name in single.groups else None
        if (
            value is not None and value.start >= value.end
        ):  # the slot stands in an alternative that was not taken
            value = None
        if rule.cut == "line":
            return Hit(rule, 0, len(text), value)
        start, end = match.span(single.groups["span"])
        if expression.anchor == "starts":
            start = 0
            end += len(text[end:]) - len(text[end:].lstrip(" "))
        else:
            end = len(text)
            start = len(text[:start].rstrip(" "))
        return Hit(rule, start, end, value) if start < end else None

    def _asked(self, pattern: str) -> Callable[[bytes], Any]:
        asked = self._whole.get(pattern)
        if asked is None:
            asked = self._whole[pattern] = _yes_or_no(pattern)
        return asked

    def _single(self, pattern: str) -> _Single:
        single = self._singles.get(pattern)
        if single is None:
            compiled = re2.compile(pattern, options(_SINGLE_MEMORY))
            single = self._singles[pattern] = _Single(compiled.search, compiled.groupindex)
        return single

    def _candidates(self, story: Lines) -> dict[int, list[_Entry]]:
        """For the number of a line the entries that may hit it: all that do, and few more."""
        index = self._index
        found: dict[int, list[_Entry]] = {}
        if index.longest:
            for number, least in enumerate(story.least):
                if least > index.longest:
                    continue
                folded, exact = story.folds(number)
                if named := index.folded.get(folded):
                    found.setdefault(number, []).extend(named)
                if named := index.exact.get(exact):
                    found.setdefault(number, []).extend(named)
        for view, prepared, entries in index.sets:
            for number, seen in enumerate(story.seen(view)):
                for place in prepared.Match(seen) or ():
                    found.setdefault(number, []).append(entries[place])
        return found

    def may_hit_end(self, line: str) -> bool:
        """Whether ``hits`` may find anything in an end of ``line``, from whichever character on, without the full stops and
        spaces about it: one search instead of one for each end."""
        return self.may_hit_ends([line])

    def may_hit_ends(self, lines: Iterable[str]) -> bool:
        """The same of any of the lines."""
        if self._end is None or not self._entries:
            return bool(self._entries)
        text = "\n".join([norm(line.rstrip(" .")) for line in lines])
        return self._end(text.encode()) is not None

    @cached_property
    def _end(self) -> Callable[[bytes], Any] | None:
        """All that narrows, without its beginning; ``None`` where a rule's beginning cannot be left out."""
        patterns = []
        for entry in self._entries:
            if entry.expression.literal is not None or entry.expression.anchor == "pattern":
                return None
            flags, _, loose = entry.expression.loose.partition(")")
            loose = loose.removeprefix(_BEGIN)
            if loose.endswith(_END):
                loose = loose.removesuffix(_END) + rf"[{re.escape(TRAILING)}]*(?:\n|\z)"
            patterns.append(f"(?i:{loose})" if "i" in flags else f"(?:{loose})")
        pattern = "|".join(patterns)
        try:
            return _yes_or_no(pattern)
        except re2.error:
            return None

    @cached_property
    def _index(self) -> _Index:
        folded: dict[str, list[_Entry]] = {}
        exact: dict[str, list[_Entry]] = {}
        others: dict[tuple[str, View], list[_Entry]] = {}
        for entry in self._entries:
            literal = entry.expression.literal
            if literal is None:
                others.setdefault((_manner(entry.expression), entry.expression.view), []).append(entry)
            elif entry.rule.case == "fold":
                folded.setdefault(fold(literal), []).append(entry)
            else:
                exact.setdefault(fold_exact(literal), []).append(entry)
        sets = []
        for (manner, view), entries in others.items():
            # A set that is anchored at the start gives up on a line of prose after a few characters. One search through the
            # whole story for all of them would be faster still, until RE2's memory is too small for it: then it is 50 times slower.
            kind_of_set = re2.Set.SearchSet if manner == "floats" else re2.Set.MatchSet
            sets += [_Prepared(view, *made) for made in _sets(kind_of_set, entries)]
        longest = max(map(len, (*folded, *exact)), default=0)
        return _Index(folded, exact, longest, sets)


class Layers:
    """Two matchers as one: that of the packs, which many publishers share, without the rules in ``hidden``, and a publisher's own.

    No rule stands in both. So each publisher costs the memory of its own rules, not of all.
    """

    def __init__(self, below: Matcher | Layers, above: Matcher, hidden: frozenset[str]) -> None:
        self._below = below
        self._above = above
        self._hidden = hidden

    def hits(self, line: str) -> tuple[Hit, ...]:
        return self.hits_of([line])[0]

    def hits_of(self, lines: Sequence[str]) -> list[tuple[Hit, ...]]:
        return self.hits_in(Lines(lines))

    def hits_in(self, story: Lines) -> list[tuple[Hit, ...]]:
        return list(map(self._joined, self._below.hits_in(story), self._above.hits_in(story)))

    def may_hit_end(self, line: str) -> bool:
        return self.may_hit_ends([line])

    def may_hit_ends(self, lines: Iterable[str]) -> bool:
        return self._below.may_hit_ends(lines) or self._above.may_hit_ends(lines)

    def hits_one_by_one(self, line: str) -> tuple[Hit, ...]:
        return self._joined(self._below.hits_one_by_one(line), self._above.hits_one_by_one(line))

    def _joined(self, below: tuple[Hit, ...], above: tuple[Hit, ...]) -> tuple[Hit, ...]:
        if self._hidden and below:
            below = tuple(hit for hit in below if hit.rule.name not in self._hidden)
        if not above or not below:
            return below or above
        return tuple(sorted((*below, *above), key=lambda hit: (hit.rule.name, hit.start, hit.end)))


def _manner(expression: Expression) -> Literal["gives up", "dated", "goes on", "floats"]:
    """How far it reads a line of prose: most give up after a few words, and the others are in sets of their own, so as not to hold these up.

    What begins with a date counts words. In one set with others RE2 had a state for each word of each of them, and a line of a
    page took 4 µs instead of 2.
    """
    if expression.anchor == "ends":
        return "floats"
    if expression.anchor == "pattern" or _OPEN.match(expression.loose):
        return "goes on"
    return "dated" if _DATED.match(expression.loose) else "gives up"


_BEGIN, _END = r"\A", r"\z"
_TOP = r"\(\?i?s\)\\A(?:\[[^\]]*\]\*)?(?:\(\?:)*"
# {any} or a title begins the template: nothing that a line begins with speaks against it. A date may stand seven words on.
_OPEN = re.compile(_TOP + r"(?:\.\*|\(\?-i:\[A-Z\\d\\x22)")
_DATED = re.compile(_TOP + r"\(\?-i:\(\?:\[\^ \]")


def _yes_or_no(pattern: str) -> Callable[[bytes], Any]:
    """Finds whether the pattern hits, and not where: a set of one takes a quarter of the time of a search."""
    single = re2.Set.SearchSet(options(_SET_MEMORY + _MEMORY_A_CHARACTER * len(pattern)))
    single.Add(pattern)
    single.Compile()
    return single.Match  # type: ignore[no-any-return]


def _least(text: str) -> int:
    """The least length that ``fold(text)`` can have, without folding; 0 where it is not so easily told.

    Folding takes spaces and decoration away, and NFC may draw letters and their marks together; but of the ASCII characters
    that are left each stays one of its own.
    """
    bare = text.lstrip(LEADING).rstrip(TRAILING)
    if "  " in bare:
        return 0
    return len(bare) if bare.isascii() else max(len(bare.encode("ascii", "ignore")), len(bare) // 16)


def _sets(kind: Any, entries: list[_Entry]) -> list[tuple[Any, list[_Entry]]]:
    """One set for the entries; two halves where RE2's memory does not hold them in one."""
    if not entries:
        return []
    prepared = kind(options(_SET_MEMORY + _MEMORY_A_PATTERN * len(entries)))
    for entry in entries:
        try:
            prepared.Add(entry.expression.loose)
        except re2.error:
            # The set hides its reason; alone the pattern names it.
            re2.compile(entry.expression.loose, options(_SINGLE_MEMORY))
            raise
    try:
        prepared.Compile()
    except re2.error:
        if len(entries) == 1:
            raise
        half = len(entries) // 2
        return [*_sets(kind, entries[:half]), *_sets(kind, entries[half:])]
    return [(prepared, entries)]
