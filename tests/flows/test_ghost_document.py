"""Ghost's document and its HTML side by side: what is taken from the one goes from the other, that alone, and comes back."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_ghost import block, document, figure, heading, html_card, paragraph, shown, text

from cleaners.apply import merge, without
from cleaners.model import Span
from flows.destinations.ghost_document import Unmapped, cut, put_back


def line_break() -> dict[str, Any]:
    return {"type": "linebreak", "version": 1}


def spans(html: str, *parts: str) -> list[Span]:
    """Where these parts stand in the HTML; each stands there once."""
    found = []
    for part in parts:
        assert html.count(part) == 1, part
        found.append(Span(html.index(part), html.index(part) + len(part)))
    return merge(found)


def cuts(children: list[dict[str, Any]], *parts: str) -> list[dict[str, Any]]:
    """The children that are left without these parts of the HTML, whose HTML is then what it should be, and which come back."""
    before = document(*children)
    kept = copy.deepcopy(before)
    html = shown(before)
    gone = spans(html, *parts)
    after, taken = cut(before, html, gone)
    assert before == kept
    assert shown(after) == without(html, gone)
    assert put_back(after, taken) == before
    left: list[dict[str, Any]] = after["root"]["children"]
    return left


def test_paragraphs_go_whole_wherever_they_stand() -> None:
    post = [
        paragraph("One."),
        figure("a"),
        paragraph("Two."),
        paragraph("Three."),
        html_card("<i>x</i>"),
        paragraph(),
    ]
    assert cuts(post, "<p>One.</p>") == post[1:]
    assert cuts(post, "<p>Two.</p>", "<p>Three.</p>") == [*post[:2], *post[4:]]
    assert cuts(post, "<p>Two.</p>") == [*post[:2], *post[3:]]
    assert cuts(post) == post


def test_the_last_paragraph_of_all_is_shown_though_it_is_empty_if_it_was() -> None:
    """Ghost shows no empty paragraph at the end; one in the middle it does."""
    post = [paragraph("One."), paragraph(), paragraph("Two.")]
    assert cuts(post, "<p>Two.</p>") == [post[0], paragraph(), paragraph()]
    assert cuts([*post, paragraph()], "<p>Two.</p>") == [post[0], paragraph(), paragraph()]


def test_of_two_paragraphs_of_the_same_words_the_right_one_goes() -> None:
    twice = [paragraph("Again."), figure("a"), paragraph("Again."), figure("b")]
    html = shown(document(*twice))
    last = html.rindex("<p>Again.</p>")
    after, _ = cut(document(*twice), html, [Span(last, last + len("<p>Again.</p>"))])
    assert after["root"]["children"] == [twice[0], twice[1], twice[3]]


def test_where_it_may_be_one_or_another_nothing_goes() -> None:
    """Cards of Markdown show as many paragraphs as they like: which of the two was Ghost's own?"""
    markdown = {"type": "markdown", "version": 1, "markdown": "Again."}
    post = document(markdown, paragraph("Again."), copy.deepcopy(markdown))
    html = "<p>Again.</p><p>Again.</p>"
    with pytest.raises(Unmapped, match="cannot be told from what stands beside it"):
        cut(post, html, [Span(0, len("<p>Again.</p>"))])


def test_words_inside_a_paragraph_go_alone() -> None:
    mixed = block("paragraph", text("Share this "), text("now", 1), text(" & tell R&D: Published: undefined"))
    [left] = cuts([mixed], ": Published: undefined")
    assert [one["text"] for one in left["children"]] == ["Share this ", "now", " & tell R&D"]
    [left] = cuts([mixed], "Share this ")
    assert [one["text"] for one in left["children"]] == ["now", " & tell R&D: Published: undefined"]
    [left] = cuts([mixed], "<strong>now</strong>")
    assert len(left["children"]) == 2


def test_a_line_goes_with_its_line_break() -> None:
    lines = block(
        "paragraph",
        text("The ferry is back."),
        line_break(),
        text("Follow us"),
        line_break(),
        text("It left at six."),
    )
    [left] = cuts([lines], "Follow us<br>")
    assert [one.get("text") for one in left["children"]] == ["The ferry is back.", None, "It left at six."]


def test_a_card_of_html_loses_a_part_of_its_own() -> None:
    post = [paragraph("One."), html_card("<div class=box>\n<p>Follow us</p><p>Kesten &amp; sea</p></div>")]
    left = cuts(post, "<p>Follow us</p>")
    assert left[1]["html"] == "<div class=box>\n<p>Kesten &amp; sea</p></div>"
    # A card that says what a paragraph says, too, is not taken for it.
    assert cuts([html_card("<p>One.</p>"), paragraph("Two.")], "<p>Two.</p>") == [html_card("<p>One.</p>")]


def test_a_card_that_shows_what_it_holds_loses_a_part_of_it() -> None:
    assert (
        cuts(
            [figure("follow-us-and-kesten")],
            '<figure class="kg-card kg-bookmark-card"><a href="https://post.example/follow-us-and-kesten"><div>follow-us-and-kesten</div></a></figure>',
        )
        == []
    )
    card = document({"type": "callout", "version": 1, "calloutText": "Kesten. Follow us."})
    html = '<div class="kg-callout-text">Kesten. Follow us.</div>'
    after, taken = cut(card, html, spans(html, " Follow us."))
    assert after["root"]["children"][0]["calloutText"] == "Kesten."
    assert put_back(after, taken) == card


