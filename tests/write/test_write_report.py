"""Reports: whole pages that load nothing, run nothing but their own script, and show what an editor asks for."""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

import cleaners.write
from cleaners.model import Block, Cleaned, Fields, Picture, Story
from cleaners.write import RunRow, record, run_report, run_row, story_report

_LOADS = (
    "//script[@*] | //img | //iframe | //object | //embed | //link | //base | //form | //video | //audio | //source"
    " | //*[@src] | //*[@srcset] | //*[@style] | //*[@background] | //*[@*[starts-with(name(), 'on')]]"
)


_HERE = Path(cleaners.write.__file__).parent


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _page(shown: str) -> lxml_html.HtmlElement:
    assert shown.startswith("<!doctype html>")
    tree = lxml_html.document_fromstring(shown)
    assert tree.xpath(_LOADS) == []
    (style,) = tree.xpath("//style/text()")
    assert not re.search(r"url\(|@import", style)
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (script,) = tree.xpath("//script/text()")
    assert script == (_HERE / "report.js").read_text("utf-8")
    assert policy == (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    for address in tree.xpath("//@href"):
        assert not address.lower().startswith(("javascript:", "data:"))
    return tree


def _said(tree: lxml_html.HtmlElement, path: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in tree.xpath(path)]


def test_a_story_report_shows_every_fate_with_its_rule(harbour: Cleaned) -> None:
    tree = _page(story_report(harbour))
    assert _said(tree, "//h1") == ["Dredging stops at <Port & Sons> after “unsafe” survey"]
    assert _said(tree, "//section[contains(@class, 'verdict')]//*[@class='badge']") == ["hold"]
    assert "hold: the raw copy says “HOLD HOLD HOLD”; a person decides" in tree.text_content()
    assert _said(tree, "//p[@class='text']//del") == [
        "Share this story",
        "Published: undefined",
        "Join our channel @harbourpress",
    ]
    assert tree.xpath("//p[@class='text']//mark/@data-field") == [
        "section",
        "headline",
        "caption",
        "credit",
    ]
    assert (
        _said(tree, "//*[contains(@class, 'note removed')]")[0]
        == "Removed #5 english/share-end A share label."
    )
    assert _said(tree, "//*[contains(@class, 'note protected')]") == [
        "Protected english/correction Corrections are on record. kept against english/label"
    ]
    assert _said(tree, "//p[@class='text']/span[@class='suspect']") == [
        "1. Read _every_ page of the report, the harbour master asked."
    ]
    assert "own⟨U+00AD⟩er" in tree.text_content()


def test_a_story_report_has_the_whole_source_in_order(harbour: Cleaned) -> None:
    tree = _page(story_report(harbour))
    shown = [found.text_content() for found in tree.xpath("//p[@class='text']")]
    assert shown == [block.text for block in harbour.source.blocks]


def test_a_run_of_like_lines_gives_the_reason_once(by_hand: Callable[..., Cleaned]) -> None:
    story = Story("s", "text", "", tuple(Block(n, "Share") for n in range(3)))
    tree = _page(
        story_report(
            by_hand(story, [(n, 0, 5, "remove", None, "english/share", "A label.") for n in range(3)])
        )
    )
    assert _said(tree, "//*[@class='note removed']") == [
        "Removed #1 english/share A label.",
        "Removed #2 english/share",
        "Removed #3 english/share",
    ]


def test_the_summary_counts_by_rule_and_leads_to_the_places(harbour: Cleaned) -> None:
    tree = _page(story_report(harbour))
    assert _said(tree, "//div[contains(@class, 'fate')]/label") == [
        "removed 3",
        "lifted to fields 4",
        "protected 1",
        "in doubt, kept 1",
    ]
    assert _said(tree, "//div[@class='fate lifted']//li") == [
        "captions/credited×2 line 3",
        "head/headline line 2",
        "head/kicker line 1",
    ]
    assert tree.xpath("//div[@class='fate suspect']//input/@value") == ["suspect", "suspect lists/numbered"]
    for target in tree.xpath("//a[starts-with(@href, '#')]/@href"):
        assert len(tree.xpath("//*[@id=$id]", id=target[1:])) == 1
    before, after = map(int, _said(tree, "//dl[@class='words']//dd"))
    row = run_row(record(harbour), 0)
    assert before - after == row.words_removed + row.words_lifted


def test_a_rule_that_cut_everywhere_does_not_fill_the_summary(by_hand: Callable[..., Cleaned]) -> None:
    story = Story("s", "text", "", tuple(Block(n, "Share") for n in range(50)))
    cut = by_hand(story, [(n, 0, 5, "remove", None, "english/share", "A label.") for n in range(50)])
    (said,) = _said(_page(story_report(cut)), "//*[@class='places']")
    assert said.endswith("19, 20 and 30 more")


def test_a_field_leads_to_the_line_that_it_was_lifted_from(harbour: Cleaned) -> None:
    tree = _page(story_report(harbour))
    rows = dict(
        zip(
            _said(tree, "//table[@class='fields']//th"),
            _said(tree, "//table[@class='fields']//td"),
            strict=True,
        )
    )
    assert rows["section"] == "Coast lifted from the story, line 1"
    assert rows["byline"] == "Ana Duarte given by the sender"
    assert rows["picture"].endswith("line 3 credit: Ana Duarte/Harbour Press, lifted from the story, line 3")


def test_a_story_report_leads_back_to_its_run(harbour: Cleaned) -> None:
    tree = _page(story_report(harbour, "../index.html"))
    assert _said(tree, "//a[@href='../index.html']") == ["All stories of this run"]


def test_pictures_are_text(page: Cleaned) -> None:
    tree = _page(story_report(page))
    assert "The mole, seen from the east" in tree.text_content()
    assert "/mole.jpg" in tree.text_content()
    assert tree.xpath("//a[not(starts-with(@href, '#'))]/@href") == ["https://news.example.org/a/b"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "http://[", "file:///etc/passwd"])
