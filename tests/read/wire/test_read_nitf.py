"""NITF as agencies send it: with and without what the textbook asks for. A kill is never missed, an embargo never early."""

from __future__ import annotations

import pytest

from cleaners.apply import cut_raw
from cleaners.model import Picture, Removal, Signal, Story
from cleaners.read import read
from cleaners.read.wire import BrokenWire, Item, guess_wire, read_wire

BODY = """
<body><body.head><hedline><hl1>Ferry to sail again from Harbourton</hl1><hl2>Nine years on, the quay is ready</hl2></hedline>
<note noteclass="editorsnote"><body.content><p>Eds: adds quotes from harbour master</p></body.content></note>
<byline>By <person>Ana Duarte</person> <byttl>Harbour correspondent</byttl></byline><distributor>Coastwire</distributor>
<dateline><location>HARBOURTON</location>, <story.date norm="20260305T120000Z">March 5</story.date></dateline></body.head>
<body.content><block><p>The ferry will sail again on Monday, the <org>Port of Harbourton</org> told <em>Coastwire</em> in a letter.</p>
<hl2>The quay</hl2><p>&#8220;We are ready,&#8221; the harbour master said; tickets cost &lt; 9 crowns &amp; no more.</p>
<media media-type="image"><media-reference source="quay-small.jpg" width="90"/><media-reference source="quay.jpg" width="900" alternate-text="A quay"/>
<media-caption>The quay at dawn</media-caption><media-producer>Ben Ito</media-producer></media>
<ul><li>First sailing: Monday</li></ul><bq><block><p>It will come.</p></block><credit>A sailor</credit></bq>
<table><tr><td>Adults</td><td>9</td></tr></table></block></body.content><body.end><tagline>Reporting by Ana Duarte</tagline></body.end></body>"""

DOCDATA = """<docdata management-status="usable"><doc-id id-string="cw-77" regsrc="coastwire"/><urgency ed-urg="4"/>
<date.issue norm="20260305T120000Z"/><date.release norm="20260305T120010Z"/><du-key key="ferry" generation="1" part="1" version="3"/>
<doc.copyright year="2026" holder="Coastwire"/><key-list><keyword key="shipping"/></key-list></docdata>"""


def nitf(docdata: str = DOCDATA, body: str = BODY, meta: str = "") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<nitf xml:lang="en"><head><title>ferry</title>{meta}{docdata}</head>{body}</nitf>'


def only(content: str | bytes) -> Item:
    (item,) = read_wire(content, "ferry.xml")
    return item


def story(content: str | bytes) -> Story:
    item = only(content)
    assert item.raw is not None, item.problem
    return read(item.raw)


def kinds(content: str | bytes) -> list[tuple[str, str | None]]:
    return [(signal.kind, signal.until) for signal in story(content).signals if signal.kind != "note"]


def test_a_story_with_all_that_the_textbook_knows() -> None:
    assert guess_wire(nitf()) == "nitf"
    item = only(nitf())
    assert (item.place, item.version) == ("ferry.xml, cw-77", "1.3")
    found = story(nitf())
    fields = found.fields
    assert (found.id, found.form, found.language) == ("cw-77", "body", "en")
    assert (fields.headline, fields.standfirst) == (
        "Ferry to sail again from Harbourton",
        "Nine years on, the quay is ready",
    )
    assert (fields.byline, fields.agency, fields.rights) == ("By Ana Duarte", "Coastwire", "© 2026 Coastwire")
    assert (fields.published, fields.tags) == ("2026-03-05T12:00:00+00:00", ("shipping",))
    assert fields.pictures == (Picture("quay.jpg", "The quay at dawn", "Ben Ito", "A quay"),)
    assert fields.ednote == "Eds: adds quotes from harbour master"
    assert [(block.kind, block.text) for block in found.blocks] == [
        ("paragraph", "HARBOURTON"),
        (
            "paragraph",
            "The ferry will sail again on Monday, the Port of Harbourton told Coastwire in a letter.",
        ),
        ("heading", "The quay"),
        ("paragraph", "“We are ready,” the harbour master said; tickets cost < 9 crowns & no more."),
        ("caption", "The quay at dawn"),
        ("item", "First sailing: Monday"),
        ("quote", "It will come."),
        ("quote", "A sailor"),
        ("row", "Adults | 9"),
        ("paragraph", "Reporting by Ana Duarte"),
    ]
    assert not [signal for signal in found.signals if signal.kind not in ("note", "update")]


