"""NewsML-G2 2.35: IPTC's envelope for news. A message with the story as one item, and each of its pictures as one beside it.

https://iptc.org/std/NewsML-G2/guidelines/. Codes are IPTC's NewsCodes, by the aliases of its own catalog: ``stat``, ``sig``, ``ninat``, ``irel``.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import quote

from lxml import etree

from cleaners.model import Cleaned
from cleaners.read.wire.newsml_g2 import SECTION
from cleaners.write.edition import Edition
from cleaners.write.item import Item, ItemPicture, item_of
from cleaners.write.moments import rfc3339, truncated
from cleaners.write.safe_text import picture_type
from cleaners.write.xml_tree import add, add_each, document

_G2 = "http://iptc.org/std/nar/2006-10-01/"
_XHTML = "http://www.w3.org/1999/xhtml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_CATALOG = "http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_40.xml"
CORRECTION = "urn:x-cleancopy:role:correction"


class NoMoment(ValueError):
    """NewsML-G2 wants to know when a version was made, and nothing says it."""


def newsml_g2(cleaned: Cleaned | None, edition: Edition) -> str:
    """The edition as a ``<newsMessage>``; what is not known is left out. A canceled one needs no story.

    Raises NoMoment for an edition without ``made``.
    """
    if edition.made is None:
        raise NoMoment(
            "NewsML-G2 needs the moment at which this version was made, and the story names none with its time and zone"
        )
    made = rfc3339(edition.made)
    item = item_of(cleaned, edition)
    root = etree.Element(f"{{{_G2}}}newsMessage", nsmap=_default(_G2))
    add(add(root, "header"), "sent", made)
    items = add(root, "itemSet")
    _text_item(items, item, made)
    for picture in item.pictures:
        _picture_item(items, item, picture, made)
    return document(root)


def _default(namespace: str) -> Any:
    """The namespace of elements without a prefix; lxml's stubs know none such."""
    return {None: namespace}


def _news_item(items: Any, item: Item, guid: str) -> Any:
    return add(
        items,
        "newsItem",
        attributes={
            "standard": "NewsML-G2",
            "standardversion": "2.35",
            "conformance": "power",
            "guid": guid,
            "version": str(item.edition.number),
            _LANG: item.language,
        },
    )


def _text_item(items: Any, item: Item, made: str) -> None:
    news = _news_item(items, item, item.edition.uri)
    add(news, "catalogRef", attributes={"href": _CATALOG})
    if item.rights:
        add(add(news, "rightsInfo"), "copyrightNotice", item.rights)
    _item_meta(news, item, made)
    if item.edition.status == "canceled":
        return
    _content_meta(news, item)
    _content(news, item)


def _item_meta(news: Any, item: Item, made: str) -> None:
    edition = item.edition
    meta = _management(news, item, "ninat:text", made)
    if item.section:
        # An editorial service has a URI; a section's is its name.
        add(add(meta, "service", attributes={"uri": SECTION + quote(item.section)}), "name", item.section)
    add_each(meta, "title", (item.headline,))
    add_each(meta, "edNote", item.ednotes)
    if item.updates and edition.status != "canceled":
        add(meta, "signal", attributes={"qcode": "sig:correction" if item.corrects else "sig:update"})
    if edition.previous is not None:
        previous = {"rel": "irel:previousVersion", "residref": edition.uri, "version": str(edition.previous)}
        add(meta, "link", attributes=previous)
    for picture in item.pictures:
        add(meta, "link", attributes={"rel": "irel:seeAlso", "residref": picture.uri})


def _management(news: Any, item: Item, kind: str, made: str) -> Any:
    edition = item.edition
    meta = add(news, "itemMeta")
    add(meta, "itemClass", attributes={"qcode": kind})
    add(add(meta, "provider"), "name", item.provider or "cleancopy")
    add(meta, "versionCreated", made)
    if edition.embargo is not None:
        add(meta, "embargoed", rfc3339(edition.embargo))
    add(meta, "pubStatus", attributes={"qcode": "stat:" + edition.status})
    return meta


def _content_meta(news: Any, item: Item) -> None:
    meta = add(news, "contentMeta")
    add_each(meta, "contentCreated", (truncated(item.published),))
    add_each(meta, "contentModified", (truncated(item.updated),))
    for name in item.authors:
        add(add(meta, "creator"), "name", name)
    add_each(meta, "altId", (item.key, item.url))
    if item.language:
        add(meta, "language", attributes={"tag": item.language})
    add_each(meta, "keyword", item.tags)
    add_each(meta, "headline", (item.headline,))
    add_each(meta, "by", (item.byline or ", ".join(item.authors),))
    add_each(meta, "creditline", (item.agency,))
    _lines(meta, "description", item.standfirst)
    for one in item.corrections:
        add(meta, "description", one, {"roleuri": CORRECTION})


def _lines(parent: Any, tag: str, lines: tuple[str, ...]) -> None:
    """One element whose lines are set apart by ``<br/>``."""
    if not lines:
        return
    block = add(parent, tag, lines[0])
    for line in lines[1:]:
        add(block, "br").tail = line


def _content(news: Any, item: Item) -> None:
    inline = add(
        add(news, "contentSet"),
        "inlineXML",
        attributes={
            "contenttype": "application/xhtml+xml",
            "charcount": str(len(item.text)),
            "wordcount": str(len(item.text.split())),
        },
    )
    page = etree.SubElement(inline, f"{{{_XHTML}}}html", nsmap=_default(_XHTML))
    add(add(page, "head"), "title", item.headline or "")
    body = deepcopy(item.body)
    for element in body.iter():
        element.tag = f"{{{_XHTML}}}{element.tag}"
    page.append(body)
    body.tail = None


def _picture_item(items: Any, item: Item, picture: ItemPicture, made: str) -> None:
    news = _news_item(items, item, picture.uri)
    add(news, "catalogRef", attributes={"href": _CATALOG})
    _management(news, item, "ninat:picture", made)
    meta = add(news, "contentMeta")
    add_each(meta, "creditline", (picture.credit,))
    add_each(meta, "description", (picture.caption,))
    if picture.url:
        where = {"href": picture.url, "contenttype": picture_type(picture.url)}
        add(add(news, "contentSet"), "remoteContent", attributes=where)