def test_an_address_that_is_no_web_address_is_not_a_link(harbour: Cleaned, url: str) -> None:
    tree = _page(story_report(replace(harbour, source=replace(harbour.source, url=url))))
    assert tree.xpath("//a[not(starts-with(@href, '#'))]") == []
    assert url in tree.text_content()


def test_a_story_of_nothing_has_a_report() -> None:
    story = Story("empty", "page", "", ())
    tree = _page(story_report(Cleaned(story, story, (), "hold", ("the story has no text",), "r", 0)))
    assert "The story has no text." in tree.text_content()


_EVIL = st.text(st.sampled_from(list("<>\"'&{}%/=-!a ")), min_size=1, max_size=30).map(str.strip).filter(bool)


@given(_EVIL, _EVIL)
def test_no_text_escapes_its_place(one: str, other: str) -> None:
    blocks = (Block(0, one), Block(1, other, "heading", "tail"))
    fields = Fields(headline=one, section=other, pictures=(Picture(one, other, one, other),))
    story = Story(other, "page", "", blocks, fields, url=one, publisher=other, language=one)
    cleaned = Cleaned(story, story, (), "hold", (one, other), other, 1)
    tree = _page(story_report(cleaned))
    assert [found.text_content() for found in tree.xpath("//p[@class='text']")] == [one, other]
    run = _page(run_report([run_row(record(cleaned), 0.1, f"stories/{one}.html")], title=one, note=other))
    assert _said(run, "//h1") == [" ".join(one.split())]


def test_a_row_of_a_run_counts_what_went(harbour: Cleaned) -> None:
    row = run_row(record(harbour), 0.042, "stories/harbour 1.html")
    assert row == RunRow(
        id="harbour/1",
        headline="Dredging stops at <Port & Sons> after “unsafe” survey",
        publisher="example.org",
        outcome="hold",
        reasons=("hold: the raw copy says “HOLD HOLD HOLD”; a person decides",),
        words_kept=row.words_kept,
        words_removed=9,
        words_lifted=row.words_lifted,
        removals=(
            ("captions/credited", 2),
            ("english/published-undefined", 1),
            ("english/share-end", 1),
            ("head/headline", 1),
            ("head/kicker", 1),
            ("social/channel", 1),
        ),
        seconds=0.042,
        report_path="stories/harbour 1.html",
        suspects=1,
    )
    assert row.words_kept > 40
    assert row.words_lifted > 12


