"""Copy of 72 columns and mails: paragraphs whole again, and what its writer broke into lines left as it is."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.apply import cut_raw
from cleaners.model import Raw, Removal, Repair, Story
from cleaners.read import read
from cleaners.read.quoted_printable import quoted_printable
from cleaners.read.wrapped import wraps

PARAGRAPHS = [
    "The ferry will sail again on Monday, the port said in a letter to all who had asked for it since the long-term contract ended nine years ago.",
    "Nobody stood on the quay when the letter came, and nobody had been told; the harbour master read it aloud to two gulls and a dog, and went home.",
    "“We are ready,” he said later. “We have been ready since the spring, and we shall be ready when she comes round the mole.”",
]
GERMAN = [
    "Die Fähre fährt am Montag wieder, teilte der Hafen in einem Brief an alle mit, die seit dem Ende des Vertrags vor neun Jahren danach gefragt hatten.",
    "Am Kai stand niemand, als der Brief kam, und niemand hatte davon gewusst; der Hafenmeister las ihn zwei Möwen und einem Hund vor und ging nach Hause.",
]


def story(content: str) -> Story:
    return read(Raw("t", "text", content))


def texts(content: str) -> list[str]:
    return [block.text for block in story(content).blocks]


def wrapped(paragraphs: list[str], width: int = 72, between: str = "\n\n") -> str:
    return between.join(textwrap.fill(one, width) for one in paragraphs)


@pytest.mark.parametrize("width", [60, 66, 72, 78])
@pytest.mark.parametrize("paragraphs", [PARAGRAPHS, GERMAN])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_wrapped_lines_are_joined(width: int, paragraphs: list[str], line_break: str) -> None:
    content = wrapped(paragraphs, width).replace("\n", line_break)
    assert texts(content) == paragraphs


def test_paragraphs_without_blank_lines_are_told_by_their_indent_or_their_last_line() -> None:
    indented = "\n".join(textwrap.fill(one, 70, initial_indent="   ") for one in PARAGRAPHS)
    assert texts(indented) == PARAGRAPHS
    assert texts(wrapped(PARAGRAPHS, 70, "\n")) == PARAGRAPHS


def test_ragged_lines_are_joined_where_blank_lines_tell_the_paragraphs() -> None:
    content = (
        "The ferry will sail again on Monday, the port said\nin a letter to all who had asked for it since the long contract\n"
        "ended nine years ago, when the last of her\ncaptains had gone ashore for good.\n\nNobody stood on the quay when the letter came and\n"
        "nobody had been told; the harbour master read it\naloud to two gulls."
    )
    assert len(texts(content)) == 2


HEAD = "WORLD\nFERRY TO SAIL AGAIN FROM HARBOURTON AFTER NINE YEARS OF WAITING AT QUAY\nBy Ana Duarte\nHARBOURTON, March 5\n\n"
LIST = "\n\nThe timetable:\n- Monday: first sailing, with the mayor, two bands and all of the\n  harbour's children\n- Tuesday: no sailing\n1. Tickets\n2. Dogs\n"
VERSE = "\nThe gull that sat upon the mole\nhad never seen the sea so blue\nand asked the keeper for a role\nin all that he had yet to do\n"
TABLE = "\nAdults      9.00   crowns for a sailing there and back again, all in\nChildren    4.50   crowns for a sailing there and back again, all in\n"
SIGNED = "\n-- \nAna Duarte\nHarbour correspondent\n+44 1 234 567\n"


def test_what_its_writer_broke_stays_broken() -> None:
    content = HEAD + wrapped(PARAGRAPHS) + LIST + VERSE + TABLE + SIGNED
    assert texts(content) == [
        *[line for line in HEAD.splitlines() if line],
        *PARAGRAPHS,
        "The timetable:",
        "- Monday: first sailing, with the mayor, two bands and all of the harbour's children",
        "- Tuesday: no sailing",
        "1. Tickets",
        "2. Dogs",
        *VERSE.split("\n")[1:-1],
        *[line for line in TABLE.splitlines() if line],
        "--",
        *SIGNED.splitlines()[2:],
    ]


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(PARAGRAPHS),
        VERSE * 3,
        LIST,
        TABLE * 3,
        # One sentence a line, of much the same length.
        "\n".join(
            f"The harbour of town number {n} has been closed since the storm of Monday." for n in range(9)
        ),
        "\n".join(
            "渡輪將於星期一再次啟航，港口在致所有查詢者的信中表示，九年前合約終止以來，他們一直在等待這一天的到來，船長說道，我們準備好了"
            for _ in range(9)
        ),
        # Headlines.
        "\n".join(f"Port of Kesten to reopen in spring, says harbour master number {n} of" for n in range(9)),
        "> The ferry will sail again on Monday, the port said in a letter to all\n> who had asked for it since the contract\n",
    ],
)
def test_other_texts_are_read_line_by_line(content: str) -> None:
    assert texts(content) == [line.strip() for line in content.splitlines() if line.strip()]
    assert story(content).repairs == ()


def test_joins_are_recorded_and_removals_leave_all_else_as_it_was() -> None:
    content = wrapped(PARAGRAPHS, 72).replace("\n", " \r\n")
    found = story(content)
    assert Repair(0, "wrapped-line", " \r\n", " ") in found.repairs
    assert [block.line for block in found.blocks] == [0, 3, 6]
    whole = found.blocks[1]
    everything = Removal(1, 0, len(whole.text), whole.text, "remove", None, ("t/t",), "test")
    first, second, third = content.split(" \r\n \r\n")
    assert cut_raw(found, [everything]) == f"{first} \r\n \r\n \r\n{third}"
    # A part that goes over a line break takes the break along, and nothing else.
    words = r"nobody\s+had.*?harbour\s+master"
    in_text, in_raw = re.search(words, whole.text, re.DOTALL), re.search(words, content, re.DOTALL)
    assert in_text is not None
    assert in_raw is not None
    part = Removal(1, *in_text.span(), in_text[0], "remove", None, ("t/t",), "test")
    raw_start, raw_end = in_raw.span()
    assert "\r\n" in content[raw_start:raw_end]
    assert cut_raw(found, [part]) == content[:raw_start] + content[raw_end:]
    assert second in content


def test_what_a_mail_left_is_decoded_and_recorded() -> None:
    content = (
        "The harbour master said: =E2=80=9CWe are ready,=E2=80=9D and went home to h=\nis dog.=20\n=20\n"
        "Tickets cost 9 =E2=\n=82=AC; see https://x.example/?a=3D1.=\n\nR&amp;D=09waits.\n"
    )
    found = story(content)
    assert [block.text for block in found.blocks] == [
        "The harbour master said: “We are ready,” and went home to his dog.",
        "Tickets cost 9 €; see https://x.example/?a=1.",
        "R&D\twaits.",
    ]
    assert Repair(0, "quoted-printable", "=E2=80=9C", "“") in found.repairs
    assert Repair(1, "quoted-printable", "=E2=\n=82=AC", "€") in found.repairs
    assert {repair.block for repair in found.repairs} == {0, 1, 2}
    gone = Removal(1, 0, len(found.blocks[1].text), found.blocks[1].text, "remove", None, ("t/t",), "test")
    assert cut_raw(found, [gone]) == content[: content.index("Tickets")] + content[content.index("R&amp;D") :]


@pytest.mark.parametrize(
    "text",
    [
        "x=20 and y=3D",
        "https://x.example/?id=E2&n=20\n",
        "a=b=\nc",
        "In the survey n=20\nand no more",
        "=\n",
        "1+1=\n2",
    ],
)
def test_other_equals_signs_stay(text: str) -> None:
    assert quoted_printable(text) == []


PIECES = st.sampled_from(
    [
        *PARAGRAPHS,
        *GERMAN,
        "- a list",
        "World",
        "=E2=80=99",
        "=20",
        "=",
        "> quoted",
        "--",
        "Ferry | 9",
        "\t",
        "  indented",
        "&amp;",
        "​",
    ]
)


@given(
    st.lists(st.tuples(PIECES, st.integers(30, 90)), min_size=1, max_size=8),
    st.sampled_from(["\n", "\n\n", "\r\n", "=\n", " \n"]),
)
def test_segments_cover_each_block_and_no_character_is_lost(
    parts: list[tuple[str, int]], between: str
) -> None:
    content = between.join(textwrap.fill(text, width) for text, width in parts) + "."
    found = story(content)
    at = 0
    for block in found.blocks:
        assert block.segments[0].start == 0
        assert block.segments[-1].end == len(block.text)
        assert all(one.end == two.start for one, two in zip(block.segments, block.segments[1:], strict=False))
        assert block.element is not None
        assert at <= block.element.start <= block.segments[0].raw_start
        assert block.segments[-1].raw_end <= block.element.end
        at = block.element.end
        assert content.count("\n", 0, block.element.start) == block.line
    removed = [
        Removal(b.number, 0, len(b.text), b.text, "remove", None, ("t/t",), "test") for b in found.blocks
    ]
    left = cut_raw(found, removed)
    assert not any(character.isalpha() for character in left)


def test_wrapping_is_found_in_linear_time() -> None:
    assert (
        len(
            wraps(
                [
                    ("The ferry will sail again on Monday, the port said in a letter to all a"),
                    "the who had asked.",
                ]
                * 20_000
            )
        )
        > 0
    )
