"""Lines of dates above a story: what of them says when it came out, and what when it was changed."""

from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.kinds.dates import dates_in
from cleaners.model import Raw
from cleaners.write import record
from cleaners.write.report import story_report

HEADLINE = "Dredger back in the estuary after nine years"
STANDFIRST = "Nobody was on the quay when it came, which the harbour regretted"


def cleaned_with(shipped, *dates, language="en", by="Ilse Brandvik"):
    lines = ["Harbour", HEADLINE, STANDFIRST, by, *dates, LEAD, NEXT, LAST]
    return shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language=language))


@pytest.mark.parametrize(
    ("line", "published", "updated"),
    [
        ("4.3. 17:20 | Updated 18:10", "4.3. 17:20", "Updated 18:10"),
        ("4.3., 17.20 Uhr", "4.3., 17.20 Uhr", None),
        ("4/3 17:20", "4/3 17:20", None),
        ("Published 4.3. 17:20, updated 18:10", "Published 4.3. 17:20", "updated 18:10"),
        ("17:20 (updated 18:10)", "17:20", "updated 18:10"),
        ("4 Mar 17:20 | Updated 18:10", "4 Mar 17:20", "Updated 18:10"),
        ("Mon 17:20", "Mon 17:20", None),
        ("Today at 5:20 PM", "Today at 5:20 PM", None),
        ("18:10, 4 MAR 2026UPDATED18:20, 4 MAR 2026", "18:10, 4 MAR 2026", "UPDATED18:20, 4 MAR 2026"),
        ("Today, 17:20", "Today, 17:20", None),
        ("Published 17:20", "Published 17:20", None),
        ("Updated 18:10", None, "Updated 18:10"),
        ("Updated: 4 March 2026, 10:00", None, "Updated: 4 March 2026, 10:00"),
        ("Published: 3 March 2026", "Published: 3 March 2026", None),
        (
            "Published: 3 March 2026 | Updated: 4 March 2026 10:00",
            "Published: 3 March 2026",
            "Updated: 4 March 2026 10:00",
        ),
        (
            "Last updated on 4 March 2026 | First published 3 March 2026",
            "First published 3 March 2026",
            "Last updated on 4 March 2026",
        ),
    ],
)
def test_a_date_makes_a_head_and_fills_its_fields(shipped, line, published, updated) -> None:
    cleaned = cleaned_with(shipped, line)
    fields = cleaned.copy.fields
    assert (fields.published, fields.updated) == (published, updated)
    assert (fields.section, fields.headline, fields.standfirst, fields.byline) == (
        "Harbour",
        HEADLINE,
        STANDFIRST,
        "Ilse Brandvik",
    )
    assert [block.text for block in cleaned.copy.blocks] == [LEAD, NEXT, LAST]
    assert record(cleaned)["updated"] == updated
    assert updated is None or updated in story_report(cleaned)


@pytest.mark.parametrize(
    ("language", "line", "updated"),
    [
        ("de", "4.3. 17:20 | Aktualisiert 18:10", "Aktualisiert 18:10"),
        ("fr", "Publié le 3 mars 2026 à 10h00 - Mis à jour le 4 mars 2026 à 11h00", "Mis à jour le 4 mars 2026 à 11h00"),
        ("es", "Actualizado el 4 de marzo de 2026", "Actualizado el 4 de marzo de 2026"),
        ("sv", "Publicerad 3 mars 2026 | Uppdaterad 4 mars 2026", "Uppdaterad 4 mars 2026"),
        ("ja", "公開日：2026年3月3日 更新日：2026年3月4日", "更新日：2026年3月4日"),
        ("ru", "Обновлено: 4 марта 2026", "Обновлено: 4 марта 2026"),
    ],
)  # fmt: skip
def test_other_languages_have_their_words_for_it(shipped, language, line, updated) -> None:
    assert cleaned_with(shipped, line, language=language).copy.fields.updated == updated


def test_two_lines_fill_two_fields(shipped) -> None:
    cleaned = cleaned_with(
        shipped, "Published: 3 March 2026", "Updated: 4 March 2026 10:00", by="By Jon Blythe"
    )
    fields = cleaned.copy.fields
    assert (fields.published, fields.updated) == ("Published: 3 March 2026", "Updated: 4 March 2026 10:00")


@pytest.mark.parametrize("line", ["17:20", "Update, 13:17: The ferry is back in the harbour."])
def test_the_times_of_a_live_file_stay(shipped, line) -> None:
    lines = [HEADLINE, "By Ilse Brandvik", LEAD, line, NEXT, line, LAST]
    cleaned = shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language="en"))
    assert [block.text for block in cleaned.copy.blocks] == lines[2:]


def test_a_word_inside_a_label_parts_nothing() -> None:
    assert dates_in("Mis à jour Le 3 mars", ["Le", "Mis à jour"], ["Mis à jour"]) == [(0, 20, "updated")]
