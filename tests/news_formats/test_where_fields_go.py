"""Where each field of a story goes in each format that is published: the README's table, looked up in what is really written.

``where_fields_go.md`` is that table. A cell names keys of JSON and front matter, elements and attributes of XML, or ``itemprop`` and
elements of HTML; "–" says that the format does not have the field, and then its value must be nowhere in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from invented_news import CORRECTION, NOON, whole_story  # type: ignore[import-not-found]
from lxml import etree
from lxml import html as lxml_html

from cleaners.model import Cleaned
from cleaners.write import html, markdown, record, text
from flows.destinations import Publication, open_destination
from flows.destinations.formats import FORMATS
from flows.settings import FeedDestination

TABLE = Path(__file__).with_name("where_fields_go.md").read_text("utf-8")
README = Path(__file__).parents[2] / "README.md"
BODY = "Swans that are carried"
VALUES: dict[str, tuple[tuple[str, ...], ...]] = {
    # Each value in all the ways in which formats write it: one of them must be there.
    "story": (("cms:swan-7", "swan-7"),),
    "edition": (("3", "edition 3"),),
    "edition made": (("2026-03-07T12:00:00Z", "20260307T120000+0000", "Sat, 07 Mar 2026 12:00:00 GMT"),),
    "headline": (("Swan & warden agree on a <fair> toll",),),
    "standfirst": (("The bird walks again from Monday",), ("Two ducks have appealed",)),
    "section": (("Region",),),
    "byline": (("By Ilse Marrow and Ben Ito, Coastwire",),),
    "authors": (("Ilse Marrow",), ("Ben Ito",)),
    "agency": (("Coastwire",),),
    "published": (
        (
            *("2026-03-05T09:00:00+01:00", "20260305T090000+0100", "Thu, 05 Mar 2026 08:00:00 GMT"),
            "2026-03-05T08:00:00Z",
        ),
    ),
    "updated": (("2026-03-06", "20260306"),),
    "language": (("en-GB",),),
    "tags": (("swans",), ("tolls",)),
    "page's address": (("https://halvik.example/swan",),),
    "rights": (("© 2026 Halvik Week. All rights reserved.",),),
    "picture: address": (("https://halvik.example/swan.jpg",),),
    "picture: caption": (("The swan on the bridge",),),
    "picture: credit": (("Ben Ito/Coastwire",), ("Ana Duarte",)),
    "picture: alt": (("A swan & a bridge",),),
    "body": ((BODY,),),
    "corrections for readers": ((CORRECTION,),),
    "notes for editors": (("(Adds quote)",),),
    "status": (("usable", "publish", "stat:usable"),),
}
NOT_PROVEN_ABSENT = {"edition"}
"""A "3" stands in many places."""


def rows() -> Iterator[tuple[str, str, str]]:
    """Field, format and cell."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines()]
    formats = lines[0][1:]
    for field, *cells in lines[2:]:
        assert len(cells) == len(formats), field
        yield from ((field, format, cell) for format, cell in zip(formats, cells, strict=True))


def story() -> Cleaned:
    whole = whole_story()
    swan, warden = whole.copy.fields.pictures
    pictures = (replace(swan, url="https://halvik.example/swan.jpg"), warden)
    fields = replace(whole.copy.fields, pictures=pictures)
    told = replace(whole.copy, fields=fields)
    return replace(whole, source=told, copy=told)


