"""ninjs 1 to 3, and what Superdesk and others make of it. Keys are compared in small letters: ``pubstatus`` is ``pubStatus``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cleaners.model import Fields, Picture
from cleaners.read.reader import guess_form
from cleaners.read.wire.item import BrokenWire, Item, in_order, plain, repeats, story_of
from cleaners.read.wire.status import (
    embargo_line,
    expiry_line,
    instructions,
    iso,
    priority_line,
    signal_line,
    status_line,
)

_NAMES = ("uri", "guid")
_ENVELOPES = ("items", "newsitems", "_items", "results", "documents")
_OURS = {
    *(
        "pubstatus",
        "versioncreated",
        "firstcreated",
        "headlines",
        "bodies",
        "body_html",
        "body_text",
        "body_xhtml",
        "associations",
    ),
    *(
        "representationtype",
        "embargoed",
        "embargoeduntil",
        "copyrightholder",
        "urgency",
        "slugline",
        "edNote".casefold(),
        "$standard",
        "standard",
    ),
}
"""Keys that other JSON with a ``uri`` and a headline rarely has."""
_RECORD = ("lines", "body", "html", "text")
_EMBARGOES = ("embargoed", "embargo", "embargoeduntil")
"""As ninjs 1 and 2 call it, as others do, and as ninjs 3 does."""
_DECIDING = {*_NAMES, *_EMBARGOES, "pubstatus", "ednote", "signal", "signals", "expires"}
_SHOWN = ("picture", "graphic", "video", "audio", "photo", "animation")
_PREFERRED = ("html", "xhtml", "html5", "richhtml", "main", "")
_LEAST_DEPTH = 4


def is_ninjs(value: object) -> bool:
    """Whether decoded JSON is a ninjs item, or an envelope of several.

    >>> is_ninjs({"uri": "urn:example:1", "pubstatus": "canceled"}), is_ninjs({"id": "1", "text": "Ferry."})
    (True, False)
    """
    if isinstance(value, list):
        return bool(value) and all(is_ninjs(one) for one in value[:3])
    if not isinstance(value, Mapping):
        return False
    item = _folded(value)
    if any(isinstance(item.get(name), str) for name in _NAMES):
        if item.get("id") is not None and any(item.get(key) is not None for key in _RECORD):
            return False
        return not _OURS.isdisjoint(item)
    return any(isinstance(item.get(key), list) and is_ninjs(item[key]) for key in _ENVELOPES)


def parse_json(document: str) -> Any:
    """Decoded JSON. Raises BrokenWire: no JSON, nested too deeply, or a key that decides stands twice in one object."""
    try:
        return json.loads(document, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise BrokenWire(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise BrokenWire("nested too deeply to be a story") from None


def read_ninjs(value: Any, place: str) -> tuple[Item, ...]:
    """The stories in decoded JSON: an item, a list of items, or an envelope of them. Raises BrokenWire for anything else."""
    items = list(_items(value))
    if not items:
        raise BrokenWire(
            'no ninjs: an object with "uri" and "pubstatus", "body_html", "bodies" or the like is needed'
        )
    found: list[Item] = []
    for number, one in enumerate(items, start=1):
        where = f"{place}, item {number}" if len(items) > 1 else place
        if not isinstance(one, Mapping):
            found.append(Item(where, None, "is no object; every item of a list must be one"))
            continue
        found += _read(_folded(one), where, (), 0)
    return in_order(found)


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif isinstance(value, Mapping):
        item = _folded(value)
        envelope = next((key for key in _ENVELOPES if isinstance(item.get(key), list)), None)
        if any(isinstance(item.get(name), str) for name in _NAMES) or envelope is None:
            yield value
        else:
            yield from item[envelope]


def _read(item: Mapping[str, Any], place: str, inherited: tuple[str, ...], depth: int) -> list[Item]:
    known = _string(item.get("uri")) or _string(item.get("guid"))
    version = _string(item.get("version")) or ""
    lines = [*inherited, *_instructions(item)]
    body, form = _body(item)
    kind = (_string(item.get("type")) or "text").casefold()
    if not body and depth < _LEAST_DEPTH:
        # A composite has no text of its own: its parts have, and what stops it stops them.
        parts = [one for one in _associated(item) if _body(one)[0]]
        if kind == "composite" and parts:
            stops = tuple(lines)
            return [story for part in parts for story in _read(part, place, stops, depth + 1)]
    pictures, doubts = _pictures(item)
    # A picture is no story; but its kill is told.
    if kind in _SHOWN and not body and not any(line.startswith("STORY WITHDRAWN") for line in lines):
        return []
    fields = _fields(item, body, pictures)
    if not body and fields.standfirst:
        body, form = fields.standfirst, "text"
        fields = replace(fields, standfirst=None)
        lines.append("HOLD HOLD HOLD: the item has no body; this is its description")
    return [
        story_of(
            place,
            known,
            body,
            form,
            fields,
            [*lines, *doubts],
            url=_address(item),
            language=_string(item.get("language")),
            version=version,
        )
    ]


def _instructions(item: Mapping[str, Any]) -> list[str]:
    lines: list[str | None] = []
    if "pubstatus" in item and item["pubstatus"] not in (None, ""):
        lines.append(status_line(_literal(item["pubstatus"])))
    for key in _EMBARGOES:
        until = item.get(key)
        # null, "" and false are what programs write where there is no embargo.
        if until not in (None, "", False):
            lines.append(embargo_line(until))
    for key in ("signal", "signals"):
        lines += [signal_line(_literal(one)) for one in _listed(item.get(key))]
    for key in ("urgency", "priority"):
        lines.append(priority_line(item.get(key)))
    created = _string(item.get("versioncreated")) or _string(item.get("firstcreated"))
    lines.append(expiry_line(item.get("expires") or item.get("expiry"), created))
    lines += [_words(one) for key in ("ednote", "ednotes") for one in _listed(item.get(key))]
    said = instructions(lines)
    return said.split("\n") if said else []


def _words(note: Any) -> str | None:
    """A note to editors with its lines; some agencies write it in HTML."""
    if isinstance(note, Mapping):
        note = note.get("value") or note.get("text") or note.get("literal")
    text = _string(note)
    if text is None or guess_form(text) == "text":
        return text
    from cleaners.read.raw_lines import raw_lines

    return "\n".join(raw_lines(text))


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        folded = _folded(value)
        return next(
            (
                str(folded[key])
                for key in ("literal", "qcode", "code", "uri", "name", "value")
                if folded.get(key)
            ),
            "",
        )
    return str(value)


def _body(item: Mapping[str, Any]) -> tuple[str, str]:
    """The body with the most markup that is HTML, as it was sent; then plain text. XML of other kinds is not read."""
    found: list[tuple[int, int, str, str]] = []
    for role, kind, value in _bodies(item):
        form = "text" if guess_form(value) == "text" else "body"
        if kind and "xml" in kind and "html" not in kind:
            continue
        rank = _PREFERRED.index(role) if role in _PREFERRED else len(_PREFERRED)
        found.append((0 if form == "body" else 1, rank, value, form))
    if not found:
        return "", "text"
    _, _, body, form = min(found, key=lambda one: one[:2])
    return body, form


def _bodies(item: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Role, content type and text of each body: ``body_html`` (1.x), ``bodies`` (2 and 3), a bare ``body``."""
    for key, value in item.items():
        if (key.startswith("body_") or key == "body") and isinstance(value, str) and value.strip():
            role = key.removeprefix("body").removeprefix("_")
            yield role, "application/xml" if role in ("nitf", "xml") else "", value
    for one in _listed(item.get("bodies")):
        if isinstance(one, Mapping):
            body = _folded(one)
            value = body.get("value")
            if isinstance(value, str) and value.strip():
                yield (
                    (_string(body.get("role")) or "").casefold(),
                    (_string(body.get("contenttype")) or "").casefold(),
                    value,
                )


