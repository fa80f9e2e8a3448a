"""A publisher's selectors on its pages: the story, what goes, what stays, and what stands beside it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from time import process_time

import pytest

from cleaners.model import Cleaned, Raw, Selector, SiteRules
from cleaners.pipeline import Pipeline, load_pipeline
from cleaners.read import page as reading
from cleaners.read import read
from cleaners.rules import ConfigError

URL = "https://www.norrby-beacon.example/harbour/ferry"
PARAGRAPHS = (
    "The island ferry will sail again on Monday morning, three weeks after a cracked shaft put it into dry dock, the "
    "harbour master of Norrby said on Friday.",
    "Islanders had relied on fishing boats and a hired launch since the breakdown, which cut the only daily link to the "
    "mainland and left the village shop without bread for days.",
    "The shipyard said that the new shaft had been forged in the north of the country and brought to Norrby by rail, as no "
    "lorry in the district could carry it.",
    "The county will look into the cost of a second vessel in the autumn, a spokesman said, but no decision is expected "
    "before the budget talks end in December.",
    "A second boat was promised in the spring of last year, and the year before, and each time the money went to the road "
    "that runs along the northern shore.",
    "Skippers of the fishing fleet said that they would go on carrying post and medicine until the ferry had sailed for "
    "a whole week without a fault.",
)
PROMO = "Get the Beacon's harbour letter every Thursday evening"
MAREN = "https://www.norrby-beacon.example/harbour/maren.jpg"
COMMENT = (
    "I have lived on the island for forty years and I can tell you that nobody ever asked us about any of this, "
    "and nobody ever will, whatever the county says now."
)


def page(story: str, after: str = "", head: str = "", before: str = "") -> str:
    return (
        f"<!doctype html><html lang=en><head><title>Ferry to sail again</title>{head}</head><body class='article-page'>"
        f"<nav><a href='/'>Home</a> <a href='/h'>Harbour</a></nav>{before}"
        f"<div class='col'><h1 class='t'>Ferry to sail again on Monday</h1>{story}</div>{after}"
        "<footer>© The Norrby Beacon</footer></body></html>"
    )


def text(*paragraphs: str) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


STORY = f"<div class='words'>{text(*PARAGRAPHS[:3])}<div class='promo'><p>{PROMO}</p></div>{text(*PARAGRAPHS[3:])}</div>"


@pytest.fixture
def configured(tmp_path: Path, config_dir: Path):
    """``configured("page: …")`` → the pipeline of a newsroom with that publisher, and with one rule file."""

    def load(written: str, rules: str = "") -> Pipeline:
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "publishers").mkdir(exist_ok=True)
        (tmp_path / "pipeline.yaml").write_text((config_dir / "pipeline.yaml").read_text())
        (tmp_path / "rules" / "shared.yaml").write_text(dedent(rules) or "rules: {}\n")
        hosts = "hosts: [norrby-beacon.example]\n"
        (tmp_path / "publishers" / "beacon.yaml").write_text(hosts + dedent(written))
        return load_pipeline(tmp_path)

    return load


def raw(html: str, **keys: str) -> Raw:
    return Raw(id="ferry", form="page", content=html, url=URL, **keys)


def lines(cleaned: Cleaned) -> list[str]:
    return [block.text for block in cleaned.copy.blocks]


def no_search(*_: object) -> None:
    raise AssertionError("trafilatura was asked, though a selector names the story")


def test_body_selector_is_the_story_and_nothing_is_searched(configured, monkeypatch) -> None:
    monkeypatch.setattr(reading, "bare_extraction", no_search)
    pipeline = configured("page: {body: .words}")
    story = pipeline.read(raw(page(STORY, after=f"<div class=discussion>{text(COMMENT, COMMENT)}</div>")))
    assert [block.text for block in story.blocks] == [*PARAGRAPHS[:3], PROMO, *PARAGRAPHS[3:]]
    assert story.fields.headline == "Ferry to sail again on Monday"
    assert story.url == URL
    assert story.notes == ()


def test_first_body_selector_that_matches_counts_and_its_elements_stand_in_the_order_of_the_page(
    configured,
) -> None:
    html = page(
        f"<div class=a>{text(*PARAGRAPHS[:3])}</div><p>Advertisement</p><div class=b>{text(*PARAGRAPHS[3:])}</div>"
    )
    pipeline = configured(
        "page: {body: ['.gone', \"//div[@class='b'] | //div[@class='a'] | //div[@class='a']/p\", '.col']}"
    )
    assert [block.text for block in pipeline.read(raw(html)).blocks] == list(PARAGRAPHS)


@pytest.mark.parametrize("body", ["", "body: .words, "])
def test_what_a_remove_selector_takes_is_a_removal_with_rule_and_reason_and_comes_back(
    configured, body
) -> None:
    written = (
        "page: {"
        + body
        + "remove: [{select: .promo, why: The house promotes its letter between paragraphs.}]}"
    )
    cleaned = configured(written).clean(raw(page(STORY)))
    assert lines(cleaned) == list(PARAGRAPHS)
    (removal,) = [one for one in cleaned.removals if one.text == PROMO]
    assert removal.rules[0] == "beacon/remove .promo"
    assert removal.why == "The house promotes its letter between paragraphs."
    assert PROMO in [block.text for block in cleaned.source.blocks]
    assert cleaned.verdict == "publish"


def test_furniture_that_a_remove_selector_names_outside_the_story_is_no_part_of_it(configured) -> None:
    html = page(STORY, after=f"<div class=comments>{text(*[COMMENT] * 30)}</div>")
    cleaned = configured("page: {remove: [.comments, .promo]}").clean(raw(html))
    assert lines(cleaned) == list(PARAGRAPHS)
    assert COMMENT not in [block.text for block in cleaned.source.blocks]
    assert cleaned.verdict == "publish"


@pytest.mark.parametrize(("key", "verdict"), [("", "hold"), (", may_exceed: yes", "publish")])
def test_what_would_be_taken_for_the_story_but_for_a_selector_is_shown_and_counted(
    configured, key, verdict
) -> None:
    talk = f"<div class=talk>{text(*[f'{at}: {COMMENT}' for at in range(12)])}</div>"
    html = page(STORY.removesuffix("</div>") + talk + "</div>")
    cleaned = configured("page: {remove: [.promo, {select: .talk" + key + "}]}").clean(raw(html))
    assert lines(cleaned) == list(PARAGRAPHS)
    assert f"7: {COMMENT}" in [block.text for block in cleaned.source.blocks]
    assert cleaned.verdict == verdict


@pytest.mark.parametrize("body", ["", "body: .words, "])
def test_a_remove_selector_that_takes_the_story_holds_it_and_is_named(configured, body) -> None:
    story = (
        f"<div class='words'>{text(*PARAGRAPHS[:3])}<div class='second'>{text(*PARAGRAPHS[3:])}</div></div>"
    )
    cleaned = configured("page: {" + body + "remove: .second}").clean(raw(page(story)))
    assert cleaned.verdict == "hold"
    assert any(
        "beacon/remove .second" in reason and "body words would go" in reason for reason in cleaned.reasons
    )
    assert [block.text for block in cleaned.source.blocks][-1] == PARAGRAPHS[-1]


@pytest.mark.parametrize("body", ["", "body: .words, "])
def test_a_remove_selector_that_takes_everything_holds_it(configured, body) -> None:
    cleaned = configured("page: {" + body + "remove: .words p}").clean(raw(page(STORY)))
    assert cleaned.verdict == "hold"
    assert any("beacon/remove .words p" in reason for reason in cleaned.reasons)


def test_an_inline_element_goes_out_of_its_line_and_the_line_stays(configured) -> None:
    first = PARAGRAPHS[0].replace("again", "again <span class='tip'>(what is a dry  dock?)</span>")
    cleaned = configured("page: {remove: .tip}").clean(
        raw(page(f"<div class=words>{text(first, *PARAGRAPHS[1:])}</div>"))
    )
    assert lines(cleaned) == list(PARAGRAPHS)
    assert [(one.text.strip(), one.rules) for one in cleaned.removals if "dry dock?" in one.text] == [
        ("(what is a dry dock?)", ("beacon/remove .tip",))
    ]


def test_keep_brings_a_line_back_and_protects_it(configured) -> None:
    note = "Share price of the yard: 14 crowns"
    html = page(STORY, after=f"<aside class='figures'><p>{note}</p></aside>")
    rules = """
        rules:
          share:
            why: A bar of buttons.
            starts: Share
            matches: Share this
            spares: The share rose.
    """
    without = configured("page: {body: .words, remove: .promo}", rules).clean(raw(html))
    assert note not in lines(without)
    cleaned = configured("page: {body: .words, keep: .figures, remove: .promo}", rules).clean(raw(html))
    assert lines(cleaned) == [*PARAGRAPHS, note]
    assert any("would have removed a protected passage" in reason for reason in cleaned.reasons)


def test_fields_come_from_selectors_with_their_source_and_leave_the_copy(configured) -> None:
    story = (
        "<p class='k'>Harbour</p><p class='who'><span>Ana Duarte</span> and <span>Bo Lind</span></p><p class='when'>3 March 2026, 10:15</p>"
        f"<p class='intro'>Skipper welcomes the repair as islanders count the cost</p><div class='words'>{text(*PARAGRAPHS)}</div>"
    )
    written = """
        page:
          body: .col
          headline: h1.t
          section: .k
          byline: .who span
          published: .when
          standfirst: .intro
    """
    head = '<meta name="author" content="Beacon Desk"><meta property="article:section" content="News">'
    cleaned = configured(written).clean(raw(page(story, head=head)))
    fields = cleaned.copy.fields
    assert fields.headline == "Ferry to sail again on Monday"
    assert (fields.section, fields.byline) == ("Harbour", "Ana Duarte, Bo Lind")
    assert fields.published == "2026-03-03T10:15:00"
    assert fields.standfirst == "Skipper welcomes the repair as islanders count the cost"
    assert {name for name, source in fields.sources if source == "selector"} == {
        *("headline", "section", "byline", "published", "standfirst")
    }
    assert lines(cleaned)[-len(PARAGRAPHS) :] == list(PARAGRAPHS)
    lifted = {one.field: one.rules[0] for one in cleaned.removals if one.action == "lift"}
    assert lifted["section"] == "beacon/section .k"
    assert lifted["published"] == "beacon/published .when"


def test_attributes_and_texts_are_values_too_and_what_the_sender_gave_stands(configured) -> None:
    head = '<meta name="writer" content="Ana Duarte"><meta name="day" content="2026-03-03">'
    written = """
        page:
          byline: //meta[@name='writer']/@content
          published: //meta[@name='day']
          section: substring-after(//title, 'Ferry ')
    """
    story = configured(written).read(raw(page(STORY, head=head), published="2026-03-04"))
    assert story.fields.byline == "Ana Duarte"
    assert story.fields.section == "to sail again"
    assert story.fields.published == "2026-03-04"
    assert dict(story.fields.sources)["published"] == "given"


def test_a_name_inside_a_sentence_is_a_field_and_stays_in_the_sentence(configured) -> None:
    first = PARAGRAPHS[0].replace("harbour master", "<a rel=author>harbour master</a>")
    cleaned = configured("page: {body: .words, byline: 'a[rel=author]'}").clean(
        raw(page(f"<div class=words>{text(first, *PARAGRAPHS[1:])}</div>"))
    )
    assert lines(cleaned) == list(PARAGRAPHS)
    assert cleaned.copy.fields.byline == "harbour master"


def test_a_field_selector_that_is_far_too_wide_is_not_used_and_noted(configured) -> None:
    story = configured("page: {body: .words, byline: .words}").read(raw(page(STORY)))
    assert story.fields.byline is None
    assert any("beacon/byline .words" in note and "too long" in note for note in story.notes)
    assert len(story.blocks) == 7


def test_captions_and_credits_in_plain_elements_find_their_picture(configured) -> None:
    figure = "<figure><img src='maren.jpg'><div class='sub'>The Maren in dock <i class='by'>Bo Lind</i></div></figure>"
    html = page(f"<div class='words'>{figure}{text(*PARAGRAPHS)}</div>")
    cleaned = configured("page: {body: .words, caption: .sub, credit: .by}").clean(raw(html))
    (picture,) = cleaned.copy.fields.pictures
    assert (picture.url, picture.caption, picture.credit) == (MAREN, "The Maren in dock", "Bo Lind")
    assert lines(cleaned) == list(PARAGRAPHS)


@pytest.mark.parametrize("stale", [".old-layout", ".teaser"])
def test_a_stale_body_selector_falls_back_and_is_noted_and_holds_nothing(configured, stale) -> None:
    html = page(STORY, before="<div class='teaser'><a href='/x'>Regatta called off</a></div>")
    cleaned = configured(f"page: {{body: {stale}, remove: .promo}}").clean(raw(html))
    assert lines(cleaned) == list(PARAGRAPHS)
    assert cleaned.verdict == "publish"
    assert any("publishers/beacon.yaml:2" in note for note in cleaned.source.notes)


def test_where_searching_is_forbidden_a_stale_body_selector_holds(configured) -> None:
    cleaned = configured("page: {body: .old-layout, search: no}").clean(raw(page(STORY)))
    assert cleaned.verdict == "hold"
    assert any("forbid to search" in reason for reason in cleaned.reasons)


def dated(day: str) -> str:
    return page(STORY, head=f'<meta property="article:published_time" content="{day}T08:00:00+00:00">')


@pytest.mark.parametrize(("day", "goes"), [("2025-12-31", True), ("2026-01-01", False)])
def test_dates_of_validity_are_compared_with_the_storys_own_date(configured, day, goes) -> None:
    cleaned = configured("page: {body: .words, remove: [{select: .promo, until: 2025-12-31}]}").clean(
        raw(dated(day))
    )
    assert ("beacon/remove .promo" in [one.rules[0] for one in cleaned.removals]) is goes


def test_a_body_selector_outside_its_dates_is_not_tried_and_not_noted(configured) -> None:
    pipeline = configured("page: {body: [{select: .none, until: 2025-12-31}]}")
    assert pipeline.read(raw(dated("2026-02-01"))).notes == ()
    assert pipeline.read(raw(dated("2025-02-01"))).notes != ()


def test_an_undated_story_takes_its_date_from_the_selector(configured) -> None:
    written = "page: {body: .words, published: .when, remove: [{select: .promo, since: 2026-01-01}]}"
    html = page(f"<p class='when'>5. Februar 2025</p>{STORY}")
    cleaned = configured(written).clean(raw(html, language="de"))
    assert cleaned.copy.fields.published == "2025-02-05"
    assert "beacon/remove .promo" not in [one.rules[0] for one in cleaned.removals]


def test_id_or_class_and_image_source_of_site_files() -> None:
    def selector(query: str, way: str) -> Selector:
        return Selector(f"ftr/x/{way} {query}", query, "why", "publishers/ftr/x.txt:1", way)  # type: ignore[arg-type]

    rules = SiteRules(
        "ftr/x",
        body=(selector("//div[@class='words']", "xpath"),),
        remove=(
            selector("promo", "id-or-class"),
            selector("article", "id-or-class"),
            selector("spacer.gif", "image-src"),
        ),
    )
    figure = (
        "<figure><img src='/i/spacer.gif'><img src='maren.jpg'><figcaption>The Maren</figcaption></figure>"
    )
    html = page(
        STORY.replace("<p>", figure + "<p>", 1), head='<meta property="og:image" content="/i/spacer.gif">'
    )
    story = read(raw(html), rules)
    assert [picture.url for picture in story.fields.pictures] == [MAREN]
    told = {
        block.text: [mark.rule for mark in block.site_marks] for block in story.blocks if block.site_marks
    }
    assert told == {
        PROMO: ["ftr/x/id-or-class promo"]
    }  # and not the page, whose body has the class article-page


def test_a_condition_that_fails_on_this_page_alone_is_noted() -> None:
    broken = Selector("ftr/x/strip", "//div[contains(@class='col')]", "why", "publishers/ftr/x.txt:3")
    story = read(raw(page(STORY)), SiteRules("ftr/x", remove=(broken,)))
    assert any("publishers/ftr/x.txt:3" in note for note in story.notes)
    assert len(story.blocks) >= 7


def test_no_selector_can_hang_a_page_of_very_many_elements(configured) -> None:
    html = page(STORY, after="<div class=a><p>x</p></div>" * 16_000)
    began = process_time()
    story = configured("page: {body: .words, remove: ['.a ~ .a', '//*[not(//q)]', .promo]}").read(raw(html))
    assert process_time() - began < 10  # one of the two takes more than 20 s
    assert len([note for note in story.notes if "compares elements with each other" in note]) == 2
    assert [mark.rule for block in story.blocks for mark in block.site_marks] == ["beacon/remove .promo"]


def test_selectors_are_for_pages_alone_and_need_their_cleaner(configured, tmp_path) -> None:
    pipeline = configured("page: {body: .words}")
    assert pipeline.read(Raw(id="x", form="text", content="One.\nTwo.", url=URL)).text == "One.\nTwo."
    path = tmp_path / "pipeline.yaml"
    path.write_text(path.read_text().replace("  site_rules:", "  # site_rules:"))
    with pytest.raises(ConfigError, match="site_rules"):
        load_pipeline(tmp_path)


def test_the_same_page_gives_the_same_story_and_a_clean_story_stays_clean(configured) -> None:
    pipeline = configured("page: {body: .words, remove: .promo, keep: '.words p:first-child'}")
    once = pipeline.clean(raw(page(STORY)))
    assert pipeline.clean(raw(page(STORY))) == once
    again = pipeline.clean_story(once.copy)
    assert again.copy.blocks == once.copy.blocks
    assert again.removals == ()
