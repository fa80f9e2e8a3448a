from __future__ import annotations

import pytest

from cleaners.model import Raw
from cleaners.read import read
from cleaners.read.zones import is_prose

PROSE = "The ferry will sail again on Monday, the harbour master told reporters at noon."


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        "“We sail on Monday, whatever the weather, said the master of the ship.”",
        "港" * 20 + "。",
        "word " * 45,
    ],
)
def test_prose(text: str) -> None:
    assert is_prose(text)


@pytest.mark.parametrize(
    "text", ["Follow us on: Facebook, Twitter", "Short.", "港" * 10 + "。", "No stop " * 10]
)
def test_no_prose(text: str) -> None:
    assert not is_prose(text)


def test_head_body_tail() -> None:
    story = read(Raw("z", "text", f"World\n{PROSE}\nSubhead\n{PROSE}\nFollow us"))
    assert [block.zone for block in story.blocks] == ["head", "body", "body", "body", "tail"]


def test_without_prose_all_is_body() -> None:
    assert [block.zone for block in read(Raw("z", "text", "One\nTwo")).blocks] == ["body", "body"]


def test_language_is_given_or_told_by_the_words() -> None:
    german = "Die Fähre fährt am Montag wieder, sagte der Hafenmeister am Mittag den Journalisten. " * 4
    assert read(Raw("z", "text", german)).language == "de"
    assert read(Raw("z", "text", german, language="de_AT")).language == "de-AT"
    assert read(Raw("z", "text", "Kurz.")).language is None
