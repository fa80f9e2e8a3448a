"""NewsML-G2: a message of news items and packages, each with its own envelope.

Signals come from the item's management data, from the message's header and from a package that names the item.
Names are compared without their namespaces: agencies use old ones, wrong ones and none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cleaners.model import Fields, Picture
from cleaners.read.wire.as_html import body_of
from cleaners.read.wire.item import Item, plain, repeats, story_of
from cleaners.read.wire.nitf import Nitf, nitf_of
from cleaners.read.wire.safe_xml import attribute, children, every, first, lines_of, local, text_of
from cleaners.read.wire.status import (
    embargo_line,
    expiry_line,
    iso,
    priority_line,
    signal_line,
    status_line,
)

ITEMS = ("newsitem", "packageitem")
SECTION = "urn:x-cleancopy:section:"
"""The scheme of the services that are a newspaper's sections, as ``cleaners.write.newsml_g2`` writes them. An agency's service is none."""
_LESSER = ("sub", "kicker", "short", "slug", "seo", "social", "alt")
"""Of several headlines those that are not the headline."""


def read_newsml_g2(root: Any, place: str) -> tuple[Item, ...]:
    """The stories of a message or of a single item. Pictures and packages are no stories, but their kills are told."""
    elements = list(every(root, *ITEMS))
    shared = _header(root)
    packed: dict[str, list[str]] = defaultdict(list)
    for package in (one for one in elements if local(one) == "packageitem"):
        stops = _management(package)
        for reference in every(package, "itemref"):
            packed[attribute(reference, "residref") or ""] += stops
    pictures = _pictures(elements)
    texts = [one for one in elements if local(one) == "newsitem" and not _shows(one)]
    found = []
    for number, element in enumerate(elements, start=1):
        guid = attribute(element, "guid")
        lines = [*shared, *_management(element), *packed.get(guid or "", ())]
        where = f"{place}, item {number}" if len(elements) > 1 else place
        if local(element) == "packageitem" or _shows(element):
            # No story of its own; but what unpublishes it must reach whoever took it for one.
            if any(line.startswith("STORY WITHDRAWN") for line in lines):
                found.append(story_of(where, guid, "", "text", Fields(headline=_headline(element)), lines))
            continue
        beside = _beside(element, pictures, alone=len(texts) == 1)
        found.append(_story(element, where, guid, lines, beside))
    return tuple(found)


def _story(
    element: Any, where: str, guid: str | None, lines: list[str], pictures: tuple[Picture, ...]
) -> Item:
    content = _content(element)
    version = attribute(element, "version") or ""
    lines = [*lines, *filter(None, content.lines)]
    item = story_of(
        where,
        guid or content.known,
        content.body,
        content.form,
        _fields(element, content, pictures),
        lines,
        language=_language(element) or content.language,
        version=version,
    )
    remote = first(element, "remotecontent")
    if item.raw is None and remote is not None:
        return item._replace(
            problem=f"its text is not in the message but at {attribute(remote, 'href') or 'another place'}; fetch it and give it to cleancopy"
        )
    return item


def _header(root: Any) -> list[str]:
    header = first(root, "header") if local(root) == "newsmessage" else None
    if header is None:
        return []
    lines = [signal_line(_said(one)) for one in every(header, "signal")]
    return [line for line in lines if line]


def _management(element: Any) -> list[str]:
    """The instructions of an item's own management data and of its content's urgency."""
    meta = next(iter(children(element, "itemmeta")), None)
    lines: list[str | None] = []
    for data in children(element, "contentmeta"):
        lines += [priority_line(text_of(one)) for one in children(data, "urgency")]
    if meta is None:
        return [line for line in lines if line]
    created = text_of(first(meta, "versioncreated"))
    lines += [status_line(_said(one), "pubStatus") for one in children(meta, "pubstatus")]
    # An embargo without a time holds until further notice.
    lines += [embargo_line(text_of(one) or "") for one in children(meta, "embargoed")]
    lines += [signal_line(_said(one)) for one in children(meta, "signal")]
    lines += [expiry_line(text_of(one), created) for one in children(meta, "expires")]
    lines += [text_of(one) for one in children(meta, "ednote")]
    return [line for line in lines if line]


def _said(element: Any) -> str:
    """A code: ``qcode``, ``uri`` or ``literal``, or as text by agencies that know no better. "": there is none, which holds."""
    return (
        attribute(element, "qcode")
        or attribute(element, "uri")
        or attribute(element, "literal")
        or text_of(element)
        or ""
    )


def _content(element: Any) -> Nitf:
    """The text of the item: XHTML before NITF before plain text, as the first keeps most."""
    ranked = sorted(_contents(element), key=lambda pair: pair[0])
    return ranked[0][1] if ranked else Nitf(None, "", "", "body", Fields(), (), None)


def _contents(element: Any) -> Iterator[tuple[int, Nitf]]:
    for inline in every(element, "inlinexml"):
        inner = first(inline, "nitf")
        if inner is not None:
            yield 1, nitf_of(inner)
            continue
        body, form = body_of(inline)
        if body.strip():
            yield 0, Nitf(None, "", body, form, Fields(), (), None)
    for inline in every(element, "inlinedata"):
        body, form = body_of(inline)
        if body.strip() and (attribute(inline, "encoding") is None):
            yield 0 if form == "body" else 2, Nitf(None, "", body, form, Fields(), (), None)


def _fields(element: Any, content: Nitf, pictures: tuple[Picture, ...]) -> Fields:
    meta, data = first(element, "itemmeta"), first(element, "contentmeta")
    rights = first(element, "rightsinfo")
    inner = content.fields
    notice = text_of(first(rights, "copyrightnotice")) if rights is not None else None
    holder = _name(first(rights, "copyrightholder")) if rights is not None else None
    created = _said_in(meta, "firstcreated") or _said_in(data, "contentcreated")
    version = _said_in(meta, "versioncreated")
    changed = _said_in(data, "contentmodified") or version
    published = created or version or inner.published
    summary = _standfirst(data, content.body)
    bylines = [text_of(one) for one in children(data, "by")] if data is not None else []
    tags = [_name(one) for one in children(data, "subject", "keyword")] if data is not None else []
    agency = text_of(first(data, "creditline")) if data is not None else None
    if agency is None and meta is not None:
        agency = _name(first(meta, "provider"))
    return Fields(
        headline=_headline(element) or inner.headline,
        standfirst=summary or inner.standfirst,
        section=_section(meta) or inner.section,
        byline=plain(", ".join(dict.fromkeys(filter(None, bylines)))) or inner.byline,
        published=iso(published) if published else None,
        updated=iso(changed) if changed and changed != published else None,
        agency=plain(agency) or inner.agency,
        rights=plain(notice) or (f"© {holder}" if holder else inner.rights),
        tags=tuple(dict.fromkeys(filter(None, map(plain, tags)))) or inner.tags,
        pictures=(*inner.pictures, *pictures),
    )


def _said_in(meta: Any, name: str) -> str | None:
    return text_of(first(meta, name)) if meta is not None else None


def _section(meta: Any) -> str | None:
    services = children(meta, "service") if meta is not None else []
    ours = (one for one in services if (attribute(one, "uri") or "").startswith(SECTION))
    return next(filter(None, (plain(_name(one)) for one in ours)), None)


def _standfirst(data: Any, body: str) -> str | None:
    """The first description that the body does not say again; its line breaks part its decks."""
    for one in children(data, "description") if data is not None else []:
        decks = [said for line in lines_of(one) if (said := plain(line))]
        if decks and not repeats(" ".join(decks), body):
            return "\n".join(decks)
    return None


def _headline(element: Any) -> str | None:
    data, meta = first(element, "contentmeta"), first(element, "itemmeta")
    lines = children(data, "headline") if data is not None else []
    main = [
        one for one in lines if not any(word in (attribute(one, "role") or "").casefold() for word in _LESSER)
    ]
    for one in [*main, *lines]:
        if text_of(one):
            return plain(text_of(one))
    return plain(text_of(next(iter(children(meta, "title")), None))) if meta is not None else None


def _name(element: Any) -> str | None:
    """A name that readers can read: a code is none."""
    if element is None:
        return None
    return text_of(first(element, "name")) or attribute(element, "literal") or text_of(element)


def _language(element: Any) -> str | None:
    data = first(element, "contentmeta")
    tag = attribute(next(iter(children(data, "language")), None), "tag") if data is not None else None
    inline = next(every(element, "inlinexml", "inlinedata"), None)
    return tag or attribute(inline, "lang") or attribute(element, "lang")


def _shows(element: Any) -> bool:
    """A picture, a film or a sound, and no text."""
    kind = attribute(first(element, "itemclass"), "qcode") or ""
    shown = kind.rpartition(":")[2] in ("picture", "photo", "graphic", "video", "audio", "animation", "still")
    return shown and next(every(element, "inlinexml", "inlinedata"), None) is None


def _pictures(elements: list[Any]) -> dict[str, Picture]:
    """The pictures of a message that may be used, by their guid."""
    found = {}
    for element in elements:
        kind = attribute(first(element, "itemclass"), "qcode") or ""
        if kind.rpartition(":")[2] not in ("picture", "photo", "graphic") or _management_stops(element):
            continue
        data = first(element, "contentmeta")
        largest = max(
            every(element, "remotecontent"),
            key=lambda one: int(width) if (width := attribute(one, "width") or "").isdecimal() else 0,
            default=None,
        )
        captions = [text_of(one) for one in children(data, "description")] if data is not None else []
        credit = None
        if data is not None:
            by, creator = first(data, "by"), first(data, "creator")
            line = text_of(first(data, "creditline"))
            credit = line or text_of(by) or _name(creator)
        found[attribute(element, "guid") or ""] = Picture(
            url=attribute(largest, "href"),
            caption=plain(next(filter(None, captions), None)),
            credit=plain(credit),
        )
    return found


def _management_stops(element: Any) -> bool:
    return any(line.startswith(("STORY WITHDRAWN", "HOLD", "EMBARGOED")) for line in _management(element))


def _beside(element: Any, pictures: dict[str, Picture], alone: bool) -> tuple[Picture, ...]:
    """The pictures that the item links to; in a message with one story, all of them."""
    if alone:
        return tuple(pictures.values())
    links = {attribute(link, "residref") or attribute(link, "href") for link in every(element, "link")}
    return tuple(picture for guid, picture in pictures.items() if guid in links)
