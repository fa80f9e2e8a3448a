"""Where in a JSON document something stands: dotted paths, and JSONPath where it names one place."""

from __future__ import annotations

from typing import Any

import pytest

from flows.settings.paths import BadPath, steps_of
from flows.sources.mapping import value_at

DOCUMENT: dict[str, Any] = {
    "post": {"html": "<p>x</p>", "dc:title": "T", "body.html": "<p>dots</p>", "list": [["a"], {"b": "c"}]},
    "posts": [{"html": "<p>first</p>"}],
    "a.b": "2026",
    "0": "zero",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("post.html", "<p>x</p>"),
        ("$.post.html", "<p>x</p>"),
        ('post["html"]', "<p>x</p>"),
        ("$['post']['html']", "<p>x</p>"),
        ("post['body.html']", "<p>dots</p>"),
        ("post.dc:title", "T"),
        ("posts.0.html", "<p>first</p>"),
        ("$.posts[0].html", "<p>first</p>"),
        ("post.list[0][0]", "a"),
        ("post.list.1.b", "c"),
        ("a.b", "2026"),
        ("0", "zero"),
        ("posts[1].html", None),
        ("posts.html", None),
        ("post.html.more", None),
        ("nothing", None),
        ("posts[*].html", None),
    ],
)
def test_what_stands_there(path: str, found: Any) -> None:
    assert value_at(DOCUMENT, path) == found


def test_a_part_that_is_called_dollar_is_found() -> None:
    assert value_at({"$": {"t": "x"}}, "$.t") == "x"
    assert value_at({"title": {"$": "x"}}, "title.$") == "x"


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "a..b",
        "$..html",
        ".a",
        "a.",
        "a[",
        "a[]",
        "a[*]",
        "a.*",
        "a[0:2]",
        "a[-1]",
        "a[?(@.b)]",
        "a['']",
        "a[b]",
        "a[\"b']",
    ],
)
def test_what_does_not_name_one_place_is_refused(path: str) -> None:
    with pytest.raises(BadPath, match="does not name one place"):
        steps_of(path)
