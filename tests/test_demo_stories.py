"""The demo stories are what a newcomer sees first: each must come out as its story is told in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaners import write
from cleaners.model import Cleaned
from cleaners.pipeline import Pipeline
from flows.cli.inputs import Defaults, open_input
from flows.cli.options import From

VERDICTS = {"budget-embargo.txt": "hold"}
JUNK = {
    "harbour-ferry.txt": ["Published: undefined", "Follow us", "telegram", "Brandvik", "Last ferry leaves"],
    "school-roof.html": [
        "Advertisement",
        "READ MORE",
        "newsletter",
        "Ned Ferrar",
        "Most read",
        "All rights reserved",
    ],
    "market-hall.html": ["Published: undefined", "ALSO READ", "Follow us"],
    "clinic-inquiry.txt": ["Advertisement", "Share this", "Facebook", "Priya Halvorsen"],
    "stadtbad.txt": ["Anzeige\n", "Lesen Sie auch", "Folgen Sie", "Newsletter", "Jürgen Pahl"],
    "wire.jsonl": ["READ MORE", "Published: undefined", "Follow us", "विज्ञापन", "ये भी पढ़ें", "व्हाट्सएप"],
}
STAYS = {
    "harbour-ferry.txt": ["for 114 years.", "nineteen of those places."],
    "school-roof.html": ["Lessons in the chapel", "mobile library", "no more than his dinner."],
    "clinic-inquiry.txt": ["Correction: An earlier version", "0800 555 0199", "Penhallow"],
    "stadtbad.txt": ["Eine Anzeige wegen Lärms", "vierzigtausend Stück."],
    "wire.jsonl": ["ELMSWICK (Northern Wire) —", "brings its own lunch", "नाविक हरिराम माँझी"],
    "budget-embargo.txt": ["A night bus is a fine thing"],
}


@pytest.fixture(scope="module")
def demo(config_dir: Path) -> Path:
    return config_dir / "demo"


def cleaned(pipeline: Pipeline, path: Path) -> list[Cleaned]:
    arrivals = list(open_input(str(path), From.auto, Defaults()).arrivals)
    assert all(arrival.raw for arrival in arrivals), [arrival.problem for arrival in arrivals]
    return [pipeline.clean(arrival.raw) for arrival in arrivals if arrival.raw]


NAMES = sorted({*VERDICTS, *JUNK, *STAYS})


def test_every_demo_story_is_looked_at(demo: Path) -> None:
    assert sorted(path.name for path in demo.iterdir() if not path.name.startswith(".")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_story_comes_out_clean(pipeline: Pipeline, demo: Path, name: str) -> None:
    found = cleaned(pipeline, demo / name)
    copy = "\n".join(write.text(one) for one in found)
    assert {one.verdict for one in found} == {VERDICTS.get(name, "publish")}, [one.reasons for one in found]
    assert [junk for junk in JUNK.get(name, ()) if junk in copy] == []
    assert [words for words in STAYS.get(name, ()) if words not in copy] == []


def test_the_ferry_has_its_fields(pipeline: Pipeline, demo: Path) -> None:
    fields = cleaned(pipeline, demo / "harbour-ferry.txt")[0].copy.fields
    assert fields.section == "Region"
    assert fields.headline == "Last ferry leaves Kesten as island votes to keep its lighthouse lit"
    assert fields.standfirst is not None
    assert fields.standfirst.startswith("Council finds the money")
    assert [(one.caption, one.credit) for one in fields.pictures] == [
        ("The ferry Marta Holm at the north quay in Kesten", "Ilse Brandvik/Kestpress")
    ]


def test_the_market_halls_body_keeps_its_links_and_embeds_byte_for_byte(
    pipeline: Pipeline, demo: Path
) -> None:
    source = (demo / "market-hall.html").read_text("utf-8")
    expected = source
    for gone in (
        "<p>Published: undefined</p>",
        "<p>ALSO READ: Depot's last bus leaves with the mayor at the wheel</p>",
        "<p>Follow us on Facebook, Twitter and Instagram</p>",
    ):
        assert gone in expected
        expected = expected.replace(gone, "")
    assert write.html(cleaned(pipeline, demo / "market-hall.html")[0]) == expected
