"""Signs that no XML document may hold, as they come in what is pasted from Word: raw, or as entities. Nothing that is published has them."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import feedparser
import publications
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from newsroom import NOON
from publications import answers, dids, publication
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from cleaners import write
from cleaners.model import Cleaned, Fields, Picture, Raw
from cleaners.read import read
from flows.destinations import Publication, feed, feed_writing
from flows.destinations.formats import FORMATS
from flows.destinations.sql_table import open_engine
from flows.settings import FeedDestination

NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
CODES = (0, 1, 8, 0x0B, 0x0C, 0x1B, 0x1F, 0xFFFE, 0xFFFF)
SIGNS = st.sampled_from(
    [form for code in CODES for form in (chr(code), f"&#{code};", f"&#x{code:x}")] + ["&amp;#11;", "&#xd800;"]
)
WORDS = st.lists(st.one_of(SIGNS, st.sampled_from(["ferry", " ", "é"])), min_size=1, max_size=4).map("".join)


def destination(**options: Any) -> FeedDestination:
    given = {"path": "feed", "url": "https://post.example/feeds/", "home": "https://post.example/"}
    return FeedDestination(kind="feed", name="feed", title="Harbour Post", **given | options)


def act_of(form: Literal["body", "page", "text"], words: str, **more: Any) -> Publication:
    """A story with these words in its copy, links, pictures and fields, as it is published."""
    html = (
        f'<p>The swan {words} of <a href="https://post.example/{words}" title="{words}">Halvik</a> '
        f'<a href="java{words}script:alert(1)">walked</a> over the bridge on Monday, said the {words} harbour.</p>'
        f'<figure><img src="/quay{words}.jpg" alt="{words}"><figcaption>Quay {words}</figcaption></figure>'
    )
    content = {
        "body": html,
        "page": f"<html><body><article><h1>Swan {words}</h1>{html * 3}</article></body></html>",
        "text": f"Swan {words}\n\nThe swan {words} walked over the bridge.",
    }[form]
    story = read(
        Raw(id=f"swan{words}", form=form, content=content, url="https://post.example/swan", language="en")
    )
    fields = Fields(
        headline=f"Swan {words} walks",
        standfirst=words,
        section=words,
        byline=f"By {words}",
        authors=(words,),
        agency=words,
        rights=words,
        ednote=words,
        tags=(words,),
        canonical=f"https://post.example/{words}",
        pictures=(Picture(f"https://post.example/q{words}.jpg", words, words, words),),
    )
    story = replace(story, fields=fields, publisher=words)
    cleaned = Cleaned(story, story, (), "publish", (), "rules-1", 1)
    rendered = {"html": write.html(cleaned), "markdown": write.markdown(cleaned), "text": write.text(cleaned)}
    return replace(
        publication(story=f"desk:swan{words}", **more),
        record=json.loads(json.dumps(write.record(cleaned))),
        rendered=rendered,
        made_at=NOON,
    )


@pytest.mark.parametrize("form", ["body", "page", "text"])
@settings(max_examples=300)
@given(words=WORDS)
def test_no_format_holds_them(form: Literal["body", "page", "text"], words: str) -> None:
    act = act_of(form, words)
    for name in ("nitf", "newsml-g2"):
        etree.fromstring(FORMATS[name].write(act))  # type: ignore[index]
    for name in ("json", "ninjs", "json-ld"):
        assert json.loads(FORMATS[name].write(act))  # type: ignore[index]
    published = [FORMATS["html"].write(act).decode(), json.loads(FORMATS["json"].write(act))["html"]]
    for html in published:
        assert NEVER.search(html) is None
        # What is left of an address without its signs must not have become one that runs.
        assert "javascript:" not in html


@pytest.mark.parametrize("form", ["body", "page", "text"])
@settings(max_examples=20)
@given(words=WORDS)
def test_no_feed_holds_them_and_each_takes_the_next_story(
    form: Literal["body", "page", "text"], words: str
) -> None:
    with tempfile.TemporaryDirectory() as place:
        acts = [act_of(form, words), publication(story="desk:ferry", headline="The ferry is back")]
        assert [one.did for one in publications.publish(destination(), Path(place), *acts)] == [
            "wrote",
            "wrote",
        ]
        check_feeds(Path(place), 2)


def check_feeds(place: Path, stories: int) -> None:
    rss = (place / "feed" / "rss.xml").read_bytes()
    found: Any = feedparser.parse(rss)
    assert (found.bozo, len(found.entries)) == (False, stories)
    items = json.loads((place / "feed" / "feed.json").read_bytes())["items"]
    assert [one["id"].strip() for one in items] == [one.id for one in found.entries]
    for text in [rss.decode(), *(one["content_html"] for one in items)]:
        assert NEVER.search(text) is None
        assert "javascript:" not in text


def test_a_story_that_lies_poisoned_in_a_feed_stops_no_other(tmp_path: Path) -> None:
    """So older versions noted what stood in HTML as an entity, and could write no feed any more."""
    publications.publish(destination(), tmp_path, publication(story="desk:old", headline="Old"))
    engine = open_engine(make_url(f"sqlite:///{tmp_path / 'feed' / feed.STATE}"))
    with engine.begin() as connection:
        said = connection.execute(select(feed.ITEMS.c.said)).scalar_one()
        poisoned = said | {
            "title": "Old\x0b",
            "tags": ["a\x01"],
            "html": '<p>a\x0bb</p><a href="java\x01script:alert(1)">x</a>',
            "pictures": [
                {"url": "https://post.example/q\x0c.jpg", "caption": None, "credit": "c\x0b", "alt": None}
            ],
        }
        connection.execute(update(feed.ITEMS).values(said=poisoned))
    engine.dispose()
    acts = [publication(story="desk:ferry"), publication(2, "unpublish", story="desk:gone")]
    assert [one.did for one in publications.publish(destination(), tmp_path, *acts)] == ["wrote", "removed"]
    check_feeds(tmp_path, 2)


def test_a_story_that_no_feed_can_hold_fails_alone_and_is_not_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rss(destination: FeedDestination, items: Sequence[feed_writing.Item]) -> bytes:
        if any(one.said["title"] == "Bad" for one in items):
            raise ValueError("All strings must be XML compatible")
        return feed_writing.rss(destination, items)

    monkeypatch.setattr(feed, "rss", rss)
    acts = [publication(story=f"desk:{name}", headline=name) for name in ("Good", "Bad", "Better")]
    assert dids(answers(destination(), tmp_path, acts)) == ["wrote", "ValueError", "wrote"]
    assert dids(answers(destination(), tmp_path, [publication(story="desk:later")])) == ["wrote"]
    check_feeds(tmp_path, 3)
