"""Each golden story is read and cleaned as its expectation says, and would be seen if it were not. See ``golden_stories.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from golden_stories import (  # type: ignore[import-not-found]
    FILES,
    FORMS,
    GIVEN,
    GOLDEN,
    Told,
    check,
    ending,
    expected,
)

Tell = Callable[[str], list[Told]]


@pytest.mark.parametrize("name", FILES)
def test_a_golden_story_is_read_and_cleaned_as_expected(name: str, tell: Tell) -> None:
    for told in tell(name):
        check(told)


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_expected_would_be_missed(name: str, tell: Tell) -> None:
    """Any part of an expectation that is changed fails: none is there that nothing looks at."""
    for told in tell(name):
        wanted = {key: value for key, value in told.wanted.items() if key not in GIVEN}
        for where, changed in spoiled(wanted, told):
            assert fails(told, changed), f"{name}.yaml: {where} may say anything"


def fails(told: Told, wanted: dict[str, Any]) -> bool:
    try:
        check(told, wanted)
    except AssertionError:
        return True
    return False


def spoiled(wanted: dict[str, Any], told: Told) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The expectation with one part changed, for each of its parts."""
    for *path, last in leaves_of(wanted):
        changed = deepcopy(wanted)
        inside: Any = changed
        for key in path:
            inside = inside[key]
        inside[last] = (
            told.cleaned.source.blocks[0].text
            if path == ["absent"] and told.cleaned is not None
            else other_than(inside[last])
        )
        yield (*path, last), changed


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    empty = True
    for key, part in parts:
        empty = False
        yield from leaves_of(part, (*path, key))
    if empty:
        yield path


def other_than(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1_000
    return f"{value}~" if isinstance(value, str) else ["~"] if isinstance(value, list) else "~"


def test_every_story_has_an_expectation_and_every_expectation_a_story() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.yaml")) == sorted(FILES)
    assert len(FILES) == len([path for path in GOLDEN.iterdir() if path.suffix != ".yaml"])
    assert {ending(name) for name in FILES} == set(FORMS)
    assert all(expected(name) for name in FILES)
    assert len(FILES) >= 80
