from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.model import Raw
from cleaners.read import read
from cleaners.read.raw_lines import raw_lines
from cleaners.read.signals import signal_of, signals_in

FILLER = " The harbour master said that the ferry would sail again on Monday, weather allowing." * 5


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("KILL KILL KILL", "kill"),
        ("*** KILL ***", "kill"),
        ("BULLETIN KILL: Harbour-Ferry", "kill"),
        ("EDITORS: Please kill the story slugged Harbour-Ferry", "kill"),
        ("KILL\u00a0KILL\u00a0KILL", "kill"),
        ("KILL&nbsp;KILL&nbsp;KILL", "kill"),
        ("KI\u200bLL KILL", "kill"),
        ("ＫＩＬＬ ＫＩＬＬ", "kill"),
        ("KILL KILL KILL:" + FILLER, "kill"),
        ("URGENT: KILL", "kill"),
        ("AP KILL", "kill"),
        ("BC-KILL-Ferry", "kill"),
        ("BC-Harbour-Ferry-KILL", "kill"),
        ("KILL STORY", "kill"),
        ("Kill: ferry story", "kill"),
        ("STORY WITHDRAWN", "withdrawn"),
        ("STORY\u00a0WITHDRAWN", "withdrawn"),
        ("Story withdrawn", "withdrawn"),
        ("STORNO", "withdrawn"),
        ("dpa zieht die Meldung zurück", "withdrawn"),
        ("dpa zieht die Meldung über die Fähre von 10.42 Uhr zurück.", "withdrawn"),
        ("WITHDRAWN: Ferry to sail again", "withdrawn"),
        ("This story has been withdrawn.", "withdrawn"),
        ("This story has been withdrawn." + FILLER, "withdrawn"),
        ("Achtung: Diese Meldung wird zurückgezogen", "withdrawn"),
        ("EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH", "embargo"),
        ("EMBARGOED UNTIL 0600 GMT MONDAY." + FILLER, "embargo"),
        ("*** EMBARGO 06:00 ***", "embargo"),
        ("EMBARGO 0600 GMT", "embargo"),
        ("EMBARGO: 6 MARCH", "embargo"),
        ("EMBARGOED FOR RELEASE FRIDAY", "embargo"),
        ("Strictly embargoed until Friday, 06:00", "embargo"),
        ("SPERRFRIST: 6. März, 06.00 Uhr", "embargo"),
        ("Sous embargo jusqu’au 6 mars", "embargo"),
        ("HOLD FOR RELEASE", "embargo"),
        ("HOLD\u00a0FOR\u00a0RELEASE", "embargo"),
        ("Not for publication before Friday", "embargo"),
        ("HOLD HOLD HOLD", "hold"),
        ("NOT FOR PUBLICATION", "hold"),
        ("DO NOT PUBLISH", "hold"),
        ("BITTE NICHT VERÖFFENTLICHEN", "hold"),
        ("CORRECTED-Ferry to sail again", "correction"),
        ("(Corrects name of captain in paragraph 3)", "correction"),
        ("(Eds: Adds quotes, background.)", "note"),
        ("EDITORS - THIS STORY HAS BEEN WITHDRAWN. PLEASE DO NOT USE.", "withdrawn"),
        ("EILMELDUNG ZURÜCKGEZOGEN", "withdrawn"),
        ("ANNULE ET REMPLACE", "withdrawn"),
        ("KILL ADVISORY", "kill"),
        ("Kill: BC-Harbour-Ferry", "kill"),
        ("HOLD FOR LAWYERS", "hold"),
        ("*** HOLD *** DO NOT PUBLISH UNTIL FURTHER NOTICE", "hold"),
        ("DRAFT - NOT FOR PUBLICATION", "hold"),
        ("PLEASE DISREGARD", "hold"),
        ("[CHECK WITH LEGAL BEFORE PUBLISHING]", "hold"),
        ("TK TK", "hold"),
        ("Story withdrawn: BC-Harbour-Ferry", "withdrawn"),
        ("Story withdrawn: how a magazine lost its nerve", "hold"),
        ("Embargo: until the harbour master sits down", "embargo"),
        ("(This story is embargoed until 18:00 GMT)", "embargo"),
        ("Harbour master resigns (EMBARGOED UNTIL 0001 GMT FRIDAY)", "embargo"),
        ("(ADV04) (For release Sunday, March 8, and thereafter)", "embargo"),
        ("ADVISORY", "advisory"),
    ],
)
def test_instructions(line: str, kind: str) -> None:
    assert signal_of(line) == kind


