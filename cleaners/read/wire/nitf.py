"""NITF: a story in XML, its status in ``docdata``. Real files leave out most of it, and put some of it into ``<meta>``."""

from __future__ import annotations

import re
from html import escape
from typing import Any, NamedTuple

from cleaners.model import Fields
from cleaners.read.raw_lines import raw_lines
from cleaners.read.wire.as_html import body_of, pictures_of
from cleaners.read.wire.item import Item, plain, repeats, story_of
from cleaners.read.wire.safe_xml import attribute, children, every, first, lines_of, local, text_of
from cleaners.read.wire.status import (
    embargo_line,
    expiry_line,
    iso,
    priority_line,
    release_line,
    status_line,
)

_NOT = ("", "no", "none", "false", "0")
_EMBARGOES = {"embargo", "embargoed", "embargodate", "embargodatetime", "embargountil", "embargotime"}
_STATUSES = {
    "pubstatus",
    "publicationstatus",
    "publishingstatus",
    "itemstatus",
    "managementstatus",
    "apmanagementstatus",
}
_NOTES = {
    "ednote",
    "edsnote",
    "editorsnote",
    "editornote",
    "editorialnote",
    "specialinstructions",
    "instructions",
    "edmsg",
}
_PRIORITIES = {"priority", "urgency", "appriority", "wirepriority"}


class Nitf(NamedTuple):
    """What an NITF document says, for an item of its own or for one of NewsML-G2 that holds it."""

    known: str | None
    version: str
    body: str
    form: str
    fields: Fields
    lines: tuple[str | None, ...]
    language: str | None


def read_nitf(root: Any, place: str) -> Item:
    """The one story of an ``<nitf>`` element."""
    found = nitf_of(root)
    return story_of(
        place,
        found.known,
        found.body,
        found.form,
        found.fields,
        found.lines,
        language=found.language,
        version=found.version,
    )


def nitf_of(root: Any) -> Nitf:
    data = first(root, "docdata")
    head = first(root, "body.head")
    # A note to editors has a body.content of its own, above the story's.
    content = next((one for one in every(root, "body.content") if local(one.getparent()) != "note"), None)
    body, form = body_of(content) if content is not None else ("", "body")
    if form == "body":
        body = _dateline(head, body) + body + _end(first(root, "body.end"))
    dates = {name: _norm(data, name) for name in ("date.issue", "date.release", "date.expire")}
    key = first(data, "du-key") if data is not None else None
    return Nitf(
        known=attribute(first(root, "doc-id"), "id-string")
        or attribute(key, "key")
        or attribute(root, "uno"),
        version=f"{attribute(key, 'generation') or 0}.{attribute(key, 'version') or 0}",
        body=body,
        form=form,
        fields=_fields(root, head, content, body, dates["date.issue"]),
        lines=(*_docdata(data, dates), *_metas(root), *_notes(head)),
        language=attribute(root, "lang")
        or attribute(first(root, "body"), "lang")
        or attribute(content, "lang"),
    )


def _docdata(data: Any, dates: dict[str, str | None]) -> list[str | None]:
    if data is None:
        return []
    said = (attribute(data, "management-status") or "usable").strip().casefold()
    lines: list[str | None] = []
    if said.startswith("embargo"):
        lines.append(embargo_line(dates["date.release"]))
    else:
        lines += [
            status_line(said, "management-status"),
            release_line(dates["date.release"], dates["date.issue"]),
        ]
    lines.append(expiry_line(dates["date.expire"], dates["date.issue"]))
    for correction in every(data, "correction"):
        lines.append(
            "CORRECTED: "
            + (attribute(correction, "info") or attribute(correction, "id-string") or "see the story")
        )
    for urgency in every(data, "urgency"):
        lines.append(priority_line(attribute(urgency, "ed-urg")))
    for message in every(data, "ed-msg"):
        kind = attribute(message, "msg-type") or ""
        lines += [attribute(message, "info") or text_of(message), *_stop(kind)]
    for scope in every(data, "doc-scope"):
        said = attribute(scope, "scope") or ""
        lines += _stop(said) or [f"Scope: {said}" if said else None]
    part = attribute(first(data, "du-key"), "part")
    if part and part.isdecimal() and int(part) > 1:
        lines.append(f"TAKE {int(part)}")
    return lines


