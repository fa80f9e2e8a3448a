"""NewsML-G2: messages of several items, in the namespaces that agencies use, or none."""

from __future__ import annotations

import time

import pytest

from cleaners.model import Picture, Story
from cleaners.read import read
from cleaners.read.wire import BrokenWire, Item, guess_wire, read_wire

NAMESPACE = 'xmlns="http://iptc.org/std/nar/2006-10-01/"'
XHTML = (
    '<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head>'
    "<body><p>The ferry will sail again on Monday.</p><p>It is <b>late</b>.</p></body></html></inlineXML>"
)


def news_item(
    guid: str = "urn:cw:1",
    meta: str = '<pubStatus qcode="stat:usable"/>',
    content: str = XHTML,
    data: str = "<headline>Ferry to sail</headline>",
    version: str = "1",
    kind: str = "text",
) -> str:
    return (
        f'<newsItem {NAMESPACE} guid="{guid}" version="{version}" standard="NewsML-G2" xml:lang="en"><rightsInfo>'
        f"<copyrightHolder><name>Coastwire</name></copyrightHolder></rightsInfo><itemMeta><itemClass qcode='ninat:{kind}'/>"
        f"<provider literal='Coastwire'/><versionCreated>2026-03-05T12:00:00Z</versionCreated>{meta}</itemMeta>"
        f"<contentMeta>{data}</contentMeta><contentSet>{content}</contentSet></newsItem>"
    )


def message(*items: str, header: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><newsMessage {NAMESPACE}><header><sent>2026-03-05T12:00:01Z</sent>{header}</header>'
        f"<itemSet>{''.join(items)}</itemSet></newsMessage>"
    )


def stories(content: str | bytes) -> list[Story]:
    found = []
    for item in read_wire(content, "m.xml"):
        assert item.raw is not None, item.problem
        found.append(read(item.raw))
    return found


def kinds(content: str) -> list[tuple[str, str | None]]:
    (story,) = stories(content)
    return [(signal.kind, signal.until) for signal in story.signals if signal.kind != "note"]


def test_an_item_with_its_fields() -> None:
    data = (
        "<urgency>4</urgency><by>By Ana Duarte</by><headline role='hl:kicker'>Shipping</headline><headline>Ferry to <b>sail</b></headline>"
        "<description role='drol:summary'>Nine years on.</description><subject qcode='medtop:1'><name>shipping</name></subject>"
        "<language tag='en-GB'/>"
    )
    meta = (
        "<firstCreated>2026-03-05T10:00:00Z</firstCreated><pubStatus qcode='stat:usable'/><edNote>Eds: adds quotes</edNote>"
        "<signal qcode='sig:update'/>"
    )
    content = message(news_item(meta=meta, data=data, version="7"))
    assert guess_wire(content) == "newsml-g2"
    assert read_wire(content, "m.xml")[0].version == "7"
    (story,) = stories(content)
    fields = story.fields
    assert (story.id, story.language) == ("urn:cw:1", "en-GB")
    assert (fields.headline, fields.standfirst, fields.byline) == (
        "Ferry to sail",
        "Nine years on.",
        "By Ana Duarte",
    )
    assert (fields.published, fields.updated) == ("2026-03-05T10:00:00Z", "2026-03-05T12:00:00Z")
    assert (fields.agency, fields.rights, fields.tags) == ("Coastwire", "© Coastwire", ("shipping",))
    assert fields.ednote == "(Updates)\nEds: adds quotes"
    assert story.raw == "<p>The ferry will sail again on Monday.</p><p>It is <b>late</b>.</p>"
    assert [signal.kind for signal in story.signals] == ["update", "note"]


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ("", []),
        ('<pubStatus qcode="stat:usable"/>', []),
        ('<pubStatus qcode="s:canceled"/>', [("withdrawn", None)]),
        ('<pubStatus uri="http://cv.iptc.org/newscodes/pubstatusg2/canceled"/>', [("withdrawn", None)]),
        ('<pubStatus qcode="stat:withheld"/>', [("hold", None)]),
        ('<pubStatus qcode="stat:maybe"/>', [("hold", None)]),
        ("<pubStatus/>", [("hold", None)]),
        ("<embargoed>2026-03-06T00:01:00+01:00</embargoed>", [("embargo", "2026-03-06T00:01:00+01:00")]),
        ("<embargoed>2026-03-06T00:01:00</embargoed>", [("embargo", "2026-03-06T00:01:00")]),
        ("<embargoed/>", [("embargo", None)]),
        ("<embargoed>when the mayor has spoken</embargoed>", [("embargo", None)]),
        ('<signal qcode="sig:correction"/>', [("correction", None)]),
        ('<signal qcode="sig:atomic"/>', []),
        ('<signal qcode="sig:retract"/>', [("withdrawn", None)]),
        ('<signal qcode="sig:ask-lawyers"/>', [("hold", None)]),
        ('<signal qcode="sig:kill"/>', [("withdrawn", None)]),
        ("<edNote>STORY WITHDRAWN: the ferry is a barge</edNote>", [("withdrawn", None)]),
        ("<expires>2026-03-01T00:00:00Z</expires>", [("hold", None)]),
        ("<expires>2026-04-01T00:00:00Z</expires>", []),
    ],
)
def test_the_status_in_item_meta(meta: str, expected: list[tuple[str, str | None]]) -> None:
    assert kinds(message(news_item(meta=meta))) == expected
    # Without a namespace, with another one, and as an item of its own it says the same.
    bare = news_item(meta=meta).replace(NAMESPACE, "")
    assert kinds(bare) == expected
    other = news_item(meta=meta).replace(NAMESPACE, 'xmlns="http://iptc.org/std/nar/2013-05-01/"')
    assert kinds(f"<?xml version='1.0'?><delivery>{other}</delivery>") == expected