def published(cleaned: Cleaned) -> Publication:
    rendered = {"html": html(cleaned), "markdown": markdown(cleaned), "text": text(cleaned)}
    return Publication(
        "cms:swan-7", "publish", 3, 2, "ledger-1", "key", record(cleaned), rendered, NOON, previous=2
    )


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What each format makes of the story, by its name in the table."""
    act = published(story())
    names = {"nitf": "NITF", "newsml-g2": "NewsML-G2", "json-ld": "JSON-LD"}
    found = {names.get(name, name): form.write(act).decode() for name, form in FORMATS.items()}
    where = tmp_path_factory.mktemp("feed")
    feed = FeedDestination(
        kind="feed", name="feed", path="feed", url="https://a.example/f", home="https://a.example/", title="T"
    )
    with open_destination(feed, where) as publisher:
        assert not any(isinstance(answer, Exception) for answer in publisher([act]))
    found["RSS"] = (where / "feed" / "rss.xml").read_text("utf-8")
    found["JSON Feed"] = (where / "feed" / "feed.json").read_text("utf-8")
    return found


def test_the_table_has_every_format_and_every_field() -> None:
    assert {format for _, format, _ in rows()} == {
        *("json", "ninjs", "NITF", "NewsML-G2", "JSON-LD", "html", "markdown", "text", "RSS", "JSON Feed")
    }
    assert len(FORMATS) == 8, "a new format needs its column"
    assert list(dict.fromkeys(field for field, _, _ in rows())) == list(VALUES)


@pytest.mark.parametrize(("field", "format", "cell"), list(rows()))
def test_a_field_goes_where_the_table_says(
    documents: Mapping[str, str], field: str, format: str, cell: str
) -> None:
    document = documents[format]
    if cell == "–":
        said = [one for ways in VALUES[field] for one in ways]
        if field not in NOT_PROVEN_ABSENT:
            everywhere = " ".join(everything(document))
            assert not [one for one in said if one in everywhere], "it is there: say where"
        return
    places = re.findall(r"`([^`]+)`", cell) + (["body"] if "body" in cell.replace("`", " ").split() else [])
    assert places, cell
    spots = {place: list(under(document, place)) for place in places}
    assert all(spots.values()), f"no such place: {[place for place, found in spots.items() if not found]}"
    together = "\n".join(words for found in spots.values() for words in found)
    ways_of = VALUES[field]
    if field == "story":
        uri = re.search(r"urn:uuid:[0-9a-f-]{36}", together)
        ways_of = ((uri[0] if uri else "swan-7",),)
    for ways in ways_of:
        assert any(one in together for one in ways), f"none of {ways} in {together[:300]}"


def test_the_credit_of_a_picture_that_a_cms_body_shows_no_more_stands_in_the_footer() -> None:
    """The line was lifted out of the body: there it is gone, but in its field."""
    whole = story()
    act = published(whole)
    picture = {"url": None, "caption": "The old mole", "credit": "Mira Oss/Coastwire", "alt": None}
    act = replace(
        act,
        record={**act.record, "source": {"form": "body"}, "pictures": [picture]},
        rendered={**act.rendered, "html": "<p>The mole is old.</p>"},
    )
    tree = lxml_html.document_fromstring(FORMATS["html"].write(act).decode())
    [footer] = tree.iter("footer")
    assert "Mira Oss/Coastwire" in footer.text_content()
    again = replace(
        act, rendered={**act.rendered, "html": "<figure>The old mole Mira Oss/Coastwire</figure>"}
    )
    assert FORMATS["html"].write(again).decode().count("Mira Oss") == 1


def test_front_matter_is_yaml_whatever_the_story_says() -> None:
    act = published(story())
    nasty = "\x7f\x85\u2028\ufeff\ud83d 👩‍👩 : - # ' \" \\ {x} --- \t&amp;"
    act = replace(act, record={**act.record, "headline": nasty, "tags": [nasty, "no", "10:45"]})
    content = FORMATS["markdown"].write(act).decode()
    found = yaml.safe_load(content.split("---\n")[1])
    assert found["tags"][1:] == ["no", "10:45"]
    assert found["title"] == nasty
    assert found["edition"] == 3


def test_the_readme_has_this_table() -> None:
    assert TABLE in README.read_text("utf-8")


def everything(document: str) -> Iterator[str]:
    kind, tree = parsed(document)
    if kind == "json":
        yield from strings(tree)
    elif kind == "front matter":
        yield from strings(tree[0])
        yield tree[1]
    elif kind == "text":
        yield document
    else:
        for element in tree.iter():
            if isinstance(element.tag, str):
                yield from (element.text or "", element.tail or "", *element.attrib.values())


def under(document: str, place: str) -> Iterator[str]:
    """All the words that stand under a name."""
    kind, tree = parsed(document)
    if kind == "json":
        yield from (" ".join(strings(value)) for value in named(tree, place))
    elif kind == "front matter":
        if place == "body":
            yield tree[1]
        yield from (" ".join(strings(value)) for value in named(tree[0], place))
    elif kind == "text":
        yield document
    else:
        name = place.rpartition(":")[2]
        for element in tree.iter():
            if not isinstance(element.tag, str):
                continue
            if etree.QName(element).localname == name or element.get("itemprop") == name:
                yield "\n".join(("".join(element.itertext()), *attributes_in(element)))
            yield from (value for key, value in element.attrib.items() if etree.QName(key).localname == name)


def attributes_in(element: Any) -> Iterator[str]:
    return (value for one in element.iter() for value in one.attrib.values())


@cache
def parsed(document: str) -> tuple[str, Any]:
    if document.startswith("{"):
        return "json", json.loads(document)
    if document.startswith("---\n"):
        head, _, body = document.removeprefix("---\n").partition("---\n")
        return "front matter", (yaml.safe_load(head), body)
    if document.startswith("<?xml"):
        return "xml", etree.fromstring(document.encode())
    if document.startswith("<article"):
        return "html", lxml_html.fragment_fromstring(document)
    return "text", document


def named(value: Any, name: str) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (one for key, one in value.items() if key == name)
        for one in value.values():
            yield from named(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from named(one, name)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif value is not None:
        yield str(value)
