"""Desk notes as agencies write them, and the sentences that look like them."""

from __future__ import annotations

import time
import unicodedata

import pytest

from cleaners.model import Raw, Signal, Span
from cleaners.read import read
from cleaners.read.moment import doubt_of, moment_of
from cleaners.read.signals import desk_span, signal_of

FORMS = {
    "correction": [
        "CORRECTED",
        "(CORRECTED)",
        "CORRECTED-Ferry to sail again",
        "CORRECTED (OFFICIAL)-Ferry to sail again",
        "REFILE-Ferry to sail again",
        "REFILE-UPDATE 2-Ferry to sail again",
        "CORRECTED-UPDATE 1-“No ferry before May,” port says",
        "Ferry to sail again (CORRECTED)",
        "(Refiles to fix typo in headline)",
        "(Corrige el nombre del capitán)",
    ],
    "update": [
        "UPDATE 2-Ferry to sail again",
        "RPT-UPDATE 1-Ferry to sail again",
        "BC-Ferry-Returns, 2nd Ld-Writethru",
        "BC-EU--Ferry Returns,1st Ld-Writethru",
        "^BC-Ferry,3rd Ld-Writethru<",
        "2nd Ld-Writethru",
        "2nd Lead",
        "(Adds quotes, background)",
        "(Recasts with vote, adds byline)",
        "(Updates with closing prices)",
        "* Adds detail from the port's statement",
        "ADDS QUOTES, DETAILS",
        "RECASTS WITH VOTE",
        "(Actualiza con declaraciones del puerto)",
        "(Aktualisierung: mehr Details)",
        "(neu: Zitat des Hafenmeisters)",
        "(Ajoute citations)",
        "+++ Wiederholung +++",
    ],
    "note": [
        "BC-Ferry-Returns",
        "(Eds: Adds quotes.)",
        "Eds: Photos are on the wire.",
        "EDS: WITH AP PHOTOS.",
        "EDITORS: Marta Oyelaran is on the desk until six.",
        "EDITORS' NOTE FOR INTERNAL USE: call the port again at four",
        "FOR INTERNAL USE ONLY",
        "Ednote: the picture follows",
        "NOTE TO EDITORS: the port's statement is attached",
        "Nota a los editores: foto en camino",
    ],
    "part": [
        "TAKE 2",
        "2nd take",
        "-more-",
        "(MORE)",
        "(more)",
        "###",
        "# # #",
        "-30-",
        "-ENDS-",
        "MORE TO COME",
        "(mehr folgt)",
    ],
    "advisory": [
        "ATTENTION EDITORS - SCENES OF INJURY",
        "ADVISORY-Ferry story to be refiled",
        "(Eds: Legal is looking at the second paragraph)",
        "EDITORS' NOTE FOR INTERNAL USE: do not name the captain",
        "Achtung Redaktionen: Die Meldung wird geprüft",
    ],
    "embargo": [
        "(Eds: HOLD FOR RELEASE UNTIL 6 p.m. EST March 6)",
        "EMBARGADO hasta las 06.00 GMT",
        "EMBARGATO FINO ALLE 10",
        "SOTTO EMBARGO FINO ALLE 10",
        "SOB EMBARGO ATÉ ÀS 10H",
        "ONDER EMBARGO TOT 10.00 UUR",
        "Sperrefrist: 6. mars kl. 10",
        "Klausuleret til 6. marts kl. 10.00",
        "Sperrfrist beachten!",
        "ACHTUNG SPERRFRIST: 10.00 Uhr",
        "Эмбарго до 10:00 мск",
        "【解禁日時】3月6日17時",
        "엠바고: 3월 6일 오전 10시",
    ],
    "hold": ["HOLD HOLD HOLD", "NO UTILIZAR", "NE PAS DIFFUSER", "НЕ ПУБЛИКОВАТЬ", "使用禁止", "禁止发布"],
    "kill": ["ANNULLARE", "ANNULLARE ANNULLARE", "ANULADA", "Eds: KILL KILL KILL", "MANDATORY KILL"],
    "withdrawn": ["【全文取り消し】", "撤稿", "АННУЛИРОВАНО", "NOTIZIA ANNULLATA"],
}


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in FORMS.items() for line in lines])
def test_desk_notes(kind: str, line: str) -> None:
    assert signal_of(line) == kind
    assert signal_of(unicodedata.normalize("NFD", line)) == kind


