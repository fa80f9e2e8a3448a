"""Raw patterns: translated to Unicode, or refused with what to write instead."""

from __future__ import annotations

import pytest
import re2

from cleaners.rules import PatternError, translate_pattern
from cleaners.rules.patterns import loosen_pattern


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"\w+", "Größe"),
        (r"\w+", "हिन्दी"),
        (r"[\w.]+", "ä.ö"),
        (r"[^\w]+", "—…"),
        (r"\W", "—"),
        (r"\d{4}", "२०२६"),
        (r"[\d:]+", "१०:४५"),
        (r"\D+", "ä"),
        (r"[\D]+", "ä"),
        (r"a\sb", "a\u00a0b"),
        (r"a[\s-]b", "a\u2009b"),
        (r"\S+", "Größe"),
        (r"(?P<who>\w+)-(?:x|y)", "ä-x"),
        (r"[]a]+", "]a"),
        (r"[^]a]", "b"),
        (r"\p{Lu}\pL*", "Öl"),
        (r"\x{e4}\x41", "äA"),
        (r"a\.b\|\\", r"a.b|\\"[:-1]),
        (r"^a.*\z", "abc"),
        (r"(?i)a(?-i:B)", "AB"),
        (r"[&~|]+", "&&"),
        (r".{0,80}?a{5}b{20,}[c{9}]\p{Lu}{2,6}\x{e4}{1,2}\{7}", "xaaaaa" + "b" * 20 + "{ÖÖää{7}"),
    ],
)
def test_translated(pattern: str, line: str) -> None:
    assert re2.compile(translate_pattern(pattern)).fullmatch(line)
    assert re2.compile(loosen_pattern(pattern)).fullmatch(line)


def test_what_may_come_often_is_not_counted_where_it_only_narrows() -> None:
    assert (
        loosen_pattern(r"a{3} (?:b{0,80}?|c{5,}) d{1,4}[e{9}]\p{L}{6}\{7}")
        == r"a{3} (?:b*?|c+) d{1,4}[e{9}]\p{L}+\{7}"
    )


@pytest.mark.parametrize(
    ("pattern", "line"),
    [(r"\W", "ä"), (r"\S", "\u00a0"), (r"[^\w]", "ß"), (r"[^\s]", "\u2009"), (r"\D", "३"), (r"[^\d]", "३")],
)
def test_translated_complements(pattern: str, line: str) -> None:
    assert not re2.compile(translate_pattern(pattern)).fullmatch(line)


@pytest.mark.parametrize(
    ("pattern", "said", "hint"),
    [
        (r"\bfoo", "ASCII", "starts:"),
        (r"a\Bb", "ASCII", ""),
        (r"[\b]", "ASCII", ""),
        (r"foo\Z", r"\Z is not RE2", "whole line"),
        (r"(?=foo)", "look-ahead", "spares:"),
        (r"(?<!foo)bar", "look-ahead", "protect"),
        (r"(a)\1", "back-references", ""),
        (r"(?P<a>x)(?P=a)", "back-references", ""),
        (r"[\W]", "inside a class", r"(?:\W|"),
        (r"[[:alpha:]]", "ASCII only", r"\p{L}"),
        (r"(?m)^a", "flags", "case: exact"),
        (r"(?U)a+", "flags", ""),
        (r"a{1,2000}", "repetition size", "longest:"),
        (r"(?P<1x>a)", "re refuses", ""),
        (r"(?<x>a)", "refuses", ""),
        (r"a++", "refuses", ""),
        (r"(a", "refuses", ""),
        (r"[a", "refuses", ""),
        ("a\\", "ends with a backslash", ""),
        (r"\p{Nonsense}", "RE2 refuses", ""),
        (r"\p", "name of a class", ""),
        (r"\x{110000}", "not a character", ""),
        (r"\Qa.b\E", "not supported", ""),
        (r"\u00e4", "not RE2", r"\x{00e4}"),
        (r"((a{1000}){1000}){10}", "refuses", ""),
        ("a" * 1001, "1000 are allowed", ""),
    ],
)
def test_refused(pattern: str, said: str, hint: str) -> None:
    with pytest.raises(PatternError) as caught:
        translate_pattern(pattern)
    assert said in caught.value.message
    assert hint in caught.value.hint
