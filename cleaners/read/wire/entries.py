"""RSS and Atom: the entries of a feed, with what their own and other vocabularies say about publishing them."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cleaners.model import Fields, Picture, Raw
from cleaners.read.raw_lines import raw_lines
from cleaners.read.signals import says_stop
from cleaners.read.wire.item import BrokenWire, Item, plain, repeats
from cleaners.read.wire.safe_xml import attribute, document_of, every, parse
from cleaners.read.wire.status import (
    embargo_line,
    expiry_line,
    instructions,
    priority_line,
    signal_line,
    status_line,
)

_FULL = 500
"""Bytes of text from which ``content`` is taken for the whole story; a character of Chinese counts three."""
_CUT_SHORT = re.compile(
    r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|&hellip;|(?i:read (?:more|the full (?:story|article))|continue reading|weiterlesen|mehr lesen|lire la suite|seguir leyendo|leer más))[\s»›>→)\].]*\Z"
)
_STATUSES = (
    "pubstatus",
    "publicationstatus",
    "publishingstatus",
    "managementstatus",
    "itemstatus",
    "wpstatus",
)
_NOTES = ("ednote", "edsnote", "editorsnote", "editornote", "editorialnote", "specialinstructions")
_EXPIRIES = ("expires", "expirationdate", "expirydate", "killdate")
_PRIORITIES = ("urgency", "priority")
_NOT = ("", "no", "none", "false", "0")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``id`` is what the feed calls it, else its link; ``body`` is HTML; ``published`` as the feed writes it.

    ``full``: the body seems to be the whole story. ``ednote`` are the instructions in its status fields, ``stops`` says
    that one of them forbids or delays publishing. ``given`` is what else the feed knows.
    """

    id: str
    link: str | None
    headline: str | None
    published: str | None
    body: str
    language: str | None
    full: bool = False
    ednote: str | None = None
    stops: bool = False
    given: Fields | None = None


def feed_entries(content: bytes, content_type: str = "", address: str = "") -> list[Entry] | None:
    """The entries of a feed, in its order, then those that it takes back; None: this is no feed.

    feedparser is given a stream of bytes and never an address, which it would fetch without bounds.
    """
    import feedparser  # a tenth of a second that no other form needs

    headers = {"content-type": content_type} if content_type else {}
    parsed = feedparser.parse(
        # A stream: feedparser takes a bare string of bytes for the name of a local file first.
        io.BytesIO(content),
        response_headers=headers | ({"content-location": address} if address else {}),
        sanitize_html=False,
        resolve_relative_uris=bool(address),
    )
    taken_back = list(_taken_back(content))
    if not parsed.get("version") and not parsed.entries and not taken_back:
        return None
    language = parsed.feed.get("language")
    return [_entry(entry, language) for entry in parsed.entries] + taken_back


def read_feed(content: bytes | str, place: str) -> tuple[Item, ...]:
    """The entries with their own text as items; one that only links to its page is a problem."""
    entries = feed_entries(content if isinstance(content, bytes) else content.encode())
    if not entries:
        raise BrokenWire("is a feed without an entry, or no feed that can be read")
    items = []
    for number, entry in enumerate(entries, start=1):
        where = f"{place}, entry {number}, {entry.id}"
        if not entry.body.strip() and not entry.stops:
            what = (
                f"the entry has no text; give the page that it links to ({entry.link or 'it links to none'})"
            )
            items.append(Item(where, None, what))
        else:
            items.append(Item(where, entry_story(entry)))
    return tuple(items)


def entry_story(entry: Entry, publisher: str | None = None, language: str | None = None) -> Raw:
    """The story that stands in the entry itself."""
    return Raw(
        id=entry.id,
        form="body",
        content=entry.body,
        url=entry.link,
        publisher=publisher,
        language=language or entry.language,
        headline=entry.headline,
        published=entry.published,
        ednote=entry.ednote,
        given=entry.given,
    )