def _stop(said: str) -> list[str | None]:
    """ "kill" as the type of a message, "embargo" as a scope: words that stop a story where none is expected."""
    if re.search(r"kill|withdr|cancel|retract", said, re.IGNORECASE):
        return [f"STORY WITHDRAWN: {said}"]
    if re.search(r"embargo|withh|\bhold|not for", said, re.IGNORECASE):
        return [f"HOLD HOLD HOLD: {said}"]
    return []


def _metas(root: Any) -> list[str | None]:
    """What agencies say in ``<meta name="…" content="…"/>`` or in properties of the subject."""
    lines: list[str | None] = []
    for meta in every(root, "meta"):
        name = re.sub(r"[^a-z]", "", (attribute(meta, "name") or "").casefold())
        said = (attribute(meta, "content") or "").strip()
        if name in _EMBARGOES and said.casefold() not in _NOT:
            lines.append(embargo_line("" if said.casefold() in ("yes", "true", "1") else said))
        elif name in _STATUSES and said:
            lines.append(
                embargo_line("") if said.casefold().startswith("embargo") else status_line(said, name)
            )
        elif name in _NOTES:
            lines.append(said)
        elif name in _PRIORITIES:
            lines.append(priority_line(said))
    for prop in every(root, "tobject.property"):
        lines += _stop(attribute(prop, "tobject.property.type") or "")
    return lines


def _notes(head: Any) -> list[str | None]:
    """Notes in the body's head are for editors, but for those on rights."""
    if head is None:
        return []
    return [text_of(note) for note in every(head, "note") if attribute(note, "noteclass") != "cpyrt"]


def _fields(root: Any, head: Any, content: Any, body: str, issued: str | None) -> Fields:
    hedline = first(head, "hedline") if head is not None else None
    headline = text_of(first(hedline, "hl1")) if hedline is not None else None
    if headline is None:
        headline = text_of(first(root, "hedline")) or text_of(first(root, "title"))
    below = [text_of(line) for line in every(hedline, "hl2")] if hedline is not None else []
    summary = lines_of(first(head, "abstract")) if head is not None else ()
    standfirsts = [line for line in [*below, *summary] if line and not repeats(line, body)]
    bylines = [text_of(one, ("byttl",)) for one in children(head, "byline")] if head is not None else []
    holder = first(root, "doc.copyright")
    pub = first(root, "pubdata")
    story_date = attribute(first(head, "story.date"), "norm") if head is not None else None
    rights = text_of(first(head, "rights")) if head is not None else None
    if rights is None and attribute(holder, "holder"):
        rights = " ".join(filter(None, ("©", attribute(holder, "year"), attribute(holder, "holder"))))
    tags = [attribute(one, "key") for one in every(root, "keyword")]
    tags += [attribute(one, "tobject.subject.type") for one in every(root, "tobject.subject")]
    published = issued or story_date or attribute(pub, "date.publication")
    return Fields(
        headline=plain(headline),
        standfirst="\n".join(dict.fromkeys(filter(None, map(plain, standfirsts)))) or None,
        section=plain(attribute(pub, "position.section")),
        byline=plain(", ".join(dict.fromkeys(filter(None, bylines)))),
        published=iso(published) if published else None,
        agency=plain(text_of(first(head, "distributor")) if head is not None else None),
        rights=plain(rights),
        tags=tuple(dict.fromkeys(filter(None, map(plain, tags)))),
        pictures=pictures_of(content) if content is not None else (),
    )


def _norm(data: Any, name: str) -> str | None:
    """A date of ``docdata``; in some files it stands in the element instead of its attribute."""
    found = first(data, name) if data is not None else None
    return (attribute(found, "norm") or text_of(found)) if found is not None else None


def _dateline(head: Any, body: str) -> str:
    """The dateline as a line of its own, unless the text has it: "HARBOURTON (Coastwire) - The ferry …"."""
    line = text_of(first(head, "dateline"), ("story.date",)) if head is not None else None
    line = line.rstrip(" ,;:–—-") if line else None
    # A picture may stand before the text that has it.
    if not line or any(one.casefold().startswith(line.casefold()) for one in raw_lines(body[:3000])):
        return ""
    return f'<p class="dateline">{escape(line, quote=False)}</p>\n'


def _end(end: Any) -> str:
    """The lines below the story: who contributed, whom to ask."""
    if end is None:
        return ""
    return "".join(
        f'\n<p class="tagline">{escape(said, quote=False)}</p>'
        for line in every(end, "tagline")
        if (said := text_of(line))
    )
