"""Where figures come from is the table's, not a picture's credit and not an agency's footer."""

from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.model import Raw

SOURCES = [
    ("de", "Quelle: Statistisches Bundesamt"),
    ("de", "Quellen: Bundesbank, eigene Berechnungen"),
    ("es", "Fuente: INE"),
    ("en", "Source: Office for National Statistics"),
    ("en", "Sources: Kesten council; Eurostat"),
    ("fr", "Source : Insee"),
    ("it", "Fonte: Istat"),
    ("pt", "Fonte: IBGE"),
    ("nl", "Bron: CBS"),
    ("sv", "Källa: SCB"),
    ("no", "Kilde: SSB"),
    ("pl", "Źródło: GUS"),
    ("hu", "Forrás: KSH"),
    ("fi", "Lähde: Tilastokeskus"),
    ("ru", "Источник: Росстат"),
    ("tr", "Kaynak: TÜİK"),
    ("ja", "出典：総務省統計局"),
    ("zh", "来源：国家统计局"),
    ("ko", "출처: 통계청"),
]
TABLE = ["Ships in the estuary, 2025", "Kesten | 12 | 14", "Vorre | 13 | 15"]


def cleaned(shipped, lines, language):
    return shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language=language))


@pytest.mark.parametrize(("language", "line"), SOURCES)
@pytest.mark.parametrize("above", [[], TABLE[:1], TABLE])
@pytest.mark.parametrize("last", [[], [LAST, NEXT]])
def test_the_source_of_figures_stays(shipped, language, line, above, last) -> None:
    told = cleaned(shipped, [LEAD, NEXT, *above, line, *last], language)
    assert line in told.copy.text.split("\n")
    assert told.copy.fields.pictures == ()
    assert told.verdict == "publish"


def test_whoever_counted_under_a_table_it_is_no_credit(shipped) -> None:
    told = cleaned(shipped, [LEAD, *TABLE, "Quelle: Hafenamt Kesten", NEXT, LAST], "de")
    assert "Quelle: Hafenamt Kesten" in told.copy.text
    assert told.copy.fields.pictures == ()


@pytest.mark.parametrize(
    ("language", "line"),
    [("de", "Quelle: dpa"), ("de", "Quelle: Jon Blythe/dpa"), ("es", "Fuente: EFE"), ("nl", "Bron: ANP")],
)
def test_an_agency_is_still_an_agency(shipped, language, line) -> None:
    assert line not in cleaned(shipped, [LEAD, NEXT, LAST, line], language).copy.text
