from __future__ import annotations

import re

import pytest

from cleaners.kinds.line_cues import in_words
from cleaners.kinds.line_model import ALWAYS, shipped_weights


def test_every_feature_that_is_shipped_has_its_words():
    for name in shipped_weights().of.keys() - {ALWAYS}:
        phrase = in_words(name)
        spoken = re.sub("“.*”", "", phrase)
        assert not {"=", "&"} & set(spoken), name


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("tail&ends=letter", "ends without a full stop"),
        ("tail", "stands under the story"),
        ("body&short=&", "has “&” in it"),
        ("first=q & a", "begins with “q & a”"),
        ("form=4,colon", "has 12 to 19 letters and ends in a colon"),
        ("under-story=4", "stands 3 to 4 lines under the story"),
        ("after=gone&body&line&length=3", "the line below goes and this one has 8 to 11 letters"),
        ("nearest-above=share&tail", "the nearest known line above is share"),
        ("known-above=2/5&above=6&line", "some of what stands above is known and has many paragraphs above"),
    ],
)
def test_in_words(name, phrase):
    assert in_words(name) == phrase
