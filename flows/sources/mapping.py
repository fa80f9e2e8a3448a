"""From what another system calls its fields to a raw story: a map says where each of our keys stands, as paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cleaners.model import Fields, Raw
from flows.settings.paths import BadPath, steps_of
from flows.sources.cms import moment_of
from flows.sources.records import BrokenRecord, raw_from_record

CONTENT_KEYS = ("lines", "body", "html", "page", "text")
"""Where the copy may stand; the first that is there is read, as a CMS often sends a story as HTML and as text."""

FIELD_KEYS = ("id", "url", "headline", "language", "published", "publisher")

STATUS_KEYS = ("ednote", "pubstatus", "embargoed")
"""What stops a story. They are read from every event, so that no kill is missed for want of a line in the map."""

LONGEST_FIELD = 2000
"""Characters of an id, an address, a headline. The copy has its own limit, in bytes."""

_WHOLE_PAGE = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype|html|head)\b", re.IGNORECASE | re.DOTALL
)


class LongField(BrokenRecord):
    """A field that is longer than any real one."""


def mapped_story(payload: Mapping[str, Any], paths: Mapping[str, str]) -> Raw:
    """The raw story in a payload. ``paths`` maps our keys to dotted paths (``{"body": "post.current.html"}``).

    A key that it does not name is looked for under its own name, but where it names a content key, only the content keys
    that it names count. ``html`` may be a whole page or the story's body, as CMSs use the word for both. Without an
    ``id`` the ``url`` is the story's name. ``updated`` is when this version was saved: by it one that comes late is known.
    Raises BrokenRecord.
    """
    raw = raw_from_record(_record(payload, paths))
    updated = _updated(payload, paths)
    return raw if updated is None else replace(raw, given=Fields(updated=updated))


def value_at(payload: Mapping[str, Any], path: str) -> Any:
    """What stands at a path (``post.html``, ``$.posts[0]["html"]``), or None. A number steps into a list; a key that has dots itself is
    found by its full name first.

    >>> value_at({"posts": [{"html": "<p>Ferry.</p>"}]}, "$.posts[0].html")
    '<p>Ferry.</p>'
    """
    if path in payload:
        return payload[path]
    try:
        steps = steps_of(path)
    except BadPath:
        return None
    value: Any = payload
    # The whole document, as JSONPath calls it, unless it has a part of that name.
    for step in steps[1:] if steps[0] == "$" and "$" not in payload else steps:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 6 and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _updated(payload: Mapping[str, Any], paths: Mapping[str, str]) -> str | None:
    """The time as it is said, or of seconds since 1970 in ISO 8601; None where it is none (``0000-00-00``, as some say "never")."""
    said = value_at(payload, paths.get("updated", "updated"))
    moment = moment_of(said)
    if moment is not None:
        return said.strip() if isinstance(said, str) else moment.isoformat()
    if "updated" in paths and isinstance(said, bool | list | Mapping):
        raise BrokenRecord('"updated" must be a time, as ISO 8601 or in seconds since 1970')
    return None


def _record(payload: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """The payload as one of cleancopy's JSON records (see ``flows.sources.records``)."""
    content = [key for key in CONTENT_KEYS if key in paths] or CONTENT_KEYS
    record = {key: value_at(payload, paths.get(key, key)) for key in (*FIELD_KEYS, *STATUS_KEYS, *content)}
    for key in FIELD_KEYS:
        value = record[key]
        if isinstance(value, str):
            if len(value) > LONGEST_FIELD:
                raise LongField(f'"{key}" has more than {LONGEST_FIELD} characters')
            record[key] = value.strip() or None
    if record["id"] is None:
        record["id"] = record["url"]
    html = record.pop("html", None)
    page = record.pop("page", None)
    if isinstance(html, str) and record.get("body") is None and not _WHOLE_PAGE.match(html):
        record["body"] = html
    else:
        record["html"] = html if html is not None else page
    return record
