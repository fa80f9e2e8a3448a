"""Markdown that renders to the words that were written, and artifacts in which nothing of a story is rendered."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cleaners.model import Block, Cleaned, Fields, Mark, Picture, Removal, Story
from cleaners.write import before_after_markdown, markdown
from cleaners.write.escapes import markdown_text

_RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What GitHub-flavoured renderers link in plain text, after mdast-util-gfm-autolink-literal.
_BARE_LINK = re.compile(r"(https?://|www(?=\.))[-.\w]+|[-.\w+]+@[-\w]+(\.[-\w]+)+", re.IGNORECASE)
_NASTY = st.text(
    st.sampled_from(list("ab1 .)(#*_~`<>[]!&;:/\\|-+=@\"'w\n"))
    | st.characters(blacklist_categories=["Cs", "Cc"]),
    max_size=60,
)


def _words(markdown_source: str) -> str:
    text = re.sub(r"<[^>]*>", "", _RENDERER.render(markdown_source))
    return "".join(unescape(text).split())


def _tokens(markdown_source: str) -> list[Token]:
    return [inner for token in _RENDERER.parse(markdown_source) for inner in (token, *(token.children or ()))]


@given(_NASTY)
@example("1. *one* _two_ `three`")
@example("# no heading\n- no list\n    no code")
@example("a\n===")
@example("&amp; &lt; &#65;")
@example("![x](https://example.org/x.png)<https://example.org>")
def test_escaped_text_renders_to_itself(text: str) -> None:
    for addresses in ("link", "code"):
        source = markdown_text(text, addresses)  # type: ignore[arg-type]
        assert _words(source) == "".join(text.split())
        kinds = {token.type for token in _tokens(source)} - {"code_inline", "link_open", "link_close"}
        assert kinds <= {
            "paragraph_open",
            "paragraph_close",
            "inline",
            "text",
            "hardbreak",
            "softbreak",
            "text_special",
        }


def test_markdown_of_a_story(harbour: Cleaned) -> None:
    assert markdown(harbour).split("\n\n") == [
        "# Dredging stops at \\<Port & Sons> after “unsafe” survey",
        "Ana Duarte · 2026-03-03",
        "*Dredgers off the north mole* (Ana Duarte/Harbour Press)",
        'The port\'s owner, \\<script>alert("1")\\</script> Ltd, said \\*nothing\\* & left '
        "\\[a note\\](<https://example.org/x>).",
        "The port said work would resume on Monday.",
        "تأجل العمل في الميناء حتى يوم الاثنين، بحسب الإدارة.",
        "1\\. Read \\_every\\_ page of the report, the harbour master asked.",
        "Correction: an earlier version misnamed the survey vessel.\n",
    ]


def test_markdown_of_every_kind_of_block(page: Cleaned) -> None:
    rendered = _RENDERER.render(markdown(page))
    for part in (
        "<h1>Harbour reopens</h1>",
        "<p><em>The mole, seen from the east</em> (Harbour Press)</p>",
        "<h3>What we know</h3>",
        "Rope &amp; tar",
        "<blockquote>\n<p>“We wait,” she said.</p>\n</blockquote>",
        "<td>2 &lt; 3 m</td>",
    ):
        assert part in rendered
    assert "<img" not in rendered
    assert "javascript" not in rendered


def test_the_artifact_strikes_what_went_and_says_why(harbour: Cleaned) -> None:
    shown = before_after_markdown(harbour)
    assert "**HOLD** · " in shown
    assert (
        "resume on Monday. ~~Share this story~~\\\n→ **removed** #5 by `english/share-end`: A share label."
        in shown
    )
    assert "→ **lifted to section** #1 by `head/kicker`" in shown
    assert (
        "→ **protected** by `english/correction`: Corrections are on record. (against `english/label`)"
        in shown
    )
    assert "<s>Published: undefined</s>" in _RENDERER.render(shown)


@given(_NASTY, _NASTY)
@example(
    "x ![pic](https://example.org/p.png)", "<img src=https://example.org/p.png> www.example.org a@example.org"
)
def test_nothing_of_a_story_is_rendered_in_an_artifact(kept: str, cut: str) -> None:
    text = kept + cut
    story = Story(cut or "id", "text", text, (Block(0, text), Block(1, kept)), url="https://example.org")
    removals = (Removal(0, len(kept), len(text), cut, "remove", None, ("a/b",), kept),) if cut else ()
    doubts = (Mark(1, 0, len(kept), "suspect", "a/c", cut),) if kept else ()
    cleaned = Cleaned(story, story, removals, "hold", (text,), "r", 1, suspects=doubts)
    tokens = _tokens(before_after_markdown(cleaned))
    assert not {token.type for token in tokens} & {"image", "link_open", "html_inline", "html_block", "fence"}
    assert not [
        token.content for token in tokens if token.type == "text" and _BARE_LINK.search(token.content)
    ]


def test_a_run_of_like_lines_gives_its_reason_once_in_an_artifact() -> None:
    story = Story("s", "text", "", tuple(Block(n, "Share") for n in range(3)))
    removals = tuple(
        Removal(n, 0, 5, "Share", "remove", None, ("a/b",), "A label.", number=n + 1) for n in range(3)
    )
    shown = before_after_markdown(Cleaned(story, story, removals, "publish", (), "r", 1))
    assert "#1 by `a/b`: A label.\n" in shown
    assert "#2 by `a/b`\n" in shown
    assert shown.count("A label.") == 1
    assert "By rule: `a/b` 3\n" in shown


def test_reasons_and_fields_are_two_lists_in_an_artifact(harbour: Cleaned) -> None:
    rendered = _RENDERER.render(before_after_markdown(harbour))
    assert (
        rendered.index("<strong>Why</strong>") < rendered.index("a person decides") < rendered.index("</ul>")
    )
    assert (
        rendered.index("</ul>") < rendered.index("<strong>Fields</strong>") < rendered.index("section: Coast")
    )


def test_a_glued_removal_is_still_struck_through() -> None:
    text = "Share this story(more)"
    story = Story("s", "text", text, (Block(0, text),))
    cleaned = Cleaned(
        story, story, (Removal(0, 16, 22, "(more)", "remove", None, ("a/b",), "w"),), "publish", (), "r", 1
    )
    assert "<s>(more)</s>" in _RENDERER.render(before_after_markdown(cleaned))


def test_a_long_story_loses_its_middle_and_says_so() -> None:
    texts = [f"Paragraph {n} of a long report on tides. " * 12 for n in range(400)] + ["Share"]
    blocks = tuple(Block(n, text.strip()) for n, text in enumerate(texts))
    story = Story("s", "text", "", blocks)
    removals = tuple(Removal(n, 0, 9, "Paragraph", "remove", None, ("a/b",), "w") for n in (7, 200))
    shown = before_after_markdown(Cleaned(story, story, removals, "publish", (), "r", 1))
    assert len(shown.encode()) <= 100_000
    assert len(shown.encode()) > 90_000
    assert shown.count("~~") == 4  # both removals are told, the one in the middle too
    left_out = sum(int(count) for count in re.findall(r"… (\d+) lines? (?:is|are) left out", shown))
    assert (
        left_out + sum(f"{text.strip()[:40]}" in shown or n in (7, 200) for n, text in enumerate(texts))
        == 401
    )


def test_nothing_makes_an_artifact_too_large() -> None:
    long = "潮*" * 60_000
    pictures = tuple(Picture(None, long, long) for _ in range(100))
    fields = Fields(long, long, long, long, long, long, long, long, (), pictures)
    story = Story("s", "text", "", tuple(Block(n, long) for n in range(8)), fields)
    reasons = tuple(f"{n} {long}" for n in range(60))
    shown = before_after_markdown(Cleaned(story, story, (), "hold", reasons, "r", 1))
    assert len(shown.encode()) <= 100_000
    assert "- and 40 more, in the report" in shown
    assert "[… 114000 characters left out …]".replace("[", "\\[").replace("]", "\\]") in shown
    assert re.search(r"… \d+ lines? (is|are) left out here", shown)
