"""HTML: a CMS body byte for byte, anything else escaped and plain."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from cleaners.model import Block, Cleaned, Fields, Picture, Segment, Span, Story
from cleaners.write import html, markdown


def test_a_cms_body_comes_back_as_it_was_outside_the_removal(by_hand: Callable[..., Cleaned]) -> None:
    raw = '<p class=lead>Rain &amp; wind.</p>\n<P>Share</P><script src="x.js"></script><p>More&nbsp;rain. Share</p>'
    share, more = raw.index("<P>"), raw.index("More")
    blocks = (
        Block(0, "Rain & wind."),
        Block(1, "Share", element=Span(share, share + 12), segments=(Segment(0, 5, share + 3, share + 8),)),
        Block(
            2,
            "More rain. Share",
            segments=(
                Segment(0, 4, more, more + 4),
                Segment(4, 5, more + 4, more + 10),
                Segment(5, 16, more + 10, more + 21),
            ),
        ),
    )
    cleaned = by_hand(
        Story("s", "body", raw, blocks),
        [
            (1, 0, 5, "remove", None, "english/share", "A label."),
            (2, 10, 16, "remove", None, "english/share-end", "A label."),
        ],
    )
    assert html(cleaned) == (
        '<p class=lead>Rain &amp; wind.</p>\n<script src="x.js"></script><p>More&nbsp;rain.</p>'
    )


def test_each_kind_of_block_has_its_element(page: Cleaned) -> None:
    assert html(page) == "\n".join(
        [
            "<figure><figcaption>A boat</figcaption></figure>",
            '<figure><img src="https://news.example.org/mole.jpg" alt="a &quot;mole&quot;">'
            "<figcaption>The mole, seen from the east <cite>Harbour Press</cite></figcaption></figure>",
            "<h3>What we know</h3>",
            "<p>The <em>harbour</em> reopened.</p>",
            "<p>Other words.</p>",
            "<ul>\n<li>Salt</li>\n<li>Rope &amp; tar</li>\n</ul>",
            "<ul>\n<li>Tide tables</li>\n</ul>",
            "<blockquote>\n<p>“We wait,” she said.</p>\n</blockquote>",
            "<table>\n<tr><th>Day</th><th>Tide</th></tr>\n<tr><td>Mon</td><td>2 &lt; 3 m</td></tr>\n</table>",
            '<p><a href="https://video.example.org/v?a=1&amp;b=2">https://video.example.org/v?a=1&amp;b=2</a></p>',
        ]
    )


def test_two_quotations_stay_two_and_a_numbered_list_keeps_its_numbers(
    by_hand: Callable[..., Cleaned],
) -> None:
    blocks = (
        Block(0, "The fish are back.", kind="quote", within="blockquote 1"),
        Block(1, "Nobody asked the fish.", kind="quote", within="blockquote 2"),
        Block(2, "Open the sluice.", kind="item", within="ol 3"),
        Block(3, "the lower one", kind="item", within="ul 4"),
        Block(4, "Count the trout.", kind="item", within="ol 3"),
    )
    cleaned = by_hand(Story("s", "page", "", blocks), [])
    assert html(cleaned).replace("\n", "") == (
        "<blockquote><p>The fish are back.</p></blockquote><blockquote><p>Nobody asked the fish.</p></blockquote>"
        '<ol><li>Open the sluice.</li></ol><ul><li>the lower one</li></ul><ol start="2"><li>Count the trout.</li></ol>'
    )
    assert markdown(cleaned).splitlines() == [
        *(
            "> The fish are back.",
            "",
            "> Nobody asked the fish.",
            "",
            "1. Open the sluice.",
            "",
            "- the lower one",
        ),
        *("", "2. Count the trout."),
    ]


def test_a_link_of_the_site_leads_there_from_elsewhere_too(by_hand: Callable[..., Cleaned]) -> None:
    block = Block(0, "See the timetable.", markup='See the <a href="/ferries">timetable</a>.')
    for url, href in (
        ("https://beacon.example/islands/bell", "https://beacon.example/ferries"),
        (None, "/ferries"),
        ("https://[", "/ferries"),
    ):
        cleaned = by_hand(Story("s", "page", "", (block,), url=url), [])
        assert html(cleaned) == f'<p>See the <a href="{href}">timetable</a>.</p>'


def test_text_is_escaped_and_the_caption_stands_where_it_was(harbour: Cleaned) -> None:
    shown = html(harbour)
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.startswith(
        "<figure><figcaption>Dredgers off the north mole <cite>Ana Duarte/Harbour Press</cite></figcaption></figure>"
    )


def test_a_caption_that_was_not_lifted_stays() -> None:
    story = Story("s", "page", "", (Block(0, "A quay", "caption"), Block(1, "Rain.")))
    shown = html(Cleaned(story, story, (), "publish", (), "r", 1))
    assert shown == "<figure><figcaption>A quay</figcaption></figure>\n<p>Rain.</p>"


def test_links_of_markup_keep_safe_addresses_only() -> None:
    markup = (
        '<a href="https://example.org/a" onclick="x()">Rain</a> <a href="javascript:x()">falls</a><img src=x>'
    )
    story = Story("s", "page", "", (Block(0, "Rain falls", markup=markup),))
    shown = html(Cleaned(story, story, (), "publish", (), "r", 1))
    assert shown == '<p><a href="https://example.org/a">Rain</a> <a>falls</a></p>'


_KINDS = st.sampled_from(["paragraph", "heading", "item", "quote", "caption", "row", "embed"])
_TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda text: text == text.strip() and "|" not in text
)


@given(st.lists(st.tuples(_KINDS, _TEXT), min_size=1, max_size=6), st.lists(_TEXT, max_size=2))
def test_html_says_exactly_the_words_of_the_copy(parts: list[tuple[str, str]], captions: list[str]) -> None:
    blocks = tuple(Block(n, text, kind) for n, (kind, text) in enumerate(parts))  # type: ignore[arg-type]
    fields = Fields(
        pictures=tuple(Picture(url="javascript:x()", caption=one, credit=one) for one in captions)
    )
    story = Story("s", "page", "", blocks, fields)
    shown = html(Cleaned(story, story, (), "publish", (), "r", 1))
    tree = lxml_html.fragment_fromstring(shown, create_parent="div")
    assert not tree.xpath("//script | //img | //@onclick")
    told = [one for caption in captions for one in (caption, caption)]
    known = {"".join(filter(str.isalnum, caption)) for caption in captions}
    kept = [
        block.text
        for block in blocks
        if not (block.kind == "caption" and "".join(filter(str.isalnum, block.text)) in known)
    ]
    assert "".join(tree.text_content().split()) == "".join("".join(told + kept).split())