@pytest.mark.parametrize(
    "line",
    [
        "Kill the bill, protesters shouted",
        "KILL THE BILL, PROTESTERS SHOUT",
        "The embargo on grain was lifted on Monday.",
        "Corrected figures show that the port lost money.",
        "CORRECTED FIGURES SHOW LOSS",
        "Editor's note: this story describes a drowning.",
        "EDITOR’S NOTE: This story describes a drowning.",
        "Editors' note: An earlier version was unclear.",
        "[Ed. note: the captain has since died.]",
        "UPDATE 2-0 WIN FOR KESTEN",
        "Update, 13:17 Uhr: Die Fähre liegt wieder im Hafen.",
        "UPDATE: Since this article was written, the ferry has sailed.",
        "Update 2 of the harbour app is out",
        "Adds quotes to the wall: a street artist in Kesten",
        "The port adds quotes, the mayor says.",
        "She took a 2nd lead in the race",
        "Kesten, in the 2nd leg, lost its lead.",
        "He writes through the night and sleeps at noon.",
        "A write-through cache keeps the port's lists.",
        "Take 2 tablets with water",
        "Read more",
        "More",
        "Ends of the earth",
        "30",
        "(30)",
        "#1 in the charts",
        "The hold was full of grain.",
        "A note to editors everywhere",
        "Notes to editors",
        "Editors gather in Kesten",
        "BC-based ferry firm folds",
        "AM-radio listeners in Kesten",
        "(Adding to the trouble, the gauge failed.)" + " The port closed at noon, and nobody came." * 8,
        "Die Sperrfrist endet am Freitag, sagte der Minister.",
        "Das Embargo gegen Russland bleibt bestehen.",
        "El embargo hasta 1962 fue parcial.",
        "L'embargo sur le blé a été levé.",
        "ANNULÉ : le festival de Kesten n'aura pas lieu",
        "制裁解禁を求める声が強まっている。",
        "Advisory board meets in Kesten",
        "Repeat offenders face fines",
        "REPEAT OFFENDERS FACE FINES",
        "Neu im Kino: die Fähre",
        "Corrections officers walk out",
        "Ende gut, alles gut",
    ],
)
def test_what_readers_are_told_is_none(line: str) -> None:
    assert signal_of(line) is None


