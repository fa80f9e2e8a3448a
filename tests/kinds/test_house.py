from __future__ import annotations

import pytest

from cleaners.kinds.house import names_house
from cleaners.model import Story


def _story(**about):
    return Story(id="t", form="text", blocks=(), raw=b"", **about)


@pytest.mark.parametrize(
    "text",
    [
        "Marta Oyelaran covers tides for the Harbour Post.",
        "HarbourPost.example may earn a commission.",
        "Read it at https://www.harbourpost.example/4711",
    ],
)
def test_a_house_by_its_host(text):
    assert names_house(text, _story(url="https://www.harbourpost.example/ferry"))


def test_a_house_by_its_name():
    assert names_house("What Kestpress readers say", _story(publisher="The Kestpress"))


@pytest.mark.parametrize(
    "text", ["The harbour post was painted.", "Harbour and Post", "Kestpress reported it."]
)
def test_other_words_are_not_the_house(text):
    assert not names_house(text, _story(url="https://www.harbourpost.example/ferry"))


def test_a_story_without_a_house():
    assert not names_house("Harbour Post", _story())
