"""NITF 3.6: IPTC's News Industry Text Format, one story in one XML document. https://iptc.org/std/NITF/3.6/

Without a namespace and without a DOCTYPE, as agencies send it: what reads NITF looks for its names, and no parser goes out to fetch a DTD.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from lxml import etree

from cleaners.model import Cleaned
from cleaners.write.edition import Edition
from cleaners.write.item import Item, ItemPicture, item_of
from cleaners.write.moments import norm, rfc3339
from cleaners.write.safe_text import picture_type
from cleaners.write.xml_tree import add, add_each, document

_AS: dict[str, tuple[str, dict[str, str]]] = {
    **{f"h{level}": ("hl2", {}) for level in range(2, 7)},
    "blockquote": ("bq", {}),
    **dict.fromkeys(("b", "strong"), ("em", {"class": "bold"})),
    **dict.fromkeys(("i", "cite"), ("em", {"class": "italic"})),
    "u": ("em", {"class": "underscore"}),
}
"""Names of HTML and what NITF calls them."""
_FIGURES = {"figure", "figcaption", "img"}
_KEPT = {"p", "ul", "ol", "li", "table", "tr", "th", "td", "em", "q", "sub", "sup", "a", "br", "hl2", "bq"}
_ATTRIBUTES = {"a": {"href", "title"}, "em": {"class"}, "ol": {"seqnum"}, "img": {"src"}}


def nitf(cleaned: Cleaned | None, edition: Edition) -> str:
    """The edition as an ``<nitf>`` document; what is not known is left out. A canceled one needs no story."""
    item = item_of(cleaned, edition)
    root = etree.Element("nitf", {"version": "-//IPTC//DTD NITF 3.6//EN", "uno": edition.uri})
    if item.language:
        root.set("{http://www.w3.org/XML/1998/namespace}lang", item.language)
    _head(root, item)
    body = add(root, "body")
    _body_head(body, item)
    if item.body is not None:
        _body_content(add(body, "body.content"), item)
    return document(root)


def _head(root: Any, item: Item) -> None:
    head = add(root, "head")
    add_each(head, "title", (item.headline,))
    named = [
        ("story", item.key),
        ("canonical", item.url),
        ("provider", item.provider),
        *(("author", name) for name in item.authors),
    ]
    for name, content in named:
        if content:
            add(head, "meta", attributes={"name": name, "content": content})
    add(head, "tobject", attributes={"tobject.type": "news"})
    _docdata(head, item)
    published = norm(item.published)
    if item.section or published or item.site:
        add(
            head,
            "pubdata",
            attributes={
                "name": item.site,
                "position.section": item.section,
                "date.publication": published,
            },
        )
    changed = norm(item.updated)
    if changed:
        add(head, "revision-history", attributes={"norm": changed, "comment": "updated"})
    made = _norm_of(item.edition.made)
    if made:
        number = str(item.edition.number)
        add(head, "revision-history", attributes={"norm": made, "comment": "edition " + number})


def _docdata(head: Any, item: Item) -> None:
    edition = item.edition
    embargoed = edition.status == "withheld" and edition.embargo is not None
    data = add(
        head,
        "docdata",
        attributes={
            "management-status": "embargoed" if embargoed else edition.status,
            "management-doc-idref": edition.uri if item.updates else None,
        },
    )
    for one in item.corrections:
        add(data, "correction", attributes={"info": one, "id-string": edition.uri})
    add(data, "doc-id", attributes={"id-string": edition.uri})
    issued = norm(item.published) or _norm_of(edition.made)
    if issued:
        add(data, "date.issue", attributes={"norm": issued})
    if embargoed:
        add(data, "date.release", attributes={"norm": _norm_of(edition.embargo)})
    for note in item.ednotes:
        add(data, "ed-msg", attributes={"info": note})
    add(data, "du-key", attributes={"version": str(edition.number)})
    if item.tags:
        keys = add(data, "key-list")
        for tag in item.tags:
            add(keys, "keyword", attributes={"key": tag})


def _norm_of(when: Any) -> str | None:
    return norm(rfc3339(when)) if when is not None else None


def _body_head(body: Any, item: Item) -> None:
    head = add(body, "body.head")
    if item.headline:
        add(add(head, "hedline"), "hl1", item.headline)
    add_each(head, "rights", (item.rights,))
    _bylines(head, item)
    add_each(head, "distributor", (item.agency,))
    if item.standfirst:
        add_each(add(head, "abstract"), "p", item.standfirst)


def _bylines(head: Any, item: Item) -> None:
    """The line as it is shown, its people marked in it: ``<byline>By <person>Ilse Marrow</person></byline>``."""
    if item.byline is None:
        for name in item.authors:
            add(add(head, "byline"), "person", name)
        return
    byline = add(head, "byline", item.byline)
    last, rest = None, item.byline
    for name in sorted(item.authors, key=item.byline.find):
        before, found, after = rest.partition(name)
        if not found:
            continue
        if last is None:
            byline.text = before
        else:
            last.tail = before
        last = add(byline, "person", name)
        last.tail = rest = after


def _body_content(content: Any, item: Item) -> None:
    pictures = {picture.url: picture for picture in item.pictures if picture.url}
    shown: set[str] = set()
    tree = deepcopy(item.body)
    _rename(tree)
    for figure in list(tree.iter("figure")):
        picture = _shown_by(figure, pictures) or _told_by(figure, item.pictures)
        figure.getparent().replace(figure, _media(picture, figure))
        if picture is not None:
            shown.add(picture.uri)
    for picture in reversed(item.pictures):
        if picture.uri not in shown:
            tree.insert(0, _media(picture, None))
    content.extend(tree)


def _shown_by(figure: Any, pictures: dict[str, ItemPicture]) -> ItemPicture | None:
    image = next(figure.iter("img"), None)
    return pictures.get(image.get("src")) if image is not None else None


def _told_by(figure: Any, pictures: tuple[ItemPicture, ...]) -> ItemPicture | None:
    """The picture of a figure without an image, by its words."""
    words = _letters("".join(figure.itertext()))
    return next(
        (
            one
            for one in pictures
            if not one.url and words == _letters(f"{one.caption or ''}{one.credit or ''}")
        ),
        None,
    )


def _letters(words: str) -> str:
    return "".join(words.split())


def _media(picture: ItemPicture | None, figure: Any) -> Any:
    """Media without an address have a reference all the same: the format wants one."""
    media = etree.Element("media", {"media-type": "image"})
    if picture is None:
        words = " ".join("".join(figure.itertext()).split())
        picture = ItemPicture("", None, words, None, None)
    add(
        media,
        "media-reference",
        attributes={
            "mime-type": picture_type(picture.url) or "image/*",
            "source": picture.url,
            "alternate-text": picture.alt,
            "source-credit": picture.credit,
        },
    )
    if picture.caption:
        add(add(media, "media-caption"), "p", picture.caption)
    add_each(media, "media-producer", (picture.credit,))
    return media


def _rename(tree: Any) -> None:
    """HTML's names as NITF's; what NITF does not know loses its tags and keeps its words. Figures stay for ``_media``."""
    for element in list(tree.iterdescendants()):
        name, attributes = _AS.get(element.tag, (element.tag, {}))
        if name not in _KEPT | _FIGURES:
            _unwrap(element)
            continue
        if element.tag == "ol" and element.get("start"):
            attributes = {"seqnum": element.get("start")}
        element.tag = name
        for key, value in attributes.items():
            element.set(key, value)
        for key in list(element.attrib):
            if key not in _ATTRIBUTES.get(name, ()):
                del element.attrib[key]
        if name == "bq":
            _in_block(element)


def _in_block(quotation: Any) -> None:
    """A quotation holds blocks, and a block its paragraphs."""
    block = etree.Element("block")
    block.text, quotation.text = quotation.text, None
    block.extend(list(quotation))
    quotation.append(block)


def _unwrap(element: Any) -> None:
    """The element's children and words in its place."""
    parent, before = element.getparent(), element.getprevious()
    if element.text:
        if before is not None:
            before.tail = (before.tail or "") + element.text
        else:
            parent.text = (parent.text or "") + element.text
    last = element[-1] if len(element) else None
    if element.tail:
        if last is not None:
            last.tail = (last.tail or "") + element.tail
        elif before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    at = parent.index(element)
    parent[at : at + 1] = list(element)
