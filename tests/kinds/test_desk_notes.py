from __future__ import annotations

import json
from pathlib import Path

import pytest

from cleaners.model import Raw
from cleaners.pipeline import Pipeline, load_pipeline
from cleaners.undo import undo
from cleaners.write import html, markdown, record, text

STORY = [
    "The dredger came back to the estuary on Monday, nine years after it had left, the harbour office said.",
    "Nobody was on the quay to see it but the harbour master, who had waited since the spring, he said.",
    "It will leave again in May, when the channel has been cleared to the depth that the port had asked for.",
]


@pytest.fixture(scope="module")
def pipeline(config_dir: Path) -> Pipeline:
    return load_pipeline(config_dir)


@pytest.mark.parametrize(
    ("head", "foot", "verdict", "kinds"),
    [
        (["(Eds: Adds quotes, background.)"], [], "publish", ["note"]),
        (["BC-Dredger-Returns, 2nd Ld-Writethru", "Eds: With photos."], ["-more-"], "publish", ["update", "note", "part"]),
        (["REFILE-UPDATE 2-Dredger back in the estuary after nine years"], ["-30-"], "publish", ["correction", "part"]),
        (["(Corrects year in paragraph 1)"], ["###"], "publish", ["correction", "part"]),
        (["EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026"], [], "hold", ["embargo"]),
        (["HOLD HOLD HOLD"], [], "hold", ["hold"]),
        (["KILL KILL KILL"], [], "kill", ["kill"]),
    ],
)  # fmt: skip
def test_desk_notes_are_kept_and_never_published(
    pipeline: Pipeline, head: list[str], foot: list[str], verdict: str, kinds: list[str]
) -> None:
    cleaned = pipeline.clean(Raw("s", "text", "\n".join([*head, *STORY, *foot]), language="en"))
    told = record(cleaned)
    assert cleaned.verdict == verdict
    assert [one["kind"] for one in told["signals"]] == kinds
    for line in [*head, *foot]:
        note = line.removesuffix("Dredger back in the estuary after nine years")
        assert note in told["ednote"]
        for copy in (text(cleaned), html(cleaned), markdown(cleaned)):
            assert note not in copy
    assert text(cleaned).split("\n")[-3:] == STORY
    assert json.loads(json.dumps(told)) == told
    back = undo(cleaned, rules=["desk_notes"])
    assert back.copy.fields.ednote is None
    assert pipeline.clean_story(cleaned.copy).removals == ()


@pytest.mark.parametrize(
    "line",
    [
        "Editor's note: This story describes a drowning.",
        "Correction: An earlier version of this story gave the wrong year.",
        "“Kill the bill,” the protesters shouted from the quay, and the police let them shout until noon.",
        "Corrected figures show that the port lost money in each of the nine years, the auditors wrote on Monday.",
    ],
)
def test_what_readers_are_told_stays(pipeline: Pipeline, line: str) -> None:
    cleaned = pipeline.clean(Raw("s", "text", "\n".join([*STORY, line]), language="en"))
    assert cleaned.verdict == "publish"
    assert cleaned.copy.text.endswith(line)
    assert cleaned.copy.fields.ednote is None
