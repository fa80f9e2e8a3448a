from __future__ import annotations

import pytest

from cleaners.read.signals import signal_of, signals_in


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("KILL KILL KILL", "kill"),
        ("*** KILL ***", "kill"),
        ("BULLETIN KILL: Harbour-Ferry", "kill"),
        ("EDITORS: Please kill the story slugged Harbour-Ferry", "kill"),
        ("STORY WITHDRAWN", "withdrawn"),
        ("WITHDRAWN: Ferry to sail again", "withdrawn"),
        ("This story has been withdrawn.", "withdrawn"),
        ("Achtung: Diese Meldung wird zurückgezogen", "withdrawn"),
        ("EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH", "embargo"),
        ("Strictly embargoed until Friday, 06:00", "embargo"),
        ("SPERRFRIST: 6. März, 06.00 Uhr", "embargo"),
        ("Sous embargo jusqu’au 6 mars", "embargo"),
        ("HOLD FOR RELEASE", "embargo"),
        ("Not for publication before Friday", "embargo"),
        ("HOLD HOLD HOLD", "hold"),
        ("NOT FOR PUBLICATION", "hold"),
        ("DO NOT PUBLISH", "hold"),
        ("CORRECTED-Ferry to sail again", "correction"),
        ("(Corrects name of captain in paragraph 3)", "correction"),
        ("(Eds: Adds quotes, background.)", "advisory"),
    ],
)
def test_instructions(line: str, kind: str) -> None:
    assert signal_of(line) == kind


@pytest.mark.parametrize(
    "line",
    [
        "Police said the kill was lawful.",
        "Kill Bill returns to the harbour cinema",
        "The report was withdrawn after criticism from the port.",
        "Embargoed goods from the port were seized on Monday.",
        "Embargo for oil hits the ferry: what it means for passengers and crews",
        "The embargo until Friday holds, the minister said.",
        "Hold the line, says the captain",
        "The story has been withdrawn from shelves, but the film remains.",
        "The editors: a history of the paper",
        "This article has been withdrawn from sale in three countries.",
    ],
)
def test_sentences_about_them_are_none(line: str) -> None:
    assert signal_of(line) is None


def test_a_bare_word_counts_only_at_the_top() -> None:
    assert signals_in(["line"] * 20 + ["HOLD"]) == ()
    assert [signal.kind for signal in signals_in(["HOLD", "line"])] == ["hold"]