def _fields(item: Mapping[str, Any], body: str, pictures: tuple[Picture, ...]) -> Fields:
    first, version = _string(item.get("firstcreated")), _string(item.get("versioncreated"))
    published = _string(item.get("firstpublished")) or first or _string(item.get("contentcreated")) or version
    summary = _decks(_valued(item, "description", "descriptions"))
    holder = plain(_string(item.get("copyrightholder")))
    notice = plain(_string(item.get("copyrightnotice")))
    subjects = [one for key in ("subject", "subjects", "keywords") for one in _listed(item.get(key))]
    sections = [*_listed(item.get("service")), *_listed(item.get("section"))]
    sections += [one for one in subjects if _rel(one) == "section"]
    tags = [_name(one) for one in subjects if _rel(one) != "section"]
    sources = [_name(one) for key in ("infosource", "infosources") for one in _listed(item.get(key))]
    return Fields(
        headline=plain(_valued(item, "headline", "headlines")) or plain(_string(item.get("title"))),
        standfirst=summary if summary and not repeats(summary, body) else None,
        section=next(filter(None, map(_name, sections)), None),
        byline=_byline(item),
        published=iso(published) if published else None,
        updated=iso(version) if version and version != published else None,
        agency=plain(_string(item.get("source"))) or holder or next(filter(None, sources), None),
        rights=notice or (f"© {holder}" if holder else None),
        tags=tuple(dict.fromkeys(filter(None, tags))),
        pictures=pictures,
    )


def _decks(said: str | None) -> str | None:
    """A standfirst, on the lines that it has; one that has markup is one line."""
    if said is None or "<" in said:
        return plain(said)
    return "\n".join(line for one in said.splitlines() if (line := plain(one))) or None