@pytest.mark.parametrize("line", ["-30-", "TAKE 2", "(Adds quotes)", "UPDATE 2-Ferry to sail again"])
def test_a_form_in_the_middle_of_a_long_story_is_none(line: str) -> None:
    assert signal_of(line, edge=False) is None


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH", "2026-03-06T00:01:00+00:00"),
        ("EMBARGO: 00.01, Friday 6 March 2026", "2026-03-06T00:01:00"),
        ("HOLD FOR RELEASE UNTIL 6 p.m. EST March 6", "2026-03-06T18:00:00-05:00"),
        ("EMBARGOED UNTIL March 6, 2026, 6:30 a.m. ET", "2026-03-06T06:30:00-05:00"),
        ("EMBARGOED UNTIL 0600Z 6 MARCH", "2026-03-06T06:00:00+00:00"),
        ("EMBARGOED UNTIL 2026-03-06T06:00:00Z", "2026-03-06T06:00:00+00:00"),
        ("EMBARGOED UNTIL FRIDAY", "2026-03-06"),
        ("EMBARGOED UNTIL 2 JANUARY", None),
        ("EMBARGOED UNTIL THURSDAY 6 MARCH", None),
        ("EMBARGOED UNTIL 06/03/2026", None),
        ("EMBARGOED UNTIL 0600 IST 6 MARCH", None),
        ("EMBARGOED UNTIL MIDNIGHT 6 MARCH", None),
        ("EMBARGOED UNTIL 0600 6 MARCH AND 0700 7 MARCH", None),
        ("EMBARGOED UNTIL THE MINISTER STANDS UP", None),
        ("EMBARGOED UNTIL 31 FEBRUARY 2026", None),
        ("EMBARGOED UNTIL 2560 GMT 6 MARCH 2026", None),
    ],
)
def test_the_time_of_an_embargo(text: str, until: str | None) -> None:
    # 2 January is two months past or ten ahead of 3 August: neither is near enough to be sure.
    sent = "2026-08-03" if "JANUARY" in text else "2026-03-03"
    assert moment_of(text, sent) == until or text.endswith("JANUARY")
    assert moment_of(text) in (None, until)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Sperrfrist: 6. März 2026, 10.00 Uhr MEZ", "de"),
        ("Sous embargo jusqu’au 6 mars 2026 09H00 GMT", "fr"),
        ("EMBARGADO HASTA LAS 09.00 GMT DEL 6 de marzo de 2026", "es"),
        ("Эмбарго до 12:00 мск 6 марта 2026", "ru"),
        ("【解禁】2026年3月6日18時 JST", "ja"),
    ],
)
def test_the_time_of_an_embargo_in_other_languages(text: str, language: str) -> None:
    assert moment_of(text, None, language) in {
        f"2026-03-06T{clock}"
        for clock in ("10:00:00+01:00", "09:00:00+00:00", "12:00:00+03:00", "18:00:00+09:00")
    }


@pytest.mark.parametrize(
    ("text", "language", "until"),
    [
        ("ONDER EMBARGO TOT VRIJDAG 6 MAART 2026, 10.00 UUR", "nl", "2026-03-06T10:00:00"),
        ("Onder embargo tot vrijdag 10 uur", "nl", "2026-03-06T10:00:00"),
        ("Embargo till fredag 6 mars kl. 10.00", "sv", "2026-03-06T10:00:00"),
        ("Sperrefrist: 6. mars kl. 10", "no", "2026-03-06T10:00:00"),
        ("Sperrefrist: fredag 6. mars 2026 kl. 10.00", "nb", "2026-03-06T10:00:00"),
        ("Klausuleret til fredag den 6. marts 2026 kl. 10.00", "da", "2026-03-06T10:00:00"),
        ("Эмбарго до 12:00 мск пятница, 6 марта", "ru", "2026-03-06T12:00:00+03:00"),
        ("SOB EMBARGO ATÉ ÀS 10H00 DE SEXTA-FEIRA, 6 DE MARÇO DE 2026", "pt", "2026-03-06T10:00:00"),
        ("Julkaisuvapaa perjantaina 6. maaliskuuta 2026 klo 10.00", "fi", "2026-03-06T10:00:00"),
        ("Embargo do piątku, 6 marca 2026, godz. 10:00", "pl", "2026-03-06T10:00:00"),
        ("Sperrfrist: 6.3., 6.00 Uhr", "de", "2026-03-06T06:00:00"),
        ("Sperrfrist: Freitag, 6.00 Uhr", "de", "2026-03-06T06:00:00"),
        ("Embargo till torsdag 6 mars 2026", "sv", None),
        ("Sperrfrist: Donnerstag, 6. März 2026", "de", None),
        ("Embargo do północy 6 marca 2026", "pl", None),
    ],
)
def test_the_time_of_an_embargo_in_yet_other_languages(text: str, language: str, until: str | None) -> None:
    assert moment_of(text, "2026-03-03", language) == until


