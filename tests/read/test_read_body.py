"""The CMS body: every block knows its place, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleaners.apply import cut_raw
from cleaners.model import Block, Raw, Removal, Story
from cleaners.read import UnreadableStory, read


def body(html: str) -> Story:
    return read(Raw("b1", "body", html))


def element(story: Story, block: Block) -> str | None:
    return None if block.element is None else story.raw[block.element.start : block.element.end]


def elements(html: str) -> list[str | None]:
    story = body(html)
    return [element(story, block) for block in story.blocks]


def texts(html: str) -> list[str]:
    return [block.text for block in body(html).blocks]


def test_each_paragraph_is_its_element() -> None:
    html = "<p class='a'>Ferries sail.</p>\r\n<p>R&amp;D <b>wins</b></p>\r\n"
    assert texts(html) == ["Ferries sail.", "R&D wins"]
    assert elements(html) == ["<p class='a'>Ferries sail.</p>", "<p>R&amp;D <b>wins</b></p>"]


@pytest.mark.parametrize(
    ("html", "parts"),
    [
        ("<p>One<p>Two", ["<p>One", "<p>Two"]),
        ("<ul><li>One<li>Two</ul>", ["<li>One", "<li>Two"]),
        ("<dl><dt>Who<dd>Ana</dl>", ["<dt>Who", "<dd>Ana"]),
        ("<p>Text<div>Box</div>", ["<p>Text", "<div>Box</div>"]),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", ["<tr><td>a<td>b", "<tr><td>c<td>d"]),
        ("<h2>One</h2>Loose words", ["<h2>One</h2>", "Loose words"]),
    ],
)
def test_ends_that_html_implies(html: str, parts: list[str]) -> None:
    assert elements(html) == parts


def test_gutenberg_comments_go_with_the_block_they_wrap() -> None:
    inner = '<!-- wp:paragraph {"align":"left"} -->\n<p>Ferries sail.</p>\n<!-- /wp:paragraph -->'
    outer = f"<!-- wp:group -->\n<div>{inner}<p>More.</p></div>\n<!-- /wp:group -->"
    assert elements(outer) == [inner, "<p>More.</p>"]


def test_a_comment_that_wraps_two_blocks_stays() -> None:
    html = "<!-- wp:html --><p>One.</p><p>Two.</p><!-- /wp:html -->"
    assert elements(html) == ["<p>One.</p>", "<p>Two.</p>"]


def test_lines_of_a_paragraph_take_one_break_along() -> None:
    html = "<p>One<br>Two<br/>\nThree</p>"
    assert texts(html) == ["One", "Two", "Three"]
    assert elements(html) == ["One<br>", "<br>Two", "<br/>\nThree"]


def test_a_line_whose_markup_reaches_out_of_it_goes_without_tags() -> None:
    html = "<p><b>One<br>Two</b></p>"
    assert elements(html) == [None, None]
    assert texts(html) == ["One", "Two"]


def test_a_paragraph_with_a_picture_never_goes_whole() -> None:
    story = body('<p><img src="a.jpg"> Harbour at dawn</p>')
    (block,) = story.blocks
    assert block.element is None
    assert "<img" not in "".join(story.raw[s.raw_start : s.raw_end] for s in block.segments)


def test_kinds_and_levels() -> None:
    story = body(
        "<h3>Head</h3><ul><li><p>Item</p></li></ul><blockquote>Bare</blockquote><blockquote><p>Said</p></blockquote>"
        "<table><tr><th>Port</th><td>Hull</td></tr></table><dl><dt>Who</dt></dl><pre>a\nb</pre>"
    )
    assert [(b.kind, b.level, b.text) for b in story.blocks] == [
        ("heading", 3, "Head"),
        ("item", 0, "Item"),
        ("quote", 0, "Bare"),
        ("quote", 0, "Said"),
        ("row", 0, "Port | Hull"),
        ("item", 0, "Who"),
        ("paragraph", 0, "a"),
        ("paragraph", 0, "b"),
    ]
    assert element(story, story.blocks[1]) == "<li><p>Item</p></li>"
    assert element(story, story.blocks[3]) == "<blockquote><p>Said</p></blockquote>"


def test_a_layout_table_is_no_row() -> None:
    cell = "".join(f"<p>Paragraph {n}</p>" for n in range(5))
    assert [b.kind for b in body(f"<table><tr><td>Menu</td><td>{cell}</td></tr></table>").blocks] == [
        "paragraph"
    ] * 6


def test_a_figcaption_goes_alone_and_knows_its_picture() -> None:
    html = '<figure><img src="h.jpg" alt="Harbour"><figcaption>Harbour at dawn Photo: A. Diaz</figcaption></figure><p>Text.</p>'
    story = body(html)
    caption = story.blocks[0]
    assert (caption.kind, caption.picture) == ("caption", 0)
    assert element(story, caption) == "<figcaption>Harbour at dawn Photo: A. Diaz</figcaption>"
    assert [(p.url, p.alt, p.caption) for p in story.fields.pictures] == [("h.jpg", "Harbour", None)]


def test_embeds_scripts_and_comments_are_no_copy() -> None:
    html = (
        "<script>var a='<p>no</p>'</script><!-- <p>no</p> --><iframe>no</iframe><style>p{}</style><p>Yes.</p>"
    )
    assert texts(html) == ["Yes."]


def test_no_text_is_no_story() -> None:
    with pytest.raises(UnreadableStory, match="b1"):
        body("<p> </p><img src=x>")


def test_a_body_that_is_too_large_is_held_and_its_signals_are_read() -> None:
    story = body("<p>KILL KILL KILL</p>" + "<p>word</p>" * 400_000)
    assert story.blocks == ()
    assert "shorten it" in story.problems[0]
    assert [signal.kind for signal in story.signals] == ["kill"]


def test_unfinished_tags_end_in_time() -> None:
    assert len(body("<p>Yes.</p>" + "<a " * 50_000).blocks) >= 1
    assert len(body("<p>Yes.</p>" + '<p a="' * 50_000).blocks) >= 1


_TAGS = (
    "p",
    "div",
    "b",
    "a",
    "li",
    "ul",
    "td",
    "tr",
    "table",
    "blockquote",
    "figure",
    "figcaption",
    "h2",
    "pre",
    "i",
    "dd",
)
_BITS = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in _TAGS]),
    st.sampled_from([f"</{tag}>" for tag in _TAGS]),
    st.sampled_from(
        [
            "<br>",
            "<br/>",
            "<img src=x>",
            "<!-- wp:paragraph -->",
            "<!-- /wp:paragraph -->",
            "<!--",
            "<script>",
        ]
    ),
    st.sampled_from(
        [
            "</script>",
            "&amp;",
            "&amp;amp;",
            "&nbsp;",
            "&#39",
            "&",
            "<",
            "\r\n",
            "\n",
            "  ",
            "\u200b",
            "Ã©",
            "<hr>",
        ]
    ),
    st.text(alphabet="ab é\u00ad字.\x00\ud800", max_size=6),
)
FRAGMENTS = st.lists(_BITS, max_size=25).map("".join)


@given(FRAGMENTS)
@example("<p>a  <b> b</b>")
@example("&amp;amp;amp;")
@example("<table><tr><td>a<td>b<table><tr><td>c<td>d")
def test_blocks_know_their_places(html: str) -> None:
    try:
        story = body(html)
    except UnreadableStory:
        return
    check_places(story)
    assert body(html) == story


@given(FRAGMENTS)
def test_elements_nest_or_stand_apart(html: str) -> None:
    try:
        story = body(html)
    except UnreadableStory:
        return
    for block in story.blocks:
        if block.element is None:
            continue
        gone = story.raw[block.element.start : block.element.end]
        for other in story.blocks:
            if other.number == block.number or block.kind == "row" or other.kind == "row":
                continue
            for segment in other.segments:
                inside = segment.raw_start < block.element.end and segment.raw_end > block.element.start
                assert not inside, (gone, other.text)


_PLAIN_BITS = st.sampled_from(
    [f"<{slash}{tag}>" for tag in _TAGS if tag not in ("td", "tr", "table", "pre") for slash in ("", "/")]
    + ["<br>", "<hr>", "<button>", "</button>", "<svg/>", "\n", " ", "one", "two", "three"]
)


@given(st.lists(_PLAIN_BITS, max_size=16).map("".join), st.integers(0, 2**16))
@example("<button><p>one</p>one", 1)
@example("one<p>two</p><p>three</p>one", 6)
def test_a_cut_leaves_every_other_line_as_it_was(html: str, chosen: int) -> None:
    try:
        story = body(html)
    except UnreadableStory:
        return
    gone = [block for block in story.blocks if chosen >> block.number & 1]
    left = cut_raw(story, [removal(block) for block in gone])
    try:
        got = texts(left)
    except UnreadableStory:
        got = []
    assert got == [block.text for block in story.blocks if block not in gone]


def removal(block: Block) -> Removal:
    return Removal(block.number, 0, len(block.text), block.text, "remove", None, ("test/rule",), "why")


def check_places(story: Story) -> None:
    for number, block in enumerate(story.blocks):
        assert block.number == number
        assert block.text == block.text.strip() != ""
        at = raw_at = 0
        for segment in block.segments:
            assert segment.start == at < segment.end
            assert raw_at <= segment.raw_start <= segment.raw_end <= len(story.raw)
            at, raw_at = segment.end, segment.raw_end
            if block.element is not None:
                assert block.element.start <= segment.raw_start <= segment.raw_end <= block.element.end
        assert at == len(block.text)


def test_a_figure_that_holds_a_post_is_no_picture():
    html = (
        '<figure class="embed"><blockquote><p>Forty years under that roof.</p></blockquote></figure>'
        '<figure><img src="/quay.jpg"><figcaption>The quay at dawn</figcaption></figure>'
    )
    story = read(Raw(id="t", form="body", content=html, language="en"))
    assert [picture.url for picture in story.fields.pictures] == ["/quay.jpg"]
    assert [(block.text, block.picture) for block in story.blocks] == [
        ("Forty years under that roof.", None),
        ("The quay at dawn", 0),
    ]


def cut(html: str, text: str) -> str:
    """The body after the block ``text`` is removed."""
    story = body(html)
    return cut_raw(story, [removal(block) for block in story.blocks if block.text == text])


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<b><p>junk</b></p><p>Text.</p>", "<b><p></b></p><p>Text.</p>"),
        ("<p><b>junk</p><p>Text.</b></p>", "<p><b></p><p>Text.</b></p>"),
        ("<blockquote><p><i>junk</p></blockquote>Text.</i>", "<blockquote><p><i></p></blockquote>Text.</i>"),
        ("<p><b>junk</b></p><p>Text.</p>", "<p>Text.</p>"),
        ("<ul><li><p>junk<li>Text.</ul>", "<ul><li>Text.</ul>"),
    ],
)
def test_an_element_that_a_tag_reaches_out_of_keeps_its_tags(html: str, left: str) -> None:
    assert cut(html, "junk") == left


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("…quay.<p>junk</p>Nobody…", "…quay.<p></p>Nobody…"),
        ("…quay. <div>junk</div>\nNobody…", "…quay. <div></div>\nNobody…"),
        ("…quay.<p>junk</p><p>junk</p>Nobody…", "…quay.<p></p>Nobody…"),
        ("…quay.<br><p>junk</p>Nobody…", "…quay.<br>Nobody…"),
        ("…quay.<p>junk</p><p>Nobody…</p>", "…quay.<p>Nobody…</p>"),
        ("…quay.<p>junk</p>", "…quay."),
    ],
)
def test_two_bare_texts_stay_two_lines(html: str, left: str) -> None:
    assert cut(html, "junk") == left
    kept = [text for text in texts(html) if text != "junk"]
    assert texts(left) == kept


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p><svg viewBox='0 0 1 1'/> One</p><p>Two</p>", ["One", "Two"]),
        ("<math/><p>One</p>", ["One"]),
        ("<svg><path d=x /></svg><p>One</p>", ["One"]),
        ("<button>Share<p>One</p><p>Two</p>", ["One", "Two"]),
        ("<object data=x><div>One</div>", ["One"]),
        ("<select><option>a<p>One</p>", ["One"]),
        ("<noscript><p>Switch on scripts</p></noscript><p>One</p>", ["One"]),
        ("<button><div>Share</div></button><p>One</p>", ["One"]),
        ("<button>Share<p>One</p><button>Like</button><p>Two</p>", ["One", "Two"]),
    ],
)
def test_what_never_ends_hides_nothing(html: str, expected: list[str]) -> None:
    assert texts(html) == expected


@pytest.mark.parametrize(
    "line",
    ["[vc_row][vc_column]", '[caption id="1"]', "[/caption]", '[gallery ids="1,2" /]', "[embed] [/embed]"],
)
def test_a_line_of_shortcodes_is_an_embed(line: str) -> None:
    story = body(f"<p>{line}</p><p>Ferries sail.</p>")
    assert [block.kind for block in story.blocks] == ["embed", "paragraph"]
    assert [block.kind for block in read(Raw("t", "text", f"{line}\nFerries sail.")).blocks] == [
        "embed",
        "paragraph",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "[Read more]",
        "[read more]",
        "[ADVERTISEMENT]",
        "[advertisement]",
        "[caption]The quay[/caption]",
        "[1]",
        "[]",
    ],
)
def test_words_in_brackets_are_no_embed(line: str) -> None:
    assert [block.kind for block in body(f"<p>{line}</p>").blocks] == ["paragraph"]


def test_a_block_knows_its_list_quotation_or_table_and_a_header_row_is_one() -> None:
    story = body(
        "<ol><li>Left foot</li><li><p>Right foot</p></li></ol><ul><li>A bow</li></ul>"
        "<blockquote><p>It has feet.</p><p>It walks.</p></blockquote><blockquote><p>It swims.</p></blockquote>"
        "<table><tr><th>Bird</th><th>Toll</th></tr><tr><th>Swan</th><td>3</td></tr></table><p>The end.</p>"
    )
    assert [(one.kind, one.within, one.level) for one in story.blocks] == [
        ("item", "ol 1", 0),
        ("item", "ol 1", 0),
        ("item", "ul 2", 0),
        ("quote", "blockquote 3", 0),
        ("quote", "blockquote 3", 0),
        ("quote", "blockquote 4", 0),
        ("row", "table 5", 1),
        ("row", "table 5", 0),
        ("paragraph", None, 0),
    ]