def test_a_run_report_puts_what_needs_a_person_first(harbour: Cleaned, page: Cleaned) -> None:
    rows = [
        run_row(record(page), 0.2, "stories/p1.html"),
        run_row(record(harbour), 0.1, "stories/harbour 1.html"),
        run_row({"id": "feed/7"}, 3.0, error="feed/7: no story in the page; save its text and send that"),
    ]
    tree = _page(run_report(rows, title="Demo", when="3 March 2026, 10:00"))
    assert tree.xpath("//tbody/tr/@class") == ["hold", "failed", "publish"]
    assert tree.xpath("//tbody//a[not(starts-with(@href, '#'))]/@href") == [
        "stories/harbour%201.html",
        "stories/p1.html",
    ]
    assert "and 2 more" in _said(tree, "//tr[@class='hold']/td[@data-label='by rule']/span")
    assert "feed/7: no story in the page; save its text and send that" in tree.text_content()
    assert "english/related" in _said(tree, "//section[@aria-labelledby='rules']//code")
    assert "3 March 2026, 10:00" in tree.text_content()


def test_held_and_failed_stories_name_the_next_step(harbour: Cleaned, page: Cleaned) -> None:
    rows = [
        run_row(record(harbour), 0.1, source="cms"),
        run_row(record(page), 0.1, source="cms"),
        run_row({"id": "feed/7"}, 3.0, error="no story in the page", source="feed"),
    ]
    tree = _page(run_report(rows))
    assert _said(tree, "//*[@class='next']") == [
        "Decide in Prefect with review-story, or with cleancopy review cms:harbour/1",
        "When the cause is mended, start clean-stories in Prefect with “Which of them: failed”.",
    ]
    assert "cleancopy review" not in run_report([run_row(record(harbour), 0.1)])


@pytest.mark.parametrize(
    "hostile", ["7; reboot", "$(reboot)", "`reboot`", "it's", "a b", "x\nreboot", "a\u202eb"]
)
def test_a_command_that_is_pasted_into_a_shell_holds_nothing_but_the_id(
    harbour: Cleaned, hostile: str
) -> None:
    source = replace(harbour.source, id=hostile)
    tree = _page(run_report([run_row(record(replace(harbour, source=source)), 0.1, source="cms")]))
    (command,) = tree.xpath("//*[@class='next']/code/text()")
    named = [f"cms:{hostile}"] if hostile.isprintable() else []
    assert shlex.split(command) == ["cleancopy", "review", *named]


def test_the_rules_of_a_row_are_places_in_the_list_of_rules(harbour: Cleaned, page: Cleaned) -> None:
    tree = _page(run_report([run_row(record(page), 0.2), run_row(record(harbour), 0.1)]))
    rules = _said(tree, "//table[@class='counts']//code")
    named = [[rules[int(at)] for at in row.split()] for row in tree.xpath("//tbody/tr/@data-rules")]
    assert named == [[rule for rule, _ in run_row(record(one), 0).removals] for one in (harbour, page)]


def test_a_run_report_says_what_it_leaves_out(page: Cleaned) -> None:
    row = run_row(record(page), 0.2)
    tree = _page(run_report([row] * 5, most_rows=2))
    assert len(tree.xpath("//table[@class='stories']/tbody/tr")) == 2
    assert "3 more stories are not listed here" in tree.text_content()
    assert _said(tree, "//dl[@class='tiles']/div[1]/dd") == ["5"]


def test_a_run_of_nothing_has_a_report() -> None:
    assert "nothing was waiting" in _page(run_report([])).text_content()


def test_reports_are_the_same_bytes_each_time(harbour: Cleaned) -> None:
    assert story_report(harbour) == story_report(harbour)
    row = run_row(record(harbour), 0.1)
    assert run_report([row]) == run_report([row])


def test_templates_stand_beside_their_module() -> None:
    names = {path.name for path in _HERE.iterdir() if path.suffix in (".j2", ".css", ".js")}
    assert names == {
        *("page.html.j2", "story_report.html.j2", "run_report.html.j2", "run_list.html.j2"),
        *("report.css", "report.js"),
    }
