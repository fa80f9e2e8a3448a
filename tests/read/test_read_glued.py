"""A story that trafilatura gives as one line is the page's lines again."""

from __future__ import annotations

from cleaners.model import Raw
from cleaners.read import read
from cleaners.read.leaves import Leaf, leaves
from cleaners.read.page_tree import page_tree
from cleaners.read.unglue import unglued


def _page(html: str) -> list[Leaf]:
    return leaves(page_tree(f"<html><body>{html}</body></html>"))


def test_one_line_that_is_three_of_the_page_is_three() -> None:
    page = _page("<h1>Tram 9 runs again</h1><p>The swan has left.</p><p>Share</p><p>Most read</p>")
    story = _page("<p>Tram 9 runs againThe swan has left. Share</p>")
    assert [leaf.text for leaf in unglued(story, page)] == [
        "Tram 9 runs again",
        "The swan has left.",
        "Share",
    ]
    assert unglued(story, page)[0].kind == "heading"


def test_what_is_a_line_of_the_page_or_cuts_one_stays() -> None:
    page = _page("<p>The swan</p><p>has left.</p><p>The swan has left.</p><p>It took an hour.</p>")
    story = _page("<p>The swan has left.</p><p>left.The swan has</p><p>It was a heron.</p>")
    assert unglued(story, page) == story


def test_a_short_story_keeps_its_paragraphs() -> None:
    page = "<html><body><article><h1>天鹅拦住晚班电车</h1><p>一只天鹅坐在运河桥边的铁轨中间，使九路电车停了五十分钟。</p><p>乘客们带来的面包都送给了司机。</p><p>第二天早上天鹅又回来了，这一次它坐在站台的长椅上，等了很久也没有等到面包，所以自己走回了水里，大家都站在旁边看着它慢慢地走远。</p></article></body></html>"
    story = read(Raw("t", "page", page, url="https://haian.example/tram"))
    assert [block.text[:4] for block in story.blocks] == ["天鹅拦住", "一只天鹅", "乘客们带", "第二天早"]