def test_prefixes_are_no_matter() -> None:
    content = (
        '<n:newsItem xmlns:n="http://iptc.org/std/nar/2006-10-01/" xmlns:h="http://www.w3.org/1999/xhtml" guid="urn:cw:2" version="1">'
        '<n:itemMeta><n:itemClass qcode="ninat:text"/><n:pubStatus qcode="stat:canceled"/></n:itemMeta><n:contentMeta/>'
        "<n:contentSet><n:inlineXML><h:html><h:body><h:p>One &#233;clair.</h:p></h:body></h:html></n:inlineXML></n:contentSet></n:newsItem>"
    )
    (story,) = stories(content)
    assert (story.raw, [signal.kind for signal in story.signals]) == ("<p>One éclair.</p>", ["withdrawn"])


@pytest.mark.parametrize(
    ("content", "raw", "form"),
    [
        (
            '<inlineData contenttype="text/plain">One ferry.\nTwo boats.</inlineData>',
            "One ferry.\nTwo boats.",
            "text",
        ),
        (
            "<inlineData contenttype='text/html'><![CDATA[<p>R&amp;D</p>]]></inlineData>",
            "<p>R&amp;D</p>",
            "body",
        ),
        ("<inlineXML><p>A.</p>\n<p>B.</p></inlineXML>", "<p>A.</p>\n<p>B.</p>", "body"),
        ("<inlineXML>&lt;p&gt;A.&lt;/p&gt;</inlineXML>", "<p>A.</p>", "body"),
        (
            "<inlineXML><nitf xmlns='http://iptc.org/std/NITF/2006-10-18/'><body><body.content><p>A.</p></body.content></body></nitf></inlineXML>",
            "<p>A.</p>",
            "body",
        ),
    ],
)
def test_content_in_all_its_wrappings(content: str, raw: str, form: str) -> None:
    (story,) = stories(message(news_item(content=content)))
    assert (story.raw, story.form) == (raw, form)


def test_the_status_of_an_inner_nitf_counts_too() -> None:
    inner = '<inlineXML><nitf><head><docdata management-status="embargoed"/></head><body><body.content><p>A.</p></body.content></body></nitf></inlineXML>'
    assert kinds(message(news_item(content=inner))) == [("embargo", None)]


