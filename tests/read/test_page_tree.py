"""What is taken out of a page's tree before trafilatura works on it, and what must not be."""

from __future__ import annotations

import lxml.html

from cleaners.model import Raw
from cleaners.read import read
from cleaners.read.leaves import leaves
from cleaners.read.page_tree import lighten
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
