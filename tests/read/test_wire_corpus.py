"""Kills and embargoes as wires write them: none missed, none early; and what only looks like them is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cleaners.model import Cleaned
from cleaners.pipeline import Pipeline
from cleaners.rules import load_yaml
from flows.sources.records import raw_from_record

CORPUS: Any = load_yaml(Path(__file__).with_name("wire_corpus.yaml")).data
STORY = {
    "de": [
        "Der Bagger ist am Montag in die Mündung zurückgekehrt, neun Jahre nachdem er abgelegt hatte, sagte das Amt.",
        "Am Kai wartete niemand auf ihn außer dem Hafenmeister, der seit dem Frühjahr dort gestanden hatte.",
        "Im Mai fährt er wieder, wenn die Rinne so tief ist, wie es sich der Hafen seit langem gewünscht hat.",
    ]
}
ENGLISH = [
    "The dredger came back to the estuary on Monday, nine years after it had left, the harbour office said.",
    "Nobody was on the quay to see it but the harbour master, who had waited since the spring, he said.",
    "It will leave again in May, when the channel has been cleared to the depth that the port had asked for.",
]


def cleaned(pipeline: Pipeline, item: dict[str, Any], twice: bool = False) -> Cleaned:
    language = item.get("language", "en")
    story = STORY.get(language, ENGLISH)
    lines = [line for given in item["lines"] for line in (story if given == "…" else [given])]
    known = {
        key: item[key]
        for key in ("headline", "ednote", "embargoed", "pubstatus")
        if item.get(key) is not None
    }
    sent = {} if item.get("sent") == "no" else {"published": item.get("sent", "2026-03-03")}
    content = {"body": "".join(f"<p>{line}</p>" for line in lines)} if twice else {"text": "\n".join(lines)}
    return pipeline.clean(raw_from_record({"id": "s", "language": language, **sent, **known, **content}))


@pytest.mark.parametrize("twice", [False, True], ids=["text", "body"])
@pytest.mark.parametrize("item", CORPUS["stops"], ids=lambda item: item["name"])
def test_it_stops(pipeline: Pipeline, item: dict[str, Any], twice: bool) -> None:
    told = cleaned(pipeline, item, twice)
    assert told.verdict == item["verdict"], (told.reasons, told.source.signals)
    stopping = [signal for signal in told.source.signals if signal.kind == item["kind"]]
    assert stopping, told.source.signals
    if item["kind"] == "embargo":
        assert item.get("until") in [signal.until for signal in stopping]
        assert {signal.until for signal in stopping} <= {item.get("until"), None}
    for line in item["lines"]:
        if line != "…" and told.verdict == "hold":
            assert line not in told.copy.text.split("\n"), (
                "an instruction would be published when the story is let go"
            )


@pytest.mark.parametrize("item", CORPUS["spares"], ids=lambda item: " / ".join(item["lines"])[:60])
def test_it_does_not(pipeline: Pipeline, item: dict[str, Any]) -> None:
    told = cleaned(pipeline, item)
    assert told.verdict == item["verdict"], told.reasons


def test_the_corpus_is_large() -> None:
    assert len(CORPUS["stops"]) >= 40
    assert len(CORPUS["spares"]) >= 40
