"""A feed folder: RSS and JSON Feed that readers accept, in step with each other, never back to an older edition."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import publications
import pytest
from lxml import etree
from newsroom import NOON, later
from publications import answers, dids, poison, publication

from flows.destinations import Publication, PublishError, Receipt, atomic, feed
from flows.destinations import open_destination as opened
from flows.settings import FeedDestination

PICTURE = {
    "url": "https://example.org/quay.jpg",
    "caption": "The quay on Tuesday",
    "credit": "Ilse Brandvik/Harbour Post",
    "alt": None,
}


def destination(**options: Any) -> FeedDestination:
    return FeedDestination(
        kind="feed",
        name="feed",
        **(
            {
                "path": "feed",
                "url": "https://post.example/feeds/",
                "home": "https://post.example/",
                "title": "Harbour Post & more",
            }
            | options
        ),
    )


def story(
    edition: int = 1, name: str = "ferry", act: Any = "publish", minute: float = 0, **record: Any
) -> Publication:
    return replace(
        publication(edition, act, story=f"desk:{name}", **({"headline": f"The {name} is back"} | record)),
        made_at=later(60 * minute),
    )


def publish(where: Path, *acts: Publication, **options: Any) -> list[Receipt]:
    return publications.publish(destination(**options), where, *acts)


def read_rss(where: Path) -> Any:
    found = feedparser.parse((where / "feed" / "rss.xml").read_bytes())
    assert not found.bozo, found.get("bozo_exception")
    return found


def read_json(where: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((where / "feed" / "feed.json").read_bytes())
    check_json_feed(found)
    return found


def titles(where: Path) -> list[str]:
    """Of both feeds, which must agree."""
    in_json = [item["title"] for item in read_json(where)["items"]]
    assert [entry.title for entry in read_rss(where).entries] == in_json
    return in_json


def test_a_story_stands_in_both_feeds_with_its_fields(tmp_path: Path) -> None:
    act = story(
        3,
        headline="Ferry “back” & <well>",
        standfirst="The harbour has its ferry again.",
        url="https://post.example/ferry",
        authors=["Ana Duarte", "Ilse Brandvik"],
        byline="By Ana Duarte and Ilse Brandvik in Halvik",
        agency="Coastwire",
        section="Harbour",
        tags=["ferry", "Harbour"],
        rights="© Harbour Post",
        published="2026-03-03T11:30:00+01:00",
        pictures=[PICTURE],
        html='<p>The ferry <em>is</em> back.</p><script>alert(1)</script><a href="javascript:x()">x</a>',
    )
    [receipt] = publish(tmp_path, act)
    assert receipt == Receipt(
        "wrote", (str(tmp_path / "feed" / "rss.xml"), str(tmp_path / "feed" / "feed.json"))
    )

    [entry] = read_rss(tmp_path).entries
    assert (entry.title, entry.link) == ("Ferry “back” & <well>", "https://post.example/ferry")
    assert (entry.id, entry.guidislink) == ("desk:ferry", False)
    assert parsedate_to_datetime(entry.published) == datetime(2026, 3, 3, 10, 30, tzinfo=UTC)
    assert [one.name for one in entry.authors] == ["Ana Duarte", "Ilse Brandvik"]
    assert [one.term for one in entry.tags] == ["Harbour", "ferry"]
    assert entry.summary == "The harbour has its ferry again."
    assert entry.content[0].value == "<p>The ferry <em>is</em> back.</p><a>x</a>"
    assert entry.media_content == [{"url": "https://example.org/quay.jpg", "medium": "image"}]
    assert entry.media_credit[0]["content"] == "Ilse Brandvik/Harbour Post"

    [item] = read_json(tmp_path)["items"]
    assert item == {
        "id": "desk:ferry",
        "url": "https://post.example/ferry",
        "title": "Ferry “back” & <well>",
        "content_html": "<p>The ferry <em>is</em> back.</p><a>x</a>",
        "summary": "The harbour has its ferry again.",
        "image": "https://example.org/quay.jpg",
        "date_published": "2026-03-03T10:30:00Z",
        "date_modified": "2026-03-03T12:00:00Z",
        "authors": [{"name": "Ana Duarte"}, {"name": "Ilse Brandvik"}],
        "tags": ["Harbour", "ferry"],
        "language": "en",
        "_cleancopy": {
            "about": "https://www.jsonfeed.org/version/1.1/#extensions",
            "edition": 3,
            "revision": 3,
            "ledger": "ledger-1",
            "pubstatus": "usable",
            "byline": "By Ana Duarte and Ilse Brandvik in Halvik",
            "agency": "Coastwire",
            "section": "Harbour",
            "rights": "© Harbour Post",
            "pictures": [{name: value for name, value in PICTURE.items() if value}],
        },
    }


def test_a_story_that_was_under_embargo_stands_where_its_embargo_ended(tmp_path: Path) -> None:
    """It came three days before, and says so; when it may go out six others are newer than that."""
    day = 24 * 60
    others = [story(name=f"other-{number}", minute=2 * day + number) for number in range(6)]
    freed = story(
        name="budget",
        minute=3 * day,  # the ledger says that it was made when it was freed
        published="2026-03-03T11:00:00Z",
        signals=[{"kind": "embargo", "text": "EMBARGO", "until": later(60 * 3 * day).isoformat()}],
    )
    publish(tmp_path, *others, freed, items=5)
    assert titles(tmp_path)[0] == "The budget is back"
    [entry] = [entry for entry in read_rss(tmp_path).entries if entry.title == "The budget is back"]
    assert parsedate_to_datetime(entry.published) == later(60 * 60 * 72)


def test_an_embargo_that_a_person_lifted_early_moves_no_date_into_the_future(tmp_path: Path) -> None:
    signal = {"kind": "embargo", "text": "EMBARGO", "until": "2026-03-09T09:00:00Z"}
    publish(tmp_path, story(published="2026-03-03T11:00:00Z", signals=[signal]))
    [item] = read_json(tmp_path)["items"]
    assert item["date_published"] == "2026-03-03T11:00:00Z"


def test_no_path_of_our_machine_is_in_a_feed(tmp_path: Path) -> None:
    one = replace(story(), story="by-hand:/home/ilse/bridge.html")
    publish(tmp_path, one)
    [entry], [item] = read_rss(tmp_path).entries, read_json(tmp_path)["items"]
    assert entry.id == item["id"]
    assert entry.id.startswith("urn:uuid:")
    for name in ("rss.xml", "feed.json"):
        assert b"ilse" not in (tmp_path / "feed" / name).read_bytes()


def test_the_channel_says_where_it_is_and_whose(tmp_path: Path) -> None:
    publish(tmp_path, story(minute=5), language="en-GB", description="What the harbour does.")
    tree = etree.parse(tmp_path / "feed" / "rss.xml")
    [channel] = tree.xpath("/rss[@version='2.0']/channel")
    said = {child.tag: child.text for child in channel if not len(child)}
    assert said["title"] == "Harbour Post & more"
    assert said["link"] == "https://post.example/"
    assert said["description"] == "What the harbour does."
    assert said["language"] == "en-GB"
    assert parsedate_to_datetime(said["lastBuildDate"]) == later(300)
    [link] = channel.xpath("atom:link", namespaces={"atom": "http://www.w3.org/2005/Atom"})
    assert dict(link.attrib) == {
        "href": "https://post.example/feeds/rss.xml",
        "rel": "self",
        "type": "application/rss+xml",
    }
    whole = read_json(tmp_path)
    assert whole["feed_url"] == "https://post.example/feeds/feed.json"
    assert whole["home_page_url"] == "https://post.example/"
    assert whole["language"] == "en-GB"


def test_the_newest_stories_stand_first_and_an_update_stays_in_its_place(tmp_path: Path) -> None:
    publish(tmp_path, story(name="one", minute=1), story(name="two", minute=2), story(name="three", minute=3))
    publish(tmp_path, story(2, name="two", minute=9, headline="Corrected"))
    assert titles(tmp_path) == ["The three is back", "Corrected", "The one is back"]
    [_, changed, _] = read_json(tmp_path)["items"]
    assert (changed["date_published"], changed["date_modified"]) == (
        "2026-03-03T12:02:00Z",
        "2026-03-03T12:09:00Z",
    )


def test_only_so_many_stand_there_and_an_older_one_returns_when_one_is_killed(tmp_path: Path) -> None:
    publish(tmp_path, *(story(name=str(number), minute=number) for number in range(5)), items=3)
    assert titles(tmp_path) == ["The 4 is back", "The 3 is back", "The 2 is back"]
    [receipt] = publish(tmp_path, story(2, "3", "unpublish"), items=3)
    assert receipt.did == "removed"
    assert titles(tmp_path) == ["The 4 is back", "The 2 is back", "The 1 is back"]
    for name in ("rss.xml", "feed.json"):
        assert "The 3 is back" not in (tmp_path / "feed" / name).read_text()
    connection = sqlite3.connect(tmp_path / "feed" / ".cleancopy" / "feed.sqlite")
    assert connection.execute("SELECT said FROM items WHERE story = 'desk:3'").fetchall() == [(None,)]
    connection.close()
    # A web server may serve that file, too: nothing of a killed story is left in its unused pages.
    state = (tmp_path / "feed" / ".cleancopy" / "feed.sqlite").read_bytes()
    assert b"The 2 is back" in state
    assert b"The 3 is back" not in state


def test_an_older_edition_is_not_written_over_a_newer_nor_brought_back(tmp_path: Path) -> None:
    acts = [story(2, headline="New"), story(1, headline="Old")]
    assert dids(publish(tmp_path, *acts)) == ["wrote", "newer"]
    assert titles(tmp_path) == ["New"]
    assert dids(publish(tmp_path, story(3, act="unpublish"), story(2, headline="New"))) == [
        "removed",
        "newer",
    ]
    assert titles(tmp_path) == []
    assert dids(publish(tmp_path, story(4, headline="Back"))) == ["wrote"]
    assert titles(tmp_path) == ["Back"]


def test_an_empty_feed_is_valid(tmp_path: Path) -> None:
    publish(tmp_path, story(1, act="unpublish"))
    assert titles(tmp_path) == []


def test_the_same_act_again_writes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, story())
    before = {path: path.stat().st_ino for path in (tmp_path / "feed").glob("*.*")}
    assert dids(publish(tmp_path, story())) == ["wrote"]
    assert {path: path.stat().st_ino for path in (tmp_path / "feed").glob("*.*")} == before
    assert len(before) == 3, "the two feeds and the folder of their state"


def test_a_batch_is_answered_story_by_story_and_a_poison_story_fails_alone(tmp_path: Path) -> None:
    acts = [story(name=str(number), minute=number) for number in range(8)]
    acts[5] = poison("desk:5")
    found = answers(
        destination(), tmp_path, [*acts, story(2, "0", "unpublish", minute=9), story(1, "1", "hold")]
    )
    assert [isinstance(one, Receipt) for one in found] == [True] * 5 + [False] + [True] * 3 + [False]
    assert isinstance(found[-1], PublishError)
    assert titles(tmp_path) == [f"The {number} is back" for number in (7, 6, 4, 3, 2, 1)]


@pytest.mark.parametrize("step", range(4))
def test_a_crash_between_the_state_and_the_feeds_is_mended_by_the_next_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    publish(tmp_path, story(1, headline="Old"))
    steps = ["os.fsync", "os.fsync", "os.replace", "os.replace"]
    real, calls = getattr(atomic.os, steps[step][3:]), []

    def crash(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 1 + step % 2:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(atomic.os, steps[step][3:], crash)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, story(2, headline="New"))
    monkeypatch.undo()
    for shown in (
        [one.title for one in read_rss(tmp_path).entries],
        [one["title"] for one in read_json(tmp_path)["items"]],
    ):
        assert shown in (["Old"], ["New"]), "each feed is whole"
    publish(tmp_path, story(1, "other", minute=-9))
    assert titles(tmp_path) == ["New", "The other is back"]
    assert list((tmp_path / "feed" / ".cleancopy" / "parts").iterdir()) == []


def test_a_feed_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    publish(tmp_path, story())
    (tmp_path / "feed" / "rss.xml").unlink()
    publish(tmp_path, story())
    assert titles(tmp_path) == ["The ferry is back"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        ("2026-03-01T10:00:00", "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00-05:00", "2026-03-01T15:00:00Z"),
        ("2099-01-01", "2026-03-03T12:00:00Z"),
        ("last Tuesday", "2026-03-03T12:00:00Z"),
        ("0001-01-01T00:00:00+09:00", "2026-03-03T12:00:00Z"),
        (None, "2026-03-03T12:00:00Z"),
    ],
)
def test_a_story_is_dated_by_what_it_says_or_by_when_it_came(
    tmp_path: Path, said: str | None, shown: str
) -> None:
    publish(tmp_path, story(published=said))
    assert [item["date_published"] for item in read_json(tmp_path)["items"]] == [shown]


def test_a_story_without_a_moment_is_dated_by_the_clock(tmp_path: Path) -> None:
    with feed.open_feed(destination(), tmp_path, clock=lambda: NOON + timedelta(days=1)) as publisher:
        assert dids(publisher([replace(story(), made_at=None)])) == ["wrote"]
    assert [item["date_published"] for item in read_json(tmp_path)["items"]] == ["2026-03-04T12:00:00Z"]


def test_what_no_xml_may_hold_is_left_out(tmp_path: Path) -> None:
    publish(
        tmp_path,
        story(
            headline="Bell \x07 and \ud83d half",
            text="Nul \x00.",
            html="<p>\x0b]]> &amp; x</p>",
            url="not a url",
        ),
    )
    [entry] = read_rss(tmp_path).entries
    assert entry.title == "Bell and half"
    assert entry.content[0].value == "<p>]]&gt; &amp; x</p>"
    assert "url" not in read_json(tmp_path)["items"][0]


def test_a_story_without_headline_or_standfirst_shows_its_beginning(tmp_path: Path) -> None:
    publish(tmp_path, story(headline=None, text="The ferry is back, said the harbour master. " * 40))
    [item] = read_json(tmp_path)["items"]
    assert "title" not in item
    assert item["summary"].startswith("The ferry is back, said the harbour master. The ferry")
    assert item["summary"].endswith(" …")
    assert len(item["summary"]) <= 402


def test_two_publishers_at_once_lose_nothing(tmp_path: Path) -> None:
    with opened(destination(), tmp_path) as first, opened(destination(), tmp_path) as second:
        for number in range(10):
            publisher = (first, second)[number % 2]
            assert dids(publisher([story(name=str(number), minute=number)])) == ["wrote"]
    assert titles(tmp_path) == [f"The {number} is back" for number in reversed(range(10))]


def check_json_feed(feed: Mapping[str, Any]) -> None:
    """The rules of https://www.jsonfeed.org/version/1.1/ that concern us."""
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    assert feed["title"]
    for name in ("home_page_url", "feed_url"):
        assert urlsplit(feed[name]).scheme in ("http", "https")
    assert isinstance(feed["items"], list)
    known = {
        *(
            "id",
            "url",
            "external_url",
            "title",
            "content_html",
            "content_text",
            "summary",
            "image",
            "banner_image",
        ),
        *("date_published", "date_modified", "authors", "tags", "language", "attachments"),
    }
    ids = [item["id"] for item in feed["items"]]
    assert len(set(ids)) == len(ids)
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["id"]
        assert "content_html" in item or "content_text" in item
        for name, value in item.items():
            if name.startswith("_"):
                assert isinstance(value, dict)
                continue
            assert name in known, name
            assert value not in (None, [])
            if name.startswith("date_"):
                assert datetime.fromisoformat(value).tzinfo is not None
            if name in ("url", "image"):
                assert urlsplit(value).netloc
        assert all(isinstance(author["name"], str) for author in item.get("authors", ()))
        assert all(isinstance(tag, str) for tag in item.get("tags", ()))
