"""Site files in the format of ftr-site-config (Full-Text RSS, before it Instapaper), read as they are.

One file a host, one ``directive: value`` a line. ``body``, ``title``, ``author``, ``date`` are XPath, the first that matches counts; ``strip``,
``strip_id_or_class`` and ``strip_image_src`` take elements out. The format: https://help.fivefilters.org/full-text-rss/site-patterns.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from cleaners.model import Selector, SiteRules, Way
from cleaners.rules.errors import did_you_mean
from cleaners.rules.selectors import BadSelector, check_query

_FIELDS = {"title": "headline", "author": "byline", "date": "published"}
_STRIPS: dict[str, Way] = {
    "strip": "xpath",
    "strip_id_or_class": "id-or-class",
    "strip_image_src": "image-src",
}
_FETCHING = (
    "cleancopy reads the page that it was given and fetches no other; sources.yaml says how pages are fetched"
)
_REWRITING = "a page is never rewritten: clean copy is what the publisher wrote, less what goes"
_MOVING = "elements are never moved, wrapped or made"
_NOT_HONOURED = {
    **dict.fromkeys(
        (
            *("next_page_link", "single_page_link", "single_page_link_in_feed", "autodetect_next_page"),
            *("if_page_contains", "http_header", "requires_login", "not_logged_in_xpath", "login_uri"),
            *("login_username_field", "login_password_field", "login_extra_fields"),
        ),
        _FETCHING,
    ),
    **dict.fromkeys(("find_string", "replace_string"), _REWRITING),
    **dict.fromkeys(("move_into", "wrap_in", "dissolve"), _MOVING),
    **dict.fromkeys(
        ("strip_attr", "post_strip_attr"), "of attributes only a link's address reaches the copy"
    ),
    "parser": "all pages are parsed by lxml, as trafilatura parses them",
    "native_ad_clue": "whether a story is an advertisement is not decided here",
    "skip_json_ld": "what a page says about itself is always read; a selector comes before it",
    "skip_id_or_class": "name the element under keep: in the publisher's file",
    "insert_detected_image": "a page's own picture is always a field of the story",
    "src_lazy_load_attr": "the usual attributes of lazy pictures are known",
    "footnotes": "footnotes are never taken out",
}
_NEEDS_NOTHING = (
    *("prune", "tidy", "convert_double_br_tags", "strip_comments"),
    *("test_contains", "test_content"),
)
"""``prune`` and ``tidy`` are about the other program's own tidying; the cleaners judge line by line, whatever the file says."""
_OUR_META = re.compile(r"(?:/|::)(?:title|meta)\b[^/]*(?:/@content|/text\(\))?\s*\Z", re.IGNORECASE)
"""A title or tag of the page's head is read anyway, and the line on the page that it names is the better headline."""
_COMMAND = re.compile(r"([A-Za-z_]+)\s*(?:\(|\Z)")
_KNOWN = ("body", *_FIELDS, *_STRIPS, "test_url", "autodetect_on_failure", *_NEEDS_NOTHING, *_NOT_HONOURED)


class Unhonoured(NamedTuple):
    """A line of a site file that is not followed, and why."""

    line: int
    text: str
    directive: str
    why: str


@dataclass(frozen=True)
class SiteFile:
    """A site file as read: its rules, and the lines that are not followed."""

    rules: SiteRules
    unhonoured: tuple[Unhonoured, ...]


@dataclass
class _Found:
    body: list[Selector] = field(default_factory=list)
    remove: list[Selector] = field(default_factory=list)
    fields: dict[str, list[Selector]] = field(default_factory=dict)
    tested: list[str] = field(default_factory=list)
    search: bool = True


def read_site_file(name: str, content: bytes, place: str) -> SiteFile:
    """Read one file. ``name`` is its host (``example.com``, ``.example.com``), ``place`` the file below the configuration folder.

    Nothing raises: what cannot be followed is in ``unhonoured``, and all else counts.
    """
    text, unhonoured = _text(content)
    found = _Found()
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        directive, colon, value = (part.strip() for part in line.partition(":"))
        why = (
            _take(found, directive, value, name, f"{place}:{number}") if colon else "there is no colon in it"
        )
        if why:
            command = _COMMAND.match(directive)
            unhonoured.append(Unhonoured(number, line, command[1] if command else "?", why))
    rules = SiteRules(
        name=f"ftr/{name}",
        body=tuple(found.body),
        remove=tuple(found.remove),
        fields=tuple((key, tuple(found.fields[key])) for key in sorted(found.fields)),
        search=found.search,
        tested=tuple(found.tested),
    )
    return SiteFile(rules, tuple(unhonoured))


def _text(content: bytes) -> tuple[str, list[Unhonoured]]:
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        why = "this is not UTF-8; it was read as Windows-1252"
        return content.decode("cp1252", "replace"), [Unhonoured(line, "", "?", why)]


def _take(found: _Found, directive: str, value: str, name: str, place: str) -> str | None:
    """Take a line in; else why it is not followed."""
    command = _COMMAND.match(directive)
    key = command[1] if command else ""
    if key in _NEEDS_NOTHING:
        return None
    if key in _NOT_HONOURED:
        return _NOT_HONOURED[key]
    if key not in _KNOWN:
        return f"there is no directive {directive!r}. {did_you_mean(key, _KNOWN)}".rstrip(". ")
    if not value:
        return f"{key}: says nothing"
    if key == "test_url":
        found.tested.append(value)
    elif key == "autodetect_on_failure":
        found.search = value.lower() in ("yes", "true")
    elif key in _STRIPS and _STRIPS[key] != "xpath":
        found.remove.append(_selector(name, key, value.strip("'\""), place, _STRIPS[key]))
    else:
        return _take_xpath(found, key, value, name, place)
    return None


def _take_xpath(found: _Found, key: str, value: str, name: str, place: str) -> str | None:
    if key == "strip" and re.search(r"/@[\w:-]+\s*\Z", value):
        return _NOT_HONOURED["strip_attr"]
    if key == "title" and _OUR_META.search(value):
        return None
    try:
        check_query(value, value, elements=key in ("body", "strip"))
    except BadSelector as error:
        return f"{error.message}. {error.hint}".rstrip(". ")
    selector = _selector(name, key, value, place, "xpath")
    if key == "body":
        found.body.append(selector)
    elif key == "strip":
        found.remove.append(selector)
    else:
        found.fields.setdefault(_FIELDS[key], []).append(selector)
    return None


def _selector(name: str, key: str, value: str, place: str, way: Way) -> Selector:
    return Selector(
        rule=f"ftr/{name}/{key} {value}",
        query=value,
        why=f"The imported site file asks for it ({key}).",
        place=place,
        way=way,
    )
