"""Web pages of plain markup, as an outside tester might write them, and what trafilatura drops."""

from __future__ import annotations

import itertools
import json

import pytest
from lxml import etree
from trafilatura import bare_extraction

from cleaners.model import Raw, Story
from cleaners.read import UnreadableStory, read
from cleaners.read import page as reading
from cleaners.read.page_tree import page_tree

SECTION = "Harbour"
HEADLINE = "Island ferry to sail again on Monday after three weeks in dock"
STANDFIRST = "Skipper welcomes the repair as islanders count the cost of a spring without a boat"
CAPTION = "The ferry Maren in the dry dock at Norrby"
CAPTION_WITH_CREDIT = "The ferry Maren in the dry dock at Norrby  @norrbyboats/X"
PARAGRAPHS = (
    "The island ferry will sail again on Monday morning, three weeks after a cracked shaft put it into dry dock, the "
    "harbour master of Norrby said on Friday.",
    "Islanders had relied on fishing boats and a hired launch since the breakdown, which cut the only daily link to the "
    "mainland and left the village shop without bread for days.",
    "“We are glad, and we are tired,” said Inga Holm, who runs the shop. “A spring without a boat is a spring without "
    "guests, and that cannot be won back in the summer.”",
    "The shipyard said that the new shaft had been forged in the north of the country and brought to Norrby by rail, as no "
    "lorry in the district could carry it.",
    "The county will look into the cost of a second vessel in the autumn, a spokesman said, but no decision is expected "
    "before the budget talks end in December.",
)
JUNK = "Published: undefined"
FOLLOW = "Follow us on: Facebook, Twitter and the notice board"


def page(
    container: str = "article",
    section: str = "p",
    headline: str = "h1",
    standfirst: str = "p",
    caption: str = "<br>",
    title: bool = True,
    around: bool = True,
    head: str = "",
) -> str:
    captions = CAPTION_WITH_CREDIT if not caption else f"{CAPTION}{caption}{CAPTION_WITH_CREDIT}"
    lines = [f"<p>{text}</p>" for text in (*PARAGRAPHS[:2], JUNK, *PARAGRAPHS[2:], JUNK, FOLLOW, JUNK)]
    story = "\n".join(
        [
            f"<{section}>{SECTION}</{section}>" if section else "",
            f"<{headline}>{HEADLINE}</{headline}>",
            f"<{standfirst}>{STANDFIRST}</{standfirst}>",
            f'<figure><img src="maren.jpg" alt="A ferry"><figcaption>{captions}</figcaption></figure>',
            *lines,
        ]
    )
    inside = story if container == "body" else f"<{container}>{story}</{container}>"
    nav = '<nav><a href="/">Home</a> <a href="/h">Harbour</a></nav>' if around else ""
    foot = "<footer>© The Norrby Beacon</footer>" if around else ""
    titled = f"<title>{HEADLINE} | The Norrby Beacon</title>" if title else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">{titled}{head}</head>'
        f"<body>{nav}{inside}{foot}</body></html>"
    )


def read_page(html: str | bytes) -> Story:
    return read(Raw("p1", "page", html))


VARIANTS = list(
    itertools.product(
        ["article", "main", "div", "section", "body"],
        ["p", "span", "div", "a"],
        ["h1", "p"],
        ["p", "h2", "div"],
        ["", "<br>", "</figcaption><figcaption>"],
        [True, False],
    )
)


@pytest.mark.parametrize("title", [True, False])
@pytest.mark.parametrize("container", ["article", "main", "div", "section", "body"])
def test_plain_pages_are_read_whole(container: str, title: bool) -> None:
    """Every head line is there as field or block, every paragraph and every line of junk as block."""
    for variant in VARIANTS:
        if variant[0] != container or variant[5] != title:
            continue
        story = read_page(page(*variant))
        texts = [block.text for block in story.blocks]
        fields = story.fields
        assert [text for text in texts if text in PARAGRAPHS] == list(PARAGRAPHS), variant
        assert texts.count(JUNK) == 3, variant
        assert texts.count(FOLLOW) == 1, variant
        assert HEADLINE in (*texts, fields.headline), variant
        assert SECTION in (*texts, fields.section), variant
        assert STANDFIRST in (*texts, fields.standfirst), variant
        captions = [block for block in story.blocks if block.kind == "caption"]
        assert [block.picture for block in captions] == [0] * (2 if variant[4] else 1), variant
        assert captions[-1].text == " ".join(CAPTION_WITH_CREDIT.split())
        assert texts.index(captions[0].text) < texts.index(PARAGRAPHS[0])
        assert [(picture.url, picture.alt) for picture in fields.pictures] == [("maren.jpg", "A ferry")]
        assert fields.headline in (HEADLINE, None)
        assert fields.section in (SECTION, None)
        assert fields.standfirst in (STANDFIRST, None)
        assert story.problems == ()


def test_json_ld_gives_fields_with_their_source() -> None:
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "The Norrby Beacon"},
            {
                "@type": "NewsArticle",
                "headline": HEADLINE.replace("ferry", "ferry &amp; launch"),
                "articleSection": ["Island life"],
                "author": [{"@type": "Person", "name": "Ana Holm"}, {"name": "Per Lind"}],
                "datePublished": "2026-03-06T10:15:00+01:00",
                "dateModified": "2026-03-06T12:00:00Z",
            },
        ],
    }
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    fields = read_page(page(section="", title=False, head=script)).fields
    assert fields.section == "Island life"
    assert fields.byline == "Ana Holm, Per Lind"
    assert fields.published == "2026-03-06T10:15:00+01:00"
    assert fields.updated == "2026-03-06T12:00:00+00:00"
    assert dict(fields.sources)["byline"] == "json-ld"
    assert fields.headline == HEADLINE