def test_several_items_are_several_stories_and_pictures_find_theirs() -> None:
    picture = news_item(
        "urn:cw:p",
        content='<remoteContent href="https://cw.example/s.jpg" width="90"/><remoteContent href="https://cw.example/l.jpg" width="900"/>',
        data="<creditline>Ben Ito</creditline><headline>Quay</headline><description role='drol:caption'>The quay at dawn</description>",
        kind="picture",
    )
    linked = news_item(meta='<pubStatus qcode="stat:usable"/><link rel="irel:seeAlso" residref="urn:cw:p"/>')
    one, two = stories(message(linked, news_item("urn:cw:2"), picture))
    assert (one.id, two.id) == ("urn:cw:1", "urn:cw:2")
    assert one.fields.pictures == (Picture("https://cw.example/l.jpg", "The quay at dawn", "Ben Ito"),)
    assert two.fields.pictures == ()
    # A picture that may not be used stands beside no story; its kill is told under its own name.
    killed = picture.replace("stat:usable", "stat:canceled")
    story, kill = stories(message(linked, killed))
    assert story.fields.pictures == ()
    assert (kill.id, [signal.kind for signal in kill.signals]) == ("urn:cw:p", ["withdrawn"])


def test_what_stops_a_package_or_a_message_stops_its_items() -> None:
    package = (
        f'<packageItem {NAMESPACE} guid="urn:cw:pack" version="1"><itemMeta><itemClass qcode="ninat:composite"/>'
        '<pubStatus qcode="stat:usable"/><embargoed>2026-03-06T00:01:00Z</embargoed></itemMeta><groupSet><group>'
        '<itemRef residref="urn:cw:1"/></group></groupSet></packageItem>'
    )
    one, two = stories(message(news_item(), news_item("urn:cw:2"), package))
    assert [(signal.kind, signal.until) for signal in one.signals] == [
        ("embargo", "2026-03-06T00:01:00+00:00")
    ]
    assert two.signals == ()
    assert kinds(message(news_item(), header='<signal qcode="sig:kill"/>')) == [("withdrawn", None)]


def test_the_kill_of_a_later_version_comes_last() -> None:
    kill = news_item(meta='<pubStatus qcode="stat:canceled"/>', version="10", content="")
    first, second = stories(message(kill, news_item(version="9")))
    assert [signal.kind for signal in first.signals] == []
    assert [signal.kind for signal in second.signals] == ["withdrawn"]


def test_one_broken_item_never_takes_the_others_along() -> None:
    broken = news_item("urn:cw:2", meta='<pubStatus qcode="stat:canceled"/>').replace(
        "<p>It is <b>late</b>.</p>", "<p>It is <b>late.</p>"
    )
    items: tuple[Item, ...] = read_wire(message(news_item(), "\n\n" + broken, news_item("urn:cw:3")), "m.xml")
    assert [item.raw.id if item.raw else None for item in items] == ["urn:cw:1", None, "urn:cw:3"]
    problem = items[1].problem or ""
    assert items[1].place == "m.xml, item 2"
    assert "not well-formed XML in line 3" in problem
    assert (
        "It says “canceled”: look whether a story must be taken back or held. Ask its sender for it again"
        in problem
    )


def test_a_text_that_is_elsewhere_is_told() -> None:
    (item,) = read_wire(
        message(news_item(content='<remoteContent href="https://cw.example/1.xml"/>')), "m.xml"
    )
    assert item.raw is None
    assert (
        item.problem
        == "its text is not in the message but at https://cw.example/1.xml; fetch it and give it to cleancopy"
    )


@pytest.mark.parametrize(
    "content",
    [
        "<newsMessage>" + "<newsItem guid='a'><p>" * 20_000 + "</newsMessage>",
        "<newsMessage>" + "<newsItem>" * 20_000,
        "<newsMessage>" + "<newsItem guid='a'></newsItem>" * 20_000 + "<x></newsMessage>",
        "<nitf>" + "<p>" * 5_000,
    ],
)
def test_a_hostile_message_ends_in_time(content: str) -> None:
    started = time.process_time()
    with pytest.raises(BrokenWire, match="not well-formed XML"):
        read_wire(content)
    assert time.process_time() - started < 5
