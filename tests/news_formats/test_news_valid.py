"""Whatever a story holds, its ninjs, NITF, NewsML-G2 and JSON-LD are valid and safe."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from golden_stories import FILES, Told  # type: ignore[import-not-found]
from hypothesis import given
from hypothesis import strategies as st
from invented_news import (  # type: ignore[import-not-found]
    FEWER,
    NOON,
    editions,
    hostile_stories,
    killed,
    whole_edition,
    whole_story,
)
from lxml import etree
from news_checks import FORMATS, tree_faults  # type: ignore[import-not-found]

from cleaners.model import Block, Cleaned, Fields, Raw, Story
from cleaners.pipeline import Pipeline
from cleaners.read import read
from cleaners.write import (
    Edition,
    NoMoment,
    cleaned_from,
    edition_of,
    json_ld,
    newsml_g2,
    ninjs,
    nitf,
    record,
)
from cleaners.write.body_tree import body_tree, inner
from flows.cli.inputs import Defaults, open_input
from flows.cli.options import From

WRITERS: dict[str, Callable[[Cleaned | None, Edition], str]] = {
    "ninjs": ninjs,
    "nitf": nitf,
    "newsml-g2": newsml_g2,
    "json-ld": json_ld,
}
Faults = Callable[[str, str], list[str]]
pytestmark = pytest.mark.shared


@pytest.mark.parametrize("format", FORMATS)
def test_the_checks_find_what_is_wrong(faults: Faults, format: str) -> None:
    """A check that passes everything would prove nothing."""
    good = WRITERS[format](whole_story(), whole_edition())
    assert faults(format, good) == []
    spoiled = {
        "ninjs": [
            ("2026-03-07T12:00:00Z", "2026-03-07"),
            ("urn:uuid:", "no uri "),
            ('"pubStatus"', '"pubstatus"'),
            ("<em>", "<em onclick='x()'>"),
        ],
        "nitf": [
            ("<byline>", "<byline id='1'><br/>"),
            ("usable", "published"),
            ("hl2>", "h2>"),
            ("<block>", ""),
        ],
        "newsml-g2": [
            ("<provider>", "<sender>"),
            ("2026-03-07T12:00:00Z", "7 March"),
            ("<em>", "<em onclick='x()'>"),
            ("stat:usable", "usable"),
        ],
        "json-ld": [
            ('"headline"', '"title"'),
            ('"Person"', '"Human"'),
            ('"inLanguage": "en-GB"', '"inLanguage": ""'),
        ],
    }[format]
    for before, after in spoiled:
        bad = good.replace(before.replace("<em>", "<em>"), after)
        assert bad != good, before
        try:
            assert faults(format, bad) != [], f"{before} → {after}"
        except etree.XMLSyntaxError:
            continue


@pytest.mark.parametrize("format", FORMATS)
@FEWER
@given(cleaned=hostile_stories(), edition=editions())
def test_a_hostile_story_is_valid(faults: Faults, format: str, cleaned: Cleaned, edition: Edition) -> None:
    assert faults(format, WRITERS[format](cleaned, edition)) == []


@pytest.mark.parametrize("format", FORMATS)
@FEWER
@given(
    html=st.lists(
        st.sampled_from(
            [
                *(
                    "<p>",
                    "</p>",
                    "<ul><li>",
                    "</li>",
                    "</ul>",
                    "<script>alert(1)</script>",
                    "<style>p{}</style>",
                    "text & more ",
                    "&nbsp;",
                ),
                *(
                    "<img src=x onerror=alert(1)>",
                    "<a href='javascript:x'>",
                    "</a>",
                    "<b><i>",
                    "</b></i>",
                    "<table><tr><td>",
                    "</table>",
                ),
                *(
                    "<iframe src='https://www.youtube.com/embed/1'></iframe>",
                    "<h2>",
                    "</h2>",
                    "<blockquote>",
                    "<!-- x -->",
                    "\n\n",
                    "<br>",
                    "[gallery]",
                ),
                *(
                    "<svg><a xlink:href='javascript:x'>",
                    "<math>",
                    "<figure><img src='/q.jpg'><figcaption>Quay",
                    "</figure>",
                    "\x00",
                    "<o:p>",
                    "<p",
                    "]]>",
                ),
            ]
        ),
        min_size=1,
        max_size=14,
    ).map("".join)
)
def test_a_hostile_cms_body_is_valid(faults: Faults, format: str, html: str) -> None:
    story = read(
        Raw(id="b", form="body", content="<p>The ferry sails.</p>" + html, url="https://x.example/1")
    )
    cleaned = Cleaned(story, story, (), "publish", (), "r-1", 1)
    assert faults(format, WRITERS[format](cleaned, Edition("b", made=NOON))) == []


@pytest.mark.parametrize("name", FILES)
def test_a_golden_story_is_valid(faults: Faults, tell: Callable[[str], list[Told]], name: str) -> None:
    for told in tell(name):
        if told.cleaned is None:
            continue
        kept = cleaned_from(json.loads(json.dumps(record(told.cleaned))))
        for format in FORMATS:
            document = WRITERS[format](told.cleaned, edition_of(told.cleaned, NOON))
            assert faults(format, document) == []
            # The ledger keeps records, and a page's record has no page: what is written is the same.
            assert WRITERS[format](kept, edition_of(kept, NOON)) == document


def test_the_demo_stories_are_valid(faults: Faults, pipeline: Pipeline, config_dir: Path) -> None:
    for path in sorted((config_dir / "demo").iterdir()):
        for arrival in open_input(str(path), From.auto, Defaults()).arrivals:
            assert arrival.raw is not None
            cleaned = pipeline.clean(arrival.raw)
            for format in FORMATS:
                assert faults(format, WRITERS[format](cleaned, edition_of(cleaned, NOON))) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_story_of_no_words_and_one_of_many(faults: Faults, format: str) -> None:
    empty = Cleaned(Story("e", "text", "", ()), Story("e", "text", "", ()), (), "publish", (), "r", 1)
    assert faults(format, WRITERS[format](empty, Edition("e", made=NOON))) == []
    blocks = tuple(Block(number, "The dredger came back to the estuary. " * 40) for number in range(2_000))
    huge = Story("h", "text", "", blocks, Fields(headline="Long " * 10_000))
    document = WRITERS[format](Cleaned(huge, huge, (), "publish", (), "r", 1), Edition("h", made=NOON))
    assert len(document) > 2_900_000
    assert faults(format, document) == []


def test_markup_that_is_nested_without_end_keeps_its_words(faults: Faults) -> None:
    deep = "<b>" * 5_000 + "The ferry sails." + "</b>" * 5_000
    story = Story("d", "page", "", (Block(0, "The ferry sails.", markup=deep),))
    cleaned = Cleaned(story, story, (), "publish", (), "r", 1)
    tree = body_tree(cleaned)
    assert "".join(tree.itertext()) == "The ferry sails."
    assert max(len(list(one.iterancestors())) for one in tree.iter()) < 60
    assert faults("newsml-g2", newsml_g2(cleaned, Edition("d", made=NOON))) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_canceled_story_says_nothing_of_its_content(faults: Faults, format: str) -> None:
    with_story, without = WRITERS[format](whole_story(), killed()), WRITERS[format](None, killed())
    assert faults(format, without) == []
    assert "canceled" in without
    assert killed().uri in without
    for words in ("swan ", "toll", "Ilse", "Ben Ito", "Region", "Halvik Week", "swan.jpg"):
        assert words not in with_story
        assert words not in without


@pytest.mark.parametrize("format", FORMATS)
def test_only_a_canceled_story_is_written_without_its_story(format: str) -> None:
    with pytest.raises(ValueError, match="only a canceled edition"):
        WRITERS[format](None, whole_edition())


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_story_gives_the_same_bytes(format: str) -> None:
    written = {WRITERS[format](whole_story(), whole_edition()) for _ in range(3)}
    assert len(written) == 1


def test_newsml_asks_for_a_moment_and_the_others_do_without() -> None:
    edition = replace(whole_edition(), made=None)
    with pytest.raises(NoMoment, match="moment at which this version was made"):
        newsml_g2(whole_story(), edition)
    for write in (ninjs, nitf, json_ld):
        assert "2026-03-07" not in write(whole_story(), edition)


def test_a_cms_body_keeps_its_links_lists_pictures_and_players() -> None:
    html = (
        '<h2>The toll</h2><p>Ask <a href="/w" onclick="x()">the <em>warden</em></a> &amp; pay.</p>'
        '<p><img src="/swan.jpg" alt="A swan"><img src="/dot.gif" width="1" height="1"></p><ol><li>Left foot</li><li><p>Right foot</p></li></ol>'
        '<iframe src="https://www.youtube.com/embed/1"></iframe><iframe src="https://ads.example/1"></iframe>'
        "<table><tr><th>Bird</th><th>Toll</th></tr><tr><td>Swan</td><td>3</td></tr></table>"
        '<noscript><img src="/again.jpg"></noscript><p>[gallery ids="1"]</p><p>The bird <script>alert(1)</script>walks.</p>'
    )
    story = read(Raw(id="b", form="body", content=html, url="https://x.example/1"))
    tree = body_tree(Cleaned(story, story, (), "publish", (), "r", 1))
    assert inner(tree).split("\n") == [
        "<h2>The toll</h2>",
        '<p>Ask <a href="https://x.example/w">the <em>warden</em></a> &amp; pay.</p>',
        '<figure><img src="https://x.example/swan.jpg" alt="A swan"/></figure>',
        "<ol>",
        "<li>Left foot</li>",
        "<li>Right foot</li>",
        "</ol>",
        '<p><a href="https://www.youtube.com/embed/1">https://www.youtube.com/embed/1</a></p>',
        "<table>",
        "<tr><th>Bird</th><th>Toll</th></tr>",
        "<tr><td>Swan</td><td>3</td></tr>",
        "</table>",
        "<p>The bird walks.</p>",
    ]
    assert list(tree_faults(tree)) == []


def test_a_link_that_leads_nowhere_from_outside_is_words() -> None:
    html = '<p><a href="/w">One</a>, <a href="#s">two</a>, <a href="mailto:a@b.example">three</a>, <a href="HTTPS://x.example/ä" rel="me">four</a>.</p>'
    story = read(Raw(id="b", form="body", content=html))
    tree = body_tree(Cleaned(story, story, (), "publish", (), "r", 1))
    assert inner(tree) == (
        '<p>One, two, <a href="mailto:a@b.example">three</a>, <a href="https://x.example/%C3%A4">four</a>.</p>'
    )


def test_where_a_body_has_no_address_its_canonical_one_counts(faults: Faults) -> None:
    html = '<p>See <a href="/w">here</a>.</p><figure><img src="/a.jpg"></figure>'
    story = read(Raw(id="b", form="body", content=html, given=Fields(canonical="https://x.example/1")))
    document = nitf(Cleaned(story, story, (), "publish", (), "r", 1), Edition("b", made=NOON))
    assert faults("nitf", document) == []
    assert document.count('source="https://x.example/a.jpg"') == 1
    assert 'href="https://x.example/w"' in document


def test_a_figure_without_a_caption_stands_where_it_stood() -> None:
    html = '<p>One.</p><figure><img src="/a.jpg"></figure><p>Two.</p><figure><img src="/b.jpg"><figcaption>B<cite>Ana</cite></figcaption></figure>'
    story = read(Raw(id="b", form="body", content=html, url="https://x.example/1"))
    tree = body_tree(Cleaned(story, story, (), "publish", (), "r", 1))
    assert inner(tree).split("\n") == [
        "<p>One.</p>",
        '<figure><img src="https://x.example/a.jpg" alt=""/></figure>',
        "<p>Two.</p>",
        '<figure><img src="https://x.example/b.jpg" alt=""/><figcaption>B <cite>Ana</cite></figcaption></figure>',
    ]


def test_what_was_removed_from_a_cms_body_does_not_come_back(pipeline: Pipeline) -> None:
    html = (
        "<p>The swan of Halvik walked over the bridge on Monday, and the warden let it pass without a word.</p>"
        '<p>Follow us on: <a href="https://twitter.example">Twitter</a>, Facebook</p>'
        "<p>Published: undefined The toll is three shillings for each bird that has feet, as the tariff says.</p>"
    )
    cleaned = pipeline.clean(Raw(id="b", form="body", content=html, language="en"))
    assert cleaned.removals
    for write in WRITERS.values():
        document = write(cleaned, edition_of(cleaned, NOON))
        assert "Follow us" not in document
        assert "three shillings" in document


def _ninjs(cleaned: Cleaned, edition: Edition) -> dict[str, Any]:
    item: dict[str, Any] = json.loads(ninjs(cleaned, edition))
    return item


def test_instructions_that_were_decided_are_not_passed_on_and_others_are() -> None:
    assert _ninjs(whole_story(), whole_edition())["edNote"] == "(Adds quote)"
    held = _ninjs(whole_story(), whole_edition(status="withheld"))
    assert held["edNote"] == "(Adds quote)\nHOLD HOLD HOLD: not before the vote"
    for write in WRITERS.values():
        body_of_readers = write(whole_story(), whole_edition())
        assert "HOLD HOLD HOLD" not in body_of_readers
    assert "Adds quote" not in json_ld(whole_story(), whole_edition()), "JSON-LD is for readers"