def test_one_removal_leaves_everything_else_of_the_body_as_it_is() -> None:
    found = story(nitf())
    quay = found.blocks[2]
    cut = cut_raw(found, [Removal(2, 0, len(quay.text), quay.text, "remove", None, ("t/t",), "test")])
    assert cut == found.raw.replace("<h2>The quay</h2>", "")


@pytest.mark.parametrize(
    ("docdata", "expected"),
    [
        ('<docdata management-status="canceled"/>', [("withdrawn", None)]),
        ('<docdata management-status="withheld"/>', [("hold", None)]),
        ('<docdata management-status="in-clearance"/>', [("hold", None)]),
        ('<docdata management-status=""/>', []),
        (
            '<docdata management-status="embargoed"><date.release norm="20260306T000100Z"/></docdata>',
            [("embargo", "2026-03-06T00:01:00+00:00")],
        ),
        # Without a zone the time is as it was written, and still an embargo.
        (
            '<docdata management-status="embargoed"><date.release norm="20260306T000100"/></docdata>',
            [("embargo", "2026-03-06T00:01:00")],
        ),
        ('<docdata management-status="embargoed"/>', [("embargo", None)]),
        ('<docdata management-status="embargoed"><date.release norm="soon"/></docdata>', [("embargo", None)]),
        # Usable, but not to be released yet.
        (
            '<docdata><date.issue norm="20260305T120000Z"/><date.release norm="20260306T060000+0100"/></docdata>',
            [("embargo", "2026-03-06T06:00:00+01:00")],
        ),
        (
            '<docdata><date.issue norm="20260305T120000Z"/><date.release norm="20260306T060000"/></docdata>',
            [("embargo", "2026-03-06T06:00:00")],
        ),
        ('<docdata><date.issue norm="20260305"/><date.release norm="20260305"/></docdata>', []),
        ('<docdata><date.expire norm="20260401T000000Z"/></docdata>', []),
        ('<docdata><date.expire norm="in spring"/></docdata>', [("hold", None)]),
        (
            '<docdata><date.issue norm="20260305T120000Z"/><date.expire norm="20260304T120000Z"/></docdata>',
            [("hold", None)],
        ),
        ('<docdata><urgency ed-urg="b"/></docdata>', [("hold", None)]),
        ('<docdata><ed-msg info="KILL KILL KILL"/></docdata>', [("kill", None)]),
        ('<docdata><ed-msg msg-type="kill" info="wrong ferry"/></docdata>', [("withdrawn", None)]),
        ('<docdata><doc-scope scope="not for use in Harbourton"/></docdata>', [("hold", None)]),
        ('<docdata><du-key key="ferry" part="2"/></docdata>', [("part", None)]),
        ('<docdata><correction info="name of captain"/></docdata>', [("correction", None)]),
    ],
)
def test_the_status_in_docdata(docdata: str, expected: list[tuple[str, str | None]]) -> None:
    plain = "<body><body.head><hedline><hl1>Ferry to sail</hl1></hedline></body.head><body.content><p>It sails.</p></body.content></body>"
    assert kinds(nitf(docdata, plain)) == expected


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        (
            '<meta name="embargoed" content="2026-03-06T00:01:00Z"/>',
            [("embargo", "2026-03-06T00:01:00+00:00")],
        ),
        ('<meta name="embargo" content="no"/>', []),
        ('<meta name="Management-Status" content="embargoed"/>', [("embargo", None)]),
        ('<meta name="pub-status" content="canceled"/>', [("withdrawn", None)]),
        ('<meta name="ed-note" content="HOLD FOR LAWYERS"/>', [("hold", None)]),
        ('<meta name="ap-priority" content="b"/>', [("hold", None)]),
        ('<tobject><tobject.property tobject.property.type="Withdrawal"/></tobject>', [("withdrawn", None)]),
        ('<meta name="generator" content="kill-o-matic"/>', []),
    ],
)
def test_the_status_that_agencies_put_elsewhere(meta: str, expected: list[tuple[str, str | None]]) -> None:
    plain = "<body><body.content><p>It sails.</p></body.content></body>"
    assert kinds(nitf("", plain, meta)) == expected


