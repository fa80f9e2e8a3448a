"""Letters and statements keep who signed them, whatever stands around the signature."""

from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.model import Raw

OPENED = (
    "Sir, the dredger should never have been allowed to leave, and those who let it leave should say so now."
)
PLAIN = "The dredger should never have been allowed to leave, and those who let it leave should say so now."
FOOT = ["Share this article", "Facebook", "More on this story"]


def copy_of(shipped, lines, language="en") -> list[str]:
    cleaned = shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language=language))
    assert cleaned.verdict == "publish", cleaned.reasons
    assert shipped.clean_story(cleaned.copy).removals == ()
    return [block.text for block in cleaned.copy.blocks]


SIGNATURES = [
    ["Grace Holt"],
    ["Grace Holt", "Editor"],
    ["Grace Holt", "Kesten"],
    ["Grace Holt, Kesten"],
    ["GRACE HOLT", "Kesten, Vorre"],
    ["Grace Holt and Jon Blythe", "Friends of the Kesten Lighthouse"],
]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("under", [[], FOOT[:1], FOOT])
@pytest.mark.parametrize("above", [[], FOOT[:2]])
@pytest.mark.parametrize("closing", [[], ["Yours sincerely,"]])
@pytest.mark.parametrize("head", [[], ["Letters: let the dredger stay", "By Grace Holt"]])
def test_a_letters_signature_stays(shipped, head, closing, above, under, signature) -> None:
    copy = copy_of(shipped, [*head, OPENED, LEAD, NEXT, *above, *closing, *signature, *under])
    assert copy == [OPENED, LEAD, NEXT, *closing, *signature]


@pytest.mark.parametrize(
    ("language", "closing", "signature"),
    [
        ("de", "Mit freundlichen Grüßen", ["Dr. Ilse Brandvik", "Hafenmeisterin, Stadt Kesten"]),
        ("fr", "Cordialement,", ["Ilse Brandvik", "Kesten"]),
        ("es", "Atentamente,", ["Ilse Brandvik", "Kesten"]),
        ("it", "Cordiali saluti", ["Ilse Brandvik", "Kesten"]),
        ("nl", "Met vriendelijke groet,", ["Ilse Brandvik", "Kesten"]),
        ("sv", "Med vänlig hälsning", ["Ilse Brandvik", "Kesten"]),
        ("pl", "Z poważaniem", ["Ilse Brandvik", "Kesten"]),
        ("ru", "С уважением,", ["Ильзе Брандвик", "Кестен"]),
        ("en", "Yours faithfully,", ["Ilse Brandvik", "Harbour master", "Kesten", "Vorre"]),
    ],
)
def test_a_statement_keeps_its_closing_and_who_signed_it(shipped, language, closing, signature) -> None:
    body = [LEAD, NEXT, LAST, closing, *signature]
    foot = {"de": "Teilen", "fr": "Partager", "en": "Share this article"}.get(language, "Facebook")
    assert copy_of(shipped, [*body, foot], language) == body


def test_a_signature_is_no_shield_for_the_name_elsewhere(shipped) -> None:
    lines = ["Letters: let the dredger stay", "By Grace Holt", OPENED, LEAD, NEXT, "Yours,", "By Grace Holt"]
    cleaned = shipped.clean(Raw(id="t", form="lines", content=tuple(lines), language="en"))
    assert cleaned.copy.fields.byline == "By Grace Holt"
    assert cleaned.copy.text.endswith("Yours,\nBy Grace Holt")


def test_the_writers_box_under_a_story_goes(shipped) -> None:
    lines = ["Dredger returns to the estuary", "By Grace Holt", PLAIN, LEAD, NEXT, "Grace Holt", FOOT[0]]
    assert copy_of(shipped, lines) == [PLAIN, LEAD, NEXT]


@pytest.mark.parametrize(
    "line", ["Newsletter", "Read more", "Grace Holt covers harbours.", "Follow us on Facebook"]
)
def test_what_rules_know_under_a_closing_is_no_signature(shipped, line) -> None:
    copy = copy_of(shipped, [OPENED, LEAD, NEXT, "Yours sincerely,", "Grace Holt", line])
    assert copy[:5] == [OPENED, LEAD, NEXT, "Yours sincerely,", "Grace Holt"]
    assert line.startswith("Grace") or line not in copy


@pytest.mark.parametrize(
    "signatories",
    [
        [
            "Grace Holt, Kesten council",
            "Jon Blythe, harbour master",
            "Ana Duarte, Vorre school",
            "Marta Oyelaran",
        ],
        [f"Grace Holt-{letter}., of Vorre" for letter in "ABCDEFGHIJKLMNOP"],
        ["The crew of the Marta Holm", "Kesten"],
        ["Jon Blythe (Kesten)", "Ana Duarte – Vorre", "Dr. Ilse Brandvik"],
    ],
)
def test_whoever_signed_an_open_letter_stays(shipped, signatories) -> None:
    body = ["Dear Prime Minister,", LEAD, NEXT, "Signed,", *signatories]
    assert copy_of(shipped, [*body, FOOT[0]]) == body


@pytest.mark.parametrize(
    ("language", "signature"),
    [
        ("en", ["Grace Holt", "Editor-in-chief", "Kestpress"]),
        ("en", ["Grace Holt", "Mayor of Kesten"]),
        ("de", ["Ilse Brandvik", "Chefredakteurin"]),
        ("fr", ["Ilse Brandvik", "Directrice de la publication"]),
    ],
)
def test_a_statement_is_signed_by_name_and_office(shipped, language, signature) -> None:
    copy = copy_of(shipped, [LEAD, NEXT, LAST, *signature, "Facebook"], language)
    assert copy == [LEAD, NEXT, LAST, *signature]


def test_under_a_byline_name_and_office_are_the_writers_box(shipped) -> None:
    lines = ["Dredger returns to the estuary", "By Jon Blythe", LEAD, NEXT, LAST, "Jon Blythe", "Editor"]
    assert "Jon Blythe" not in copy_of(shipped, lines)
