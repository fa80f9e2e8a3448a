"""What the slots stand for, in many shapes and languages, and what they spare."""

from __future__ import annotations

import pytest
import re2

from cleaners.rules import Expression, TemplateError, compile_template, norm, parse_template
from cleaners.rules.templates import slot_names

WORDS = {
    "months": ("März", "Dezember", "marzo", "mars", "avril", "марта", "मार्च", "março", "mart", "március"),
    "weekdays": ("Dienstag", "martes", "mardi"),
    "by": ("By", "Written by", "Von"),
    "hash": ("#news",),
}


def matches(template: str, line: str, anchor: str = "line", exact_case: bool = False) -> str | None:
    """What the template itself matches, or None; the loose pattern must never be narrower."""
    expression = compile_template(template, anchor, words=WORDS, exact_case=exact_case)  # type: ignore[arg-type]
    assert isinstance(expression, Expression)
    found = re2.compile(expression.exact).search(norm(line))
    return found["span"] if found else None


@pytest.mark.parametrize(
    "date",
    [
        "3.3.2026", "03/03/26", "3. 3. 2026", "2026-03-03", "2026/3/3", "3-3-2026", "03.03.2026.",
        "3 March 2026", "3rd March 2026", "3 Mar 2026", "03-Mar-2026", "March 3, 2026", "Mar. 3, 2026", "MARCH 3",
        "Sept. 3, 2026", "March 2026", "Tuesday, 3 March 2026", "Tue 3 Mar", "Tue, Mar 3, 2026",
        "Mar 3, 2026 / 04:43 PM CST", "March 3, 2026 at 4:43 p.m. ET", "3 March 2026, 10:45 GMT+5:30", "3 Mar 2026 | 10:45 (IST)",
        "2026-03-03T10:45:00Z", "2026-03-03T10:45:00.123+05:30", "2026-03-03 10:45", "10:45, 3 March 2026", "4:43pm 3 March 2026",
        "3. März 2026", "3. MÄRZ 2026", "Dienstag, den 3. März 2026", "3. Dezember 2026 um 10:45 Uhr", "03.03.2026, 10.45 Uhr",
        "3 de marzo de 2026", "martes, 3 de marzo de 2026", "3 mars 2026 à 10h45", "mardi 3 mars 2026", "1er avril 2026",
        "3 марта 2026 г.", "3 марта 2026, 10:45", "3 मार्च 2026", "३ मार्च २०२६", "3 de março de 2026", "2026. március 3.",
        "2026年3月3日", "2026年3月3日 10:45", "2026年03月03日(火)", "2026年3月3日 午後4時43分", "3月3日", "2026년 3월 3일", "2026년 3월 3일 오후 4:43",
        "3\u00a0March\u00a02026", "3\u202fmars 2026",
    ],
)  # fmt: skip
def test_dates(date: str) -> None:
    assert matches("Updated: {date}", f"Updated: {date}")


