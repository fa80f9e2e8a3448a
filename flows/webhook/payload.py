"""From a verified event to a raw story: the source's map says where each field stands in the payload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cleaners.model import Raw
from cleaners.read.signals import says_stop
from cleaners.read.wire import is_ninjs, read_ninjs
from flows.sources.mapping import LongField, mapped_story
from flows.sources.records import BrokenRecord
from flows.webhook.refusal import Refused
from flows.webhook.strict_json import shown

_ADDRESS = re.compile(r"https?://[^\s/]", re.IGNORECASE)


def read_payload(
    payload: Mapping[str, Any],
    paths: Mapping[str, str],
    publisher: str | None = None,
    language: str | None = None,
) -> Raw:
    """The raw story in an event's payload; raises Refused (400) where a field is missing or of the wrong kind.

    ``paths`` maps our keys to dotted paths (``{"body": "post.current.html"}``; a number steps into a list). A key
    that it does not name is looked for under its own name, but where it names a content key, only the content keys
    that it names count. ``html`` may be a whole page or the story's body, as CMSs use the word for both. Without an
    ``id`` the ``url`` is the story's name. ``publisher`` and ``language`` are the source's, for a payload that
    names none.

    >>> raw = read_payload({"post": {"id": 7, "html": "<p>The ferry is back.</p>"}}, {"id": "post.id", "html": "post.html"})
    >>> raw.id, raw.form
    ('7', 'body')
    """
    try:
        raw = _raw(payload, paths)
    except BrokenRecord as error:
        code = "long-field" if isinstance(error, LongField) else "bad-story"
        raise _no_story(code, str(error), paths) from None
    lines = raw.content if isinstance(raw.content, tuple) else (raw.content,)
    if not any(line.strip() for line in lines) and not says_stop(raw):
        raise _no_story("empty-story", "its copy is empty", paths)
    if raw.url is not None and not _ADDRESS.match(raw.url):
        raise _no_story("bad-url", '"url" must be an http or https address', paths)
    return replace(raw, publisher=raw.publisher or publisher, language=raw.language or language)


def _raw(payload: Mapping[str, Any], paths: Mapping[str, str]) -> Raw:
    """An event that is a ninjs item, as Superdesk posts it, needs no map."""
    if paths or not is_ninjs(payload):
        return mapped_story(payload, paths)
    items = read_ninjs(payload, "the event")
    if len(items) != 1:
        raise BrokenRecord(f"it holds {len(items)} stories; send one in an event")
    if items[0].raw is None:
        raise BrokenRecord(str(items[0].problem))
    return items[0].raw


def _no_story(code: str, what: str, paths: Mapping[str, str]) -> Refused:
    read = ", ".join(f"{key} from {shown(path)}" for key, path in sorted(paths.items()))
    where = f" (read: {read})" if read else ""
    return Refused(
        400,
        code,
        f"The event is no story: {what}{where}.",
        "Correct the event, or the source's map in config/sources.yaml, and send it again with the same id.",
    )
