from __future__ import annotations

import json

import pytest

from cleaners.model import Raw
from cleaners.pipeline import Pipeline
from cleaners.undo import undo
from cleaners.write import html, markdown, record, text

STORY = [
    "The dredger came back to the estuary on Monday, nine years after it had left, the harbour office said.",
    "Nobody was on the quay to see it but the harbour master, who had waited since the spring, he said.",
    "It will leave again in May, when the channel has been cleared to the depth that the port had asked for.",
]


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


HEADLINE = "Dredger back in the estuary after nine years"


@pytest.mark.parametrize(
    "label", ["CORRECTED-", "REFILE-", "UPDATE 2-", "RPT-UPDATE 1-", "UPDATE 1 - ", "CORRECTED: "]
)
@pytest.mark.parametrize(
    "head",
    [
        [],
        ["By Ilse Brandvik"],
        ["Ilse Brandvik", "Kesten is glad, and Vorre is not, of the ship that went away"],
    ],
)
@pytest.mark.parametrize("kicker", [[], ["Harbour"]])
def test_a_headline_behind_a_label_is_the_headline(
    pipeline: Pipeline, label: str, head: list[str], kicker: list[str]
) -> None:
    lines = [*kicker, label + HEADLINE, *head, *STORY]
    cleaned = pipeline.clean(Raw("s", "text", "\n".join(lines), language="en"))
    fields = cleaned.copy.fields
    assert (fields.headline, fields.ednote) == (HEADLINE, label.strip())
    assert fields.section == (kicker[0] if kicker else None)
    assert cleaned.copy.text.split("\n")[-3:] == STORY


def test_a_senders_headline_is_known_without_the_desks_label(pipeline: Pipeline) -> None:
    raw = Raw(
        "s",
        "text",
        "\n".join(["UPDATE 2-" + HEADLINE, *STORY]),
        headline="UPDATE 2-" + HEADLINE,
        ednote="With photos",
    )
    fields = pipeline.clean(raw).copy.fields
    assert (fields.headline, fields.ednote) == (HEADLINE, "With photos\nUPDATE 2-")
    page = f"<html><head><title>CORRECTED-{HEADLINE}</title></head><body><article><h1>CORRECTED-{HEADLINE}</h1><p>{'</p><p>'.join(STORY)}</p></article></body></html>"
    fields = pipeline.clean(Raw("s", "page", page)).copy.fields
    assert (fields.headline, fields.ednote) == (HEADLINE, "CORRECTED-")


@pytest.mark.parametrize(
    "note",
    [
        "EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026",
        "EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026. NOT FOR BROADCAST BEFORE THAT TIME.",
        "(Eds: Adds quotes, background.)",
        "BC-Dredger-Returns, 2nd Ld-Writethru",
        "Sperrfrist: 6. März 2026, 10.00 Uhr",
    ],
)
@pytest.mark.parametrize("kicker", [[], ["Harbour"]])
def test_the_headline_stands_under_a_note_to_the_desk(
    pipeline: Pipeline, note: str, kicker: list[str]
) -> None:
    lines = [note, *kicker, HEADLINE, "Kesten is glad, and Vorre is not, of the ship that went away", *STORY]
    fields = pipeline.clean(Raw("s", "text", "\n".join(lines), language="en")).copy.fields
    assert (fields.headline, fields.standfirst, fields.ednote) == (HEADLINE, lines[-4], note)
    assert fields.section == (kicker[0] if kicker else None)


@pytest.mark.parametrize(
    "note",
    [
        "(Corrects name in para 3.)",
        "(Corrects spelling of minister's name in second paragraph)",
        "Corrects spelling of minister's name in second paragraph",
        "Refiles to fix typo in headline.",
    ],
)
def test_what_is_corrected_is_a_note_to_editors(pipeline: Pipeline, note: str) -> None:
    for lines in (["CORRECTED-" + HEADLINE, note, *STORY], [HEADLINE, *STORY[:1], note, *STORY[1:]]):
        cleaned = pipeline.clean(Raw("s", "text", "\n".join(lines), language="en"))
        assert note in (cleaned.copy.fields.ednote or "")
        assert cleaned.copy.text.split("\n")[-3:] == STORY
        assert cleaned.verdict == "publish"


def test_a_note_goes_from_before_the_paragraph_that_rules_protect(pipeline: Pipeline) -> None:
    first = "KESTEN, March 3 (Reuters) - " + STORY[0]
    lines = ["CORRECTED-" + HEADLINE, "(Corrects name in para 3.) " + first, *STORY[1:]]
    cleaned = pipeline.clean(Raw("s", "text", "\n".join(lines), language="en"))
    assert cleaned.copy.fields.ednote == "CORRECTED-\n(Corrects name in para 3.)"
    assert cleaned.copy.text.split("\n")[-3] == first
    assert cleaned.verdict == "publish"


@pytest.mark.parametrize(
    "line",
    [
        "CORRECTED: It was nine boats, not eight.",
        "(This story was corrected to mend the captain's name in the third paragraph)",
        "Corrections: The captain's name was misspelt in the third paragraph.",
    ],
)
def test_a_correction_for_readers_stays_where_it_stands(pipeline: Pipeline, line: str) -> None:
    for lines in ([HEADLINE, line, *STORY], [HEADLINE, *STORY, line]):
        cleaned = pipeline.clean(Raw("s", "text", "\n".join(lines), language="en"))
        assert line in cleaned.copy.text.split("\n")
        assert cleaned.copy.fields.ednote is None
