"""Every feature of the page model can be told to an editor."""

from __future__ import annotations

import re

import pytest

from cleaners.kinds.page_cues import in_words
from cleaners.read.page_model import column_names, shipped_page_weights


def test_every_number_has_words() -> None:
    told = {name: in_words(name) for name in column_names()}
    assert [name for name, words in told.items() if re.search(r">=| own$| other$", words)] == []


def test_every_sort_of_word_has_words() -> None:
    assert [word for word in shipped_page_weights().words if in_words(word) == word] == []


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ("sentence own", "does not end like a sentence"),
        ("sentence>=1 own", "ends like a sentence"),
        ("in aside>=1 own", "stands in <aside>"),
        ("in article own", "stands in no <article>"),
        ("own class newsletter", "its class says “newsletter”"),
        ("linked -1>=0.95 other", "the line above is mostly links"),
        ("lead +1 own", "the line below trails"),
        ("own within 4 own", "few of the lines around it are the story's"),
        ("own company in its parent>=80 own", "many lines of the story share its box"),
    ],
)
def test_what_is_told(feature: str, words: str) -> None:
    assert in_words(feature) == words
