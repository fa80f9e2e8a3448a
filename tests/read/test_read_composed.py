"""What is written in another of Unicode's forms is known by the same rules, and its source stays as it came."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from cleaners.model import Raw
from cleaners.pipeline import Pipeline
from cleaners.undo import undo


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "hi",
            "\u092a\u095d\u0947\u0902 पूरी खबर बंदर समाचार ऐप पर",
        ),  # "पढ़ें" with the dot as a part of its letter
        ("fr", normalize("NFD", "Inscrivez-vous à la newsletter du port : l’actualité réunie")),
        ("ko", normalize("NFD", "구독하기")),
    ],
)
def test_rules_know_it(pipeline: Pipeline, language: str, line: str) -> None:
    story = "The dredger came back to the estuary on Monday, nine years after it had left, the office said."
    raw = Raw(id="t", form="lines", content=(story, story + " So it is.", line), language=language)
    cleaned = pipeline.clean(raw)
    assert [removal.text for removal in cleaned.removals] == [normalize("NFC", line)]
    assert undo(cleaned, everything=True).copy.raw == "\n".join(raw.content)