def test_a_summary_that_no_reader_sees_is_no_standfirst() -> None:
    hidden = '<meta property="og:description" content="Everything about the ferry, in one place, for you.">'
    html = page(head=hidden).replace(f"<p>{STANDFIRST}</p>", "")
    assert read_page(html).fields.standfirst is None


def test_the_site_name_is_cut_from_a_title_only_where_the_page_says_so() -> None:
    title = '<meta property="og:title" content="Island ferry sails | The Norrby Beacon">'
    site = '<meta property="og:site_name" content="The Norrby Beacon">'
    html = page(headline="p", title=False, head=title + site).replace(f"<p>{HEADLINE}</p>", "")
    assert read_page(html).fields.headline == "Island ferry sails"
    html = page(headline="p", title=False, head=title).replace(f"<p>{HEADLINE}</p>", "")
    assert read_page(html).fields.headline == "Island ferry sails | The Norrby Beacon"


def test_kinds_of_blocks() -> None:
    extra = "<h2>What comes next</h2><ul><li>A new timetable for the winter months</li></ul>"
    extra += "<blockquote><p>The sea decides when we sail, and nobody else.</p></blockquote>"
    extra += "<table><tr><th>Day</th><th>Leaves</th></tr><tr><td>Monday</td><td>7.15</td></tr></table>"
    html = page().replace(f"<p>{PARAGRAPHS[3]}</p>", f"{extra}<p>{PARAGRAPHS[3]}</p>")
    found = [
        (b.kind, b.level, b.text) for b in read_page(html).blocks if b.kind not in ("paragraph", "caption")
    ]
    assert found == [
        ("heading", 1, HEADLINE),
        ("heading", 2, "What comes next"),
        ("item", 0, "A new timetable for the winter months"),
        ("quote", 0, "The sea decides when we sail, and nobody else."),
        ("row", 1, "Day | Leaves"),
        ("row", 0, "Monday | 7.15"),
    ]


def test_inline_markup_is_kept_beside_the_text() -> None:
    html = page().replace("the harbour master", 'the <a href="/who?a=1&amp;b=2">harbour <em>master</em></a>')
    block = next(block for block in read_page(html).blocks if block.text == PARAGRAPHS[0])
    assert block.markup is not None
    assert '<a href="/who?a=1&amp;b=2">harbour <em>master</em></a>' in block.markup


def test_a_correction_at_the_foot_comes_back() -> None:
    note = "Correction: An earlier version of this article gave the wrong length of the shaft."
    html = page().replace("</article>", f'<div class="correction"><p>{note}</p></div></article>')
    assert note in [block.text for block in read_page(html).blocks]


def test_signals_are_read_even_where_the_line_is_dropped() -> None:
    html = page().replace("<article>", '<article><div class="ad-slot">KILL KILL KILL</div>')
    assert [signal.kind for signal in read_page(html).signals] == ["kill"]


def test_bytes_and_text_give_the_same_story() -> None:
    html = page()
    assert read_page(html.encode()) == read_page(html)
    assert read_page(html) == read_page(html)


@pytest.mark.parametrize(
    "html", ["", "<html></html>", "<!DOCTYPE html><html><body><script>x</script></body></html>"]
)
def test_a_page_without_text_is_no_story(html: str) -> None:
    with pytest.raises(UnreadableStory):
        read_page(html)


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ("<html><body>" + "<div>" * 230 + page() + "</body></html>", "deep"),
        ("<html><body>" + "<i>x</i>" * 110_000, "elements"),
        ("<html><body><p>" + "word " * 700_000, "characters"),
    ],
)
def test_monsters_are_held(html: str, says: str) -> None:
    story = read_page(html)
    assert story.blocks == ()
    assert says in story.problems[0]


def test_nul_and_half_characters_in_a_page() -> None:
    story = read_page(page().replace("The island ferry", "The\x00 island \ud83d\ude00 ferry\ud800"))
    assert any("😀 ferry\ufffd" in block.text for block in story.blocks)


def test_trafilatura_leaves_the_tree_it_is_given_alone() -> None:
    tree = page_tree(page())
    before = etree.tostring(tree)
    bare_extraction(tree, with_metadata=True, include_comments=False)
    assert etree.tostring(tree) == before


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ('<html lang="en"/>\n<body>', ""),
        (
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html>',
            "</html>",
        ),
        ('<?xml version="1.0" encoding="iso-8859-1"?><html>', "</html>"),
        ("\x01\x0c<html>", "\ufffe</html>"),
        ("", ""),
    ],
)
def test_what_browsers_forgive_is_no_obstacle(begins: str, ends: str) -> None:
    story = read_page(begins + "".join(f"<p>{text}</p>" for text in PARAGRAPHS) + ends)
    assert [block.text for block in story.blocks] == list(PARAGRAPHS)


ANNEX = " ".join(f"Clause {number} of the notice was read out on the quay." for number in range(9))


@pytest.mark.parametrize(("annexes", "asked"), [(0, [True]), (9, [True, False])])
def test_the_whole_cascade_is_asked_only_where_the_first_look_has_little_of_the_page(
    annexes: int, asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asks: list[bool] = []
    extract = reading._extract

    def watched(tree, url, fast):
        asks.append(fast)
        return extract(tree, url, fast)

    monkeypatch.setattr(reading, "_extract", watched)
    other = "".join(f"<div class=notice><span>{ANNEX}</span></div>" for _ in range(annexes))
    read_page(page().replace("</body>", f"{other}</body>"))
    assert asks == asked