def test_a_kill_without_a_text_is_a_kill() -> None:
    found = story(
        nitf('<docdata management-status="canceled"><doc-id id-string="cw-77"/></docdata>', "<body/>")
    )
    assert (found.id, found.blocks) == ("cw-77", ())
    assert found.signals == (Signal("withdrawn", "STORY WITHDRAWN: management-status canceled"),)


def test_nothing_at_all_is_told_with_the_next_step() -> None:
    item = only(nitf('<docdata><doc-id id-string="cw-78"/></docdata>', "<body/>"))
    assert (item.place, item.raw) == ("ferry.xml, cw-78", None)
    assert item.problem == "the item has no text; ask its sender for the whole item, or leave it out"


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        # A bare body, escaped HTML, escaped HTML in a paragraph, a text of lines.
        ("<p>One &eacute;clair.</p>", ["One éclair."]),
        ("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;R&amp;amp;D.&lt;/p&gt;", ["One.", "R&D."]),
        ("<![CDATA[<p>One.</p><p>R&amp;D.</p>]]>", ["One.", "R&D."]),
        ("<p>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</p>", ["One.", "Two."]),
        ("One ferry.\nTwo boats.", ["One ferry.", "Two boats."]),
        ("<p>R&D at sea\x0b</p>", ["R&D at sea"]),
        (
            "<x:p xmlns:x='http://www.w3.org/1999/xhtml'>One.</x:p><x:p xmlns:x='urn:y'>Two.</x:p>",
            ["One.", "Two."],
        ),
        ("<p>A <a href='https://x.example/?a=1&amp;b=2'>link</a></p>", ["A link"]),
    ],
)
def test_bodies_as_agencies_write_them(content: str, texts: list[str]) -> None:
    found = story(nitf("", f"<body><body.content>{content}</body.content></body>"))
    assert [block.text for block in found.blocks] == texts


def test_encodings_that_are_declared_wrong() -> None:
    body = "<body><body.content><p>Ferry nach Göteborg fährt.</p></body.content></body>"
    document = nitf("", body)
    for content in (
        document.encode().replace(b"utf-8", b"iso-8859-1"),
        document.encode("cp1252"),
        document.replace("utf-8", "iso-8859-1").encode("cp1252"),
        b"\xef\xbb\xbf" + document.encode(),
        document.replace("utf-8", "utf-16").encode("utf-16"),
        document.replace("utf-8", "utf-16").encode("utf-16-le"),
    ):
        assert story(content).blocks[0].text == "Ferry nach Göteborg fährt."


def test_entities_are_neither_resolved_nor_expanded() -> None:
    bomb = '<!DOCTYPE nitf [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><nitf><body><body.content><p>&b;</p></body.content></body></nitf>'
    with pytest.raises(BrokenWire, match="declares entities of its own"):
        read_wire(bomb)
    outside = '<!DOCTYPE nitf SYSTEM "file:///etc/passwd"><nitf><body><body.content><p>It &x; sails.</p></body.content></body></nitf>'
    assert story(outside).blocks[0].text == "It &x; sails."


def test_broken_xml_is_told_with_line_and_column() -> None:
    with pytest.raises(
        BrokenWire, match=r"not well-formed XML in line 3, column \d+: .*Ask its sender for it again"
    ):
        read_wire(
            '<?xml version="1.0"?>\n<nitf>\n<body><body.content><p>One.</q></body.content></body></nitf>'
        )
    with pytest.raises(BrokenWire, match="its root element is <order>"):
        read_wire("<order><p>No story.</p></order>")
