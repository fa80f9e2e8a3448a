"""The walk over the source: every character has one fate, and each line's fate is the one an editor would name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cleaners.model import Block, Cleaned, Mark, Removal, Story
from cleaners.write import changes
from cleaners.write.changes import Effect


def test_lines_come_in_reading_order_with_their_fate(harbour: Cleaned) -> None:
    assert [line.effect for line in changes(harbour)] == [
        *("lifted", "lifted", "lifted", "kept", "trimmed"),
        *("removed", "kept", "suspect", "protected", "removed"),
    ]


def test_pieces_join_to_the_source(
    harbour: Cleaned, page: Cleaned, pieces_join: Callable[[Cleaned], bool]
) -> None:
    assert pieces_join(harbour)
    assert pieces_join(page)


def test_a_trimmed_line_names_the_cut_and_keeps_the_rest(harbour: Cleaned) -> None:
    line = changes(harbour)[4]
    assert [(piece.text, piece.effect) for piece in line.pieces] == [
        ("The port said work would resume on Monday.", "kept"),
        (" Share this story", "removed"),
    ]
    assert line.cause is not None
    assert line.cause.rules == ("english/share-end",)


def test_a_line_of_two_fields_goes_to_the_larger(harbour: Cleaned) -> None:
    line = changes(harbour)[2]
    assert [piece.field for piece in line.pieces] == ["caption", "credit"]
    assert line.field == "caption"


def test_a_label_before_a_lifted_date_does_not_make_the_line_a_removal(
    by_hand: Callable[..., Cleaned],
) -> None:
    story = Story("s", "text", "", (Block(0, "Published in print: 3 May"),))
    cleaned = by_hand(
        story,
        [
            (0, 0, 20, "remove", None, "english/published", "A date line."),
            (0, 20, 25, "lift", "published", "english/published", "A date line."),
        ],
    )
    (line,) = changes(cleaned)
    assert (line.effect, line.field, line.gone) == ("lifted", "published", True)


def test_only_space_left_is_nothing_left(by_hand: Callable[..., Cleaned]) -> None:
    story = Story("s", "text", "", (Block(0, "Share  Print"),))
    cuts = [(0, 0, 5, "remove", None, "a/b", "w"), (0, 7, 12, "remove", None, "a/c", "w")]
    (line,) = changes(by_hand(story, cuts))
    assert line.effect == "removed"


def test_a_protection_names_what_it_stood_against(harbour: Cleaned) -> None:
    (piece,) = changes(harbour)[8].pieces
    assert (piece.effect, piece.rules, piece.overruled) == (
        "protected",
        ("english/correction",),
        ("english/label",),
    )


def test_a_block_without_text_is_a_line_without_pieces() -> None:
    story = Story("s", "page", "", (Block(0, "", "embed"),))
    (line,) = changes(Cleaned(story, story, (), "publish", (), "r", 1))
    assert (line.pieces, line.effect, line.cause) == ((), "kept", None)


def test_the_index_is_the_input_line_where_there_is_one(harbour: Cleaned) -> None:
    story = replace(harbour.source, blocks=(Block(0, "One", line=3), Block(1, "Two")))
    lines = changes(Cleaned(story, story, (), "publish", (), "r", 1))
    assert [line.index for line in lines] == [3, 1]


_TEXT = "The tide turns at six."
_SPAN = st.tuples(st.integers(0, len(_TEXT) - 1), st.integers(1, len(_TEXT))).filter(lambda s: s[0] < s[1])


@given(st.lists(_SPAN, max_size=5), st.lists(_SPAN, max_size=5), st.lists(_SPAN, max_size=5))
def test_every_character_has_the_strongest_fate(
    cut: list[tuple[int, int]], guarded: list[tuple[int, int]], doubted: list[tuple[int, int]]
) -> None:
    story = Story("s", "text", _TEXT, (Block(0, _TEXT),))
    cleaned = Cleaned(
        story,
        story,
        tuple(Removal(0, s, e, _TEXT[s:e], "remove", None, (f"r/{i}",), "w") for i, (s, e) in enumerate(cut)),
        "publish",
        (),
        "r",
        1,
        protected=tuple(Mark(0, s, e, "protect", "p/p", "w") for s, e in guarded),
        suspects=tuple(Mark(0, s, e, "suspect", "s/s", "w") for s, e in doubted),
    )
    fate: list[Effect] = ["kept"] * len(_TEXT)
    layers: list[tuple[Effect, list[tuple[int, int]]]] = [
        ("suspect", doubted),
        ("protected", guarded),
        ("removed", cut),
    ]
    for effect, spans in layers:
        for start, end in spans:
            fate[start:end] = [effect] * (end - start)
    (line,) = changes(cleaned)
    assert [piece.effect for piece in line.pieces for _ in piece.text] == fate
    assert "".join(piece.text for piece in line.pieces) == _TEXT
