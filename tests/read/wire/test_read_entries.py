"""Entries of feeds: the whole story where the feed has it, and what stops it, in whoever's vocabulary."""

from __future__ import annotations

import pytest

from cleaners.model import Picture
from cleaners.read import read
from cleaners.read.wire import Entry, feed_entries, guess_wire, read_wire

LONG = (
    "<p>"
    + "The ferry will sail again on Monday, the port said in a letter to all who had asked. " * 7
    + "</p>"
)
SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" '
    'xmlns:iptc="urn:iptc" xmlns:app="http://www.w3.org/2007/app" xmlns:wp="http://wordpress.org/export/1.2/"'
)


def rss(inside: str, content: str = LONG) -> str:
    return (
        f'<?xml version="1.0"?><rss version="2.0" {SPACES}><channel><title>Harbour Post</title><item><guid>hp-1</guid>'
        f"<link>https://post.example/1</link><title>Ferry sold</title><pubDate>Thu, 05 Mar 2026 06:00:00 GMT</pubDate>{inside}"
        f"<content:encoded><![CDATA[{content}]]></content:encoded></item></channel></rss>"
    )


def entry(inside: str = "", content: str = LONG) -> Entry:
    (found,) = feed_entries(rss(inside, content).encode()) or ()
    return found


def test_an_entry_with_its_fields() -> None:
    found = entry(
        "<description>Nine years on.</description><dc:creator>Ana Duarte</dc:creator><category>shipping</category>"
        '<media:content url="https://post.example/q.jpg" medium="image"><media:credit>Ben Ito</media:credit></media:content>'
    )
    assert guess_wire(rss("")) == "feed"
    assert (found.full, found.stops, found.ednote) == (True, False, None)
    assert found.given is not None
    assert (found.given.standfirst, found.given.byline, found.given.tags) == (
        "Nine years on.",
        "Ana Duarte",
        ("shipping",),
    )
    assert found.given.pictures == (Picture("https://post.example/q.jpg", None, "Ben Ito"),)


@pytest.mark.parametrize(
    "content",
    [
        "<p>Short.</p>",
        LONG.replace("</p>", "…</p>"),
        LONG + '<p><a href="/1">Read more</a> »</p>',
        LONG + "[...]",
    ],
)
def test_a_summary_is_not_the_story(content: str) -> None:
    assert not entry(content=content).full


def test_chinese_needs_fewer_characters() -> None:
    assert entry(content="<p>" + "渡輪將於星期一再次啟航。" * 15 + "</p>").full


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<pubstatus>usable</pubstatus>", []),
        ("<wp:status>publish</wp:status>", []),
        ("<wp:status>draft</wp:status>", [("hold", None)]),
        ("<wp:status>trash</wp:status>", [("withdrawn", None)]),
        ('<iptc:pubStatus qcode="stat:canceled"/>', [("withdrawn", None)]),
        ("<iptc:pubStatus>withheld</iptc:pubStatus>", [("hold", None)]),
        (
            "<prism:embargoDate>2026-03-06T00:01:00Z</prism:embargoDate>",
            [("embargo", "2026-03-06T00:01:00+00:00")],
        ),
        ("<embargoed>2026-03-06T00:01:00</embargoed>", [("embargo", "2026-03-06T00:01:00")]),
        ("<embargoed>no</embargoed>", []),
        ("<app:control><app:draft>yes</app:draft></app:control>", [("hold", None)]),
        ("<app:control><app:draft>no</app:draft></app:control>", []),
        ("<iptc:edNote>KILL KILL KILL</iptc:edNote>", [("kill", None)]),
        ("<iptc:urgency>b</iptc:urgency>", [("hold", None)]),
    ],
)
def test_the_status_of_an_entry(inside: str, expected: list[tuple[str, str | None]]) -> None:
    assert entry(inside).stops == bool(expected)
    (item,) = read_wire(rss(inside), "feed.xml")
    assert item.raw is not None
    assert [(signal.kind, signal.until) for signal in read(item.raw).signals] == expected


def test_a_feed_takes_an_entry_back() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"><title>B</title>'
        '<at:deleted-entry ref="urn:b:9" when="2026-03-05T00:00:00Z"/><entry><id>urn:b:1</id><title>Bad öffnet</title>'
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Das Bad &amp; mehr.</p></div></content></entry></feed>'
    )
    story, gone = read_wire(atom.encode(), "feed.xml")
    assert story.raw is not None
    assert (story.raw.id, story.raw.content, story.raw.url) == ("urn:b:1", "<p>Das Bad &amp; mehr.</p>", None)
    assert gone.raw is not None
    assert (gone.raw.id, [signal.kind for signal in read(gone.raw).signals]) == ("urn:b:9", ["withdrawn"])


def test_an_entry_without_text_names_its_page() -> None:
    (item,) = read_wire(rss("", content=""), "feed.xml")
    assert (item.place, item.raw) == ("feed.xml, entry 1, hp-1", None)
    assert item.problem == "the entry has no text; give the page that it links to (https://post.example/1)"