@pytest.mark.parametrize(
    "text",
    ["undefined", "a memoir of the harbour", "2026", "3", "March", "Marching 3", "soon, 3 March 2026", "3 March 2026 in Lisbon", "12:30", "1.10", "3 Marchand 2026"],
)  # fmt: skip
def test_no_dates(text: str) -> None:
    assert matches("Updated: {date}", f"Updated: {text}") is None


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("By {name}", "By Ana Duarte"),
        ("By {name}", "BY ANA DUARTE"),
        ("By {name}", "By J. R. O’Neil"),
        ("By {name}", "By Ahmed al-Sharaa"),
        ("By {name}", "By Ursula von der Leyen"),
        ("By {name}", "By Anne-Marie d'Arcy"),
        ("By {name}", "By José da Silva"),
        ("By {name}", "By Αλέξης Τσίπρας"),
        ("{by} {name}", "written by  Ana Duarte"),
        ("Von {name}", "Von Jörg Größe"),
        ("लेखक: {name}", "लेखक: अमित शाह"),
        ("文/{name}", "文/王小明"),
        ("Join us ({handle})", "Join us (@nationalherald)"),
        ("Photo: {handle}/X", "Photo: @maikol_king18732/X"),
        ("{handle}", "@desk@example.social"),
        ("Visit {url}", "Visit https://example.org/a?b=c#d"),
        ("Visit {url}", "Visit www.example.org"),
        ("Visit {url}.", "Visit news.example.org/path."),
        ("Write to {email}", "Write to ana.duarte+tips@example.org"),
        ("{number} comments", "1,200 comments"),
        ("{number} comments", "१२ comments"),
        ("At {time}", "At 10:45"),
        ("At {time}", "At 4 p.m. ET"),
        ("Read more: {any}", "Read more: x"),
        ("Follow us on {Facebook|X|{name}}", "follow us on x"),
        ("Join our {official |}channel", "Join our channel"),
        ("Join our {official |}channel", "Join our OFFICIAL channel"),
        ("{on {date}|today}", "on 3 March 2026"),
        ("{{{number}}}", "{7}"),
        ("Straße {number}", "STRASSE 7"),
        ("Related: {title}", "RELATED: “Five bridges that never opened”"),
        ("Related: {title}", "Related: Will it open?"),
        ("ये भी पढ़ें: {title}", "ये भी पढ़ें: आखिरी नाव घाट से रवाना"),
        ("Follow us on {by+}", "Follow us on By, Von and written by"),
        ("Share {by+}", "Share By/Von By"),
        ("A{,| \\||:} b", "A | b"),
        ("“Read” {any}", '"Read" this'),
    ],
)
def test_slots_match(template: str, line: str) -> None:
    assert matches(template, line)


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("By {name}", "By the river"),
        ("By {name}", "By Ana Duarte walked home"),
        ("By {name}", "By Ana Duarte."),
        ("By {name}", "By One Two Three Four Five Six"),
        ("{handle}", "ana@example.org"),
        ("{handle}", "@ desk"),
        ("{url}", "Read this"),
        ("{email}", "@desk"),
        ("{number} comments", "no comments"),
        ("Read more: {any}", "Read more:"),
        ("Read more {any}", "Read more " + "x" * 201),
        ("Join our {official |}channel", "Join our unofficial channel"),
        ("Updated {date}", "Updated 3 March 2026?"),
        ("Related: {title}", "Related: the word on the form"),
        ("Related: {title}", "Related: The word was circled twice."),
        ("Follow us on {by+}", "Follow us on ByVon"),
    ],
)
def test_slots_spare(template: str, line: str) -> None:
    assert matches(template, line) is None


@pytest.mark.parametrize(
    ("template", "anchor", "line", "span"),
    [
        ("Correction", "starts", "Correction – a name was wrong", "Correction"),
        ("Correction", "starts", "» Correction", "Correction"),
        ("Correction", "starts", "Corrections officers met", None),
        ("更正", "starts", "更正啟事", "更正"),
        ("Amended on {date}", "starts", "Amended on 4 March 2026 to correct", "Amended on 4 March 2026"),
        ("on Telegram", "ends", "Join us on Telegram »", "on Telegram"),
        ("art", "ends", "Nothing to start", None),
        ("({handle})", "ends", "Our channel (@desk)", "(@desk)"),
        ("Join us{ today|}", "starts", "Join usual suspects", None),
    ],
)
def test_anchors(template: str, anchor: str, line: str, span: str | None) -> None:
    assert matches(template, line, anchor) == span


def test_exact_case() -> None:
    assert matches("NaN {number}", "NaN 3", exact_case=True) == "NaN 3"
    assert matches("NaN {number}", "Nan 3", exact_case=True) is None


def test_a_whole_line_without_slots_is_a_literal() -> None:
    expression = compile_template("Share this – {{story}}", "line")
    assert expression is not None
    assert (expression.literal, expression.exact) == ("Share this – {story}", "")


def test_an_absent_word_list_matches_nothing() -> None:
    assert compile_template("{absent} {name}", "line", words=WORDS) is None
    kept = compile_template(
        "{{absent}|By} {name}".replace("{{absent}|By}", "{By|{absent}}"), "line", words=WORDS
    )
    assert kept is not None
    assert re2.compile(kept.exact).search("By Ana")


@pytest.mark.parametrize(
    "template",
    ["{date", "date}", "{Date}", "{two words}", "{}", "{a{b}}", "{a|{b|{c|{d|{e|f}}}}}", "x" * 1001],
)
def test_braces_that_do_not_fit(template: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(template)
    assert caught.value.message


def test_slot_names_in_order() -> None:
    assert slot_names(parse_template("{by} {name}, {on {date}|{by}}")) == ("by", "name", "date", "by")
