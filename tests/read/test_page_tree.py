"""What is taken out of a page's tree before trafilatura works on it, and what must not be."""

from __future__ import annotations

import lxml.html
import pytest

from cleaners.model import Raw
from cleaners.read import read
from cleaners.read.leaves import leaves
from cleaners.read.page_tree import lighten, page_tree
from cleaners.read.plain import key

PARAGRAPHS = "".join(
    f"<p>The crane at the {quay} quay of Orla was painted green on Monday, and the harbour master said that it will stay so.</p>"
    for quay in ("north", "south", "east", "west")
)


def test_the_text_behind_a_script_stays() -> None:
    tree = lxml.html.document_fromstring(
        "<head><style>p {color: red}</style><meta name='a' content='b'></head>"
        "<body><p>The crane <script>count()</script>stays <link rel='x'>where it is.</p></body>"
    )
    told = [leaf.text for leaf in leaves(tree)]
    lighten(tree)
    assert {element.tag for element in tree.iter()} == {"html", "head", "body", "p"}
    assert [leaf.text for leaf in leaves(tree)] == told == ["The crane stays where it is."]


def test_json_stays_for_trafilatura() -> None:
    tree = lxml.html.document_fromstring('<p>Crane</p><script type="application/ld+json">{"a": 1}</script>')
    lighten(tree)
    assert tree.findtext(".//script") == '{"a": 1}'


def test_a_date_that_must_be_searched_is_found_in_the_head() -> None:
    head = '<link rel="alternate" href="https://orla.example/x"><link rel="canonical" href="https://orla.example/2025/03/04/crane">'
    html = f"<html><head><title>Crane</title>{head}</head><body><h1>The crane stays green</h1>{PARAGRAPHS}</body></html>"
    story = read(Raw("orla", "page", html))
    assert story.fields.published == "2025-03-04"
    assert dict(story.fields.sources)["published"] == "searched"


def test_the_key_of_a_line_of_ascii_is_that_of_any_line() -> None:
    ascii_only = "".join(map(chr, range(128)))
    assert key(ascii_only) == key(ascii_only + "»") == "0123456789" + 2 * "abcdefghijklmnopqrstuvwxyz"


FORBIDDEN = (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)
WRITTEN = ("&#{};", "&#{} ", "&#00{};", "&#x{:x};", "&#X{:X};", "&#x0{:x};")


@pytest.mark.parametrize(
    "character",
    [f"&#{number};" for number in (0, 1, 11, 12, 31, 0xFFFE, 0xD800)] + list("\x00\x0b\x1f\ufffe"),
)
def test_a_story_is_found_on_a_page_with_a_character_that_xml_forbids(character: str) -> None:
    story = read(
        Raw(
            "orla",
            "page",
            f"<html><body><h1>The crane</h1>{PARAGRAPHS}<p>Green, {character}said the painter.</p></body></html>",
        )
    )
    assert "said the painter." in story.blocks[-1].text
    assert len(story.blocks) >= 5


def test_only_what_xml_forbids_is_taken_out_however_it_is_written() -> None:
    for number in [*range(1, 400), *range(0xFFF0, 0x10010)]:
        if number in range(
            128, 160
        ):  # windows-1252 in disguise: libxml2 and the standard read them each in their way
            continue
        kept = "" if number in FORBIDDEN else chr(number)
        for written in WRITTEN:
            tail = " " if written.endswith(" ") else ""
            told = page_tree(f"<p>a{written.format(number)}b</p>").text_content()
            assert told == f"a{' ' if number in (11, 12) else kept}{tail}b", written.format(number)


def test_word_s_line_break_parts_words_in_a_page_and_in_a_body() -> None:
    for form, content in (
        ("page", f"<body>{PARAGRAPHS}<p>The crane&#11;stays.</p></body>"),
        ("body", "<p>The crane&#11;stays.</p>"),
    ):
        assert read(Raw("orla", form, content)).blocks[-1].text == "The crane stays."