@pytest.mark.parametrize(
    "line",
    [
        "Police said the kill was lawful.",
        "Kill Bill returns to the harbour cinema",
        "KILL BILL RETURNS TO CINEMAS",
        "KILLER WHALES RETURN",
        "KILL THE STORY OF A LIFETIME, SHE WAS TOLD",
        "UN-BACKED FORCES KILL, WOUND TWENTY",
        "LICENSED TO KILL",
        "STORM KILLED TWO IN HARBOUR",
        "TWO KILLED",
        "Killed in the crash were two men",
        "Killed in the crash were two men, the police said." + FILLER,
        "The report was withdrawn after criticism from the port.",
        "Story withdrawn from the race",
        "Hold for lawyers, judge tells ferry company",
        "Draft horses return to the harbour",
        "Do not use the lift, says the sign",
        "Embargo on grain until Friday lifts prices",
        "Embargoed goods from the port were seized on Monday.",
        "Embargo for oil hits the ferry: what it means for passengers and crews",
        "EMBARGO ON IRAN OIL TIGHTENS",
        "EMBARGO-BUSTING TANKERS SEIZED",
        "EMBARGO FOR OIL HITS THE FERRY",
        "EMBARGO: WHAT IT MEANS FOR THE PORT",
        "EMBARGO 2024 WAS HARDER THAN EXPECTED",
        "The embargo on grain was lifted",
        "The embargo until Friday holds, the minister said.",
        "Hold the line, says the captain",
        "HOLD THE LINE, SAYS CAPTAIN",
        "The story has been withdrawn from shelves, but the film remains.",
        "The editors: a history of the paper",
        "This article has been withdrawn from sale in three countries.",
        "Der Minister zieht die Meldung zurück, die er im Mai abgegeben hatte.",
        "Bitte nicht veröffentlichen, stand auf dem Brief an die Fähre.",
        "TRAVEL ADVISORY ISSUED FOR THE COAST",
    ],
)
def test_sentences_about_them_are_none(line: str) -> None:
    assert signal_of(line) is None


def test_hold_counts_alone_only_near_the_top_and_the_bottom() -> None:
    assert signals_in(["line"] * 20 + ["HOLD"] + ["line"] * 20) == ()
    assert [signal.kind for signal in signals_in(["HOLD", "line"])] == ["hold"]
    assert [signal.kind for signal in signals_in(["line"] * 20 + ["HOLD"])] == ["hold"]


@pytest.mark.parametrize(
    ("word", "kind"), [("KILL", "kill"), ("EMBARGOED", "embargo"), ("ADVISORY", "advisory")]
)
def test_a_lone_kill_embargo_or_advisory_counts_anywhere(word: str, kind: str) -> None:
    assert [signal.kind for signal in signals_in(["line"] * 20 + [word] + ["line"] * 20)] == [kind]


def test_a_column_of_scores_is_no_kill() -> None:
    assert signals_in(["KILL | DEATH | ASSIST"]) == ()
    assert [signal.text for signal in signals_in(["Note | KILL KILL KILL"])] == ["KILL KILL KILL"]


PROSE = "<p>The harbour master said that the ferry would sail again on Monday, weather allowing.</p>" * 4
HIDDEN = [
    "<p>KILL&nbsp;KILL&nbsp;KILL</p>",
    *(
        f"<{tag}>KILL KILL KILL</{tag}>"
        for tag in (
            "aside",
            "footer",
            "form",
            "button",
            "noscript",
            "nav",
            "select",
            "object",
            "h5",
            "details",
        )
    ),
    "<table><tr><td>Note</td><td>KILL KILL KILL</td></tr></table>",
    "<svg/><p>KILL KILL KILL</p>",
    "<button><p>KILL KILL KILL</p>",
    "<object><div>KILL KILL KILL</div>",
    "<style><p>KILL KILL KILL</p>",
    "<!-- <p>KILL KILL KILL</p>",
    "<p><b>KILL</b> <i>KILL</i> KILL</p>",
    "<p>ＫＩＬＬ ＫＩＬＬ</p>",
]


@pytest.mark.parametrize("form", ["body", "page"])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_kill_is_read_wherever_it_stands(form: str, hidden: str) -> None:
    html = PROSE + hidden
    if form == "page":
        html = f"<!doctype html><html><head><title>Ferry</title></head><body><article>{PROSE}</article>{hidden}</body></html>"
    story = read(Raw("s", form, html))  # type: ignore[arg-type]
    assert {signal.kind for signal in story.signals} == {"kill"}


def test_inline_markup_ends_no_line() -> None:
    assert raw_lines("<p>Do not <b>KILL</b> the dog</p>") == ("Do not KILL the dog",)
    assert raw_lines("<script>var a = '<p>KILL</p>'</script>One") == ("One",)
    story = read(Raw("s", "body", PROSE + "<p>Do not <b>KILL</b> the dog, the captain said.</p>"))
    assert story.signals == ()


def test_a_correction_of_a_neighbour_is_none_of_the_story() -> None:
    page = f"<html><body><article>{PROSE}</article><nav><a href=x>CORRECTED-Rail line reopens</a></nav></body></html>"
    assert read(Raw("s", "page", page)).signals == ()


_PIECES = st.sampled_from(
    [
        "KILL",
        "Hold",
        "(Adds quotes)",
        "Eds: see",
        "|",
        " ",
        "  ",
        "The ferry sails.",
        "“Ahoy”",
        "é",
        "ﬁ",
        "&amp;",
        ")",
        "…",
        "\r",
        "\n",
    ]
)


@given(st.lists(st.lists(_PIECES, max_size=5).map("".join), max_size=30))
def test_a_line_of_a_document_says_what_it_says_alone(lines: list[str]) -> None:
    """The search through the whole text passes over no line that is a signal by itself."""
    told = {signal.text for signal in signals_in(lines)}
    for line in lines:
        if signal_of(line, edge=False) is not None:
            assert any(text in told for text in {signal.text for signal in signals_in([line])})
