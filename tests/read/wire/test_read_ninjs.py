"""ninjs 1 to 3, the dialects of it, and JSON that is none. Their fields and bodies: ``golden/ninjs-1.yaml`` and its neighbours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cleaners.model import Story
from cleaners.read import read
from cleaners.read.wire import BrokenWire, is_ninjs, read_ninjs, read_wire
from flows.sources.records import BrokenRecord, items_in

HTML = '<p>The ferry will sail again on <a href="https://x.example/?a=1&amp;b=2">Monday</a>.</p>\n<p>R&amp;D is done.</p>'

ONE: dict[str, Any] = {
    "uri": "urn:cw:1",
    "type": "text",
    "version": "3",
    "firstcreated": "2026-03-05T10:00:00Z",
    "versioncreated": "2026-03-05T12:00:00Z",
    "pubstatus": "usable",
    "urgency": 4,
    "language": "en",
    "headline": "Ferry to sail &amp; return",
    "description_text": "Nine years on, the quay is ready.",
    "byline": "Ana Duarte",
    "copyrightholder": "Coastwire",
    "service": [{"code": "w", "name": "World"}],
    "subject": [{"name": "shipping"}, {"name": "shipping"}],
    "body_html": HTML,
    "body_text": "The ferry will sail again on Monday.",
    "associations": {
        "main": {
            "type": "picture",
            "description_text": "<p>The quay at dawn</p>",
            "byline": "Ben Ito",
            "renditions": {
                "s": {"href": "https://x.example/s.jpg", "width": 90},
                "l": {"href": "https://x.example/l.jpg", "width": 900},
            },
        }
    },
}
TWO: dict[str, Any] = {
    "uri": "urn:cw:1",
    "pubStatus": "usable",
    "headlines": [{"role": "short", "value": "Ferry"}, {"role": "main", "value": "Ferry to sail & return"}],
    "by": "Ana Duarte",
    "bodies": [
        {"role": "nitf", "contentType": "application/xml", "value": "<nitf><body/></nitf>"},
        {"role": "text", "contentType": "text/plain", "value": "The ferry will sail again on Monday."},
        {"role": "html", "contentType": "text/html", "value": HTML},
    ],
    "associations": [
        {
            "name": "a",
            "uri": "urn:cw:p",
            "type": "picture",
            "by": "Ben Ito",
            "descriptions": [{"value": "The quay at dawn"}],
            "renditions": [{"href": "https://x.example/l.jpg", "width": 900}],
        }
    ],
}


def story(item: dict[str, Any]) -> Story:
    (found,) = read_wire(json.dumps(item), "f.json")
    assert found.raw is not None, found.problem
    return read(found.raw)


def kinds(item: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(signal.kind, signal.until) for signal in story(item).signals if signal.kind != "note"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"pubstatus": "canceled"}, [("withdrawn", None)]),
        ({"pubstatus": "http://cv.iptc.org/newscodes/pubstatusg2/canceled"}, [("withdrawn", None)]),
        ({"pubStatus": "withheld"}, [("hold", None)]),
        ({"pubStatus": "pending"}, [("hold", None)]),
        ({"pubstatus": 3}, [("hold", None)]),
        ({"pubstatus": None}, []),
        ({"embargoed": "2026-03-06T00:01:00+01:00"}, [("embargo", "2026-03-06T00:01:00+01:00")]),
        # ninjs 3
        ({"embargoedUntil": "2026-03-06T00:01:00+01:00"}, [("embargo", "2026-03-06T00:01:00+01:00")]),
        ({"embargoed": "2026-03-06T00:01:00"}, [("embargo", "2026-03-06T00:01:00")]),
        ({"embargoed": "after the vote"}, [("embargo", None)]),
        ({"embargoed": True}, [("embargo", None)]),
        ({"embargoed": 1772755260}, [("embargo", None)]),
        ({"embargoed": False}, []),
        ({"embargoed": ""}, []),
        ({"urgency": "b"}, [("hold", None)]),
        ({"priority": 6}, []),
        ({"edNote": "KILL KILL KILL"}, [("kill", None)]),
        ({"ednote": "<p>Eds: two boats.</p><p>HOLD FOR LAWYERS</p>"}, [("hold", None)]),
        ({"signals": [{"uri": "http://cv.iptc.org/newscodes/signal/correction"}]}, [("correction", None)]),
        ({"signal": "sig:wait"}, [("hold", None)]),
        ({"expires": "2026-03-01T00:00:00Z"}, [("hold", None)]),
        ({"expires": "2026-04-01T00:00:00Z"}, []),
    ],
)
@pytest.mark.parametrize("base", [ONE, TWO], ids=["1", "2"])
def test_the_status_fields(
    base: dict[str, Any], said: dict[str, Any], expected: list[tuple[str, str | None]]
) -> None:
    item = {key: value for key, value in base.items() if key.casefold() != "pubstatus"}
    # Item 2 has no date, and so does not know that it has expired.
    if base is TWO and "expires" in said:
        expected = []
    assert kinds(item | said) == expected


def test_a_kill_without_a_body_is_a_kill() -> None:
    found = story({"uri": "urn:cw:1", "pubstatus": "canceled"})
    assert (found.id, found.blocks, [signal.kind for signal in found.signals]) == (
        "urn:cw:1",
        (),
        ["withdrawn"],
    )


def test_an_item_with_a_description_alone_waits_for_a_person() -> None:
    found = story({"uri": "urn:cw:1", "pubstatus": "usable", "description_text": "A ferry."})
    assert found.text == "A ferry."
    assert [signal.kind for signal in found.signals] == ["hold"]


def test_a_picture_that_may_not_be_used_holds_the_story_beside_it() -> None:
    picture = ONE["associations"]["main"] | {"pubstatus": "canceled", "uri": "urn:cw:p"}
    found = story(ONE | {"associations": {"main": picture}})
    assert found.fields.pictures == ()
    assert [signal.text for signal in found.signals] == [
        "HOLD HOLD HOLD: urn:cw:p, a picture beside the story, may not be used (STORY WITHDRAWN: pubstatus canceled)"
    ]


def test_the_parts_of_a_composite_are_stories_and_stop_with_it() -> None:
    composite = {
        "uri": "urn:cw:c",
        "type": "composite",
        "embargoed": "2026-03-06T00:01:00Z",
        "associations": {
            "one": ONE,
            "two": ONE | {"uri": "urn:cw:2", "pubstatus": "canceled"},
            "p": {"type": "picture"},
        },
    }
    one, two = (item.raw for item in read_ninjs(composite, "f.json"))
    assert one is not None
    assert two is not None
    assert [signal.kind for signal in read(one).signals] == ["embargo"]
    assert [signal.kind for signal in read(two).signals] == ["embargo", "withdrawn"]


def test_several_items_in_an_envelope_broken_ones_told() -> None:
    several = {
        "items": [
            ONE,
            {"uri": "urn:cw:2", "pubstatus": "usable"},
            "no item",
            ONE | {"uri": "urn:cw:3", "type": "picture", "body_html": "", "body_text": ""},
        ]
    }
    items = read_ninjs(several, "f.json")
    assert [(item.place, item.raw is not None) for item in items] == [
        ("f.json, item 1, urn:cw:1", True),
        ("f.json, item 2, urn:cw:2", False),
        ("f.json, item 3", False),
    ]
    assert items[1].problem == "the item has no text; ask its sender for the whole item, or leave it out"


def test_versions_of_one_story_come_in_their_order() -> None:
    kill = {"uri": "urn:cw:1", "version": "10", "pubstatus": "canceled"}
    items = read_ninjs([kill, ONE | {"uri": "urn:cw:9"}, ONE | {"version": "9"}], "f.json")
    assert [(item.raw.id, item.version) for item in items if item.raw] == [
        ("urn:cw:1", "9"),
        ("urn:cw:9", "3"),
        ("urn:cw:1", "10"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"id": "1", "text": "Ferry."},
        {"id": "1", "uri": "urn:x:1", "body": "<p>Ferry.</p>", "urgency": 1},
        {"id": "1", "lines": ["Ferry."]},
        {"uri": "urn:x:1", "headline": "Ferry"},
        [],
        ["uri"],
        "uri",
        None,
    ],
)
def test_other_json_is_no_ninjs(value: object) -> None:
    assert not is_ninjs(value)


def test_a_record_may_be_ninjs_and_a_status_that_stands_twice_is_refused() -> None:
    (item,) = items_in(json.dumps(ONE), "f.jsonl:3")
    assert item.place == "f.jsonl:3, urn:cw:1"
    twice = (
        '{"uri": "urn:cw:1", "pubstatus": "canceled", "pubStatus": "usable", "body_html": "<p>Ferry.</p>"}'
    )
    with pytest.raises(BrokenWire, match='"pubstatus" stands twice'):
        read_wire(twice)
    with pytest.raises(BrokenRecord, match='"pubstatus" stands twice'):
        items_in(twice.replace("pubStatus", "pubstatus"), "f.jsonl:3")


@pytest.mark.shared
def test_the_examples_of_iptc(shared: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    folder = shared / "data" / "iptc"
    schema = json.loads((folder / "ninjs-schema_3.1.json").read_text())
    read_of = {}
    for path in sorted((folder / "ninjs-examples").glob("*.json")):
        jsonschema.Draft201909Validator.check_schema(schema)
        value = json.loads(path.read_text())
        assert isinstance(value["uri"], str)
        (item,) = read_wire(path.read_bytes(), path.name)
        assert item.raw is not None, item.problem
        found = read(item.raw)
        read_of[path.name] = (
            len(found.blocks),
            bool(found.fields.headline),
            [one.kind for one in found.signals if one.kind != "note"],
        )
        # The body is the sender's, byte for byte.
        assert found.raw in {body["value"] for body in value.get("bodies", ())} or found.raw.strip() in {
            one["value"].strip() for one in value.get("descriptions", ())
        }
    assert read_of == {
        "dpa_text.json": (9, True, []),
        "ninjsExSimpleText_3.json": (4, True, []),
        "ntb_text.json": (1, True, ["hold"]),
        "tt_text_image_3.json": (8, True, []),
    }


@pytest.mark.shared
@pytest.mark.parametrize("version", ["1.3", "2.1", "3.1"])
def test_our_own_examples_follow_the_schemas(shared: Path, version: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((shared / "data" / "iptc" / f"ninjs-schema_{version}.json").read_text())
    status = {"1.3": "pubstatus", "2.1": "pubstatus", "3.1": "pubStatus"}[version]
    item = {"uri": "urn:cw:1", status: "canceled"}
    errors = [
        error.message for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(item)
    ]
    assert [error for error in errors if "standard" not in error] == []
    assert kinds(item) == [("withdrawn", None)]


def test_what_ninjs_3_has_no_field_for_is_read_by_its_role() -> None:
    """A section, a page's address, an alternative text and a correction, as cleancopy itself writes them."""
    item = TWO | {
        "contentCreated": "2026-03-05T09:00:00Z",
        "versionCreated": "2026-03-07T12:00:00Z",
        "subjects": [{"name": "World", "rel": "section"}, {"name": "shipping", "rel": "about"}],
        "renditions": [{"name": "web", "href": "https://x.example/ferry", "contentType": "text/html"}],
        "descriptions": [
            {"role": "correction", "value": "Correction: it was nine."},
            {"role": "summary", "value": "First deck\nSecond deck"},
        ],
        "associations": [
            TWO["associations"][0]
            | {"descriptions": [{"role": "alt", "value": "A quay"}, {"role": "caption", "value": "The quay"}]}
        ],
    }
    read_back = story(item)
    fields = read_back.fields
    assert (fields.section, fields.tags) == ("World", ("shipping",))
    assert fields.standfirst == "First deck\nSecond deck"
    assert (fields.published, fields.updated) == ("2026-03-05T09:00:00Z", "2026-03-07T12:00:00Z")
    assert read_back.url == "https://x.example/ferry"
    assert [(one.caption, one.alt) for one in fields.pictures] == [("The quay", "A quay")]