def _rel(value: Any) -> str:
    """How a subject belongs to the story: "section" in the items that cleancopy writes, as ninjs 3 has no other place for one."""
    return (_string(_folded(value).get("rel")) or "").casefold() if isinstance(value, Mapping) else ""


def _byline(item: Mapping[str, Any]) -> str | None:
    said = plain(_string(item.get("byline")) or _string(item.get("by")))
    if said:
        return said
    authors = [_name(one) for key in ("authors", "author") for one in _listed(item.get(key))]
    return ", ".join(dict.fromkeys(filter(None, authors))) or None


def _valued(item: Mapping[str, Any], one: str, many: str) -> str | None:
    """``headline``, ``headline_main``, or of ``headlines`` the main one or the first. A correction is no standfirst, an "alt" no caption."""
    if _string(item.get(one)):
        return _string(item.get(one))
    for key in (f"{one}_main", f"{one}_text", f"{one}_html"):
        if _string(item.get(key)):
            return _string(item.get(key))
    listed = [_folded(value) for value in _listed(item.get(many)) if isinstance(value, Mapping)]
    listed = [one for one in listed if _role(one) not in ("alt", "correction")]
    listed.sort(key=lambda value: _string(value.get("role")) not in ("main", "summary", "text"))
    return next(filter(None, (_string(value.get("value")) for value in listed)), None)


def _role(value: Mapping[str, Any]) -> str:
    return (_string(value.get("role")) or "").casefold()


def _alt(picture: Mapping[str, Any]) -> str | None:
    """Of ninjs 1 and 2 a field of its own, in ninjs 3 a description."""
    described = (_folded(one) for one in _listed(picture.get("descriptions")) if isinstance(one, Mapping))
    found = (_string(one.get("value")) for one in described if _role(one) == "alt")
    return plain(_string(picture.get("altimagetext")) or next(filter(None, found), None))


def _pictures(item: Mapping[str, Any]) -> tuple[tuple[Picture, ...], list[str]]:
    """The pictures beside the story, and what stops it because it stops one of them."""
    pictures: list[Picture] = []
    doubts: list[str] = []
    for one in _associated(item):
        if (_string(one.get("type")) or "").casefold() not in ("picture", "photo", "graphic"):
            continue
        stopped = [
            line for line in _instructions(one) if line.startswith(("STORY WITHDRAWN", "HOLD", "EMBARGOED"))
        ]
        if stopped:
            name = _string(one.get("uri")) or _string(one.get("guid")) or "a picture"
            doubts.append(
                f"HOLD HOLD HOLD: {name}, a picture beside the story, may not be used ({stopped[0]})"
            )
            continue
        caption = (
            plain(_valued(one, "description", "descriptions"))
            or plain(_body(one)[0])
            or plain(_valued(one, "headline", "headlines"))
        )
        credit = (
            plain(_string(one.get("creditline")))
            or _byline(one)
            or plain(_string(one.get("copyrightholder")))
        )
        pictures.append(Picture(_largest(one), caption, credit, _alt(one)))
    return tuple(pictures), doubts


def _associated(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """An object of objects in 1.x, a list in 2 and 3."""
    found = item.get("associations")
    several = found.values() if isinstance(found, Mapping) else _listed(found)
    return [_folded(one) for one in several if isinstance(one, Mapping)]


def _largest(item: Mapping[str, Any]) -> str | None:
    found = item.get("renditions")
    several = found.values() if isinstance(found, Mapping) else _listed(found)
    renditions = [_folded(one) for one in several if isinstance(one, Mapping)]
    shown = [one for one in renditions if _string(one.get("href"))]
    largest = max(
        shown, key=lambda one: width if isinstance(width := one.get("width"), int) else 0, default=None
    )
    return _string(largest["href"]) if largest is not None else None


def _address(item: Mapping[str, Any]) -> str | None:
    """Where the story stands for readers: a ``uri`` is a name, even where it looks like an address. In ninjs 3 the page is a rendition."""
    listed = item.get("renditions")
    renditions = [_folded(one) for one in _listed(listed) if isinstance(one, Mapping)]
    pages = (one for one in renditions if _string(one.get("contenttype")) == "text/html")
    page = next((_string(one.get("href")) for one in pages), None)
    found = _string(item.get("url")) or _string(item.get("link")) or page
    return found if found and found.startswith(("http://", "https://")) else None


def _name(value: Any) -> str | None:
    if isinstance(value, Mapping):
        folded = _folded(value)
        return plain(_string(folded.get("name")) or _string(folded.get("literal")))
    return plain(_string(value))


def _string(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _listed(value: Any) -> Sequence[Any]:
    if value is None or value == "":
        return ()
    return value if isinstance(value, list) else (value,)


def _folded(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).casefold(): one for key, one in value.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    folded = [key.casefold() for key, _ in pairs]
    twice = next((key for key in _DECIDING if folded.count(key) > 1), None)
    if twice is not None:
        raise BrokenWire(f'"{twice}" stands twice in one object: which one counts? Ask its sender')
    return found
