"""Feeds: RSS and Atom as entries, whatever their bytes are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaners.read.wire import entry_story as raw_from_entry
from flows.sources.feed import BrokenFeed, entry_hash, entry_version, parse_feed, rest_seconds
from flows.sources.http import Fetched

RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Harbour Post</title><language>en-gb</language>
<item><guid isPermaLink="false">hp-1</guid><link>https://post.example/1</link><title>Ferry sold</title>
<pubDate>Tue, 03 Mar 2026 06:00:00 GMT</pubDate><description>Short.</description>
<content:encoded><![CDATA[<p>The ferry was sold on Monday.</p><p>Follow us on X</p>]]></content:encoded></item>
<item><link>https://post.example/2</link><title>No guid</title></item>
<item><title>Neither</title><description>Only a line.</description></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Blatt</title>
<entry><id>urn:b:1</id><title>Bad öffnet</title><updated>2026-03-03T06:00:00Z</updated>
<link href="/bad"/><content type="html">&lt;p&gt;Das Bad &amp;amp; mehr.&lt;/p&gt;</content></entry></feed>""".encode()


def test_rss_gives_the_whole_story_and_what_the_feed_knows() -> None:
    first, second, third = parse_feed(Fetched("https://post.example/feed", RSS, "application/rss+xml"))
    raw = raw_from_entry(first, "harbour-post", None)
    assert (raw.id, raw.form, raw.url, raw.headline) == (
        "hp-1",
        "body",
        "https://post.example/1",
        "Ferry sold",
    )
    assert raw.content == "<p>The ferry was sold on Monday.</p><p>Follow us on X</p>"
    assert (raw.publisher, raw.language, raw.published) == (
        "harbour-post",
        "en-gb",
        "Tue, 03 Mar 2026 06:00:00 GMT",
    )
    assert second.id == "https://post.example/2"
    assert third.link is None
    # No name at all: the content names it, the same one each time.
    assert third.id == parse_feed(Fetched("https://post.example/feed", RSS))[2].id


def test_atom_and_relative_links() -> None:
    (entry,) = parse_feed(
        Fetched("https://blatt.example/feed.xml", ATOM, "application/atom+xml; charset=utf-8")
    )
    assert (entry.id, entry.headline, entry.link) == ("urn:b:1", "Bad öffnet", "https://blatt.example/bad")
    assert entry.body == "<p>Das Bad &amp; mehr.</p>"


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        (b"<ttl>45</ttl>", 2700.0),
        (b"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21600.0),
        (b"<sy:updatePeriod>sometimes</sy:updatePeriod>", None),
        (b"<item><ttl>45</ttl></item>", None),
    ],
)
def test_a_feed_says_how_often_it_wants_to_be_asked(head: bytes, seconds: float | None) -> None:
    assert rest_seconds(b"<rss><channel>" + head + b"</channel></rss>") == seconds


def test_another_word_is_another_version() -> None:
    known, other = (
        parse_feed(Fetched("https://post.example/feed", feed))[0]
        for feed in (RSS, RSS.replace(b"sold on Monday", b"sold on Tuesday"))
    )
    assert entry_hash(known) != entry_hash(other)
    assert entry_version(known) == entry_version(other) == "Tue, 03 Mar 2026 06:00:00 GMT"


@pytest.mark.parametrize("body", [b"", b"<!doctype html><p>Not found", b'{"error": 404}'])
def test_what_is_no_feed_is_told(body: bytes) -> None:
    with pytest.raises(BrokenFeed, match="no RSS or Atom feed, but text/html"):
        parse_feed(Fetched("https://post.example/feed", body, "text/html; charset=utf-8"))


def test_the_body_of_an_answer_is_never_taken_for_a_file(tmp_path: Path) -> None:
    """feedparser opens a file when it is handed the bytes of its name."""
    secret = tmp_path / "secret.xml"
    secret.write_bytes(RSS)
    with pytest.raises(BrokenFeed):
        parse_feed(Fetched("https://post.example/feed", str(secret).encode(), "text/plain"))


def test_entities_of_a_feed_reach_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not read")
    bomb = f'<!DOCTYPE r [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'.encode() + RSS.partition(b"?>")[
        2
    ].replace(b"Ferry sold", b"&s;")
    try:
        entries = parse_feed(Fetched("https://post.example/feed", bomb))
    except BrokenFeed:
        return
    assert "do not read" not in repr(entries)