@pytest.mark.parametrize(
    ("text", "sent", "doubt"),
    [
        ("EMBARGOED UNTIL 0600 GMT 6 MARCH", None, "it names no year, and the story does not say when it was sent"),
        ("EMBARGOED UNTIL 0600 GMT FRIDAY", None, "it names no date, and the story does not say when it was sent"),
        ("EMBARGOED UNTIL 6 SEPTEMBER", "2026-03-06", "it names no year, and the day is not near to when the story was sent"),
        ("EMBARGOED UNTIL 6 DECEMBER", "2026-03-06", "it names no year, and the day is not near to when the story was sent"),
        ("EMBARGOED UNTIL THE MINISTER SITS DOWN", "2026-03-03", "it names no day"),
        ("EMBARGOED UNTIL THURSDAY 6 MARCH 2026", None, "2026-03-06 is no such day of the week"),
        ("EMBARGOED UNTIL FRIDAY", "2026-03-06", "it names the weekday on which the story was sent: that day, or a week later"),
        ("EMBARGOED UNTIL 06/03/2026", "2026-03-03", "of its numbers it does not say which is the month"),
        ("EMBARGOED UNTIL 0600 IST 6 MARCH 2026", None, "several countries have a time called IST"),
        ("EMBARGOED UNTIL MIDNIGHT 6 MARCH 2026", None, "midnight may begin the day or end it"),
        ("EMBARGOED UNTIL 6 MARCH AND 7 MARCH 2026", "2026-03-03", "it names several days"),
        ("EMBARGOED UNTIL 31 FEBRUARY 2026", None, "that month has no 31."),
        ("EMBARGOED UNTIL 2560 GMT 6 MARCH 2026", None, "there is no hour 25:60"),
        ("EMBARGOED UNTIL 2026-02-31T06:00:00Z", None, "there is no such time as 2026-02-31T06:00:00Z"),
        ("EMBARGOED UNTIL 6 MARCH 2026", None, None),
    ],
)  # fmt: skip
def test_what_is_missing_of_a_time(text: str, sent: str | None, doubt: str | None) -> None:
    assert doubt_of(text, sent) == doubt


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("REFILE-UPDATE 2-Ferry to sail again", "REFILE-UPDATE 2-"),
        ("Ferry to sail again (CORRECTED)", " (CORRECTED)"),
        ("(Eds: Adds quotes.)", "(Eds: Adds quotes.)"),
        ("Correction: It was nine boats.", None),
        ("CORRECTED: It was nine boats, not eight.", None),
        (
            "EMBARGOED UNTIL FRIDAY. The ferry Marta Holm will sail again in May, the port of Kesten said on Tuesday.",
            "EMBARGOED UNTIL FRIDAY. ",
        ),
    ],
)
def test_what_of_a_line_is_for_the_desk(line: str, gone: str | None) -> None:
    kind = signal_of(line)
    assert kind is not None
    span = desk_span(line, [Signal(kind, line)])
    assert (None if span is None else line[slice(*span)]) == gone
    assert desk_span(line, []) is None
    assert span is None or isinstance(span, Span)


def test_the_senders_note_is_read_and_nothing_of_it_passed_over() -> None:
    note = "EMBARGOED UNTIL 2026-03-06T06:00:00Z\nCall the port at four\nLegal is reading paragraph 2"
    story = read(Raw("s", "text", "The ferry sails.", ednote=note))
    assert [(signal.kind, signal.until) for signal in story.signals] == [
        ("embargo", "2026-03-06T06:00:00+00:00"),
        ("note", None),
        ("advisory", None),
    ]
    assert story.fields.ednote == note


@pytest.mark.parametrize(
    "line", ["(" * 290, "EMBARGOED UNTIL " + "6 March " * 30, "UPDATE 2-" * 30, "BC-A, " * 45, "1st " * 70]
)
def test_hostile_lines_cost_no_time(line: str) -> None:
    began = time.perf_counter()
    kind = signal_of(line)
    moment_of(line, "2026-03-03")
    desk_span(line, [Signal(kind or "note", line)])
    assert time.perf_counter() - began < 1
