from __future__ import annotations

import pytest
from ftfy.badness import is_bad
from hypothesis import given
from hypothesis import strategies as st

from cleaners.model import Raw
from cleaners.read import read
from cleaners.read.decode import decode
from cleaners.read.pieces import Piece, segments
from cleaners.read.repair import (
    entities,
    invisible,
    line_breaks,
    lines_may_need_repair,
    may_need_repair,
    mojibake,
    repair,
    repair_text,
    uncomposed,
)
from cleaners.read.unreadable import UnreadableStory


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("AT&amp;amp;T", "AT&T"),
        ("Don&#039;t", "Don't"),
        ("Fran&ccedil;ois", "François"),
        ("GrÃ¶ÃŸe der FlÃ¤che", "Größe der Fläche"),
        ("itâ€™s late", "it’s late"),
        ("key\u200bboard so\u00adft \u202eright\u202c", "keyboard soft right"),
        ("\ufeffStart", "Start"),
        ("one\u2028two", "one two"),
        ("Cafe\u0301 Orla, Zu\u0308rich", "Café Orla, Zürich"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("प\u095dें", "प\u0922\u093cें"),
        ("e\u200b\u0301te\u0301", "été"),
    ],
)
def test_faults_are_mended(broken: str, mended: str) -> None:
    assert repair_text(broken) == mended
    assert repair([Piece(broken, 0, len(broken))]).repairs


@pytest.mark.parametrize(
    "text",
    [
        "Write &lt;b&gt; for bold",
        "R&D; Q&A; B&B",
        "می‌خواهم",
        "क्‍ष",
        "👩‍🚒 saves cat",
        "São Paulo – Ångström",
        "100 km",
        "\ufa19田",  # a name's own letter
    ],
)
def test_near_misses_are_spared(text: str) -> None:
    assert repair_text(text) == text


def test_segments_lead_back_to_what_was_written() -> None:
    raw = "A&amp;B c\u200bd"
    mended = repair([Piece(raw, 0, len(raw))])
    found = segments(mended.pieces)
    assert [raw[s.raw_start : s.raw_end] for s in found] == ["A", "&amp;", "B ", "c\u200b", "d"]


def test_repairs_name_their_block() -> None:
    story = read(Raw("t", "text", "Fine.\nAT&amp;T"))
    assert [(r.block, r.what, r.before, r.after) for r in story.repairs] == [(1, "entity", "&amp;", "&")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Größe".encode("utf-16"), "Größe"),
        (b"\xef\xbb\xbfGr\xc3\xb6\xc3\x9fe", "Größe"),
        (
            '<meta charset="windows-1251"><p>Корабль'.encode("cp1251"),
            '<meta charset="windows-1251"><p>Корабль',
        ),
        ('<meta charset="gb2312"><p>港口'.encode("gbk"), '<meta charset="gb2312"><p>港口'),
        ('<meta charset="iso-8859-1"><p>Größe'.encode(), '<meta charset="iso-8859-1"><p>Größe'),
        ("<p>Die Größe der Fähre überrascht die Gäste, sagte der Kapitän.".encode("cp1252"), None),
    ],
)
def test_bytes_are_decoded_as_browsers_do(content: bytes, text: str | None) -> None:
    if text is None:
        assert "Größe" in decode(content).text
    else:
        assert decode(content).text == text


def test_a_file_that_is_no_text_says_what_it_is() -> None:
    with pytest.raises(UnreadableStory, match="PDF"):
        decode(b"%PDF-1.7 ...")


_MOJIBAKE = [
    char
    for char in map(chr, range(0x80, 0xFFFF))
    if not "\ud800" <= char <= "\udfff" and (is_bad(char * 2) or is_bad(f"\u2020{char}\u2020"))
]


@given(st.text(st.sampled_from([*_MOJIBAKE, *"aZ1 .\n\x0b\x1c\u2003", *"вЂГўāàŒœ×³√≈ÃÂ"]), max_size=8))
def test_whatever_ftfy_finds_at_fault_is_not_passed_over(text: str) -> None:
    assert may_need_repair(text) or not is_bad(text)


@given(st.text())
def test_a_text_that_is_passed_over_needs_no_repair(text: str) -> None:
    if not may_need_repair(text):
        assert repair([Piece(text, 0, len(text))]).repairs == ()
        assert all(find(text) == [] for find in (entities, mojibake, line_breaks, invisible, uncomposed))


@given(
    st.lists(st.text(st.sampled_from([*_MOJIBAKE, *"aZ1 .\r\x0b\u2003&“”é", *"вЂГўāàŒœ×³√≈ÃÂ"]), max_size=8))
)
def test_a_document_that_is_passed_over_has_no_line_that_is_not(lines: list[str]) -> None:
    if not lines_may_need_repair("\n".join(lines)):
        assert not any(may_need_repair(line.removesuffix("\r")) for line in lines)