@pytest.mark.parametrize(
    ("children", "part", "why"),
    [
        ([block("paragraph", text("A "), text("bold", 1))], "bold", "without their words"),
        ([block("paragraph", text("A "), text("bold", 1))], "A <strong>bo", "go in part"),
        ([paragraph("R&D")], "amp;D", "half of a character"),
        ([heading("News of the day")], " of the day", "address is made of its words"),
        ([figure("news-and-more")], "</div></a>", "cannot be changed in part"),
    ],
)
def test_what_cannot_go_alone_is_said(children: list[dict[str, Any]], part: str, why: str) -> None:
    post = document(*children)
    html = shown(post)
    at = html.rindex(part)
    with pytest.raises(Unmapped, match=why):
        cut(post, html, [Span(at, at + len(part))])


def test_a_heading_whose_namesake_would_change_its_address_stays() -> None:
    post = [heading("News"), paragraph("One."), heading("News"), paragraph("Two.")]
    with pytest.raises(Unmapped, match="a later heading has the same words"):
        cuts(post, '<h2 id="news">News</h2>')
    assert cuts(post, '<h2 id="news-1">News</h2>') == [post[0], post[1], post[3]]
    assert cuts(post, '<h2 id="news">News</h2>', '<h2 id="news-1">News</h2>') == [post[1], post[3]]


def test_lists_lose_items_with_what_is_inside_them() -> None:
    def item(*children: dict[str, Any]) -> dict[str, Any]:
        return block("listitem", *children, value=1)

    inner = block("list", item(text("a")), item(text("b")), listType="bullet", tag="ul", start=1)
    post = block(
        "list",
        item(text("One")),
        item(inner),
        item(text("Two")),
        item(text("Three")),
        listType="bullet",
        tag="ul",
        start=1,
    )
    html = "<ul><li>One<ul><li>a</li><li>b</li></ul></li><li>Two</li><li>Three</li></ul>"
    for part, left in (
        ("<li>Two</li>", [0, 1, 3]),
        ("<li>One<ul><li>a</li><li>b</li></ul></li>", [2, 3]),
        ("<li>Two</li><li>Three</li>", [0, 1]),
    ):
        after, taken = cut(document(post), html, spans(html, part))
        assert after["root"]["children"][0]["children"] == [post["children"][at] for at in left]
        assert put_back(after, taken) == document(post)
    after, _ = cut(document(post), html, spans(html, "wo"))
    assert after["root"]["children"][0]["children"][2]["children"][0]["text"] == "T"
    with pytest.raises(Unmapped, match="left without its items"):
        cut(document(post), html, [Span(4, len(html) - 5)])


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<p>Two.</p>", "not made of its document"),
        ("<p>One.</p><p>One.</p>", "not made of its document"),
        ("<p>One.", "HTML is broken"),
        ("</p><p>One.</p>", "HTML is broken"),
        ("One.<p>One.</p>", "stand in no paragraph"),
    ],
)
def test_html_that_is_of_another_document_is_left(html: str, why: str) -> None:
    with pytest.raises(Unmapped, match=why):
        cut(document(paragraph("One.")), html, [Span(0, 1)])


@pytest.mark.parametrize(
    "broken", [{}, {"root": []}, {"root": {"children": "p"}}, {"root": {"children": [7]}}]
)
def test_a_document_of_another_kind_is_left(broken: dict[str, Any]) -> None:
    with pytest.raises(Unmapped, match="none that this version of cleancopy knows"):
        cut(broken, "<p>One.</p>", [Span(0, 11)])


PARTS = st.one_of(
    st.sampled_from(["One.", "Two.", "R&D <here>", "a\u00a0b", "日本"]).map(paragraph),
    st.just(paragraph()),
    st.sampled_from(["a", "b"]).map(figure),
    st.sampled_from(["<p>One.</p>", "x\n"]).map(html_card),
    st.sampled_from(["News", "More"]).map(heading),
)


@given(st.lists(PARTS, min_size=1, max_size=9), st.data())
def test_whatever_goes_the_rest_is_as_it_was(children: list[dict[str, Any]], data: st.DataObject) -> None:
    """Law: the HTML of what is left is the HTML without what went, and all comes back. Nothing goes only where a heading
    that stays would have another address."""
    post = document(*copy.deepcopy(children))
    html = shown(post)
    whole = [shown(document(*children[:at], html_card("|"))) for at in range(len(children) + 1)]
    places = [one.index("\n<!--kg-card-begin: html-->\n|\n<!--kg-card-end: html-->\n") for one in whole]
    chosen = data.draw(st.sets(st.integers(0, len(children) - 1)))
    gone = merge(
        Span(places[at], min(places[at + 1], len(html)))
        for at in chosen
        if places[at] < min(places[at + 1], len(html))
    )
    if any(
        children[at]["type"] == "extended-heading"
        and any(
            children[at] == children[later] for later in range(at + 1, len(children)) if later not in chosen
        )
        for at in chosen
    ):
        with pytest.raises(Unmapped, match="a later heading has the same words"):
            cut(post, html, gone)
        return
    after, taken = cut(post, html, gone)
    assert shown(after) == without(html, gone)
    assert put_back(after, taken) == post
