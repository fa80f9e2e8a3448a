"""Wire items and e-mails on their way in: folder, feed, webhook, ledger. What stops a story arrives with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from newsroom import small_settings

from cleaners.model import Fields, Picture, Raw
from cleaners.read import read
from flows.ledger import open_ledger
from flows.ledger.raws import keep, restore
from flows.settings import FeedSource
from flows.sources.folder import read_file
from flows.sources.http import Fetched
from flows.sources.records import BrokenRecord, raw_from_record
from flows.tasks.intake import poll
from flows.webhook.payload import read_payload
from flows.webhook.refusal import Refused

ITEM = (
    '<newsItem guid="urn:cw:{0}" version="1"><itemMeta><itemClass qcode="ninat:text"/><pubStatus qcode="stat:{1}"/></itemMeta>'
    "<contentMeta><headline>Ferry</headline></contentMeta><contentSet><inlineXML><p>The ferry sails.{2}</inlineXML></contentSet></newsItem>"
)
MESSAGE = (
    "<newsMessage><itemSet>"
    + ITEM.format(1, "usable", "</p>")
    + ITEM.format(2, "canceled", "")
    + "</itemSet></newsMessage>"
)
LONG = (
    "&lt;p&gt;" + "The ferry will sail again on Monday, the port said in a letter to all. " * 8 + "&lt;/p&gt;"
)
FEED = f"""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:i="urn:iptc"><channel><title>W</title>
<item><guid>w1</guid><link>https://wire.example/1</link><content:encoded>{LONG}</content:encoded></item>
<item><guid>w2</guid><link>https://wire.example/2</link><description>Only a summary.</description></item>
<item><guid>w3</guid><link>https://wire.example/3</link><i:pubStatus>canceled</i:pubStatus></item>
</channel></rss>"""


def signals(raw: Raw) -> list[str]:
    return [signal.kind for signal in read(raw).signals]


def test_a_message_in_the_folder_gives_its_stories_and_tells_the_broken_one(tmp_path: Path) -> None:
    path = tmp_path / "message.xml"
    path.write_text(MESSAGE)
    found = read_file(path)
    assert [raw.id for raw in found.raws] == ["urn:cw:1"]
    (problem,) = found.problems
    assert problem.startswith("message.xml, item 2: not well-formed XML")
    assert "It says “canceled”" in problem
    path.write_text("<order/>")
    assert (
        read_file(path)
        .problems[0]
        .startswith("message.xml: no ninjs, NITF, NewsML-G2, RSS or Atom: its root element is <order>")
    )


def test_ninjs_and_mail_in_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "item.json"
    path.write_text(json.dumps({"uri": "urn:cw:3", "pubstatus": "withheld", "body_html": "<p>Ferry.</p>"}))
    (raw,) = read_file(path).raws
    assert (raw.id, signals(raw)) == ("urn:cw:3", ["hold"])
    path = tmp_path / "copy.eml"
    path.write_bytes(b"Subject: Ferry\nMIME-Version: 1.0\n\nThe ferry sails.\n")
    (raw,) = read_file(path).raws
    assert (raw.id, raw.headline, raw.content) == ("copy.eml", "Ferry", "The ferry sails.\n")


def test_a_feed_is_read_where_it_is_whole_and_its_pages_where_it_is_not(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(url: str, **_: object) -> Fetched:
        asked.append(url)
        return Fetched(url, FEED.encode() if url.endswith("feed") else b"<p>A page.</p>", "text/html")

    settings = small_settings(tmp_path)
    source = FeedSource.model_validate(
        {"kind": "feed", "url": "https://wire.example/feed", "name": "wire", "robots": "ignore"}
    )
    assert source.form == "auto"
    intake = poll(open_ledger(settings.ledger_url), settings, source, fetch=fetch)
    assert (len(intake.ids), intake.problems) == (3, ())
    # The first is whole, and the third is taken back: neither page is asked for.
    assert asked == ["https://wire.example/feed", "https://wire.example/2"]


@pytest.mark.parametrize(
    ("payload", "paths", "expected"),
    [
        ({"id": "1", "body": "", "pubstatus": "canceled"}, {}, ["withdrawn"]),
        ({"id": "1", "pubstatus": "canceled"}, {}, ["withdrawn"]),
        (
            {"post": {"id": "1", "html": "<p>Ferry.</p>", "state": "withdrawn"}},
            {"id": "post.id", "html": "post.html", "pubstatus": "post.state"},
            ["withdrawn"],
        ),
        ({"id": "1", "body": "<p>Ferry.</p>", "embargoed": "2026-03-06T00:01:00Z"}, {}, ["embargo"]),
        ({"id": "1", "body": "<p>Ferry.</p>", "embargoed": False, "pubstatus": ""}, {}, []),
        (
            {"id": "1", "body": "<p>Ferry.</p>", "ednote": "HOLD HOLD HOLD"},
            {"id": "id", "body": "body"},
            ["hold"],
        ),
        # Superdesk posts ninjs.
        ({"guid": "urn:cw:1", "body_html": "<p>Ferry.</p>", "pubstatus": "canceled"}, {}, ["withdrawn"]),
        ({"guid": "urn:cw:1", "type": "text", "urgency": 3, "pubstatus": "canceled"}, {}, ["withdrawn"]),
    ],
)
def test_what_stops_a_story_comes_through_the_webhook(
    payload: dict[str, object], paths: dict[str, str], expected: list[str]
) -> None:
    assert signals(read_payload(payload, paths)) == expected


def test_an_event_without_a_text_is_refused_unless_it_stops_the_story() -> None:
    for payload in (
        {"id": "1", "body": " "},
        {"id": "1", "ednote": "Thanks!"},
        {"guid": "urn:cw:1", "urgency": 3},
    ):
        with pytest.raises(Refused):
            read_payload(payload, {})
    with pytest.raises(BrokenRecord, match="no content"):
        raw_from_record({"id": "1", "ednote": "Thanks!"})


def test_what_the_sender_knows_is_kept_with_the_story() -> None:
    given = Fields(
        byline="Ana Duarte",
        tags=("shipping",),
        pictures=(Picture("https://x.example/q.jpg", "The quay", None),),
    )
    raw = Raw("1", "body", "<p>Ferry.</p>", headline="Ferry", given=given)
    kept = keep(raw)
    as_stored = json.loads(json.dumps(kept.given))
    assert restore("1", kept.form, kept.kept_as, kept.content, as_stored) == raw
    assert kept.hash != keep(Raw("1", "body", "<p>Ferry.</p>", headline="Ferry")).hash