def _entry(entry: Any, language: str | None) -> Entry:
    contents = [part.get("value") or "" for part in entry.get("content", ())]
    summary = entry.get("summary") or ""
    # Where a feed gives both a summary and the whole story, the story is the longer one.
    body = max([*contents, summary], key=len)
    link = entry.get("link") or None
    headline = entry.get("title") or None
    published = entry.get("published") or entry.get("updated") or None
    known = entry.get("id") or link or hashlib.sha256(f"{headline}\n{body}".encode()).hexdigest()[:16]
    ednote = instructions(_instructions(entry, published))
    full = body in contents and _is_full(body)
    language = entry.get("language") or language or None
    return Entry(
        id=known,
        # A guid that is no address stands in for a link that is missing.
        link=link if link and (link != known or re.match(r"https?://", link)) else None,
        headline=headline,
        published=published,
        body=body,
        language=language,
        full=full,
        ednote=ednote,
        stops=_stops(ednote),
        given=_fields(entry, body, summary if full else "", published),
    )


def _stops(ednote: str | None) -> bool:
    return says_stop(Raw("", "text", "", ednote=ednote))


def _is_full(body: str) -> bool:
    text = "\n".join(raw_lines(body))
    return len(text.encode(errors="replace")) >= _FULL and _CUT_SHORT.search(text) is None


def _instructions(entry: Any, published: str | None) -> Iterator[str | None]:
    for key, value in entry.items():
        name = key.replace("_", "").casefold()
        for said in map(_said, value if isinstance(value, list) else [value]):
            if name.endswith(_STATUSES):
                yield status_line(said, "status")
            elif "embargo" in name and said.casefold() not in _NOT:
                yield embargo_line("" if said.casefold() in ("yes", "true", "1") else said)
            elif name.endswith("draft") and said.casefold() not in _NOT:
                yield f"HOLD HOLD HOLD: draft {said}"
            elif name.endswith(_EXPIRIES):
                yield expiry_line(said, published)
            elif name.endswith(_NOTES):
                yield said
            elif name.endswith("signal"):
                yield signal_line(said)
            elif name.endswith(_PRIORITIES):
                yield priority_line(said)


def _said(value: Any) -> str:
    """An element's text, or the code in its attribute: ``<iptc:pubStatus qcode="stat:canceled"/>``."""
    if isinstance(value, Mapping):
        return next(
            (str(value[key]) for key in ("qcode", "value", "content", "name", "status") if value.get(key)), ""
        )
    return str(value).strip()


def _fields(entry: Any, body: str, summary: str, published: str | None) -> Fields:
    updated = dict(entry).get("updated")  # feedparser itself would answer with the day of publication
    standfirst = plain(summary)
    authors = [plain(author.get("name")) for author in entry.get("authors", ())]
    return Fields(
        standfirst=standfirst if standfirst and not repeats(standfirst, body) else None,
        byline=", ".join(dict.fromkeys(filter(None, authors))) or None,
        updated=updated if updated and updated != published else None,
        agency=plain((entry.get("source") or {}).get("title")),
        rights=plain(entry.get("rights")),
        tags=tuple(dict.fromkeys(filter(None, (plain(tag.get("term")) for tag in entry.get("tags", ()))))),
        pictures=tuple(_pictures(entry)),
    )


def _pictures(entry: Any) -> Iterable[Picture]:
    """The largest picture of ``media:content``; its credit and description are the entry's in feedparser's hands."""
    shown = [
        (str(media["url"]), str(media.get("width") or ""))
        for media in entry.get("media_content", ())
        if media.get("url")
        and (media.get("medium") == "image" or str(media.get("type")).startswith("image/"))
    ]
    shown += [
        (str(link["href"]), "")
        for link in entry.get("links", ())
        if link.get("rel") == "enclosure" and str(link.get("type")).startswith("image/") and link.get("href")
    ]
    if not shown:
        return ()
    url, _ = max(shown, key=lambda one: int(one[1]) if one[1].isdecimal() else 0)
    credit = next((plain(one.get("content")) for one in entry.get("media_credit", ())), None)
    caption = plain(entry.get("media_description"))
    return (Picture(url, caption, credit),)


def _taken_back(content: bytes) -> Iterator[Entry]:
    """Entries that a feed declares as deleted (RFC 6721): the story is to be taken back."""
    if b"deleted-entry" not in content:
        return
    try:
        root = parse(document_of(content))
    except BrokenWire:
        return
    for element in every(root, "deleted-entry"):
        known = attribute(element, "ref")
        if known:
            note = "STORY WITHDRAWN: the feed has deleted the entry"
            yield Entry(known, None, None, attribute(element, "when"), "", None, ednote=note, stops=True)
